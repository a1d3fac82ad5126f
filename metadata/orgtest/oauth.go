package orgtest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// session is an access token's.
type session struct {
	user    *User
	app     string // "" for a session of Setup
	key     string // the consumer key that asked for it
	scopes  []string
	refresh string // the refresh token that it came from
}

// code is an authorization code: good once, for a short time.
type code struct {
	app       *client
	user      *User
	redirect  string
	challenge string
	scopes    []string
	expires   time.Time
}

// device is one that waits for somebody to type its code.
type device struct {
	app     string
	expires time.Time
}

// refreshToken is one of a family: with rotation, each use ends it and gives the
// next.
type refreshToken struct {
	User   string    `json:"user"` // id
	App    string    `json:"app"`
	Key    string    `json:"key,omitempty"` // the consumer key that asked for it
	Scopes []string  `json:"scopes"`
	Family string    `json:"family"`
	Used   bool      `json:"used"` // by a rotation
	Made   time.Time `json:"made"`
}

// codeLife is how long an authorization code is good.
const codeLife = 15 * time.Minute

// A client is an app as the token endpoint sees it.
type client struct {
	app       string
	connected bool // a Connected App, and not an External Client App
	builtIn   bool // one that every org has, such as that of sf
	key       string
	secret    string
	header    *stored
	global    *stored
	policy    *stored
	access    *stored
	config    *metadata.Element // of a Connected App
}

// builtInClient is the consumer key of sf's own app.
const builtInClient = "PlatformCLI"

// client finds an app by its consumer key.
func (o *Org) client(consumerKey string) *client {
	if consumerKey == builtInClient {
		return &client{app: builtInClient, key: builtInClient, builtIn: true}
	}
	if consumerKey == "" {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(o.state.Consumers)) {
		secret, ok := o.secretOf(o.state.Consumers[name], consumerKey)
		if !ok {
			continue
		}
		if ca, ok := strings.CutPrefix(name, "ca:"); ok {
			s := o.state.Components[key(metadata.TypeConnectedApp, ca)]
			if s == nil {
				return nil
			}
			return &client{app: ca, connected: true, key: consumerKey, secret: secret, config: s.content().Child("oauthConfig")}
		}
		parts := o.partsByApp(0)
		return &client{
			app: name, key: consumerKey, secret: secret, header: parts[part{name, metadata.TypeApp}],
			global: parts[part{name, typeGlobal}], policy: parts[part{name, typePolicy}], access: parts[part{name, typeAccess}],
		}
	}
	return nil
}

// secretOf finds the secret that belongs to a consumer key: of the pair in
// force, of one that is staged, and of one that a rotation replaced and that is
// still good.
func (o *Org) secretOf(c *consumer, consumerKey string) (string, bool) {
	if c.Key == consumerKey {
		return c.Secret, true
	}
	for _, p := range c.Staged {
		if p.Key == consumerKey && o.cfg.Now().Sub(p.Created) < stagedLife {
			return p.Secret, true
		}
	}
	return "", false
}

// setting is a field of the app's settings, whichever kind of app it is.
func (c *client) setting(field string) string {
	switch {
	case c.global != nil:
		return c.global.text(field)
	case c.config != nil:
		if e := c.config.Child(field); e != nil {
			return strings.TrimSpace(e.Text)
		}
	}
	return ""
}

func (c *client) rule(field string) string {
	if c.policy == nil {
		return ""
	}
	return c.policy.text(field)
}

// enabled tells whether anybody may use the app.
func (c *client) enabled() bool {
	return c.builtIn || c.connected || c.access == nil || c.access.text("isEnabled") != "false" && c.access.text("isOauthPluginEnabled") != "false"
}

// An oauthError is what the token endpoint says.
type oauthError struct{ code, text string }

func (e *oauthError) Error() string { return e.code + ": " + e.text }

