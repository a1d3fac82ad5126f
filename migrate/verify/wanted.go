package verify

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Types of which a flow depends on fields.
const (
	typeGlobal   = "ExtlClntAppGlobalOauthSettings"
	typeSettings = "ExtlClntAppOauthSettings"
	typePolicy   = "ExtlClntAppOauthConfigurablePolicies"
	typeAccess   = "ExtlClntAppConfigurablePolicies"
)

// unsaid are what an org makes of a field that nobody has said.
var unsaid = map[string]string{
	"isPkceRequired": "true", "isSecretRequiredForRefreshToken": "true", "isEnabled": "true", "isOauthPluginEnabled": "true",
}

// wanted is how an app has to behave: as its spec says, and where that says
// nothing, as the org has it.
type wanted struct {
	spec, org []*metadata.Component
}

// field is the value that is wanted of a field.
func (w *wanted) field(typ, name string) string {
	for _, components := range [][]*metadata.Component{w.spec, w.org} {
		for _, c := range components {
			if c.Type != typ {
				continue
			}
			if v, ok := c.Text(name); ok {
				return strings.TrimSpace(v)
			}
		}
	}
	return unsaid[name]
}

func (w *wanted) on(typ, name string) bool { return w.field(typ, name) == "true" }

// saysAny tells whether the spec says one of the fields.
func (w *wanted) saysAny(typ string, fields []string) bool {
	for _, c := range w.spec {
		if c.Type != typ {
			continue
		}
		for _, f := range fields {
			if c.First(f) != nil {
				return true
			}
		}
	}
	return false
}

func (w *wanted) pkce() bool             { return w.on(typeGlobal, "isPkceRequired") }
func (w *wanted) secretForWeb() bool     { return !w.on(typeGlobal, "isConsumerSecretOptional") }
func (w *wanted) secretForRefresh() bool { return w.on(typeGlobal, "isSecretRequiredForRefreshToken") }
func (w *wanted) secretForExchange() bool {
	return w.on(typeGlobal, "isSecretRequiredForTokenExchange")
}
func (w *wanted) rotation() bool { return w.on(typeGlobal, "isRefreshTokenRotationEnabled") }
func (w *wanted) client() bool   { return w.on(typeGlobal, "isClientCredentialsFlowEnabled") }
func (w *wanted) jwt() bool      { return w.field(typeGlobal, "certificate") != "" }
func (w *wanted) user() bool     { return w.on(typeGlobal, "isCodeCredFlowEnabled") }
func (w *wanted) exchange() bool { return w.on(typeGlobal, "isTokenExchangeEnabled") }
func (w *wanted) device() bool   { return w.on(typeGlobal, "isDeviceFlowEnabled") }
func (w *wanted) others() bool   { return w.on(typeGlobal, "isIntrospectAllTokens") }
func (w *wanted) runAs() string  { return w.field(typePolicy, "clientCredentialsFlowUser") }
func (w *wanted) approved() bool {
	return w.field(typePolicy, "permittedUsersPolicyType") == "AdminApprovedPreAuthorized"
}
func (w *wanted) endsAtOnce() bool { return w.field(typePolicy, "refreshTokenPolicyType") == "Zero" }

func (w *wanted) callbacks() []string { return spec.SplitLines(w.field(typeGlobal, "callbackUrl")) }

// sameScope are names that mean the same as another on the wire.
var sameScope = map[string]string{"profile": "id", "email": "id", "address": "id", "phone": "id", "offline_access": "refresh_token"}

// canonical brings scopes into the form in which they are compared.
func canonical(names []string) []string {
	var list []string
	for _, n := range names {
		if same, ok := sameScope[n]; ok {
			n = same
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// scopes are the OAuth names of the scopes that are wanted.
func (w *wanted) scopes() []string {
	return canonical(spec.OAuthNames(metadata.Schema(), w.field(typeSettings, "commaSeparatedOauthScopes")))
}

// custom are the custom scopes, which are granted under names of the org's own.
func (w *wanted) custom() []string {
	return spec.SplitList(w.field(typeSettings, "commaSeparatedCustomScopes"))
}

func (w *wanted) refreshes() bool { return slices.Contains(w.scopes(), "refresh_token") }
