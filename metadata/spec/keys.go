package spec

import (
	"slices"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata"
)

// Types by the short names under which the tables below use them.
const (
	tApp     = metadata.TypeApp
	tOauth   = "ExtlClntAppOauthSettings"
	tGlobal  = "ExtlClntAppGlobalOauthSettings"
	tPolicy  = "ExtlClntAppOauthConfigurablePolicies"
	tApply   = "ExtlClntAppConfigurablePolicies"
	tSecure  = "ExtlClntAppOauthSecuritySettings"
	tSaml    = "ExtlClntAppSamlConfigurablePolicies"
	tCanvas  = "ExtlClntAppCanvasSettings"
	tMobile  = "ExtlClntAppMobileSettings"
	tLock    = "ExtlClntAppMobileConfigurablePolicies"
	tPush    = "ExtlClntAppPushSettings"
	tPushPol = "ExtlClntAppPushConfigurablePolicies"
	tNotify  = "ExtlClntAppNotificationSettings"
	tOrg     = "ExternalClientAppSettings"
)

// A Key is one key of the spec format: where it stands, how its value is
// written, and which metadata fields it becomes.
type Key struct {
	Path    string   // dotted: "oauth.security.requirePkce"
	Value   codec    // how the YAML value reads and what it becomes
	Fields  []string // "Type.field", or "Type.block.field"; none for a key that only steers
	Setup   string   // the label in Setup; "" where Setup has none
	Default string   // what an org does if the key is not said; "" where nothing is known
	Doc     string   // one sentence for editors and explain
}

// Name is the last part of the path.
func (k *Key) Name() string { return k.Path[strings.LastIndexByte(k.Path, '.')+1:] }

// Spellings of enumerated values that differ from the metadata name in kebab
// case: the words of Setup where metadata has a code.
var (
	permittedUsers = map[string]string{"AllSelfAuthorized": "self-authorize", "AdminApprovedPreAuthorized": "admin-approved"}
	ipRelaxation   = map[string]string{
		"Enforce": "enforce", "Enforce_relaxrefresh": "enforce-relax-refresh",
		"Bypass_2factor": "relax-activated-devices", "Bypass": "relax",
	}
)

