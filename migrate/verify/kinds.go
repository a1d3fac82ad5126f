package verify

// A Kind is a check that there is.
type Kind struct{ ID, Flow, Title string }

// Flows, in the order in which they are gone through.
const (
	flowSettings      = "settings"
	flowCode          = "authorization code"
	flowRefresh       = "refresh"
	flowClient        = "client credentials"
	flowJWT           = "JWT bearer"
	flowUser          = "code and credentials"
	flowExchange      = "token exchange"
	flowDevice        = "device"
	flowIntrospection = "introspection"
	flowRevocation    = "revocation"
	flowCleanup       = "cleanup"
)

// kinds lists the checks that there are. Which of them an app gets depends on
// what its spec enables.
var kinds = []Kind{
	{"settings.flows", flowSettings, "flows are enabled as the spec says"},
	{"settings.security", flowSettings, "PKCE, secrets and rotation are as the spec says"},
	{"settings.callbacks", flowSettings, "callback URLs are those of the spec"},
	{"settings.scopes", flowSettings, "scopes are those of the spec"},
	{"policy.enabled", flowSettings, "the app is switched on"},
	{"policy.permitted-users", flowSettings, "permitted users are as the spec says"},
	{"policy.refresh-token", flowSettings, "idle time and lifetime of refresh tokens are as the spec says"},
	{"policy.ip", flowSettings, "IP relaxation is as the spec says"},
	{"policy.session", flowSettings, "session limits are as the spec says"},

	{"code.without-pkce", flowCode, "without PKCE it is refused"},
	{"code.login", flowCode, "a user gets in"},
	{"code.instance-url", flowCode, "the instance_url is the org's, and takes the token"},
	{"code.scopes", flowCode, "granted scopes are those of the spec"},
	{"code.wrong-verifier", flowCode, "with another verifier it is refused"},
	{"code.without-secret", flowCode, "without the secret it is refused"},
	{"code.refused-user", flowCode, "a user without permission is refused"},

	{"refresh.none", flowRefresh, "no refresh token is handed out"},
	{"refresh.immediately", flowRefresh, "a refresh token ends at once"},
	{"refresh.renew", flowRefresh, "a new access token comes, and works"},
	{"refresh.without-secret", flowRefresh, "without the secret it is refused"},
	{"refresh.rotation", flowRefresh, "rotation is as the spec says: the old token is refused"},

	{"client.login", flowClient, "the app gets in by itself"},
	{"client.user", flowClient, "it is the run-as user of the spec"},
	{"client.instance-url", flowClient, "the instance_url is the org's, and takes the token"},
	{"client.scopes", flowClient, "granted scopes are those of the spec"},
	{"client.without-secret", flowClient, "without the secret it is refused"},
	{"client.wrong-secret", flowClient, "with another secret it is refused"},
	{"client.off", flowClient, "it is refused, as the spec does not enable it"},

	{"jwt.login", flowJWT, "the key gets a user in"},
	{"jwt.user", flowJWT, "it is the user that was named"},
	{"jwt.instance-url", flowJWT, "the instance_url is the org's, and takes the token"},
	{"jwt.scopes", flowJWT, "granted scopes are those of the spec"},
	{"jwt.wrong-key", flowJWT, "with another key it is refused"},
	{"jwt.refused-user", flowJWT, "a user without permission is refused"},

	{"user.login", flowUser, "name and password get a user in"},
	{"user.user", flowUser, "it is the user that was named"},
	{"user.instance-url", flowUser, "the instance_url is the org's, and takes the token"},
	{"user.scopes", flowUser, "granted scopes are those of the spec"},
	{"user.wrong-password", flowUser, "with another password it is refused"},
	{"user.post-only", flowUser, "credentials in a header are refused"},
	{"user.without-pkce", flowUser, "without PKCE it is refused"},
	{"user.refused-user", flowUser, "a user without permission is refused"},

	{"exchange.login", flowExchange, "a token of the identity provider gets a user in"},
	{"exchange.instance-url", flowExchange, "the instance_url is the org's, and takes the token"},
	{"exchange.scopes", flowExchange, "granted scopes are those of the spec"},
	{"exchange.without-secret", flowExchange, "without the secret it is refused"},
	{"exchange.wrong-token", flowExchange, "another token is refused"},

	{"device.start", flowDevice, "a device gets a code to be typed"},
	{"device.waiting", flowDevice, "nobody gets in before it is typed"},
	{"device.login", flowDevice, "whoever types it gets in"},
	{"device.off", flowDevice, "it is refused, as the spec does not enable it"},

	{"introspection.active", flowIntrospection, "the app's own token is known"},
	{"introspection.without-secret", flowIntrospection, "without the secret it is refused"},
	{"introspection.others", flowIntrospection, "tokens of others are told of as the spec says"},

	{"revocation.access", flowRevocation, "a revoked access token is refused"},
	{"revocation.refresh", flowRevocation, "a revoked refresh token takes its access tokens with it"},

	{"cleanup", flowCleanup, "every token that was obtained is revoked"},
}

// Kinds lists the checks that there are.
func Kinds() []Kind { return append([]Kind{}, kinds...) }

func kindOf(id string) Kind {
	for _, k := range kinds {
		if k.ID == id {
			return k
		}
	}
	panic("there is no check " + id)
}
