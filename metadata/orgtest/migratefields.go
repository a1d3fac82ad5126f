package orgtest

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// successors are what the button makes, field by field: from a pair of a
// Connected App and its successor in a public repository, and the reference of
// the mapping. It knows nothing of how ecactl converts, so that the two can be
// held against each other.
var successors = []successor{
	{
		typ: metadata.TypeApp,
		copies: map[string]string{
			"label": "label", "contactEmail": "contactEmail", "contactPhone": "contactPhone", "description": "description",
			"iconUrl": "iconUrl", "infoUrl": "infoUrl", "logoUrl": "logoUrl",
		},
		adds: map[string]string{"distributionState": "Local", "isProtected": "false"},
	},
	{
		typ: typeOauth, suffix: "_defOauthSet", block: "oauthConfig",
		copies: map[string]string{
			"oauthConfig.singleLogoutUrl":                          "singleLogoutUrl",
			"oauthConfig.assetTokenConfig.assetAudiences":          "assetTokenAudiences",
			"oauthConfig.assetTokenConfig.assetIncludeAttributes":  "areAttributesIncludedInAssetToken",
			"oauthConfig.assetTokenConfig.assetIncludeCustomPerms": "areCustomPermsIncludedInAssetToken",
			"oauthConfig.assetTokenConfig.assetSigningCertId":      "assetTokenSigningCertificate",
			"oauthConfig.assetTokenConfig.assetValidityPeriod":     "assetTokenValidity",
		},
		adds: map[string]string{"isFirstPartyAppEnabled": "false"},
		more: oauthMore,
	},
	{
		typ: typeGlobal, suffix: "_defGlblOauthSet", block: "oauthConfig",
		copies: map[string]string{
			"oauthConfig.callbackUrl": "callbackUrl", "oauthConfig.isClientCredentialEnabled": "isClientCredentialsFlowEnabled",
			"oauthConfig.isCodeCredentialEnabled": "isCodeCredFlowEnabled", "oauthConfig.isCodeCredentialPostOnly": "isCodeCredPostOnly",
			"oauthConfig.isConsumerSecretOptional": "isConsumerSecretOptional", "oauthConfig.isDPopEnabled": "isDPopEnabled",
			"oauthConfig.isDeviceFlowEnabled": "isDeviceFlowEnabled", "oauthConfig.isEnforceRefreshTokenTTL": "isEnforceRefreshTokenTTL",
			"oauthConfig.isIntrospectAllTokens": "isIntrospectAllTokens", "oauthConfig.isNamedUserJwtEnabled": "isNamedUserJwtEnabled",
			"oauthConfig.isPKImTLSEnabled": "isMtlsEnabled", "oauthConfig.isPkceRequired": "isPkceRequired",
			"oauthConfig.isRefreshTokenRotationEnabled": "isRefreshTokenRotationEnabled", "oauthConfig.isSecretRequiredForRefreshToken": "isSecretRequiredForRefreshToken",
			"oauthConfig.isSecretRequiredForTokenExchange": "isSecretRequiredForTokenExchange", "oauthConfig.isTokenExchangeEnabled": "isTokenExchangeEnabled",
			"oauthConfig.idTokenConfig.idTokenAudience":              "idTokenConfig.idTokenAudience",
			"oauthConfig.idTokenConfig.idTokenIncludeAttributes":     "idTokenConfig.idTokenIncludeAttributes",
			"oauthConfig.idTokenConfig.idTokenIncludeCustomPerms":    "idTokenConfig.idTokenIncludeCustomPermissions",
			"oauthConfig.idTokenConfig.idTokenIncludeStandardClaims": "idTokenConfig.idTokenIncludeStandardClaims",
			"oauthConfig.idTokenConfig.idTokenValidity":              "idTokenConfig.idTokenValidityInMinutes",
		},
		adds: map[string]string{"isPkceRequired": "false"}, // a Connected App's default, said because a successor's is true
		more: func(old *predecessor, put func(field, value string), _ *metadata.Element) {
			put("certificate", readable(old.value("oauthConfig.certificate")))
		},
	},
	{
		typ: typePolicy, suffix: "_defOauthPlcy", block: "oauthConfig",
		copies: map[string]string{
			"oauthConfig.oauthClientCredentialUser": "clientCredentialsFlowUser", "oauthConfig.isClientCredentialEnabled": "isClientCredentialsFlowEnabled",
			"oauthPolicy.singleLogoutUrl": "singleLogoutUrl",
			"sessionPolicy.policyAction":  "policyAction", "sessionPolicy.sessionLevel": "requiredSessionLevel", "sessionPolicy.sessionTimeout": "sessionTimeoutInMinutes",
		},
		adds: map[string]string{"guestJwtSessionTimeoutType": "Custom", "namedUserJwtSessionTimeoutType": "Custom", "requiredSessionLevel": "STANDARD"},
		more: policyMore,
	},
	{
		typ: typeSecurity, suffix: "_defOauthSecuritySet", block: "oauthConfig",
		more: func(old *predecessor, put func(field, value string), _ *metadata.Element) {
			put(metadata.FieldLabel, old.Name+"_oauthSecurity")
		},
	},
	{
		typ: typeSaml, suffix: "_defSamlPlcy", block: "samlConfig",
		copies: map[string]string{
			"samlConfig.acsUrl": "acsUrl", "samlConfig.entityUrl": "entityUrl", "samlConfig.issuer": "issuer", "samlConfig.encryptionType": "encryptionType",
			"samlConfig.samlIdpSLOBindingEnum": "singleLogoutBindingType", "samlConfig.samlNameIdFormat": "nameIdFormat", "samlConfig.samlSigningAlgoType": "signingAlgorithmType",
			"samlConfig.samlSloUrl": "singleLogoutUrl", "samlConfig.samlSubjectCustomAttr": "subjectCustomAttribute", "samlConfig.samlSubjectType": "subjectType",
		},
		more: samlMore,
	},
	{typ: typeAccess, suffix: "_defPlcy", adds: map[string]string{"isEnabled": "true"}, more: accessMore},
}

