package migrate

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// Rules are asked in this order, and reports list them so.
var Rules = slices.Concat(eligibility, posture)

// FindRule returns the rule of that id, or nil.
func FindRule(id string) *Rule {
	if id == Unreadable.ID {
		return &Unreadable
	}
	if i := slices.IndexFunc(Rules, func(r Rule) bool { return r.ID == id }); i >= 0 {
		return &Rules[i]
	}
	return nil
}

// RulesVersion changes whenever a rule is added or answers otherwise, so that
// two reports can be compared.
const RulesVersion = "2026.11"

var onlyConnected = []string{KindConnectedApp}

// connected is an example of one Connected App.
func connected(xml string) Example {
	return Example{{"Order_Sync.connectedApp", xml}}
}

// oauth is an example of one Connected App with OAuth: what stands in its
// oauthConfig, and what follows it.
func oauth(config string, more ...string) Example {
	return connected("<oauthConfig>" + config + "</oauthConfig>" + strings.Join(more, ""))
}

// global is an example of an External Client App's global OAuth settings.
func global(xml string) Example {
	return Example{
		{"Order_Sync.eca", "<contactEmail>admin@example.com</contactEmail>"},
		{"Order_Sync_oauth.ecaOauth", appRef + "<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes>"},
		{"Order_Sync_glbloauth.ecaGlblOauth", appRef + xml},
	}
}

// policy is an example of an External Client App's OAuth policies.
func policy(xml string) Example {
	return append(global("<callbackUrl>https://example.com/cb</callbackUrl>"), ExampleFile{"Order_Sync_oauthPlcy.ecaOauthPlcy", appRef + xml})
}

const appRef = "<externalClientApplication>Order_Sync</externalClientApplication>"

const (
	helpMigrate  = "help: Migrate a Connected App to an External Client App"
	helpFeatures = "help: Comparison of Connected Apps and External Client Apps Features"
	kaInstalled  = "help article 005132365"
	kaPartners   = "help article 005225370, recommended security settings"
	docPkce      = "Metadata API guide: ConnectedApp"
)

