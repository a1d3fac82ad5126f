package login

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// An Endpoint is the OAuth endpoints of one org, a request a method, for who has
// to see what exactly they answer. Nothing is sent twice and no redirect is
// followed. To log in there are [Web], [JWT] and the others.
type Endpoint struct {
	sys  System
	base string
}

// Endpoint checks an address: that of an org, or of a site of one, whose path
// stays.
func (s System) Endpoint(address string) (*Endpoint, error) {
	host, err := org.CheckURL(address)
	if err != nil {
		return nil, err
	}
	base := host.String()
	if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
		base += strings.TrimRight(u.EscapedPath(), "/")
	}
	return &Endpoint{s.filled(), base}, nil
}

// Tokens are what the token endpoint hands out.
type Tokens struct {
	Access, Refresh secret.String
	InstanceURL     string // as it was said, and not checked
	Scopes          []string
}

// A DeviceCode is what begins the device flow.
type DeviceCode struct {
	Code            secret.String
	UserCode        string
	VerificationURI string
}

// An Introspection is what an org says of a token.
type Introspection struct {
	Active   bool
	ClientID string
	Username string
	Scopes   []string
}

// PKCE is a verifier and the challenge that is made of it.
type PKCE struct {
	Verifier  secret.String
	Challenge string
}

// NewPKCE makes a pair.
func NewPKCE() PKCE {
	v := oauth2.GenerateVerifier()
	return PKCE{secret.New(v), oauth2.S256ChallengeFromVerifier(v)}
}

// tokenAnswer is the body of the token endpoint's answers.
type tokenAnswer struct {
	AccessToken     string `json:"access_token"`
	RefreshToken    string `json:"refresh_token"`
	InstanceURL     string `json:"instance_url"`
	Scope           string `json:"scope"`
	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	Error           string `json:"error"`
	Description     string `json:"error_description"`
}

// Token asks for tokens. A refusal is an [org.Error] with what the org said.
func (e *Endpoint) Token(ctx context.Context, form url.Values) (*Tokens, error) {
	a, err := e.askToken(ctx, form)
	if err != nil {
		return nil, err
	}
	if a.AccessToken == "" {
		return nil, &org.Error{Op: "token", Code: "HTTP_UNREADABLE", Message: "the answer has no access token"}
	}
	return &Tokens{secret.New(a.AccessToken), secret.New(a.RefreshToken), a.InstanceURL, strings.Fields(a.Scope)}, nil
}

// Device begins the device flow.
func (e *Endpoint) Device(ctx context.Context, clientID string) (*DeviceCode, error) {
	a, err := e.askToken(ctx, url.Values{"response_type": {"device_code"}, "client_id": {clientID}})
	if err != nil {
		return nil, err
	}
	if a.DeviceCode == "" || a.UserCode == "" {
		return nil, &org.Error{Op: "token", Code: "HTTP_UNREADABLE", Message: "the answer has no device code"}
	}
	return &DeviceCode{secret.New(a.DeviceCode), a.UserCode, a.VerificationURI}, nil
}

func (e *Endpoint) askToken(ctx context.Context, form url.Values) (*tokenAnswer, error) {
	resp, body, err := e.post(ctx, "token", "/services/oauth2/token", form, nil)
	if err != nil {
		return nil, err
	}
	var a tokenAnswer
	unreadable := json.Unmarshal(bytes.TrimSpace(body), &a)
	switch {
	case a.Error != "":
		return nil, &org.Error{Op: "token", Status: resp.StatusCode, Code: a.Error, Message: a.Description}
	case resp.StatusCode >= 300:
		return nil, &org.Error{Op: "token", Status: resp.StatusCode, Code: fmt.Sprintf("HTTP_%d", resp.StatusCode), Message: http.StatusText(resp.StatusCode)}
	case unreadable != nil:
		return nil, &org.Error{Op: "token", Status: resp.StatusCode, Code: "HTTP_UNREADABLE", Message: "the answer is not the JSON that was expected; is there a proxy in between?"}
	}
	return &a, nil
}

// AuthorizeURL is the page on which a user lets an app in.
func (e *Endpoint) AuthorizeURL(query url.Values) string {
	return e.base + "/services/oauth2/authorize?" + query.Encode()
}

// Authorize asks for the page without a browser. Where the org sends on to the
// callback at once, the answer is what the callback is told; where it refuses
// before anybody is asked, an [org.Error]; and where it shows a page, as for a
// login, nil.
func (e *Endpoint) Authorize(ctx context.Context, query url.Values) (url.Values, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.AuthorizeURL(query), nil)
	if err != nil {
		return nil, fmt.Errorf("authorize: %w", err)
	}
	return e.landing(req, query.Get("redirect_uri"))
}

