package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate/verify"
)

// A laxOrg stands between the program and the emulated org, and lets through
// what an org has to refuse.
type laxOrg struct {
	t      *testing.T
	b      *bench
	alter  func(l *laxOrg, path string, form url.Values)        // of a request
	pardon func(path string, form url.Values, said string) bool // a refusal becomes a token of the run-as user
	answer func(path string, form url.Values) any               // instead of the org's; nil leaves it
	done   bool
}

func (l *laxOrg) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/services/oauth2/") {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	if l.alter != nil {
		l.alter(l, r.URL.Path, form)
	}
	if l.answer != nil {
		if a := l.answer(r.URL.Path, form); a != nil {
			return jsonAnswer(l.t, a), nil
		}
	}
	resp, err := l.send(r, form)
	if err != nil || resp.StatusCode < 400 || l.pardon == nil {
		return resp, err
	}
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(said))
	if !l.pardon(r.URL.Path, form, string(said)) {
		return resp, nil
	}
	return l.send(r, url.Values{"grant_type": {"client_credentials"}, "client_id": {l.b.opt.ClientID}, "client_secret": {l.b.opt.Secret.Reveal()}})
}

func (l *laxOrg) send(r *http.Request, form url.Values) (*http.Response, error) {
	clone := r.Clone(r.Context())
	text := form.Encode()
	clone.Body, clone.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return http.DefaultTransport.RoundTrip(clone)
}

func jsonAnswer(t *testing.T, v any) *http.Response {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(data))}
}

// seenByLaxOrgs are the checks that no setting of an app makes fail, and an org
// that is too lax does.
var seenByLaxOrgs = []string{
	"code.wrong-verifier", "client.without-secret", "client.wrong-secret", "jwt.user", "jwt.wrong-key", "user.user", "user.wrong-password", "exchange.wrong-token",
	"device.waiting", "introspection.active", "introspection.without-secret",
}

func TestLaxOrg(t *testing.T) {
	refused := func(grant, text string) func(string, url.Values, string) bool {
		return func(_ string, form url.Values, said string) bool {
			return form.Get("grant_type") == grant && strings.Contains(said, text)
		}
	}
	tests := map[string]struct {
		lax    laxOrg
		failed []string
	}{
		"any verifier":                     {laxOrg{pardon: refused("authorization_code", "invalid code verifier")}, []string{"code.wrong-verifier"}},
		"any secret":                       {laxOrg{pardon: refused("client_credentials", "invalid client credentials")}, []string{"client.wrong-secret"}},
		"no secret":                        {laxOrg{pardon: refused("client_credentials", "secret is required")}, []string{"client.without-secret"}},
		"any key":                          {laxOrg{pardon: refused("urn:ietf:params:oauth:grant-type:jwt-bearer", "invalid assertion")}, []string{"jwt.wrong-key"}},
		"any token of any provider":        {laxOrg{pardon: refused("urn:ietf:params:oauth:grant-type:token-exchange", "subject token")}, []string{"exchange.wrong-token"}},
		"a device that nobody let in":      {laxOrg{pardon: refused("device", "authorization_pending")}, []string{"device.waiting"}},
		"any user by JWT":                  {laxOrg{pardon: refused("urn:ietf:params:oauth:grant-type:jwt-bearer", "approved")}, []string{"jwt.refused-user"}},
		"an old refresh token":             {laxOrg{pardon: refused("refresh_token", "expired")}, []string{"refresh.rotation"}},
		"a refresh token without a secret": {laxOrg{pardon: refused("refresh_token", "secret is required")}, []string{"refresh.without-secret"}},
		"any password": {
			laxOrg{alter: func(_ *laxOrg, path string, form url.Values) {
				if strings.HasSuffix(path, "/authorize") {
					form.Set("password", map[string]string{ada: "ada's own", eve: "eve's own"}[form.Get("username")])
				}
			}},
			[]string{"user.wrong-password"},
		},
		"another user than the one who logs in": {
			laxOrg{alter: func(_ *laxOrg, path string, form url.Values) {
				if strings.HasSuffix(path, "/authorize") && form.Get("username") == ada && form.Get("password") == "ada's own" {
					form.Set("username", "max@example.com")
					form.Set("password", "max's own")
				}
			}},
			[]string{"user.user"},
		},
		"another user than the one of the JWT": {
			laxOrg{alter: func(l *laxOrg, _ string, form url.Values) {
				if form.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" && !l.done {
					l.done = true
					form.Set("grant_type", "client_credentials")
					form.Set("client_id", l.b.opt.ClientID)
					form.Set("client_secret", l.b.opt.Secret.Reveal())
				}
			}},
			[]string{"jwt.user"},
		},
		"a token that the org does not know": {
			laxOrg{answer: func(path string, form url.Values) any {
				if strings.HasSuffix(path, "/introspect") && form.Get("client_secret") != "" {
					return map[string]any{"active": false}
				}
				return nil
			}},
			[]string{"introspection.active"},
		},
		"introspection for everybody": {
			laxOrg{answer: func(path string, form url.Values) any {
				if strings.HasSuffix(path, "/introspect") && form.Get("client_secret") == "" {
					return map[string]any{"active": true}
				}
				return nil
			}},
			[]string{"introspection.without-secret"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, everything, orgtest.Config{})
			lax := tt.lax
			lax.t, lax.b = t, b
			b.through(&lax)
			a, err := b.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(a, verify.Failed); !slices.Equal(got, tt.failed) {
				t.Errorf("failed  %v\nwanted  %v", got, tt.failed)
				for _, c := range a.Checks {
					if c.State != verify.Passed {
						t.Logf("%s %s: %s", c.State, c.ID, c.Found)
					}
				}
			}
			b.nothingLeft()
		})
	}
}

