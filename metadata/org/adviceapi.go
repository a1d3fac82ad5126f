package org

// apiAdvices are about any request.
var apiAdvices = []Advice{
	{
		ID: "SF-SESSION-REST", Where: "api", Match: []string{"invalid_session_id", "not valid for use with the rest api"},
		Says: "INVALID_SESSION_ID: This session is not valid for use with the REST API", Means: "The token is good, and not for this API: it is one of a login page or of an app without the api scope. A new one of the same kind is no better.",
		Do: []string{"give the app the api scope, and log in again", "log in another way: ecactl login"}, Source: sourceREST,
	},
	{
		ID: "SF-SESSION-AGENT", Where: "api", Match: []string{"invalid_session_id", "not attached to agent"},
		Says: "INVALID_SESSION_ID: Connected app is not attached to Agent", Means: "The token is one of an app for agents that no agent has.",
		Do: []string{"log in through another app: ecactl login", "attach the app to the agent in Setup"}, Source: sourceREST,
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
		ID: "SF-SERVER-UNAVAILABLE", Where: "api", Match: []string{"server_unavailable"},
		Says: "SERVER_UNAVAILABLE", Means: "The org is busy or in maintenance.",
		Do: []string{"try again later; status.salesforce.com tells about the instance"}, Source: sourceSOAP,
	},
	{
		ID: "SF-API-CURRENTLY-DISABLED", Where: "api", Match: []string{"api_currently_disabled"},
		Says: "API_CURRENTLY_DISABLED", Means: "The org takes no API requests for the time being, as during a migration of its instance.",
		Do: []string{"try again later; status.salesforce.com tells about the instance"}, Source: sourceSOAP,
	},
	{
		ID: "SF-NOT-QUICK", Where: "api", Match: []string{"invalid_id_field", "quick deploy"},
		Says: "INVALID_ID_FIELD, against a quick deploy", Means: "The validation cannot be deployed as it is: it failed, ran no tests, is older than ten days, or something was deployed since.",
		Do: []string{"validate again, with tests: ecactl deploy SPEC --dry-run --test-level RunLocalTests", "or deploy: ecactl deploy SPEC"}, Source: sourceSOAP,
	},
	{
		ID: "SF-SOAP-JWT", Where: "api", Match: []string{"soap api does not support jwt"},
		Says:  `SOAP API does not support JWT-based access tokens. You must disable the "Issue JSON Web Token (JWT)-based access tokens" setting`,
		Means: "The app that was logged in through issues tokens in JWT form, which the SOAP API takes from version 68.0 on.",
		Do:    []string{"deploy over REST, which is ecactl's default", "pass --api-version 68.0 if the org has it", "log in through an app whose oauth.security.jwtAccessTokens is false"}, Source: sourceSOAP,
	},
	{
		ID: "SF-AUTH-HEADER", Where: "api", Match: []string{"invalid_auth_header"},
		Says: "INVALID_AUTH_HEADER", Means: "What was sent as the access token is not in the form of one.",
		Do: []string{"check SF_ACCESS_TOKEN for quotes, blanks and a missing end", "log in again: ecactl login"}, Source: sourceREST,
	},
}
