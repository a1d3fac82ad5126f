package login

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/secret"
)

// A Claim is what an assertion of the JWT bearer flow says. It is good for three
// minutes.
type Claim struct {
	ClientID, Username string
	Audience           string
	Now                time.Time
}

// Audience is the one that an org at an address takes.
func Audience(address string) (string, error) {
	host, err := org.CheckURL(address)
	if err != nil {
		return "", err
	}
	return audienceOf(host), nil
}

// Sign makes an assertion with the private key in a file, in PEM.
func (c Claim) Sign(keyFile string) (secret.String, error) {
	data, err := readKey(keyFile)
	if err != nil {
		return secret.String{}, err
	}
	block, _ := pem.Decode(data) // readKey has seen it
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if k, ok := key.(*rsa.PrivateKey); ok {
			return c.sign(k)
		}
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return secret.String{}, fmt.Errorf("reading the private key: %w", err)
	}
	return c.sign(key)
}

// nobodysKey is made when it is first needed, and in no certificate.
var nobodysKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// SignAnew makes an assertion with a key that this run has made and that no org
// trusts.
func (c Claim) SignAnew() (secret.String, error) {
	key, err := nobodysKey()
	if err != nil {
		return secret.String{}, fmt.Errorf("making a key: %w", err)
	}
	return c.sign(key)
}

func (c Claim) sign(key *rsa.PrivateKey) (secret.String, error) {
	claims, err := json.Marshal(map[string]any{"iss": c.ClientID, "sub": c.Username, "aud": c.Audience, "exp": c.Now.Add(jwtLife).Unix()})
	if err != nil {
		return secret.String{}, fmt.Errorf("making an assertion: %w", err)
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + enc.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return secret.String{}, fmt.Errorf("making an assertion: %w", err)
	}
	return secret.New(text + "." + enc.EncodeToString(signature)), nil
}

// ClientOf is the consumer key that an access token in JWT form names, "" for
// any other token. What it says is not checked: only the org can.
func ClientOf(token secret.String) string {
	claims, ok := jwtClaims(token.Reveal())
	if !ok {
		return ""
	}
	id, _ := claims["client_id"].(string) // "" is what is promised
	return id
}

// LocalCallback finds a callback of an app on which this machine can listen: on
// a loopback address, over http, with a port.
func LocalCallback(callbacks []string) (*url.URL, bool) {
	for _, c := range callbacks {
		u, err := url.Parse(c)
		if err == nil && u.Scheme == "http" && org.Loopback(u.Hostname()) && u.Port() != "" && u.RawQuery == "" {
			return u, true
		}
	}
	return nil, false
}

// jwtClaims reads the payload of a token in JWT form.
func jwtClaims(token string) (map[string]any, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(data, &claims) != nil {
		return nil, false
	}
	return claims, true
}
