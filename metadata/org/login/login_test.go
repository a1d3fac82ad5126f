package login_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
)

// ring is a keyring in memory; a nil map is a machine without one.
type ring struct {
	mu     sync.Mutex
	values map[string]string
}

func (r *ring) Set(name, value string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		return errors.New("there is no keyring")
	}
	r.values[name] = value
	return nil
}

func (r *ring) Get(name string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.values[name]; ok {
		return v, nil
	}
	return "", login.ErrNoSecret
}

func (r *ring) Delete(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.values, name)
	return nil
}

// machine is a user with an empty home.
type machine struct {
	login.System
	home string
	env  map[string]string
	ring *ring
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{home: t.TempDir(), env: map[string]string{}, ring: &ring{values: map[string]string{}}}
	m.env["HOME"] = m.home
	m.System = login.System{
		LookupEnv: func(name string) (string, bool) { v, ok := m.env[name]; return v, ok },
		Sleep:     func(context.Context, time.Duration) error { return nil },
		Keyring:   m.ring,
		Run: func(context.Context, string, ...string) ([]byte, int, error) {
			return nil, 0, errors.New("not installed")
		},
		Open: func(string) error { return errors.New("there is no browser") },
	}
	return m
}

func (m *machine) store(t *testing.T) *login.Store {
	t.Helper()
	s, err := login.Open(m.System)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// works demands that a session is one that the org takes.
func works(t *testing.T, s org.Session) {
	t.Helper()
	c, err := org.New(org.Config{Session: s, Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.User(t.Context()); err != nil {
		t.Errorf("the session does not work: %v", err)
	}
}

func keyPair(t *testing.T) (keyFile, certificate string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyFile = filepath.Join(t.TempDir(), "ci.key")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(keyFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// withApp is an org with an app that takes every flow.
func withApp(t *testing.T, certificate string, callbacks ...string) (o *orgtest.Org, key, consumerSecret string) {
	t.Helper()
	o = orgtest.New(t, orgtest.Config{})
	put := func(typ, name string, fields map[string]string) {
		c := metadata.NewComponent(typ, name)
		for k, v := range fields {
			c.Root.Add(&metadata.Element{Name: k, Text: v})
		}
		if err := o.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	put("ExternalClientApplication", "App", map[string]string{"label": "App", "contactEmail": "admin@example.com"})
	put("ExtlClntAppOauthSettings", "App_o", map[string]string{"externalClientApplication": "App", "commaSeparatedOauthScopes": "Api, RefreshToken, Web"})
	put("ExtlClntAppGlobalOauthSettings", "App_g", map[string]string{
		"externalClientApplication": "App", "callbackUrl": strings.Join(callbacks, "\n"), "certificate": certificate,
		"isClientCredentialsFlowEnabled": "true", "isRefreshTokenRotationEnabled": "true",
	})
	put("ExtlClntAppOauthConfigurablePolicies", "App_p", map[string]string{
		"externalClientApplication": "App", "isClientCredentialsFlowEnabled": "true", "clientCredentialsFlowUser": "integration@emulated.example",
		"permittedUsersPolicyType": "AdminApprovedPreAuthorized", "commaSeparatedPermissionSet": "Ci", "refreshTokenPolicyType": "Infinite",
	})
	key, consumerSecret = o.Consumer("App")
	return o, key, consumerSecret
}

// kept saves a login and demands that it works again, twice.
func kept(t *testing.T, m *machine, l *login.Login, err error, username string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if l.Account.Username != username || l.Account.OrgID == "" || l.Account.Kind != org.Developer {
		t.Errorf("logged in as %+v", l.Account)
	}
	saved, err := m.store(t).Save(t.Context(), l)
	if err != nil || saved.Keyring != (l.Account.Method != login.MethodJWT) { // whose key stays where it is
		t.Fatalf("saved %+v, %v", saved, err)
	}
	for range 2 {
		s, err := m.store(t).Session(t.Context(), "mine")
		if err != nil {
			t.Fatal(err)
		}
		works(t, s)
	}
}

const admin = "admin@emulated.example"

func TestJWT(t *testing.T) {
	keyFile, cert := keyPair(t)
	o, key, _ := withApp(t, cert, "https://example.com/cb")
	m := newMachine(t)
	options := login.JWTOptions{Alias: "mine", Username: admin, ClientID: key, KeyFile: keyFile, LoginURL: o.URL()}
	l, err := login.JWT(t.Context(), m.System, options)
	kept(t, m, l, err, admin)

	other, _ := keyPair(t)
	for name, tt := range map[string]struct {
		change func(*login.JWTOptions)
		want   string
	}{
		"another key":   {func(o *login.JWTOptions) { o.KeyFile = other }, "invalid_grant: invalid assertion"},
		"another user":  {func(o *login.JWTOptions) { o.Username = "nobody@example.com" }, "user hasn't approved this consumer"},
		"another app":   {func(o *login.JWTOptions) { o.ClientID = "3MVG9nothing" }, "invalid_client_id: client identifier invalid"},
		"audience":      {func(o *login.JWTOptions) { o.Audience = "https://elsewhere.example.com" }, "invalid_grant: audience is invalid"},
		"no key":        {func(o *login.JWTOptions) { o.KeyFile = "/no/such/file" }, "the private key cannot be read"},
		"hostile host":  {func(o *login.JWTOptions) { o.LoginURL = "https://login.salesforce.com.evil.example" }, "cannot be the address of an org"},
		"a cert as key": {func(o *login.JWTOptions) { o.KeyFile = write(t, cert) }, "it is a certificate"},
		"with a phrase": {func(o *login.JWTOptions) {
			o.KeyFile = write(t, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nQUJD\n-----END ENCRYPTED PRIVATE KEY-----\n")
		}, "passphrase"},
		"rubbish as key": {func(o *login.JWTOptions) { o.KeyFile = write(t, "\x00\x01") }, "no private key"},
	} {
		changed := options
		tt.change(&changed)
		if _, err := login.JWT(t.Context(), m.System, changed); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, wanted %q", name, err, tt.want)
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestClientCredentials(t *testing.T) {
	o, key, consumerSecret := withApp(t, "", "https://example.com/cb")
	m := newMachine(t)
	options := login.ClientCredentialsOptions{Alias: "mine", ClientID: key, Secret: secret.New(consumerSecret), InstanceURL: o.URL()}
	l, err := login.ClientCredentials(t.Context(), m.System, options)
	kept(t, m, l, err, "integration@emulated.example")
	options.Secret = secret.New("wrong")
	if _, err := login.ClientCredentials(t.Context(), m.System, options); err == nil || !strings.Contains(err.Error(), "invalid_client: invalid client credentials") {
		t.Errorf("a wrong secret: %v", err)
	}
	options.InstanceURL = "https://login.salesforce.com"
	if _, err := login.ClientCredentials(t.Context(), m.System, options); err == nil || !strings.Contains(err.Error(), "does not take client credentials") {
		t.Errorf("at the wrong host: %v", err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// browse opens a page as a browser does.
func browse(page string) error {
	go func() {
		resp, err := http.Get(page)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}()
	return nil
}

// A refresh token that rotates is used once, whoever asks at the same time.
func TestWebAndRotation(t *testing.T) {
	port := freePort(t)
	callback := "http://localhost:" + strings.TrimPrefix(net.JoinHostPort("", itoa(port)), ":") + "/OauthRedirect"
	o, key, consumerSecret := withApp(t, "", callback)
	m := newMachine(t)
	m.Open = browse
	l, err := login.Web(t.Context(), m.System, login.WebOptions{Alias: "mine", ClientID: key, ClientSecret: secret.New(consumerSecret), LoginURL: o.URL(), Port: port})
	kept(t, m, l, err, admin)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := m.store(t).Session(t.Context(), "mine")
			if err != nil {
				t.Errorf("a token was used twice: %v", err)
				return
			}
			works(t, s)
		})
	}
	wg.Wait()
	a, err := m.store(t).Find("mine")
	if err != nil || a == nil {
		t.Fatal(err)
	}
	if err := m.store(t).Logout(t.Context(), *a); err != nil {
		t.Error(err)
	}
	if len(m.ring.values) != 0 {
		t.Error("secrets are left after a logout")
	}
	if _, err := m.store(t).Session(t.Context(), "mine"); !errors.Is(err, login.ErrNotLoggedIn) {
		t.Errorf("after a logout: %v", err)
	}
}

func itoa(n int) string {
	data, _ := json.Marshal(n)
	return string(data)
}

func TestWebRefusals(t *testing.T) {
	o, key, _ := withApp(t, "", "https://example.com/cb")
	m := newMachine(t)
	port := freePort(t)
	get := func(path string) func(string) error {
		return func(string) error { return browse("http://localhost:" + itoa(port) + path) }
	}
	for name, tt := range map[string]struct {
		open func(string) error
		want string
	}{
		"denied": {func(page string) error {
			return get("/OauthRedirect?error=access_denied&error_description=end-user+denied&state=" + stateOf(page))(page)
		}, "access_denied: end-user denied"},
		"blocked": {func(page string) error {
			return get("/OauthRedirect?error=OAUTH_APP_BLOCKED&error_description=blocked&state=" + stateOf(page))(page)
		}, "OAUTH_APP_BLOCKED"},
		"another state": {get("/OauthRedirect?code=forged&state=forged"), "waiting for the browser"},
	} {
		m.Open = tt.open
		_, err := login.Web(t.Context(), m.System, login.WebOptions{ClientID: key, LoginURL: o.URL(), Port: port, Timeout: 300 * time.Millisecond})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:"+itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := login.Web(t.Context(), m.System, login.WebOptions{LoginURL: o.URL(), Port: port}); err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("a port that is taken: %v", err)
	}
}

func stateOf(page string) string {
	_, rest, _ := strings.Cut(page, "state=")
	s, _, _ := strings.Cut(rest, "&")
	return s
}

// A token endpoint is not trusted.
func TestHostileTokenEndpoints(t *testing.T) {
	keyFile, _ := keyPair(t)
	m := newMachine(t)
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"elsewhere": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"00D!x","instance_url":"https://evil.example","token_type":"Bearer"}`)
		}, "in none of Salesforce's domains"},
		"no address": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"00D!x","token_type":"Bearer"}`)
		}, "cannot be the address of an org"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
		}, "sends on to evil.example"},
		"HTML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>00D-not-to-be-seen")
		}, "is there a proxy in between?"},
		"an error page": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html>00D-not-to-be-seen")
		}, "HTTP_502"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"`+strings.Repeat("x", 1<<20))
		}, "token"},
	} {
		s := httptest.NewServer(tt.answer)
		_, err := login.JWT(t.Context(), m.System, login.JWTOptions{Username: "a", ClientID: "b", KeyFile: keyFile, LoginURL: s.URL})
		_, err2 := login.ClientCredentials(t.Context(), m.System, login.ClientCredentialsOptions{ClientID: "b", Secret: secret.New("canary-secret"), InstanceURL: s.URL})
		s.Close()
		for _, err := range []error{err, err2} {
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "not-to-be-seen") || strings.Contains(err.Error(), "canary") || len(err.Error()) > 2000 {
				t.Errorf("%s: %.300v, wanted %q", name, err, tt.want)
			}
		}
	}
}

