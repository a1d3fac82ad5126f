package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// flowRules are those about the flows of an app and what protects them.
var flowRules = []Rule{
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
			Code: "ECA134", Level: diag.Note, Title: "a security setting that is not said",
			Why: "What a spec does not say is not written, and the org's default holds: it differs with the age of the org.",
			Fix: "say it",
			Bad: "oauth: {security: {requirePkce: null}}", Good: "oauth: {security: {requirePkce: true}}",
		},
		run: checkUnsaid,
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
