package org_test

import (
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/org"
)

// said is what Salesforce says, by where, with the advice that has to come. The
// texts are those of the references, to the character where they have it.
var said = []struct{ where, text, want string }{
	{"deploy", "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration.", "SF-GLOBAL-WITHOUT-OAUTH"},
	{"deploy", "There's a problem with your scope(s): Nonsense. Valid scopes: Api, Web", "SF-SCOPES"},
	{"deploy", "Enter a valid execution user for the OAuth client credentials flow.", "SF-RUN-AS"},
	{"deploy", "'AdminApproved' is not a valid value for the enum 'PermittedUsersPolicyType'", "SF-ENUM"},
	{"deploy", "Element {http://soap.sforce.com/2006/04/metadata}isX invalid at this location in type Y", "SF-ELEMENT"},
	{"deploy", "duplicate value found: ExternalClientApplicationId duplicates value on App_oauthPlcy", "SF-DUPLICATE-POLICY"},
	{"deploy", "In field: externalClientApplication - no ExternalClientApplication named X found", "SF-CROSS-REFERENCE"},
	{"deploy", "In field: commaSeparatedPermissionSet - no PermissionSet named Orders found", "SF-CROSS-REFERENCE-FIELD"},
	{"deploy", "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id", "SF-CROSS-REFERENCE-KEY"},
	{"deploy", "INVALID_CROSS_REFERENCE_KEY", "SF-CROSS-REFERENCE-KEY"},
	{"deploy", "DUPLICATE_VALUE", "SF-DUPLICATE-NAME"},
	{"deploy", "duplicate value found: DeveloperName duplicates value on record with name: Order_Sync", "SF-DUPLICATE-NAME"},
	{"deploy", "Invalid plugin settings", "SF-PLUGIN-SETTINGS"},
	{"deploy", "We couldn\u2019t update your OAuth link because", "SF-LINK-UPDATE"},
	{"deploy", "The OAuth link 00D:888 is incorrect. Remove the OAuth link field, and it's generated during deployment.", "SF-LINK"},
	{"deploy", `Cannot invoke "String.split(String)" because "oauthLink" is null`, "SF-HALF-CREATED"},
	{"deploy", `duplicate key value violates unique constraint "ak3tl_setup_entity_data"`, "SF-HALF-CREATED-TWICE"},
	{"deploy", "Unable to find type ExtlClntAppOauthSecuritySettings in registry", "SF-REGISTRY"},
	{"deploy", "The consumer key is already taken.", "SF-KEY-TAKEN"},
	{"deploy", "You cannot provide a Consumer Key", "SF-KEY-GIVEN"},
	{"deploy", "Organization is not configured to support location", "SF-LOCATION"},
	{"deploy", "shouldRotateConsumerKey is true: this deploy rotates the value", "SF-ROTATE"},
	{"deploy", "No package.xml found", "SF-MISSING-FILE"},
	{"deploy", "An object 'A' of type B was named in package.xml, but was not found in zipped directory", "SF-NOT-IN-ZIP"},
	{"deploy", "Required field is missing: contactEmail", "SF-REQUIRED"},
	{"deploy", "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support.", "SF-CREATION-OFF"},
	{"deploy", "This connected app was migrated to an external client app and is read only.", "SF-READ-ONLY"},
	{"deploy", "nothing that anybody knows", ""},

	{"api", "INVALID_SESSION_ID: Session expired or invalid", "SF-SESSION"},
	{"api", "INVALID_SESSION_ID: This session is not valid for use with the REST API", "SF-SESSION-REST"},
	{"api", "INVALID_SESSION_ID: Connected app is not attached to Agent", "SF-SESSION-AGENT"},
	{"api", `SOAP API does not support JWT-based access tokens. You must disable the "Issue JSON Web Token (JWT)-based access tokens" setting`, "SF-SOAP-JWT"},
	{"api", "INVALID_AUTH_HEADER: INVALID_HEADER_TYPE", "SF-AUTH-HEADER"},
	{"api", "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.", "SF-LIMIT"},
	{"api", "INSUFFICIENT_ACCESS: use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions", "SF-NO-METADATA-PERMISSION"},
	{"api", "INSUFFICIENT_ACCESS: no", "SF-INSUFFICIENT-ACCESS"},
	{"api", "API_DISABLED_FOR_ORG: API is not enabled for this Organization or Partner", "SF-API-DISABLED"},
	{"api", "API_CURRENTLY_DISABLED: API is currently disabled", "SF-API-CURRENTLY-DISABLED"},
	{"api", "SERVER_UNAVAILABLE: server unavailable", "SF-SERVER-UNAVAILABLE"},
	{"api", "HTTP_503: Service Unavailable", "SF-UNAVAILABLE"},
	{"api", "UNSUPPORTED_API_VERSION: Invalid Api version specified on URL", "SF-API-VERSION"},
	{"api", "INVALID_TYPE: Cannot use: FlowDefinition in this version", "SF-INVALID-TYPE"},
	{"api", "INVALID_ID_FIELD: Deployment already completed", "SF-ALREADY-OVER"},
	{"api", "INVALID_ID_FIELD: Can't quick deploy: the validation has not succeeded", "SF-NOT-QUICK"},
	{"api", "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id", "SF-UNKNOWN-DEPLOY"},
	{"api", "nothing that anybody knows", ""},

	{"token", "invalid_grant: user hasn't approved this consumer", "OAUTH-NOT-APPROVED"},
	{"token", "invalid_grant: user is not admin approved", "OAUTH-NOT-ADMIN-APPROVED"},
	{"token", "invalid_app_access: user is not admin approved to access this app", "OAUTH-NOT-ADMIN-APPROVED"},
	{"token", "invalid_grant: audience is invalid", "OAUTH-AUDIENCE"},
	{"token", "invalid_grant: Audience validation failed", "OAUTH-AUDIENCE"},
	{"token", "invalid_grant: expired authorization code", "OAUTH-CODE-EXPIRED"},
	{"token", "invalid_grant: expired access/refresh token", "OAUTH-REFRESH-EXPIRED"},
	{"token", "invalid_grant: invalid assertion", "OAUTH-ASSERTION"},
	{"token", "invalid_grant: External client app is not installed in this org", "OAUTH-NOT-INSTALLED"},
	{"token", "invalid_grant: authentication failure", "OAUTH-AUTHENTICATION"},
	{"token", "invalid_grant: no client credentials user enabled", "OAUTH-NO-RUN-AS"},
	{"token", "invalid_client_id: client identifier invalid", "OAUTH-CLIENT-ID"},
	{"token", "invalid_client: invalid client credentials", "OAUTH-CLIENT"},
	{"token", "invalid_client: app must be installed into org", "OAUTH-INSTALL"},
	{"token", "inactive_user: user is inactive", "OAUTH-INACTIVE-USER"},
	{"token", "inactive_org: org locked", "OAUTH-INACTIVE-ORG"},
	{"token", "OAUTH_APP_BLOCKED: this app is blocked by admin", "OAUTH-BLOCKED"},
	{"token", "invalid_request: refresh_token scope is required and the connected app should be installed and preauthorized.", "OAUTH-PREAUTHORIZED"},
	{"token", "invalid_request: missing required code challenge", "OAUTH-PKCE"},
	{"token", "OAUTH_APP_ACCESS_DENIED: user is not admin approved to access this app", "OAUTH-NOT-ADMIN-APPROVED"},
	{"token", "invalid_request: parameter given twice", "OAUTH-REQUEST"},
	{"token", "unsupported_response_type: response type not supported", "OAUTH-RESPONSE-TYPE"},
	{"token", "invalid_grant: device flow is not enabled", "OAUTH-DEVICE"},
	{"token", "unsupported_grant_type: grant type not supported", "OAUTH-GRANT-TYPE"},
	{"token", "invalid_scope: the requested scope is not allowed", "OAUTH-SCOPE"},
	{"token", "redirect_uri_mismatch: redirect_uri must match configuration", "OAUTH-REDIRECT"},
	{"token", "access_denied: end-user denied authorization", "OAUTH-DENIED"},
	{"token", "rate_limit_exceeded", "OAUTH-RATE"},
	{"token", "OAUTH_APPROVAL_ERROR_GENERIC: An unexpected error has occured during authentication", "OAUTH-APPROVAL"},
	{"token", "HTTP_503: Service Unavailable", "SF-UNAVAILABLE"},
	{"token", "nothing that anybody knows", ""},
}

