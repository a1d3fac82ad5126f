package migrate_test

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
	"strings"
	"sync"
	"testing"
	"time"
)

// keys of every sort that a rule tells apart.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	made := map[string]crypto.Signer{}
	for name, bits := range map[string]int{"strong": 2048, "weak": 1024} {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		made[name] = k
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	made["elliptic"] = ec
	return made
})

// certificate makes a self-signed one and returns its DER.
func certificate(t testing.TB, key string, from, to time.Time, algorithm x509.SignatureAlgorithm) []byte {
	t.Helper()
	k := keys()[key]
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "order-sync.example.com"},
		NotBefore: from, NotAfter: to, SignatureAlgorithm: algorithm,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// lines breaks base64 as orgs do.
func lines(der []byte, end string) string {
	text := base64.StdEncoding.EncodeToString(der)
	var out []string
	for len(text) > 64 {
		out, text = append(out, text[:64]), text[64:]
	}
	return strings.Join(append(out, text), end)
}

func TestCertificates(t *testing.T) {
	day := 24 * time.Hour
	year := 365 * day
	oneLine := base64.StdEncoding.EncodeToString
	made := func(key string, from, to time.Duration) string {
		return oneLine(certificate(t, key, now.Add(from), now.Add(to), x509.UnknownSignatureAlgorithm))
	}
	sound := certificate(t, "strong", now.Add(-year), now.Add(year), x509.UnknownSignatureAlgorithm)
	armour := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sound}))
	key, err := x509.MarshalPKCS8PrivateKey(keys()["strong"])
	if err != nil {
		t.Fatal(err)
	}
	privateKey := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))

	tests := map[string]struct{ text, want string }{
		"sound, one line":         {oneLine(sound), ""},
		"sound, 64 columns":       {lines(sound, "\n"), ""},
		"sound, 64 columns CR LF": {lines(sound, "\r\n"), ""},
		"sound, blanks around":    {"\n    " + lines(sound, "\n    ") + "\n  ", ""},
		"sound, armour":           {armour, ""},
		"sound, armour in a line": {strings.ReplaceAll(armour, "\n", ""), ""},
		"sound, elliptic":         {made("elliptic", -year, year), ""},
		"expired":                 {made("strong", -2*year, -day), "error: the certificate has expired: valid from 2024-11-23 to 2026-11-22"},
		"expired a moment ago":    {made("strong", -year, -time.Second), "error: the certificate has expired: valid from 2025-11-23 to 2026-11-23"},
		"expires within the day":  {made("strong", -year, time.Hour), "error: the certificate expires in 0 days: valid from 2025-11-23 to 2026-11-23"},
		"expires in 20 days":      {made("strong", -year, 20*day), "error: the certificate expires in 20 days: valid from 2025-11-23 to 2026-12-13"},
		"expires in 30 days":      {made("strong", -year, 30*day), "warning: the certificate expires in 30 days: valid from 2025-11-23 to 2026-12-23"},
		"expires in 45 days":      {made("strong", -year, 45*day), "warning: the certificate expires in 45 days: valid from 2025-11-23 to 2027-01-07"},
		"expires in 90 days":      {made("strong", -year, 90*day), ""},
		"not valid yet":           {made("strong", day, 2*year), "warning: the certificate is not valid yet: valid from 2026-11-24 to 2028-11-22"},
		"lasts for 9 years":       {made("strong", -year, 8*year), ""},
		"lasts for 100 years":     {made("strong", -year, 99*year), "note: the certificate lasts for more than ten years: valid from 2025-11-23 to 2125-10-30"},
		"weak key":                {made("weak", -year, year), "warning: the certificate's RSA key has 1024 bits"},
		"weak key, expired":       {made("weak", -2*year, -year), "error: the certificate has expired: valid from 2024-11-23 to 2025-11-23\nwarning: the certificate's RSA key has 1024 bits"},
		"SHA-1":                   {oneLine(certificate(t, "strong", now.Add(-year), now.Add(year), x509.SHA1WithRSA)), "warning: the certificate is signed with SHA1-RSA"},
		"SHA-1, elliptic":         {oneLine(certificate(t, "elliptic", now.Add(-year), now.Add(year), x509.ECDSAWithSHA1)), "warning: the certificate is signed with ECDSA-SHA1"},
		"SHA-512":                 {oneLine(certificate(t, "strong", now.Add(-year), now.Add(year), x509.SHA512WithRSA)), ""},
		"garbage":                 {"MIIF2TCC_YourCertificateHere_+Zkxmo/mbL/ShPug==", "warning: the certificate cannot be read: it is neither PEM nor base64"},
		"base64 of something":     {"TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu", "warning: the certificate cannot be read: x509: malformed certificate"},
		"cut off":                 {oneLine(sound[:len(sound)/2]), "warning: the certificate cannot be read: x509: malformed certificate"},
		"a private key":           {privateKey, "warning: the certificate cannot be read: it is a private key and not a certificate"},
		"variable":                {"${CERTIFICATE}", ""},
		"token":                   {"@CERTIFICATE@", ""},
		"blank":                   {" \n ", ""},
		"nothing":                 {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := audit(t, oauth("<certificate>"+tt.text+"</certificate>"))
			if got := answers(r, "CA-SEC-050"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The same is asked of the certificates of SAML and of External Client Apps.
func TestCertificatesElsewhere(t *testing.T) {
	expired := base64.StdEncoding.EncodeToString(certificate(t, "strong", now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0), x509.UnknownSignatureAlgorithm))
	const want = "error: the certificate has expired: valid from 2024-11-23 to 2025-11-23"
	r := audit(t, connected("<samlConfig><certificate>"+expired+"</certificate><encryptionCertificate>"+expired+"</encryptionCertificate></samlConfig>"))
	if got := answers(r, "CA-SEC-050"); got != want+"\n"+want {
		t.Errorf("SAML: %s", got)
	}
	elements := ""
	for _, f := range r.Apps[0].Findings {
		if f.Rule == "CA-SEC-050" {
			elements += f.Evidence["element"] + " "
		}
	}
	if elements != "samlConfig.certificate samlConfig.encryptionCertificate " {
		t.Errorf("the findings point at %s", elements)
	}
	for name, e := range map[string]string{"ecaGlblOauth": "OAuth", "ecaSamlPlcy": "SAML"} {
		if got := answers(audit(t, eca(name, "<certificate>"+expired+"</certificate>")), "CA-SEC-050"); got != want {
			t.Errorf("External Client App, %s: %s", e, got)
		}
	}
}
