package verify_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate/verify"
)

const (
	ada = "ada@example.com" // may use the app
	bot = "bot@example.com" // whom the app runs as
	eve = "eve@example.com" // may not use it
)

// A key with its certificate is made once: it takes a while.
var keyPair = sync.OnceValues(func() (key, certificate string) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
})

// everything enables every flow, as strictly as can be.
const everything = `apiVersion: ecactl/v1
kind: ExternalClientApp
name: Order_Sync
contact: {email: admin@example.com}
distribution: Local
oauth:
  callbackUrls: ["http://localhost:1717/cb", "https://erp.example.com/cb"]
  scopes: [api, refresh_token]
  flows:
    authorizationCodeCredentials: {enabled: true, postOnly: true}
    clientCredentials: {enabled: true, runAs: bot@example.com}
    jwtBearer: {certificate: CERTIFICATE}
    device: {enabled: true}
    tokenExchange: {enabled: true, requireSecret: true}
  security:
    requireSecretForWebServerFlow: true
    requireSecretForRefreshToken: true
    requirePkce: true
    rotateRefreshTokens: true
    introspectAllTokens: false
policies:
  enabled: true
  permittedUsers: admin-approved
  permissionSets: [Orders]
  refreshToken: {inactivity: 30d}
  ipRelaxation: enforce
  session: {timeout: 60m}
`

// A bench is an org with an app of a spec, and everything with which to verify
// it.
type bench struct {
	t   *testing.T
	org *orgtest.Org
	opt verify.Options
}

func newBench(t *testing.T, text string, cfg orgtest.Config) *bench {
	t.Helper()
	key, certificate := keyPair()
	cfg.Users = []orgtest.User{
		{Username: ada, Name: "Ada", Email: ada, Password: "ada's own", PermissionSets: []string{"Orders"}},
		{Username: bot, Name: "Bot", Email: bot},
		{Username: "max@example.com", Name: "Max", Email: "max@example.com", Password: "max's own", PermissionSets: []string{"Orders"}},
		{Username: eve, Name: "Eve", Email: eve, Password: "eve's own", PermissionSets: []string{"Other"}},
	}
	o := orgtest.New(t, cfg)
	specs, problems := spec.Parse("app.yaml", []byte(strings.ReplaceAll(text, "CERTIFICATE", yamlText(certificate))), spec.Options{})
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	built, problems := specs[0].Build()
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	if err := o.Put(built.Components()...); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, org: o}
	b.set("OauthOidcSettings", "OauthOidc", "oAuthCdCrdtFlowEnable", "true")
	file := filepath.Join(t.TempDir(), "ci.key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	clientID, clientSecret := o.Consumer("Order_Sync")
	sys := login.System{Sleep: func(context.Context, time.Duration) error { return nil }}
	endpoint, err := sys.Endpoint(o.URL())
	if err != nil {
		t.Fatal(err)
	}
	b.opt = verify.Options{
		Built: built, Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, Endpoint: endpoint, System: sys,
		ClientID: clientID, Secret: secret.New(clientSecret), Username: ada, Password: secret.New("ada's own"), KeyFile: file,
		RefusedUser: eve, RefusedPassword: secret.New("eve's own"), SubjectToken: secret.New("emulated-idp:" + ada),
	}
	return b
}

func yamlText(pem string) string {
	return `"` + strings.ReplaceAll(strings.TrimSpace(pem), "\n", `\n`) + `"`
}

// set changes a field of what the org has, as somebody in Setup would.
func (b *bench) set(typ, name, field, value string) {
	b.t.Helper()
	c := b.org.Component(typ, name)
	if c == nil {
		b.t.Fatalf("the org has no %s %s: %v", typ, name, b.org.Names(typ))
	}
	c.Root.Remove(field)
	if value != "" {
		c.Root.Add(&metadata.Element{Name: field, Text: value})
	}
	if err := b.org.Put(c); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) global(field, value string) {
	b.set("ExtlClntAppGlobalOauthSettings", b.only("ExtlClntAppGlobalOauthSettings"), field, value)
}
func (b *bench) oauth(field, value string) {
	b.set("ExtlClntAppOauthSettings", b.only("ExtlClntAppOauthSettings"), field, value)
}
func (b *bench) policy(field, value string) {
	b.set("ExtlClntAppOauthConfigurablePolicies", b.only("ExtlClntAppOauthConfigurablePolicies"), field, value)
}
func (b *bench) access(field, value string) {
	b.set("ExtlClntAppConfigurablePolicies", b.only("ExtlClntAppConfigurablePolicies"), field, value)
}

