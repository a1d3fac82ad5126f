package convert

import "github.com/ecactl/ecactl/metadata"

// The types that an app becomes.
const (
	tApp    = metadata.TypeApp
	tOauth  = "ExtlClntAppOauthSettings"
	tGlobal = "ExtlClntAppGlobalOauthSettings"
	tPolicy = "ExtlClntAppOauthConfigurablePolicies"
	tAccess = "ExtlClntAppConfigurablePolicies"
	tSecure = "ExtlClntAppOauthSecuritySettings"
	tSaml   = "ExtlClntAppSamlConfigurablePolicies"
	tCanvas = "ExtlClntAppCanvasSettings"
)

// The rows follow section 10 of the reference of the types. A Rule is what a
// person reads under "explain" and in docs/reference/mapping.md.

var headerRows = []*Row{
	{From: "label", To: []string{tApp + ".label"}, How: Copied, Rule: "the same; what is beyond 80 characters is cut off", carry: via(cutLabel)},
	{From: "contactEmail", To: []string{tApp + ".contactEmail"}, How: Copied, Rule: "the same; Salesforce requires one, so an app without it is refused unless --contact-email names one"},
	{From: "contactPhone", To: []string{tApp + ".contactPhone"}, How: Copied, Rule: "the same"},
	{From: "description", To: []string{tApp + ".description"}, How: Copied, Rule: "the same"},
	{From: "iconUrl", To: []string{tApp + ".iconUrl"}, How: Copied, Rule: "the same"},
	{From: "infoUrl", To: []string{tApp + ".infoUrl"}, How: Copied, Rule: "the same"},
	{From: "logoUrl", To: []string{tApp + ".logoUrl"}, How: Copied, Rule: "the same"},
	{From: "startUrl", To: []string{tPolicy + ".startUrl", tAccess + ".startPage", tAccess + ".startUrl"}, How: Transformed, Rule: "with OAuth the OAuth start URL and startPage OAuth, else startPage Custom with its address; a relative one is made absolute with My Domain", carry: startURL},
}

var attributeRows = []*Row{
	{From: "attributes.formula", To: []string{tOauth + ".customAttributes.formula", tSaml + ".customAttributes.formula"}, How: Transformed, Rule: "a reference to a field, without $ for OAuth and with $ for SAML; an expression has no form and is lost", carry: attributeFormula},
	{From: "attributes.key", To: []string{tOauth + ".customAttributes.key", tSaml + ".customAttributes.key"}, How: Copied, Rule: "the same, once each; it goes with its formula", carry: attributeKey},
	{From: "ipRanges.description", To: []string{tOauth + ".trustedIpRanges.description"}, How: Copied, Rule: "the same", carry: rangePart},
	{From: "ipRanges.end", To: []string{tOauth + ".trustedIpRanges.endIpAddress"}, How: Renamed, Rule: "the same address; 128 ranges at most", carry: rangePart},
	{From: "ipRanges.start", To: []string{tOauth + ".trustedIpRanges.startIpAddress"}, How: Renamed, Rule: "the same address; 128 ranges at most", carry: rangePart},
}

var canvasRows = []*Row{
	{From: "canvasConfig.accessMethod", To: []string{tCanvas + ".accessMethod"}, How: Copied, Rule: "the same, from API 66.0; Setup's button takes no canvas app"},
	{From: "canvasConfig.canvasUrl", To: []string{tCanvas + ".canvasUrl"}, How: Copied, Rule: "the same, from API 66.0"},
	{From: "canvasConfig.lifecycleClass", To: []string{tCanvas + ".lifeCycleHandler"}, How: Renamed, Rule: "the same class, from API 66.0"},
	{From: "canvasConfig.locations", To: []string{tCanvas + ".canvasLocationOptions"}, How: Renamed, Rule: "Aura, ChatterFeed, MobileNav, None, PageLayout, Publisher and Visualforce; an External Client App has no other places", carry: places(canvasPlaces)},
	{From: "canvasConfig.options", To: []string{tCanvas + ".canvasOptions"}, How: Renamed, Rule: "HideHeader and HideShare; PersonalEnabled is lost", carry: places(canvasOptions)},
	{From: "canvasConfig.samlInitiationMethod", To: []string{tCanvas + ".samlInitiationMethod"}, How: Copied, Rule: "the same, from API 66.0"},
}

