package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// complete adds what an External Client App needs and a Connected App does not
// say, and refuses an app that would not work without it.
func (c *conversion) complete() {
	c.write(tApp+".distributionState", "Local", "an app that is converted stays in its org")
	c.needContact()
	if c.written(tApp+".label") == "" {
		c.set(tApp+".label", c.appName())
		c.fill("label", []string{tApp + ".label"}, c.appName(), "the Connected App has none: the API name")
	}
	if c.oauth {
		c.agree()
		c.needBearer()
		c.needRunAs()
		c.needSomebody()
		c.needHandlerUser()
	}
	if c.options.LikeSetup {
		c.asSetup()
		return
	}
	c.plugins()
}

// write adds a value that no element of the Connected App stands for.
func (c *conversion) write(field, value, why string) {
	if c.written(field) != "" || c.room([]string{field}) != "" {
		return
	}
	c.set(field, value)
	c.added("", []string{field}, value, why)
}

func (c *conversion) needContact() {
	const field = tApp + ".contactEmail"
	if c.written(field) != "" {
		return
	}
	if c.options.ContactEmail == "" {
		c.refuse("ECA702", "--contact-email ADDRESS", "the Connected App %s has no contact e-mail, which an External Client App must have", c.ca.Name)
		return
	}
	c.set(field, c.options.ContactEmail)
	c.fill("contactEmail", []string{field}, c.options.ContactEmail, "as asked for: the Connected App has none")
}

// fill accounts for a value that was asked for: at the leaf of its path if that
// is there and empty, else as added.
func (c *conversion) fill(from string, to []string, value, note string) {
	for _, l := range c.byPath[from] {
		if l.field != nil && l.field.How == LeftOut {
			*l.field = Field{From: l.label, To: strings.Join(to, ", "), How: Defaulted, Value: value, Note: note}
			return
		}
	}
	c.added(from, to, value, note)
}

// agree sets the policies' switch of token exchange as the settings have it,
// where the Connected App does not say it.
func (c *conversion) agree() {
	const path, settings, policy = "oauthPolicy.isTokenExchangeFlowEnabled", tGlobal + ".isTokenExchangeEnabled", tPolicy + ".isTokenExchangeFlowEnabled"
	value := c.written(settings)
	if value == "" || c.written(policy) != "" {
		return
	}
	c.set(policy, value)
	c.fill(path, []string{policy}, value, "not said: the same as the settings' switch, for the two have to agree")
}

// needBearer takes a certificate out that would switch on a flow that cannot
// work: no refresh token, and users whom nobody approved.
func (c *conversion) needBearer() {
	const field = tGlobal + ".certificate"
	approved := c.written(tPolicy+".permittedUsersPolicyType") == "AdminApprovedPreAuthorized"
	refreshes := slices.ContainsFunc(strings.Split(c.written(tOauth+".commaSeparatedOauthScopes"), ", "), func(s string) bool { return s == "RefreshToken" || s == "OfflineAccess" })
	if c.written(field) == "" || approved || refreshes || c.options.LikeSetup {
		return
	}
	c.remove(field)
	for _, l := range c.byPath["oauthConfig.certificate"] {
		if l.field.To == field {
			const note = "the JWT bearer flow does not work in this app, with neither the scope RefreshToken nor users whom an admin approved: add one of them, and oauth.flows.jwtBearer"
			l.field.To, l.field.How, l.field.Note = "", Lost, note
			c.warn(l, "ECA716", "add refresh_token to oauth.scopes, or policies.permittedUsers: admin-approved, and then oauth.flows.jwtBearer", "%s: its certificate is left behind, for the JWT bearer flow cannot work without a refresh token or approved users", c.ca.Name)
		}
	}
}

// needRunAs asks for the user of the client credentials flow.
func (c *conversion) needRunAs() {
	const path, field = "oauthConfig.oauthClientCredentialUser", tPolicy + ".clientCredentialsFlowUser"
	if c.written(tPolicy+".isClientCredentialsFlowEnabled") != "true" || c.written(field) != "" || c.options.LikeSetup {
		return
	}
	if c.options.RunAs == "" {
		c.refuse("ECA705", "--run-as USERNAME, of an API-only user", "the Connected App %s uses the client credentials flow and names no user to run as", c.ca.Name)
		return
	}
	c.set(field, c.options.RunAs)
	c.fill(path, []string{field}, c.options.RunAs, "as asked for: the Connected App names none")
}

