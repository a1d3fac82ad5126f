package spec

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"unicode"
)

// ParseCertificate reads a certificate as people and orgs write it: PEM, DER,
// or base64 of any line width with or without its armour.
func ParseCertificate(data []byte) (*x509.Certificate, error) {
	if block, _ := pem.Decode(data); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, errors.New("it is a " + strings.ToLower(block.Type) + " and not a certificate")
		}
		return x509.ParseCertificate(block.Bytes)
	}
	if bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return nil, errors.New("it is a private key and not a certificate")
	}
	if len(data) > 0 && data[0] == 0x30 { // an ASN.1 sequence: DER
		if c, err := x509.ParseCertificate(data); err == nil {
			return c, nil
		}
	}
	text := string(data)
	if _, rest, ok := strings.Cut(text, "-----BEGIN CERTIFICATE-----"); ok {
		text, _, _ = strings.Cut(rest, "-----END CERTIFICATE-----")
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("it is neither PEM nor base64")
	}
	return x509.ParseCertificate(der)
}

// certificateLine is the width in which an org writes a certificate.
const certificateLine = 64

// formatCertificate gives the text that an org writes into metadata: base64 in
// lines of 64, no armour.
func formatCertificate(c *x509.Certificate) string {
	text := base64.StdEncoding.EncodeToString(c.Raw)
	var out strings.Builder
	for len(text) > certificateLine {
		out.WriteString(text[:certificateLine] + "\n")
		text = text[certificateLine:]
	}
	return out.String() + text
}

// KeyBits returns the size of an RSA key, or 0 for another kind of key.
func KeyBits(c *x509.Certificate) int {
	if k, ok := c.PublicKey.(*rsa.PublicKey); ok {
		return k.N.BitLen()
	}
	return 0
}