// What External Client Apps document for canvas; the enumerations have more.
var (
	canvasPlaces  = []string{"Aura", "ChatterFeed", "MobileNav", "None", "PageLayout", "Publisher", "Visualforce"}
	canvasOptions = []string{"HideHeader", "HideShare"}
)

var oauthRows = []*Row{
	{From: "oauthConfig.callbackUrl", To: []string{tGlobal + ".callbackUrl"}, How: Copied, Rule: "the same addresses, one a line; http beyond loopback, wildcards and fragments are refused by lint and left behind", carry: callbacks, Absent: "https://localhost", Why: "Salesforce requires a callback URL even where no flow redirects"},
	{From: "oauthConfig.certificate", To: []string{tGlobal + ".certificate"}, How: Copied, Rule: "the same certificate in lines of 64 characters; its presence is the switch of the JWT bearer flow. What is no certificate is lost", carry: jwtCertificate},
	{From: "oauthConfig.consumerKey", How: LeftOut, Rule: "an app that is made anew gets a key of its own, for keys are unique in all of Salesforce; Setup's button keeps the old one", secret: true, carry: leave("the new app gets a key of its own; Setup's button would keep this one")},
	{From: "oauthConfig.consumerSecret", How: LeftOut, Rule: "a secret is never carried; a new app gets its own", secret: true, carry: consumerSecret},
	{From: "oauthConfig.isAdminApproved", To: []string{tPolicy + ".permittedUsersPolicyType"}, How: Transformed, Rule: "true is AdminApprovedPreAuthorized, false AllSelfAuthorized; not said, an app that names permission sets or profiles is approved by admins", carry: via(words(permittedUsers)), Absent: "AllSelfAuthorized", Why: "a Connected App's default is that all users may approve it for themselves"},
	{From: "oauthConfig.isClientCredentialEnabled", To: []string{tGlobal + ".isClientCredentialsFlowEnabled", tPolicy + ".isClientCredentialsFlowEnabled"}, How: Transformed, Rule: "two switches for one: that of the settings and that of the policies, which have to agree; on, it needs a user to run as", Absent: "false", Why: "off is a Connected App's default"},
	{From: "oauthConfig.isCodeCredentialEnabled", To: []string{tGlobal + ".isCodeCredFlowEnabled"}, How: Renamed, Rule: "the same", Absent: "false", Why: "off is the default on both sides"},
	{From: "oauthConfig.isCodeCredentialPostOnly", To: []string{tGlobal + ".isCodeCredPostOnly"}, How: Renamed, Rule: "the same", Absent: "false", Why: "off is the default on both sides"},
	{From: "oauthConfig.isConsumerSecretOptional", To: []string{tGlobal + ".isConsumerSecretOptional"}, How: Copied, Rule: "the same", Absent: "false", Why: "a secret is required by default on both sides"},
	{From: "oauthConfig.isDPopEnabled", To: []string{tGlobal + ".isDPopEnabled"}, How: Copied, Rule: "the same, from API 68.0"},
	{From: "oauthConfig.isDeviceFlowEnabled", To: []string{tGlobal + ".isDeviceFlowEnabled"}, How: Copied, Rule: "the same; before API 68.0 a Connected App's file does not say it", carry: via(deviceFlow), Absent: "false", Why: "if clients log in by device flow, set oauth.flows.device.enabled: true; Setup shows it"},
	{From: "oauthConfig.isEnforceRefreshTokenTTL", To: []string{tGlobal + ".isEnforceRefreshTokenTTL"}, How: Copied, Rule: "the same, from API 67.0"},
	{From: "oauthConfig.isIntrospectAllTokens", To: []string{tGlobal + ".isIntrospectAllTokens"}, How: Copied, Rule: "the same", Absent: "false", Why: "off is the default on both sides"},
	{From: "oauthConfig.isIpBindingEnabled", To: []string{tSecure + ".tokenIpRanges"}, How: Lost, Rule: "an External Client App has no switch: its list of addresses is it, and a Connected App's metadata does not hold the list; off needs nothing", carry: ipBinding},
	{From: "oauthConfig.isNamedUserJwtEnabled", To: []string{tGlobal + ".isNamedUserJwtEnabled"}, How: Copied, Rule: "the same", Absent: "false", Why: "off is the default on both sides"},
	{From: "oauthConfig.isPKImTLSEnabled", To: []string{tGlobal + ".isMtlsEnabled"}, How: Renamed, Rule: "the same switch, from API 68.0; which name in the client's certificate counts is not in a Connected App's metadata", carry: via(mutualTLS)},
	{From: "oauthConfig.isPkceRequired", To: []string{tGlobal + ".isPkceRequired"}, How: Copied, Rule: "the same, and always said: a Connected App's default is false and an External Client App's true", Absent: "false", Why: "a Connected App's default is false and an External Client App's true, so false keeps clients without PKCE at work; some orgs lock it on"},
	{From: "oauthConfig.isRefreshTokenRotationEnabled", To: []string{tGlobal + ".isRefreshTokenRotationEnabled"}, How: Copied, Rule: "the same, and always said: the newest orgs have it on by default", Absent: "false", Why: "off is a Connected App's default, and the newest orgs switch it on for new apps"},
	{From: "oauthConfig.isSecretRequiredForRefreshToken", To: []string{tGlobal + ".isSecretRequiredForRefreshToken"}, How: Copied, Rule: "the same", Absent: "true", Why: "on is the default on both sides"},
	{From: "oauthConfig.isSecretRequiredForTokenExchange", To: []string{tGlobal + ".isSecretRequiredForTokenExchange"}, How: Copied, Rule: "the same, and always said: Setup's default is true and that of a deploy false", Absent: "false", Why: "it is what an app that is deployed without it gets"},
	{From: "oauthConfig.isTokenExchangeEnabled", To: []string{tGlobal + ".isTokenExchangeEnabled"}, How: Copied, Rule: "the same; the policies have a switch of their own, as Connected Apps do", Absent: "false", Why: "off is the default on both sides"},
	{From: "oauthConfig.oauthClientCredentialUser", To: []string{tPolicy + ".clientCredentialsFlowUser"}, How: Renamed, Rule: "the same username, in the policies; the user has to exist before a deploy"},
	{From: "oauthConfig.scopes", To: []string{tOauth + ".commaSeparatedOauthScopes"}, How: Transformed, Rule: "one list with commas, in the platform's order; SFAP is called SFApiPlatform", carry: scopes, Absent: "Basic", Why: "an External Client App needs a scope, and this is the least"},
	{From: "oauthConfig.singleLogoutUrl", To: []string{tOauth + ".singleLogoutUrl"}, How: Copied, Rule: "the same"},
}