func TestSessionResolution(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	fromSF := ""
	m.Run = func(_ context.Context, _ string, args ...string) ([]byte, int, error) {
		target := args[len(args)-2]
		if strings.Join(args[:2], " ") == "org auth" {
			fromSF = target
			return []byte(`{"status":0,"result":{"accessToken":"` + o.Token() + `"}}`), 0, nil
		}
		if target == "unknown" {
			return []byte(`{"status":1,"name":"NamedOrgNotFoundError","message":"No authorization information found for unknown."}`), 1, nil
		}
		return []byte(`{"status":0,"result":{"accessToken":"[REDACTED] Use 'sf org auth show-access-token' to view","instanceUrl":"` + o.URL() + `/","username":"ada@example.com","id":"` + o.OrgID() + `","alias":"` + target + `"}}`), 0, nil
	}
	session := func(target string) (org.Session, error) { return m.store(t).Session(t.Context(), target) }

	if _, err := session(""); !errors.Is(err, login.ErrNotLoggedIn) {
		t.Errorf("nothing to go by: %v", err)
	}
	if s, err := session("uat"); err != nil || s.Username != "ada@example.com" || s.InstanceURL != o.URL() {
		t.Errorf("an alias of sf: %+v, %v", s, err)
	}
	if _, err := session("unknown"); !errors.Is(err, login.ErrNotLoggedIn) || !strings.Contains(err.Error(), "neither ecactl nor sf") {
		t.Errorf("an alias that nobody knows: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(m.home, ".sf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.home, ".sf", "config.json"), []byte(`{"target-org":"usual"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := session(""); err != nil || fromSF != "usual" {
		t.Errorf("the default of sf: %q, %v", fromSF, err)
	}
	m.env["SF_TARGET_ORG"] = "env"
	if _, err := session(""); err != nil || fromSF != "env" {
		t.Errorf("SF_TARGET_ORG: %q, %v", fromSF, err)
	}
	m.env["SF_ORG_INSTANCE_URL"], m.env["SF_ACCESS_TOKEN"] = o.URL(), o.Token()
	fromSF = ""
	s, err := session("")
	if err != nil || fromSF != "" || s.OrgID != o.OrgID() {
		t.Errorf("a session in the environment: %+v, %v", s, err)
	}
	works(t, s)
	if _, err := session("uat"); err != nil || fromSF != "uat" {
		t.Errorf("a target goes before the environment: %q, %v", fromSF, err)
	}
	m.env["SF_ORG_INSTANCE_URL"] = "https://evil.example"
	if _, err := session(""); err == nil {
		t.Error("a hostile address is taken")
	}
}

// Every org that somebody is logged in to is known once, by its alias if it has one.
func TestKnown(t *testing.T) {
	m := newMachine(t)
	if names, err := m.store(t).Known(); err != nil || len(names) > 0 {
		t.Errorf("nobody is logged in: %v, %v", names, err)
	}
	dir := filepath.Join(m.home, ".sfdx")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"ada@example.com.json": "{}", "Ben@example.com.uat.json": "{}", "key.json": "{}", "sfdx-config.json": "{}", "notes@home.txt": "",
		"alias.json": `{"orgs":{"uat":"ben@example.com.uat","aaa":"Ben@example.com.uat","stale":"gone@example.com"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := m.store(t).Known(); err != nil || strings.Join(names, " ") != "aaa ada@example.com" {
		t.Errorf("known: %v, %v", names, err)
	}
}

// Without a keyring the tokens are in a file that only its owner can read; one
// that others can read is refused.
func TestSecretsWithoutKeyring(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	m.ring.values = nil
	l, err := login.Token(t.Context(), m.System, "mine", o.URL(), secret.New(o.Token()))
	if err != nil {
		t.Fatal(err)
	}
	saved, err := m.store(t).Save(t.Context(), l)
	if err != nil || saved.Keyring || !strings.Contains(saved.Note, "secrets.json") {
		t.Fatalf("%+v, %v", saved, err)
	}
	dir := filepath.Join(m.home, ".config", "ecactl")
	for _, name := range []string{"accounts.json", "secrets.json"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, "accounts.json")); err != nil || strings.Contains(string(data), o.Token()) {
		t.Errorf("the token is among the accounts: %v", err)
	}
	s, err := m.store(t).Session(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	works(t, s)
	if err := os.Chmod(filepath.Join(dir, "secrets.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := m.store(t).Session(t.Context(), "mine"); err == nil || !strings.Contains(err.Error(), "others can read") {
		t.Errorf("a file that others can read: %v", err)
	}
}

// A damaged store is an error, and stays as it is.
func TestDamagedStore(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	dir := filepath.Join(m.home, ".config", "ecactl")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "accounts.json")
	if err := os.WriteFile(file, []byte(`{"accounts": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := login.Token(t.Context(), m.System, "mine", o.URL(), secret.New(o.Token()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.store(t).Save(t.Context(), l); err == nil || !strings.Contains(err.Error(), "accounts.json") {
		t.Errorf("saving: %v", err)
	}
	if data, _ := os.ReadFile(file); string(data) != `{"accounts": [` {
		t.Errorf("the file is now %s", data)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{"null", "[]", "{", ""} {
		if err := os.WriteFile(filepath.Join(dir, "secrets.json"), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := m.store(t).Save(t.Context(), l); err == nil || !strings.Contains(err.Error(), "is no list of tokens") {
			t.Errorf("tokens that are %q: %v", damaged, err)
		}
	}
}

func TestAuthURL(t *testing.T) {
	port := freePort(t)
	o, key, consumerSecret := withApp(t, "", "http://localhost:"+itoa(port)+"/OauthRedirect")
	m := newMachine(t)
	m.Open = browse
	if _, err := login.Web(t.Context(), m.System, login.WebOptions{ClientID: key, ClientSecret: secret.New(consumerSecret), LoginURL: o.URL(), Port: port}); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"empty": "", "no scheme": "a:b:c@example.my.salesforce.com", "hostile": "force://a:b:c@evil.example", "two hosts": "force://a:b:c@x@evil.example"} {
		if _, err := login.AuthURL(t.Context(), m.System, "", secret.New(bad)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	_, err := login.AuthURL(t.Context(), m.System, "mine", secret.New("force://"+key+":"+consumerSecret+":5Aep861gone@"+strings.TrimPrefix(o.URL(), "http://")))
	var said *org.Error
	if !errors.As(err, &said) || said.Code != "invalid_grant" {
		t.Errorf("a refresh token that has ended: %v", err)
	}
}

// An auth URL may come as sf prints it, with --json or without.
func TestAuthURLAsPrinted(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	m.Open = browse
	l, err := login.Web(t.Context(), m.System, login.WebOptions{LoginURL: o.URL(), Port: freePort(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.store(t).Save(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var c struct{ RefreshToken string }
	for _, text := range m.ring.values {
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
	}
	plain := "force://PlatformCLI::" + c.RefreshToken + "@" + strings.TrimPrefix(o.URL(), "http://")
	for name, text := range map[string]string{
		"plain": plain + "\n", "show-sfdx-auth-url": `{"status":0,"result":{"sfdxAuthUrl":"` + plain + `"},"warnings":[]}`, "a file": ` {"sfdxAuthUrl": "` + plain + `"} `,
	} {
		if l, err := login.AuthURL(t.Context(), m.System, "", secret.New(text)); err != nil || l.Account.Username != admin {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{"JSON of something else": `{"result":{}}`, "JSON that is cut off": `{"result":{"sfdxAuthUrl":"` + plain} {
		if _, err := login.AuthURL(t.Context(), m.System, "", secret.New(text)); err == nil || strings.Contains(err.Error(), c.RefreshToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A login that is made again keeps its name, unless it is given another.
func TestSaveKeepsTheAlias(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	save := func(alias string) login.Saved {
		t.Helper()
		l, err := login.Token(t.Context(), m.System, alias, o.URL(), secret.New(o.Token()))
		if err != nil {
			t.Fatal(err)
		}
		saved, err := m.store(t).Save(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		return saved
	}
	save("mine")
	save("")
	if a, err := m.store(t).Find("mine"); err != nil || a == nil {
		t.Errorf("the alias is lost: %v", err)
	}
	if saved := save("other"); saved.Replaced != "mine" {
		t.Errorf("that it had another name is not said: %+v", saved)
	}
	if list, err := m.store(t).List(); err != nil || len(list) != 1 || list[0].Alias != "other" {
		t.Errorf("%+v, %v", list, err)
	}
}

// What no token is, is not sent as one.
func TestNotAToken(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	for _, bad := range []string{"two\nlines", "a b", "\x00", "töken", `{"accessToken": "x"}`} {
		if _, err := login.Token(t.Context(), m.System, "", o.URL(), secret.New(bad)); err == nil || !strings.Contains(err.Error(), "ECA549") {
			t.Errorf("%q: %v", bad, err)
		}
		m.env["SF_ORG_INSTANCE_URL"], m.env["SF_ACCESS_TOKEN"] = o.URL(), bad
		if _, err := m.store(t).Session(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "ECA549") {
			t.Errorf("%q in the environment: %v", bad, err)
		}
	}
	if n := len(o.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// An access token is no argument; where sf takes one from the environment, so does
// this.
func TestTokenAsTarget(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	m.env["SF_ORG_INSTANCE_URL"] = o.URL()
	if _, err := m.store(t).Session(t.Context(), o.Token()); err == nil || !strings.Contains(err.Error(), "ECA549") || strings.Contains(err.Error(), o.Token()) {
		t.Errorf("as an argument: %v", err)
	}
	m.env["SF_TARGET_ORG"] = o.Token()
	s, err := m.store(t).Session(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	works(t, s)
}

// The default org of a project counts in its folders, too.
func TestDefaultOfProject(t *testing.T) {
	m := newMachine(t)
	project := t.TempDir()
	for name, text := range map[string]string{"sfdx-project.json": "{}", ".sf/config.json": `{"target-org":"of-project"}`, "force-app/main/x": ""} {
		p := filepath.Join(project, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(project, "force-app", "main"))
	asked := ""
	m.Run = func(_ context.Context, _ string, args ...string) ([]byte, int, error) {
		if args[1] == "display" { // the other command runs beside it
			asked = args[len(args)-2]
		}
		return nil, 0, errors.New("not installed")
	}
	if _, err := m.store(t).Session(t.Context(), ""); !errors.Is(err, login.ErrNotLoggedIn) || asked != "of-project" {
		t.Errorf("asked for %q, %v", asked, err)
	}
}

// An older sf has no show-access-token, and shows the token where others redact it.
func TestOlderSF(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	m := newMachine(t)
	m.Run = func(_ context.Context, _ string, args ...string) ([]byte, int, error) {
		if args[1] == "auth" {
			return []byte("Warning: org auth is not a sf command.\n"), 127, nil
		}
		return []byte("Warning: update available\n" + `{"status":0,"result":{"accessToken":"` + o.Token() + `","instanceUrl":"` + o.URL() + `/","username":"ada@example.com","id":"` + o.OrgID() + `"}}`), 0, nil
	}
	s, err := m.store(t).Session(t.Context(), "old")
	if err != nil {
		t.Fatal(err)
	}
	works(t, s)
	// A session that sf calls connected and that has ended is asked for once more.
	if _, err := s.Refresh(t.Context()); !errors.Is(err, login.ErrNotLoggedIn) {
		t.Errorf("a session that sf cannot renew: %v", err)
	}
}

// recording is a network that keeps the claims of the assertions that are sent, and
// where to.
type recording struct{ host, audience string }

func (r *recording) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.ParseForm(); err != nil {
		return nil, err
	}
	parts := strings.Split(req.Form.Get("assertion"), ".")
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	var claims struct {
		Aud      string
		Exp, Iat int64
	}
	if err := json.Unmarshal(data, &claims); err != nil {
		return nil, err
	}
	r.host, r.audience = req.URL.Host, claims.Aud
	if life := claims.Exp - time.Now().Unix(); life < 60 || life > 180 {
		return nil, fmt.Errorf("the assertion is good for %d seconds", life)
	}
	body := `{"error":"invalid_grant","error_description":"audience is invalid"}`
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// The audience of a JWT goes by the kind of org, and the request to the host that
// was named.
func TestAudienceByKindOfOrg(t *testing.T) {
	keyFile, _ := keyPair(t)
	const production, sandbox = "https://login.salesforce.com", "https://test.salesforce.com"
	for host, want := range map[string]string{
		"login.salesforce.com":                          production,
		"test.salesforce.com":                           sandbox,
		"acme.my.salesforce.com":                        production,
		"acme--uat.sandbox.my.salesforce.com":           sandbox,
		"acme--uat.my.salesforce.com":                   sandbox,
		"acme--uat.cs42.my.salesforce.com":              sandbox,
		"cs42.salesforce.com":                           sandbox,
		"flow-app-123-dev-ed.scratch.my.salesforce.com": sandbox,
		"acme-dev-ed.develop.my.salesforce.com":         production, // a Developer Edition is no sandbox
		"acme-dev-ed.my.salesforce.com":                 production,
		"acme.trailblaze.my.salesforce.com":             production,
		"acme.my.salesforce.mil":                        "https://acme.my.salesforce.mil",
		"acme--uat.sandbox.my.salesforce.mil":           "https://acme--uat.sandbox.my.salesforce.mil",
		"acme.my.sfcrmproducts.cn":                      "https://acme.my.sfcrmproducts.cn",
	} {
		m, net := newMachine(t), &recording{}
		m.HTTP = &http.Client{Transport: net}
		_, err := login.JWT(t.Context(), m.System, login.JWTOptions{Username: "a@example.com", ClientID: "3MVG9", KeyFile: keyFile, LoginURL: "https://" + host})
		if net.host != host || net.audience != want {
			t.Errorf("%s: asked %q with the audience %q, wanted %q (%v)", host, net.host, net.audience, want, err)
		}
		var said *org.Error
		if !errors.As(err, &said) || said.Code != "invalid_grant" {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"evilcrmforce.mil", "acme.my.salesforce.com.evil.example", "salesforce.com", "crmforce.mil", "acme.my.salesforce.com:8443", "user@acme.my.salesforce.com", "169.254.169.254"} {
		m, net := newMachine(t), &recording{}
		m.HTTP = &http.Client{Transport: net}
		if _, err := login.JWT(t.Context(), m.System, login.JWTOptions{Username: "a", ClientID: "b", KeyFile: keyFile, LoginURL: "https://" + host}); err == nil || net.host != "" {
			t.Errorf("%s is asked: %q, %v", host, net.host, err)
		}
	}
}
