package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

func readCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// Session finds the login of an org. A target is an alias or username, of this
// store and then of sf. Without a target it is the session in the environment, then
// SF_TARGET_ORG, then the default of sf, then the one account that there is.
func (s *Store) Session(ctx context.Context, target string) (org.Session, error) {
	instance, token := s.sys.env("SF_ORG_INSTANCE_URL"), s.sys.env("SF_ACCESS_TOKEN")
	if isToken(target) { // every user of the machine sees arguments
		return org.Session{}, &diag.Problem{Code: "ECA549", Message: "an access token is a secret, and --target-org takes a name", Hint: "put it into SF_ACCESS_TOKEN, and the org's address into SF_ORG_INSTANCE_URL"}
	}
	if target == "" && instance != "" && token != "" {
		return given(instance, secret.New(token))
	}
	if target == "" {
		target = cmp.Or(s.sys.env("SF_TARGET_ORG"), s.defaultOfSF())
	}
	if instance != "" && isToken(target) { // sf takes one there
		return given(instance, secret.New(target))
	}
	if target == "" {
		accounts, err := s.List()
		if err != nil {
			return org.Session{}, err
		}
		if len(accounts) != 1 {
			return org.Session{}, notLoggedIn("no org is chosen", "pass --target-org with an alias or username, or set SF_ORG_INSTANCE_URL and SF_ACCESS_TOKEN; ecactl orgs lists what there is", nil)
		}
		target = accounts[0].Name()
	}
	a, err := s.Find(target)
	if err != nil {
		return org.Session{}, err
	}
	if a == nil {
		return s.sessionOfSF(ctx, target)
	}
	return s.session(ctx, *a)
}

// isToken tells whether a target is an access token, as sf takes one.
func isToken(target string) bool {
	return regexp.MustCompile(`^00D\w{12,15}![.\w]+$`).MatchString(target)
}

// given is a session from the environment, of one run.
func given(instance string, token secret.String) (org.Session, error) {
	u, err := org.CheckURL(instance)
	if err == nil {
		err = checkToken(token)
	}
	if err != nil {
		return org.Session{}, err
	}
	s := org.Session{InstanceURL: u.String(), Token: token, ClientID: ClientOf(token)}
	if id, _, ok := strings.Cut(token.Reveal(), "!"); ok && strings.HasPrefix(id, "00D") {
		s.OrgID = org.LongID(id)
	}
	return s, nil
}

// session begins one of an account. A refresh token that rotates is kept before
// the access token that came with it is used.
func (s *Store) session(ctx context.Context, a Account) (org.Session, error) {
	out := org.Session{InstanceURL: a.InstanceURL, Alias: a.Alias, Username: a.Username, OrgID: a.OrgID, ClientID: a.ClientID}
	begin := func(ctx context.Context) (secret.String, error) {
		l, err := s.again(ctx, a)
		if err != nil {
			return secret.String{}, err
		}
		return l.Token, nil
	}
	if a.Method == MethodToken {
		c, err := s.secrets(a)
		out.Token = secret.New(c.AccessToken)
		return out, err
	}
	out.Refresh = begin
	var err error
	out.Token, err = begin(ctx)
	return out, err
}

// again logs an account in once more.
func (s *Store) again(ctx context.Context, a Account) (*Login, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if a.Method == MethodJWT {
		l, err := s.sys.jwt(ctx, JWTOptions{Alias: a.Alias, Username: a.Username, ClientID: a.ClientID, KeyFile: a.KeyFile, LoginURL: a.LoginURL, Audience: a.Audience})
		if err != nil {
			return nil, err
		}
		return l.at(a)
	}
	c, err := s.secrets(a)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Method == MethodClientCredentials:
		l, err := s.sys.clientCredentials(ctx, ClientCredentialsOptions{Alias: a.Alias, ClientID: a.ClientID, Secret: secret.New(c.ClientSecret), InstanceURL: a.InstanceURL})
		if err != nil {
			return nil, err
		}
		return l.at(a)
	case c.RefreshToken == "":
		return &Login{Account: a, Token: secret.New(c.AccessToken), secrets: c}, nil
	}
	l, err := s.sys.renew(ctx, a, c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotLoggedIn, err)
	}
	if l.secrets.RefreshToken != c.RefreshToken {
		if _, err := s.setSecrets(a, l.secrets); err != nil {
			return nil, fmt.Errorf("keeping the next refresh token: %w", err)
		}
	}
	return l, nil
}

// aliases are those of sf.
func (s *Store) aliases() map[string]string {
	data, err := os.ReadFile(filepath.Join(s.sys.home(), ".sfdx", "alias.json"))
	if err != nil {
		return nil
	}
	var f struct {
		Orgs map[string]string `json:"orgs"`
	}
	if json.Unmarshal(data, &f) != nil {
		return nil
	}
	return f.Orgs
}

