package spec_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// now is the day of every test that judges dates.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const head = "apiVersion: ecactl/v1\nkind: ExternalClientApp\n"

// sound is a spec against which no rule has anything.
const sound = head + `name: Order_Sync
label: Order Sync
contact: {email: admin@example.com}
distribution: Local
oauth:
  callbackUrls: [https://orders.example.com/cb]
  scopes: [api, refresh_token]
  security: {requireSecretForWebServerFlow: true, requireSecretForRefreshToken: true, requirePkce: true}
policies:
  enabled: true
  plugins: {oauth: true}
  permittedUsers: admin-approved
  permissionSets: [Order_Sync]
  refreshToken: {lifetime: 90d}
`

// over lays a fragment over a document, by the format's own means.
func over(doc, fragment string) string {
	lines := strings.Split(strings.TrimRight(fragment, "\n"), "\n")
	return doc + "environments:\n  test:\n    " + strings.Join(lines, "\n    ") + "\n"
}

// lint parses, builds and checks one file.
func lint(src string, o spec.Options) diag.Problems {
	specs, problems := spec.Parse("app.yaml", []byte(src), o)
	return spec.Lint(&spec.Set{Specs: specs, Problems: problems}, o)
}

// mustBuild builds the first document of a file.
func mustBuild(t testing.TB, src string, o spec.Options) *spec.Built {
	t.Helper()
	specs, problems := spec.Parse("app.yaml", []byte(src), o)
	if err := problems.Err(); err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	built, problems := specs[0].Build()
	if err := problems.Err(); err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return built
}

// files encodes what a spec became, by path in mdapi layout.
func files(t testing.TB, b *spec.Built, table *metadata.Table) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, c := range b.Components() {
		data, err := table.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		p, err := table.Path(c, metadata.MDAPI)
		if err != nil {
			t.Fatal(err)
		}
		out[p] = string(data)
	}
	return out
}

func codes(ps diag.Problems) []string {
	var list []string
	for _, p := range ps {
		if !slices.Contains(list, p.Code) {
			list = append(list, p.Code)
		}
	}
	return list
}

// certificates of every sort that a rule tells apart, as base64 in one line.
var certificates = sync.OnceValue(func() map[string]string {
	years := func(n int) time.Time { return now.AddDate(n, 0, 0) }
	rsaKey := func(bits int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return k
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	strong := rsaKey(2048)
	return map[string]string{
		"CERT":    certificate(strong, years(-1), years(2)),
		"EXPIRED": certificate(strong, years(-2), years(-1)),
		"EARLY":   certificate(strong, years(1), years(2)),
		"SOON":    certificate(strong, years(-1), now.AddDate(0, 0, 10)),
		"WEAK":    certificate(rsaKey(1024), years(-1), years(2)),
		"EC":      certificate(ec, years(-1), years(2)),
	}
})

func certificate(key crypto.Signer, from, to time.Time) string {
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "order-sync.example.com"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func armour(t testing.TB, b64 string) string {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// withCertificates puts certificates in the place of their names in an example.
func withCertificates(example string) string {
	for name, b64 := range certificates() {
		example = strings.ReplaceAll(example, "certificate: "+name+"}", "certificate: "+b64+"}")
	}
	return example
}

func element(t testing.TB, b *spec.Built, typ, path string) string {
	t.Helper()
	for _, c := range b.Components() {
		if c.Type == typ {
			if e := c.First(path); e != nil {
				return e.Text
			}
		}
	}
	return "(none)"
}
