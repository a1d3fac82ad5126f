package migrate

import (
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

func checkSwitches(q *question) {
	pairs := [][3]string{{"token exchange", "exchange", "exchangePolicy"}}
	if q.Kind == KindECA {
		pairs = append(pairs, [3]string{"client credentials", "clientCredentials", "clientPolicy"})
		if q.parts["ExtlClntAppGlobalOauthSettings"] == nil || q.parts["ExtlClntAppOauthConfigurablePolicies"] == nil {
			return // one of the two files is kept elsewhere
		}
	}
	for _, p := range pairs {
		settings, policy := q.flag(p[1]), q.flag(p[2])
		if q.Kind == KindConnectedApp && (settings == Unknown || policy == Unknown) {
			continue // the file was retrieved before API 60.0
		}
		if (settings == On) != (policy == On) {
			q.find(p[2], "%s is %s in the settings and %s in the policies", p[0], onOff(settings), onOff(policy))
		}
	}
}

func onOff(f Flag) string {
	if f == On {
		return "on"
	}
	return "off"
}

func checkRelaxation(q *question) {
	switch relaxation := strings.ToUpper(q.text("ipRelaxation")); relaxation {
	case "BYPASS", "BYPASS_2FACTOR":
		if q.need("ipRanges", "trusted IP ranges") && len(q.all("ipRanges")) == 0 {
			q.find("ipRelaxation", "IP restrictions are relaxed, and no addresses are listed")
			q.note("value", relaxation)
		}
	case "ENFORCE_RELAXREFRESH":
		q.findAt(levelNote, "ipRelaxation", "IP restrictions are relaxed for refresh tokens")
	case "":
		if q.oauth() {
			q.missing("IP restrictions")
		}
	}
}

func checkRanges(q *question) {
	for _, e := range q.all("ipRanges") {
		start, end := "start", "end"
		if q.Kind == KindECA {
			start, end = "startIpAddress", "endIpAddress"
		}
		from, to := e.Child(start), e.Child(end)
		if from == nil || to == nil {
			continue
		}
		a, errA := netip.ParseAddr(strings.TrimSpace(from.Text))
		b, errB := netip.ParseAddr(strings.TrimSpace(to.Text))
		if errA != nil || errB != nil {
			continue
		}
		a, b = a.Unmap(), b.Unmap()
		if a.Is4() == b.Is4() && isWide(a, b) {
			network := "/16"
			if a.Is6() {
				network = "/64"
			}
			q.findElement(e, "the range %s to %s is wider than a %s", a, b, network)
		}
	}
}

// isWide counts in numbers that hold IPv6; there a /64 is one network.
func isWide(a, b netip.Addr) bool {
	number := func(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }
	limit := big.NewInt(wideRange)
	if a.Is6() {
		limit.Lsh(big.NewInt(1), 64)
	}
	size := new(big.Int).Sub(number(b), number(a))
	return size.Cmp(limit) >= 0
}

// eachCallback asks about every callback; u is nil for what is no URL.
func eachCallback(ask func(q *question, raw string, u *url.URL)) func(*question) {
	return func(q *question) {
		for _, raw := range q.list("callbacks") {
			ask(q, raw, parseCallback(raw))
		}
	}
}

// parseCallback returns nil for what is no URL. A wildcard in the place of a
// port is met, and taken by orgs; a URL has numbers there.
func parseCallback(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		u, err = url.Parse(strings.Replace(raw, ":*", "", 1))
	}
	if err != nil {
		return nil
	}
	return u
}

// isDevelopment tells hosts that production does not have.
func isDevelopment(host string) bool {
	host = strings.ToLower(host)
	return !loopback(host) && slices.ContainsFunc(developmentHosts, func(h string) bool { return strings.HasSuffix("."+host, h) }) ||
		slices.ContainsFunc(catchers, func(c string) bool { return strings.Contains(host, c) })
}

