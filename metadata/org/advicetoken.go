package org

// tokenAdvices are about logging in.
var tokenAdvices = []Advice{
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
		ID: "OAUTH-INSTALL", Where: "token", Match: []string{"invalid_client", "must be installed"},
		Says: "invalid_client: app must be installed into org", Means: "The org lets only apps in that are installed, and this one is of another org.",
		Do: []string{"install it: Setup > Connected Apps OAuth Usage", "or use an app of this org"}, Source: sourceOAuth,
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
	{
		ID: "OAUTH-PREAUTHORIZED", Where: "token", Match: []string{"invalid_request", "preauthorized"},
		Says:  "invalid_request: refresh_token scope is required and the connected app should be installed and preauthorized.",
		Means: "A JWT bearer login needs an app with the refresh_token scope whose users an admin has approved.",
		Do:    []string{"add refresh_token to oauth.scopes", "set policies.permittedUsers: admin-approved, assign a permission set or profile of the user, and deploy"}, Source: sourceErrors,
	},
	{
		ID: "OAUTH-REQUEST", Where: "token", Match: []string{"invalid_request"},
		Says: "invalid_request", Means: "Something is missing in the request, or is there twice: most often what PKCE needs, where the app demands it.",
		Do: []string{"read what Salesforce says behind the colon", "a client that knows no PKCE needs oauth.security.requirePkce: false"}, Source: sourceOAuth,
	},
	{
		ID: "OAUTH-APPROVAL", Where: "token", Match: []string{"oauth_approval_error_generic"},
		Says: "OAUTH_APPROVAL_ERROR_GENERIC", Means: "The approval went wrong and Salesforce does not say why. A session of another org in the same browser does it, and so does a user who may not use the app.",
		Do: []string{"log out of Salesforce in the browser, or use a private window, and log in again", "check that the app is installed and that the user may use it: Setup > Connected Apps OAuth Usage"}, Source: sourceOAuth,
	},
}