var eligibility = []Rule{
	{
		ID: "CA-ELIG-001", Level: levelError, Title: "app of a managed package", Kinds: onlyConnected, Effect: Vendor,
		Why: "An installed app belongs to its publisher; the button moves local apps alone.", Source: helpMigrate,
		Fix: "ask the vendor for a packaged External Client App; vendors can migrate since Winter '27, and tokens survive the upgrade",
		check: func(q *question) {
			if ns := metadata.NamespaceOf(q.Name); ns != "" && !strings.EqualFold(ns, q.inventory.Namespace) {
				q.find("", "the app came with the package of namespace %s", ns)
				q.note("namespace", ns)
			}
		},
		Bad: Example{{"acme__Order_Sync.connectedApp", ""}}, Good: Example{{"acme_Order_Sync.connectedApp", ""}},
	},
	{
		ID: "CA-ELIG-004", Level: levelError, Title: "canvas app", Kinds: onlyConnected, Effect: Recreate,
		Why: "Setup's button does not take apps with canvas, although External Client Apps have it since Spring '26.", Source: helpMigrate,
		Fix:   "build a new app with ExtlClntAppCanvasSettings (API 66.0); Chatter, OpenCTI, ServiceDesk, AppLauncher, UserProfile and PersonalEnabled have no counterpart",
		check: checkCanvas,
		Bad:   connected("<canvasConfig><accessMethod>Post</accessMethod><canvasUrl>https://example.com</canvasUrl><locations>OpenCTI</locations></canvasConfig>"),
		Good:  oauth("<callbackUrl>https://example.com/canvas</callbackUrl>", "<label>Canvas</label>"),
	},
	{
		ID: "CA-ELIG-006", Level: levelError, Title: "custom Apex handler", Kinds: onlyConnected, Effect: FixFirst,
		Why: "The button does not take apps with a handler (a class that extends Auth.ConnectedAppPlugin).", Source: helpMigrate,
		Fix: "remove the handler, migrate, then set policies.handler (apexHandler, API 61.0) and test the logins",
		check: func(q *question) {
			c := q.parts[metadata.TypeConnectedApp]
			if class, ok := c.Text("plugin"); ok && class != "" {
				q.findElement(c.First("plugin"), "the Apex handler %s takes part in logins", class)
				q.note("class", class)
				if user, ok := c.Text("pluginExecutionUser"); ok {
					q.note("runAs", user)
				}
			}
		},
		Bad: connected("<plugin>LoginHandler</plugin>"), Good: connected("<plugin></plugin>"),
	},
	{
		ID: "CA-ELIG-007", Level: levelError, Title: "Triple DES", Kinds: onlyConnected, Effect: FixFirst,
		Why: "The button does not take SAML apps that encrypt with Triple DES, and since Summer '26 such logins fail anyway.", Source: helpMigrate + "; Spring '26 release notes, p. 1203",
		Fix: "set the encryption to AES 256 on both sides",
		check: func(q *question) {
			if q.text("samlEncryption") == "Triple_Des" {
				q.find("samlEncryption", "SAML assertions are encrypted with Triple DES")
			}
		},
		Bad:  connected("<samlConfig><encryptionType>Triple_Des</encryptionType></samlConfig>"),
		Good: connected("<samlConfig><encryptionType>AES_128</encryptionType></samlConfig>"),
	},
	{
		ID: "CA-ELIG-010", Level: levelWarning, Title: "mobile app, with push settings that cannot be read", Kinds: onlyConnected, Effect: ByHand,
		Why: "If push is configured and its certificate has expired, or it has Android's old server key, the migration fails; metadata does not show it.", Source: helpMigrate,
		Fix: "look at the app's mobile settings in Setup: renew the P12 certificate, or enter a Firebase service account",
		check: func(q *question) {
			if e := q.block("mobileAppConfig"); e != nil {
				platform, _ := q.parts[metadata.TypeConnectedApp].Text("mobileAppConfig.devicePlatform")
				q.findElement(e, "a mobile app (%s); whether its push settings are valid cannot be read", platform)
				q.missing("push settings")
			}
		},
		Bad:  connected("<mobileAppConfig><devicePlatform>ios</devicePlatform><version>1.0</version></mobileAppConfig>"),
		Good: connected("<mobileStartUrl>https://example.com/m</mobileStartUrl>"),
	},
	{
		ID: "CA-ELIG-011", Level: levelNote, Title: "already migrated", Kinds: onlyConnected, Effect: Migrated,
		Why: "An External Client App of the same name is there. The Connected App is read-only, and comes back with its old settings if the External Client App is deleted.", Source: helpMigrate,
		Fix: "keep the External Client App's spec in source control; change neither the Connected App nor delete the External Client App",
		check: func(q *question) {
			next := q.inventory.successor(q.App)
			if next == nil || differentKeys(q.App, next) {
				return
			}
			q.find("", "the External Client App %s has the same name", next.Name)
			q.note("eca", next.File)
			if !knownKey(q.App) || !knownKey(next) {
				q.missing("whether the External Client App of this name has the same consumer key")
			}
		},
		Bad:  Example{{"Order_Sync.connectedApp", ""}, {"Order_Sync.eca", ""}},
		Good: Example{{"Order_Sync.connectedApp", ""}, {"Order_Sync.ecaOauth", "<externalClientApplication>Order_Sync2</externalClientApplication>"}},
	},
	{
		ID: "CA-ELIG-012", Level: levelWarning, Title: "another app has the name", Kinds: onlyConnected, Effect: FixFirst,
		Why: "An External Client App with this name and another consumer key is there; migration gives the new app the Connected App's name.", Source: "sfdx-hardis, duplicate_developer_name; " + helpMigrate,
		Fix: "rename the External Client App before migrating",
		check: func(q *question) {
			if next := q.inventory.successor(q.App); next != nil && differentKeys(q.App, next) {
				q.find("", "the External Client App %s has the name and another consumer key", next.Name)
				q.note("eca", next.File)
			}
		},
		Bad:  append(oauth("<consumerKey>3MVG9one</consumerKey>"), global("<consumerKey>3MVG9two</consumerKey>")...),
		Good: append(oauth("<consumerKey>3MVG9one</consumerKey>"), global("<consumerKey>3MVG9one</consumerKey>")...),
	},
	{
		ID: "CA-ELIG-016", Level: levelNote, Title: "SAML app", Kinds: onlyConnected,
		Why: "SAML apps can be migrated since Spring '26.", Source: "Spring '26 release notes, p. 1200",
		Fix: "test single sign-on after the migration",
		check: func(q *question) {
			if q.saml() {
				q.findElement(q.block("samlConfig"), "a SAML app")
			}
		},
		Bad:  connected("<samlConfig><acsUrl>https://example.com/acs</acsUrl></samlConfig>"),
		Good: oauth("<callbackUrl>https://example.com/acs</callbackUrl>", "<label>SAML</label>"),
	},
	{
		ID: "CA-ELIG-017", Level: levelNote, Title: "bookmark", Kinds: onlyConnected,
		Why: "An app without OAuth, SAML and canvas is a link in the App Launcher. It has no key to keep, so a new app does as well.", Source: "real files: DevOps_Center became a header and a custom start page",
		Fix: "migrate it, or write a spec with policies.start: {page: custom, url: …}; a relative URL must become absolute",
		check: func(q *question) {
			if q.oauth() || q.saml() || q.canvas() {
				return
			}
			c := q.parts[metadata.TypeConnectedApp]
			q.findElement(c.First("startUrl"), "a link in the App Launcher: neither OAuth nor SAML nor canvas")
			if address, ok := c.Text("startUrl"); ok {
				q.note("startUrl", address)
			}
		},
		Bad: connected("<startUrl>/apex/Start</startUrl>"), Good: oauth("<callbackUrl>https://example.com</callbackUrl>", "<startUrl>/apex/Start</startUrl>"),
	},
}

// canvasLost are canvas places and options that External Client Apps lack.
var canvasLost = []string{"Chatter", "OpenCTI", "ServiceDesk", "AppLauncher", "UserProfile", "PersonalEnabled"}

func checkCanvas(q *question) {
	c := q.parts[metadata.TypeConnectedApp]
	e := q.block("canvasConfig")
	if e == nil {
		e = q.block("canvas")
	}
	if e == nil {
		return
	}
	q.findElement(e, "a canvas app")
	var places, lost []string
	for _, path := range []string{"canvasConfig.locations", "canvasConfig.options", "canvas.locationOptions", "canvas.canvasOptions"} {
		for _, e := range c.All(path) {
			places = append(places, e.Text)
			if slices.Contains(canvasLost, e.Text) {
				lost = append(lost, e.Text)
			}
		}
	}
	q.note("places", join(places))
	if len(lost) > 0 {
		q.note("lost", join(lost))
	}
}

// differentKeys tells two apps of one name apart, if both keys are known.
func differentKeys(a, b *App) bool {
	return knownKey(a) && knownKey(b) && a.text("consumerKey") != b.text("consumerKey")
}

func knownKey(a *App) bool {
	key := a.text("consumerKey")
	return key != "" && !placeholder(key)
}
