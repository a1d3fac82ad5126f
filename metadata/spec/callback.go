package spec

import (
	"crypto/x509"
	"net/url"
	"strings"
)

// RefusedCallback says why a callback URL cannot stay, in the words of the rules
// ECA105 to ECA107; "" if none of them is against it.
func RefusedCallback(raw string) string {
	loopback := isLoopback(hostOf(raw))
	u, err := url.Parse(raw)
	switch {
	case err == nil && strings.EqualFold(u.Scheme, "http") && !isLoopback(u.Hostname()):
		return "it is not https"
	case strings.Contains(raw, "*") && !loopback:
		return "it has a wildcard"
	case strings.Contains(raw, "#"):
		return "it has a fragment"
	}
	return ""
}

// LoopbackCallback tells whether a callback URL leads to the machine itself.
func LoopbackCallback(raw string) bool { return isLoopback(hostOf(raw)) }

// FormatCertificate gives the text that an org writes into metadata.
func FormatCertificate(c *x509.Certificate) string { return formatCertificate(c) }
