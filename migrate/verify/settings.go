package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
)

// readBack says which fields a check of the settings compares, by type.
var readBack = []struct {
	id     string
	typ    string
	fields []string
}{
	{"settings.flows", typeGlobal, []string{"isClientCredentialsFlowEnabled", "isCodeCredFlowEnabled", "isCodeCredPostOnly", "isDeviceFlowEnabled", "isTokenExchangeEnabled", "certificate"}},
	{"settings.security", typeGlobal, []string{
		"isPkceRequired", "isConsumerSecretOptional", "isSecretRequiredForRefreshToken", "isSecretRequiredForTokenExchange", "isRefreshTokenRotationEnabled",
		"isEnforceRefreshTokenTTL", "isIntrospectAllTokens", "isNamedUserJwtEnabled",
	}},
	{"settings.callbacks", typeGlobal, []string{"callbackUrl"}},
	{"settings.scopes", typeSettings, []string{"commaSeparatedOauthScopes", "commaSeparatedCustomScopes"}},
	{"policy.enabled", typeAccess, []string{"isEnabled", "isOauthPluginEnabled"}},
	{"policy.permitted-users", typePolicy, []string{"permittedUsersPolicyType", "commaSeparatedPermissionSet", "commaSeparatedProfile"}},
	{"policy.refresh-token", typePolicy, []string{"refreshTokenPolicyType", "refreshTokenValidityPeriod", "refreshTokenValidityUnit"}},
	{"policy.ip", typePolicy, []string{"ipRelaxationPolicyType"}},
	{"policy.session", typePolicy, []string{
		"sessionTimeoutInMinutes", "requiredSessionLevel", "policyAction", "namedUserJwtSessionTimeoutType", "namedUserJwtTimeout", "guestJwtSessionTimeoutType", "guestJwtTimeout",
	}},
}

// ofApp are the components that an org has of an app.
func ofApp(actual *plan.Actual, name string) []*metadata.Component {
	var list []*metadata.Component
	for _, c := range actual.Components {
		if app := c.App(); app == name || metadata.BareName(app) == name {
			list = append(list, c)
		}
	}
	return list
}

// settings compares what the org has with what the spec says. What the spec does
// not say is not looked at.
func (r *run) settings(context.Context) error {
	made, problems := plan.Make([]*spec.Built{r.Built}, r.Actual, plan.Options{})
	for _, check := range readBack {
		if !r.want.saysAny(check.typ, check.fields) {
			continue
		}
		if made == nil {
			r.skip(check.id, "the spec cannot be compared with the org: %v", problems.Err())
			continue
		}
		r.compare(check.id, check.typ, check.fields, made)
	}
	return nil
}

func (r *run) compare(id, typ string, fields []string, made *plan.Plan) {
	for _, c := range made.Changes {
		if c.Type != typ || c.App != r.app.Name {
			continue
		}
		if c.Action == plan.Create {
			r.fail(id, nil, "the org has no %s of the app", typ)
			return
		}
		var wrong []string
		for _, f := range c.Fields {
			if slices.Contains(fields, f.Path) {
				wrong = append(wrong, fmt.Sprintf("%s is %s, and has to be %s", f.Path, shown(f.Before), shown(f.After)))
			}
		}
		if len(wrong) > 0 {
			r.fail(id, nil, "%s", strings.Join(wrong, "; "))
			return
		}
	}
	var is []string
	for _, f := range fields {
		if v := (&wanted{org: r.want.org}).field(typ, f); v != "" && f != "certificate" && r.want.saysAny(typ, []string{f}) {
			is = append(is, f+" "+strings.Join(strings.Fields(v), " "))
		}
	}
	r.pass(id, "%s", strings.Join(is, ", "))
}

// shown is a value that may not be there.
func shown(v *string) string {
	if v == nil || *v == "" {
		return "not set"
	}
	return strings.Join(strings.Fields(*v), " ")
}
