package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// ErrNotLoggedIn is an org for which there is no login that works.
var ErrNotLoggedIn = errors.New("not logged in")

// Methods by which an account was logged in.
const (
	MethodWeb               = "web"
	MethodJWT               = "jwt"
	MethodClientCredentials = "client-credentials"
	MethodAuthURL           = "sfdx-url"
	MethodToken             = "access-token"
)

// An Account is a login that is kept. It holds no secret.
type Account struct {
	Alias       string    `json:"alias,omitempty"`
	Username    string    `json:"username"`
	OrgID       string    `json:"orgId,omitempty"`
	InstanceURL string    `json:"instanceUrl"`
	LoginURL    string    `json:"loginUrl,omitempty"` // whose token endpoint is asked
	ClientID    string    `json:"clientId,omitempty"`
	Method      string    `json:"method"`
	Kind        org.Kind  `json:"type,omitempty"`
	KeyFile     string    `json:"keyFile,omitempty"`  // of a JWT
	Audience    string    `json:"audience,omitempty"` // of a JWT, if not that of the kind
	Since       time.Time `json:"since"`
}

// Name is how a person calls the account.
func (a Account) Name() string {
	if a.Alias != "" {
		return a.Alias
	}
	return a.Username
}

// credentials are the secrets of an account.
type credentials struct {
	RefreshToken string `json:"refreshToken,omitempty"`
	ClientSecret string `json:"clientSecret,omitempty"`
	AccessToken  string `json:"accessToken,omitempty"`
}

// A Login is what a way to log in has got: an account, and its secrets.
type Login struct {
	Account Account
	Token   secret.String // the access token
	secrets credentials
}

// Saved says where the secrets of an account went.
type Saved struct {
	Keyring  bool
	Note     string // what the user should know; "" for nothing
	Replaced string // the alias that the login had before, if it has another now
}

// A Store keeps accounts.
type Store struct {
	sys System
	dir string
}

// Open opens the store of a system. Nothing is read before it is asked for.
func Open(sys System) (*Store, error) {
	sys = sys.filled()
	return &Store{sys, sys.config()}, nil
}

func (s *Store) file() string       { return filepath.Join(s.dir, "accounts.json") }
func (s *Store) secretFile() string { return filepath.Join(s.dir, "secrets.json") }

// accountsFile is what accounts.json holds.
type accountsFile struct {
	SchemaVersion int       `json:"schemaVersion"`
	Accounts      []Account `json:"accounts"`
}

// List returns the accounts, by their names.
func (s *Store) List() ([]Account, error) {
	data, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var f accountsFile
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return nil, &diag.Problem{Pos: diag.Pos{File: s.file()}, Code: "ECA541", Message: "cannot be read: " + err.Error(), Hint: "mend it, or move it away and log in again", Err: err}
	}
	slices.SortFunc(f.Accounts, func(a, b Account) int { return strings.Compare(a.Name(), b.Name()) })
	return f.Accounts, nil
}

