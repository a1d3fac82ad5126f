package handover

import (
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// FactsOf reads, of the components of an app, what a snippet needs to know.
func FactsOf(components []*metadata.Component, app string) Facts {
	f := Facts{App: app}
	field := func(typ, name string) string {
		for _, c := range components {
			if owner := c.App(); c.Type == typ && (owner == app || metadata.BareName(owner) == app) {
				v, _ := c.Text(name) // "" if it is not there
				return strings.TrimSpace(v)
			}
		}
		return ""
	}
	const global = "ExtlClntAppGlobalOauthSettings"
	f.Callbacks = spec.SplitLines(field(global, "callbackUrl"))
	if field(global, "isClientCredentialsFlowEnabled") == "true" {
		f.Flows = append(f.Flows, "client")
	}
	if field(global, "certificate") != "" {
		f.Flows = append(f.Flows, "jwt")
	}
	f.Scopes = spec.OAuthNames(metadata.Schema(), field("ExtlClntAppOauthSettings", "commaSeparatedOauthScopes"))
	return f
}