func (b *bench) only(typ string) string {
	b.t.Helper()
	names := b.org.Names(typ)
	if len(names) != 1 {
		b.t.Fatalf("%s: %v", typ, names)
	}
	return names[0]
}

// run verifies the app as the org has it now, and demands that nothing is left.
func (b *bench) run(ctx context.Context) (*verify.App, error) {
	b.t.Helper()
	b.opt.Actual = &plan.Actual{}
	for _, typ := range []string{
		"ExternalClientApplication", "ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthSettings", "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppConfigurablePolicies",
	} {
		for _, name := range b.org.Names(typ) {
			b.opt.Actual.Components = append(b.opt.Actual.Components, b.org.Component(typ, name))
		}
	}
	return verify.Run(ctx, b.opt)
}

func (b *bench) nothingLeft() {
	b.t.Helper()
	if live := b.org.LiveTokens(""); len(live) > 0 {
		b.t.Errorf("%d tokens are left", len(live))
	}
}

func ids(a *verify.App, state verify.State) []string {
	list := []string{}
	for _, c := range a.Checks {
		if c.State == state {
			list = append(list, c.ID)
		}
	}
	slices.Sort(list)
	return list
}

// An app that is as its spec says passes every check but the one for which
// somebody has to type a code, and nothing is left behind.
func TestSound(t *testing.T) {
	b := newBench(t, everything, orgtest.Config{})
	a, err := b.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if failed, skipped := ids(a, verify.Failed), ids(a, verify.Skipped); len(failed) > 0 || !slices.Equal(skipped, []string{"device.login"}) {
		t.Errorf("failed %v, skipped %v", failed, skipped)
		for _, c := range a.Checks {
			t.Logf("%s %s: %s", c.State, c.ID, c.Found)
		}
	}
	var missing []string
	for _, k := range verify.Kinds() {
		if a.Check(k.ID) == nil {
			missing = append(missing, k.ID)
		}
	}
	if want := []string{"refresh.none", "refresh.immediately", "client.off", "device.off"}; !slices.Equal(missing, want) {
		t.Errorf("not made: %v", missing)
	}
	if a.Revoked < 10 || len(a.Left) > 0 {
		t.Errorf("%d tokens are revoked, left are %v", a.Revoked, a.Left)
	}
	b.nothingLeft()
}

// edit changes the spec, and with it the app of the org.
func edit(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(everything) }