// appKeys are the keys of kind ExternalClientApp, in the order in which import
// writes them and the reference lists them. A metadata field that has no key
// here is still reachable, under the key "metadata".
var appKeys = []*Key{
	{Path: "label", Value: text{}, Fields: []string{tApp + ".label"}, Setup: "External Client App Name", Default: "the API name", Doc: "The name that people see, 80 characters at most."},
	{Path: "description", Value: text{}, Fields: []string{tApp + ".description"}, Setup: "Description", Doc: "What the app is for."},
	{Path: "contact.email", Value: text{}, Fields: []string{tApp + ".contactEmail"}, Setup: "Contact Email", Doc: "Whom an admin writes to about the app; Salesforce requires it."},
	{Path: "contact.phone", Value: text{}, Fields: []string{tApp + ".contactPhone"}, Setup: "Contact Phone", Doc: "A phone number for the same."},
	{Path: "infoUrl", Value: text{}, Fields: []string{tApp + ".infoUrl"}, Setup: "Info URL", Doc: "A page about the app."},
	{Path: "logoUrl", Value: text{}, Fields: []string{tApp + ".logoUrl"}, Setup: "Logo Image URL", Doc: "An image for the app's page."},
	{Path: "iconUrl", Value: text{}, Fields: []string{tApp + ".iconUrl"}, Setup: "Icon URL", Doc: "A small image for the app's page."},
	{Path: "distribution", Value: enum{plain: true}, Fields: []string{tApp + ".distributionState"}, Setup: "Distribution State", Default: "Local, which ecactl writes", Doc: "Local keeps the app in this org; Packaged lets a second-generation package carry it, which a sandbox cannot."},
	{Path: "protected", Value: boolean{}, Fields: []string{tApp + ".isProtected"}, Default: "false", Doc: "Hides a packaged app from subscribers' own packages."},
	{Path: "managedType", Value: enum{plain: true}, Fields: []string{tApp + ".managedType"}, Doc: "For Salesforce's internal use; leave it out."},

	{Path: "oauth.callbackUrls", Value: lines{}, Fields: []string{tGlobal + ".callbackUrl"}, Setup: "Callback URL", Doc: "Where Salesforce may send the user back to, 2,000 characters in all; needed even where no flow redirects."},
	{Path: "oauth.scopes", Value: scopes{}, Fields: []string{tOauth + ".commaSeparatedOauthScopes"}, Setup: "OAuth Scopes", Doc: "What tokens of the app may do. OAuth names (api), metadata names (Api) and Setup's labels are accepted."},
	{Path: "oauth.scopeOrder", Value: steer{values: []string{"platform", "given"}}, Default: "platform", Doc: "The order in which scopes are written: the platform's, in which a retrieve returns them, or as given."},
	{Path: "oauth.customScopes", Value: commaList{sep: ", "}, Fields: []string{tOauth + ".commaSeparatedCustomScopes"}, Doc: "Custom OAuth scopes that the app may ask for, by API name."},
	{Path: "oauth.flows.authorizationCodeCredentials.enabled", Value: boolean{}, Fields: []string{tGlobal + ".isCodeCredFlowEnabled"}, Setup: "Enable Authorization Code and Credentials Flow", Default: "false", Doc: "Headless login with the user's own credentials; needs the org's OAuth and OpenID Connect setting as well."},
	{Path: "oauth.flows.authorizationCodeCredentials.postOnly", Value: boolean{}, Fields: []string{tGlobal + ".isCodeCredPostOnly"}, Setup: "Require user credentials in the POST body for Authorization Code and Credentials Flow", Default: "false", Doc: "Refuses credentials in a header."},
	{Path: "oauth.flows.authorizationCodeCredentials.guest", Value: boolean{}, Fields: []string{tPolicy + ".isGuestCodeCredFlowEnabled"}, Setup: "Enable guest flow", Default: "false", Doc: "Tokens for guest users; needs security.jwtAccessTokens."},
	{Path: "oauth.flows.clientCredentials.enabled", Value: bothSwitches{}, Fields: []string{tGlobal + ".isClientCredentialsFlowEnabled", tPolicy + ".isClientCredentialsFlowEnabled"}, Setup: "Enable Client Credentials Flow", Default: "false", Doc: "A server logs in as itself. Sets the switch of the settings, and that of the policies if the spec has policies."},
	{Path: "oauth.flows.clientCredentials.settingsEnabled", Value: boolean{}, Fields: []string{tGlobal + ".isClientCredentialsFlowEnabled"}, Doc: "The settings' switch alone, where the two are to differ."},
	{Path: "oauth.flows.clientCredentials.policyEnabled", Value: boolean{}, Fields: []string{tPolicy + ".isClientCredentialsFlowEnabled"}, Doc: "The policies' switch alone, where the two are to differ."},
	{Path: "oauth.flows.clientCredentials.runAs", Value: text{}, Fields: []string{tPolicy + ".clientCredentialsFlowUser"}, Setup: "Run As (Username)", Doc: "The user that the server becomes, by username; the user must exist before the deploy."},
	{Path: "oauth.flows.jwtBearer.certificateFile", Value: certificateFile{}, Fields: []string{tGlobal + ".certificate"}, Setup: "Enable JWT Bearer Flow", Doc: "The certificate of the key that signs the assertions: a PEM, DER or base64 file beside the spec. Its presence switches the flow on."},
	{Path: "oauth.flows.jwtBearer.certificate", Value: certificate{}, Fields: []string{tGlobal + ".certificate"}, Setup: "Enable JWT Bearer Flow", Doc: "The same certificate written into the spec, as PEM or base64."},
	{Path: "oauth.flows.device.enabled", Value: boolean{}, Fields: []string{tGlobal + ".isDeviceFlowEnabled"}, Setup: "Enable Device Flow", Default: "false", Doc: "Login by a code on another device; from 30 November 2026 for Local apps with a localhost callback only."},
	{Path: "oauth.flows.tokenExchange.enabled", Value: bothSwitches{}, Fields: []string{tGlobal + ".isTokenExchangeEnabled", tPolicy + ".isTokenExchangeFlowEnabled"}, Setup: "Enable Token Exchange Flow", Default: "false", Doc: "Swaps another identity provider's token for one of Salesforce. Sets both switches, as clientCredentials.enabled does."},
	{Path: "oauth.flows.tokenExchange.settingsEnabled", Value: boolean{}, Fields: []string{tGlobal + ".isTokenExchangeEnabled"}, Doc: "The settings' switch alone, where the two are to differ."},
	{Path: "oauth.flows.tokenExchange.policyEnabled", Value: boolean{}, Fields: []string{tPolicy + ".isTokenExchangeFlowEnabled"}, Doc: "The policies' switch alone, where the two are to differ."},
	{Path: "oauth.flows.tokenExchange.requireSecret", Value: boolean{}, Fields: []string{tGlobal + ".isSecretRequiredForTokenExchange"}, Setup: "Require secret for Token Exchange Flow", Default: "true in Setup, false by metadata", Doc: "Refuses an exchange without the consumer secret."},
	{Path: "oauth.flows.firstParty.enabled", Value: boolean{}, Fields: []string{tOauth + ".isFirstPartyAppEnabled"}, Default: "false", Doc: "OAuth 2.0 for First-Party Applications: the authorization challenge endpoint."},
	{Path: "oauth.flows.firstParty.clientAssertionCertificate", Value: text{}, Fields: []string{tOauth + ".clientAssertionCertificate"}, Doc: "The certificate that signs the client's attestation."},
	{Path: "oauth.security.requireSecretForWebServerFlow", Value: boolean{invert: true}, Fields: []string{tGlobal + ".isConsumerSecretOptional"}, Setup: "Require secret for Web Server Flow", Default: "true", Doc: "Refuses a code without the consumer secret. Metadata has the opposite, isConsumerSecretOptional."},
	{Path: "oauth.security.requireSecretForRefreshToken", Value: boolean{}, Fields: []string{tGlobal + ".isSecretRequiredForRefreshToken"}, Setup: "Require secret for Refresh Token Flow", Default: "true", Doc: "Refuses a refresh without the consumer secret."},
	{Path: "oauth.security.requirePkce", Value: boolean{}, Fields: []string{tGlobal + ".isPkceRequired"}, Setup: "Require Proof Key for Code Exchange (PKCE) extension for Supported Authorization Flows", Default: "true", Doc: "Refuses a code without its proof key; some orgs lock it on."},
	{Path: "oauth.security.rotateRefreshTokens", Value: boolean{}, Fields: []string{tGlobal + ".isRefreshTokenRotationEnabled"}, Setup: "Enable Refresh Token Rotation", Default: "false; true in the newest orgs", Doc: "Every refresh gives a new refresh token and ends the old one; clients must keep the new one."},
	{Path: "oauth.security.limitIdleRefreshToken", Value: boolean{}, Fields: []string{tGlobal + ".isEnforceRefreshTokenTTL"}, Setup: "Limit Idle Refresh Token TTL to 30 Days", Default: "true for apps made since 2026", Doc: "A refresh token that is not used for 30 days ends."},
	{Path: "oauth.security.introspectAllTokens", Value: boolean{}, Fields: []string{tGlobal + ".isIntrospectAllTokens"}, Setup: "Introspect All Tokens", Default: "false", Doc: "Lets the app ask about every token of the org and not only its own."},
	{Path: "oauth.security.jwtAccessTokens", Value: boolean{}, Fields: []string{tGlobal + ".isNamedUserJwtEnabled"}, Setup: "Issue JSON Web Token (JWT)-based access tokens for named users", Default: "false", Doc: "Access tokens that a server can check by itself; the SOAP API refuses them."},
	{Path: "oauth.security.dpop", Value: boolean{}, Fields: []string{tGlobal + ".isDPopEnabled"}, Default: "false", Doc: "Tokens bound to a key that the client holds (DPoP, RFC 9449)."},
	{Path: "oauth.security.mtls", Value: boolean{}, Fields: []string{tGlobal + ".isMtlsEnabled"}, Default: "false", Doc: "The client logs in by its TLS certificate (RFC 8705)."},
	{Path: "oauth.security.tlsClientAuth.parameter", Value: enum{plain: true}, Fields: []string{tSecure + ".tlsClientAuthCertParamType"}, Doc: "Which name in the client's certificate counts, by its name in RFC 8705."},
	{Path: "oauth.security.tlsClientAuth.value", Value: text{}, Fields: []string{tSecure + ".tlsClientAuthCertParamValue"}, Doc: "What that name must be."},
	{Path: "oauth.security.refreshTokenIpRanges", Value: ipRanges{}, Fields: []string{tSecure + ".tokenIpRanges"}, Setup: "Enforce Refresh Token IP Allowlist", Doc: "The addresses from which refresh tokens may be used: 128 ranges and 256 addresses at most."},
	{Path: "oauth.trustedIpRanges", Value: ipRanges{}, Fields: []string{tOauth + ".trustedIpRanges"}, Setup: "Trusted IP Range for OAuth Web server flow", Doc: "Addresses from which users need no activation: 128 ranges at most."},
	{Path: "oauth.customAttributes", Value: attributes{}, Fields: []string{tOauth + ".customAttributes"}, Setup: "Custom Attributes", Doc: "Names and formulas without $, such as country: User.Country; 128 at most."},
	{Path: "oauth.idToken.audience", Value: text{}, Fields: []string{tGlobal + ".idTokenConfig.idTokenAudience"}, Setup: "ID Token Audiences", Default: "the consumer key", Doc: "Whom ID tokens are for."},
	{Path: "oauth.idToken.validity", Value: minutes{}, Fields: []string{tGlobal + ".idTokenConfig.idTokenValidityInMinutes"}, Setup: "Token Valid for", Default: "2m", Doc: "How long an ID token is good for, 1 to 720 minutes."},
	{Path: "oauth.idToken.standardClaims", Value: boolean{}, Fields: []string{tGlobal + ".idTokenConfig.idTokenIncludeStandardClaims"}, Setup: "Include Standard Claims", Doc: "Puts name, picture and the like into ID tokens."},
	{Path: "oauth.idToken.attributes", Value: boolean{}, Fields: []string{tGlobal + ".idTokenConfig.idTokenIncludeAttributes"}, Setup: "Include Custom Attributes", Default: "false", Doc: "Puts the custom attributes into ID tokens."},
	{Path: "oauth.idToken.customPermissions", Value: boolean{}, Fields: []string{tGlobal + ".idTokenConfig.idTokenIncludeCustomPermissions"}, Setup: "Include Custom Permissions", Default: "false", Doc: "Puts the user's custom permissions into ID tokens."},
	{Path: "oauth.assetToken.audiences", Value: text{}, Fields: []string{tOauth + ".assetTokenAudiences"}, Setup: "Asset Audiences", Doc: "Whom asset tokens are for, as one text."},
	{Path: "oauth.assetToken.signingCertificate", Value: text{}, Fields: []string{tOauth + ".assetTokenSigningCertificate"}, Setup: "Asset Token Signing Certificate", Doc: "The id of the self-signed certificate that signs them; it differs per org."},
	{Path: "oauth.assetToken.validity", Value: integer{}, Fields: []string{tOauth + ".assetTokenValidity"}, Setup: "Token Valid for", Doc: "How long an asset token is good for; a bare number, for the documentation leaves the unit open."},
	{Path: "oauth.assetToken.attributes", Value: boolean{}, Fields: []string{tOauth + ".areAttributesIncludedInAssetToken"}, Setup: "Include Custom Attributes", Default: "false", Doc: "Puts the custom attributes into asset tokens."},
	{Path: "oauth.assetToken.customPermissions", Value: boolean{}, Fields: []string{tOauth + ".areCustomPermsIncludedInAssetToken"}, Setup: "Include Custom Permissions", Default: "false", Doc: "Puts the user's custom permissions into asset tokens."},
	{Path: "oauth.singleLogoutUrl", Value: text{}, Fields: []string{tOauth + ".singleLogoutUrl"}, Setup: "Single Logout URL", Doc: "Called when the user logs out of Salesforce; the developer's setting."},
	{Path: "oauth.rotateOnDeploy.consumerKey", Value: boolean{}, Fields: []string{tGlobal + ".shouldRotateConsumerKey"}, Default: "false", Doc: "Makes the next deploy mint a new consumer key: a one-time command, never to be left true."},
	{Path: "oauth.rotateOnDeploy.consumerSecret", Value: boolean{}, Fields: []string{tGlobal + ".shouldRotateConsumerSecret"}, Default: "false", Doc: "Makes the next deploy mint a new consumer secret: a one-time command, never to be left true."},

	{Path: "policies.enabled", Value: boolean{}, Fields: []string{tApply + ".isEnabled"}, Setup: "App status", Default: "true, which ecactl writes", Doc: "Whether anybody may use the app."},
	{Path: "policies.plugins.oauth", Value: boolean{}, Fields: []string{tApply + ".isOauthPluginEnabled"}, Setup: "OAuth plugin", Default: "true", Doc: "Whether the app's OAuth side is on."},
	{Path: "policies.plugins.saml", Value: boolean{}, Fields: []string{tApply + ".isSamlPluginEnabled"}, Setup: "SAML plugin", Default: "true", Doc: "Whether the app's SAML side is on; SAML needs it."},
	{Path: "policies.plugins.canvas", Value: boolean{}, Fields: []string{tApply + ".isCanvasPluginEnabled"}, Setup: "Canvas plugin", Default: "true", Doc: "Whether the app's canvas side is on."},
	{Path: "policies.plugins.mobile", Value: boolean{}, Fields: []string{tApply + ".isMobilePluginEnabled"}, Setup: "Mobile plugin", Default: "true", Doc: "Whether the app's mobile side is on."},
	{Path: "policies.plugins.notification", Value: boolean{}, Fields: []string{tApply + ".isNotificationPluginEnabled"}, Setup: "Notification plugin", Default: "true", Doc: "Whether the app's notifications are on."},
	{Path: "policies.plugins.push", Value: boolean{}, Fields: []string{tApply + ".isPushPluginEnabled"}, Setup: "Push plugin", Default: "true", Doc: "Whether the app's push side is on."},
	{Path: "policies.plugins.attest", Value: boolean{}, Fields: []string{tApply + ".isAttestPluginEnabled"}, Doc: "Whether the app's attestation is on."},
	{Path: "policies.permittedUsers", Value: enum{words: permittedUsers}, Fields: []string{tPolicy + ".permittedUsersPolicyType"}, Setup: "Permitted Users", Default: "self-authorize", Doc: "Whether an admin assigns the users or everybody may approve the app for themselves."},
	{Path: "policies.permissionSets", Value: commaList{sep: ","}, Fields: []string{tPolicy + ".commaSeparatedPermissionSet"}, Setup: "Select Permission Sets", Doc: "Whose holders may use the app, by API name."},
	{Path: "policies.profiles", Value: commaList{sep: ","}, Fields: []string{tPolicy + ".commaSeparatedProfile"}, Setup: "Select Profiles", Doc: "Whose users may use the app, by the name in Setup: System Administrator, not Admin."},
	{Path: "policies.customScopes", Value: commaList{sep: ", "}, Fields: []string{tPolicy + ".commaSeparatedCustomScopes"}, Doc: "Custom OAuth scopes that the admin grants, by API name."},
	{Path: "policies.customAttributes", Value: attributes{}, Fields: []string{tPolicy + ".customAttributes"}, Doc: "The admin's custom attributes, as oauth.customAttributes."},
	{Path: "policies.refreshToken", Value: refreshToken{}, Fields: []string{tPolicy + ".refreshTokenPolicyType", tPolicy + ".refreshTokenValidityPeriod", tPolicy + ".refreshTokenValidityUnit"}, Setup: "Refresh Token Policy", Default: "{lifetime: 365d}; {inactivity: 30d} in the newest orgs", Doc: "until-revoked, immediately, {lifetime: 90d} or {inactivity: 30d}; h, d and mo are hours, days and months."},
	{Path: "policies.ipRelaxation", Value: enum{words: ipRelaxation}, Fields: []string{tPolicy + ".ipRelaxationPolicyType"}, Setup: "IP Relaxation", Default: "enforce", Doc: "Whether the org's and profiles' IP ranges hold for the app."},
	{Path: "policies.session.timeout", Value: minutes{}, Fields: []string{tPolicy + ".sessionTimeoutInMinutes"}, Setup: "Session Timeout in Minutes", Default: "the org's", Doc: "How long a session lasts; for opaque tokens only."},
	{Path: "policies.session.level", Value: enum{}, Fields: []string{tPolicy + ".requiredSessionLevel"}, Setup: "High assurance session required", Default: "standard", Doc: "The session security level that the app asks for."},
	{Path: "policies.session.action", Value: enum{}, Fields: []string{tPolicy + ".policyAction"}, Setup: "High assurance session required: Block or Raise", Doc: "What happens to a session below that level."},
	{Path: "policies.namedUserJwt.timeout", Value: jwtTimeout{}, Fields: []string{tPolicy + ".namedUserJwtSessionTimeoutType", tPolicy + ".namedUserJwtTimeout"}, Setup: "Named User JWT Session Timeout", Doc: "Minutes such as 30m, session for the user's own, or custom; needs oauth.security.jwtAccessTokens."},
	{Path: "policies.namedUserJwt.enabled", Value: boolean{}, Fields: []string{tPolicy + ".isNamedUserJwtEnabled"}, Doc: "The policies' own switch, which API 61.0 to 63.0 had; later oauth.security.jwtAccessTokens alone counts."},
	{Path: "policies.guestJwt.timeout", Value: jwtTimeout{}, Fields: []string{tPolicy + ".guestJwtSessionTimeoutType", tPolicy + ".guestJwtTimeout"}, Setup: "Guest JWT Timeout", Doc: "As namedUserJwt.timeout, for guest users."},
	{Path: "policies.handler.apexClass", Value: text{}, Fields: []string{tPolicy + ".apexHandler"}, Setup: "Apex Handler", Doc: "An Apex class that decides about logins."},
	{Path: "policies.handler.runAs", Value: text{}, Fields: []string{tPolicy + ".executeHandlerAs"}, Setup: "Run As", Doc: "The user as whom the handler runs, by username."},
	{Path: "policies.singleLogoutUrl", Value: text{}, Fields: []string{tPolicy + ".singleLogoutUrl"}, Setup: "Single Logout URL", Doc: "Called when the user logs out of Salesforce; the admin's setting."},
	{Path: "policies.start.page", Value: enum{words: map[string]string{"OAuth": "oauth", "SAML": "saml"}}, Fields: []string{tApply + ".startPage"}, Setup: "Start Page", Default: "none", Doc: "What the App Launcher opens: none, oauth, saml, or custom with start.url."},
	{Path: "policies.start.url", Value: text{}, Fields: []string{tApply + ".startUrl"}, Setup: "Custom start URL", Doc: "An absolute URL, for start.page custom."},
	{Path: "policies.start.oauthUrl", Value: text{}, Fields: []string{tPolicy + ".startUrl"}, Setup: "OAuth Start URL", Doc: "An absolute URL, for start.page oauth."},

	{Path: "saml.entityUrl", Value: text{}, Fields: []string{tSaml + ".entityUrl"}, Setup: "Entity Id", Doc: "The service provider's entity id."},
	{Path: "saml.acsUrl", Value: text{}, Fields: []string{tSaml + ".acsUrl"}, Setup: "ACS URL", Doc: "Where assertions are sent."},
	{Path: "saml.issuer", Value: text{}, Fields: []string{tSaml + ".issuer"}, Setup: "Issuer", Default: "My Domain", Doc: "Who the org says that it is."},
	{Path: "saml.subject.type", Value: enum{}, Fields: []string{tSaml + ".subjectType"}, Setup: "Subject Type", Default: "username", Doc: "What names the user in an assertion."},
	{Path: "saml.subject.customAttribute", Value: text{}, Fields: []string{tSaml + ".subjectCustomAttribute"}, Setup: "Custom Attribute", Doc: "The user field, for subject.type custom-attribute."},
	{Path: "saml.nameIdFormat", Value: enum{}, Fields: []string{tSaml + ".nameIdFormat"}, Setup: "Name ID Format", Default: "unspecified", Doc: "The format of that name."},
	{Path: "saml.signingAlgorithm", Value: enum{plain: true}, Fields: []string{tSaml + ".signingAlgorithmType"}, Setup: "Signing Algorithm for SAML Messages", Doc: "SHA256; SHA1 is there for old partners."},
	{Path: "saml.certificateFile", Value: certificateFile{}, Fields: []string{tSaml + ".certificate"}, Setup: "Verify Request Signatures", Doc: "The certificate that signs the service provider's requests: a file beside the spec."},
	{Path: "saml.certificate", Value: certificate{}, Fields: []string{tSaml + ".certificate"}, Setup: "Verify Request Signatures", Doc: "The same certificate written into the spec, as PEM or base64."},
	{Path: "saml.encryption.type", Value: enum{plain: true}, Fields: []string{tSaml + ".encryptionType"}, Setup: "Encrypt SAML Response", Doc: "How assertions are encrypted; Triple DES is no more."},
	{Path: "saml.encryption.certificateFile", Value: certificateFile{}, Fields: []string{tSaml + ".encryptionCertificate"}, Setup: "Encrypt SAML Response", Doc: "The certificate for which assertions are encrypted: a file beside the spec."},
	{Path: "saml.encryption.certificate", Value: certificate{}, Fields: []string{tSaml + ".encryptionCertificate"}, Setup: "Encrypt SAML Response", Doc: "The same certificate written into the spec, as PEM or base64."},
	{Path: "saml.singleLogout.url", Value: text{}, Fields: []string{tSaml + ".singleLogoutUrl"}, Setup: "Single Logout URL", Doc: "The service provider's logout endpoint."},
	{Path: "saml.singleLogout.binding", Value: enum{words: map[string]string{"RedirectBinding": "redirect", "PostBinding": "post"}}, Fields: []string{tSaml + ".singleLogoutBindingType"}, Setup: "Single Logout Binding", Doc: "How logout requests travel."},
	{Path: "saml.permissionSets", Value: commaList{sep: ","}, Fields: []string{tSaml + ".commaSeparatedPermissionSet"}, Setup: "Select Permission Sets", Doc: "Whose holders may log in, by API name."},
	{Path: "saml.profiles", Value: commaList{sep: ","}, Fields: []string{tSaml + ".commaSeparatedProfile"}, Setup: "Select Profiles", Doc: "Whose users may log in, by the name in Setup."},
	{Path: "saml.customAttributes", Value: attributes{}, Fields: []string{tSaml + ".customAttributes"}, Setup: "Custom Attributes", Doc: "Names and formulas, here with $, such as country: $User.Country."},
	{Path: "saml.startUrl", Value: text{}, Fields: []string{tSaml + ".startUrl"}, Doc: "In API 63.0 only; later policies.start.url."},

	{Path: "canvas.url", Value: text{}, Fields: []string{tCanvas + ".canvasUrl"}, Setup: "Canvas App URL", Doc: "The https address of the canvas app."},
	{Path: "canvas.accessMethod", Value: enum{plain: true}, Fields: []string{tCanvas + ".accessMethod"}, Setup: "Access Method", Doc: "Post is a signed request, Get the OAuth web server flow."},
	{Path: "canvas.locations", Value: enumList{}, Fields: []string{tCanvas + ".canvasLocationOptions"}, Setup: "Locations", Doc: "Where the canvas app may appear."},
	{Path: "canvas.options", Value: enumList{}, Fields: []string{tCanvas + ".canvasOptions"}, Setup: "Options", Doc: "What of its frame is hidden."},
	{Path: "canvas.lifecycleHandler", Value: text{}, Fields: []string{tCanvas + ".lifeCycleHandler"}, Setup: "Lifecycle Class", Doc: "An Apex class that changes the context."},
	{Path: "canvas.samlInitiation", Value: enum{words: map[string]string{"IdpInitiated": "idp-initiated", "SpInitiated": "sp-initiated"}}, Fields: []string{tCanvas + ".samlInitiationMethod"}, Setup: "SAML Initiation Method", Doc: "Who begins a SAML login, if one is used."},

	{Path: "mobile.screenLock", Value: boolean{}, Fields: []string{tMobile + ".isScreenLockEnabled"}, Setup: "Implement Screen Locking", Doc: "Whether the app locks itself."},
	{Path: "mobile.screenLockTimeout", Value: enum{}, Fields: []string{tLock + ".screenLockTimeout"}, Setup: "Screen Lock Timeout", Doc: "After how many minutes, as a word: never, one, five, ten, thirty, sixty, one-twenty, one-eighty, two-forty."},

	{Path: "push.service", Value: enum{plain: true}, Fields: []string{tPush + ".pushServiceType"}, Setup: "Supported Push Platform", Doc: "Apple or Android; an app has one."},
	{Path: "push.android.fcmProject", Value: text{}, Fields: []string{tPush + ".androidPushConfig.fcmProject"}, Setup: "Project ID", Doc: "The Firebase project. Its service account is a secret and never in a spec."},
	{Path: "push.apple.environment", Value: enum{plain: true}, Fields: []string{tPush + ".applePushConfig.environment"}, Setup: "Environment", Doc: "Sandbox or Production."},
	{Path: "push.apple.applicationBundle", Value: text{}, Fields: []string{tPush + ".applePushConfig.applicationBundle"}, Setup: "Bundle ID", Doc: "The app's bundle id."},
	{Path: "push.apple.keyIdentifier", Value: text{}, Fields: []string{tPush + ".applePushConfig.keyIdentifier"}, Setup: "Key ID", Doc: "The id of the signing key. The key is a secret and never in a spec."},
	{Path: "push.apple.teamIdentifier", Value: text{}, Fields: []string{tPush + ".applePushConfig.teamIdentifier"}, Setup: "Team ID", Doc: "The id of the developer team."},
	{Path: "push.configLink", Value: text{}, Fields: []string{tPush + ".pushConfigLink"}, Doc: "The org's own configuration, which packaging refers to; written by the org."},
	{Path: "push.fullContent", Value: boolean{}, Fields: []string{tPushPol + ".isFullContent"}, Setup: "Send full content", Doc: "Whether a notification carries its text or a generic one."},
	{Path: "notifications", Value: notifications{}, Fields: []string{tNotify + ".notificationTypes"}, Doc: "Custom notification types that the app takes: [{type: Order_Shipped, pushByDefault: true}]."},

	{Path: "orgBound.orgScopedExternalApp", Value: text{}, Fields: []string{tApp + ".orgScopedExternalApp"}, Doc: "Written by the org; packaging needs it, any other org refuses it."},
	{Path: "orgBound.oauthLink", Value: text{}, Fields: []string{tOauth + ".oauthLink"}, Doc: "Written by the org; packaging needs it, any other org refuses it."},
	{Path: "orgBound.consumerKey", Value: text{}, Fields: []string{tGlobal + ".consumerKey"}, Doc: "Minted by the org, or chosen at the first deploy: 8 to 256 letters and digits, unique in all of Salesforce."},
}

