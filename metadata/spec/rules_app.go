package spec

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata/diag"
)

// appRules are those about an app as a whole, its names, and its parts beside OAuth.
var appRules = []Rule{
	{
		Entry: diag.Entry{
			Code: "ECA101", Title: "Packaged in a sandbox",
			Why: "A sandbox cannot own a packaged app: Setup there offers Local alone.",
			Fix: "set distribution: Local, at least in the sandbox's environment",
			Bad: "distribution: Packaged", Good: "distribution: Local",
		},
		Sandbox: true,
		run: func(c *checking) {
			if f := tApp + ".distributionState"; c.is(f, "Packaged") {
				c.report(c.where(f), "a sandbox cannot have a Packaged app")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA122", Title: "SAML in a Packaged app",
			Why: "A SAML app must be Local (Metadata API guide, ExtlClntAppSamlConfigurablePolicies).",
			Fix: "set distribution: Local",
			Bad: "distribution: Packaged\n" + samlExample, Good: "distribution: Local\n" + samlExample,
		},
		run: func(c *checking) {
			if f := tApp + ".distributionState"; c.part(tSaml) != nil && c.is(f, "Packaged") {
				c.report(c.where(f), "a SAML app cannot be Packaged")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA123", Title: "push with two platforms or none",
			Why: "An app has Apple's or Android's push, in one of the two blocks or as configLink, and service must name it.",
			Fix: "keep one of push.apple, push.android and push.configLink, and the service that goes with it",
			Bad: "push: {service: Android, android: {fcmProject: p}, apple: {environment: Sandbox}}", Good: "push: {service: Apple, apple: {environment: Sandbox}}",
		},
		run: checkPush,
	},
	{
		Entry: diag.Entry{
			Code: "ECA125", Title: "too many custom attributes",
			Why: "An app has 128 custom attributes at most.",
			Fix: "delete those that no client reads",
			Bad: "oauth: {customAttributes: {" + numbered("a%d: User.Country", maxAttributes+1) + "}}", Good: "oauth: {customAttributes: {" + numbered("a%d: User.Country", maxAttributes) + "}}",
		},
		run: func(c *checking) {
			for _, f := range []string{tOauth + ".customAttributes", tPolicy + ".customAttributes", tSaml + ".customAttributes"} {
				if n := len(c.elements(f)); n > maxAttributes {
					c.report(c.where(f), "%d custom attributes, and %d are allowed", n, maxAttributes)
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA128", Title: "one name for two apps",
			Why: "The second would overwrite the first. API names differ in more than case.",
			Fix: "give one of them another name",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA129", Title: "a name that Salesforce refuses",
			Why: "An API name has letters, digits and single underscores, begins with a letter, does not end in an underscore, and has 80 characters at most.",
			Fix: "rename the app or component",
			Bad: "name: Order__Sync_", Good: "name: O1_s",
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA135", Level: diag.Warning, Title: "a value that belongs to one org",
			Why: "oauthLink, orgScopedExternalApp and consumerKey are written by an org. Packaging needs them; any other org refuses them.",
			Fix: "delete orgBound where the spec goes to another org",
			Bad: "orgBound: {oauthLink: \"00D000000000001:888000000000001\"}", Good: "label: oauthLink",
		},
		run: func(c *checking) {
			for _, f := range orgValues {
				if c.element(f) != nil {
					c.report(c.where(f), "%s belongs to the org that wrote it", f[strings.IndexByte(f, '.')+1:])
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA138", Title: "no contact e-mail",
			Why: "The schema calls it optional and the server requires it.",
			Fix: "set contact.email",
			Bad: "contact: {email: null}", Good: "contact: {email: admin+eca@example.com}",
		},
		run: func(c *checking) {
			f := tApp + ".contactEmail"
			email := c.text(f)
			switch name, host, ok := strings.Cut(email, "@"); {
			case c.elsewhere(tApp):
			case email == "":
				c.report(c.where(f), "the app has no contact e-mail")
			case !ok || name == "" || !strings.Contains(host, ".") || strings.ContainsAny(email, " ,;"):
				c.reportAt(diag.Warning, c.where(f), "the contact e-mail %q is not an address", email)
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA142", Level: diag.Warning, Title: "SAML without its plugin",
			Why: "SAML needs the app's policies with the SAML plugin on.",
			Fix: "set policies.plugins.saml: true",
			Bad: "saml: {acsUrl: https://example.com/acs, entityUrl: https://example.com}", Good: samlExample,
		},
		run: func(c *checking) {
			if f := tApply + ".isSamlPluginEnabled"; c.part(tSaml) != nil && !c.elsewhere(tApply) && !c.is(f, "true") {
				c.report(c.where(f), "SAML, and its plugin is not switched on")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA143", Level: diag.Warning, Title: "canvas place that External Client Apps do not have",
			Why: "The documentation lists Aura, ChatterFeed, MobileNav, None, PageLayout, Publisher and Visualforce, and of the options HideShare and HideHeader.",
			Fix: "choose another place, or keep the Connected App",
			Bad: "canvas: {url: https://example.com, accessMethod: Post, locations: [OpenCTI]}", Good: "canvas: {url: https://example.com, accessMethod: Post, locations: [Visualforce], options: [HideHeader]}",
		},
		run: func(c *checking) {
			for _, e := range c.elements(tCanvas + ".canvasLocationOptions") {
				if !slices.Contains(canvasPlaces, e.Text) {
					c.report(e.Pos, "the canvas location %s is not documented for External Client Apps", e.Text)
				}
			}
			for _, e := range c.elements(tCanvas + ".canvasOptions") {
				if e.Text == "PersonalEnabled" {
					c.report(e.Pos, "the canvas option %s is not documented for External Client Apps", e.Text)
				}
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA147", Title: "a label that is too long",
			Why: "A label has 80 characters at most.",
			Fix: "shorten it; description has room",
			Bad: "label: " + strings.Repeat("é", maxLabel+1), Good: "label: " + strings.Repeat("é", maxLabel),
		},
		run: func(c *checking) {
			f := tApp + ".label"
			if n := utf8.RuneCountInString(c.text(f)); n > maxLabel {
				c.report(c.where(f), "the label has %d characters, and %d are allowed", n, maxLabel)
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA149", Level: diag.Warning, Title: "a value for Salesforce's internal use",
			Why: "Managed and AutoInstalled are written by an org for apps that came in a package; managedType is internal.",
			Fix: "use Local or Packaged, and leave managedType out",
			Bad: "distribution: Managed", Good: "distribution: Packaged",
		},
		run: func(c *checking) {
			if f := tApp + ".distributionState"; c.is(f, "Managed") || c.is(f, "AutoInstalled") {
				c.report(c.where(f), "the distribution state %s is for Salesforce's internal use", c.text(f))
			}
			if f := tApp + ".managedType"; c.element(f) != nil {
				c.report(c.where(f), "managedType is for Salesforce's internal use")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA151", Title: "SAML subject or encryption in part",
			Why: "A custom attribute as subject needs its name, and encryption a type and a certificate.",
			Fix: "set both of the two",
			Bad: samlOpen + ", subject: {type: custom-attribute}}", Good: samlOpen + ", subject: {type: custom-attribute, customAttribute: EmployeeNumber}}",
		},
		run: func(c *checking) {
			if f := tSaml + ".subjectType"; c.is(f, "CustomAttribute") && c.text(tSaml+".subjectCustomAttribute") == "" {
				c.report(c.where(f), "the subject is a custom attribute without a name")
			}
			typ, cert := c.text(tSaml+".encryptionType"), c.text(tSaml+".encryptionCertificate")
			if cert != "" && typ == "" {
				c.report(c.where(tSaml+".encryptionCertificate"), "an encryption certificate without an encryption type")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA152", Level: diag.Warning, Title: "push without OAuth",
			Why: "Push notifications need the app's OAuth plugin.",
			Fix: "add oauth to the spec",
			Bad: "oauth: null\npush: {service: Apple, apple: {environment: Sandbox}}", Good: "push: {service: Apple, apple: {environment: Sandbox}}",
		},
		run: func(c *checking) {
			if c.part(tPush) != nil && !c.hasOAuth() {
				c.report(c.where(tPush), "push notifications without OAuth")
			}
		},
	},
	{
		Entry: diag.Entry{
			Code: "ECA153", Level: diag.Warning, Title: "formula in the spelling of the other protocol",
			Why: "OAuth attributes are written User.Country, SAML attributes $User.Country (Metadata API guide).",
			Fix: "drop the $ for OAuth, write it for SAML",
			Bad: "oauth: {customAttributes: {country: $User.Country}}", Good: "oauth: {customAttributes: {country: User.Country, fixed: '\"$5\"'}}",
		},
		run: func(c *checking) {
			for _, f := range []string{tOauth + ".customAttributes.formula", tPolicy + ".customAttributes.formula"} {
				for _, e := range c.elements(f) {
					if strings.HasPrefix(e.Text, "$") {
						c.report(e.Pos, "the OAuth attribute %s begins with $", e.Text)
					}
				}
			}
			for _, e := range c.elements(tSaml + ".customAttributes.formula") {
				if strings.HasPrefix(e.Text, "User.") || strings.HasPrefix(e.Text, "Organization.") {
					c.report(e.Pos, "the SAML attribute %s has no $", e.Text)
				}
			}
		},
	},
}

func checkPush(c *checking) {
	if c.part(tPush) == nil {
		return
	}
	has := map[string]bool{
		"Android": c.element(tPush+".androidPushConfig") != nil,
		"Apple":   c.element(tPush+".applePushConfig") != nil,
	}
	link, service := c.text(tPush+".pushConfigLink") != "", c.text(tPush+".pushServiceType")
	other := map[string]string{"Android": "Apple", "Apple": "Android"}[service]
	switch {
	case has["Android"] && has["Apple"]:
		c.report(c.where(tPush+".applePushConfig"), "push for Apple and for Android in one app")
	case !has["Android"] && !has["Apple"] && !link:
		c.report(c.where(tPush), "push without a platform: none of apple, android and configLink")
	case has[other]:
		c.report(c.where(tPush+".pushServiceType"), "the push service is %s, and the configuration that of %s", service, other)
	}
}
