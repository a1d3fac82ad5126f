package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/oauth2"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// Defaults of the web server flow: the app and the callback that sf uses, and
// that every org knows.
const (
	DefaultClientID = "PlatformCLI"
	DefaultPort     = 1717
	callbackPath    = "/OauthRedirect"
	defaultScopes   = "refresh_token api web"
)

// WebOptions are those of the web server flow.
type WebOptions struct {
	Alias        string
	ClientID     string // default DefaultClientID
	ClientSecret secret.String
	LoginURL     string
	Port         int // of the callback; default DefaultPort
	NoBrowser    bool
	Show         func(url string) // is told the page to open, if nobody opens it
	Timeout      time.Duration    // default five minutes
}

// Web logs in with a browser: the web server flow, with PKCE, and a callback on
// a port of this machine.
func Web(ctx context.Context, sys System, o WebOptions) (*Login, error) {
	sys = sys.filled()
	host, err := org.CheckURL(o.LoginURL)
	if err != nil {
		return nil, err
	}
	port := cmp.Or(o.Port, DefaultPort)
	if port < 1 || port > 65535 {
		return nil, &diag.Problem{Code: "ECA547", Message: fmt.Sprintf("there is no port %d", port), Hint: "a port is 1 to 65535"}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, &diag.Problem{Code: "ECA547", Message: fmt.Sprintf("port %d, to which the browser comes back, is taken", port), Hint: "end the other login, or pass --port with one that is among the app's callback URLs", Err: err}
	}
	defer listener.Close() //nolint:errcheck // the server closes it as well
	cfg := &oauth2.Config{
		ClientID: cmp.Or(o.ClientID, DefaultClientID), ClientSecret: o.ClientSecret.Reveal(),
		RedirectURL: fmt.Sprintf("http://localhost:%d%s", port, callbackPath),
		Endpoint:    oauth2.Endpoint{AuthURL: host.String() + "/services/oauth2/authorize", TokenURL: tokenURL(host), AuthStyle: oauth2.AuthStyleInParams},
	}
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	page := cfg.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("scope", defaultScopes))
	if o.NoBrowser || sys.Open(page) != nil {
		if o.Show != nil {
			o.Show(page)
		}
	}
	limit := cmp.Or(o.Timeout, 5*time.Minute)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("nobody has logged in within %s", limit))
	defer cancel()
	code, err := await(ctx, listener, callbackPath, state)
	if err != nil {
		return nil, err
	}
	t, err := cfg.Exchange(sys.context(ctx, false), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, said(err)
	}
	l, err := loginOf(t, Account{Alias: o.Alias, ClientID: cfg.ClientID, Method: MethodWeb, LoginURL: host.String()}, credentials{ClientSecret: o.ClientSecret.Reveal()})
	if err != nil {
		return nil, err
	}
	if l.secrets.RefreshToken == "" {
		l.secrets.AccessToken = l.Token.Reveal()
	}
	return l, sys.identify(ctx, l)
}

// await serves the callback until the browser brings a code, or an error. What
// comes with another state is not from the login that was begun.
func await(ctx context.Context, listener net.Listener, path, state string) (string, error) {
	type outcome struct {
		code string
		err  error
	}
	done := make(chan outcome, 1)
	finish := func(w http.ResponseWriter, title, text string, o outcome) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		_, _ = fmt.Fprintf(w, "<!DOCTYPE html><html lang=\"en\"><title>%s</title><h1>%s</h1><p>%s</p></html>", html.EscapeString(title), html.EscapeString(title), html.EscapeString(text)) // the browser may be gone
		select {
		case done <- o:
		default: // the first answer counts
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case q.Get("state") != state:
			http.Error(w, "This is not the login that was begun. Begin it again.", http.StatusBadRequest)
		case q.Get("error") != "":
			e := &org.Error{Op: "authorize", Code: q.Get("error"), Message: q.Get("error_description")}
			finish(w, "Not logged in", "Salesforce says: "+e.Message+". The terminal says what to do.", outcome{err: e})
		case q.Get("code") == "":
			http.Error(w, "There is no code in the address.", http.StatusBadRequest)
		default:
			finish(w, "Logged in", "ecactl has what it needs. You can close this page and go back to the terminal.", outcome{code: q.Get("code")})
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(end) // the page has been sent, or nobody waits for it
	}()
	select {
	case o := <-done:
		return o.code, o.err
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the browser: %w", context.Cause(ctx))
	}
}

// Receive listens where an app's callback on this machine is, and waits for the
// browser to bring a code. begin is called as soon as somebody listens.
func Receive(ctx context.Context, callback *url.URL, state string, begin func()) (code string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", callback.Port()))
	if err != nil {
		return "", &diag.Problem{Code: "ECA547", Message: fmt.Sprintf("port %s, to which the browser comes back, is taken", callback.Port()), Hint: "end what listens there, or pass --no-browser and paste the address", Err: err}
	}
	defer listener.Close() //nolint:errcheck // the server closes it as well
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Minute, errors.New("nobody has logged in within five minutes"))
	defer cancel()
	begin()
	return await(ctx, listener, cmp.Or(callback.EscapedPath(), "/")+exactly(callback), state)
}

// exactly keeps a pattern of net/http that ends in a slash from taking what is
// below it.
func exactly(u *url.URL) string {
	if p := u.EscapedPath(); p == "" || p[len(p)-1] == '/' {
		return "{$}"
	}
	return ""
}

// OpenBrowser opens a page in the user's browser.
func (s System) OpenBrowser(page string) error { return s.filled().Open(page) }

// Logout ends an account's tokens in the org, as far as it has any that can be
// ended, and forgets it. The error of an org that cannot be asked comes with the
// account forgotten all the same.
func (s *Store) Logout(ctx context.Context, a Account) error {
	c, err := s.secrets(a)
	if err != nil && !errors.Is(err, ErrNotLoggedIn) {
		return err
	}
	token := cmp.Or(c.RefreshToken, c.AccessToken)
	if err := s.Delete(ctx, a); err != nil || token == "" {
		return err
	}
	u, err := org.CheckURL(a.InstanceURL) // accounts.json is a file like any other
	if err != nil {
		return fmt.Errorf("the login is forgotten, but not ended in the org: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String()+"/services/oauth2/revoke", nil)
	if err != nil {
		return fmt.Errorf("ending the session: %w", err)
	}
	form := url.Values{"token": {token}}.Encode()
	req.Body, req.ContentLength = readCloser(form), int64(len(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.sys.client().Do(req)
	if err != nil {
		return fmt.Errorf("the login is forgotten, but the org could not be told to end it: %w", said(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusBadRequest {
		return fmt.Errorf("the login is forgotten, but the org answers %d to ending it", resp.StatusCode)
	}
	return nil
}