// ipRelaxations are the words of a Connected App, and those of its successor.
var ipRelaxations = map[string]string{"ENFORCE": "Enforce", "BYPASS": "Bypass", "BYPASS_2FACTOR": "Bypass_2factor", "ENFORCE_RELAXREFRESH": "Enforce_relaxrefresh"}

// oauthMore carries lists, addresses and attributes over.
func oauthMore(old *predecessor, put func(field, value string), root *metadata.Element) {
	var scopes []string
	for _, s := range old.values("oauthConfig.scopes") {
		if s == "SFAP" {
			s = "SFApiPlatform"
		}
		scopes = append(scopes, s)
	}
	if len(scopes) == 0 {
		scopes = []string{"Basic"} // a successor has at least one
	}
	put("commaSeparatedOauthScopes", strings.Join(scopes, ", "))
	put("commaSeparatedCustomScopes", strings.Join(old.customScopes(), ", "))
	for _, e := range old.All("ipRanges") {
		r := root.Add(&metadata.Element{Name: "trustedIpRanges"})
		for from, to := range map[string]string{"description": "description", "end": "endIpAddress", "start": "startIpAddress"} {
			if child := e.Child(from); child != nil {
				putAt(r, to, strings.TrimSpace(child.Text))
			}
		}
	}
	old.attributes(root, "")
}

