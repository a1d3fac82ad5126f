package org

import "strings"

// Advice says what an error of Salesforce means and what to do about it.
type Advice struct {
	ID     string   // for explain: "SF-INVALID-SCOPE"
	Where  string   // "deploy", "api" or "token"
	Match  []string // all of them are in the text, in any case
	Says   string   // the text, as near as it is known
	Means  string
	Do     []string // what helps most often first
	Source string
}

const (
	sourceErrors = "metadata reference, known errors; deploys of public repositories"
	sourceOAuth  = "help: OAuth Authorization Flow Errors"
	sourceREST   = "REST API guide: Status Codes and Error Responses"
	sourceSOAP   = "Metadata API guide; WSDL"
)

// Advise finds the advice for a text; where narrows it, and "" is anywhere. The
// first entry of the table that fits is taken, so the narrow ones stand first.
func Advise(where, text string) *Advice {
	text = strings.ToLower(text)
	for i := range advices {
		a := &advices[i]
		if where != "" && a.Where != where && a.Where != "api" {
			continue
		}
		fits := true
		for _, m := range a.Match {
			fits = fits && strings.Contains(text, m)
		}
		if fits {
			return a
		}
	}
	return nil
}

// Advices lists all there are.
func Advices() []Advice { return append([]Advice{}, advices...) }