// through sends every request of the program over a transport.
func (b *bench) through(rt http.RoundTripper) {
	b.t.Helper()
	b.opt.System.HTTP = &http.Client{Transport: rt}
	endpoint, err := b.opt.System.Endpoint(b.org.URL())
	if err != nil {
		b.t.Fatal(err)
	}
	b.opt.Endpoint = endpoint
}

// What is not given is skipped with the reason, and never passed.
func TestSkipped(t *testing.T) {
	tests := map[string]struct {
		without func(o *verify.Options)
		skipped []string // all of them
		why     string
	}{
		"nobody to be refused": {
			func(o *verify.Options) { o.RefusedUser = "" },
			[]string{"code.refused-user", "device.login", "jwt.refused-user", "user.refused-user"}, "--refused-user",
		},
		"no key": {
			func(o *verify.Options) { o.KeyFile = "" },
			[]string{"device.login", "jwt.instance-url", "jwt.login", "jwt.refused-user", "jwt.scopes", "jwt.user", "jwt.wrong-key"}, "--key-file",
		},
		"no password": {
			func(o *verify.Options) { o.Password = secret.String{} },
			[]string{"device.login", "user.instance-url", "user.login", "user.post-only", "user.refused-user", "user.scopes", "user.user", "user.without-pkce", "user.wrong-password"}, "--password-file",
		},
		"no token of the provider": {
			func(o *verify.Options) { o.SubjectToken = secret.String{} },
			[]string{"device.login", "exchange.instance-url", "exchange.login", "exchange.scopes", "exchange.without-secret", "exchange.wrong-token"}, "--subject-token-file",
		},
		"no secret": {
			func(o *verify.Options) { o.Secret, o.SecretWhy = secret.String{}, "the org keeps it" },
			[]string{
				"client.instance-url", "client.login", "client.scopes", "client.user", "client.wrong-secret",
				"code.instance-url", "code.login", "code.refused-user", "code.scopes", "code.wrong-verifier", "device.login",
				"exchange.instance-url", "exchange.login", "exchange.scopes", "exchange.without-secret", "exchange.wrong-token",
				"introspection.active", "introspection.others", "introspection.without-secret", "refresh.renew", "refresh.rotation", "refresh.without-secret",
				"revocation.refresh", "user.instance-url", "user.login", "user.post-only", "user.refused-user", "user.scopes", "user.user", "user.without-pkce", "user.wrong-password",
			}, "the org keeps it",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, everything, orgtest.Config{})
			tt.without(&b.opt)
			a, err := b.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(a, verify.Skipped); !slices.Equal(got, tt.skipped) {
				t.Errorf("skipped %q\nwanted  %q", got, tt.skipped)
			}
			if failed := ids(a, verify.Failed); len(failed) > 0 {
				t.Errorf("failed %v", failed)
			}
			told := false
			for _, c := range a.Checks {
				told = told || c.State == verify.Skipped && strings.Contains(c.Found, tt.why)
			}
			if !told {
				t.Errorf("no reason has %q", tt.why)
			}
			b.nothingLeft()
		})
	}
}

