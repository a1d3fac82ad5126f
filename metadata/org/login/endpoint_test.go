package login_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
)

func endpoint(t *testing.T, address string) *login.Endpoint {
	t.Helper()
	e, err := login.System{}.Endpoint(address)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func clientCredentials(key, consumerSecret string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {key}, "client_secret": {consumerSecret}}
}

func code(err error) string {
	var said *org.Error
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// Each pair works by itself: the one in force, one that is staged, and one that
// was replaced; and no key with another's secret.
func TestPairsLogIn(t *testing.T) {
	o, key, consumerSecret := withApp(t, "", "https://example.com/cb")
	open := metadata.NewComponent("ExternalClientAppSettings", "ExternalClientApp")
	open.Root.Add(&metadata.Element{Name: "enableClientSecretInRestApiAccess", Text: "true"})
	if err := o.Put(open); err != nil {
		t.Fatal(err)
	}
	c, err := org.New(org.Config{Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}})
	if err != nil {
		t.Fatal(err)
	}
	app, err := c.ConsumerApp(t.Context(), "App")
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := c.Credentials(t.Context(), app, true)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := c.Stage(t.Context(), pairs)
	if err != nil {
		t.Fatal(err)
	}
	e := endpoint(t, o.URL())
	try := func(when string, works bool, key, consumerSecret string) {
		t.Helper()
		if _, err := e.Token(t.Context(), clientCredentials(key, consumerSecret)); (err == nil) != works {
			t.Errorf("%s: %v", when, err)
		}
	}
	try("in force", true, key, consumerSecret)
	try("staged", true, staged.Key, staged.Secret.Reveal())
	try("mixed", false, key, staged.Secret.Reveal())
	if err := c.Promote(t.Context(), pairs, staged); err != nil {
		t.Fatal(err)
	}
	try("promoted", true, staged.Key, staged.Secret.Reveal())
	try("replaced", true, key, consumerSecret)
	try("mixed after it", false, staged.Key, consumerSecret)
	after, err := c.Credentials(t.Context(), app, true)
	if err != nil || after.Rotated() == nil {
		t.Fatalf("%+v, %v", after, err)
	}
	if err := c.RevokePair(t.Context(), after, *after.Rotated()); err != nil {
		t.Fatal(err)
	}
	try("ended", false, key, consumerSecret)
}

// A session is told from that of an app by the login, by the token, and by the
// org; and where none says it, that is said.
func TestIsOf(t *testing.T) {
	o, key, consumerSecret := withApp(t, "", "https://example.com/cb")
	own, err := endpoint(t, o.URL()).Token(t.Context(), clientCredentials(key, consumerSecret))
	if err != nil {
		t.Fatal(err)
	}
	jwt := func(client string) secret.String {
		return secret.New("eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(`{"client_id":"`+client+`"}`)) + ".x")
	}
	with := &org.Credentials{Active: org.Pair{Key: key, Secret: secret.New(consumerSecret)}, Others: []org.Pair{{Key: "3MVG9old"}}}
	without := &org.Credentials{Active: org.Pair{Key: key}}
	tests := map[string]struct {
		session    org.Session
		c          *org.Credentials
		own, known bool
	}{
		"by the login":               {org.Session{ClientID: key}, without, true, true},
		"by an old key of the login": {org.Session{ClientID: "3MVG9old"}, with, true, true},
		"another login":              {org.Session{ClientID: "PlatformCLI"}, without, false, true},
		"by the token":               {org.Session{Token: jwt(key)}, without, true, true},
		"by another token":           {org.Session{Token: jwt("3MVG9other")}, without, false, true},
		"by the org":                 {org.Session{Token: own.Access}, with, true, true},
		"by the org, another":        {org.Session{Token: secret.New(o.Token())}, with, false, true},
		"by nothing":                 {org.Session{Token: own.Access}, without, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.session.InstanceURL = o.URL()
			own, known, why, err := login.System{}.IsOf(t.Context(), tt.session, tt.c)
			if err != nil || own != tt.own || known != tt.known || known == (why != "") {
				t.Errorf("own %v, known %v, %q, %v", own, known, why, err)
			}
		})
	}
}