// orgKeys are the keys of kind ExternalClientAppSettings.
var orgKeys = []*Key{
	{Path: "consumerSecretsInRestApi", Value: boolean{}, Fields: []string{tOrg + ".enableClientSecretInRestApiAccess"}, Setup: "Allow access to External Client App consumer secrets via REST API", Default: "false", Doc: "Consumer secrets can be read and rotated by the credentials REST API."},
	{Path: "consumerSecretsInMetadataApi", Value: boolean{}, Fields: []string{tOrg + ".enableConsumerSecretApiAccess"}, Setup: "Allow Access to OAuth Consumer Secrets via Metadata API", Default: "false", Doc: "Deprecated: consumer secrets can be read by the Metadata API."},
	{Path: "packageOauthFromDevOrg", Value: boolean{}, Fields: []string{tOrg + ".enablePackageEcaOauthFromDevOrg"}, Default: "false", Doc: "Apps of an org that is no Dev Hub can be packaged."},
	{Path: "externalClientApps", Value: boolean{}, Fields: []string{tOrg + ".enableExternalClientApps"}, Setup: "Opt in to External Client Apps", Doc: "API 58.0 to 62.0; since then the apps are always on."},
}

// secretFields are fields that a spec never sets, with where their values
// belong. A file that holds one is imported without it.
var secretFields = map[string]string{
	tGlobal + ".consumerSecret":                 "the org mints it; read it in Setup under Consumer Key and Secret",
	tPush + ".androidPushConfig.serviceAccount": "enter the service account in Setup, or let sf replace " + placeholder + " at deploy",
	tPush + ".applePushConfig.certificate":      "enter the certificate in Setup",
	tPush + ".applePushConfig.password":         "enter the password in Setup",
	tPush + ".applePushConfig.signingKey":       "enter the signing key in Setup",
}

