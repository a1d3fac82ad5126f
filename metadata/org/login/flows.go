package login

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// jwtLife is how long an assertion is good: Salesforce takes three minutes, and
// the library's own default is an hour.
const jwtLife = 3 * time.Minute

// JWTOptions are those of the JWT bearer flow.
type JWTOptions struct {
	Alias, Username, ClientID string
	KeyFile                   string // PEM of an RSA key, PKCS #1 or #8
	LoginURL                  string // login.salesforce.com, test.salesforce.com, or the org's My Domain
	Audience                  string // default that of the login host
}

// JWT logs in by the JWT bearer flow, without anybody present.
func JWT(ctx context.Context, sys System, o JWTOptions) (*Login, error) {
	sys = sys.filled()
	l, err := sys.jwt(ctx, o)
	if err != nil {
		return nil, err
	}
	return l, sys.identify(ctx, l)
}

// jwt gets a token by an assertion.
func (s System) jwt(ctx context.Context, o JWTOptions) (*Login, error) {
	host, err := org.CheckURL(o.LoginURL)
	if err != nil {
		return nil, err
	}
	key, err := readKey(o.KeyFile)
	if err != nil {
		return nil, err
	}
	audience := o.Audience
	if audience == "" {
		audience = audienceOf(host)
	}
	cfg := &jwt.Config{Email: o.ClientID, Subject: o.Username, PrivateKey: key, TokenURL: tokenURL(host), Audience: audience, Expires: jwtLife}
	ctx, cause := s.noting(ctx, true)
	t, err := cfg.TokenSource(ctx).Token()
	if err != nil {
		return nil, said(cause(err))
	}
	abs, err := filepath.Abs(o.KeyFile)
	if err != nil {
		abs = o.KeyFile
	}
	return loginOf(t, Account{Alias: o.Alias, ClientID: o.ClientID, Method: MethodJWT, LoginURL: host.String(), KeyFile: abs, Audience: o.Audience, Username: o.Username}, credentials{})
}

// audienceOf is the audience of a login host: the two common hosts, and for a My
// Domain the one of its kind. A sandbox takes test.salesforce.com; a Developer
// Edition, which is no sandbox, login.salesforce.com.
func audienceOf(host *url.URL) string {
	if org.Loopback(host.Hostname()) {
		return host.String()
	}
	switch kind := org.KindOfHost(host.String()); {
	case strings.HasSuffix(host.Hostname(), ".mil") || strings.HasSuffix(host.Hostname(), ".cn"):
		return host.String() // gov-cloud and China have hosts of their own
	case kind == org.Sandbox || kind == org.Scratch:
		return "https://test.salesforce.com"
	}
	return "https://login.salesforce.com"
}

const maxKeyFile = 64 << 10

