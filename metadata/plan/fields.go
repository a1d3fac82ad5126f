package plan

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// A nature says when two values of a field are the same.
type nature int

const (
	text        nature = iota // as they stand, without blanks around them
	set                       // names between commas, in any order
	lines                     // one a line; how lines end does not count
	certificate               // the bytes, however they are wrapped
	folded                    // in any case
)

// natures of fields, by their own name: it means the same in every type. What
// is not here is text.
var natures = map[string]nature{
	"commaSeparatedOauthScopes":   set,
	"commaSeparatedCustomScopes":  set,
	"commaSeparatedPermissionSet": set,
	"commaSeparatedProfile":       set,
	"callbackUrl":                 lines,
	"certificate":                 certificate,
	"encryptionCertificate":       certificate,
	"clientAssertionCertificate":  certificate,
	// Documentation and retrieved files spell Enforce_relaxrefresh differently.
	"ipRelaxationPolicyType": folded,
}

// sensitive fields are compared and not shown.
var sensitive = []string{
	"certificate", "encryptionCertificate", "clientAssertionCertificate",
	"consumerKey", "consumerSecret", "password", "signingKey", "serviceAccount",
}

// writtenByOrg are the fields that an org writes and a deploy leaves out: with
// the value of another org, or a wrong one, it fails.
var writtenByOrg = []string{"oauthLink", "orgScopedExternalApp", "consumerKey", "consumerSecret", "managedType"}

// ownAlone are fields that stay as they are where a spec does not say them: the
// org derives them from something else, or a deploy without them keeps them.
var ownAlone = []string{
	"label", "idTokenAudience", "issuer", "signingAlgorithmType", "singleLogoutBindingType",
	"androidPushConfig", "applePushConfig", "pushConfigLink", "pushServiceType",
}

// defaults are what an org makes of a field that a deploy leaves out. Where
// there are several, it depends on the org, or on how the app was made, and none
// of them is a difference. A boolean that is not here is false, and a text that
// is not here is cleared. From the reference of the types, fields' column
// "default", and files of orgs before and after summer 2026.
var defaults = map[string][]string{
	"ExternalClientApplication.distributionState": {"Local"},

	"ExtlClntAppGlobalOauthSettings.isPkceRequired":                         {"true"},
	"ExtlClntAppGlobalOauthSettings.isSecretRequiredForRefreshToken":        {"true"},
	"ExtlClntAppGlobalOauthSettings.isSecretRequiredForTokenExchange":       {"false", "true"},
	"ExtlClntAppGlobalOauthSettings.isRefreshTokenRotationEnabled":          {"false", "true"},
	"ExtlClntAppGlobalOauthSettings.isEnforceRefreshTokenTTL":               {"false", "true"},
	"ExtlClntAppGlobalOauthSettings.idTokenConfig.idTokenValidityInMinutes": {"2"},
	"ExtlClntAppGlobalOauthSettings.idTokenConfig.idTokenIncludeStandardClaims": {
		"false", "true",
	},

	"ExtlClntAppOauthConfigurablePolicies.ipRelaxationPolicyType":         {"Enforce"},
	"ExtlClntAppOauthConfigurablePolicies.permittedUsersPolicyType":       {"AllSelfAuthorized"},
	"ExtlClntAppOauthConfigurablePolicies.requiredSessionLevel":           {"STANDARD"},
	"ExtlClntAppOauthConfigurablePolicies.refreshTokenPolicyType":         {"SpecificLifetime", "SpecificInactivity"},
	"ExtlClntAppOauthConfigurablePolicies.refreshTokenValidityPeriod":     {"365", "30", "0"},
	"ExtlClntAppOauthConfigurablePolicies.refreshTokenValidityUnit":       {"Days"},
	"ExtlClntAppOauthConfigurablePolicies.guestJwtSessionTimeoutType":     {"Custom", "UserSession"},
	"ExtlClntAppOauthConfigurablePolicies.namedUserJwtSessionTimeoutType": {"Custom", "UserSession"},

	"ExtlClntAppConfigurablePolicies.isEnabled":                   {"true"},
	"ExtlClntAppConfigurablePolicies.isAttestPluginEnabled":       {"true", "false"},
	"ExtlClntAppConfigurablePolicies.isCanvasPluginEnabled":       {"true", "false"},
	"ExtlClntAppConfigurablePolicies.isMobilePluginEnabled":       {"true", "false"},
	"ExtlClntAppConfigurablePolicies.isNotificationPluginEnabled": {"true", "false"},
	"ExtlClntAppConfigurablePolicies.isOauthPluginEnabled":        {"true"},
	"ExtlClntAppConfigurablePolicies.isPushPluginEnabled":         {"true", "false"},
	"ExtlClntAppConfigurablePolicies.isSamlPluginEnabled":         {"true", "false"},
	"ExtlClntAppConfigurablePolicies.startPage":                   {"None"},

	"ExtlClntAppSamlConfigurablePolicies.nameIdFormat": {"Unspecified"},
	"ExtlClntAppSamlConfigurablePolicies.subjectType":  {"Username"},

	"ExtlClntAppCanvasSettings.samlInitiationMethod": {"None"},
}

// defaultsOf returns the values that an org may give a field of a type that a
// deploy leaves out.
func defaultsOf(t *metadata.Table, typ, path string) []string {
	if d, ok := defaults[typ+"."+path]; ok {
		return d
	}
	if f := fieldAt(t, typ, path); f != nil && f.Type == "xsd:boolean" {
		return []string{"false"}
	}
	return nil
}

// fieldAt finds the field of a dotted path, or returns nil.
func fieldAt(t *metadata.Table, typ, path string) *metadata.Field {
	current := t.Type(typ)
	var field *metadata.Field
	for name := range strings.SplitSeq(path, ".") {
		if current == nil {
			return nil
		}
		if field = current.Field(name); field == nil {
			return nil
		}
		current = t.Nested(field)
	}
	return field
}

// canonical brings a value into the form in which it is compared.
func canonical(name, value string) string {
	value = strings.TrimSpace(value)
	switch natures[name] {
	case set:
		names := strings.Split(value, ",")
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
		slices.Sort(names)
		names = slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
		return strings.Join(names, ",")
	case lines:
		return strings.Join(strings.Fields(value), "\n")
	case certificate:
		var body strings.Builder
		for line := range strings.Lines(value) {
			if !strings.HasPrefix(line, "-----") {
				body.WriteString(strings.Join(strings.Fields(line), ""))
			}
		}
		return body.String()
	case folded:
		return strings.ToLower(value)
	case text:
	}
	return strings.ReplaceAll(value, "\r\n", "\n")
}

// shown is how a value stands in a plan.
func shown(name, value string) string {
	switch {
	case slices.Contains(sensitive, name):
		return Hidden
	case natures[name] == set:
		return strings.ReplaceAll(canonical(name, value), ",", ", ")
	}
	return strings.TrimSpace(value)
}
