package migrate

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Kinds of app.
const (
	KindConnectedApp = "ConnectedApp"
	KindECA          = "ExternalClientApp"
	KindOrg          = "Org" // the org itself, which rules are asked of too
)

// An App is what an audit knows of one app, in words that both worlds share.
type App struct {
	Kind       string
	Name       string // full name, with its namespace if it has one
	Label      string
	File       string
	Unreadable *diag.Problem // of a file that could not be read; nil if all were

	ID string // in the org, "" if it is not known

	parts map[string]*metadata.Component // by type; a Connected App has one; nil if nothing was read

	// What records of an org say; the zero values where files were read.
	namespace    string
	manageable   string // ManageableState
	listed       bool   // by the Metadata API
	handed       bool   // its metadata was handed out
	registered   bool   // it is installed: there is a record of it
	created      time.Time
	modified     time.Time
	row          Row // of ConnectedApplication
	menu         Row // of AppMenuItem
	policy       Row // of ExtlClntAppOauthPlcyCnfg
	use          use
	granted      []grant
	provisioning []string // configurations that are on
	customScopes []string
	exchange     []string // token exchange handlers
}

// A Flag is a switch that is on, off, or not in what was read.
type Flag int8

// Unknown is the zero value: an element that is absent from a Connected App's
// file was not read at that API version; it is not off.
const (
	Unknown Flag = iota
	Off
	On
)

// A fact says where both worlds keep one thing. A path begins with the type for
// an External Client App and with an element for a Connected App; "" is a thing
// that this world does not have.
type fact struct {
	connected string
	eca       string
}

// Facts by name. The paths are those of the mapping from Connected App to
// External Client App in the reference.
var facts = map[string]fact{
	"callbacks":             {"oauthConfig.callbackUrl", "ExtlClntAppGlobalOauthSettings.callbackUrl"},
	"certificate":           {"oauthConfig.certificate", "ExtlClntAppGlobalOauthSettings.certificate"},
	"codeCredentials":       {"oauthConfig.isCodeCredentialEnabled", "ExtlClntAppGlobalOauthSettings.isCodeCredFlowEnabled"},
	"consumerKey":           {"oauthConfig.consumerKey", "ExtlClntAppGlobalOauthSettings.consumerKey"},
	"consumerSecret":        {"oauthConfig.consumerSecret", "ExtlClntAppGlobalOauthSettings.consumerSecret"},
	"clientCredentials":     {"oauthConfig.isClientCredentialEnabled", "ExtlClntAppGlobalOauthSettings.isClientCredentialsFlowEnabled"},
	"clientCredentialsUser": {"oauthConfig.oauthClientCredentialUser", "ExtlClntAppOauthConfigurablePolicies.clientCredentialsFlowUser"},
	"clientPolicy":          {"", "ExtlClntAppOauthConfigurablePolicies.isClientCredentialsFlowEnabled"},
	"device":                {"", "ExtlClntAppGlobalOauthSettings.isDeviceFlowEnabled"},
	"exchange":              {"oauthConfig.isTokenExchangeEnabled", "ExtlClntAppGlobalOauthSettings.isTokenExchangeEnabled"},
	"exchangePolicy":        {"oauthPolicy.isTokenExchangeFlowEnabled", "ExtlClntAppOauthConfigurablePolicies.isTokenExchangeFlowEnabled"},
	"guest":                 {"", "ExtlClntAppOauthConfigurablePolicies.isGuestCodeCredFlowEnabled"},
	"introspectAll":         {"oauthConfig.isIntrospectAllTokens", "ExtlClntAppGlobalOauthSettings.isIntrospectAllTokens"},
	"ipRanges":              {"ipRanges", "ExtlClntAppOauthSettings.trustedIpRanges"},
	"ipRelaxation":          {"oauthPolicy.ipRelaxation", "ExtlClntAppOauthConfigurablePolicies.ipRelaxationPolicyType"},
	"permissionSets":        {"permissionSetName", "ExtlClntAppOauthConfigurablePolicies.commaSeparatedPermissionSet"},
	"permitted":             {"oauthConfig.isAdminApproved", "ExtlClntAppOauthConfigurablePolicies.permittedUsersPolicyType"},
	"pkce":                  {"oauthConfig.isPkceRequired", "ExtlClntAppGlobalOauthSettings.isPkceRequired"},
	"profiles":              {"profileName", "ExtlClntAppOauthConfigurablePolicies.commaSeparatedProfile"},
	"refreshPolicy":         {"oauthPolicy.refreshTokenPolicy", "ExtlClntAppOauthConfigurablePolicies.refreshTokenPolicyType"},
	"refreshPeriod":         {"", "ExtlClntAppOauthConfigurablePolicies.refreshTokenValidityPeriod"},
	"refreshUnit":           {"", "ExtlClntAppOauthConfigurablePolicies.refreshTokenValidityUnit"},
	"refreshSecret":         {"oauthConfig.isSecretRequiredForRefreshToken", "ExtlClntAppGlobalOauthSettings.isSecretRequiredForRefreshToken"},
	"rotation":              {"oauthConfig.isRefreshTokenRotationEnabled", "ExtlClntAppGlobalOauthSettings.isRefreshTokenRotationEnabled"},
	"samlAlgorithm":         {"samlConfig.samlSigningAlgoType", "ExtlClntAppSamlConfigurablePolicies.signingAlgorithmType"},
	"samlCertificate":       {"samlConfig.certificate", "ExtlClntAppSamlConfigurablePolicies.certificate"},
	"samlEncryption":        {"samlConfig.encryptionType", "ExtlClntAppSamlConfigurablePolicies.encryptionType"},
	"samlEncryptionCert":    {"samlConfig.encryptionCertificate", "ExtlClntAppSamlConfigurablePolicies.encryptionCertificate"},
	"scopes":                {"oauthConfig.scopes", "ExtlClntAppOauthSettings.commaSeparatedOauthScopes"},
	"secretOptional":        {"oauthConfig.isConsumerSecretOptional", "ExtlClntAppGlobalOauthSettings.isConsumerSecretOptional"},
	"sessionLevel":          {"sessionPolicy.sessionLevel", "ExtlClntAppOauthConfigurablePolicies.requiredSessionLevel"},
	"sessionTimeout":        {"sessionPolicy.sessionTimeout", "ExtlClntAppOauthConfigurablePolicies.sessionTimeoutInMinutes"},
}