var tokenRows = []*Row{
	{From: "oauthConfig.assetTokenConfig.assetAudiences", To: []string{tOauth + ".assetTokenAudiences"}, How: Renamed, Rule: "the same, from API 61.0"},
	{From: "oauthConfig.assetTokenConfig.assetIncludeAttributes", To: []string{tOauth + ".areAttributesIncludedInAssetToken"}, How: Renamed, Rule: "the same, from API 61.0"},
	{From: "oauthConfig.assetTokenConfig.assetIncludeCustomPerms", To: []string{tOauth + ".areCustomPermsIncludedInAssetToken"}, How: Renamed, Rule: "the same, from API 61.0"},
	{From: "oauthConfig.assetTokenConfig.assetSigningCertId", To: []string{tOauth + ".assetTokenSigningCertificate"}, How: Renamed, Rule: "the same id of a certificate, from API 61.0; it differs per org", carry: via(perOrg)},
	{From: "oauthConfig.assetTokenConfig.assetValidityPeriod", To: []string{tOauth + ".assetTokenValidity"}, How: Renamed, Rule: "the same number, from API 61.0"},
	{From: "oauthConfig.idTokenConfig.idTokenAudience", To: []string{tGlobal + ".idTokenConfig.idTokenAudience"}, How: Copied, Rule: "the same"},
	{From: "oauthConfig.idTokenConfig.idTokenIncludeAttributes", To: []string{tGlobal + ".idTokenConfig.idTokenIncludeAttributes"}, How: Copied, Rule: "the same"},
	{From: "oauthConfig.idTokenConfig.idTokenIncludeCustomPerms", To: []string{tGlobal + ".idTokenConfig.idTokenIncludeCustomPermissions"}, How: Renamed, Rule: "the same, from API 61.0"},
	{From: "oauthConfig.idTokenConfig.idTokenIncludeStandardClaims", To: []string{tGlobal + ".idTokenConfig.idTokenIncludeStandardClaims"}, How: Copied, Rule: "the same"},
	{From: "oauthConfig.idTokenConfig.idTokenValidity", To: []string{tGlobal + ".idTokenConfig.idTokenValidityInMinutes"}, How: Renamed, Rule: "the same number of minutes"},
}