// Names lists how accounts may be called, for the completion of a shell.
func (s *Store) Names() []string {
	accounts, err := s.List()
	if err != nil {
		return nil
	}
	var names []string
	for _, a := range accounts {
		names = append(names, a.Name())
	}
	for alias := range s.aliases() {
		names = append(names, alias)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Known names every org that there is a login for, each once: those of ecactl, and
// those of sf, by an alias where there is one. An alias whose login is gone is
// none.
func (s *Store) Known() ([]string, error) {
	accounts, err := s.List()
	if err != nil {
		return nil, err
	}
	var names []string
	own := map[string]bool{}
	for _, a := range accounts {
		names = append(names, a.Name())
		own[strings.ToLower(a.Username)] = true
	}
	alias := map[string]string{}
	for name, username := range s.aliases() {
		if k := strings.ToLower(username); alias[k] == "" || name < alias[k] {
			alias[k] = name
		}
	}
	entries, _ := os.ReadDir(filepath.Join(s.sys.home(), ".sfdx")) // without sf there is none
	for _, e := range entries {
		username, ok := strings.CutSuffix(e.Name(), ".json")
		if k := strings.ToLower(username); ok && strings.Contains(username, "@") && !own[k] {
			names = append(names, cmp.Or(alias[k], username))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Find finds an account by its alias or username; nil if there is none.
func (s *Store) Find(name string) (*Account, error) {
	accounts, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, match := range []func(Account) bool{
		func(a Account) bool { return a.Alias != "" && a.Alias == name },
		func(a Account) bool { return strings.EqualFold(a.Username, name) },
	} {
		if i := slices.IndexFunc(accounts, match); i >= 0 {
			return &accounts[i], nil
		}
	}
	return nil, nil
}

// lockWait is longer than a run holds the store: for one request at the most.
const lockWait = 4 * tokenWait

// lock keeps two runs from changing the store at once.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if !filepath.IsAbs(s.dir) && s.sys.env("ECACTL_CONFIG_DIR") == "" { // not into whatever folder this is
		return nil, &diag.Problem{Code: "ECA542", Message: "there is no home folder to keep logins in", Hint: "set HOME, or ECACTL_CONFIG_DIR; SF_ACCESS_TOKEN and SF_ORG_INSTANCE_URL need neither"}
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keeping logins: %w", err)
	}
	l := flock.New(filepath.Join(s.dir, "lock"), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait, fmt.Errorf("it has held %s for %s", l.Path(), lockWait))
	defer cancel()
	if _, err := l.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("keeping logins: waiting for another run: %w", err)
	}
	return func() { _ = l.Unlock() }, nil // the system unlocks it with the process at the latest
}

// Save keeps a login. One of the same username and host is replaced, and leaves
// its alias if the new one has none; an alias belongs to one account alone.
func (s *Store) Save(ctx context.Context, l *Login) (Saved, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return Saved{}, err
	}
	defer unlock()
	accounts, err := s.List()
	if err != nil {
		return Saved{}, err
	}
	saved, err := s.setSecrets(l.Account, l.secrets)
	if err != nil {
		return saved, err
	}
	kept := accounts[:0:0]
	for _, a := range accounts {
		same := a.id() == l.Account.id()
		switch {
		case same && l.Account.Alias == "":
			l.Account.Alias = a.Alias
		case same && a.Alias != "" && a.Alias != l.Account.Alias:
			saved.Replaced = a.Alias
		case !same && a.Alias != "" && a.Alias == l.Account.Alias:
			a.Alias = ""
		}
		if !same {
			kept = append(kept, a)
		}
	}
	return saved, s.write(append(kept, l.Account))
}

// id tells accounts apart; it names their secrets, too.
func (a Account) id() string { return strings.ToLower(a.Username) + "@" + a.InstanceURL }

func (s *Store) write(accounts []Account) error {
	slices.SortFunc(accounts, func(a, b Account) int { return strings.Compare(a.id(), b.id()) })
	data, err := json.MarshalIndent(accountsFile{1, accounts}, "", "  ")
	if err != nil {
		return fmt.Errorf("keeping logins: %w", err)
	}
	return metadata.ReplacePrivateFile(s.file(), append(data, '\n'))
}

// Delete forgets an account and its secrets.
func (s *Store) Delete(ctx context.Context, a Account) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	accounts, err := s.List()
	if err != nil {
		return err
	}
	if err := s.forget(a); err != nil {
		return err
	}
	return s.write(slices.DeleteFunc(accounts, func(b Account) bool { return b.id() == a.id() }))
}

func (s *Store) forget(a Account) error {
	_ = s.sys.Keyring.Delete(a.id()) // a machine without a keyring has it in the file
	secrets, err := s.readSecretFile()
	if err != nil || secrets[a.id()] == "" {
		return err
	}
	delete(secrets, a.id())
	return s.writeSecretFile(secrets)
}