// AuthorizeUser is the authorization of the code and credentials flow: the app
// sends the user's name and password itself, in a header or in the body.
func (e *Endpoint) AuthorizeUser(ctx context.Context, query url.Values, username string, password secret.String, inBody bool) (url.Values, error) {
	form := url.Values{}
	for k, v := range query {
		form[k] = v
	}
	if inBody {
		form.Set("username", username)
		form.Set("password", password.Reveal())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.base+"/services/oauth2/authorize", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("authorize: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Auth-Request-Type", "Named-User")
	if !inBody {
		req.SetBasicAuth(username, password.Reveal())
	}
	return e.landing(req, query.Get("redirect_uri"))
}

// landing reads where an authorization ends: at the callback, in a refusal as
// text or JSON, or on a page.
func (e *Endpoint) landing(req *http.Request, callback string) (url.Values, error) {
	resp, body, err := e.do("authorize", req)
	if err != nil {
		return nil, err
	}
	if to := resp.Header.Get("Location"); resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return ReadCallback(to, callback)
	}
	text := strings.TrimSpace(string(body))
	if strings.HasPrefix(text, "error=") {
		if values, err := url.ParseQuery(strings.SplitN(text, "\n", 2)[0]); err == nil {
			return nil, authorizeError(values)
		}
	}
	var answer map[string]any
	if json.Unmarshal([]byte(text), &answer) == nil {
		values := url.Values{}
		for k, v := range answer {
			if s, ok := v.(string); ok {
				values.Set(k, s)
			}
		}
		if values.Get("error") != "" {
			return nil, authorizeError(values)
		}
		if values.Get("code") != "" {
			return values, nil
		}
	}
	if resp.StatusCode >= 400 {
		return nil, &org.Error{Op: "authorize", Status: resp.StatusCode, Code: fmt.Sprintf("HTTP_%d", resp.StatusCode), Message: http.StatusText(resp.StatusCode)}
	}
	return nil, nil
}

// ReadCallback reads what a callback is told by the address that a browser was
// sent to; nil if that is another page. A refusal is an [org.Error].
func ReadCallback(address, callback string) (url.Values, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, &org.Error{Op: "authorize", Code: "HTTP_UNREADABLE", Message: "the address is no URL"}
	}
	want, err := url.Parse(callback)
	if err != nil || u.Scheme != want.Scheme || !strings.EqualFold(u.Host, want.Host) || strings.TrimRight(u.Path, "/") != strings.TrimRight(want.Path, "/") {
		return nil, nil
	}
	values := u.Query()
	if values.Get("error") != "" {
		return nil, authorizeError(values)
	}
	return values, nil
}

func authorizeError(values url.Values) error {
	return &org.Error{Op: "authorize", Code: values.Get("error"), Message: values.Get("error_description")}
}

// Revoke ends a token; a refresh token takes its access tokens with it. A token
// that is no longer good is an [org.Error] with the code invalid_token.
func (e *Endpoint) Revoke(ctx context.Context, token secret.String) error {
	resp, body, err := e.post(ctx, "revoke", "/services/oauth2/revoke", url.Values{"token": {token.Reveal()}}, nil)
	if err != nil || resp.StatusCode < 300 {
		return err
	}
	said := &org.Error{Op: "revoke", Status: resp.StatusCode, Code: fmt.Sprintf("HTTP_%d", resp.StatusCode), Message: http.StatusText(resp.StatusCode)}
	var a tokenAnswer
	if json.Unmarshal(bytes.TrimSpace(body), &a) == nil && a.Error != "" {
		said.Code, said.Message = a.Error, a.Description
	}
	return said
}

// Introspect asks what an org knows of a token. The app has to say who it is.
func (e *Endpoint) Introspect(ctx context.Context, token secret.String, clientID string, clientSecret secret.String) (*Introspection, error) {
	form := url.Values{"token": {token.Reveal()}, "client_id": {clientID}}
	if !clientSecret.IsZero() {
		form.Set("client_secret", clientSecret.Reveal())
	}
	resp, body, err := e.post(ctx, "introspect", "/services/oauth2/introspect", form, nil)
	if err != nil {
		return nil, err
	}
	var a struct {
		tokenAnswer
		Active   bool   `json:"active"`
		ClientID string `json:"client_id"`
		Username string `json:"username"`
	}
	unreadable := json.Unmarshal(bytes.TrimSpace(body), &a)
	switch {
	case a.Error != "":
		return nil, &org.Error{Op: "introspect", Status: resp.StatusCode, Code: a.Error, Message: a.Description}
	case resp.StatusCode >= 300 || unreadable != nil:
		return nil, &org.Error{Op: "introspect", Status: resp.StatusCode, Code: fmt.Sprintf("HTTP_%d", resp.StatusCode), Message: http.StatusText(resp.StatusCode)}
	}
	return &Introspection{a.Active, a.ClientID, a.Username, strings.Fields(a.Scope)}, nil
}

// post sends a form.
func (e *Endpoint) post(ctx context.Context, op, path string, form url.Values, header http.Header) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", op, err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return e.do(op, req)
}

// do sends a request and reads a bounded answer. Redirects are answers.
func (e *Endpoint) do(op string, req *http.Request) (*http.Response, []byte, error) {
	c := e.sys.client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "ecactl")
	resp, err := c.Do(req)
	if err != nil {
		if u, ok := err.(*url.Error); ok { //nolint:errorlint // as net/http documents it
			err = u.Err // the URL has nothing that helps
		}
		return nil, nil, fmt.Errorf("%s: %w", op, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: the answer was cut off: %w", op, err)
	}
	return resp, body, nil
}
