package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// An Audience is who notices a consequence.
type Audience string

// Who notices, in the order in which consequences are told.
const (
	Users   Audience = "users"
	Admins  Audience = "admins"
	Clients Audience = "clients"
)

// Audiences lists them in that order.
func Audiences() []Audience { return []Audience{Users, Admins, Clients} }

// A Consequence is a difference between the Connected App and the External
// Client App, in words.
type Consequence struct {
	ID    string   `json:"id"`
	For   Audience `json:"for"`
	Was   string   `json:"connectedApp"`
	Now   string   `json:"externalClientApp"`
	Needs string   `json:"toDo"` // what somebody has to do; "" for nothing
}

// consequence is a row of the table: when it holds, and what it says.
type consequence struct {
	Consequence
	when func(c *conversion) bool
	fill func(c *conversion) []any // for the verbs in its texts
}

// Consequences tells what changes for whom, from one table.
func (r *Result) Consequences() []Consequence {
	var list []Consequence
	for _, row := range consequences() {
		if !row.when(r.app) {
			continue
		}
		said := row.Consequence
		if row.fill != nil {
			said.Now = fmt.Sprintf(said.Now, row.fill(r.app)...)
		}
		list = append(list, said)
	}
	slices.SortStableFunc(list, func(a, b Consequence) int {
		return slices.Index(Audiences(), a.For) - slices.Index(Audiences(), b.For)
	})
	return list
}

func consequences() []consequence {
	return slices.Concat(userConsequences(), adminConsequences(), clientConsequences())
}

func userConsequences() []consequence {
	return []consequence{
		{Consequence: Consequence{"approve", Users, "users have approved the app for themselves", "users approve the new app once more", "tell them when"}, when: all(anew, selfAuthorized)},
		{Consequence: Consequence{"closed", Users, "users whom an admin approved may use the app", "the same users, by the app's own list: %s; everybody else is refused", "check the list before the clients move"}, when: all(usesOAuth, not(selfAuthorized)), fill: approved},
		{Consequence: Consequence{"start", Users, "the App Launcher opens the app's start URL", "the App Launcher opens %s", ""}, when: writes(tPolicy+".startUrl", tAccess+".startUrl"), fill: startsAt},
		{Consequence: Consequence{"start-lost", Users, "the App Launcher opens the app's start URL", "the App Launcher opens nothing", "set policies.start"}, when: loses("startUrl")},
		{Consequence: Consequence{"mobile-start", Users, "phones open a start page of their own", "phones open the same page as everybody", "let the page decide"}, when: says("mobileStartUrl")},
		{Consequence: Consequence{"saml", Users, "links to the app's login carry the Connected App's id", "links to the app's login carry a new id", "hand out the new link, from the app's SAML policies in Setup"}, when: all(anew, usesSAML)},
	}
}

func adminConsequences() []consequence {
	return []consequence{
		{Consequence: Consequence{"roles", Admins, "settings and policies stand on one page and one permission changes them", "settings are the developer's and policies the admin's, with a permission each", "give admins View all External Client Apps, view their settings, and edit their policies"}, when: always},
		{Consequence: Consequence{"name", Admins, "an API name", "the same API name, which an org may refuse (DUPLICATE_VALUE) as long as the Connected App is there", "deploy where it is not, or convert with --name-suffix"}, when: all(anew, sameName)},
		{Consequence: Consequence{"at-once", Admins, "a change may take ten minutes to hold", "a change holds at once", ""}, when: usesOAuth},
		{Consequence: Consequence{"permission-sets", Admins, "permission sets are named by their labels", "permission sets are named by their API names: %s", ""}, when: writes(tPolicy+".commaSeparatedPermissionSet", tSaml+".commaSeparatedPermissionSet"), fill: permitted},
		{Consequence: Consequence{"two-switches", Admins, "one switch turns the client credentials flow on", "two switches turn it on, in the settings and in the policies, and both have to be on", ""}, when: is(tPolicy+".isClientCredentialsFlowEnabled", "true")},
		{Consequence: Consequence{"notifications", Admins, "the app is listed in Notification Delivery Settings and in Briefcase assignments", "it is in neither list", "assign again what was assigned to it"}, when: usesOAuth},
		{Consequence: Consequence{"provisioning", Admins, "user provisioning and dynamic client registration can be switched on", "neither exists", "if one is on, the app cannot move before it is off"}, when: usesOAuth},
		{Consequence: Consequence{"handler", Admins, "the Apex class takes part in logins", "the same class is named, and handlers of Connected Apps are reported not to work as they are", "try it in a sandbox"}, when: says("plugin")},
		{Consequence: Consequence{"canvas", Admins, "a canvas app of a Connected App", "a canvas app of an External Client App, without %s", "place it anew"}, when: all(writes(tCanvas+".canvasUrl"), losesAny("canvasConfig.")), fill: lostOf("canvasConfig.")},
		{Consequence: Consequence{"attributes", Admins, "custom attributes may be expressions", "custom attributes are references to fields; lost are %s", "let the clients know these values by themselves"}, when: losesAny("attributes["), fill: lostOf("attributes[")},
		{Consequence: Consequence{"mobile", Admins, "the app holds a mobile app and its push settings", "it holds no mobile app", "distribute the app by your device management, and set push up anew"}, when: losesAny("mobileAppConfig.")},
		{Consequence: Consequence{"triple-des", Admins, "SAML assertions are encrypted with Triple DES", "they are not encrypted", "agree on AES_256 with the service provider"}, when: loses("samlConfig.encryptionType")},
		{Consequence: Consequence{"allowlist", Admins, "refresh tokens are bound to addresses", "they are not, before the list of addresses is copied", "copy it from Setup to oauth.security.refreshTokenIpRanges"}, when: loses("oauthConfig.isIpBindingEnabled")},
	}
}

