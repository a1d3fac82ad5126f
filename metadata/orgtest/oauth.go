package orgtest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// session is an access token's.
type session struct {
	user    *User
	app     string // "" for a session of Setup
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

// refreshToken is one of a family: with rotation, each use ends it and gives the
// next.
type refreshToken struct {
	User   string    `json:"user"` // id
	App    string    `json:"app"`
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
	for _, name := range slices.Sorted(maps.Keys(o.state.Consumers)) {
		c := o.state.Consumers[name]
		if c.Key != consumerKey || consumerKey == "" {
			continue
		}
		if ca, ok := strings.CutPrefix(name, "ca:"); ok {
			s := o.state.Components[key(metadata.TypeConnectedApp, ca)]
			if s == nil {
				return nil
			}
			return &client{app: ca, connected: true, key: c.Key, secret: c.Secret, config: s.content().Child("oauthConfig")}
		}
		parts := o.partsByApp()
		return &client{app: name, key: c.Key, secret: c.Secret, global: parts[key(name, typeGlobal)], policy: parts[key(name, typePolicy)], access: parts[key(name, typeAccess)]}
	}
	return nil
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
	"device": func(*Org, *http.Request) (map[string]any, error) {
		return nil, &oauthError{"invalid_grant", "device flow is not enabled"}
	},
}

func (o *Org) serveToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		tokenFail(w, &oauthError{"invalid_request", "must use HTTP POST"})
		return
	}
	grant, ok := grants[r.Form.Get("grant_type")]
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
	id, given := r.Form.Get("client_id"), r.Form.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		id, given = unescape(user), unescape(pass)
	}
	c := o.client(id)
	switch {
	case c == nil || !c.enabled():
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	case c.builtIn:
		return c, nil
	case given == "" && !optional:
		return nil, &oauthError{"invalid_client", "client secret is required"}
	case given != "" && given != c.secret && !o.wasRotated(c, given):
		return nil, &oauthError{"invalid_client", "invalid client credentials"}
	}
	return c, nil
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// wasRotated tells whether a secret is one that a rotation replaced and that is
// still good.
func (o *Org) wasRotated(c *client, given string) bool {
	consumer := o.state.Consumers[c.app]
	if consumer == nil {
		return false
	}
	return slices.ContainsFunc(consumer.Staged, func(p stagedPair) bool {
		return p.State == "rotated" && p.Secret == given && o.cfg.Now().Sub(p.Created) < stagedLife
	})
}

// answerToken is the answer of the token endpoint. It has no expires_in, as
// Salesforce's has none.
func (o *Org) answerToken(u *User, app string, scopes []string, refresh string) map[string]any {
	token := o.newSession(u.ID, app, scopes, "")
	o.tokens[token].refresh = refresh
	return map[string]any{
		"access_token": token, "instance_url": o.url, "id": o.identityURL(u), "token_type": "Bearer",
		"issued_at": fmt.Sprint(o.cfg.Now().UnixMilli()), "signature": base64.StdEncoding.EncodeToString([]byte(rand.Text())), "scope": strings.Join(scopes, " "),
	}
}

func (o *Org) grantCode(r *http.Request) (map[string]any, error) {
	k := r.Form.Get("code")
	issued := o.codes[k]
	delete(o.codes, k) // good once, whatever comes of it
	c := o.client(r.Form.Get("client_id"))
	optional := c != nil && (c.builtIn || c.setting("isConsumerSecretOptional") == "true")
	if _, err := o.authenticate(r, optional); err != nil {
		return nil, err
	}
	switch {
	case issued == nil || o.cfg.Now().After(issued.expires):
		return nil, &oauthError{"invalid_grant", "expired authorization code"}
	case issued.app.key != c.key:
		return nil, &oauthError{"invalid_grant", "invalid authorization code"}
	case issued.redirect != r.Form.Get("redirect_uri"):
		return nil, &oauthError{"redirect_uri_mismatch", "redirect_uri must match configuration"}
	}
	sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
	if issued.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != issued.challenge {
		return nil, &oauthError{"invalid_grant", "invalid code verifier"}
	}
	refresh := ""
	if slices.Contains(issued.scopes, "refresh_token") {
		refresh = o.newRefresh(issued.user, c.app, issued.scopes, "")
	}
	answer := o.answerToken(issued.user, c.app, issued.scopes, refresh)
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	return answer, nil
}