// placeholder stands in generated XML where the platform demands a secret.
const placeholder = "__SET_AT_DEPLOY__"

// secretNames are names under which people try to write secrets.
var secretNames = map[string]string{
	"consumersecret": "the org mints it; read it in Setup under Consumer Key and Secret",
	"clientsecret":   "the org mints it; read it in Setup under Consumer Key and Secret",
	"secret":         "the org mints it; read it in Setup under Consumer Key and Secret",
	"serviceaccount": "enter the service account in Setup, or let sf replace " + placeholder + " at deploy",
	"signingkey":     "enter the signing key in Setup",
	"password":       "enter it in Setup",
	"privatekey":     "it stays with the client; a spec needs the certificate alone",
	"accesstoken":    "log in instead; a spec describes an app and no session",
	"refreshtokens":  "log in instead; a spec describes an app and no session",
}

// leftOut are types that a spec has no keys for, on purpose.
var leftOut = map[string]string{
	"ExtlClntAppSampleSettings":             "Salesforce's internal sample plugin, withdrawn in API 67.0",
	"ExtlClntAppSampleConfigurablePolicies": "Salesforce's internal sample plugin, withdrawn in API 67.0",
	"ExtlClntAppAttestSettings":             "withdrawn in API 67.0, and never supported by the CLI",
	"ExtlClntAppAttestConfigurablePolicies": "withdrawn in API 67.0, and never supported by the CLI",
}

