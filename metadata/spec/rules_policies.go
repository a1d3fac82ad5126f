package spec

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// policyRules are those about policies: who may use an app, for how long, and from where.
var policyRules = []Rule{
	{
		Entry: diag.Entry{
			Code: "ECA114", Level: diag.Warning, Title: "JWT bearer without pre-authorised users",
			Why: "A server has nobody who could approve the app: \"user hasn't approved this consumer\".",
			Fix: "set policies.permittedUsers: admin-approved, and permissionSets or profiles",
			Bad: "oauth: {flows: {jwtBearer: {certificate: CERT}}}\npolicies: {permittedUsers: self-authorize, permissionSets: null}", Good: "oauth: {flows: {jwtBearer: {certificate: CERT}}}",
		},
		run: func(c *checking) {
			if c.text(tGlobal+".certificate") != "" && !c.elsewhere(tPolicy) && !c.adminApproved() {
				c.report(c.where(tPolicy+".permittedUsersPolicyType"), "the JWT bearer flow without pre-authorised users")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA115", Title: "admin-approved with nobody assigned",
			Why: "Nobody can use the app: every login is refused until a permission set or profile is assigned.",
			Fix: "set policies.permissionSets or policies.profiles",
			Bad: "policies: {permittedUsers: admin-approved, permissionSets: null}", Good: "policies: {permittedUsers: admin-approved, permissionSets: null, profiles: [System Administrator]}",
		},
		run: func(c *checking) {
			nobody := c.text(tPolicy+".commaSeparatedPermissionSet") == "" && c.text(tPolicy+".commaSeparatedProfile") == ""
			if c.adminApproved() && nobody {
				c.report(c.where(tPolicy+".permittedUsersPolicyType"), "users must be approved by an admin, and no permission set or profile is")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA119", Title: "refresh token lifetime without a unit",
			Why: "90 could be hours, days or months, and metadata wants the unit in an element of its own.",
			Fix: "write 90d; h is hours, d days, mo months",
			Bad: "policies: {refreshToken: {lifetime: 90}}", Good: "policies: {refreshToken: {lifetime: 90 days}}",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA120", Level: diag.Warning, Title: "until-revoked together with the 30-day idle limit",
			Why: "Under the limit \"until revoked\" acts as 30 days of inactivity, and metadata is not corrected by itself. The limit is enforced in " + metadata.FindDeadline("idle-refresh").When() + ".",
			Fix: "say what happens: policies.refreshToken: {inactivity: 30d}",
			Bad: "metadataApiVersion: 67.0\noauth: {security: {limitIdleRefreshToken: true}}\npolicies: {refreshToken: until-revoked}", Good: "metadataApiVersion: 67.0\noauth: {security: {limitIdleRefreshToken: true}}\npolicies: {refreshToken: {inactivity: 30d}}",
		},
		run: func(c *checking) {
			f := tPolicy + ".refreshTokenPolicyType"
			if c.is(f, "Infinite") && c.is(tGlobal+".isEnforceRefreshTokenTTL", "true") {
				c.report(c.where(f), "refresh tokens valid until revoked, and a limit of 30 idle days (enforced: %s)", metadata.FindDeadline("idle-refresh").When())
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA124", Title: "too many IP ranges",
			Why: "An app has 128 ranges at most; the allowlist for refresh tokens 256 addresses in all.",
			Fix: "join neighbouring ranges",
			Bad: "metadataApiVersion: 67.0\noauth: {security: {refreshTokenIpRanges: [{start: 10.0.0.0, end: 10.0.1.0}]}}", Good: "metadataApiVersion: 67.0\noauth: {security: {refreshTokenIpRanges: [{start: 10.0.0.0, end: 10.0.0.255}]}}",
		},
		run: checkRangeCount,
	},
	{
		Entry: diag.Entry{
			Code: "ECA126", Title: "IP range that ends before it starts",
			Why: "It holds no address.",
			Fix: "swap start and end",
			Bad: "oauth: {trustedIpRanges: [{start: 10.0.0.10, end: 10.0.0.9}]}", Good: "oauth: {trustedIpRanges: [{start: 10.0.0.9, end: 10.0.0.10}, {start: 10.0.0.9, end: 10.0.0.9}]}",
		},
		run: eachRange(func(c *checking, r addressRange) {
			if r.err == "" && r.end.Less(r.start) {
				c.report(r.pos, "the range %s to %s ends before it starts", r.start, r.end)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA127", Title: "IP range that is none",
			Why: "Both ends must be addresses, of one kind.",
			Fix: "write IPv4 or IPv6 addresses; a single one is a range that ends where it starts",
			Bad: "oauth: {trustedIpRanges: [{start: 10.0.0.256, end: 10.0.1.0}]}", Good: "oauth: {trustedIpRanges: [{start: \"2001:db8::1\", end: \"2001:db8::ff\"}]}",
		},
		run: eachRange(func(c *checking, r addressRange) {
			if r.err != "" {
				c.report(r.pos, "%s", r.err)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA144", Title: "start page without its address",
			Why: "A custom start page is an absolute URL; a Connected App's may be relative, and an External Client App's not.",
			Fix: "set policies.start.url to an absolute URL, and start.page: custom",
			Bad: "policies: {start: {page: custom, url: /apex/Start}}", Good: "policies: {start: {page: custom, url: https://example.com/start}}",
		},
		run: func(c *checking) {
			page, address := tApply+".startPage", tApply+".startUrl"
			u, err := url.Parse(c.text(address))
			switch {
			case c.is(page, "Custom") && c.text(address) == "":
				c.report(c.where(page), "a custom start page without start.url")
			case c.text(address) != "" && (err != nil || !u.IsAbs()):
				c.report(c.where(address), "the start page %s is not an absolute URL", c.text(address))
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA148", Level: diag.Warning, Title: "high assurance for a server",
			Why: "API logins without an approval step are blocked where a high assurance session is required.",
			Fix: "set policies.session.level: standard",
			Bad: "oauth: {flows: {jwtBearer: {certificate: CERT}}}\npolicies: {session: {level: high-assurance, action: block}}", Good: "policies: {session: {level: high-assurance, action: block}}",
		},
		run: func(c *checking) {
			f := tPolicy + ".requiredSessionLevel"
			server := c.text(tGlobal+".certificate") != "" || c.is(tPolicy+".isClientCredentialsFlowEnabled", "true")
			if c.is(f, "HIGH_ASSURANCE") && server {
				c.report(c.where(f), "a high assurance session, and a flow in which no user is there to raise it")
			}
		},
	},
}

type addressRange struct {
	start, end netip.Addr
	err        string
	pos        diag.Pos
	field      string
}

var rangeLists = []string{tOauth + ".trustedIpRanges", tSecure + ".tokenIpRanges"}

func (c *checking) ranges(field string) []addressRange {
	var list []addressRange
	for _, e := range c.elements(field) {
		r := addressRange{pos: e.Pos, field: field}
		for _, end := range []struct {
			name string
			to   *netip.Addr
		}{{"startIpAddress", &r.start}, {"endIpAddress", &r.end}} {
			child := e.Child(end.name)
			if child == nil {
				continue
			}
			a, err := netip.ParseAddr(strings.TrimSpace(child.Text))
			if err != nil {
				r.err = fmt.Sprintf("%q is not an IP address", child.Text)
			}
			*end.to = a
		}
		if r.err == "" && r.start.Is4() != r.end.Is4() {
			r.err = fmt.Sprintf("%s and %s are addresses of two kinds", r.start, r.end)
		}
		list = append(list, r)
	}
	return list
}

func eachRange(check func(c *checking, r addressRange)) func(*checking) {
	return func(c *checking) {
		for _, f := range rangeLists {
			for _, r := range c.ranges(f) {
				check(c, r)
			}
		}
	}
}

func checkRangeCount(c *checking) {
	for _, f := range rangeLists {
		if n := len(c.elements(f)); n > maxRanges {
			c.report(c.where(f), "%d IP ranges, and %d are allowed", n, maxRanges)
		}
	}
	total := 0
	for _, r := range c.ranges(tSecure + ".tokenIpRanges") {
		for a := r.start; r.err == "" && a.IsValid() && !r.end.Less(a) && total <= maxAddresses; a = a.Next() {
			total++
		}
	}
	if f := tSecure + ".tokenIpRanges"; total > maxAddresses {
		c.report(c.where(f), "the allowlist for refresh tokens has more than %d addresses", maxAddresses)
	}
}