func (o *Org) newRefresh(u *User, app string, scopes []string, family string) string {
	token := "5Aep861" + rand.Text() + rand.Text()
	if family == "" {
		family = token
	}
	o.state.Refresh[token] = &refreshToken{User: u.ID, App: app, Scopes: scopes, Family: family, Made: o.cfg.Now().UTC()}
	return token
}

func (o *Org) grantRefresh(r *http.Request) (map[string]any, error) {
	c := o.client(r.Form.Get("client_id"))
	optional := c != nil && (c.builtIn || c.setting("isSecretRequiredForRefreshToken") == "false")
	if _, err := o.authenticate(r, optional); err != nil {
		return nil, err
	}
	given := r.Form.Get("refresh_token")
	t := o.state.Refresh[given]
	if t == nil || t.App != c.app || !o.fresh(t, c) {
		return nil, &oauthError{"invalid_grant", "expired access/refresh token"}
	}
	if t.Used { // somebody has stolen one: the whole family ends
		o.endFamily(t.Family)
		return nil, &oauthError{"invalid_grant", "expired access/refresh token"}
	}
	u := o.user(func(u *User) bool { return u.ID == t.User })
	if u == nil || u.Inactive {
		return nil, &oauthError{"inactive_user", "user is inactive"}
	}
	next := given
	if c.setting("isRefreshTokenRotationEnabled") == "true" {
		t.Used = true
		next = o.newRefresh(u, c.app, t.Scopes, t.Family)
	}
	answer := o.answerToken(u, c.app, t.Scopes, next)
	if next != given {
		answer["refresh_token"] = next
	}
	return answer, nil
}

// fresh tells whether a refresh token is within the app's policy.
func (o *Org) fresh(t *refreshToken, c *client) bool {
	switch c.rule("refreshTokenPolicyType") {
	case "Zero":
		return false
	case "SpecificLifetime", "SpecificInactivity":
		unit := map[string]time.Duration{"Hours": time.Hour, "Days": 24 * time.Hour, "Months": 30 * 24 * time.Hour}[c.rule("refreshTokenValidityUnit")]
		var n int
		_, err := fmt.Sscan(c.rule("refreshTokenValidityPeriod"), &n)
		return err != nil || unit == 0 || o.cfg.Now().Sub(t.Made) < time.Duration(n)*unit
	}
	return true
}

func (o *Org) endFamily(family string) {
	for token, t := range o.state.Refresh {
		if t.Family == family {
			o.revoke(token)
		}
	}
}

// revoke ends a token; a refresh token takes its access tokens with it.
func (o *Org) revoke(token string) bool {
	if o.state.Refresh[token] != nil {
		delete(o.state.Refresh, token)
		maps.DeleteFunc(o.tokens, func(_ string, s *session) bool { return s.refresh == token })
		return true
	}
	_, ok := o.tokens[token]
	delete(o.tokens, token)
	return ok
}

func (o *Org) grantClientCredentials(r *http.Request) (map[string]any, error) {
	c, err := o.authenticate(r, false)
	if err != nil {
		return nil, err
	}
	enabled, user := c.setting("isClientCredentialsFlowEnabled") == "true" && c.rule("isClientCredentialsFlowEnabled") == "true", c.rule("clientCredentialsFlowUser")
	if c.connected {
		enabled, user = c.setting("isClientCredentialEnabled") == "true", c.setting("oauthClientCredentialUser")
	}
	u := o.userByName(user)
	if !enabled || u == nil || u.Inactive {
		return nil, &oauthError{"invalid_grant", "no client credentials user enabled"}
	}
	return o.answerToken(u, c.app, []string{"api"}, ""), nil
}

// hosts that a JWT may name as its audience, beside the org itself.
var audiences = []string{"https://login.salesforce.com", "https://test.salesforce.com"}

// maxExpiry is how far ahead a JWT's end may be.
const maxExpiry = 5 * time.Minute

func (o *Org) grantJWT(r *http.Request) (map[string]any, error) {
	assertion := r.Form.Get("assertion")
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, claims); err != nil {
		return nil, &oauthError{"invalid_grant", "invalid assertion"}
	}
	issuer, _ := claims["iss"].(string) // "" is no app
	c := o.client(issuer)
	if c == nil || c.builtIn || !c.enabled() {
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	}
	cert, err := certificateOf(c.setting("certificate"))
	if err != nil {
		return nil, &oauthError{"invalid_grant", "invalid assertion"}
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	if _, err := parser.Parse(assertion, func(*jwt.Token) (any, error) { return cert.PublicKey, nil }); err != nil {
		return nil, &oauthError{"invalid_grant", "invalid assertion"}
	}
	if err := o.checkClaims(claims); err != nil {
		return nil, err
	}
	subject, _ := claims["sub"].(string) // "" is nobody
	u := o.userByName(subject)
	switch {
	case u == nil:
		return nil, &oauthError{"invalid_grant", "user hasn't approved this consumer"}
	case u.Inactive:
		return nil, &oauthError{"inactive_user", "user is inactive"}
	case !o.preauthorised(c):
		return nil, &oauthError{"invalid_grant", "user hasn't approved this consumer"}
	}
	return o.answerToken(u, c.app, []string{"api"}, ""), nil
}