var policyRows = []*Row{
	{From: "oauthPolicy.ipRelaxation", To: []string{tPolicy + ".ipRelaxationPolicyType"}, How: Transformed, Rule: "ENFORCE, BYPASS, BYPASS_2FACTOR and ENFORCE_RELAXREFRESH are Enforce, Bypass, Bypass_2factor and Enforce_relaxrefresh", carry: via(words(ipRelaxations)), Absent: "Enforce", Why: "it is the default on both sides"},
	{From: "oauthPolicy.isTokenExchangeFlowEnabled", To: []string{tPolicy + ".isTokenExchangeFlowEnabled"}, How: Copied, Rule: "the same; where it is not said, what the settings' switch says, for the two have to agree"},
	{From: "oauthPolicy.refreshTokenPolicy", To: []string{tPolicy + ".refreshTokenPolicyType", tPolicy + ".refreshTokenValidityPeriod", tPolicy + ".refreshTokenValidityUnit"}, How: Transformed, Rule: "infinite and zero are Infinite and Zero; specific_lifetime:90:DAYS and specific_inactivity:30:DAYS become type, period and unit", carry: refreshPolicy, Absent: "infinite", Why: "until revoked is a Connected App's default, and an External Client App's is a lifetime of 365 days"},
	{From: "oauthPolicy.singleLogoutUrl", To: []string{tPolicy + ".singleLogoutUrl"}, How: Copied, Rule: "the same"},
	{From: "permissionSetName", To: []string{tPolicy + ".commaSeparatedPermissionSet", tSaml + ".commaSeparatedPermissionSet"}, How: Transformed, Rule: "a label, looked up: an External Client App holds API names, as one list with commas", carry: permissionSets},
	{From: "plugin", To: []string{tPolicy + ".apexHandler"}, How: Renamed, Rule: "the same class, from API 61.0; whether a handler of Connected Apps works is to be tried, and Setup's button takes no app that has one", carry: via(handler)},
	{From: "pluginExecutionUser", To: []string{tPolicy + ".executeHandlerAs"}, How: Renamed, Rule: "the same username, from API 61.0; Connected Apps have it up to API 66.0. Without a handler it does nothing and is left out", carry: handlerUser},
	{From: "profileName", To: []string{tPolicy + ".commaSeparatedProfile", tSaml + ".commaSeparatedProfile"}, How: Transformed, Rule: "the same names as one list with commas, from API 62.0; a name with a comma is lost", carry: profiles},
	{From: "sessionPolicy.policyAction", To: []string{tPolicy + ".policyAction"}, How: Copied, Rule: "the same", carry: via(words(policyActions))},
	{From: "sessionPolicy.sessionLevel", To: []string{tPolicy + ".requiredSessionLevel"}, How: Renamed, Rule: "the same level", carry: via(words(sessionLevels))},
	{From: "sessionPolicy.sessionTimeout", To: []string{tPolicy + ".sessionTimeoutInMinutes"}, How: Renamed, Rule: "the same number of minutes"},
}