// newSession makes an access token. The caller holds the lock, or is Start.
func (o *Org) newSession(userID, app string, scopes []string, token string) string {
	u := o.user(func(u *User) bool { return u.ID == userID })
	if token == "" {
		token = o.token()
	}
	o.tokens[token] = &session{user: u, app: app, scopes: scopes}
	return token
}

func (o *Org) identityURL(u *User) string { return o.url + "/id/" + o.state.OrgID + "/" + u.ID }

func (o *Org) serveOAuth(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		tokenFail(w, &oauthError{"invalid_request", "the body is not a form"})
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case r.URL.Path == "/services/oauth2/token":
		o.serveToken(w, r)
	case r.URL.Path == "/services/oauth2/authorize":
		o.serveAuthorize(w, r)
	case r.URL.Path == "/services/oauth2/revoke":
		o.serveRevoke(w, r)
	case r.URL.Path == "/services/oauth2/introspect":
		o.serveIntrospect(w, r)
	case r.URL.Path == "/services/oauth2/success":
		_, _ = io.WriteString(w, "logged in") // the client may be gone
	case r.URL.Path == "/services/oauth2/userinfo", strings.HasPrefix(r.URL.Path, "/id/"):
		o.serveIdentity(w, r)
	default:
		restFail(w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

func tokenFail(w http.ResponseWriter, err *oauthError) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.code, "error_description": err.text})
}

// grants of the token endpoint.
var grants = map[string]func(*Org, *http.Request) (map[string]any, error){
	"authorization_code":                          (*Org).grantCode,
	"refresh_token":                               (*Org).grantRefresh,
	"client_credentials":                          (*Org).grantClientCredentials,
	"urn:ietf:params:oauth:grant-type:jwt-bearer": (*Org).grantJWT,
	"password": func(*Org, *http.Request) (map[string]any, error) {
		return nil, &oauthError{"invalid_grant", "authentication failure"}
	},
	"device": (*Org).grantDevice,
	"urn:ietf:params:oauth:grant-type:token-exchange": (*Org).grantExchange,
}

func (o *Org) serveToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		tokenFail(w, &oauthError{"invalid_request", "must use HTTP POST"})
		return
	}
	grant, ok := grants[r.Form.Get("grant_type")]
	if r.Form.Get("response_type") == "device_code" {
		grant, ok = (*Org).startDevice, true
	}
	if !ok {
		tokenFail(w, &oauthError{"unsupported_grant_type", "grant type not supported"})
		return
	}
	answer, err := grant(o, r)
	if refused, ok := errors.AsType[*oauthError](err); ok {
		tokenFail(w, refused)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, answer)
}

// authenticate finds the app of a request and checks its secret, in the form or
// the header. optional is where a public client need not have one.
func (o *Org) authenticate(r *http.Request, optional bool) (*client, error) {
	given := r.Form.Get("client_secret")
	if _, pass, ok := r.BasicAuth(); ok {
		given = unescape(pass)
	}
	c := o.client(clientID(r))
	switch {
	case c == nil || !c.enabled():
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	case c.builtIn:
		return c, nil
	case given == "" && !optional:
		return nil, &oauthError{"invalid_client", "client secret is required"}
	case given != "" && given != c.secret:
		return nil, &oauthError{"invalid_client", "invalid client credentials"}
	}
	return c, nil
}

// clientID is the consumer key that a request names, in the form or the header.
func clientID(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return unescape(user)
	}
	return r.Form.Get("client_id")
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// answerToken is the answer of the token endpoint. It has no expires_in, as
// Salesforce's has none.
func (o *Org) answerToken(u *User, c *client, scopes []string, refresh string) map[string]any {
	token := o.newSession(u.ID, c.app, scopes, "")
	o.tokens[token].refresh, o.tokens[token].key = refresh, c.key
	return map[string]any{
		"access_token": token, "instance_url": o.url, "id": o.identityURL(u), "token_type": "Bearer",
		"issued_at": fmt.Sprint(o.cfg.Now().UnixMilli()), "signature": base64.StdEncoding.EncodeToString([]byte(rand.Text())), "scope": strings.Join(scopes, " "),
	}
}