func clientConsequences() []consequence {
	password, agent := metadata.FindDeadline("username-password"), metadata.FindDeadline("user-agent")
	return []consequence{
		{Consequence: Consequence{"key", Clients, "a consumer key and a secret", "a new consumer key and a new secret", "hand them to every client; ecactl credentials shows them"}, when: all(anew, usesOAuth)},
		{Consequence: Consequence{"key-kept", Clients, "a consumer key and a secret", "the same: Setup's migration keeps both", ""}, when: all(not(anew), usesOAuth)},
		{Consequence: Consequence{"tokens", Clients, "access and refresh tokens of the Connected App", "none of them works with the new key", "every client logs in anew"}, when: all(anew, usesOAuth)},
		{Consequence: Consequence{"password", Clients, "the username-password flow, where the org allows it" + until(password), "no username-password flow", "move to the web server flow with PKCE, or to client credentials"}, when: usesOAuth},
		{Consequence: Consequence{"user-agent", Clients, "the user-agent flow" + until(agent), "the web server flow with PKCE in its place", "move before that day"}, when: usesOAuth},
		{Consequence: Consequence{"pkce", Clients, "codes are taken without a proof key", "the same, because it is said; an External Client App's default asks for one, and some orgs lock that on", "teach the clients PKCE, then set oauth.security.requirePkce: true"}, when: is(tGlobal+".isPkceRequired", "false")},
		{Consequence: Consequence{"pkce-on", Clients, "a proof key is asked for", "a proof key is asked for", ""}, when: is(tGlobal+".isPkceRequired", "true")},
		{Consequence: Consequence{"bearer", Clients, "assertions are signed for the old consumer key", "the same certificate, and the new consumer key as issuer", "change iss in every client"}, when: all(anew, writes(tGlobal+".certificate"))},
		{Consequence: Consequence{"bearer-lost", Clients, "a certificate for the JWT bearer flow", "no certificate, so no JWT bearer flow", "set oauth.flows.jwtBearer"}, when: loses("oauthConfig.certificate")},
		{Consequence: Consequence{"device", Clients, "the device flow", "the device flow, with a localhost callback alone%s", "move other clients to the web server flow with PKCE"}, when: is(tGlobal+".isDeviceFlowEnabled", "true"), fill: func(*conversion) []any { return []any{until(metadata.FindDeadline("device-flow"))} }},
		{Consequence: Consequence{"device-unknown", Clients, "whether the device flow is on is not in this file", "the device flow is off", "look in Setup, and set oauth.flows.device.enabled if it is on there"}, when: all(usesOAuth, not(says("oauthConfig.isDeviceFlowEnabled")))},
		{Consequence: Consequence{"scopes", Clients, "scopes of the Connected App", "the same without %s", "look at what the clients ask for"}, when: losesAny("oauthConfig.scopes"), fill: lostOf("oauthConfig.scopes")},
		{Consequence: Consequence{"callbacks", Clients, "callback URLs that are http, have a wildcard or a fragment", "without them", "register whole https addresses"}, when: warned("ECA713")},
		{Consequence: Consequence{"idle", Clients, "refresh tokens live until they are revoked", "from the day of the limit on, 30 days without use end them", "use each token once a month, or log in anew"}, when: is(tPolicy+".refreshTokenPolicyType", "Infinite")},
		{Consequence: Consequence{"asset", Clients, "asset tokens", "asset tokens have fields, and the flow is not documented for External Client Apps", "try it in a sandbox"}, when: says("oauthConfig.assetTokenConfig.assetAudiences")},
		{Consequence: Consequence{"address", Clients, "calls to the address that the client knows", "calls to instance_url of the token's answer, which differs per org", "read it from every answer"}, when: usesOAuth},
	}
}