// defaultOfSF is the org that sf would take: of the project that this folder is
// in, then of the user.
func (s *Store) defaultOfSF() string {
	for _, dir := range []string{projectDir(), s.sys.home()} {
		data, err := os.ReadFile(filepath.Join(dir, ".sf", "config.json"))
		var f struct {
			Target string `json:"target-org"`
		}
		if err == nil && json.Unmarshal(data, &f) == nil && f.Target != "" {
			return f.Target
		}
	}
	return ""
}

// projectDir is the SFDX project that the working folder is in, or that folder.
func projectDir() string {
	here, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "sfdx-project.json")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return here
		}
	}
}

// redacted is what sf prints for a token that it does not show.
const redacted = "[REDACTED]"

// sfAnswer is what the two commands of sf print.
type sfAnswer struct {
	Status  int    `json:"status"`
	Name    string `json:"name"`
	Message string `json:"message"`
	Result  struct {
		AccessToken     string `json:"accessToken"`
		InstanceURL     string `json:"instanceUrl"`
		Username        string `json:"username"`
		ID              string `json:"id"`
		Alias           string `json:"alias"`
		ClientID        string `json:"clientId"`
		ConnectedStatus string `json:"connectedStatus"`
	} `json:"result"`
}

// sessionOfSF takes over a login of sf. It takes sf seconds to start, so both of
// its commands run side by side. An older sf has only the second, and shows the
// token there.
func (s *Store) sessionOfSF(ctx context.Context, target string) (org.Session, error) {
	var token, display sfAnswer
	var missing error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		token, _ = s.askSF(gctx, "org", "auth", "show-access-token", "--target-org", target, "--json") // an older sf does not know it
		return nil
	})
	g.Go(func() (err error) {
		display, err = s.askSF(gctx, "org", "display", "--target-org", target, "--json")
		missing = err
		return nil
	})
	if err := g.Wait(); err != nil {
		return org.Session{}, err
	}
	if ctx.Err() != nil {
		return org.Session{}, context.Cause(ctx)
	}
	hint := "ecactl login --alias " + target + ", or sf org login web --alias " + target
	switch {
	case missing != nil:
		return org.Session{}, notLoggedIn(fmt.Sprintf("there is no login %q, and sf cannot be asked for one: %v", target, missing), "ecactl login --alias "+target+"; ecactl orgs lists what there is", nil)
	case display.Status != 0:
		return org.Session{}, notLoggedIn(fmt.Sprintf("neither ecactl nor sf has a login %q: %s", target, firstLine(display.Message)), hint, nil)
	case strings.Contains(strings.ToLower(display.Result.ConnectedStatus), "expired") && token.Result.AccessToken == "":
		return org.Session{}, notLoggedIn(fmt.Sprintf("the login %q of sf has ended: %s", target, display.Result.ConnectedStatus), hint, nil)
	}
	r := display.Result
	access := cmp.Or(token.Result.AccessToken, r.AccessToken)
	if access == "" || strings.HasPrefix(access, redacted) {
		return org.Session{}, notLoggedIn(fmt.Sprintf("sf does not hand out the token of %q: %s", target, firstLine(token.Message)), hint, nil)
	}
	u, err := org.CheckURL(r.InstanceURL)
	if err != nil {
		return org.Session{}, err
	}
	return org.Session{
		InstanceURL: u.String(), Token: secret.New(access), Alias: r.Alias, Username: r.Username, OrgID: r.ID, ClientID: r.ClientID,
		Refresh: func(ctx context.Context) (secret.String, error) {
			again, err := s.askSF(ctx, "org", "auth", "show-access-token", "--target-org", target, "--json")
			if err != nil || again.Result.AccessToken == "" || again.Result.AccessToken == access {
				return secret.String{}, notLoggedIn(fmt.Sprintf("the login %q of sf has ended", target), hint, err)
			}
			return secret.New(again.Result.AccessToken), nil
		},
	}, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// askSF runs a command of sf and reads its JSON.
func (s *Store) askSF(ctx context.Context, args ...string) (sfAnswer, error) {
	var a sfAnswer
	out, _, err := s.sys.Run(ctx, "sf", args...)
	if err != nil {
		return a, errors.New("it is not installed")
	}
	if i := strings.IndexByte(string(out), '{'); i > 0 { // updates announce themselves before
		out = out[i:]
	}
	if err := json.Unmarshal(out, &a); err != nil {
		return a, &diag.Problem{Code: "ECA548", Message: "sf " + strings.Join(args[:2], " ") + " prints no JSON", Hint: "update it: npm install --global @salesforce/cli"}
	}
	return a, nil
}