func (o *Org) serveRevoke(w http.ResponseWriter, r *http.Request) {
	if !o.revoke(r.Form.Get("token")) {
		tokenFail(w, &oauthError{"invalid_token", "invalid token: " + "[not shown]"})
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (o *Org) serveIntrospect(w http.ResponseWriter, r *http.Request) {
	if _, err := o.authenticate(r, false); err != nil {
		var refused *oauthError
		errors.As(err, &refused)
		w.Header().Set("WWW-Authenticate", "Basic")
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": refused.code, "error_description": refused.text})
		return
	}
	asking := o.client(clientID(r))
	user, app, clientKey, scopes, kind := o.introspected(r.Form.Get("token"))
	if user == nil || app != asking.app && asking.setting("isIntrospectAllTokens") != "true" {
		writeJSON(w, http.StatusOK, map[string]any{"active": false}) // of another app's token, too, nothing more is said
		return
	}
	now := o.cfg.Now()
	writeJSON(w, http.StatusOK, map[string]any{
		"active": true, "scope": strings.Join(scopes, " "), "client_id": clientKey, "username": user.Username,
		"sub": o.identityURL(user), "token_type": kind, "exp": now.Add(2 * time.Hour).Unix(), "iat": now.Unix(), "nbf": now.Unix(),
	})
}

// introspected is what is known of a token; nil without one that is good.
func (o *Org) introspected(token string) (u *User, app, clientKey string, scopes []string, kind string) {
	if s := o.tokens[token]; s != nil {
		return s.user, s.app, s.key, s.scopes, "access_token"
	}
	if t := o.state.Refresh[token]; t != nil && !t.Used {
		return o.user(func(u *User) bool { return u.ID == t.User }), t.App, t.Key, t.Scopes, "refresh_token"
	}
	return nil, "", "", nil, ""
}

// serveIdentity is userinfo and the identity URL.
func (o *Org) serveIdentity(w http.ResponseWriter, r *http.Request) {
	token := bearer(r)
	if token == "" {
		token = r.Form.Get("oauth_token")
	}
	s := o.tokens[token]
	switch {
	case token == "":
		http.Error(w, "Missing_OAuth_Token", http.StatusForbidden)
		return
	case s == nil:
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	u := s.user
	if strings.HasPrefix(r.URL.Path, "/id/") && r.URL.Path != strings.TrimPrefix(o.identityURL(u), o.url) {
		http.Error(w, "Wrong_Org", http.StatusForbidden)
		return
	}
	urls := map[string]string{"custom_domain": o.url}
	for name, path := range map[string]string{"enterprise": "Soap/c", "metadata": "Soap/m", "partner": "Soap/u"} {
		urls[name] = o.url + "/services/" + path + "/{version}/" + o.state.OrgID
	}
	for _, name := range []string{"sobjects", "query", "search"} {
		urls[name] = o.url + "/services/data/v{version}/" + name + "/"
	}
	urls["rest"] = o.url + "/services/data/v{version}/"
	answer := map[string]any{
		"user_id": u.ID, "organization_id": o.state.OrgID, "email": u.Email, "email_verified": true, "name": u.Name, "nickname": u.Name,
		"active": !u.Inactive, "user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "zoneinfo": "GMT", "urls": urls, "is_app_installed": true,
	}
	if strings.HasPrefix(r.URL.Path, "/id/") {
		answer["id"], answer["asserted_user"], answer["username"], answer["display_name"], answer["nick_name"] = o.identityURL(u), true, u.Username, u.Name, u.Name
	} else {
		answer["sub"], answer["preferred_username"], answer["given_name"], answer["family_name"] = o.identityURL(u), u.Username, u.Name, u.Name
	}
	writeJSON(w, http.StatusOK, answer)
}
