package orgtest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ecactl/ecactl/metadata/spec"
)

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
	if issued.challenge != "" && r.Form.Get("code_verifier") == "" {
		return nil, &oauthError{"invalid_grant", "missing required code verifier"}
	}
	if issued.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != issued.challenge {
		return nil, &oauthError{"invalid_grant", "invalid code verifier"}
	}
	refresh := ""
	if slices.Contains(issued.scopes, "refresh_token") {
		refresh = o.newRefresh(issued.user, c, issued.scopes, "")
	}
	answer := o.answerToken(issued.user, c, issued.scopes, refresh)
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	return answer, nil
}

func (o *Org) newRefresh(u *User, c *client, scopes []string, family string) string {
	token := "5Aep861" + rand.Text() + rand.Text()
	if family == "" {
		family = token
	}
	o.state.Refresh[token] = &refreshToken{User: u.ID, App: c.app, Key: c.key, Scopes: scopes, Family: family, Made: o.cfg.Now().UTC()}
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
		o.revoke(given)
		return nil, &oauthError{"invalid_grant", "expired access/refresh token"}
	}
	u := o.user(func(u *User) bool { return u.ID == t.User })
	if u == nil || u.Inactive {
		return nil, &oauthError{"inactive_user", "user is inactive"}
	}
	next := given
	if c.setting("isRefreshTokenRotationEnabled") == "true" {
		t.Used = true
		next = o.newRefresh(u, c, t.Scopes, t.Family)
	}
	answer := o.answerToken(u, c, t.Scopes, next)
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

// revoke ends a token; a refresh token takes those before it and all their access
// tokens with it.
func (o *Org) revoke(token string) bool {
	if given := o.state.Refresh[token]; given != nil {
		family := given.Family
		for other, t := range o.state.Refresh {
			if t.Family == family {
				delete(o.state.Refresh, other)
				maps.DeleteFunc(o.tokens, func(_ string, s *session) bool { return s.refresh == other })
			}
		}
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
	return o.answerToken(u, c, without(o.scopesOf(c), "refresh_token"), ""), nil
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
	case o.selfAuthorized(c) && !o.hasApproved(u, c), !o.selfAuthorized(c) && !o.mayUse(u, c):
		return nil, &oauthError{"invalid_grant", "user hasn't approved this consumer"}
	}
	return o.answerToken(u, c, without(o.scopesOf(c), "refresh_token"), ""), nil
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

// selfAuthorized tells whether users approve an app by themselves, and no admin
// does it for them.
func (o *Org) selfAuthorized(c *client) bool {
	if c.connected {
		return c.setting("isAdminApproved") != "true"
	}
	return c.rule("permittedUsersPolicyType") != "AdminApprovedPreAuthorized"
}

// mayUse tells whether an admin lets a user use an app: any user where users
// approve it by themselves, else one with a permission set or the profile that
// the app has been given.
func (o *Org) mayUse(u *User, c *client) bool {
	if c.connected || c.builtIn || o.selfAuthorized(c) {
		return true
	}
	sets, profiles := spec.SplitList(c.rule("commaSeparatedPermissionSet")), spec.SplitList(c.rule("commaSeparatedProfile"))
	if u.PermissionSets == nil && u.Profile == "" {
		return len(sets)+len(profiles) > 0
	}
	return slices.Contains(profiles, u.Profile) || slices.ContainsFunc(sets, func(s string) bool { return slices.Contains(u.PermissionSets, s) })
}

// hasApproved tells whether a user has approved an app once, and not taken it
// back since.
func (o *Org) hasApproved(u *User, c *client) bool {
	for _, t := range o.state.Refresh {
		if t.User == u.ID && t.App == c.app && !t.Used {
			return true
		}
	}
	return false
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

// deviceLife is how long somebody has to type the code of a device.
const deviceLife = 10 * time.Minute

// deviceNeedsLocal is the day from which the device flow is for local apps with
// a callback on the same machine alone.
var deviceNeedsLocal = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// startDevice begins the device flow: somebody has to type the code elsewhere.
func (o *Org) startDevice(r *http.Request) (map[string]any, error) {
	c := o.client(r.Form.Get("client_id"))
	switch {
	case c == nil || !c.enabled():
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	case c.connected || c.builtIn || c.setting("isDeviceFlowEnabled") != "true":
		return nil, &oauthError{"invalid_grant", "device flow is not enabled"}
	case !o.cfg.Now().Before(deviceNeedsLocal) && !c.localWithLocalhost():
		return nil, &oauthError{"invalid_grant", "device flow is restricted to local external client apps with a localhost callback"}
	}
	code := rand.Text()
	o.devices[code] = &device{c.app, o.cfg.Now().Add(deviceLife)}
	return map[string]any{"device_code": code, "user_code": rand.Text()[:8], "verification_uri": o.url + "/setup/connect", "interval": 5}, nil
}

// localWithLocalhost tells whether an app is of this org alone, and has a
// callback on the machine of its user.
func (c *client) localWithLocalhost() bool {
	return c.header != nil && c.header.text("distributionState") != "Packaged" && slices.ContainsFunc(spec.SplitLines(c.setting("callbackUrl")), func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	})
}

// grantDevice is asked by a device for as long as nobody has typed its code.
func (o *Org) grantDevice(r *http.Request) (map[string]any, error) {
	waiting := o.devices[r.Form.Get("code")]
	c := o.client(r.Form.Get("client_id"))
	switch {
	case c == nil || !c.enabled():
		return nil, &oauthError{"invalid_client_id", "client identifier invalid"}
	case waiting == nil || waiting.app != c.app || o.cfg.Now().After(waiting.expires):
		return nil, &oauthError{"invalid_grant", "invalid device code"}
	}
	return nil, &oauthError{"authorization_pending", "user has not approved this device"}
}

// subjectOf is how a token of the emulated org's one identity provider begins:
// what follows is the username.
const subjectOf = "emulated-idp:"

// grantExchange takes a token of somebody else's for one of this org. The Apex
// class that would judge it is stood for by the form of the token.
func (o *Org) grantExchange(r *http.Request) (map[string]any, error) {
	c := o.client(clientID(r))
	optional := c != nil && c.setting("isSecretRequiredForTokenExchange") != "true"
	if _, err := o.authenticate(r, optional); err != nil {
		return nil, err
	}
	username, known := strings.CutPrefix(r.Form.Get("subject_token"), subjectOf)
	u := o.userByName(username)
	switch {
	case c.setting("isTokenExchangeEnabled") != "true" || !c.connected && c.rule("isTokenExchangeFlowEnabled") != "true":
		return nil, &oauthError{"unsupported_grant_type", "token exchange flow is not enabled for this app"}
	case !strings.HasPrefix(r.Form.Get("subject_token_type"), "urn:ietf:params:oauth:token-type:"):
		return nil, &oauthError{"invalid_request", "invalid subject token type"}
	case !known || u == nil:
		return nil, &oauthError{"invalid_grant", "subject token validation failed"}
	case u.Inactive:
		return nil, &oauthError{"inactive_user", "user is inactive"}
	case !o.mayUse(u, c):
		return nil, &oauthError{"invalid_app_access", "user is not admin approved to access this app"}
	}
	scopes := o.scopesOf(c)
	refresh := ""
	if slices.Contains(scopes, "refresh_token") {
		refresh = o.newRefresh(u, c, scopes, "")
	}
	answer := o.answerToken(u, c, scopes, refresh)
	answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	return answer, nil
}