func TestAdvise(t *testing.T) {
	advised := map[string]bool{}
	for _, tt := range said {
		got := ""
		if a := org.Advise(tt.where, tt.text); a != nil {
			got = a.ID
		}
		if got != tt.want {
			t.Errorf("%s: %q is explained by %q, wanted %q", tt.where, tt.text, got, tt.want)
		}
		advised[got] = true
	}
	seen := map[string]bool{}
	for _, a := range org.Advices() {
		if seen[a.ID] || a.Means == "" || len(a.Do) == 0 || a.Source == "" || len(a.Match) == 0 {
			t.Errorf("%s: not whole, or there twice", a.ID)
		}
		for _, m := range a.Match {
			if m != strings.ToLower(m) {
				t.Errorf("%s: %q is compared with lower case and never fits", a.ID, m)
			}
		}
		if seen[a.ID] = true; !advised[a.ID] {
			t.Errorf("%s: no text of a reference leads to it", a.ID)
		}
	}
	// The folklore about passwords stands last, and says what it is.
	do := org.Advise("token", "invalid_client_id").Do
	if last := do[len(do)-1]; !strings.HasPrefix(last, "folklore") || len(do) < 4 {
		t.Errorf("what to do about invalid_client_id ends with %q", last)
	}
}

// What people look up has no code in front.
func TestAdviseWithoutCode(t *testing.T) {
	for text, want := range map[string]string{
		"user hasn't approved this consumer": "OAUTH-NOT-APPROVED",
		"Audience is invalid":                "OAUTH-AUDIENCE",
		"expired authorization code":         "OAUTH-CODE-EXPIRED",
		"expired access/refresh token":       "OAUTH-REFRESH-EXPIRED",
		"client identifier invalid":          "OAUTH-CLIENT-ID",
	} {
		if a := org.Advise("", text); a == nil || a.ID != want {
			t.Errorf("%s: %+v, want %s", text, a, want)
		}
	}
	for _, text := range []string{"", "invalid", "no such text anywhere"} {
		if a := org.Advise("", text); a != nil {
			t.Errorf("%q: %s", text, a.ID)
		}
	}
}