// path returns where this app keeps a fact, split into type and path; ok is
// false if its world does not have it.
func (a *App) path(name string) (typ, path string, ok bool) {
	f := facts[name]
	if a.Kind == KindConnectedApp {
		return metadata.TypeConnectedApp, f.connected, f.connected != ""
	}
	typ, path, ok = strings.Cut(f.eca, ".")
	return typ, path, ok
}

// all returns the elements that hold a fact.
func (a *App) all(name string) []*metadata.Element {
	typ, path, ok := a.path(name)
	if c := a.parts[typ]; ok && c != nil {
		return c.All(path)
	}
	return nil
}

// text returns a fact that is one value, or "".
func (a *App) text(name string) string {
	for _, e := range a.all(name) {
		if text := strings.TrimSpace(e.Text); text != "" && !e.Nil {
			return text
		}
	}
	return ""
}

// list returns a fact that has several values: repeated elements on one side,
// a text with commas on the other, and addresses a line on both.
func (a *App) list(name string) []string {
	var values []string
	for _, e := range a.all(name) {
		switch {
		case name == "callbacks":
			values = append(values, spec.SplitLines(e.Text)...)
		case a.Kind == KindECA:
			values = append(values, spec.SplitList(e.Text)...)
		case strings.TrimSpace(e.Text) != "":
			values = append(values, strings.TrimSpace(e.Text))
		}
	}
	return values
}

// flag returns a fact that is a switch.
func (a *App) flag(name string) Flag {
	switch a.text(name) {
	case "true":
		return On
	case "false":
		return Off
	}
	return Unknown
}

// has tells whether a block or component is there.
func (a *App) has(connected, ecaType string) bool {
	if a.Kind == KindConnectedApp {
		return connected != "" && a.block(connected) != nil
	}
	return ecaType != "" && a.parts[ecaType] != nil
}