// Each breakage is one that a single flow sees. What is found is exactly that,
// in the checks that look at it.
func TestBroken(t *testing.T) {
	tests := map[string]struct {
		spec   string // default everything
		broken func(b *bench)
		cfg    orgtest.Config
		failed []string // all that fails
	}{
		"PKCE is not required": {
			broken: func(b *bench) { b.global("isPkceRequired", "false") },
			failed: []string{"code.without-pkce", "settings.security", "user.without-pkce"},
		},
		"a code is taken without the secret": {
			broken: func(b *bench) { b.global("isConsumerSecretOptional", "true") },
			failed: []string{"code.without-secret", "settings.security"},
		},
		"a public client is asked for a secret": {
			spec: edit("requireSecretForWebServerFlow: true", "requireSecretForWebServerFlow: false"),
			broken: func(b *bench) {
				b.global("isConsumerSecretOptional", "false")
			},
			failed: []string{"code.login", "settings.security", "user.login"},
		},
		"the callback is another": {
			broken: func(b *bench) { b.global("callbackUrl", "https://erp.example.com/cb") },
			failed: []string{"code.login", "settings.callbacks", "user.login"},
		},
		"a scope is missing": {
			broken: func(b *bench) { b.oauth("commaSeparatedOauthScopes", "RefreshToken") },
			failed: []string{"client.scopes", "code.scopes", "exchange.scopes", "jwt.scopes", "settings.scopes", "user.scopes"},
		},
		"a scope is granted beside the spec": {
			broken: func(b *bench) { b.oauth("commaSeparatedOauthScopes", "Api, RefreshToken, Full") },
			failed: []string{"client.scopes", "code.scopes", "exchange.scopes", "jwt.scopes", "settings.scopes", "user.scopes"},
		},
		"no refresh tokens": {
			broken: func(b *bench) { b.oauth("commaSeparatedOauthScopes", "Api") },
			failed: []string{"code.scopes", "refresh.renew", "settings.scopes", "user.scopes"},
		},
		"refresh tokens nobody wanted": {
			spec:   edit("scopes: [api, refresh_token]", "scopes: [api]"),
			broken: func(b *bench) { b.oauth("commaSeparatedOauthScopes", "Api, RefreshToken") },
			failed: []string{"code.scopes", "exchange.scopes", "refresh.none", "settings.scopes", "user.scopes"},
		},
		"another org's instance_url": {
			cfg:    orgtest.Config{Faults: []orgtest.Fault{{Kind: "elsewhere", Op: "token", Count: -1}}},
			failed: []string{"client.instance-url", "code.instance-url", "exchange.instance-url", "jwt.instance-url", "user.instance-url"},
		},
		"refresh tokens end at once": {
			broken: func(b *bench) { b.policy("refreshTokenPolicyType", "Zero") },
			failed: []string{"policy.refresh-token", "refresh.renew"},
		},
		"refresh tokens do not end at once": {
			spec:   edit("refreshToken: {inactivity: 30d}", "refreshToken: immediately"),
			broken: func(b *bench) { b.policy("refreshTokenPolicyType", "Infinite") },
			failed: []string{"policy.refresh-token", "refresh.immediately"},
		},
		"a refresh works without the secret": {
			broken: func(b *bench) { b.global("isSecretRequiredForRefreshToken", "false") },
			failed: []string{"refresh.without-secret", "settings.security"},
		},
		"refresh tokens do not rotate": {
			broken: func(b *bench) { b.global("isRefreshTokenRotationEnabled", "false") },
			failed: []string{"refresh.rotation", "settings.security"},
		},
		"refresh tokens rotate": {
			spec:   edit("rotateRefreshTokens: true", "rotateRefreshTokens: false"),
			broken: func(b *bench) { b.global("isRefreshTokenRotationEnabled", "true") },
			failed: []string{"refresh.rotation", "settings.security"},
		},
		"client credentials are off in the policy": {
			broken: func(b *bench) { b.policy("isClientCredentialsFlowEnabled", "false") },
			failed: []string{"client.login"},
		},
		"another run-as user": {
			broken: func(b *bench) { b.policy("clientCredentialsFlowUser", ada) },
			failed: []string{"client.user"},
		},
		"client credentials that the spec does not enable": {
			spec: edit("clientCredentials: {enabled: true, runAs: bot@example.com}", "clientCredentials: {enabled: false}"),
			broken: func(b *bench) {
				b.global("isClientCredentialsFlowEnabled", "true")
				b.policy("isClientCredentialsFlowEnabled", "true")
				b.policy("clientCredentialsFlowUser", bot)
			},
			failed: []string{"client.off", "settings.flows"},
		},
		"another certificate": {
			broken: func(b *bench) { b.global("certificate", certificateOfNobody(b.t)) },
			failed: []string{"jwt.login", "settings.flows"},
		},
		"users are not approved": {
			broken: func(b *bench) { b.policy("permittedUsersPolicyType", "AllSelfAuthorized") },
			failed: []string{"code.refused-user", "jwt.login", "policy.permitted-users", "user.refused-user"},
		},
		"too many are approved": {
			broken: func(b *bench) { b.policy("commaSeparatedPermissionSet", "Orders,Other") },
			failed: []string{"code.refused-user", "jwt.refused-user", "policy.permitted-users", "user.refused-user"},
		},
		"the org does not let names and passwords in": {
			broken: func(b *bench) { b.set("OauthOidcSettings", "OauthOidc", "oAuthCdCrdtFlowEnable", "false") },
			failed: []string{"user.login"},
		},
		"credentials are taken in a header": {
			broken: func(b *bench) { b.global("isCodeCredPostOnly", "false") },
			failed: []string{"settings.flows", "user.post-only"},
		},
		"tokens are not exchanged": {
			broken: func(b *bench) { b.policy("isTokenExchangeFlowEnabled", "false") },
			failed: []string{"exchange.login"},
		},
		"tokens are exchanged without the secret": {
			broken: func(b *bench) { b.global("isSecretRequiredForTokenExchange", "false") },
			failed: []string{"exchange.without-secret", "settings.security"},
		},
		"no device flow": {
			broken: func(b *bench) { b.global("isDeviceFlowEnabled", "false") },
			failed: []string{"device.start", "settings.flows"},
		},
		"a device flow that the spec does not enable": {
			spec:   edit("device: {enabled: true}", "device: {enabled: false}"),
			broken: func(b *bench) { b.global("isDeviceFlowEnabled", "true") },
			failed: []string{"device.off", "settings.flows"},
		},
		"a device flow that is a packaged app's": {
			broken: func(b *bench) { b.set("ExternalClientApplication", "Order_Sync", "distributionState", "Packaged") },
			cfg:    orgtest.Config{Now: func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }},
			failed: []string{"device.start"},
		},
		"the app is told of all tokens": {
			broken: func(b *bench) { b.global("isIntrospectAllTokens", "true") },
			failed: []string{"introspection.others", "settings.security"},
		},
		"the app is not told of all tokens": {
			spec:   edit("introspectAllTokens: false", "introspectAllTokens: true"),
			broken: func(b *bench) { b.global("isIntrospectAllTokens", "false") },
			failed: []string{"introspection.others", "settings.security"},
		},
		"revocations are ignored": {
			cfg:    orgtest.Config{Faults: []orgtest.Fault{{Kind: "kept", Op: "revoke", Count: 2}}},
			failed: []string{"revocation.access", "revocation.refresh"},
		},
		"the app is switched off": {
			broken: func(b *bench) { b.access("isEnabled", "false") },
			failed: []string{"client.login", "code.login", "device.start", "exchange.login", "jwt.login", "policy.enabled", "user.login"},
		},
		"another idle time": {
			broken: func(b *bench) { b.policy("refreshTokenValidityPeriod", "90") },
			failed: []string{"policy.refresh-token"},
		},
		"other IP relaxation": {
			broken: func(b *bench) { b.policy("ipRelaxationPolicyType", "Bypass") },
			failed: []string{"policy.ip"},
		},
		"longer sessions": {
			broken: func(b *bench) { b.policy("sessionTimeoutInMinutes", "720") },
			failed: []string{"policy.session"},
		},
		"the secret is another": {
			broken: func(b *bench) { b.opt.Secret = secret.New("of another app") },
			failed: []string{"client.login", "code.login", "exchange.login", "introspection.active", "user.login"},
		},
	}
	caught := map[string]bool{}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := tt.spec
			if text == "" {
				text = everything
			}
			cfg := tt.cfg
			b := newBench(t, text, cfg)
			if cfg.Now != nil {
				b.opt.System.Now = cfg.Now
			}
			if tt.broken != nil {
				tt.broken(b)
			}
			a, err := b.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(tt.failed)
			slices.Sort(want)
			if got := ids(a, verify.Failed); !slices.Equal(got, want) {
				t.Errorf("failed  %v\nwanted  %v", got, want)
				for _, c := range a.Checks {
					if c.State != verify.Passed {
						t.Logf("%s %s: %s", c.State, c.ID, c.Found)
					}
				}
			}
			for _, id := range tt.failed {
				caught[id] = true
			}
			for _, c := range a.Checks {
				if (c.State == verify.Failed) != (len(c.Do) > 0) {
					t.Errorf("%s %s has the help %q", c.State, c.ID, c.Do)
				}
			}
			b.nothingLeft()
		})
	}
	for _, k := range verify.Kinds() {
		if !caught[k.ID] && !slices.Contains(slices.Concat(seenByLaxOrgs, []string{"device.login", "cleanup"}), k.ID) {
			t.Errorf("nothing breaks %s", k.ID)
		}
	}
}

func certificateOfNobody(t *testing.T) string {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "nobody"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