// oddSuffixes are endings of satellite names by which Setup departs from its
// own rule, which is the file suffix without "eca".
var oddSuffixes = map[string]string{"ecaGlblOauth": "_glbloauth", "ecaCanvas": "_canvasSettings"}

// satelliteName gives the name that Setup gives to an app's satellite.
func satelliteName(typ *metadata.Type, app string) string {
	base := metadata.BareName(app)
	if typ.Name == metadata.TypeApp {
		return app
	}
	if odd := oddSuffixes[typ.Suffix]; odd != "" {
		return base + odd
	}
	return base + "_" + lowerFirst(strings.TrimPrefix(typ.Suffix, "eca"))
}

// ComponentName gives the name that a spec's component of a type has if the spec
// does not name it.
func ComponentName(typ *metadata.Type, app string) string { return satelliteName(typ, app) }

// componentKey gives the name of a type under the key "components".
func componentKey(typ string) string {
	if typ == metadata.TypeApp {
		return "application"
	}
	return lowerFirst(strings.TrimPrefix(typ, "ExtlClntApp"))
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// appTypes returns the types that a spec of an app can become, by name.
func appTypes(t *metadata.Table) []*metadata.Type {
	return slices.DeleteFunc(slices.Clone(t.AppTypes()), func(typ *metadata.Type) bool {
		_, out := leftOut[typ.Name]
		return out
	})
}

// Kinds of document.
const (
	KindApp      = "ExternalClientApp"
	KindSettings = "ExternalClientAppSettings"
)

// A branch is a place in the tree of keys: a key, or a block with keys below.
type branch struct {
	path     string
	key      *Key // nil for a block
	children map[string]*branch
	order    []string
}

func (b *branch) add(path string, k *Key) {
	name, rest, deeper := strings.Cut(path, ".")
	child := b.children[name]
	if child == nil {
		child = &branch{path: strings.TrimPrefix(b.path+"."+name, "."), children: map[string]*branch{}}
		b.children[name] = child
		b.order = append(b.order, name)
	}
	if deeper {
		child.add(rest, k)
		return
	}
	child.key = k
}

// child returns the branch of a name; nil has none.
func (b *branch) child(name string) *branch {
	if b == nil {
		return nil
	}
	return b.children[name]
}

// isWhole tells a key whose value is replaced and not merged.
func (b *branch) isWhole() bool {
	if b == nil || b.key == nil {
		return false
	}
	_, whole := b.key.Value.(refreshToken)
	return whole
}

// trees hold the keys of each kind as a tree.
var trees = sync.OnceValue(func() map[string]*branch {
	build := func(keys []*Key) *branch {
		root := &branch{children: map[string]*branch{}}
		for _, k := range keys {
			root.add(k.Path, k)
		}
		return root
	}
	return map[string]*branch{KindApp: build(appKeys), KindSettings: build(orgKeys)}
})

// Keys returns the keys of a kind that become metadata fields.
func Keys(kind string) []*Key {
	if kind == KindSettings {
		return orgKeys
	}
	return appKeys
}

// FindKey returns the key of a path, or nil.
func FindKey(kind, path string) *Key {
	keys := Keys(kind)
	if i := slices.IndexFunc(keys, func(k *Key) bool { return k.Path == path }); i >= 0 {
		return keys[i]
	}
	return nil
}

// Words returns the words that a key takes, if they are a fixed few.
func (k *Key) Words(t *metadata.Table) []string {
	switch c := k.Value.(type) {
	case boolean, bothSwitches:
		return []string{"true", "false"}
	case steer:
		return c.values
	case enum:
		var words []string
		for _, v := range enumValues(t, k.Fields[0]) {
			words = append(words, c.word(v))
		}
		return words
	case enumList:
		return enumValues(t, k.Fields[0])
	}
	return nil
}

// FieldSpan returns in which API versions the field of a path "Type.field…"
// exists; ok is false if the table does not have it.
func FieldSpan(t *metadata.Table, path string) (span metadata.Span, ok bool) {
	typ, f := fieldAt(t, path)
	if f == nil {
		return metadata.Span{}, false
	}
	span = f.Span
	span.Since = max(span.Since, typ.Since)
	return span, true
}

// WhyNoKey says why a field "Type.field" of an app has no key of its own.
func WhyNoKey(path string) string {
	typ, name, _ := strings.Cut(path, ".")
	switch {
	case secretFields[path] != "":
		return "never: it is a secret; " + secretFields[path]
	case leftOut[typ] != "":
		return "never: " + leftOut[typ]
	case name == metadata.FieldApp:
		return "name"
	case name == metadata.FieldLabel && strings.HasPrefix(typ, "ExtlClntApp"):
		return "components." + componentKey(typ) + ".label"
	case strings.HasPrefix(typ, "ExtlClntApp") || typ == tApp || typ == tOrg:
		return "metadata." + path
	}
	return ""
}
