package orgtest

import (
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/spec"
)

// consent is the page on which a user allows an app.
var consent = `<!DOCTYPE html><html lang="en"><title>Allow access?</title><h1>Allow access?</h1><p>{{.App}} asks for: {{.Scopes}}</p>
<form method="post">{{range $k, $v := .Form}}<input type="hidden" name="{{$k}}" value="{{index $v 0}}">{{end}}
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form></html>`

// serveAuthorize answers the browser. A GET is allowed at once unless the page
// is asked for by prompt=consent: there is nobody to ask in a test. Who is logged
// in is the first user, or whom login_hint names.
func (o *Org) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	c := o.client(r.Form.Get("client_id"))
	redirect := r.Form.Get("redirect_uri")
	switch {
	case c == nil:
		plainFail(w, "invalid_client_id", "client identifier invalid")
		return
	case !c.mayRedirect(redirect):
		plainFail(w, "redirect_uri_mismatch", "redirect_uri must match configuration")
		return
	case r.Form.Get("code_challenge") == "" && !c.builtIn && c.setting("isPkceRequired") == "true":
		plainFail(w, "invalid_request", "missing required code challenge") // before anybody is asked to log in
		return
	}
	back := func(values url.Values) { o.sendBack(w, r, redirect, values) }
	fail := func(code, text string) { back(url.Values{"error": {code}, "error_description": {text}}) }
	challenge, method := r.Form.Get("code_challenge"), r.Form.Get("code_challenge_method")
	user, err := o.userAtAuthorize(c, r)
	var refused *oauthError
	switch {
	case !c.enabled():
		fail("OAUTH_APP_BLOCKED", "this app is blocked by admin")
	case r.Form.Get("response_type") != "code" && r.Form.Get("response_type") != codeCredentials:
		fail("unsupported_response_type", "response type not supported")
	case challenge != "" && method != "" && method != "S256":
		fail("invalid_request", "code challenge method not supported")
	case slices.ContainsFunc(strings.Fields(r.Form.Get("scope")), func(s string) bool { return o.scopeOf(c, s) == "" }):
		fail("invalid_scope", "the requested scope is not allowed")
	case errors.As(err, &refused):
		fail(refused.code, refused.text)
	case r.Form.Get("decision") == "deny":
		fail("access_denied", "end-user denied authorization")
	case r.Method == http.MethodGet && !c.builtIn && (r.Form.Get("prompt") == "consent" || o.cfg.AskLogin):
		page := template.Must(template.New("consent").Parse(consent))
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_ = page.Execute(w, map[string]any{"App": c.app, "Scopes": r.Form.Get("scope"), "Form": r.Form}) // the client may be gone
	case !o.mayUse(user, c):
		fail("OAUTH_APP_ACCESS_DENIED", "user is not admin approved to access this app")
	default:
		k := "aPrx" + rand.Text() + rand.Text()
		o.codes[k] = &code{c, user, redirect, challenge, o.granted(c, r.Form.Get("scope")), o.cfg.Now().Add(codeLife)}
		back(url.Values{"code": {k}})
	}
}

// plainFail is how an org refuses where it sends nobody back: a form as text.
func plainFail(w http.ResponseWriter, code, text string) {
	http.Error(w, "error="+code+"&error_description="+url.PathEscape(text), http.StatusBadRequest)
}

// sendBack sends the browser to the app's callback.
func (o *Org) sendBack(w http.ResponseWriter, r *http.Request, redirect string, values url.Values) {
	if state := r.Form.Get("state"); state != "" {
		values.Set("state", state)
	}
	sep := "?"
	if strings.Contains(redirect, "?") {
		sep = "&"
	}
	http.Redirect(w, r, redirect+sep+values.Encode(), http.StatusFound) //nolint:gosec // it is one of the callbacks of the app
}

// codeCredentials is the response type of the flow in which an app sends the
// user's name and password itself.
const codeCredentials = "code_credentials"

// userAtAuthorize is who is logged in when an app asks for a code.
func (o *Org) userAtAuthorize(c *client, r *http.Request) (*User, error) {
	if r.Form.Get("response_type") != codeCredentials {
		if u := o.userByName(r.Form.Get("login_hint")); u != nil {
			return u, nil
		}
		return &o.state.Users[0], nil
	}
	name, password, inHeader := r.BasicAuth()
	if !inHeader {
		name, password = r.PostForm.Get("username"), r.PostForm.Get("password")
	}
	enabled, postOnly := c.setting("isCodeCredFlowEnabled"), c.setting("isCodeCredPostOnly")
	if c.connected {
		enabled, postOnly = c.setting("isCodeCredentialEnabled"), c.setting("isCodeCredentialPostOnly")
	}
	settings := o.state.Components[key("OauthOidcSettings", "OauthOidc")]
	u := o.userByName(name)
	switch {
	case settings == nil || settings.text("oAuthCdCrdtFlowEnable") != "true" || enabled != "true":
		return nil, &oauthError{"unsupported_response_type", "response type not supported"}
	case r.Method != http.MethodPost || !strings.EqualFold(r.Header.Get("Auth-Request-Type"), "Named-User"):
		return nil, &oauthError{"invalid_request", "invalid auth request type"}
	case inHeader && postOnly == "true":
		return nil, &oauthError{"invalid_request", "user credentials must be in the body of the request"}
	case u == nil || u.Password == "" || u.Password != password:
		return nil, &oauthError{"access_denied", "invalid username or password"}
	case u.Inactive:
		return nil, &oauthError{"inactive_user", "user is inactive"}
	}
	return u, nil
}

// mayRedirect tells whether a callback is one of the app's, to the character.
func (c *client) mayRedirect(to string) bool {
	if c.builtIn {
		u, err := url.Parse(to)
		return err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	}
	return to != "" && slices.Contains(spec.SplitLines(c.setting("callbackUrl")), to)
}

// granted are the scopes that a user gives: those that were asked for and that
// the app has, or all that it has.
func (o *Org) granted(c *client, asked string) []string {
	has := o.scopesOf(c)
	if asked == "" {
		return has
	}
	var given []string
	for _, s := range strings.Fields(asked) {
		if s = o.scopeOf(c, s); s != "" && !slices.Contains(given, s) {
			given = append(given, s)
		}
	}
	return given
}

// scopeOf is the usual name of a scope that an app asks for, or "" if it has not got
// it. Some scopes have several names, and full is all but refresh tokens. Of apps of
// another kind nothing is known of theirs.
func (o *Org) scopeOf(c *client, asked string) string {
	has := o.scopesOf(c)
	i := slices.IndexFunc(o.scopes, func(s spec.Scope) bool { return slices.Contains(s.OAuth, asked) })
	switch {
	case slices.Contains(has, asked) || c.builtIn || c.connected:
		return asked
	case i < 0:
		return ""
	}
	name := o.scopes[i].OAuth[0]
	if slices.Contains(has, name) || slices.Contains(has, "full") && name != "refresh_token" {
		return name
	}
	return ""
}

// scopesOf are the OAuth names of the scopes that an app has.
func (o *Org) scopesOf(c *client) []string {
	if c.builtIn || c.connected {
		return []string{"api", "refresh_token", "web", "id", "openid"}
	}
	var has []string
	settings := o.partsByApp(0)[part{c.app, typeOauth}]
	if settings == nil {
		return nil
	}
	tokens := spec.SplitList(settings.text("commaSeparatedOauthScopes"))
	for _, s := range o.scopes {
		if slices.Contains(tokens, s.Token) && len(s.OAuth) > 0 {
			has = append(has, s.OAuth[0])
		}
	}
	return has
}

func without(list []string, leave string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == leave })
}
