package convert

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Words of refresh token policies, which a Connected App writes as one text
// such as "specific_lifetime:90:DAYS".
var (
	refreshWords = map[string]string{"infinite": "Infinite", "zero": "Zero"}
	refreshSpans = map[string]string{"specific_lifetime": "SpecificLifetime", "specific_inactivity": "SpecificInactivity"}
	refreshUnits = map[string]string{"HOURS": "Hours", "HOUR": "Hours", "DAYS": "Days", "DAY": "Days", "MONTHS": "Months", "MONTH": "Months"}
	unitDays     = map[string]int{"Days": 1, "Months": 30}
)

// maxIdleDays is how long a refresh token may be idle once the limit is enforced.
const maxIdleDays = 30

func refreshPolicy(c *conversion, r *Row, leaves []*leaf) {
	via(func(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
		kind, period, unit, why := parseRefresh(l.text())
		if why != "" {
			c.warn(l, "ECA712", "set policies.refreshToken", "%s: its refresh token policy %q is lost: %s", c.ca.Name, l.text(), why)
			return "", why + "; set policies.refreshToken, or the org's default holds", false
		}
		if period != "" {
			c.set(r.To[1], period)
			c.set(r.To[2], unit)
		}
		return kind, idleNote(kind, period, unit), true
	})(c, &Row{From: r.From, To: r.To[:1], How: r.How, Rule: r.Rule, Absent: r.Absent, Why: r.Why}, leaves[:1])
	if l := leaves[0]; l.field.How == Transformed && c.written(r.To[1]) != "" {
		l.field.To = strings.Join(r.To, ", ")
		l.field.Value = strings.Join([]string{l.field.Value, c.written(r.To[1]), c.written(r.To[2])}, ", ")
	}
	for _, l := range leaves[1:] {
		c.lose(l, r, "it stands there more than once, and the first counts")
	}
}

// parseRefresh reads infinite, zero, specific_lifetime:N:UNIT and
// specific_inactivity:N:UNIT.
func parseRefresh(s string) (kind, period, unit, why string) {
	parts := strings.Split(s, ":")
	word := strings.ToLower(strings.TrimSpace(parts[0]))
	if k := refreshWords[word]; k != "" && len(parts) == 1 {
		return k, "", "", ""
	}
	kind = refreshSpans[word]
	if kind == "" || len(parts) != 3 {
		return "", "", "", "it is not infinite, zero, specific_lifetime:N:UNIT or specific_inactivity:N:UNIT"
	}
	n, err := strconv.ParseInt(strings.TrimSpace(parts[1]), 10, 32)
	if err != nil || n < 0 {
		return "", "", "", fmt.Sprintf("%q is not a number", parts[1])
	}
	if unit = refreshUnits[strings.ToUpper(strings.TrimSpace(parts[2]))]; unit == "" {
		return "", "", "", fmt.Sprintf("an External Client App counts in hours, days and months, and not in %s", strings.ToLower(parts[2]))
	}
	return kind, strconv.FormatInt(n, 10), unit, ""
}

// idleNote says what the limit of idle tokens makes of a policy.
func idleNote(kind, period, unit string) string {
	n, _ := strconv.Atoi(period) // parseRefresh has seen it; "" is 0
	when := metadata.FindDeadline("idle-refresh").When()
	switch {
	case kind == "Infinite":
		return fmt.Sprintf("from the day on which idle tokens are limited (%s) it acts as 30 days of inactivity", when)
	case kind == "SpecificInactivity" && n*unitDays[unit] > maxIdleDays:
		return fmt.Sprintf("idle tokens are limited to %d days (%s): it acts as that", maxIdleDays, when)
	}
	return ""
}

// maxCallbacks is how many characters Setup takes for all callback URLs.
const maxCallbacks = 2000

// callbacks carries the addresses over. Setup's migration copies them; else
// those stay behind that lint would refuse.
func callbacks(c *conversion, r *Row, leaves []*leaf) {
	var dropped []string
	via(func(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
		var kept []string
		for _, raw := range spec.SplitLines(l.text()) {
			if why := spec.RefusedCallback(raw); why != "" && !c.options.LikeSetup {
				dropped = append(dropped, raw+" stays behind: "+why)
				continue
			}
			kept = append(kept, raw)
		}
		value, note = strings.Join(kept, "\n"), strings.Join(dropped, "; ")
		if n := utf8.RuneCountInString(value); n > maxCallbacks && !c.options.LikeSetup {
			c.refuse("ECA706", "split the app, or shorten the URLs", "the callback URLs of %s have %d characters, and %d are allowed", c.ca.Name, n, maxCallbacks)
		}
		if value == "" {
			return "", note, false
		}
		return value, note, true
	})(c, r, leaves)
	for _, d := range dropped {
		c.warn(leaves[0], "ECA713", "register an address that is https, whole and without a fragment", "%s: the callback %s", c.ca.Name, d)
	}
	if c.written(r.To[0]) == "" && len(dropped) > 0 {
		c.added(r.From, r.To, c.defaultTo(r), "no address could stay; "+r.Why)
	}
}

// startURL makes a start page absolute and puts it where the app's kind has it.
func startURL(c *conversion, r *Row, leaves []*leaf) {
	address, page, to := tAccess+".startUrl", "Custom", r.To[1:]
	if c.oauth {
		address, page, to = tPolicy+".startUrl", "OAuth", r.To[:2]
	}
	via(func(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
		value, note = c.absolute(l.text())
		if value == "" {
			c.startLost(l, note)
		}
		return value, note, value != ""
	})(c, &Row{From: r.From, To: []string{address}, How: r.How, Rule: r.Rule}, leaves)
	if l := leaves[0]; l.field.How == Transformed {
		c.set(tAccess+".startPage", page)
		l.field.To = strings.Join(c.said(to), ", ")
	}
}

