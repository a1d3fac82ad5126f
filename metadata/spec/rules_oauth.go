package spec

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata/diag"
)

// callbacksAndScopes are those about callbacks and scopes.
var callbacksAndScopes = []Rule{
	{
		Entry: diag.Entry{
			Code: "ECA102", Title: "OAuth without a callback URL",
			Why: "The platform asks for one even where no flow redirects, such as client credentials.",
			Fix: "set oauth.callbackUrls; https://localhost serves where nothing is called",
			Bad: "oauth: {callbackUrls: null, flows: {clientCredentials: {enabled: true, runAs: a@example.com}}}", Good: "oauth: {callbackUrls: [https://localhost]}",
		},
		run: func(c *checking) {
			if f := tGlobal + ".callbackUrl"; c.hasOAuth() && !c.elsewhere(tGlobal) && c.text(f) == "" {
				c.report(c.where(f), "OAuth without a callback URL")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA103", Title: "OAuth without scopes",
			Why: "Setup requires at least one scope, and a token without one can do nothing.",
			Fix: "set oauth.scopes, such as [api, refresh_token]",
			Bad: "oauth: {scopes: []}", Good: "oauth: {scopes: [id]}",
		},
		run: func(c *checking) {
			if f := tOauth + ".commaSeparatedOauthScopes"; c.hasOAuth() && !c.elsewhere(tOauth) && len(c.scopes()) == 0 {
				c.report(c.where(f), "OAuth without scopes")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA104", Title: "more than 2,000 characters of callback URLs",
			Why: "Setup takes 2,000 characters for all callback URLs together, line breaks included.",
			Fix: "split the app, or shorten the URLs",
			Bad: "oauth: {callbackUrls: [\"https://example.com/" + strings.Repeat("a", 1981) + "\"]}", Good: "oauth: {callbackUrls: [\"https://example.com/" + strings.Repeat("a", 1980) + "\"]}",
		},
		run: func(c *checking) {
			f := tGlobal + ".callbackUrl"
			if n := utf8.RuneCountInString(c.text(f)); n > maxCallbacks {
				c.report(c.where(f), "the callback URLs have %d characters, and %d are allowed", n, maxCallbacks)
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA105", Title: "callback without TLS",
			Why: "A code sent over http can be read on the way; the platform takes http for loopback addresses alone.",
			Fix: "use https, or a scheme of its own for a native app",
			Bad: "oauth: {callbackUrls: [http://localhost.example.com/cb]}", Good: "oauth: {callbackUrls: [http://localhost:1717/cb, \"http://127.0.0.1/cb\", myapp://cb]}",
		},
		run: eachCallback(func(c *checking, raw string, u *url.URL, pos diag.Pos) {
			if u != nil && strings.EqualFold(u.Scheme, "http") && !isLoopback(u.Hostname()) {
				c.report(pos, "the callback %s is not https", raw)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA106", Title: "callback with a wildcard",
			Why: "A redirect address is compared as a whole, so a wildcard matches nothing that was meant; for a loopback port it is allowed.",
			Fix: "list the addresses one by one",
			Bad: "oauth: {callbackUrls: [\"https://*.example.com/cb\"]}", Good: "oauth: {callbackUrls: [\"http://localhost:*/cb\"]}",
		},
		run: eachCallback(func(c *checking, raw string, _ *url.URL, pos diag.Pos) {
			if strings.Contains(raw, "*") && !isLoopback(hostOf(raw)) {
				c.report(pos, "the callback %s has a wildcard", raw)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA107", Title: "callback with a fragment",
			Why: "OAuth forbids a fragment in a redirect address (RFC 6749, 3.1.2).",
			Fix: "delete # and what follows",
			Bad: "oauth: {callbackUrls: [\"https://example.com/app#cb\"]}", Good: "oauth: {callbackUrls: [\"https://example.com/app?x=%23cb\"]}",
		},
		run: eachCallback(func(c *checking, raw string, _ *url.URL, pos diag.Pos) {
			if strings.Contains(raw, "#") {
				c.report(pos, "the callback %s has a fragment", raw)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA108", Level: diag.Warning, Title: "callback that is no address",
			Why: "An address without a host, or with blanks, is saved and matches no redirect.",
			Fix: "write a whole address, such as https://example.com/callback",
			Bad: "oauth: {callbackUrls: [\"https:example.com\"]}", Good: "oauth: {callbackUrls: [\"com.example.app:/cb\"]}",
		},
		run: eachCallback(func(c *checking, raw string, u *url.URL, pos diag.Pos) {
			bad := u == nil || u.Scheme == "" || strings.ContainsAny(raw, " \t,") ||
				(u.Scheme == "http" || u.Scheme == "https") && u.Host == ""
			if bad && !strings.Contains(raw, "*") {
				c.report(pos, "the callback %s is not an absolute URL", raw)
			}
		}),
	},
	{
		Entry: diag.Entry{
			Code: "ECA109", Title: "unknown scope",
			Why: "A deploy stops on it: \"There's a problem with your scope(s)\".",
			Fix: "ecactl explain scopes lists the scopes; a custom scope goes under customScopes",
			Bad: "oauth: {scopes: [apis]}", Good: "oauth: {scopes: [API, RefreshToken, \"Manage user data via Web browsers (web)\"]}",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA110", Title: "a scope twice",
			Why: "Two names of one scope hide what an app may do.",
			Fix: "delete one of the two",
			Bad: "oauth: {scopes: [api, Api]}", Good: "oauth: {scopes: [refresh_token, offline_access]}",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA111", Level: diag.Warning, Title: "a scope that ecactl does not know",
			Why: "It came from a file. It may be newer than this ecactl, or a name that metadata does not take: tokens are written Api, not api.",
			Fix: "write the scopes under oauth.scopes, where their other names are understood",
			Bad: "oauth: {scopes: null}\nmetadata: {ExtlClntAppOauthSettings: {commaSeparatedOauthScopes: \"api, RefreshToken\"}}", Good: "oauth: {scopes: null}\nmetadata: {ExtlClntAppOauthSettings: {commaSeparatedOauthScopes: \"Api,RefreshToken\"}}",
		},
		run: func(c *checking) {
			for _, token := range c.scopes() {
				if _, ok := scopeByToken(c.known, token); !ok {
					c.report(c.where(tOauth+".commaSeparatedOauthScopes"), "%q is not the metadata name of a scope that ecactl knows", token)
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA133", Level: diag.Warning, Title: "scope full",
			Why: "Full gives a token everything that its user may do, and still no refresh token.",
			Fix: "name what the client needs: api, web, refresh_token",
			Bad: "oauth: {scopes: [full, refresh_token]}", Good: "oauth: {scopes: [api, refresh_token]}",
		},
		run: func(c *checking) {
			if c.hasScope("Full") {
				c.report(c.where(tOauth+".commaSeparatedOauthScopes"), "the scope full")
			}
		},
	},
}

// isLoopback tells names and addresses of the machine itself.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// hostOf finds the host of an address that may hold a wildcard, so that
// net/url would refuse it.
func hostOf(raw string) string {
	_, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return ""
	}
	rest = rest[strings.LastIndexByte(rest[:endOfAuthority(rest)], '@')+1:]
	host := rest[:endOfAuthority(rest)]
	if strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host[1:], "]")
		return host
	}
	host, _, _ = strings.Cut(host, ":")
	return host
}

func endOfAuthority(s string) int {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return i
	}
	return len(s)
}

// eachCallback runs a check over the callback URLs; u is nil for what net/url
// cannot parse.
func eachCallback(check func(c *checking, raw string, u *url.URL, pos diag.Pos)) func(*checking) {
	return func(c *checking) {
		f := tGlobal + ".callbackUrl"
		for _, raw := range SplitLines(c.text(f)) {
			u, err := url.Parse(raw)
			if err != nil {
				u = nil
			}
			check(c, raw, u, c.where(f))
		}
	}
}