// customScopes are those that are assigned to the app.
func (p *predecessor) customScopes() []string {
	var names []string
	for _, row := range p.org.state.Records["OauthCustomScopeApp"] {
		if row["ApplicationId"] != p.id {
			continue
		}
		for _, scope := range p.org.state.Records["OauthCustomScope"] {
			if name, _ := scope["DeveloperName"].(string); scope["Id"] == row["OauthCustomScopeId"] {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// attributes carries attributes over that refer to a field; $ is how SAML writes
// them. An expression has no place in a successor.
func (p *predecessor) attributes(root *metadata.Element, dollar string) {
	for _, e := range p.All("attributes") {
		k, f := e.Child("key"), e.Child("formula")
		if k == nil || f == nil {
			continue
		}
		reference := strings.TrimPrefix(strings.TrimSpace(f.Text), "$")
		if !strings.Contains(reference, ".") || strings.ContainsAny(reference, `"'()&+ `) {
			continue
		}
		a := root.Add(&metadata.Element{Name: "customAttributes"})
		putAt(a, "formula", dollar+reference)
		putAt(a, "key", strings.TrimSpace(k.Text))
	}
}

// policyMore carries over the policies that change their form.
func policyMore(old *predecessor, put func(field, value string), _ *metadata.Element) {
	users := "AllSelfAuthorized"
	said := old.value("oauthConfig.isAdminApproved")
	people := len(old.values("permissionSetName"))+len(old.values("profileName")) > 0
	if said == "true" || said == "" && people { // an org always says it; a file of an old API version does not
		users = "AdminApprovedPreAuthorized"
	}
	put("permittedUsersPolicyType", users)
	put("ipRelaxationPolicyType", ipRelaxations[old.value("oauthPolicy.ipRelaxation")])
	put("isTokenExchangeFlowEnabled", cmp.Or(old.value("oauthPolicy.isTokenExchangeFlowEnabled"), old.value("oauthConfig.isTokenExchangeEnabled")))
	parts := strings.Split(cmp.Or(old.value("oauthPolicy.refreshTokenPolicy"), "infinite"), ":")
	kinds := map[string]string{"infinite": "Infinite", "zero": "Zero", "specific_lifetime": "SpecificLifetime", "specific_inactivity": "SpecificInactivity"}
	put("refreshTokenPolicyType", kinds[parts[0]])
	if len(parts) == 3 {
		put("refreshTokenValidityPeriod", parts[1])
		put("refreshTokenValidityUnit", map[string]string{"HOURS": "Hours", "DAYS": "Days", "MONTHS": "Months"}[parts[2]])
	}
	put("startUrl", old.start())
	old.people(put)
}

// people are the permission sets and profiles of users who may use the app.
func (p *predecessor) people(put func(field, value string)) {
	put("commaSeparatedProfile", strings.Join(p.values("profileName"), ","))
	var sets []string
	for _, label := range p.values("permissionSetName") {
		sets = append(sets, p.org.permissionSet(label))
	}
	put("commaSeparatedPermissionSet", strings.Join(sets, ","))
}

// permissionSet is the API name of a permission set by its label. One that
// nobody seeded is called as Setup would call it.
func (o *Org) permissionSet(label string) string {
	for _, row := range o.state.Records["PermissionSet"] {
		if name, _ := row["Name"].(string); row["Label"] == label {
			return name
		}
	}
	return strings.Join(strings.FieldsFunc(label, func(r rune) bool { return r == ' ' || r == '-' }), "_")
}

// start is the app's start URL, absolute as a successor needs it.
func (p *predecessor) start() string {
	url := p.value("startUrl")
	if url == "" || strings.Contains(url, "://") {
		return url
	}
	return p.org.url + "/" + strings.TrimPrefix(url, "/")
}

func samlMore(old *predecessor, put func(field, value string), root *metadata.Element) {
	put("certificate", readable(old.value("samlConfig.certificate")))
	if old.value("samlConfig.encryptionType") != "" {
		put("encryptionCertificate", readable(old.value("samlConfig.encryptionCertificate")))
	}
	old.people(put)
	old.attributes(root, "$")
}

// accessMore says what of the app is on, and what the App Launcher opens.
func accessMore(old *predecessor, put func(field, value string), _ *metadata.Element) {
	page := "None"
	switch {
	case old.has("oauthConfig"):
		page = "OAuth"
		put("isOauthPluginEnabled", "true")
	default:
		put("isOauthPluginEnabled", "false")
		if url := old.start(); url != "" {
			page = "Custom"
			put("startUrl", url)
		}
	}
	put("startPage", page)
	if old.has("samlConfig") {
		put("isSamlPluginEnabled", "true")
	}
}

// readable is a certificate, or "" for what is none: no org holds one.
func readable(text string) string {
	der, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(wrapped(text), "\n", ""))
	if err != nil {
		return ""
	}
	if _, err := x509.ParseCertificate(der); err != nil {
		return ""
	}
	return text
}