// A callback is read if it is the app's, and what it says against a login is an
// error of the org.
func TestReadCallback(t *testing.T) {
	const callback = "https://erp.example.com/cb"
	for address, want := range map[string]string{
		"https://erp.example.com/cb?code=a&state=b":          "a",
		" https://ERP.example.com/cb/?code=a ":               "a",
		"https://erp.example.com/cb?error=access_denied":     "!access_denied",
		"https://evil.example.com/cb?code=a":                 "",
		"http://erp.example.com/cb?code=a":                   "",
		"https://erp.example.com/other?code=a":               "",
		"https://login.salesforce.com/?startURL=%2Fcb":       "",
		"https://erp.example.com@evil.example.com/cb?code=a": "",
		"not an address": "",
		"https://erp.example.com/cb?error=OAUTH_APP_BLOCKED&code=none": "!OAUTH_APP_BLOCKED",
	} {
		values, err := login.ReadCallback(address, callback)
		got := values.Get("code")
		if err != nil {
			got = "!" + code(err)
		}
		if got != want {
			t.Errorf("%s: %q, wanted %q (%v)", address, got, want, err)
		}
	}
	if u, ok := login.LocalCallback([]string{"https://a.example/cb", "https://localhost:1/cb", "http://localhost/cb", "http://127.0.0.1:1717/cb"}); !ok || u.Host != "127.0.0.1:1717" {
		t.Errorf("%v, %v", u, ok)
	}
}

// What an endpoint answers is read through a limit, and no redirect is followed:
// a secret would go along.
func TestEndpointAnswers(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	tests := map[string]struct {
		serve func(w http.ResponseWriter)
		code  string
	}{
		"a redirect":        {func(w http.ResponseWriter) { w.Header().Set("Location", other.URL); w.WriteHeader(307) }, "HTTP_307"},
		"a page":            {func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>hello")) }, "HTTP_UNREADABLE"},
		"a page that fails": {func(w http.ResponseWriter) { w.WriteHeader(503); _, _ = w.Write([]byte("<html>")) }, "HTTP_503"},
		"nothing":           {func(w http.ResponseWriter) { _, _ = w.Write([]byte("{}")) }, "HTTP_UNREADABLE"},
		"too much":          {func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"x":"` + strings.Repeat("x", 1<<20) + `"}`)) }, "HTTP_UNREADABLE"},
		"a refusal": {func(w http.ResponseWriter) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"no"}`))
		}, "invalid_grant"},
		"a refusal as 200": {func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"error":"invalid_grant"}`)) }, "invalid_grant"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tt.serve(w) }))
			defer s.Close()
			_, err := endpoint(t, s.URL).Token(t.Context(), clientCredentials("k", "canary"))
			if code(err) != tt.code || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v", err)
			}
		})
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed")
	}
	if _, err := (login.System{}).Endpoint("https://evil.example.com"); err == nil {
		t.Error("a host that is none of Salesforce's is taken")
	}
}

// An assertion is taken if its key is the app's, and another's is not.
func TestClaim(t *testing.T) {
	keyFile, certificate := keyPair(t)
	o, key, _ := withApp(t, certificate, "https://example.com/cb")
	e := endpoint(t, o.URL())
	claim := login.Claim{ClientID: key, Username: o.Username(), Audience: o.URL(), Now: time.Now()}
	ask := func(assertion secret.String, err error) error {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Token(t.Context(), url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion.Reveal()}})
		return err
	}
	if err := ask(claim.Sign(keyFile)); err != nil {
		t.Error(err)
	}
	if err := ask(claim.SignAnew()); code(err) != "invalid_grant" {
		t.Error(err)
	}
	late := claim
	late.Now = claim.Now.Add(-time.Hour)
	if err := ask(late.Sign(keyFile)); code(err) != "invalid_grant" {
		t.Error(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.key")
	if err := os.WriteFile(bad, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := claim.Sign(bad); err == nil {
		t.Error("a file without a key signs")
	}
}

// The browser that comes back to a callback of an app's own is listened for
// there and nowhere else.
func TestReceive(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := &url.URL{Host: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/cb", "/a/b/", ""} {
		callback, err := url.Parse("http://localhost:" + free.Port() + path)
		if err != nil {
			t.Fatal(err)
		}
		statuses := make(chan int, 3)
		browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
		got, err := login.Receive(t.Context(), callback, "st", func() {
			go func() {
				for _, at := range []string{callback.String() + "?state=other&code=x", "http://localhost:" + free.Port() + "/elsewhere?state=st&code=x", callback.String() + "?state=st&code=right"} {
					resp, err := browser.Get(at)
					if err != nil {
						t.Log(err)
						statuses <- 0
						continue
					}
					_ = resp.Body.Close()
					statuses <- resp.StatusCode
				}
			}()
		})
		if err != nil || got != "right" {
			t.Fatalf("%s: %q, %v", callback, got, err)
		}
		if a, b := <-statuses, <-statuses; a != http.StatusBadRequest || b != http.StatusNotFound {
			t.Errorf("%s: another state gets %d, another path %d", callback, a, b)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	callback, _ := url.Parse("http://localhost:" + free.Port() + "/cb")
	if _, err := login.Receive(ctx, callback, "st", cancel); err == nil {
		t.Error("it waits for ever")
	}
}
