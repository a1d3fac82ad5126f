package spec

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// Limits of the platform. Sources: the Metadata API guide (ranges, attributes),
// Setup (callbacks, label), help on the refresh token allowlist (addresses).
const (
	maxCallbacks  = 2000
	maxLabel      = 80
	maxRanges     = 128
	maxAttributes = 128
	maxAddresses  = 256
	minKeyBits    = 2048
	soon          = 30 * 24 * time.Hour
)

// jwtMinutes are the timeouts that JWT access tokens take; the longer ones came
// with API 65.0.
var (
	jwtMinutes     = []int{1, 5, 10, 15, 30}
	jwtMinutesLong = []int{60, 90, 120, 240, 480, 720}
)

const jwtMinutesLongSince metadata.Version = 65

// canvasPlaces are the locations that the documentation lists for External
// Client Apps; Connected Apps have more.
var canvasPlaces = []string{"Aura", "ChatterFeed", "MobileNav", "None", "PageLayout", "Publisher", "Visualforce"}

// Rules are the checks. A code is never used again, even after its rule is
// gone. Rules without a run are asked while a spec is read; they stand here
// because they are documented in the same way.
var Rules = []Rule{
	{
		Entry: diag.Entry{
			Code: "ECA101", Title: "Packaged in a sandbox",
			Why: "A sandbox cannot own a packaged app: Setup there offers Local alone.",
			Fix: "set distribution: Local, at least in the sandbox's environment",
			Bad: "distribution: Packaged", Good: "distribution: Local",
		},
		Sandbox: true,
		run: func(c *checking) {
			if f := tApp + ".distributionState"; c.is(f, "Packaged") {
				c.report(c.where(f), "a sandbox cannot have a Packaged app")
			}
		},
	},
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
			Code: "ECA112", Title: "client credentials without a user",
			Why: "The flow logs in as a user whom the policies name; a deploy without one stops: \"Enter a valid execution user\".",
			Fix: "set oauth.flows.clientCredentials.runAs to the username of an API-only user",
			Bad: "oauth: {flows: {clientCredentials: {enabled: true}}}", Good: "oauth: {flows: {clientCredentials: {enabled: true, runAs: integration@example.com}}}",
		},
		run: func(c *checking) {
			settings, policy := tGlobal+".isClientCredentialsFlowEnabled", tPolicy+".isClientCredentialsFlowEnabled"
			noPolicy := c.is(settings, "true") && c.part(tPolicy) == nil && !c.elsewhere(tPolicy)
			if (c.is(policy, "true") || noPolicy) && c.text(tPolicy+".clientCredentialsFlowUser") == "" {
				at := policy
				if noPolicy {
					at = settings
				}
				c.report(c.where(at), "the client credentials flow without a user to run as")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA113", Title: "JWT bearer without the refresh_token scope",
			Why: "Logins fail: \"refresh_token scope is required and the connected app should be installed and preauthorized\".",
			Fix: "add refresh_token to oauth.scopes",
			Bad: "oauth: {scopes: [api], flows: {jwtBearer: {certificate: CERT}}}\npolicies: {permittedUsers: self-authorize, permissionSets: null}", Good: "oauth: {scopes: [api, offline_access], flows: {jwtBearer: {certificate: CERT}}}",
		},
		run: func(c *checking) {
			if c.text(tGlobal+".certificate") == "" || c.elsewhere(tOauth) || c.hasScope("RefreshToken", "OfflineAccess") {
				return
			}
			level := diag.Error
			if c.adminApproved() {
				level = diag.Warning
			}
			c.reportAt(level, c.where(tOauth+".commaSeparatedOauthScopes"), "the JWT bearer flow without the refresh_token scope")
		},
	},
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
			Code: "ECA116", Title: "guest flow without JWT access tokens",
			Why: "Guest users get JWT access tokens alone; a deploy without them stops: \"Invalid plugin settings\".",
			Fix: "set oauth.security.jwtAccessTokens: true",
			Bad: "oauth: {flows: {authorizationCodeCredentials: {enabled: true, guest: true}}}", Good: "oauth: {flows: {authorizationCodeCredentials: {enabled: true, guest: true}}, security: {jwtAccessTokens: true}}",
		},
		run: func(c *checking) {
			if f := tPolicy + ".isGuestCodeCredFlowEnabled"; c.is(f, "true") && !c.elsewhere(tGlobal) && !c.is(tGlobal+".isNamedUserJwtEnabled", "true") {
				c.report(c.where(f), "the guest flow without JWT access tokens")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA117", Title: "JWT timeout that the platform does not offer",
			Why: "Only 1, 5, 10, 15 and 30 minutes are taken; from API 65.0 also 60, 90, 120, 240, 480 and 720.",
			Fix: "choose one of those",
			Bad: "oauth: {security: {jwtAccessTokens: true}}\npolicies: {namedUserJwt: {timeout: 20m}}", Good: "oauth: {security: {jwtAccessTokens: true}}\npolicies: {namedUserJwt: {timeout: 12h}}",
		},
		run: func(c *checking) {
			for _, f := range []string{tPolicy + ".namedUserJwtTimeout", tPolicy + ".guestJwtTimeout"} {
				m, err := strconv.Atoi(c.text(f))
				if err != nil {
					continue
				}
				long := c.built.Versions[tPolicy] >= jwtMinutesLongSince && slices.Contains(jwtMinutesLong, m)
				if !long && !slices.Contains(jwtMinutes, m) {
					c.report(c.where(f), "a JWT timeout of %d minutes is not offered", m)
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA118", Title: "JWT timeout without JWT access tokens",
			Why: "A deploy stops: \"Invalid plugin settings\".",
			Fix: "set oauth.security.jwtAccessTokens: true, or delete the timeout",
			Bad: "policies: {namedUserJwt: {timeout: 30m}}", Good: "oauth: {security: {jwtAccessTokens: true}}\npolicies: {namedUserJwt: {timeout: session}}",
		},
		run: func(c *checking) {
			if c.elsewhere(tGlobal) || c.is(tGlobal+".isNamedUserJwtEnabled", "true") {
				return
			}
			for _, who := range []string{"namedUser", "guest"} {
				f := tPolicy + "." + who + "JwtTimeout"
				level := diag.Error
				if c.element(f) == nil {
					// Setup's own migration writes the type without minutes,
					// so an org has taken this at least once.
					f, level = tPolicy+"."+who+"JwtSessionTimeoutType", diag.Warning
				}
				if c.element(f) != nil {
					c.reportAt(level, c.where(f), "a JWT timeout without JWT access tokens")
				}
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
			Code: "ECA121", Level: diag.Warning, Title: "device flow that ends on 30 November 2026",
			Why: "From " + metadata.FindDeadline("device-flow").When() + " the device flow works in Local apps with a localhost callback alone.",
			Fix: "keep the app Local and add a localhost callback, or use the web server flow with PKCE",
			Bad: "oauth: {callbackUrls: [https://localhost.example.com/cb], flows: {device: {enabled: true}}}", Good: "oauth: {callbackUrls: [https://example.com/cb, \"http://localhost:8080/cb\"], flows: {device: {enabled: true}}}",
		},
		run: func(c *checking) {
			f := tGlobal + ".isDeviceFlowEnabled"
			if !c.is(f, "true") {
				return
			}
			local := slices.ContainsFunc(SplitLines(c.text(tGlobal+".callbackUrl")), func(raw string) bool { return isLoopback(hostOf(raw)) })
			d := metadata.FindDeadline("device-flow")
			level := c.rule.Level
			if !c.now().IsZero() && !c.now().Before(d.Day()) {
				level = diag.Error
			}
			switch {
			case c.is(tApp+".distributionState", "Packaged"):
				c.reportAt(level, c.where(f), "the device flow of a Packaged app stops on %s", d.When())
			case !local:
				c.reportAt(level, c.where(f), "the device flow without a localhost callback stops on %s", d.When())
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA122", Title: "SAML in a Packaged app",
			Why: "A SAML app must be Local (Metadata API guide, ExtlClntAppSamlConfigurablePolicies).",
			Fix: "set distribution: Local",
			Bad: "distribution: Packaged\n" + samlExample, Good: "distribution: Local\n" + samlExample,
		},
		run: func(c *checking) {
			if f := tApp + ".distributionState"; c.part(tSaml) != nil && c.is(f, "Packaged") {
				c.report(c.where(f), "a SAML app cannot be Packaged")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA123", Title: "push with two platforms or none",
			Why: "An app has Apple's or Android's push, in one of the two blocks or as configLink, and service must name it.",
			Fix: "keep one of push.apple, push.android and push.configLink, and the service that goes with it",
			Bad: "push: {service: Android, android: {fcmProject: p}, apple: {environment: Sandbox}}", Good: "push: {service: Apple, apple: {environment: Sandbox}}",
		},
		run: checkPush,
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
			Code: "ECA125", Title: "too many custom attributes",
			Why: "An app has 128 custom attributes at most.",
			Fix: "delete those that no client reads",
			Bad: "oauth: {customAttributes: {" + numbered("a%d: User.Country", maxAttributes+1) + "}}", Good: "oauth: {customAttributes: {" + numbered("a%d: User.Country", maxAttributes) + "}}",
		},
		run: func(c *checking) {
			for _, f := range []string{tOauth + ".customAttributes", tPolicy + ".customAttributes", tSaml + ".customAttributes"} {
				if n := len(c.elements(f)); n > maxAttributes {
					c.report(c.where(f), "%d custom attributes, and %d are allowed", n, maxAttributes)
				}
			}
		},
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
			Code: "ECA128", Title: "one name for two apps",
			Why: "The second would overwrite the first. API names differ in more than case.",
			Fix: "give one of them another name",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA129", Title: "a name that Salesforce refuses",
			Why: "An API name has letters, digits and single underscores, begins with a letter, does not end in an underscore, and has 80 characters at most.",
			Fix: "rename the app or component",
			Bad: "name: Order__Sync_", Good: "name: O1_s",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA130", Level: diag.Warning, Title: "PKCE switched off",
			Why: "A code that is stolen can be redeemed by whoever has it. The org's default is on, and some orgs lock it on.",
			Fix: "set oauth.security.requirePkce: true",
			Bad: "oauth: {security: {requirePkce: false}}", Good: "oauth: {security: {requirePkce: true}}",
		},
		run: func(c *checking) {
			if f := tGlobal + ".isPkceRequired"; c.is(f, "false") {
				c.report(c.where(f), "PKCE is switched off")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA131", Level: diag.Warning, Title: "secret for the web server flow switched off",
			Why: "Right for a client that cannot keep a secret, and then with PKCE; wrong for a server.",
			Fix: "set oauth.security.requireSecretForWebServerFlow: true, unless the client is a browser or mobile app with PKCE",
			Bad: "oauth: {security: {requireSecretForWebServerFlow: false, requirePkce: false}}", Good: "oauth: {security: {requireSecretForWebServerFlow: true}}",
		},
		run: func(c *checking) {
			f := tGlobal + ".isConsumerSecretOptional"
			switch {
			case !c.is(f, "true"):
			case c.is(tGlobal+".isPkceRequired", "false"):
				c.report(c.where(f), "the web server flow asks for neither a secret nor PKCE")
			default:
				c.reportAt(diag.Note, c.where(f), "the web server flow asks for no secret")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA132", Level: diag.Warning, Title: "secret for the refresh token flow switched off",
			Why: "A stolen refresh token works without the secret. Right only for a client that has none.",
			Fix: "set oauth.security.requireSecretForRefreshToken: true",
			Bad: "oauth: {security: {requireSecretForRefreshToken: false}}", Good: "oauth: {security: {requireSecretForRefreshToken: true}}",
		},
		run: func(c *checking) {
			f := tGlobal + ".isSecretRequiredForRefreshToken"
			switch {
			case !c.is(f, "false"):
			case c.is(tGlobal+".isConsumerSecretOptional", "true"):
				c.reportAt(diag.Note, c.where(f), "the refresh token flow asks for no secret, as is due for a client without one")
			default:
				c.report(c.where(f), "the refresh token flow asks for no secret, and the web server flow does")
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
	{
		Entry: diag.Entry{
			Code: "ECA134", Level: diag.Note, Title: "a security setting that is not said",
			Why: "What a spec does not say is not written, and the org's default holds: it differs with the age of the org.",
			Fix: "say it",
			Bad: "oauth: {security: {requirePkce: null}}", Good: "oauth: {security: {requirePkce: true}}",
		},
		run: checkUnsaid,
	},
	{
		Entry: diag.Entry{
			Code: "ECA135", Level: diag.Warning, Title: "a value that belongs to one org",
			Why: "oauthLink, orgScopedExternalApp and consumerKey are written by an org. Packaging needs them; any other org refuses them.",
			Fix: "delete orgBound where the spec goes to another org",
			Bad: "orgBound: {oauthLink: \"00D000000000001:888000000000001\"}", Good: "label: oauthLink",
		},
		run: func(c *checking) {
			for _, f := range orgValues {
				if c.element(f) != nil {
					c.report(c.where(f), "%s belongs to the org that wrote it", f[strings.IndexByte(f, '.')+1:])
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA136", Level: diag.Warning, Title: "a rotation on every deploy",
			Why: "Each deploy mints a new key or secret and cuts every client off; a deploy also stops unless warnings are ignored.",
			Fix: "delete oauth.rotateOnDeploy; rotate by hand when it is time",
			Bad: "oauth: {rotateOnDeploy: {consumerSecret: true}}", Good: "oauth: {rotateOnDeploy: {consumerSecret: false}}",
		},
		run: func(c *checking) {
			for _, f := range []string{tGlobal + ".shouldRotateConsumerKey", tGlobal + ".shouldRotateConsumerSecret"} {
				if c.is(f, "true") {
					c.report(c.where(f), "every deploy would mint a new one")
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA137", Level: diag.Warning, Title: "two switches of one flow that disagree",
			Why: "Client credentials and token exchange have a switch in the settings and one in the policies; the flow works only if both are on.",
			Fix: "say enabled, which sets both",
			Bad: "oauth: {flows: {tokenExchange: {settingsEnabled: true, policyEnabled: false}}}", Good: "oauth: {flows: {tokenExchange: {enabled: true}}}",
		},
		run: func(c *checking) {
			for _, pair := range [][3]string{
				{"client credentials", tGlobal + ".isClientCredentialsFlowEnabled", tPolicy + ".isClientCredentialsFlowEnabled"},
				{"token exchange", tGlobal + ".isTokenExchangeEnabled", tPolicy + ".isTokenExchangeFlowEnabled"},
			} {
				settings, policy := c.is(pair[1], "true"), c.is(pair[2], "true")
				if c.part(tGlobal) != nil && c.part(tPolicy) != nil && settings != policy {
					c.report(c.where(pair[2]), "%s is %s in the settings and %s in the policies", pair[0], onOff(settings), onOff(policy))
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA138", Title: "no contact e-mail",
			Why: "The schema calls it optional and the server requires it.",
			Fix: "set contact.email",
			Bad: "contact: {email: null}", Good: "contact: {email: admin+eca@example.com}",
		},
		run: func(c *checking) {
			f := tApp + ".contactEmail"
			email := c.text(f)
			switch name, host, ok := strings.Cut(email, "@"); {
			case c.elsewhere(tApp):
			case email == "":
				c.report(c.where(f), "the app has no contact e-mail")
			case !ok || name == "" || !strings.Contains(host, ".") || strings.ContainsAny(email, " ,;"):
				c.reportAt(diag.Warning, c.where(f), "the contact e-mail %q is not an address", email)
			}
		},
	},
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
	{
		Entry: diag.Entry{
			Code: "ECA142", Level: diag.Warning, Title: "SAML without its plugin",
			Why: "SAML needs the app's policies with the SAML plugin on.",
			Fix: "set policies.plugins.saml: true",
			Bad: "saml: {acsUrl: https://example.com/acs, entityUrl: https://example.com}", Good: samlExample,
		},
		run: func(c *checking) {
			if f := tApply + ".isSamlPluginEnabled"; c.part(tSaml) != nil && !c.elsewhere(tApply) && !c.is(f, "true") {
				c.report(c.where(f), "SAML, and its plugin is not switched on")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA143", Level: diag.Warning, Title: "canvas place that External Client Apps do not have",
			Why: "The documentation lists Aura, ChatterFeed, MobileNav, None, PageLayout, Publisher and Visualforce, and of the options HideShare and HideHeader.",
			Fix: "choose another place, or keep the Connected App",
			Bad: "canvas: {url: https://example.com, accessMethod: Post, locations: [OpenCTI]}", Good: "canvas: {url: https://example.com, accessMethod: Post, locations: [Visualforce], options: [HideHeader]}",
		},
		run: func(c *checking) {
			for _, e := range c.elements(tCanvas + ".canvasLocationOptions") {
				if !slices.Contains(canvasPlaces, e.Text) {
					c.report(e.Pos, "the canvas location %s is not documented for External Client Apps", e.Text)
				}
			}
			for _, e := range c.elements(tCanvas + ".canvasOptions") {
				if e.Text == "PersonalEnabled" {
					c.report(e.Pos, "the canvas option %s is not documented for External Client Apps", e.Text)
				}
			}
		},
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
			Code: "ECA145", Level: diag.Warning, Title: "ID token validity out of range",
			Why: "ID tokens are valid for 1 to 720 minutes.",
			Fix: "set oauth.idToken.validity between 1m and 720m",
			Bad: "oauth: {idToken: {validity: 13h}}", Good: "oauth: {idToken: {validity: 12h}}",
		},
		run: func(c *checking) {
			f := tGlobal + ".idTokenConfig.idTokenValidityInMinutes"
			if m, err := strconv.Atoi(c.text(f)); err == nil && (m < 1 || m > 720) {
				c.report(c.where(f), "ID tokens valid for %d minutes", m)
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA146", Level: diag.Warning, Title: "handler without its user",
			Why: "An Apex handler runs as a user whom the policy names; a user without a handler does nothing.",
			Fix: "set policies.handler.apexClass and policies.handler.runAs together",
			Bad: "policies: {handler: {apexClass: LoginHandler}}", Good: "policies: {handler: {apexClass: LoginHandler, runAs: admin@example.com}}",
		},
		run: func(c *checking) {
			class, user := c.text(tPolicy+".apexHandler"), c.text(tPolicy+".executeHandlerAs")
			switch {
			case class != "" && user == "":
				c.report(c.where(tPolicy+".apexHandler"), "the handler %s without a user to run as", class)
			case class == "" && user != "":
				c.report(c.where(tPolicy+".executeHandlerAs"), "a user for a handler that is not there")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA147", Title: "a label that is too long",
			Why: "A label has 80 characters at most.",
			Fix: "shorten it; description has room",
			Bad: "label: " + strings.Repeat("é", maxLabel+1), Good: "label: " + strings.Repeat("é", maxLabel),
		},
		run: func(c *checking) {
			f := tApp + ".label"
			if n := utf8.RuneCountInString(c.text(f)); n > maxLabel {
				c.report(c.where(f), "the label has %d characters, and %d are allowed", n, maxLabel)
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
	{
		Entry: diag.Entry{
			Code: "ECA149", Level: diag.Warning, Title: "a value for Salesforce's internal use",
			Why: "Managed and AutoInstalled are written by an org for apps that came in a package; managedType is internal.",
			Fix: "use Local or Packaged, and leave managedType out",
			Bad: "distribution: Managed", Good: "distribution: Packaged",
		},
		run: func(c *checking) {
			if f := tApp + ".distributionState"; c.is(f, "Managed") || c.is(f, "AutoInstalled") {
				c.report(c.where(f), "the distribution state %s is for Salesforce's internal use", c.text(f))
			}
			if f := tApp + ".managedType"; c.element(f) != nil {
				c.report(c.where(f), "managedType is for Salesforce's internal use")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA150", Level: diag.Warning, Title: "TLS client authentication in part",
			Why: "It takes the switch, the name in the certificate and its value; these fields are not documented yet.",
			Fix: "set oauth.security.mtls, tlsClientAuth.parameter and tlsClientAuth.value together",
			Bad: "metadataApiVersion: 68.0\noauth: {security: {mtls: true}}", Good: "metadataApiVersion: 68.0\noauth: {security: {mtls: true, tlsClientAuth: {parameter: tls_client_auth_san_dns, value: client.example.com}}}",
		},
		run: func(c *checking) {
			on := c.is(tGlobal+".isMtlsEnabled", "true")
			parameter, value := c.text(tSecure+".tlsClientAuthCertParamType") != "", c.text(tSecure+".tlsClientAuthCertParamValue") != ""
			if (on || parameter || value) && !(on && parameter && value) && !c.elsewhere(tSecure) && !c.elsewhere(tGlobal) {
				c.report(c.where(tGlobal+".isMtlsEnabled"), "TLS client authentication is said in part")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA151", Title: "SAML subject or encryption in part",
			Why: "A custom attribute as subject needs its name, and encryption a type and a certificate.",
			Fix: "set both of the two",
			Bad: samlOpen + ", subject: {type: custom-attribute}}", Good: samlOpen + ", subject: {type: custom-attribute, customAttribute: EmployeeNumber}}",
		},
		run: func(c *checking) {
			if f := tSaml + ".subjectType"; c.is(f, "CustomAttribute") && c.text(tSaml+".subjectCustomAttribute") == "" {
				c.report(c.where(f), "the subject is a custom attribute without a name")
			}
			typ, cert := c.text(tSaml+".encryptionType"), c.text(tSaml+".encryptionCertificate")
			if cert != "" && typ == "" {
				c.report(c.where(tSaml+".encryptionCertificate"), "an encryption certificate without an encryption type")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA152", Level: diag.Warning, Title: "push without OAuth",
			Why: "Push notifications need the app's OAuth plugin.",
			Fix: "add oauth to the spec",
			Bad: "oauth: null\npush: {service: Apple, apple: {environment: Sandbox}}", Good: "push: {service: Apple, apple: {environment: Sandbox}}",
		},
		run: func(c *checking) {
			if c.part(tPush) != nil && !c.hasOAuth() {
				c.report(c.where(tPush), "push notifications without OAuth")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA153", Level: diag.Warning, Title: "formula in the spelling of the other protocol",
			Why: "OAuth attributes are written User.Country, SAML attributes $User.Country (Metadata API guide).",
			Fix: "drop the $ for OAuth, write it for SAML",
			Bad: "oauth: {customAttributes: {country: $User.Country}}", Good: "oauth: {customAttributes: {country: User.Country, fixed: '\"$5\"'}}",
		},
		run: func(c *checking) {
			for _, f := range []string{tOauth + ".customAttributes.formula", tPolicy + ".customAttributes.formula"} {
				for _, e := range c.elements(f) {
					if strings.HasPrefix(e.Text, "$") {
						c.report(e.Pos, "the OAuth attribute %s begins with $", e.Text)
					}
				}
			}
			for _, e := range c.elements(tSaml + ".customAttributes.formula") {
				if strings.HasPrefix(e.Text, "User.") || strings.HasPrefix(e.Text, "Organization.") {
					c.report(e.Pos, "the SAML attribute %s has no $", e.Text)
				}
			}
		},
	},
}

// samlExample is a SAML app, open at its end so that an example can add to it.
const (
	samlOpen    = "policies: {plugins: {saml: true}}\nsaml: {acsUrl: https://example.com/acs, entityUrl: https://example.com"
	samlExample = samlOpen + "}"
)

func numbered(format string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(list, ", ")
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
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

func checkPush(c *checking) {
	if c.part(tPush) == nil {
		return
	}
	has := map[string]bool{
		"Android": c.element(tPush+".androidPushConfig") != nil,
		"Apple":   c.element(tPush+".applePushConfig") != nil,
	}
	link, service := c.text(tPush+".pushConfigLink") != "", c.text(tPush+".pushServiceType")
	other := map[string]string{"Android": "Apple", "Apple": "Android"}[service]
	switch {
	case has["Android"] && has["Apple"]:
		c.report(c.where(tPush+".applePushConfig"), "push for Apple and for Android in one app")
	case !has["Android"] && !has["Apple"] && !link:
		c.report(c.where(tPush), "push without a platform: none of apple, android and configLink")
	case has[other]:
		c.report(c.where(tPush+".pushServiceType"), "the push service is %s, and the configuration that of %s", service, other)
	}
}

// unsaid are the keys whose silence is worth a note, with the component that
// would hold them.
var unsaid = []struct{ path, field string }{
	{"oauth.security.requirePkce", tGlobal + ".isPkceRequired"},
	{"oauth.security.requireSecretForWebServerFlow", tGlobal + ".isConsumerSecretOptional"},
	{"oauth.security.requireSecretForRefreshToken", tGlobal + ".isSecretRequiredForRefreshToken"},
	{"policies.permittedUsers", tPolicy + ".permittedUsersPolicyType"},
	{"policies.refreshToken", tPolicy + ".refreshTokenPolicyType"},
}

func checkUnsaid(c *checking) {
	for _, u := range unsaid {
		typ, _, _ := strings.Cut(u.field, ".")
		if !c.hasOAuth() || c.elsewhere(typ) || c.element(u.field) != nil {
			continue
		}
		fallback := ""
		if k := FindKey(KindApp, u.path); k != nil && k.Default != "" {
			fallback = "; the org's default is " + k.Default
		}
		c.report(c.where(u.field), "%s is not said%s", u.path, fallback)
	}
}
