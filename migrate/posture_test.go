package migrate_test

import (
	"strings"
	"testing"

	"github.com/ecactl/ecactl/migrate"
)

// callbacks is a Connected App with these callbacks, without PKCE.
func callbacks(urls string) migrate.Example {
	return oauth("<callbackUrl>" + urls + "</callbackUrl><isPkceRequired>false</isPkceRequired>")
}

func ranges(pairs ...string) migrate.Example {
	xml := ""
	for i := 0; i < len(pairs); i += 2 {
		xml += "<ipRanges><end>" + pairs[i+1] + "</end><start>" + pairs[i] + "</start></ipRanges>"
	}
	return oauth("", xml)
}

// What the posture rules say where their examples are not near enough.
func TestPosture(t *testing.T) {
	policies := func(xml string) migrate.Example {
		return eca("ecaOauth", "", "ecaGlblOauth", "", "ecaOauthPlcy", xml)
	}
	tests := map[string]struct {
		rule  string
		files migrate.Example
		want  string
	}{
		"all may self-authorize":         {"CA-SEC-001", policies("<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType>"), "warning: all users may self-authorize"},
		"blanks around a truth":          {"CA-SEC-001", oauth("<isAdminApproved>\n  false\n</isAdminApproved>"), "warning: all users may self-authorize"},
		"approved for nobody, ECA":       {"CA-SEC-002", policies("<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType><commaSeparatedPermissionSet> , </commaSeparatedPermissionSet>"), "warning: users are approved by an admin, and none is assigned in the file"},
		"approved for a profile, ECA":    {"CA-SEC-002", policies("<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType><commaSeparatedProfile>Sales</commaSeparatedProfile>"), ""},
		"approved for nobody, unknown":   {"CA-SEC-002", oauth("<callbackUrl>https://a.example.com</callbackUrl>"), ""},
		"null permission set":            {"CA-SEC-002", oauth("<isAdminApproved>true</isAdminApproved>", "<permissionSetName></permissionSetName>"), "warning: users are approved by an admin, and none is assigned in the file"},
		"two standard profiles":          {"CA-SEC-003", oauth("", "<profileName>Sales</profileName><profileName>Standard User</profileName><profileName>System Administrator</profileName>"), "warning: the profile Standard User is assigned\nwarning: the profile System Administrator is assigned"},
		"standard profile, ECA":          {"CA-SEC-003", policies("<commaSeparatedProfile>Sales, Admin</commaSeparatedProfile>"), "warning: the profile Admin is assigned"},
		"PKCE off, ECA":                  {"CA-SEC-010", eca("ecaGlblOauth", "<isPkceRequired>false</isPkceRequired>"), "warning: PKCE is not required"},
		"PKCE off, as a number":          {"CA-SEC-010", oauth("<isPkceRequired>0</isPkceRequired>"), ""},
		"secret optional, PKCE unknown":  {"CA-SEC-011", oauth("<isConsumerSecretOptional>true</isConsumerSecretOptional>"), ""},
		"secret optional, PKCE required": {"CA-SEC-011", oauth("<isConsumerSecretOptional>true</isConsumerSecretOptional><isPkceRequired>true</isPkceRequired>"), ""},
		"secret for half of the flows":   {"CA-SEC-011", oauth("<isConsumerSecretOptional>false</isConsumerSecretOptional><isSecretRequiredForRefreshToken>false</isSecretRequiredForRefreshToken>"), "warning: the refresh token flow asks for no secret, and the web server flow does"},
		"secret for half, ECA":           {"CA-SEC-011", eca("ecaGlblOauth", "<isConsumerSecretOptional>false</isConsumerSecretOptional><isSecretRequiredForRefreshToken>false</isSecretRequiredForRefreshToken>"), "warning: the refresh token flow asks for no secret, and the web server flow does"},
		"rotation off, offline access":   {"CA-SEC-012", oauth("<isRefreshTokenRotationEnabled>false</isRefreshTokenRotationEnabled><scopes>OfflineAccess</scopes>"), "warning: refresh tokens do not rotate"},
		"rotation off, ECA":              {"CA-SEC-012", eca("ecaOauth", "<commaSeparatedOauthScopes>Api,RefreshToken</commaSeparatedOauthScopes>", "ecaGlblOauth", "<isRefreshTokenRotationEnabled>false</isRefreshTokenRotationEnabled>"), "warning: refresh tokens do not rotate"},
		"no refresh policy":              {"CA-SEC-013", oauth("", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>"), "warning: the file says no refresh token policy, and the default is until revoked"},
		"null refresh policy":            {"CA-SEC-013", oauth("", `<oauthPolicy><refreshTokenPolicy xsi:nil="true"/></oauthPolicy>`), "warning: the file says no refresh token policy, and the default is until revoked"},
		"refresh policy of a bookmark":   {"CA-SEC-013", connected("<startUrl>/x</startUrl>"), ""},
		"infinite, ECA":                  {"CA-SEC-013", policies("<refreshTokenPolicyType>Infinite</refreshTokenPolicyType>"), "warning: refresh tokens are valid until revoked"},
		"idle for two days":              {"CA-SEC-013", oauth("", "<oauthPolicy><refreshTokenPolicy>specific_inactivity:2:DAYS</refreshTokenPolicy></oauthPolicy>"), ""},
		"lifetime, ECA":                  {"CA-SEC-013", policies("<refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType>"), ""},
		"refresh scope that ends, ECA":   {"CA-SEC-014", eca("ecaOauth", "<commaSeparatedOauthScopes>RefreshToken</commaSeparatedOauthScopes>", "ecaOauthPlcy", "<refreshTokenPolicyType>Zero</refreshTokenPolicyType>"), "note: refresh tokens are asked for and end at once"},
		"full among others, ECA":         {"CA-SEC-020", eca("ecaOauth", "<commaSeparatedOauthScopes>Api, Full</commaSeparatedOauthScopes>"), "warning: the scope Full"},
		"seven scopes, ECA":              {"CA-SEC-021", eca("ecaOauth", "<commaSeparatedOauthScopes>Api, Web, Basic, Chatter, OpenID, Wave, Content</commaSeparatedOauthScopes>"), "note: 7 scopes"},
		"introspects all, ECA":           {"CA-SEC-022", eca("ecaGlblOauth", "<isIntrospectAllTokens>true</isIntrospectAllTokens>"), "warning: the app may introspect all tokens"},
		"user is null":                   {"CA-SEC-024", oauth(`<isClientCredentialEnabled>true</isClientCredentialEnabled><oauthClientCredentialUser xsi:nil="true"/>`), "error: client credentials are on, and no user is named in the file"},
		"on in the policy, no user":      {"CA-SEC-024", policies("<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>"), "error: client credentials are on, and no user is named in the file"},
		"on in the policy, user":         {"CA-SEC-024", policies("<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled><clientCredentialsFlowUser>a@example.com</clientCredentialsFlowUser>"), ""},
		"on in the settings alone":       {"CA-SEC-024", eca("ecaGlblOauth", "<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>"), ""},
		"high assurance with a key":      {"CA-SEC-060", oauth("<certificate>${CERT}</certificate>", "<sessionPolicy><sessionLevel>HIGH_ASSURANCE</sessionLevel></sessionPolicy>"), "warning: a high assurance session, and a flow in which no user is there to raise it"},
		"high assurance for people":      {"CA-SEC-060", oauth("", "<sessionPolicy><sessionLevel>HIGH_ASSURANCE</sessionLevel></sessionPolicy>"), ""},
		"timeout, ECA":                   {"CA-SEC-061", policies("<sessionTimeoutInMinutes>15</sessionTimeoutInMinutes>"), ""},
		"no timeout, ECA":                {"CA-SEC-061", policies("<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType>"), "note: sessions last as long as the org's"},
		"SHA-1, ECA":                     {"CA-SEC-051", eca("ecaSamlPlcy", "<signingAlgorithmType>SHA1</signingAlgorithmType>"), "warning: SAML messages are signed with SHA-1"},
		"key, ECA":                       {"CA-SEC-071", eca("ecaGlblOauth", "<consumerKey>CommandCenter20260417</consumerKey>"), "note: the file holds the consumer key"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answers(audit(t, tt.files), tt.rule); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Two switches of one flow, in settings and policies: which pairs disagree.
func TestSwitches(t *testing.T) {
	credentials := func(v string) string {
		return strings.ReplaceAll("<isClientCredentialsFlowEnabled>V</isClientCredentialsFlowEnabled>", "V", v)
	}
	exchange := func(v string) string {
		return strings.ReplaceAll("<isTokenExchangeEnabled>V</isTokenExchangeEnabled>", "V", v)
	}
	exchangePolicy := func(v string) string {
		return strings.ReplaceAll("<isTokenExchangeFlowEnabled>V</isTokenExchangeFlowEnabled>", "V", v)
	}
	tests := map[string]struct {
		files migrate.Example
		want  string
	}{
		"settings on, policy off":    {eca("ecaGlblOauth", credentials("true"), "ecaOauthPlcy", credentials("false")), "client credentials is on in the settings and off in the policies"},
		"settings off, policy on":    {eca("ecaGlblOauth", credentials("false"), "ecaOauthPlcy", credentials("true")), "client credentials is off in the settings and on in the policies"},
		"settings silent, policy on": {eca("ecaGlblOauth", "", "ecaOauthPlcy", credentials("true")), "client credentials is off in the settings and on in the policies"},
		"settings on, policy silent": {eca("ecaGlblOauth", credentials("true"), "ecaOauthPlcy", ""), "client credentials is on in the settings and off in the policies"},
		"both on":                    {eca("ecaGlblOauth", credentials("true"), "ecaOauthPlcy", credentials("true")), ""},
		"both off":                   {eca("ecaGlblOauth", credentials("false"), "ecaOauthPlcy", credentials("false")), ""},
		"both silent":                {eca("ecaGlblOauth", "", "ecaOauthPlcy", ""), ""},
		"off and silent":             {eca("ecaGlblOauth", credentials("false"), "ecaOauthPlcy", ""), ""},
		"no policies":                {eca("ecaGlblOauth", credentials("true")), ""},
		"no settings":                {eca("ecaOauthPlcy", credentials("true")), ""},
		"both flows":                 {eca("ecaGlblOauth", credentials("true")+exchange("true"), "ecaOauthPlcy", credentials("false")+exchangePolicy("false")), "token exchange is on in the settings and off in the policies\nclient credentials is on in the settings and off in the policies"},
		"connected, on and off":      {oauth(exchange("true"), "<oauthPolicy>"+exchangePolicy("false")+"</oauthPolicy>"), "token exchange is on in the settings and off in the policies"},
		"connected, off and on":      {oauth(exchange("false"), "<oauthPolicy>"+exchangePolicy("true")+"</oauthPolicy>"), "token exchange is off in the settings and on in the policies"},
		"connected, both on":         {oauth(exchange("true"), "<oauthPolicy>"+exchangePolicy("true")+"</oauthPolicy>"), ""},
		"connected, unknown and on":  {oauth("", "<oauthPolicy>"+exchangePolicy("true")+"</oauthPolicy>"), ""},
		"connected, on and unknown":  {oauth(exchange("true"), "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(answers(audit(t, tt.files), "CA-SEC-025"), "warning: ", "")
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What is absent was not read at that API version, or is kept elsewhere: the
// answer is unknown, and no finding says that it is off.
func TestAbsentIsUnknown(t *testing.T) {
	tests := map[string]struct {
		files migrate.Example
		open  string
		quiet []string // rules that must not answer
	}{
		"a file of 2018":        {oauth("<scopes>RefreshToken</scopes>"), "permitted users, PKCE, consumer secret, refresh token rotation, introspection of all tokens, client credentials, IP restrictions", []string{"CA-SEC-001", "CA-SEC-010", "CA-SEC-011", "CA-SEC-012", "CA-SEC-022", "CA-SEC-024", "CA-SEC-030"}},
		"before PKCE":           {oauth("<isAdminApproved>false</isAdminApproved><isClientCredentialEnabled>false</isClientCredentialEnabled><isConsumerSecretOptional>true</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>"), "PKCE", []string{"CA-SEC-010", "CA-SEC-011"}},
		"no truth":              {oauth("<isAdminApproved>false</isAdminApproved><isClientCredentialEnabled>false</isClientCredentialEnabled><isConsumerSecretOptional>true</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens><isPkceRequired>${PKCE}</isPkceRequired>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>"), "PKCE", []string{"CA-SEC-010", "CA-SEC-011"}},
		"secret for refreshing": {oauth("<isAdminApproved>false</isAdminApproved><isClientCredentialEnabled>false</isClientCredentialEnabled><isConsumerSecretOptional>false</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens><isPkceRequired>true</isPkceRequired>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>"), "secret for refresh tokens", []string{"CA-SEC-011"}},
		"no OAuth":              {connected("<startUrl>/x</startUrl>"), "", []string{"CA-SEC-061"}},
		"SAML":                  {connected("<samlConfig><acsUrl>https://a.example.com</acsUrl></samlConfig>"), "", []string{"CA-SEC-061"}},
		"ECA: header alone":     {eca(), "", []string{"CA-SEC-061"}},
		"ECA: settings alone":   {eca("ecaOauth", "<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes>"), "permitted users, PKCE, consumer secret, refresh token policy, introspection of all tokens, guest logins, client credentials, IP restrictions, callbacks, certificate, session timeout", []string{"CA-SEC-001", "CA-SEC-010", "CA-SEC-013", "CA-SEC-023", "CA-SEC-024", "CA-SEC-030", "CA-SEC-061"}},
		"ECA: global alone":     {eca("ecaGlblOauth", "<callbackUrl>https://a.example.com</callbackUrl><isPkceRequired>true</isPkceRequired><isConsumerSecretOptional>true</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens>"), "permitted users, refresh token policy, scopes, guest logins, client credentials, IP restrictions, session timeout", []string{"CA-SEC-061"}},
		"ECA: policies alone":   {eca("ecaOauthPlcy", "<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType><refreshTokenPolicyType>Infinite</refreshTokenPolicyType><isGuestCodeCredFlowEnabled>false</isGuestCodeCredFlowEnabled><isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled><ipRelaxationPolicyType>Enforce</ipRelaxationPolicyType>"), "PKCE, consumer secret, scopes, introspection of all tokens, callbacks, certificate", []string{"CA-SEC-010", "CA-SEC-012"}},
		"ECA: no trusted ranges": {eca("ecaGlblOauth", "<callbackUrl>https://a.example.com</callbackUrl><isPkceRequired>true</isPkceRequired><isConsumerSecretOptional>true</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens>",
			"ecaOauthPlcy", "<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType><refreshTokenPolicyType>Zero</refreshTokenPolicyType><isGuestCodeCredFlowEnabled>false</isGuestCodeCredFlowEnabled><isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled><ipRelaxationPolicyType>Bypass</ipRelaxationPolicyType>"), "scopes, trusted IP ranges", []string{"CA-SEC-030"}},
		"callback in a variable": {oauth("<callbackUrl>${HOST}/cb\nhttp://${HOST}/cb\nhttps://a.example.com</callbackUrl><isAdminApproved>false</isAdminApproved><isClientCredentialEnabled>false</isClientCredentialEnabled><isConsumerSecretOptional>true</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens><isPkceRequired>false</isPkceRequired>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>"), "callbacks", []string{"CA-SEC-040", "CA-SEC-041", "CA-SEC-042", "CA-SEC-043", "CA-SEC-044", "CA-SEC-045"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := audit(t, tt.files)
			if got := unknown(r.Apps[0]); got != tt.open {
				t.Errorf("unknown\ngot  %s\nwant %s", got, tt.open)
			}
			for _, rule := range tt.quiet {
				if got := answers(r, rule); got != "" {
					t.Errorf("%s says %s", rule, got)
				}
			}
		})
	}
}

func TestCallbacks(t *testing.T) {
	const (
		tls, development, mixed, own, shared, native = "CA-SEC-040", "CA-SEC-041", "CA-SEC-042", "CA-SEC-043", "CA-SEC-044", "CA-SEC-045"
	)
	notHTTPS := func(u string) string { return "CA-SEC-040 the callback " + u + " is not https" }
	wild := func(u string) string {
		return "CA-SEC-041 the callback " + u + " goes to a wildcard or development host"
	}
	tests := map[string]struct{ urls, want string }{
		"https":                      {"https://a.example.com/cb", ""},
		"http":                       {"http://a.example.com/cb", notHTTPS("http://a.example.com/cb")},
		"HTTP in capitals":           {"HTTP://a.example.com/cb", notHTTPS("HTTP://a.example.com/cb")},
		"localhost":                  {"http://localhost:8080/cb", ""},
		"localhost in capitals":      {"http://LOCALHOST/cb", ""},
		"127.0.0.1":                  {"http://127.0.0.1/cb", ""},
		"another loopback address":   {"http://127.8.9.1/cb", ""},
		"loopback in IPv6":           {"http://[::1]:1/cb", ""},
		"localhost look-alike":       {"http://localhost.example.com/cb", notHTTPS("http://localhost.example.com/cb")},
		"127.0.0.1 look-alike":       {"http://127.0.0.1.example.com/cb", notHTTPS("http://127.0.0.1.example.com/cb")},
		"localhost as a user":        {"http://localhost@a.example.com/cb", notHTTPS("http://localhost@a.example.com/cb")},
		"IPv6 look-alike":            {"http://[::1:1]/cb", notHTTPS("http://[::1:1]/cb")},
		"any address":                {"http://0.0.0.0/cb", notHTTPS("http://0.0.0.0/cb")},
		"any port":                   {"http://localhost:*/cb", ""},
		"any port of IPv6":           {"http://[::1]:*/cb", ""},
		"any port, look-alike":       {"http://localhost.example.com:*/cb", notHTTPS("http://localhost.example.com:*/cb") + "\n" + wild("http://localhost.example.com:*/cb")},
		"any port, user":             {"https://localhost@a.example.com:*/cb", wild("https://localhost@a.example.com:*/cb")},
		"wildcard host":              {"https://*.example.com", wild("https://*.example.com")},
		"wildcard path":              {"https://a.example.com/*", wild("https://a.example.com/*")},
		"tunnel":                     {"https://0a1b.eu.ngrok.io/cb", wild("https://0a1b.eu.ngrok.io/cb")},
		"tunnel of today":            {"https://quiet-fox.ngrok-free.app/cb", wild("https://quiet-fox.ngrok-free.app/cb")},
		"mDNS":                       {"https://laptop.local:3000/cb", wild("https://laptop.local:3000/cb")},
		"test host":                  {"https://app.test/cb", wild("https://app.test/cb")},
		"webhook catcher":            {"https://webhook.site/0000", wild("https://webhook.site/0000")},
		"webhook look-alike":         {"https://mywebhook.site/cb", ""},
		"request catcher":            {"https://requestbin.com/r/0000", wild("https://requestbin.com/r/0000")},
		"another request catcher":    {"https://0000.m.requestbin.net", wild("https://0000.m.requestbin.net")},
		"local in the middle":        {"https://my.local.example.com/cb", ""},
		"test in a path":             {"https://a.example.com/app.test", ""},
		"CR LF":                      {"https://a.example.com/cb\r\nhttp://b.example.com/cb\r\n", notHTTPS("http://b.example.com/cb")},
		"CR alone, blanks":           {"  https://a.example.com/cb \r http://b.example.com/cb ", notHTTPS("http://b.example.com/cb")},
		"both on the machine":        {"http://localhost:1/cb\nhttps://127.0.0.1/cb", ""},
		"machine and production":     {"http://localhost:1/cb\nhttps://a.example.com/cb", "CA-SEC-042 callbacks on the user's own machine and on https://a.example.com/cb"},
		"any port and production":    {"http://localhost:*/cb\nhttps://a.example.com/cb", "CA-SEC-042 callbacks on the user's own machine and on https://a.example.com/cb"},
		"machine and Salesforce":     {"http://localhost:1/cb\nhttps://login.salesforce.com/services/oauth2/success", "CA-SEC-043 the callback https://login.salesforce.com/services/oauth2/success is Salesforce's own page"},
		"my domain's callback":       {"https://example.my.salesforce.com/services/oauth2/callback", "CA-SEC-043 the callback https://example.my.salesforce.com/services/oauth2/callback is Salesforce's own page"},
		"Salesforce look-alike":      {"https://login.salesforce.com.example.com/services/oauth2/success", ""},
		"Salesforce without its dot": {"https://notsalesforce.com/services/oauth2/success", ""},
		"another page of Salesforce": {"https://login.salesforce.com/services/oauth2/success/x", ""},
		"own scheme":                 {"fieldapp://cb", "CA-SEC-045 the callback fieldapp://cb has a scheme of its own, and PKCE is not required"},
		"own scheme, reverse domain": {"com.example.app:/cb", "CA-SEC-045 the callback com.example.app:/cb has a scheme of its own, and PKCE is not required"},
		"own scheme on localhost":    {"fieldapp://localhost/cb", "CA-SEC-045 the callback fieldapp://localhost/cb has a scheme of its own, and PKCE is not required"},
		"junk":                       {"https:aws.om", ""},
		"junk http":                  {"http:aws.om", notHTTPS("http:aws.om")},
		"variable":                   {"${PLACEHOLDER}/cb", ""},
		"variable host":              {"https://${HOST}/cb", ""},
		"variable port":              {"http://localhost:${PORT}/cb", ""},
		"no address at all":          {"http://[::1/cb", ""},
		"nothing":                    {"", ""},
		"blank lines":                {"\n \r\n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := audit(t, callbacks(tt.urls))
			var got []string
			for _, rule := range []string{tls, development, mixed, own, shared, native} {
				if a := answers(r, rule); a != "" {
					_, message, _ := strings.Cut(a, ": ")
					got = append(got, rule+" "+message)
				}
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

// PKCE makes a scheme of its own harmless; unknown PKCE is not PKCE off.
func TestOwnSchemeWithPkce(t *testing.T) {
	for pkce, want := range map[string]bool{"": false, "<isPkceRequired>true</isPkceRequired>": false, "<isPkceRequired>false</isPkceRequired>": true} {
		r := audit(t, oauth("<callbackUrl>fieldapp://cb</callbackUrl>"+pkce))
		if got := answers(r, "CA-SEC-045") != ""; got != want {
			t.Errorf("%q: found %t, want %t", pkce, got, want)
		}
	}
}

func TestSharedCallbacks(t *testing.T) {
	one := func(name, urls string) migrate.ExampleFile {
		return migrate.ExampleFile{Name: name + ".connectedApp", XML: "<oauthConfig><callbackUrl>" + urls + "</callbackUrl></oauthConfig>"}
	}
	tests := map[string]struct {
		files migrate.Example
		want  string
	}{
		"two": {
			migrate.Example{one("A", "https://x.example.com/cb"), one("B", "https://y.example.com\r\nhttps://x.example.com/cb")},
			"A warning: the callback https://x.example.com/cb is in B too\nB warning: the callback https://x.example.com/cb is in A too",
		},
		"three": {
			migrate.Example{one("A", "https://x.example.com/cb"), one("B", "https://x.example.com/cb"), one("C", "https://x.example.com/cb")},
			"A warning: the callback https://x.example.com/cb is in B, C too\nB warning: the callback https://x.example.com/cb is in A, C too\nC warning: the callback https://x.example.com/cb is in A, B too",
		},
		"twice in one":        {migrate.Example{one("A", "https://x.example.com/cb\nhttps://x.example.com/cb"), one("B", "")}, ""},
		"other path":          {migrate.Example{one("A", "https://x.example.com/cb"), one("B", "https://x.example.com/cb/")}, ""},
		"own machine":         {migrate.Example{one("A", "http://localhost:*/cb"), one("B", "http://localhost:*/cb")}, ""},
		"Salesforce's page":   {migrate.Example{one("A", "https://test.salesforce.com/services/oauth2/success"), one("B", "https://test.salesforce.com/services/oauth2/success")}, ""},
		"variables":           {migrate.Example{one("A", "${CALLBACK}"), one("B", "${CALLBACK}")}, ""},
		"an app and its heir": {append(oauth("<callbackUrl>https://x.example.com/cb</callbackUrl>"), eca("ecaGlblOauth", "<callbackUrl>https://x.example.com/cb</callbackUrl>")...), ""},
		"an app and another's heir": {
			append(migrate.Example{one("Old_Sync", "https://x.example.com/cb")}, eca("ecaGlblOauth", "<callbackUrl>https://x.example.com/cb</callbackUrl>")...),
			"Old_Sync warning: the callback https://x.example.com/cb is in Order_Sync too\nOrder_Sync warning: the callback https://x.example.com/cb is in Old_Sync too",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answers(audit(t, tt.files), "CA-SEC-044"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRanges(t *testing.T) {
	wide := func(from, to, size string) string {
		return "warning: the range " + from + " to " + to + " is wider than a " + size
	}
	tests := map[string]struct {
		files migrate.Example
		want  string
	}{
		"everything":           {ranges("0.0.0.0", "255.255.255.255"), wide("0.0.0.0", "255.255.255.255", "/16")},
		"a /16":                {ranges("10.1.0.0", "10.1.255.255"), ""},
		"a /16 and one more":   {ranges("10.1.0.0", "10.2.0.0"), wide("10.1.0.0", "10.2.0.0", "/16")},
		"one address":          {ranges("203.0.113.9", "203.0.113.9"), ""},
		"two, one wide":        {ranges("203.0.113.1", "203.0.113.9", "10.0.0.0", "10.255.255.255"), wide("10.0.0.0", "10.255.255.255", "/16")},
		"inverted":             {ranges("255.255.255.255", "0.0.0.0"), ""},
		"IPv6 network":         {ranges("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"), ""},
		"IPv6 site":            {ranges("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff"), wide("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "/64")},
		"IPv6 provider":        {ranges("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), wide("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "/64")},
		"all of IPv6":          {ranges("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), wide("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "/64")},
		"IPv6 inverted":        {ranges("ffff::", "::1"), ""},
		"IPv4 written as IPv6": {ranges("::ffff:10.0.0.0", "::ffff:10.255.255.255"), wide("10.0.0.0", "10.255.255.255", "/16")},
		"of two kinds":         {ranges("10.0.0.0", "::1"), ""},
		"no addresses":         {ranges("${FROM}", "office"), ""},
		"leading zeros":        {ranges("010.0.0.0", "255.255.255.255"), ""},
		"half":                 {oauth("", "<ipRanges><start>0.0.0.0</start></ipRanges>"), ""},
		"empty":                {oauth("", "<ipRanges/>"), ""},
		"blanks":               {ranges(" 0.0.0.0\n", " 255.255.255.255 "), wide("0.0.0.0", "255.255.255.255", "/16")},
		"ECA": {
			eca("ecaOauth", "<trustedIpRanges><endIpAddress>10.255.255.255</endIpAddress><startIpAddress>10.0.0.0</startIpAddress></trustedIpRanges>"),
			wide("10.0.0.0", "10.255.255.255", "/16"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answers(audit(t, tt.files), "CA-SEC-031"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRelaxation(t *testing.T) {
	const relaxed = "warning: IP restrictions are relaxed, and no addresses are listed"
	policy := func(v string) string { return "<oauthPolicy><ipRelaxation>" + v + "</ipRelaxation></oauthPolicy>" }
	tests := map[string]struct {
		files migrate.Example
		want  string
	}{
		"enforced":           {oauth("", policy("ENFORCE")), ""},
		"relaxed":            {oauth("", policy("BYPASS")), relaxed},
		"relaxed, second":    {oauth("", policy("BYPASS_2FACTOR")), relaxed},
		"relaxed refreshing": {oauth("", policy("ENFORCE_RELAXREFRESH")), "note: IP restrictions are relaxed for refresh tokens"},
		"relaxed, ranges":    {oauth("", "<ipRanges><end>10.0.0.1</end><start>10.0.0.1</start></ipRanges>"+policy("BYPASS")), ""},
		"ECA":                {eca("ecaOauth", "", "ecaOauthPlcy", "<ipRelaxationPolicyType>Bypass_2factor</ipRelaxationPolicyType>"), relaxed},
		"ECA, docs' words":   {eca("ecaOauth", "", "ecaOauthPlcy", "<ipRelaxationPolicyType>Enforce_RelaxRefresh</ipRelaxationPolicyType>"), "note: IP restrictions are relaxed for refresh tokens"},
		"ECA, ranges":        {eca("ecaOauth", "<trustedIpRanges><endIpAddress>10.0.0.1</endIpAddress><startIpAddress>10.0.0.1</startIpAddress></trustedIpRanges>", "ecaOauthPlcy", "<ipRelaxationPolicyType>Bypass</ipRelaxationPolicyType>"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answers(audit(t, tt.files), "CA-SEC-030"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
