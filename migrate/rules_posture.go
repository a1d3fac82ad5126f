package migrate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
)

// The levels, by short names for the tables.
const (
	levelError   = diag.Error
	levelWarning = diag.Warning
	levelNote    = diag.Note
)

// What a project's file does not change.
const (
	minKeyBits  = 2048
	certTooLong = 10 * 366 * 24 * time.Hour
	wideRange   = 1 << 16 // addresses: a /16 of IPv4
)

// broadProfiles are standard profiles that whole companies or all admins have.
var broadProfiles = []string{"System Administrator", "Admin", "Standard User", "Standard"}

// defaultCallbacks are Salesforce's own pages, which many clients use.
var defaultCallbacks = []string{"/services/oauth2/success", "/services/oauth2/callback"}

// developmentHosts are ends of host names that production does not have, and
// catchers are services, under domains that come and go, that pass on or show
// what they are sent.
var (
	developmentHosts = []string{".local", ".localhost", ".test", ".webhook.site"}
	catchers         = []string{"ngrok", "requestbin"}
)

var posture = []Rule{
	{
		ID: "CA-SEC-001", Level: levelWarning, Title: "every user may approve the app", Benchmark: "SBS-OAUTH-002",
		Why: "A user who is talked into approving a client gives it everything that the scopes allow: the attacks of 2025 worked so.", Source: kaInstalled,
		Fix: "let an admin assign the users: admin-approved, with a permission set", NoFile: true,
		check: func(q *question) {
			if q.parts != nil && !q.oauth() {
				return
			}
			switch q.selfAuthorize() {
			case On:
				fact := "permitted"
				if q.parts == nil {
					fact = ""
				}
				q.find(fact, "all users may self-authorize")
			case Unknown:
				if q.parts != nil {
					q.missing("permitted users")
				}
			}
		},
		Bad:  oauth("<isAdminApproved>false</isAdminApproved>"),
		Good: policy("<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"),
	},
	{
		ID: "CA-SEC-002", Level: levelWarning, Title: "approved by an admin for nobody", Also: []string{SrcGrants},
		Why: "No profile or permission set is assigned in the file: the app is dead, or its users are assigned elsewhere.", Source: "real files: 4 of 53",
		Fix: "assign a permission set, or retire the app",
		check: func(q *question) {
			if q.selfAuthorize() != Off || len(q.list("profiles"))+len(q.list("permissionSets"))+len(q.granted) > 0 {
				return
			}
			switch {
			case q.inventory.evidence == nil:
				q.find("permitted", "users are approved by an admin, and none is assigned in the file")
			case q.inventory.read(SrcGrants):
				q.find("permitted", "users are approved by an admin, and none is assigned")
			default:
				q.missing("who is assigned")
			}
		},
		Bad:  oauth("<isAdminApproved>true</isAdminApproved>"),
		Good: oauth("<isAdminApproved>true</isAdminApproved>", "<permissionSetName>Order Sync</permissionSetName>"),
	},
	{
		ID: "CA-SEC-003", Level: levelWarning, Title: "assigned to a standard profile, or to many", Benchmark: "SBS-OAUTH-002", Also: []string{SrcGrants, SrcAssignments},
		Why: "Everybody with the profile may use the app, admins or whole departments.", Source: "SBS-OAUTH-002",
		Fix: "assign a permission set that only the integration's user has",
		check: func(q *question) {
			for _, p := range q.list("profiles") {
				if slices.Contains(broadProfiles, p) {
					q.find("profiles", "the profile %s is assigned", p)
				}
			}
			for _, g := range q.granted {
				switch {
				case g.profile && slices.Contains(broadProfiles, g.name) && !slices.Contains(q.list("profiles"), g.name):
					q.find("", "the profile %s is assigned", g.name)
				case g.users > q.inventory.Limits.Users:
					q.find("", "%s is assigned, which %d users have", g.name, g.users)
					q.note("users", strconv.Itoa(g.users))
				case g.users < 0:
					q.missing("to how many users it is granted")
				}
			}
			if q.inventory.evidence != nil && !q.inventory.read(SrcGrants) {
				q.missing("to whom it is granted")
			}
		},
		Bad:  oauth("<isAdminApproved>true</isAdminApproved>", "<profileName>System Administrator</profileName>"),
		Good: oauth("<isAdminApproved>true</isAdminApproved>", "<profileName>Order System Administrator</profileName>"),
	},
	{
		ID: "CA-SEC-010", Level: levelWarning, Title: "PKCE not required",
		Why: "A stolen code can be redeemed by whoever has it. Mandatory since 11 May 2026 for apps in more than two customers' orgs; the default of External Client Apps.", Source: docPkce + "; ISVforce guide, secure-code-ac-eca",
		Fix: "let the client send a code challenge, then require PKCE",
		check: func(q *question) {
			if q.known("pkce", "PKCE") == Off && q.orgSwitch("OauthOidcSettings", "isPkceRequired") != On {
				q.find("pkce", "PKCE is not required")
			}
		},
		Bad:  oauth("<isPkceRequired>false</isPkceRequired>"),
		Good: oauth("<callbackUrl>https://example.com</callbackUrl>"), // absent: retrieved before API 59.0
	},
	{
		ID: "CA-SEC-011", Level: levelWarning, Title: "consumer secret not required",
		Why: "Without a secret and without PKCE nothing proves who redeems a code or a refresh token.", Source: "help: Security Health Review, External Client Apps",
		Fix: "require the secret, or PKCE where the client cannot keep one",
		check: func(q *question) {
			switch q.known("secretOptional", "consumer secret") {
			case On:
				if q.known("pkce", "PKCE") == Off {
					q.find("secretOptional", "the web server flow asks for neither secret nor PKCE")
				}
			case Off:
				if q.known("refreshSecret", "secret for refresh tokens") == Off {
					q.find("refreshSecret", "the refresh token flow asks for no secret, and the web server flow does")
				}
			}
		},
		Bad:  oauth("<isConsumerSecretOptional>true</isConsumerSecretOptional><isPkceRequired>false</isPkceRequired>"),
		Good: oauth("<isConsumerSecretOptional>true</isConsumerSecretOptional><isPkceRequired>true</isPkceRequired><isSecretRequiredForRefreshToken>false</isSecretRequiredForRefreshToken>"),
	},
	{
		ID: "CA-SEC-012", Level: levelWarning, Title: "refresh tokens do not rotate",
		Why: "A copied refresh token stays good beside the original, and nobody notices.", Source: kaPartners,
		Fix: "switch rotation on once the client keeps the token that each refresh returns",
		check: func(q *question) {
			if q.refreshes() && q.known("rotation", "refresh token rotation") == Off {
				q.find("rotation", "refresh tokens do not rotate")
			}
		},
		Bad:  oauth("<isRefreshTokenRotationEnabled>false</isRefreshTokenRotationEnabled><scopes>RefreshToken</scopes>"),
		Good: oauth("<isRefreshTokenRotationEnabled>false</isRefreshTokenRotationEnabled><scopes>Api</scopes>"),
	},
	{
		ID: "CA-SEC-013", Level: levelWarning, Title: "refresh tokens without an end", Benchmark: "SBS-DEP-006",
		Why: "A forgotten refresh token opens the org for ever. Salesforce ends tokens that idle for 30 days since late 2026; metadata still says infinite.", Source: "help: Limit Idle Refresh Token TTL",
		Fix: "set a policy of 30 days of inactivity or less",
		check: func(q *question) {
			switch policy := q.refreshPolicy(); {
			case !q.oauth():
			case policy == "infinite":
				q.find("refreshPolicy", "refresh tokens are valid until revoked")
			case policy == "" && q.Kind == KindConnectedApp:
				q.find("refreshPolicy", "the file says no refresh token policy, and the default is until revoked")
			case policy == "":
				q.missing("refresh token policy")
			}
		},
		Bad:  oauth("", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy>"),
		Good: oauth("", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>specific_lifetime:90:DAYS</refreshTokenPolicy></oauthPolicy>"),
	},
	{
		ID: "CA-SEC-014", Level: levelNote, Title: "refresh scope with a policy that ends tokens at once",
		Why: "The scope is asked for and the policy takes it away: one of the two is not meant.", Source: "Metadata API guide: ConnectedAppOauthPolicy",
		Fix: "drop the scope, or give refresh tokens a life",
		check: func(q *question) {
			if q.refreshes() && q.refreshPolicy() == "zero" {
				q.find("refreshPolicy", "refresh tokens are asked for and end at once")
			}
		},
		Bad:  oauth("<scopes>RefreshToken</scopes>", "<oauthPolicy><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>"),
		Good: oauth("<scopes>Api</scopes>", "<oauthPolicy><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>"),
	},
	{
		ID: "CA-SEC-020", Level: levelWarning, Title: "scope full",
		Why: "The token may do everything that its user may.", Source: "help: Security Health Review, OAuth Scope Least Privilege",
		Fix: "name what the client needs: Api and specific scopes; Web for frontdoor",
		check: func(q *question) {
			if q.need("scopes", "scopes") && slices.Contains(q.scopeNames(), "Full") {
				q.find("scopes", "the scope Full")
			}
		},
		Bad: oauth("<scopes>Api</scopes><scopes>Full</scopes>"), Good: oauth("<scopes>Api</scopes>", "<label>Full</label>"),
	},
	{
		ID: "CA-SEC-021", Level: levelNote, Title: "many scopes",
		Why: "Few clients need more than six; what is not needed is only good for a thief.", Source: "help: Security Health Review, OAuth Scope Least Privilege",
		Fix: "delete the scopes that the client does not use",
		check: func(q *question) {
			if n := len(q.scopeNames()); n > q.inventory.Limits.Scopes {
				q.find("scopes", "%d scopes", n)
			}
		},
		Bad:  oauth("<scopes>Api</scopes><scopes>Web</scopes><scopes>Basic</scopes><scopes>Chatter</scopes><scopes>OpenID</scopes><scopes>Wave</scopes><scopes>Content</scopes>"),
		Good: oauth("<scopes>Api</scopes><scopes>Web</scopes><scopes>Basic</scopes><scopes>Chatter</scopes><scopes>OpenID</scopes><scopes>Wave</scopes>"),
	},
	{
		ID: "CA-SEC-022", Level: levelWarning, Title: "introspects all tokens",
		Why: "The app may ask about tokens of every other app.", Source: "help: OpenID Connect Token Introspection",
		Fix: "switch Introspect All Tokens off, unless the app is an API gateway",
		check: func(q *question) {
			if q.known("introspectAll", "introspection of all tokens") == On {
				q.find("introspectAll", "the app may introspect all tokens")
			}
		},
		Bad: oauth("<isIntrospectAllTokens>true</isIntrospectAllTokens>"), Good: oauth("<isIntrospectAllTokens>false</isIntrospectAllTokens>"),
	},
	{
		ID: "CA-SEC-023", Level: levelWarning, Title: "guest logins", Kinds: []string{KindECA},
		Why: "Tokens are given to users who have not logged in.", Source: "help: Authorization Code and Credentials Flow for Guest Users",
		Fix: "switch the guest flow off, unless a headless site needs it",
		check: func(q *question) {
			if q.known("guest", "guest logins") == On {
				q.find("guest", "the guest flow is on")
			}
		},
		Bad:  policy("<isGuestCodeCredFlowEnabled>true</isGuestCodeCredFlowEnabled>"),
		Good: policy("<isGuestCodeCredFlowEnabled>false</isGuestCodeCredFlowEnabled>"),
	},
	{
		ID: "CA-SEC-024", Level: levelError, Title: "client credentials without a fit user", Benchmark: "SBS-ACS-007", Also: []string{SrcRunAs},
		Why: "The flow logs in as a user whom the app names, and fails without one.", Source: "help: OAuth 2.0 Client Credentials Flow",
		Fix: "name an active, API-only user as Run As",
		check: func(q *question) {
			flow := "clientCredentials"
			if q.Kind == KindECA {
				flow = "clientPolicy"
			}
			if q.known(flow, "client credentials") != On {
				return
			}
			if q.text("clientCredentialsUser") == "" {
				q.find(flow, "client credentials are on, and no user is named in the file")
				return
			}
			checkRunAs(q)
		},
		Bad:  oauth("<isClientCredentialEnabled>true</isClientCredentialEnabled>"),
		Good: oauth("<isClientCredentialEnabled>true</isClientCredentialEnabled><oauthClientCredentialUser>integration@example.com</oauthClientCredentialUser>"),
	},
	{
		ID: "CA-SEC-025", Level: levelWarning, Title: "two switches of one flow that disagree",
		Why: "Client credentials and token exchange have a switch in the settings and one in the policies; the flow works only if both are on.", Source: "real files: five apps of 29",
		Fix:   "set both the same way",
		check: checkSwitches,
		Bad:   append(global("<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>"), ExampleFile{"Order_Sync_oauthPlcy.ecaOauthPlcy", appRef + "<isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled>"}),
		Good:  global("<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>"), // the policies are kept elsewhere
	},
	{
		ID: "CA-SEC-030", Level: levelWarning, Title: "IP restrictions relaxed",
		Why: "A stolen token works from anywhere.", Source: kaPartners,
		Fix:   "enforce IP restrictions, or list the client's addresses",
		check: checkRelaxation,
		Bad:   oauth("", "<oauthPolicy><ipRelaxation>BYPASS_2FACTOR</ipRelaxation></oauthPolicy>"),
		Good:  oauth("", "<ipRanges><end>203.0.113.9</end><start>203.0.113.1</start></ipRanges><oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>"),
	},
	{
		ID: "CA-SEC-031", Level: levelWarning, Title: "wide IP range",
		Why: "A range of more than 65,536 addresses lets in whole providers.", Source: "SBS-OAUTH-002",
		Fix:   "list the addresses that the client has",
		check: checkRanges,
		Bad:   oauth("", "<ipRanges><end>10.1.0.0</end><start>10.0.0.0</start></ipRanges>"),
		Good:  oauth("", "<ipRanges><end>10.0.255.255</end><start>10.0.0.0</start></ipRanges>"),
	},
	{
		ID: "CA-SEC-040", Level: levelWarning, Title: "callback without TLS",
		Why: "A code sent over http can be read on the way.", Source: "RFC 6749, 3.1.2.1",
		Fix:   "use https",
		check: checkTLS,
		Bad:   oauth("<callbackUrl>http://localhost.example.com/cb</callbackUrl>"),
		Good:  oauth("<callbackUrl>http://localhost:8080/cb\r\nhttp://127.0.0.1/cb</callbackUrl>"),
	},
	{
		ID: "CA-SEC-041", Level: levelWarning, Title: "callback to a wildcard or development host",
		Why: "Whoever gets a matching host gets the codes: tunnels and test hosts change hands.", Source: "RFC 9700, 2.1",
		Fix: "list the production addresses alone; give development an app of its own",
		check: eachCallback(func(q *question, raw string, u *url.URL) {
			wild := strings.Contains(raw, "*") && !loopbackWildcard().MatchString(raw)
			if wild || u != nil && isDevelopment(u.Hostname()) {
				q.find("callbacks", "the callback %s goes to a wildcard or development host", raw)
			}
		}),
		Bad:  oauth("<callbackUrl>https://*.example.com/cb</callbackUrl>"),
		Good: oauth("<callbackUrl>http://localhost:*/cb</callbackUrl>"),
	},
	{
		ID: "CA-SEC-042", Level: levelWarning, Title: "callbacks of development and production in one app",
		Why: "Any program on a user's machine can ask for codes of the production app; and the device flow is allowed by the localhost address.", Source: "ISVforce guide, secure-code-ac-eca",
		Fix:   "split the app",
		check: checkMixed,
		Bad:   oauth("<callbackUrl>https://app.example.com/cb\nhttp://localhost:3000/cb</callbackUrl>"),
		Good:  oauth("<callbackUrl>http://localhost:1717/OauthRedirect\nhttp://127.0.0.1:1717/OauthRedirect</callbackUrl>"),
	},
	{
		ID: "CA-SEC-043", Level: levelNote, Title: "callback to Salesforce's own page",
		Why: "Codes end in a page where people copy them by hand.", Source: "help: OAuth endpoints",
		Fix: "name the client's own address",
		check: eachCallback(func(q *question, raw string, _ *url.URL) {
			if isDefault(raw) {
				q.find("callbacks", "the callback %s is Salesforce's own page", raw)
			}
		}),
		Bad:  oauth("<callbackUrl>https://login.salesforce.com/services/oauth2/success</callbackUrl>"),
		Good: oauth("<callbackUrl>https://example.com/services/oauth2/success</callbackUrl>"),
	},
	{
		ID: "CA-SEC-044", Level: levelWarning, Title: "one callback in several apps",
		Why: "Two apps for one client hide which of them is used, and which may be retired.", Source: "SBS-OAUTH-003",
		Fix: "find out which app the client uses, and retire the other",
		check: eachCallback(func(q *question, raw string, u *url.URL) {
			apps := q.inventory.callbacks[raw]
			if len(apps) < 2 || isDefault(raw) || u == nil || loopback(u.Hostname()) || placeholder(raw) {
				return
			}
			others := slices.DeleteFunc(slices.Clone(apps), func(name string) bool { return q.inventory.same(name, q.Name) })
			q.find("callbacks", "the callback %s is in %s too", raw, join(others))
		}),
		Bad:  Example{{"A.connectedApp", "<oauthConfig><callbackUrl>https://example.com/cb</callbackUrl></oauthConfig>"}, {"B.connectedApp", "<oauthConfig><callbackUrl>https://example.com/cb</callbackUrl></oauthConfig>"}},
		Good: Example{{"A.connectedApp", "<oauthConfig><callbackUrl>http://localhost:1717/OauthRedirect</callbackUrl></oauthConfig>"}, {"B.connectedApp", "<oauthConfig><callbackUrl>http://localhost:1717/OauthRedirect</callbackUrl></oauthConfig>"}},
	},
	{
		ID: "CA-SEC-045", Level: levelWarning, Title: "scheme of its own without PKCE",
		Why: "Another program can claim the scheme and take the code; PKCE makes it worthless.", Source: "RFC 8252, 8.1",
		Fix: "require PKCE",
		check: eachCallback(func(q *question, raw string, u *url.URL) {
			native := u != nil && u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" && !placeholder(raw)
			if native && q.flag("pkce") == Off {
				q.find("callbacks", "the callback %s has a scheme of its own, and PKCE is not required", raw)
			}
		}),
		Bad:  oauth("<callbackUrl>myapp://cb</callbackUrl><isPkceRequired>false</isPkceRequired>"),
		Good: oauth("<callbackUrl>myapp://cb</callbackUrl><isPkceRequired>true</isPkceRequired>"),
	},
	{
		ID: "CA-SEC-050", Level: levelWarning, Title: "certificate that is expired, weak or broken",
		Why: "Logins fail when it expires; a short key or SHA-1 can be forged.", Source: "real files: 11 of 16 had expired",
		Fix:   "make a new key and certificate, and change both ends",
		check: checkCertificates,
		Bad:   oauth("<certificate>MIIF2TCC_YourCertificateHere_+Zkxmo/mbL/ShPug==</certificate>"),
		Good:  oauth("<certificate>${CERTIFICATE}</certificate>"),
	},
	{
		ID: "CA-SEC-051", Level: levelWarning, Title: "SAML signed with SHA-1",
		Why: "SHA-1 signatures can be forged.", Source: "Metadata API guide: samlSigningAlgoType",
		Fix: "sign with SHA256, when the other side can",
		check: func(q *question) {
			if q.text("samlAlgorithm") == "SHA1" {
				q.find("samlAlgorithm", "SAML messages are signed with SHA-1")
			}
		},
		Bad: connected("<samlConfig><samlSigningAlgoType>SHA1</samlSigningAlgoType></samlConfig>"), Good: connected("<samlConfig><samlSigningAlgoType>SHA256</samlSigningAlgoType></samlConfig>"),
	},
	{
		ID: "CA-SEC-060", Level: levelWarning, Title: "high assurance for a server",
		Why: "API logins without an approval step are blocked where a high assurance session is required.", Source: "Metadata API guide: ConnectedAppSessionPolicy",
		Fix: "require standard sessions for servers",
		check: func(q *question) {
			server := q.text("certificate") != "" || q.flag("clientCredentials") == On
			if strings.EqualFold(q.text("sessionLevel"), "HIGH_ASSURANCE") && server {
				q.find("sessionLevel", "a high assurance session, and a flow in which no user is there to raise it")
			}
		},
		Bad:  oauth("<isClientCredentialEnabled>true</isClientCredentialEnabled>", "<sessionPolicy><sessionLevel>HIGH_ASSURANCE</sessionLevel></sessionPolicy>"),
		Good: oauth("<isClientCredentialEnabled>false</isClientCredentialEnabled>", "<sessionPolicy><sessionLevel>HIGH_ASSURANCE</sessionLevel></sessionPolicy>"),
	},
	{
		ID: "CA-SEC-061", Level: levelNote, Title: "no session timeout of its own", Benchmark: "SBS-DEP-006",
		Why: "Access tokens last as long as the org's sessions do.", Source: "SBS-DEP-006",
		Fix: "set a session timeout for the app",
		check: func(q *question) {
			if q.oauth() && q.need("sessionTimeout", "session timeout") && q.text("sessionTimeout") == "" {
				q.find("sessionTimeout", "sessions last as long as the org's")
			}
		},
		Bad: oauth("<scopes>Api</scopes>"), Good: oauth("<scopes>Api</scopes>", "<sessionPolicy><sessionTimeout>15</sessionTimeout></sessionPolicy>"),
	},
	{
		ID: "CA-SEC-070", Level: levelError, Title: "consumer secret in a file", OnFiles: true,
		Why: "Whoever can read the repository, or its history, can be the app.", Source: "Metadata API guide: ExtlClntAppGlobalOauthSettings must not be added to source control",
		Fix: "rotate the secret, then take it out of the file and of the history",
		check: func(q *question) {
			if s := q.text("consumerSecret"); s != "" && !placeholder(s) {
				q.find("consumerSecret", "the file holds a consumer secret")
			}
		},
		Bad: oauth("<consumerSecret>not-a-real-one-0000</consumerSecret>"), Good: oauth("<consumerSecret>${CONSUMER_SECRET}</consumerSecret>"),
	},
	{
		ID: "CA-SEC-071", Level: levelNote, Title: "consumer key in a file", OnFiles: true,
		Why: "The key is no secret, and belongs to one org: deployed to another it is refused or ignored.", Source: "forcedotcom/cli issue 336",
		Fix: "take it out of the file; import does",
		check: func(q *question) {
			if key := q.text("consumerKey"); key != "" && !placeholder(key) {
				q.find("consumerKey", "the file holds the consumer key")
			}
		},
		Bad: oauth("<consumerKey>3MVG9one</consumerKey>"), Good: oauth("<consumerKey>@CONSUMER_KEY</consumerKey>"),
	},
}