// needSomebody refuses an app that only approved users may use, and nobody is.
func (c *conversion) needSomebody() {
	const sets, profiles = tPolicy + ".commaSeparatedPermissionSet", tPolicy + ".commaSeparatedProfile"
	approved := c.written(tPolicy+".permittedUsersPolicyType") == "AdminApprovedPreAuthorized"
	if !approved || c.written(sets) != "" || c.written(profiles) != "" || c.options.LikeSetup || c.problems.Err() != nil {
		return
	}
	if len(c.options.Approve) == 0 {
		why := "no permission set or profile is"
		hint := "--approve PERMISSION_SET, by API name"
		if len(c.byPath["profileName"]) > 0 {
			why = "none of its permission sets and profiles can be carried over"
			if c.target < 62 {
				hint = "--target-api 62.0, the first that takes profiles, or " + hint
			}
		}
		c.refuse("ECA704", hint, "users of the Connected App %s must be approved by an admin, and %s", c.ca.Name, why)
		return
	}
	value := strings.Join(c.options.Approve, ",")
	c.set(sets, value)
	c.fill("permissionSetName", []string{sets}, value, "as asked for: the Connected App approves nobody")
}

// needHandlerUser says that an org no longer tells as whom a handler runs.
func (c *conversion) needHandlerUser() {
	const path = "pluginExecutionUser"
	if f := c.fieldOf(path); c.written(tPolicy+".apexHandler") != "" && c.written(tPolicy+".executeHandlerAs") == "" && c.options.ReadAt > f.Until {
		c.warn(nil, "ECA709", "look in Setup and set policies.handler.runAs, or read with --api-version "+f.Until.String(),
			"%s: as whom its handler runs is not in metadata after API %s", c.ca.Name, f.Until)
	}
}

// plugins switches on what the app is made of, and off what it is not.
func (c *conversion) plugins() {
	const why = "the app's own parts are on, as they are in a Connected App"
	c.write(tAccess+".isEnabled", "true", "a Connected App that is there is on")
	if c.parts[tSaml] != nil {
		c.write(tAccess+".isSamlPluginEnabled", "true", why)
	}
	if c.parts[tCanvas] != nil {
		c.write(tAccess+".isCanvasPluginEnabled", "true", why)
	}
	if !c.oauth {
		c.write(tAccess+".isOauthPluginEnabled", "false", "the app has no OAuth")
	}
}

// setupWrites is what Setup's migration writes beyond what it copies, and what
// an org writes of its own: from a Connected App and its successor in a public
// repository, and from files that came back from a deploy.
var setupWrites = []struct{ field, value string }{
	{tApp + ".isProtected", "false"},
	{tOauth + ".isFirstPartyAppEnabled", "false"},
	{tGlobal + ".isDPopEnabled", "false"},
	{tGlobal + ".isEnforceRefreshTokenTTL", "false"},
	{tGlobal + ".shouldRotateConsumerKey", "false"},
	{tGlobal + ".shouldRotateConsumerSecret", "false"},
	{tPolicy + ".guestJwtSessionTimeoutType", "Custom"},
	{tPolicy + ".isGuestCodeCredFlowEnabled", "false"},
	{tPolicy + ".namedUserJwtSessionTimeoutType", "Custom"},
	{tPolicy + ".requiredSessionLevel", "STANDARD"},
	{tAccess + ".isEnabled", "true"},
}

func (c *conversion) asSetup() {
	const why = "Setup's migration writes it"
	for _, w := range setupWrites {
		c.write(w.field, w.value, why)
	}
	page := "None"
	if c.oauth {
		page = "OAuth"
	}
	c.write(tAccess+".isOauthPluginEnabled", fmt.Sprint(c.oauth), why)
	c.write(tAccess+".startPage", page, why)
	if c.parts[tSaml] != nil {
		c.write(tAccess+".isSamlPluginEnabled", "true", why)
	}
	if c.oauth && c.room([]string{tSecure + "." + metadata.FieldLabel}) == "" {
		c.part(tSecure) // empty, as the platform makes it
	}
	if why := c.ineligible(); why != "" {
		c.warn(nil, "ECA717", "without --like-setup it becomes what ecactl makes of it", "Setup's button does not take the Connected App %s: %s", c.ca.Name, why)
	}
}

// ineligible says why Setup's button refuses the app, as far as its file tells.
func (c *conversion) ineligible() string {
	switch {
	case c.canvas || c.has("canvas"):
		return "it is a canvas app"
	case c.text("plugin") != "":
		return "it has a custom handler"
	case c.text("samlConfig.encryptionType") == "Triple_Des":
		return "it encrypts SAML with Triple DES"
	}
	return ""
}