// block returns an element of a Connected App that is there and not null.
func (a *App) block(path string) *metadata.Element {
	c := a.parts[metadata.TypeConnectedApp]
	if c == nil {
		return nil
	}
	if e := c.First(path); e != nil && !e.Nil {
		return e
	}
	return nil
}

func (a *App) oauth() bool {
	return slices.ContainsFunc([]string{"ExtlClntAppOauthSettings", "ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthConfigurablePolicies"},
		func(typ string) bool { return a.has("oauthConfig", typ) })
}

func (a *App) saml() bool { return a.has("samlConfig", "ExtlClntAppSamlConfigurablePolicies") }

func (a *App) canvas() bool {
	return a.has("canvasConfig", "ExtlClntAppCanvasSettings") || a.has("canvas", "")
}

// selfAuthorize tells whether every user may approve the app.
func (a *App) selfAuthorize() Flag {
	said := a.text("permitted")
	switch {
	case said != "":
	case a.policy["PermittedUsersPolicyType"] != "":
		said = a.policy["PermittedUsersPolicyType"]
	case a.parts == nil:
		said = a.row["OptionsAllowAdminApprovedUsersOnly"]
	}
	switch said {
	case "false", "AllSelfAuthorized":
		return On
	case "true", "AdminApprovedPreAuthorized":
		return Off
	}
	return Unknown
}

// refreshPolicy returns the refresh token policy in the Connected Apps' words:
// infinite, zero, specific_lifetime, specific_inactivity; "" if it is not said.
func (a *App) refreshPolicy() string {
	policy, _, _ := strings.Cut(a.text("refreshPolicy"), ":")
	switch policy {
	case "SpecificLifetime":
		return "specific_lifetime"
	case "SpecificInactivity":
		return "specific_inactivity"
	}
	return strings.ToLower(policy)
}

// header is the component that says what an app is called and whom to ask; nil
// if it was not read.
func (a *App) header() *metadata.Component {
	switch a.Kind {
	case KindConnectedApp:
		return a.parts[metadata.TypeConnectedApp]
	case KindECA:
		return a.parts[metadata.TypeApp]
	}
	return nil
}

// scopeNames returns the scopes by their Connected App names.
func (a *App) scopeNames() []string {
	scopes := a.list("scopes")
	for i, s := range scopes {
		if s == "SFApiPlatform" {
			scopes[i] = "SFAP"
		}
	}
	return scopes
}

func (a *App) refreshes() bool {
	return slices.ContainsFunc(a.scopeNames(), func(s string) bool { return s == "RefreshToken" || s == "OfflineAccess" })
}

// loopback tells whether an address is of the machine itself.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// certificates returns the certificates that an app holds, by fact, and why one
// cannot be read.
func (a *App) certificates() map[string]certificate {
	found := map[string]certificate{}
	for _, name := range []string{"certificate", "samlCertificate", "samlEncryptionCert"} {
		if text := a.text(name); text != "" {
			c, err := spec.ParseCertificate([]byte(text))
			found[name] = certificate{c, err}
		}
	}
	return found
}

type certificate struct {
	*x509.Certificate
	err error
}

// place returns where a fact stands, for a finding to point at: the element, or
// the component that would hold it, or the file.
func (a *App) place(name string) diag.Pos {
	for _, e := range a.all(name) {
		return e.Pos
	}
	if typ, _, _ := a.path(name); a.parts[typ] != nil {
		return a.parts[typ].Root.Pos
	}
	return diag.Pos{File: a.File}
}

// element returns the metadata name of a fact in this app's world.
func (a *App) element(name string) string {
	typ, path, _ := a.path(name)
	if a.Kind == KindConnectedApp {
		return path
	}
	return typ + "." + path
}

// placeholder tells a value that somebody's pipeline replaces from a real one.
func placeholder(s string) bool {
	s = strings.TrimSpace(s)
	return strings.Contains(s, "${") || strings.Contains(s, "{{") || strings.HasPrefix(s, "__") ||
		strings.HasPrefix(s, "@") || strings.HasPrefix(s, "<") || strings.HasPrefix(s, "REDACTED")
}