// readKey reads a private key, and says what it is if it is none.
func readKey(name string) ([]byte, error) {
	fail := func(message, hint string) error {
		return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA544", Message: message, Hint: hint}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fail("the private key cannot be read", "check the path and its permissions")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil || len(data) > maxKeyFile {
		return nil, fail("the private key cannot be read", "it is a PEM file of a few kilobytes")
	}
	block, rest := pem.Decode(data)
	for block != nil && block.Type == "CERTIFICATE" { // it may stand before its key
		next, after := pem.Decode(rest)
		if next == nil {
			break
		}
		block, rest = next, after
	}
	switch {
	case block == nil:
		return nil, fail("there is no private key in PEM in it", "its first line says BEGIN PRIVATE KEY, between dashes")
	case block.Type == "CERTIFICATE":
		return nil, fail("it is a certificate, and the key that belongs to it is needed", "the certificate goes into the spec, and the key stays with you")
	case strings.Contains(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, fail("the private key has a passphrase", "write it without one: openssl rsa -in FILE -out ci.key && chmod 600 ci.key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil && key != nil {
			return pem.EncodeToMemory(block), nil
		}
		return nil, fail("it is no private key that can be used", "Salesforce takes RSA keys, in PKCS #1 or #8")
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return nil, fail("it is no RSA key, and Salesforce takes RS256 alone", "openssl req -x509 -newkey rsa:4096 -nodes -keyout ci.key -out ci.crt -days 365 -subj /CN=ci")
	}
	return pem.EncodeToMemory(block), nil
}

// ClientCredentialsOptions are those of the client credentials flow.
type ClientCredentialsOptions struct {
	Alias, ClientID string
	Secret          secret.String
	InstanceURL     string // the org's My Domain: no other host takes this flow
}

// ClientCredentials logs in as the app's own run-as user.
func ClientCredentials(ctx context.Context, sys System, o ClientCredentialsOptions) (*Login, error) {
	sys = sys.filled()
	l, err := sys.clientCredentials(ctx, o)
	if err != nil {
		return nil, err
	}
	return l, sys.identify(ctx, l)
}

// clientCredentials gets a token by a consumer key and secret.
func (s System) clientCredentials(ctx context.Context, o ClientCredentialsOptions) (*Login, error) {
	host, err := org.CheckURL(o.InstanceURL)
	if err != nil {
		return nil, err
	}
	if h := host.Hostname(); strings.HasPrefix(h, "login.") || strings.HasPrefix(h, "test.") {
		return nil, &diag.Problem{Code: "ECA545", Message: h + " does not take client credentials", Hint: "pass the org's own My Domain to --instance-url, such as https://example.my.salesforce.com"}
	}
	cfg := &clientcredentials.Config{ClientID: o.ClientID, ClientSecret: o.Secret.Reveal(), TokenURL: tokenURL(host), AuthStyle: oauth2.AuthStyleInParams}
	t, err := cfg.Token(s.context(ctx, true))
	if err != nil {
		return nil, said(err)
	}
	return loginOf(t, Account{Alias: o.Alias, ClientID: o.ClientID, Method: MethodClientCredentials, LoginURL: host.String()}, credentials{ClientSecret: o.Secret.Reveal()})
}

// Token logs in with an access token from elsewhere. It cannot be renewed.
func Token(ctx context.Context, sys System, alias, instanceURL string, token secret.String) (*Login, error) {
	sys = sys.filled()
	u, err := org.CheckURL(instanceURL)
	if err == nil {
		err = checkToken(token)
	}
	if err != nil {
		return nil, err
	}
	l := &Login{Account: Account{Alias: alias, InstanceURL: u.String(), Method: MethodToken}, Token: token, secrets: credentials{AccessToken: token.Reveal()}}
	return l, sys.identify(ctx, l)
}

// checkToken refuses what cannot be sent as a token: most often a file that holds
// more than one.
func checkToken(token secret.String) error {
	if strings.ContainsFunc(token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return &diag.Problem{Code: "ECA549", Message: "what was given as the access token has blanks, line ends or other characters in it that no token has", Hint: "pass the token alone, without quotes and names"}
	}
	return nil
}

// AuthURL logs in with an sfdx auth URL: force://client:secret:refresh@host.
func AuthURL(ctx context.Context, sys System, alias string, given secret.String) (*Login, error) {
	sys = sys.filled()
	form := regexp.MustCompile(`^force://([^:@\s]+):([^:@\s]*):([^:@\s]+)@([^/@\s]+)/?$`)
	m := form.FindStringSubmatch(authURLOf(given.Reveal()))
	if m == nil {
		return nil, &diag.Problem{Code: "ECA546", Message: "this is no sfdx auth URL", Hint: "it is what sf org auth show-sfdx-auth-url prints, with --json or without: force, a colon, two slashes, CLIENT:SECRET:REFRESH@HOST"}
	}
	raw := "https://" + m[4]
	if u, err := url.Parse(raw); err == nil && org.Loopback(u.Hostname()) {
		raw = "http://" + m[4]
	}
	host, err := org.CheckURL(raw)
	if err != nil {
		return nil, err
	}
	a := Account{Alias: alias, ClientID: m[1], Method: MethodAuthURL, LoginURL: host.String()}
	c := credentials{ClientSecret: unescaped(m[2]), RefreshToken: unescaped(m[3])}
	l, err := sys.renew(ctx, a, c)
	if err != nil {
		return nil, err
	}
	return l, sys.identify(ctx, l)
}

// authURLOf finds the auth URL in what sf prints of it: the URL alone, or the
// JSON of one of its commands.
func authURLOf(text string) string {
	text = strings.TrimSpace(text)
	var f struct {
		URL    string `json:"sfdxAuthUrl"`
		Result struct {
			URL string `json:"sfdxAuthUrl"`
		} `json:"result"`
	}
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &f) == nil {
		return cmp.Or(f.Result.URL, f.URL)
	}
	return text
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// renew gets a new access token by a refresh token.
func (s System) renew(ctx context.Context, a Account, c credentials) (*Login, error) {
	host, err := org.CheckURL(a.LoginURL)
	if err != nil {
		return nil, err
	}
	cfg := oauth2.Config{ClientID: a.ClientID, ClientSecret: c.ClientSecret, Endpoint: oauth2.Endpoint{TokenURL: tokenURL(host), AuthStyle: oauth2.AuthStyleInParams}}
	t, err := cfg.TokenSource(s.context(ctx, false), &oauth2.Token{RefreshToken: c.RefreshToken, Expiry: time.Unix(1, 0)}).Token()
	if err != nil {
		return nil, said(err)
	}
	l, err := loginOf(t, a, c)
	if err != nil {
		return nil, err
	}
	return l.at(a)
}

// at refuses a login whose org is elsewhere than that of an earlier one: a token is
// for the org that it names.
func (l *Login) at(a Account) (*Login, error) {
	if a.InstanceURL != "" && l.Account.InstanceURL != a.InstanceURL {
		return nil, notLoggedIn(fmt.Sprintf("the org of %s was at %s and is at %s now", a.Name(), a.InstanceURL, l.Account.InstanceURL), "log in again: ecactl login", nil)
	}
	return l, nil
}