func until(d *metadata.Deadline) string {
	return " (" + d.When() + ")"
}

// The conditions of the table.

func always(*conversion) bool      { return true }
func anew(c *conversion) bool      { return !c.options.LikeSetup }
func usesOAuth(c *conversion) bool { return c.oauth }
func usesSAML(c *conversion) bool  { return c.parts[tSaml] != nil }

func sameName(c *conversion) bool { return c.options.NameSuffix == "" }

func selfAuthorized(c *conversion) bool {
	return c.written(tPolicy+".permittedUsersPolicyType") == "AllSelfAuthorized"
}

// warned holds if the conversion said so.
func warned(code string) func(*conversion) bool {
	return func(c *conversion) bool {
		return slices.ContainsFunc(c.problems, func(p *diag.Problem) bool { return p.Code == code })
	}
}

func not(f func(*conversion) bool) func(*conversion) bool {
	return func(c *conversion) bool { return !f(c) }
}

func all(list ...func(*conversion) bool) func(*conversion) bool {
	return func(c *conversion) bool {
		return !slices.ContainsFunc(list, func(f func(*conversion) bool) bool { return !f(c) })
	}
}

// says holds if the Connected App has a value at a path.
func says(path string) func(*conversion) bool {
	return func(c *conversion) bool { return c.text(path) != "" }
}

// is holds if a field of the result has a value.
func is(field, value string) func(*conversion) bool {
	return func(c *conversion) bool { return c.written(field) == value }
}

// writes holds if one of the fields has a value.
func writes(fields ...string) func(*conversion) bool {
	return func(c *conversion) bool {
		return slices.ContainsFunc(fields, func(f string) bool { return c.written(f) != "" })
	}
}

func loses(path string) func(*conversion) bool {
	return func(c *conversion) bool {
		return slices.ContainsFunc(c.byPath[path], func(l *leaf) bool { return l.field != nil && l.field.How == Lost })
	}
}

func losesAny(prefix string) func(*conversion) bool {
	return func(c *conversion) bool { return len(c.lostBelow(prefix)) > 0 }
}

func (c *conversion) lostBelow(prefix string) []string {
	var values []string
	for _, l := range c.leaves {
		if l.field != nil && l.field.How == Lost && strings.HasPrefix(l.label, prefix) {
			values = append(values, l.field.Value)
		}
	}
	return values
}

// The words that fill a text.

func lostOf(prefix string) func(*conversion) []any {
	return func(c *conversion) []any { return []any{strings.Join(c.lostBelow(prefix), ", ")} }
}

func approved(c *conversion) []any {
	var list []string
	for _, f := range []string{tPolicy + ".commaSeparatedPermissionSet", tPolicy + ".commaSeparatedProfile"} {
		list = append(list, spec.SplitList(c.written(f))...)
	}
	if len(list) == 0 {
		list = []string{"nobody"}
	}
	return []any{strings.Join(list, ", ")}
}

func permitted(c *conversion) []any {
	for _, f := range []string{tPolicy + ".commaSeparatedPermissionSet", tSaml + ".commaSeparatedPermissionSet"} {
		if v := c.written(f); v != "" {
			return []any{strings.Join(spec.SplitList(v), ", ")}
		}
	}
	return []any{""}
}

func startsAt(c *conversion) []any {
	for _, f := range []string{tPolicy + ".startUrl", tAccess + ".startUrl"} {
		if v := c.written(f); v != "" {
			return []any{v}
		}
	}
	return []any{""}
}

// ConsequenceIDs lists the ids of the table.
func ConsequenceIDs() []string {
	var ids []string
	for _, row := range consequences() {
		ids = append(ids, row.ID)
	}
	return ids
}
