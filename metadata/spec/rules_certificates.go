package spec

import (
	"crypto/x509"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
)

// certificateRules are those about certificates.
var certificateRules = []Rule{
	{
		Entry: diag.Entry{
			Code: "ECA139", Title: "a certificate that cannot be used",
			Why: "The org refuses what is not an X.509 certificate; a private key in its place would be published.",
			Fix: "export it as PEM: openssl x509 -in FILE -out ci.crt",
			Bad: "oauth: {flows: {jwtBearer: {certificate: MIIF2TCC_YourCertificateHere}}}", Good: "oauth: {flows: {jwtBearer: {certificate: CERT}}}",
		},
		run: eachCertificate(func(c *checking, p parsedCertificate) {
			if p.err != nil {
				c.reportAt(diag.Warning, p.pos, "the certificate cannot be read: %s", p.err)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA140", Level: diag.Warning, Title: "a certificate outside its dates",
			Why: "JWT bearer logins and signed requests fail once the certificate has expired.",
			Fix: "make a new key and certificate, and give both ends time to change",
			Bad: "oauth: {flows: {jwtBearer: {certificate: EXPIRED}}}", Good: "oauth: {flows: {jwtBearer: {certificate: CERT}}}",
		},
		run: eachCertificate(func(c *checking, p parsedCertificate) {
			if p.err != nil || c.now().IsZero() {
				return
			}
			from, to := p.cert.NotBefore.UTC().Format(time.DateOnly), p.cert.NotAfter.UTC().Format(time.DateOnly)
			switch now := c.now(); {
			case now.After(p.cert.NotAfter):
				c.report(p.pos, "the certificate has expired: it is valid from %s to %s", from, to)
			case now.Before(p.cert.NotBefore):
				c.report(p.pos, "the certificate is not valid yet: it is from %s to %s", from, to)
			case now.Add(soon).After(p.cert.NotAfter):
				c.report(p.pos, "the certificate expires on %s", to)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA141", Level: diag.Warning, Title: "a weak certificate",
			Why: "RSA keys below 2,048 bits and SHA-1 signatures are no longer accepted in good company.",
			Fix: "make a new one: openssl req -x509 -newkey rsa:2048 -sha256",
			Bad: "oauth: {flows: {jwtBearer: {certificate: WEAK}}}", Good: "oauth: {flows: {jwtBearer: {certificate: CERT}}}",
		},
		run: eachCertificate(func(c *checking, p parsedCertificate) {
			if p.err != nil {
				return
			}
			if bits := KeyBits(p.cert); bits > 0 && bits < minKeyBits {
				c.report(p.pos, "the certificate's RSA key has %d bits", bits)
			}
			if strings.Contains(p.cert.SignatureAlgorithm.String(), "SHA1") || strings.Contains(p.cert.SignatureAlgorithm.String(), "MD5") {
				c.report(p.pos, "the certificate is signed with %s", p.cert.SignatureAlgorithm)
			}
		}),
	},
}

type parsedCertificate struct {
	cert *x509.Certificate
	err  error
	pos  diag.Pos
}

// certificateFields hold X.509 certificates; others hold an id or a name.
var certificateFields = []string{tGlobal + ".certificate", tSaml + ".certificate", tSaml + ".encryptionCertificate"}

func eachCertificate(check func(c *checking, p parsedCertificate)) func(*checking) {
	return func(c *checking) {
		for _, f := range certificateFields {
			if text := c.text(f); text != "" {
				cert, err := ParseCertificate([]byte(text))
				check(c, parsedCertificate{cert, err, c.where(f)})
			}
		}
	}
}