// Where an org asks for a login, a person is needed; without one nothing of the
// flow is passed.
func TestPerson(t *testing.T) {
	person := func(b *bench, as string) func(context.Context, string, string, string, string) (url.Values, error) {
		return func(ctx context.Context, page, callback, _, why string) (url.Values, error) {
			u, err := url.Parse(page)
			if err != nil {
				return nil, err
			}
			q := u.Query()
			if as != "" && strings.Contains(why, eve) {
				q.Set("login_hint", as)
			}
			q.Set("decision", "allow")
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.org.URL()+"/services/oauth2/authorize", strings.NewReader(q.Encode()))
			if err != nil {
				return nil, err
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			back, err := url.Parse(resp.Header.Get("Location"))
			if err != nil || !strings.HasPrefix(back.String(), callback) {
				return nil, errors.New("not the callback: " + back.String())
			}
			if code := back.Query().Get("error"); code != "" {
				return nil, &org.Error{Op: "authorize", Code: code, Message: back.Query().Get("error_description")}
			}
			return back.Query(), nil
		}
	}
	web := strings.Split(everything, "  flows:")[0] + "  security:" + strings.Split(everything, "  security:")[1]
	web = strings.Replace(web, "introspectAllTokens", "jwtAccessTokens: false\n    introspectAllTokens", 1)
	t.Run("nobody", func(t *testing.T) {
		b := newBench(t, web, orgtest.Config{AskLogin: true})
		a, err := b.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range a.Checks {
			if (c.Flow == "refresh" || c.Flow == "authorization code" && c.ID != "code.without-pkce" || c.Flow == "introspection" || c.Flow == "revocation") && c.State != verify.Skipped {
				t.Errorf("%s %s: %s", c.State, c.ID, c.Found)
			}
		}
		if a.Check("code.without-pkce").State != verify.Passed {
			t.Error("what is refused before anybody logs in needs nobody")
		}
	})
	for name, tt := range map[string]struct {
		as    string
		state verify.State
	}{"the one who is refused": {"", verify.Passed}, "somebody else": {ada, verify.Skipped}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, web, orgtest.Config{AskLogin: true})
			b.opt.Ask = person(b, tt.as)
			a, err := b.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c := a.Check("code.refused-user"); c.State != tt.state {
				t.Errorf("%s: %s", c.State, c.Found)
			}
			if failed := ids(a, verify.Failed); len(failed) > 0 || a.Check("code.login").State != verify.Passed || a.Check("revocation.refresh").State != verify.Passed {
				t.Errorf("failed %v, of %+v", failed, a.Checks)
			}
			b.nothingLeft()
		})
	}
}