var loopbackWildcard = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9*]+)?(/.*)?$`)
})

// isDefault tells Salesforce's own landing pages.
func isDefault(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && slices.Contains(defaultCallbacks, u.Path) &&
		(strings.HasSuffix(u.Hostname(), ".salesforce.com") || strings.HasSuffix(u.Hostname(), ".force.com"))
}

func checkTLS(q *question) {
	q.need("callbacks", "callbacks")
	for _, raw := range q.list("callbacks") {
		switch u := parseCallback(raw); {
		case u == nil || u.Scheme == "":
			q.missing("callbacks") // it begins with a variable, or is junk
		case u.Scheme == "http" && !loopback(u.Hostname()):
			q.find("callbacks", "the callback %s is not https", raw)
		}
	}
}

func checkMixed(q *question) {
	local, remote := "", ""
	for _, raw := range q.list("callbacks") {
		u := parseCallback(raw)
		switch {
		case u == nil || u.Host == "":
		case loopback(u.Hostname()):
			local = raw
		case u.Scheme == "https" && !isDefault(raw):
			remote = raw
		}
	}
	if local != "" && remote != "" {
		q.find("callbacks", "callbacks on the user's own machine and on %s", remote)
		q.note("local", local)
	}
}

func checkCertificates(q *question) {
	q.need("certificate", "certificate")
	found := q.certificates()
	for _, name := range []string{"certificate", "samlCertificate", "samlEncryptionCert"} {
		c, ok := found[name]
		if !ok || placeholder(q.text(name)) {
			continue
		}
		if c.err != nil {
			q.find(name, "the certificate cannot be read: %s", c.err)
			continue
		}
		judgeCertificate(q, name, c)
	}
}

func judgeCertificate(q *question, name string, c certificate) {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	dates := fmt.Sprintf("valid from %s to %s", day(c.NotBefore), day(c.NotAfter))
	left := c.NotAfter.Sub(q.now)
	switch {
	case left < 0:
		q.findAt(levelError, name, "the certificate has expired: %s", dates)
	case left < days(q.inventory.Limits.CertificateErrorDays):
		q.findAt(levelError, name, "the certificate expires in %d days: %s", int(left.Hours()/24), dates)
	case left < days(q.inventory.Limits.CertificateDays):
		q.find(name, "the certificate expires in %d days: %s", int(left.Hours()/24), dates)
	case q.now.Before(c.NotBefore):
		q.find(name, "the certificate is not valid yet: %s", dates)
	case c.NotAfter.Sub(c.NotBefore) > certTooLong:
		q.findAt(levelNote, name, "the certificate lasts for more than ten years: %s", dates)
	}
	if bits := spec.KeyBits(c.Certificate); bits > 0 && bits < minKeyBits {
		q.find(name, "the certificate's RSA key has %d bits", bits)
	}
	if a := c.SignatureAlgorithm.String(); strings.Contains(a, "SHA1") || strings.Contains(a, "MD5") {
		q.find(name, "the certificate is signed with %s", a)
	}
}

// findElement answers yes and points at an element.
func (q *question) findElement(e *metadata.Element, format string, args ...any) {
	q.find("", format, args...)
	if e == nil {
		return
	}
	q.note("element", e.Name)
	q.point(e.Pos)
}

func join(list []string) string { return strings.Join(list, ", ") }

// checkRunAs looks at the user that client credentials log in as.
func checkRunAs(q *question) {
	name := q.text("clientCredentialsUser")
	if q.inventory.evidence == nil || placeholder(name) {
		return
	}
	if !q.inventory.read(SrcRunAs) {
		q.missing("the user that it runs as")
		return
	}
	rows := q.inventory.evidence.Tables[SrcRunAs]
	i := slices.IndexFunc(rows, func(r Row) bool { return strings.EqualFold(r["Username"], name) })
	switch {
	case i < 0:
		q.find("clientCredentialsUser", "the user %s is not in the org", name)
	case rows[i]["IsActive"] == "false":
		q.find("clientCredentialsUser", "the user %s is not active", name)
	case rows[i]["admin"] == "true":
		q.findAt(levelWarning, "clientCredentialsUser", "the user %s may modify all data", name)
	case rows[i]["apiOnly"] == "false":
		q.findAt(levelWarning, "clientCredentialsUser", "the user %s is not an API-only user", name)
	}
}