var advices = []Advice{
	{
		ID: "SF-GLOBAL-WITHOUT-OAUTH", Where: "deploy", Match: []string{"global oauth settings", "valid oauth settings configuration"},
		Says:  "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration.",
		Means: "Global OAuth settings were deployed without the app's OAuth settings, which have to be in the same deploy or in the org.",
		Do:    []string{"deploy the whole app: ecactl deploy SPEC", "name both files in package.xml: ExtlClntAppGlobalOauthSettings and ExtlClntAppOauthSettings"}, Source: sourceErrors,
	},
	{
		ID: "SF-SCOPES", Where: "deploy", Match: []string{"problem with your scope"},
		Says:  "There's a problem with your scope(s): X",
		Means: "The org knows no OAuth scope of that name, or not at this API version.",
		Do:    []string{"write the scope by its OAuth name in the spec; ecactl explain scopes lists them", "check the API version: newer scopes need a newer one"}, Source: sourceErrors,
	},
	{
		ID: "SF-RUN-AS", Where: "deploy", Match: []string{"valid execution user"},
		Says:  "Enter a valid execution user for the OAuth client credentials flow.",
		Means: "The run-as user does not exist in this org, is not active, or may not use the API.",
		Do:    []string{"name a username (not an e-mail address) of this org; usernames of sandboxes have a suffix", "activate the user, and give it API Enabled or API Only User", "keep the name per org under environments in the spec"}, Source: sourceErrors,
	},
	{
		ID: "SF-ENUM", Where: "deploy", Match: []string{"is not a valid value for the enum"},
		Says:  "'AdminApproved' is not a valid value for the enum 'PermittedUsersPolicyType'",
		Means: "The value does not exist, or not at this API version.",
		Do:    []string{"ecactl lint names the values that there are", "raise --api-version"}, Source: sourceErrors,
	},
	{
		ID: "SF-ELEMENT", Where: "deploy", Match: []string{"invalid at this location in type"},
		Says:  "Element {http://soap.sforce.com/2006/04/metadata}X invalid at this location in type Y",
		Means: "The type has no such field, or it is newer than the version of the package.",
		Do:    []string{"ecactl explain FIELD says since when there is one", "raise --api-version to it, or take the key out of the spec"}, Source: sourceErrors,
	},
	{
		ID: "SF-DUPLICATE-POLICY", Where: "deploy", Match: []string{"duplicates value on"},
		Says:  "duplicate value found: ExternalClientApplicationId duplicates value on <App>_oauthPlcy",
		Means: "The app has a component of this type already, under another name; an org makes policies of its own.",
		Do:    []string{"deploy with ecactl, which takes over the name that the org has", "or write that name under components in the spec; ecactl plan shows it"}, Source: sourceErrors,
	},
	{
		ID: "SF-KEY-TAKEN", Where: "deploy", Match: []string{"consumer key is already taken"},
		Says:  "The consumer key is already taken.",
		Means: "A consumer key is unique in all of Salesforce, and another app has it.",
		Do:    []string{"leave the key out: the org makes one", "to keep the key of a Connected App, migrate it in Setup; a new app cannot have it"}, Source: sourceErrors,
	},
	{
		ID: "SF-KEY-GIVEN", Where: "deploy", Match: []string{"you cannot provide a consumer key"},
		Says:  "You cannot provide a Consumer Key",
		Means: "This org takes no key from a deploy.", Do: []string{"leave the key out: the org makes one"}, Source: sourceErrors,
	},
	{
		ID: "SF-LINK-UPDATE", Where: "deploy", Match: []string{"update your oauth link"},
		Says:  "... couldn't update your OAuth link ...",
		Means: "The file has another consumer key or link than the app has; a key of an app that exists cannot be changed.",
		Do:    []string{"leave consumerKey and oauthLink out of what is deployed; ecactl does"}, Source: sourceErrors,
	},
	{
		ID: "SF-LINK", Where: "deploy", Match: []string{"oauth link"},
		Says:  "an error about the OAuth link",
		Means: "The file has the oauthLink of another org, or one that is gone.",
		Do:    []string{"leave oauthLink out: the org makes it; ecactl does"}, Source: sourceErrors,
	},
	{
		ID: "SF-PLUGIN-SETTINGS", Where: "deploy", Match: []string{"invalid plugin settings"},
		Says:  "Invalid plugin settings",
		Means: "Policies have a timeout for JWT-based access tokens, and the app does not issue them.",
		Do:    []string{"set oauth.security.jwtAccessTokens: true, or delete policies.namedUserJwt and policies.guestJwt"}, Source: sourceErrors,
	},
	{
		ID: "SF-ROTATE", Where: "deploy", Match: []string{"rotate"},
		Says:  "a warning about shouldRotateConsumerKey or shouldRotateConsumerSecret",
		Means: "The deploy would replace the key or the secret; an org does that only if warnings are ignored.",
		Do:    []string{"pass --ignore-warnings once, then take the key out of the spec", "better: ecactl credentials, which keeps the old pair for 30 days"}, Source: sourceErrors,
	},
	{
		ID: "SF-DUPLICATE-NAME", Where: "deploy", Match: []string{"duplicate"},
		Says:  "DUPLICATE_VALUE",
		Means: "An app or a Connected App of this name exists already.",
		Do:    []string{"if a Connected App has the name, migrate or delete it first", "choose another name in the spec"}, Source: sourceErrors,
	},
	{
		ID: "SF-CROSS-REFERENCE", Where: "deploy", Match: []string{"no external client app"},
		Says:  "In field: externalClientApplication - no ExternalClientApplication named X found",
		Means: "The component names an app that is neither in the org nor in the deploy.",
		Do:    []string{"deploy the app with it", "check the name for case and namespace"}, Source: sourceErrors,
	},
	{
		ID: "SF-CROSS-REFERENCE-FIELD", Where: "deploy", Match: []string{"in field:", "found"},
		Says:  "In field: X - no Y named Z found",
		Means: "The org does not have what the field names: a permission set, a profile, an Apex class, a custom scope.",
		Do:    []string{"deploy it first, or in the same project", "permission sets go by their API names, profiles by their labels"}, Source: sourceErrors,
	},
	{
		ID: "SF-CREATION-OFF", Where: "deploy", Match: []string{"connected app", "creat"},
		Says:  "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support.",
		Means: "Orgs create no Connected Apps since Spring '26.",
		Do:    []string{"make an External Client App: ecactl init, or ecactl convert"}, Source: "release notes Spring '26: New Connected Apps Can No Longer Be Created",
	},
	{
		ID: "SF-READ-ONLY", Where: "deploy", Match: []string{"connected app", "migrated"},
		Says:  "an error that a migrated Connected App cannot be changed",
		Means: "After the migration the Connected App is read-only; the External Client App has its place.",
		Do:    []string{"change the External Client App", "deleting the External Client App brings the Connected App back"}, Source: "help: Migrate a Connected App to an External Client App",
	},
	{
		ID: "SF-MISSING-FILE", Where: "deploy", Match: []string{"no package.xml found"},
		Says: "No package.xml found", Means: "The zip has no manifest at its root or in its top folder.",
		Do: []string{"generate it again: ecactl generate --zip FILE"}, Source: sourceErrors,
	},
	{
		ID: "SF-LOCATION", Where: "deploy", Match: []string{"not configured to support location"},
		Says: "Organization is not configured to support location", Means: "A canvas location is one that the org does not have.",
		Do: []string{"take the location out of the spec's canvas.locations"}, Source: sourceErrors,
	},

	{
		ID: "SF-SESSION", Where: "api", Match: []string{"invalid_session_id"},
		Says: "INVALID_SESSION_ID", Means: "The access token has expired, was revoked, or belongs to another org.",
		Do: []string{"log in again: ecactl login", "with SF_ACCESS_TOKEN: get a new one, and check SF_ORG_INSTANCE_URL", "a JWT-based token is refused by the SOAP API before version 68.0"}, Source: sourceREST,
	},
	{
		ID: "SF-LIMIT", Where: "api", Match: []string{"request_limit_exceeded"},
		Says: "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.", Means: "The org has used up its API requests of the last 24 hours. Trying again makes it no better.",
		Do: []string{"wait, or find who uses them: Setup > System Overview", "buy or ask for more"}, Source: sourceREST,
	},
	{
		ID: "SF-NO-METADATA-PERMISSION", Where: "api", Match: []string{"modifymetadata"},
		Says:  "INSUFFICIENT_ACCESS: use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions",
		Means: "The user may use the API and not the Metadata API.",
		Do:    []string{"assign a permission set with Modify Metadata Through Metadata API Functions", "ecactl doctor checks the other permissions as well"}, Source: sourceSOAP,
	},
	{
		ID: "SF-INSUFFICIENT-ACCESS", Where: "api", Match: []string{"insufficient_access"},
		Says: "INSUFFICIENT_ACCESS", Means: "The user lacks a permission for this.",
		Do: []string{"ecactl doctor says which", "for apps: Create, edit, and delete External Client Apps"}, Source: sourceSOAP,
	},
	{
		ID: "SF-API-DISABLED", Where: "api", Match: []string{"api_disabled_for_org"},
		Says: "API_DISABLED_FOR_ORG", Means: "The edition has no API, or the user's profile does not enable it.",
		Do: []string{"give the user API Enabled", "editions without the API need it as an add-on"}, Source: sourceREST,
	},
	{
		ID: "SF-API-VERSION", Where: "api", Match: []string{"unsupported_api_version"},
		Says: "UNSUPPORTED_API_VERSION", Means: "The org does not have this API version yet, or no longer.",
		Do: []string{"pass an --api-version that the org has; ecactl doctor names the newest"}, Source: sourceSOAP,
	},
	{
		ID: "SF-INVALID-TYPE", Where: "api", Match: []string{"invalid_type"},
		Says: "INVALID_TYPE", Means: "The org does not know the type at this API version, or the user may not see it.",
		Do: []string{"raise --api-version", "give the user View Setup and Configuration"}, Source: sourceSOAP,
	},
	{
		ID: "SF-ALREADY-OVER", Where: "api", Match: []string{"deployment already completed"},
		Says: "INVALID_ID_FIELD: Deployment already completed", Means: "The deploy was over before it could be cancelled.",
		Do: []string{"ecactl deploy status ID says how it ended"}, Source: sourceSOAP,
	},
	{
		ID: "SF-UNKNOWN-DEPLOY", Where: "api", Match: []string{"invalid_cross_reference_key"},
		Says: "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id", Means: "The org has nothing of this id, or not yet.",
		Do: []string{"check the id and the org", "an org keeps the history of deploys for about 30 days"}, Source: sourceSOAP,
	},
	{
		ID: "SF-UNAVAILABLE", Where: "api", Match: []string{"http_503"},
		Says: "503 Service Unavailable", Means: "The org is in maintenance, or a proxy stands in between.",
		Do: []string{"try again later; status.salesforce.com tells about the instance"}, Source: sourceREST,
	},

	{
		ID: "OAUTH-CLIENT-ID", Where: "token", Match: []string{"invalid_client_id"},
		Says:  "invalid_client_id: client identifier invalid",
		Means: "The host that was asked knows no app with this consumer key.",
		Do: []string{
			"check the key for a missing character or a blank at its ends",
			"ask the right host: an app lives in one org, so use that org's My Domain, and test.salesforce.com for a sandbox",
			"wait: a new app is known everywhere after up to 30 minutes",
			"check that the app is enabled, and not deleted by a sandbox refresh",
			"folklore: some pages blame special characters in the developer's password; no password is sent in these flows, so it cannot be that",
		}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-NOT-ADMIN-APPROVED", Where: "token", Match: []string{"not admin approved"},
		Says: "invalid_app_access, OAUTH_APP_ACCESS_DENIED: user is not admin approved to access this app", Means: "The user has none of the app's permission sets and profiles.",
		Do: []string{"assign one, or add one of the user's to policies.permissionSets or policies.profiles, and deploy"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-PKCE", Where: "token", Match: []string{"code challenge"},
		Says: "invalid_request: missing required code challenge", Means: "The app requires PKCE, and the client sends no code_challenge.",
		Do: []string{"switch PKCE on in the client, with S256", "if the client cannot, set oauth.security.requirePkce: false and deploy; where a partner or the org locks it, it stays"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-RESPONSE-TYPE", Where: "token", Match: []string{"response type"},
		Says: "unsupported_response_type: response type not supported", Means: "The app or the org does not take this flow. The code and credentials flow is off for a whole org until an admin allows it.",
		Do: []string{"Setup > OAuth and OpenID Connect Settings: allow Authorization Code and Credentials Flows", "set oauth.flows.authorizationCodeCredentials.enabled: true, and deploy", "for users of an Experience Cloud site ask at the site's address"}, Source: "help: Configure a Code and Credentials Flow",
	},
	{
		ID: "OAUTH-DEVICE", Where: "token", Match: []string{"device flow"},
		Says: "invalid_grant: device flow is not enabled", Means: "The app has no device flow, or may have none: since 30 November 2026 only local External Client Apps with a localhost callback may.",
		Do: []string{"set oauth.flows.device.enabled: true, distribution: Local, and a callback on localhost; deploy", "better: the authorization code flow with PKCE and a callback on localhost"}, Source: "release notes Winter '27: Restrict the OAuth 2.0 Device Flow",
	},
	{
		ID: "OAUTH-NOT-APPROVED", Where: "token", Match: []string{"invalid_grant", "approved"},
		Says:  "invalid_grant: user hasn't approved this consumer",
		Means: "The app's users are approved by an admin, and this one is not; or by themselves, and this one has not.",
		Do:    []string{"set policies.permittedUsers: admin-approved and assign a permission set or profile of the user", "or have the user approve the app once in a browser, with the refresh_token scope"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-AUDIENCE", Where: "token", Match: []string{"invalid_grant", "audience"},
		Says:  "invalid_grant: audience is invalid",
		Means: "The JWT was made for another login host.",
		Do:    []string{"sandboxes take https://test.salesforce.com, production and Developer Edition https://login.salesforce.com", "or use the org's My Domain both as host and as audience"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-CODE-EXPIRED", Where: "token", Match: []string{"invalid_grant", "expired authorization code"},
		Says:  "invalid_grant: expired authorization code",
		Means: "A code was used twice or too late; for a JWT, its time is past or too far ahead.",
		Do:    []string{"log in again", "set this machine's clock: ecactl doctor compares it"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-REFRESH-EXPIRED", Where: "token", Match: []string{"invalid_grant", "expired access/refresh token"},
		Says:  "invalid_grant: expired access/refresh token",
		Means: "The refresh token has ended: by the app's policy, by 30 days without use, by rotation, because it was revoked, or because it was the oldest of more than five.",
		Do:    []string{"log in again", "do not share one login between machines where tokens rotate"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-ASSERTION", Where: "token", Match: []string{"invalid_grant", "assertion"},
		Says:  "invalid_grant: invalid assertion",
		Means: "The signature does not fit the certificate that the app has now.",
		Do:    []string{"check that the key belongs to the app's certificate", "a deploy without the certificate takes it away: deploy it again", "Salesforce takes RS256 alone"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-NOT-INSTALLED", Where: "token", Match: []string{"not installed in this org"},
		Says: "invalid_grant: External client app is not installed in this org", Means: "The app is in another org, and not in this one; a sandbox may not have been copied with it.",
		Do: []string{"deploy the app to this org: ecactl deploy SPEC"}, Source: "github.com/forcedotcom/cli issue 3482",
	},
	{
		ID: "OAUTH-NO-RUN-AS", Where: "token", Match: []string{"no client credentials user"},
		Says: "invalid_grant: no client credentials user enabled", Means: "The app has no run-as user in its policies, or the user is not active.",
		Do: []string{"set oauth.flows.clientCredentials.runAs to an active username of the org, and deploy"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-AUTHENTICATION", Where: "token", Match: []string{"invalid_grant", "authentication failure"},
		Says: "invalid_grant: authentication failure", Means: "The user could not be logged in: password, IP range, multi-factor or a locked account.",
		Do: []string{"use a flow without a password: JWT bearer, client credentials or the web server flow", "look at the user's Login History in Setup"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-CLIENT", Where: "token", Match: []string{"invalid_client"},
		Says: "invalid_client: invalid client credentials", Means: "The consumer secret is wrong or was rotated, or the app has to be installed first.",
		Do: []string{"check the secret", "client credentials are taken at the org's My Domain alone", "install or approve the app in Setup"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-INACTIVE-USER", Where: "token", Match: []string{"inactive_user"},
		Says: "inactive_user", Means: "The user is frozen or deactivated.", Do: []string{"activate the user"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-INACTIVE-ORG", Where: "token", Match: []string{"inactive_org"},
		Says: "inactive_org", Means: "The org is locked, suspended or closed.", Do: []string{"ask Salesforce about the org"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-BLOCKED", Where: "token", Match: []string{"oauth_app_blocked"},
		Says: "OAUTH_APP_BLOCKED: this app is blocked by admin", Means: "The org blocks the app, or lets nobody use apps that are not installed.",
		Do: []string{"install it: Setup > Connected Apps OAuth Usage", "give the user Approve Uninstalled Connected Apps"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-REDIRECT", Where: "token", Match: []string{"redirect_uri_mismatch"},
		Says: "redirect_uri_mismatch", Means: "The callback is none of the app's callback URLs, to the character.",
		Do: []string{"add it to oauth.callbackUrls and deploy"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-DENIED", Where: "token", Match: []string{"access_denied"},
		Says: "access_denied: end-user denied authorization", Means: "The user pressed Deny, or may not approve the app.",
		Do: []string{"log in again, and allow it"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-SCOPE", Where: "token", Match: []string{"invalid_scope"},
		Says: "invalid_scope", Means: "A scope was asked for that the app does not have.",
		Do: []string{"add it to oauth.scopes and deploy, or ask for less"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-GRANT-TYPE", Where: "token", Match: []string{"unsupported_grant_type"},
		Says: "unsupported_grant_type", Means: "The org or the app does not have this flow.",
		Do: []string{"enable the flow in the spec, under oauth.flows"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-RATE", Where: "token", Match: []string{"rate_limit_exceeded"},
		Says: "rate_limit_exceeded", Means: "The app logs in too often.", Do: []string{"keep the access token and use it again until it expires"}, Source: sourceOAuth,
	},
}
