package orgtest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// What an org writes back of fields that a file left out, by type; booleans are
// written even where they are false. From the reference of the types and a round
// trip through an org: a header, six fields of global settings and three of OAuth
// settings came back as eighteen elements. Empty is a field that is not written.
var writtenBack = map[string]map[string]string{
	metadata.TypeApp: {"distributionState": "Local", "isProtected": "false"},
	typeGlobal: {
		"isClientCredentialsFlowEnabled": "false", "isCodeCredFlowEnabled": "false", "isCodeCredPostOnly": "false", "isConsumerSecretOptional": "false",
		"isDPopEnabled": "false", "isDeviceFlowEnabled": "false", "isEnforceRefreshTokenTTL": "false", "isIntrospectAllTokens": "false",
		"isNamedUserJwtEnabled": "false", "isPkceRequired": "true", "isRefreshTokenRotationEnabled": "false", "isSecretRequiredForRefreshToken": "true",
		"isSecretRequiredForTokenExchange": "false", "isTokenExchangeEnabled": "false", "shouldRotateConsumerKey": "false", "shouldRotateConsumerSecret": "false",
	},
	typeOauth: {"isFirstPartyAppEnabled": "false"},
	typePolicy: {
		"ipRelaxationPolicyType": "Enforce", "isClientCredentialsFlowEnabled": "false", "isGuestCodeCredFlowEnabled": "false", "isTokenExchangeFlowEnabled": "false",
		"permittedUsersPolicyType": "AllSelfAuthorized", "refreshTokenPolicyType": "SpecificLifetime", "requiredSessionLevel": "STANDARD",
	},
	typeAccess:   {"isEnabled": "true", "isOauthPluginEnabled": "true", "startPage": "None"},
	typeSettings: {"enableClientSecretInRestApiAccess": "false", "enableConsumerSecretApiAccess": "false", "enablePackageEcaOauthFromDevOrg": "false"},
}

// Types that the org itself has to know, because they depend on each other.
const (
	typeGlobal   = "ExtlClntAppGlobalOauthSettings"
	typeOauth    = "ExtlClntAppOauthSettings"
	typePolicy   = "ExtlClntAppOauthConfigurablePolicies"
	typeAccess   = "ExtlClntAppConfigurablePolicies"
	typeSettings = "ExternalClientAppSettings"
)

// complete gives a component that is deployed what the org writes by itself.
func (o *Org) complete(s *stored, root *metadata.Element) {
	typ := o.table.Type(s.Type)
	for field, value := range writtenBack[s.Type] {
		if root.Child(field) == nil && typ.Field(field) != nil {
			root.Add(&metadata.Element{Name: field, Text: value})
		}
	}
	put := func(field, value string) {
		if root.Child(field) == nil {
			root.Add(&metadata.Element{Name: field, Text: value})
		}
	}
	switch s.Type {
	case metadata.TypeApp:
		put("label", s.Name)
		put("orgScopedExternalApp", o.state.OrgID[:15]+":"+s.Name)
	case typeOauth:
		if c := o.state.Consumers[s.app()]; c != nil {
			put("oauthLink", o.state.OrgID[:15]+":"+c.ID[:15])
		}
	case typeGlobal:
		if c := o.state.Consumers[s.app()]; c != nil {
			root.Remove("consumerKey")
			put("consumerKey", c.Key)
		}
		root.Remove("consumerSecret")
	case typePolicy:
		if kind := root.Child("refreshTokenPolicyType"); kind.Text == "SpecificLifetime" && root.Child("refreshTokenValidityPeriod") == nil {
			put("refreshTokenValidityPeriod", "365")
			put("refreshTokenValidityUnit", "Days")
		}
	}
	if typ != nil && typ.Field(metadata.FieldLabel) != nil {
		put(metadata.FieldLabel, s.Name)
	}
	o.normalize(root)
	o.table.Sort(root, typ)
}

// normalize brings values into the form in which an org returns them.
func (o *Org) normalize(e *metadata.Element) {
	e.Children = slices.DeleteFunc(e.Children, func(c *metadata.Element) bool {
		return c.Nil || len(c.Children) == 0 && strings.TrimSpace(c.Text) == ""
	})
	for _, c := range e.Children {
		switch {
		case c.Name == "commaSeparatedOauthScopes":
			c.Text = strings.Join(o.orderedScopes(c.Text), ", ")
		case c.Name == "assetTokenSigningCertificate": // an id
			c.Text = strings.TrimSpace(c.Text)
		case c.Name == "certificate", strings.HasSuffix(c.Name, "Certificate"):
			c.Text = wrapped(c.Text)
		case c.Name == "callbackUrl":
			c.Text = strings.Join(spec.SplitLines(c.Text), "\n")
		case len(c.Children) > 0:
			o.normalize(c)
		default:
			c.Text = strings.TrimSpace(c.Text)
		}
	}
}

// orderedScopes puts scopes into the platform's order.
func (o *Org) orderedScopes(text string) []string {
	rank := func(token string) int {
		return slices.IndexFunc(o.scopes, func(s spec.Scope) bool { return s.Token == token })
	}
	list := spec.SplitList(text)
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return slices.Compact(list)
}

// wrapped writes a certificate as an org does: its base64 in lines of 64
// characters, without the armour.
func wrapped(pem string) string {
	var body strings.Builder
	for line := range strings.Lines(pem) {
		if !strings.HasPrefix(line, "-----") {
			body.WriteString(strings.Join(strings.Fields(line), ""))
		}
	}
	var lines []string
	rest := body.String()
	for len(rest) > 64 {
		lines, rest = append(lines, rest[:64]), rest[64:]
	}
	return strings.Join(append(lines, rest), "\n")
}

// rendered is a stored component as a retrieve at the newest version gives it.
func (o *Org) rendered(s *stored) *metadata.Component {
	return &metadata.Component{Type: s.Type, Name: s.Name, Root: s.content().Clone()}
}

// renderedAt is rendered for a version: what it does not have is left out.
func (o *Org) renderedAt(s *stored, v metadata.Version) *metadata.Component {
	c := o.rendered(s)
	if typ := o.table.Type(s.Type); typ != nil {
		o.cutTo(c.Root, typ, v)
	}
	return c
}

func (o *Org) cutTo(e *metadata.Element, typ *metadata.Type, v metadata.Version) {
	e.Children = slices.DeleteFunc(e.Children, func(child *metadata.Element) bool {
		f := typ.Field(child.Name)
		return f != nil && !f.Has(v)
	})
	e.Children = slices.DeleteFunc(e.Children, func(child *metadata.Element) bool {
		nested := o.table.Nested(typ.Field(child.Name))
		if nested == nil || len(child.Children) == 0 {
			return false
		}
		o.cutTo(child, nested, v)
		return len(child.Children) == 0
	})
}