// checkClaims is about the audience and the end of a JWT. sf writes milliseconds
// and a slash behind the audience, and Salesforce takes both.
func (o *Org) checkClaims(claims jwt.MapClaims) error {
	audience, _ := claims["aud"].(string)
	if list, ok := claims["aud"].([]any); ok && len(list) > 0 {
		audience, _ = list[0].(string)
	}
	audience = strings.TrimRight(audience, "/")
	if audience != o.url && audience != o.url+"/services/oauth2/token" && !slices.Contains(audiences, audience) && !sameLoopback(audience, o.url) {
		return &oauthError{"invalid_grant", "audience is invalid"}
	}
	end, ok := claims["exp"].(float64)
	if end > 1e11 {
		end /= 1000
	}
	left := time.Unix(int64(end), 0).Sub(o.cfg.Now())
	if !ok || left < -time.Minute || left > maxExpiry {
		return &oauthError{"invalid_grant", "expired authorization code"}
	}
	return nil
}

// sameLoopback tells whether two addresses are one port of this machine.
func sameLoopback(a, b string) bool {
	ua, err1 := url.Parse(a)
	ub, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && ua.Port() == ub.Port() && (ua.Hostname() == "localhost" || ua.Hostname() == "127.0.0.1")
}

// preauthorised tells whether users need not approve an app: an admin has, and
// has assigned somebody.
func (o *Org) preauthorised(c *client) bool {
	if c.connected {
		return c.setting("isAdminApproved") == "true"
	}
	return c.rule("permittedUsersPolicyType") == "AdminApprovedPreAuthorized" && c.rule("commaSeparatedPermissionSet")+c.rule("commaSeparatedProfile") != ""
}

// certificateOf reads a certificate as metadata has it: PEM, or its base64.
func certificateOf(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der, err = block.Bytes, nil
	}
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// consent is the page on which a user allows an app.
var consent = `<!DOCTYPE html><html lang="en"><title>Allow access?</title><h1>Allow access?</h1><p>{{.App}} asks for: {{.Scopes}}</p>
<form method="post">{{range $k, $v := .Form}}<input type="hidden" name="{{$k}}" value="{{index $v 0}}">{{end}}
<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form></html>`