// However early a run is interrupted, nothing is left; and it says that it was.
func TestInterrupted(t *testing.T) {
	enough := errors.New("interrupted by the test")
	for after := 1; ; after++ {
		b := newBench(t, everything, orgtest.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		n := 0
		b.opt.Learned = func(secret.String) {
			if n++; n == after {
				cancel(enough)
			}
		}
		_, err := b.run(ctx)
		b.nothingLeft()
		done := n < after
		cancel(nil)
		if done {
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d points of interruption", after-1)
			return
		}
		if !errors.Is(err, enough) && !errors.Is(err, context.Canceled) && err != nil {
			t.Errorf("interrupted at secret %d: %v", after, err)
		}
		if after > 200 {
			t.Fatal("it never ends")
		}
	}
}

// The same while a request is under way: the org hands a token out to somebody
// who has been interrupted meanwhile.
func TestInterruptedInFlight(t *testing.T) {
	enough := errors.New("interrupted by the test")
	for after := 1; ; after++ {
		ctx, cancel := context.WithCancelCause(t.Context())
		var n atomic.Int64
		b := newBench(t, everything, orgtest.Config{Log: func(orgtest.Request) {
			if n.Add(1) == int64(after) {
				cancel(enough)
			}
		}})
		_, err := b.run(ctx)
		b.nothingLeft()
		done := ctx.Err() == nil
		cancel(nil)
		if done {
			t.Logf("%d requests, interrupted at each", after-1)
			return
		}
		if err != nil && !errors.Is(err, enough) && !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at request %d: %v", after, err)
		}
		if after > 300 {
			t.Fatal("it never ends")
		}
	}
}

// An org that hands out the session that verifies does not lose it.
func TestOwnSessionIsKept(t *testing.T) {
	b := newBench(t, everything, orgtest.Config{})
	b.through(&laxOrg{t: t, b: b, answer: func(path string, form url.Values) any {
		if strings.HasSuffix(path, "/token") && form.Get("grant_type") == "client_credentials" {
			return map[string]any{"access_token": b.org.Token(), "instance_url": b.org.URL(), "scope": "api"}
		}
		return nil
	}})
	if _, err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := org.New(org.Config{Session: b.opt.Session})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.User(t.Context()); err != nil {
		t.Errorf("the session that verifies has ended: %v", err)
	}
	b.nothingLeft()
}

// Scopes that allow nothing that could be tried are no mistake of the app.
func TestScopesWithoutUse(t *testing.T) {
	b := newBench(t, edit("scopes: [api, refresh_token]", "scopes: [cdp_ingest_api, refresh_token]"), orgtest.Config{})
	a, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := a.Check("code.instance-url"); c.State != verify.Skipped {
		t.Errorf("%+v", c)
	}
	if failed := ids(a, verify.Failed); len(failed) > 0 {
		t.Errorf("failed %v", failed)
	}
	b.nothingLeft()
}

// A token that cannot be given back is told of, and fails the run.
func TestNotGivenBack(t *testing.T) {
	b := newBench(t, everything, orgtest.Config{Faults: []orgtest.Fault{{Kind: "503", Op: "revoke", Count: -1}}})
	a, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := a.Check("cleanup")
	if c.State != verify.Failed || len(a.Left) == 0 || len(c.Do) == 0 || !strings.Contains(a.Left[0], "token of the") {
		t.Errorf("%+v, left %v", c, a.Left)
	}
	for _, left := range a.Left {
		for _, live := range b.org.LiveTokens("") {
			if strings.Contains(left, live) {
				t.Error("a token is in the report")
			}
		}
	}
}

// One that is refused twice and then taken is given back.
func TestGivenBackLater(t *testing.T) {
	b := newBench(t, everything, orgtest.Config{Faults: []orgtest.Fault{{Kind: "503", Op: "revoke", After: 2, Count: 2}}})
	a, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := a.Check("cleanup"); c.State != verify.Passed {
		t.Errorf("%+v", c)
	}
	b.nothingLeft()
}

// An answer that is lost may have had a token in it, which is said.
func TestLostAnswer(t *testing.T) {
	b := newBench(t, everything, orgtest.Config{Faults: []orgtest.Fault{{Kind: "reset-after", Op: "token", After: 1}}})
	a, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Left) != 1 || a.Check("cleanup").State != verify.Failed {
		t.Errorf("left %v", a.Left)
	}
}