var samlRows = []*Row{
	{From: "samlConfig.acsUrl", To: []string{tSaml + ".acsUrl"}, How: Copied, Rule: "the same, from API 63.0"},
	{From: "samlConfig.certificate", To: []string{tSaml + ".certificate"}, How: Copied, Rule: "the same certificate in lines of 64 characters; what is no certificate is lost", carry: samlCertificate},
	{From: "samlConfig.encryptionCertificate", To: []string{tSaml + ".encryptionCertificate"}, How: Copied, Rule: "the same certificate; without a type of encryption that External Client Apps have it goes too", carry: samlCertificate},
	{From: "samlConfig.encryptionType", To: []string{tSaml + ".encryptionType"}, How: Copied, Rule: "AES_128 and AES_256; Triple_Des is lost, and Setup's button takes no app that has it", carry: via(encryption)},
	{From: "samlConfig.entityUrl", To: []string{tSaml + ".entityUrl"}, How: Copied, Rule: "the same, from API 63.0"},
	{From: "samlConfig.issuer", To: []string{tSaml + ".issuer"}, How: Copied, Rule: "the same, from API 63.0"},
	{From: "samlConfig.samlIdpSLOBindingEnum", To: []string{tSaml + ".singleLogoutBindingType"}, How: Renamed, Rule: "the same, from API 63.0"},
	{From: "samlConfig.samlNameIdFormat", To: []string{tSaml + ".nameIdFormat"}, How: Renamed, Rule: "the same, from API 63.0"},
	{From: "samlConfig.samlSigningAlgoType", To: []string{tSaml + ".signingAlgorithmType"}, How: Renamed, Rule: "the same, from API 63.0"},
	{From: "samlConfig.samlSloUrl", To: []string{tSaml + ".singleLogoutUrl"}, How: Renamed, Rule: "the same, from API 63.0"},
	{From: "samlConfig.samlSubjectCustomAttr", To: []string{tSaml + ".subjectCustomAttribute"}, How: Renamed, Rule: "the same, from API 63.0"},
	{From: "samlConfig.samlSubjectType", To: []string{tSaml + ".subjectType"}, How: Renamed, Rule: "the same, from API 63.0; a custom attribute needs its name", carry: via(subject)},
}

// lostRows are what an External Client App has nothing for.
var lostRows = []*Row{
	lost("canvas.accessMethod", legacyCanvas), lost("canvas.canvasOptions", legacyCanvas), lost("canvas.canvasUrl", legacyCanvas),
	lost("canvas.lifecycleClass", legacyCanvas), lost("canvas.locationOptions", legacyCanvas), lost("canvas.samlInitiationMethod", legacyCanvas),
	lost("mobileAppConfig.applicationBinaryFile", mobileApp), lost("mobileAppConfig.applicationBinaryFileName", mobileApp),
	lost("mobileAppConfig.applicationBundleIdentifier", mobileApp), lost("mobileAppConfig.applicationFileLength", mobileApp),
	lost("mobileAppConfig.applicationIconFile", mobileApp), lost("mobileAppConfig.applicationIconFileName", mobileApp),
	lost("mobileAppConfig.applicationInstallUrl", mobileApp), lost("mobileAppConfig.devicePlatform", mobileApp),
	lost("mobileAppConfig.deviceType", mobileApp), lost("mobileAppConfig.minimumOsVersion", mobileApp),
	lost("mobileAppConfig.privateApp", mobileApp), lost("mobileAppConfig.version", mobileApp),
	lost("mobileStartUrl", "an External Client App has one start page for every device: if phones need another, let the page decide"),
}

const (
	legacyCanvas = "the canvas block of old has no counterpart: describe the app under canvas in the spec (API 66.0)"
	mobileApp    = "an External Client App keeps no mobile app: it has screen lock, push and notifications alone; distribute the app by your device management"
)

func lost(path, rule string) *Row {
	return &Row{From: path, How: Lost, Rule: rule, carry: lose(rule)}
}