// setSecrets keeps the secrets of an account in the keyring, or else in a file.
func (s *Store) setSecrets(a Account, c credentials) (Saved, error) {
	if c == (credentials{}) { // of a JWT, whose key stays where it is
		return Saved{}, s.forget(a)
	}
	data, err := json.Marshal(c) //nolint:gosec // this is how secrets are kept
	if err != nil {
		return Saved{}, fmt.Errorf("keeping logins: %w", err)
	}
	why := "ECACTL_KEYRING is off"
	if s.sys.env("ECACTL_KEYRING") != "off" {
		if err := s.sys.Keyring.Set(a.id(), string(data)); err == nil {
			return Saved{Keyring: true}, s.dropFromFile(a)
		}
		why = "there is no keyring that answers"
	}
	secrets, err := s.readSecretFile()
	if err != nil {
		return Saved{}, err
	}
	secrets[a.id()] = string(data)
	if err := s.writeSecretFile(secrets); err != nil {
		return Saved{}, err
	}
	return Saved{Note: why + ", so the tokens are in " + s.secretFile() + ", which you alone can read"}, nil
}

// dropFromFile takes secrets out of the file that are in the keyring now.
func (s *Store) dropFromFile(a Account) error {
	secrets, err := s.readSecretFile()
	if err != nil || secrets[a.id()] == "" {
		return err
	}
	delete(secrets, a.id())
	return s.writeSecretFile(secrets)
}

func (s *Store) secrets(a Account) (credentials, error) {
	var c credentials
	secrets, err := s.readSecretFile()
	if err != nil {
		return c, err
	}
	data := secrets[a.id()]
	if data == "" && s.sys.env("ECACTL_KEYRING") != "off" {
		if data, err = s.sys.Keyring.Get(a.id()); err != nil && !errors.Is(err, ErrNoSecret) {
			return c, notLoggedIn("the keyring does not hand out the tokens of "+a.Name()+": "+err.Error(), "unlock it, or log in again with ECACTL_KEYRING=off", err)
		}
	}
	if data == "" {
		return c, notLoggedIn("the tokens of "+a.Name()+" are gone", "log in again: ecactl login", nil)
	}
	if err := json.Unmarshal([]byte(data), &c); err != nil {
		return c, notLoggedIn("the tokens of "+a.Name()+" cannot be read", "log in again: ecactl login", nil)
	}
	return c, nil
}

func (s *Store) readSecretFile() (map[string]string, error) {
	secrets := map[string]string{}
	info, err := os.Stat(s.secretFile())
	if errors.Is(err, fs.ErrNotExist) {
		return secrets, nil
	}
	fail := func(why string, err error) error {
		return &diag.Problem{Pos: diag.Pos{File: s.secretFile()}, Code: "ECA542", Message: why, Hint: "chmod 600, and rotate what others may have read; or delete it and log in again", Err: err}
	}
	if err != nil {
		return nil, fail("cannot be read", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fail(fmt.Sprintf("has the mode %04o, so others can read the tokens in it", info.Mode().Perm()), nil)
	}
	data, err := os.ReadFile(s.secretFile())
	if err != nil {
		return nil, fail("cannot be read", err)
	}
	if err := json.Unmarshal(data, &secrets); err != nil || secrets == nil {
		return nil, fail("is no list of tokens", nil)
	}
	return secrets, nil
}

func (s *Store) writeSecretFile(secrets map[string]string) error {
	data, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return fmt.Errorf("keeping logins: %w", err)
	}
	return metadata.ReplacePrivateFile(s.secretFile(), append(data, '\n'))
}

func notLoggedIn(message, hint string, err error) error {
	return &diag.Problem{Code: "ECA543", Message: message, Hint: hint, Err: errors.Join(ErrNotLoggedIn, err)}
}

// AliasesOfSF lists the aliases that sf keeps.
func (s *Store) AliasesOfSF() []string {
	list := slices.Sorted(maps.Keys(s.aliases()))
	if list == nil {
		return []string{}
	}
	return list
}