// serveAuthorize answers the browser. A GET is allowed at once for the app of
// sf, and for all with prompt=none: there is nobody to ask in a test.
func (o *Org) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	c := o.client(r.Form.Get("client_id"))
	redirect := r.Form.Get("redirect_uri")
	switch {
	case c == nil:
		http.Error(w, "error=invalid_client_id&error_description=client%20identifier%20invalid", http.StatusBadRequest)
		return
	case !c.mayRedirect(redirect):
		http.Error(w, "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration", http.StatusBadRequest)
		return
	}
	back := func(values url.Values) {
		if state := r.Form.Get("state"); state != "" {
			values.Set("state", state)
		}
		sep := "?"
		if strings.Contains(redirect, "?") {
			sep = "&"
		}
		http.Redirect(w, r, redirect+sep+values.Encode(), http.StatusFound) //nolint:gosec // it is one of the callbacks of the app
	}
	fail := func(code, text string) { back(url.Values{"error": {code}, "error_description": {text}}) }
	challenge := r.Form.Get("code_challenge")
	method := r.Form.Get("code_challenge_method")
	switch {
	case !c.enabled():
		fail("OAUTH_APP_BLOCKED", "this app is blocked by admin")
	case r.Form.Get("response_type") != "code":
		fail("unsupported_response_type", "response type not supported")
	case challenge == "" && !c.builtIn && c.setting("isPkceRequired") == "true":
		fail("invalid_request", "missing required code challenge")
	case challenge != "" && method != "" && method != "S256":
		fail("invalid_request", "code challenge method not supported")
	case r.Form.Get("decision") == "deny":
		fail("access_denied", "end-user denied authorization")
	case r.Method == http.MethodGet && !c.builtIn && r.Form.Get("prompt") == "consent":
		page := template.Must(template.New("consent").Parse(consent))
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_ = page.Execute(w, map[string]any{"App": c.app, "Scopes": r.Form.Get("scope"), "Form": r.Form}) // the client may be gone
	default:
		k := "aPrx" + rand.Text() + rand.Text()
		o.codes[k] = &code{c, &o.state.Users[0], redirect, challenge, o.granted(c, r.Form.Get("scope")), o.cfg.Now().Add(codeLife)}
		back(url.Values{"code": {k}})
	}
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
	has := []string{"api", "refresh_token", "web", "id", "openid"}
	if !c.builtIn && !c.connected {
		has = nil
		tokens := spec.SplitList(o.partsByApp()[key(c.app, typeOauth)].text("commaSeparatedOauthScopes"))
		for _, s := range o.scopes {
			if slices.Contains(tokens, s.Token) && len(s.OAuth) > 0 {
				has = append(has, s.OAuth[0])
			}
		}
	}
	if asked == "" {
		return has
	}
	return slices.DeleteFunc(strings.Fields(asked), func(s string) bool { return !slices.Contains(has, s) })
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
	token, kind := r.Form.Get("token"), "access_token"
	s := o.tokens[token]
	if t := o.state.Refresh[token]; t != nil && !t.Used {
		s, kind = &session{user: o.user(func(u *User) bool { return u.ID == t.User }), scopes: t.Scopes}, "refresh_token"
	}
	if s == nil || s.user == nil {
		writeJSON(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	now := o.cfg.Now()
	writeJSON(w, http.StatusOK, map[string]any{
		"active": true, "scope": strings.Join(s.scopes, " "), "client_id": r.Form.Get("client_id"), "username": s.user.Username,
		"sub": o.identityURL(s.user), "token_type": kind, "exp": now.Add(2 * time.Hour).Unix(), "iat": now.Unix(), "nbf": now.Unix(),
	})
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

// stagedLife is how long a pair that was staged, or rotated out, is good.
const stagedLife = 30 * 24 * time.Hour

// serveUsage lists apps, and the tokens of their users.
func (o *Org) serveUsage(c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts := strings.Split(c.rest, "/")
	switch {
	case c.rest == "" && c.r.Method == http.MethodGet:
		apps := []map[string]any{}
		for _, s := range o.sorted(metadata.TypeApp) {
			apps = append(apps, map[string]any{"identifier": s.ID, "developerName": s.Name, "label": s.text("label"), "type": "ExternalClientApp"})
		}
		page(c, apps, "apps")
	case len(parts) == 2 && parts[0] == "tokens" && c.r.Method == http.MethodDelete:
		if !o.revoke(parts[1]) {
			restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
			return
		}
		c.w.WriteHeader(http.StatusNoContent)
	case len(parts) >= 2:
		o.serveAppUsage(c, parts)
	default:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// serveAppUsage is about one app: its users, and their refresh tokens.
func (o *Org) serveAppUsage(c *call, parts []string) {
	app := o.appByID(parts[0])
	users := map[string][]string{}
	if app != nil {
		for token, t := range o.state.Refresh {
			if t.App == app.Name && !t.Used {
				users[t.User] = append(users[t.User], token)
			}
		}
	}
	last := parts[len(parts)-1]
	switch {
	case app == nil:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case last == "users":
		list := []map[string]any{}
		for _, id := range slices.Sorted(maps.Keys(users)) {
			u := o.user(func(u *User) bool { return u.ID == id })
			list = append(list, map[string]any{"id": id, "name": u.Name, "username": u.Username, "tokenCount": len(users[id])})
		}
		page(c, list, "users")
	case last == "tokens" && c.r.Method == http.MethodDelete:
		for id, tokens := range users {
			if len(parts) == 2 || id == parts[1] {
				for _, t := range tokens {
					o.revoke(t)
				}
			}
		}
		c.w.WriteHeader(http.StatusNoContent)
	case last == "tokens":
		list := []map[string]any{}
		for range users[parts[1]] {
			list = append(list, map[string]any{"type": "refresh"})
		}
		page(c, list, "tokens")
	default:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// page writes one page of a list.
func page(c *call, list []map[string]any, name string) {
	size, number := 100, 0
	_, _ = fmt.Sscan(c.query.Get("pageSize"), &size) // the default stays
	_, _ = fmt.Sscan(c.query.Get("page"), &number)
	size, number = min(max(size, 1), 200), max(number, 0)
	from := min(number*size, len(list))
	to := min(from+size, len(list))
	answer := map[string]any{name: list[from:to], "nextPageUrl": nil}
	if to < len(list) {
		answer["nextPageUrl"] = fmt.Sprintf("%s?page=%d&pageSize=%d", c.r.URL.Path, number+1, size)
	}
	writeJSON(c.w, http.StatusOK, answer)
}

func (o *Org) appByID(id string) *stored {
	for _, s := range o.sorted(metadata.TypeApp) {
		if s.ID == id || s.ID[:15] == id {
			return s
		}
	}
	return nil
}

// serveCredentials hands out and rotates the key and secret of an app.
func (o *Org) serveCredentials(c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts := strings.Split(c.rest, "/")
	app := o.appByID(parts[0])
	var held *consumer
	if app != nil {
		held = o.state.Consumers[app.Name]
	}
	open := false
	if s := o.state.Components[key(typeSettings, "ExternalClientApp")]; s != nil {
		open = s.text("enableClientSecretInRestApiAccess") == "true"
	}
	base := "/services/data/v" + c.version.String() + "/apps/oauth/credentials/"
	switch {
	case app == nil || held == nil || len(parts) > 1 && parts[1] != held.ID && parts[1] != held.ID[:15]:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case len(parts) == 1:
		url := base + app.ID + "/" + held.ID
		writeJSON(c.w, http.StatusOK, map[string]any{"consumers": []map[string]any{{"id": held.ID, "key": held.Key, "name": app.Name, "url": url, "stagedCredentialsUrl": url + "/staged"}}})
	case len(parts) == 2:
		answer := map[string]any{"id": held.ID}
		part := strings.ToLower(c.query.Get("part"))
		if part != "secret" {
			answer["key"] = held.Key
		}
		if open && (part == "secret" || part == "keyandsecret") {
			answer["secret"] = held.Secret
		}
		writeJSON(c.w, http.StatusOK, answer)
	case parts[2] == "staged":
		o.serveStaged(c, held, parts[3:], open)
	default:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
}

// serveStaged is a new pair before it takes effect, and the old one after.
func (o *Org) serveStaged(c *call, held *consumer, rest []string, open bool) {
	show := func(p stagedPair) map[string]any {
		answer := map[string]any{"id": p.ID, "key": p.Key, "state": p.State}
		if open {
			answer["secret"] = p.Secret
		}
		return answer
	}
	held.Staged = slices.DeleteFunc(held.Staged, func(p stagedPair) bool { return o.cfg.Now().Sub(p.Created) >= stagedLife })
	at := -1
	if len(rest) > 0 {
		at = slices.IndexFunc(held.Staged, func(p stagedPair) bool { return p.ID == rest[0] || p.ID[:15] == rest[0] })
	}
	switch method := c.r.Method; {
	case len(rest) == 0 && method == http.MethodGet:
		list := []map[string]any{}
		for _, p := range held.Staged {
			list = append(list, show(p))
		}
		writeJSON(c.w, http.StatusOK, map[string]any{"stagedCredentials": list})
	case len(rest) == 0 && method == http.MethodPost:
		body, err := io.ReadAll(io.LimitReader(c.r.Body, 1<<16))
		if err != nil || !json.Valid(body) {
			restFail(c.w, http.StatusBadRequest, "JSON_PARSER_ERROR", "The body has to be a JSON object, {} if there is nothing to say")
			return
		}
		p := stagedPair{o.newID("staged"), newKey(), newSecret(), "staged", o.cfg.Now().UTC()}
		held.Staged = append(slices.DeleteFunc(held.Staged, func(p stagedPair) bool { return p.State == "staged" }), p)
		writeJSON(c.w, http.StatusCreated, show(p))
	case at < 0:
		restFail(c.w, http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case method == http.MethodPatch:
		var body struct {
			Command string `json:"command"`
		}
		if err := json.NewDecoder(io.LimitReader(c.r.Body, 1<<16)).Decode(&body); err != nil || body.Command != "rotate" {
			restFail(c.w, http.StatusBadRequest, "INVALID_INPUT", "The command has to be rotate")
			return
		}
		p := held.Staged[at]
		old := stagedPair{o.newID("staged"), held.Key, held.Secret, "rotated", o.cfg.Now().UTC()}
		held.Key, held.Secret, held.Staged = p.Key, p.Secret, []stagedPair{old}
		writeJSON(c.w, http.StatusOK, show(old))
	case method == http.MethodDelete:
		held.Staged = slices.Delete(held.Staged, at, at+1)
		c.w.WriteHeader(http.StatusNoContent)
	default:
		restFail(c.w, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method '"+method+"' not allowed")
	}
}