// startLost says that a start page could not be carried over; an app that is
// nothing but a start page is refused then.
func (c *conversion) startLost(l *leaf, why string) {
	const hint = "--my-domain https://NAME.my.salesforce.com, or --target-org"
	if c.oauth || c.saml || c.canvas {
		c.warn(l, "ECA710", hint, "%s: its start URL %s is lost: %s", c.ca.Name, l.text(), why)
		return
	}
	c.refuse("ECA707", hint, "%s is a link to %s, and nothing is left of it: %s", c.ca.Name, l.text(), why)
}

// absolute makes an address absolute, or says why it cannot be.
func (c *conversion) absolute(raw string) (address, note string) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", "it is not a URL"
	case u.IsAbs():
		return raw, ""
	case strings.HasPrefix(raw, "//"):
		return "https:" + raw, "made absolute"
	case c.options.MyDomain == "":
		return "", "it is relative, and an External Client App needs an absolute one: give My Domain"
	}
	return c.options.MyDomain + "/" + strings.TrimPrefix(raw, "/"), "made absolute with My Domain"
}

// MyDomain brings an org's address into the form that Options take: a name alone
// is that of a production org.
func MyDomain(s string) (string, error) {
	address := strings.TrimRight(strings.TrimSpace(s), "/")
	switch {
	case address == "":
		return "", nil
	case !strings.ContainsAny(address, ".:/"):
		address = "https://" + address + ".my.salesforce.com"
	case !strings.Contains(address, "://"):
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && !spec.LoopbackCallback(address) || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not the address of an org, such as https://acme.my.salesforce.com", s)
	}
	return address, nil
}

// scopes joins the scopes, each by its name in External Client Apps.
func scopes(c *conversion, r *Row, leaves []*leaf) {
	var tokens []string
	known := spec.Scopes(c.table)
	for _, l := range leaves {
		i := slices.IndexFunc(known, func(s spec.Scope) bool { return s.ConnectedApp == l.text() || s.Token == l.text() })
		switch {
		case l.text() == "":
			c.leaveOut(l, r, "it is empty: nothing is said")
		case c.room(r.To) != "":
			c.lose(l, r, c.room(r.To))
		case i < 0:
			c.lose(l, r, "ecactl does not know this scope: if it is newer than this ecactl, add it in Setup")
		case !known[i].Has(c.target):
			c.lose(l, r, tooNew("the scope "+l.text(), known[i].Span, c.target))
		case slices.Contains(tokens, known[i].Token):
			c.leaveOut(l, r, "it is in the list already")
		default:
			tokens = append(tokens, known[i].Token)
			c.account(l, r, Transformed, r.To, known[i].Token, "")
		}
	}
	switch {
	case c.room(r.To) != "":
	case len(tokens) == 0:
		c.added(r.From, r.To, c.defaultTo(r), r.Why)
	default:
		var ordered []string
		for _, s := range known {
			if slices.Contains(tokens, s.Token) {
				ordered = append(ordered, s.Token)
			}
		}
		c.set(r.To[0], strings.Join(ordered, ", "))
	}
}

// places carries over those values that External Client Apps document.
func places(allowed []string) carrier {
	return func(c *conversion, r *Row, leaves []*leaf) {
		for _, l := range leaves {
			switch {
			case l.text() == "":
				c.leaveOut(l, r, "it is empty: nothing is said")
			case c.room(r.To) != "":
				c.lose(l, r, c.room(r.To))
			case !slices.Contains(allowed, l.text()):
				c.lose(l, r, "External Client Apps do not have it: they have "+strings.Join(allowed, ", "))
			default:
				c.add(r.To[0], &metadata.Element{Text: l.text()})
				c.account(l, r, Renamed, r.To, l.text(), "")
			}
		}
	}
}

// jwtCertificate carries the certificate that is the switch of the JWT bearer
// flow.
func jwtCertificate(c *conversion, r *Row, leaves []*leaf) {
	via(certificate)(c, r, leaves)
	if l := leaves[0]; l.field.To != "" && l.field.Note == "" {
		l.field.Note = "it switches the JWT bearer flow on"
	}
}

func samlCertificate(c *conversion, r *Row, leaves []*leaf) {
	if r.From == "samlConfig.encryptionCertificate" && !slices.Contains([]string{"AES_128", "AES_256"}, c.text("samlConfig.encryptionType")) {
		lose("it goes with a type of encryption, and there is none that External Client Apps have: set saml.encryption")(c, r, leaves)
		return
	}
	via(certificate)(c, r, leaves)
}

// certificate is the form of a certificate. What is none is not carried on: it
// may be a private key.
func certificate(c *conversion, _ *Row, l *leaf) (value, note string, ok bool) {
	cert, err := spec.ParseCertificate([]byte(l.text()))
	if err != nil {
		c.warn(l, "ECA714", "export the certificate anew and set the key in the spec", "%s: %s cannot be used: %s", c.ca.Name, l.label, err)
		return "", fmt.Sprintf("it is no certificate (%s): export it anew and set the key in the spec", err), false
	}
	day := cert.NotAfter.UTC().Format(time.DateOnly)
	if now := c.options.Now; !now.IsZero() && now.After(cert.NotAfter) {
		note = "it has expired, on " + day + ": make a new one and give both ends time to change"
	}
	return spec.FormatCertificate(cert), note, true
}
