package migrate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// Rules are asked in this order, and reports list them so.
var Rules = slices.Concat(eligibility, flows, posture, hygiene, orgRules)

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
		ID: "CA-ELIG-001", Level: levelError, Title: "app of a managed package", Kinds: onlyConnected, Effect: Vendor, NoFile: true,
		Why: "An installed app belongs to its publisher; the button moves local apps alone.", Source: helpMigrate,
		Fix:   "ask the vendor for a packaged External Client App; vendors can migrate since Winter '27, and tokens survive the upgrade",
		check: checkPackage,
		Bad:   Example{{"acme__Order_Sync.connectedApp", ""}}, Good: Example{{"acme_Order_Sync.connectedApp", ""}},
	},
	{
		ID: "CA-ELIG-002", Level: levelError, Title: "vendor's app that the org does not hand out", Kinds: onlyConnected, Effect: Vendor, Fileless: true,
		Why: "Apps that were installed from Connected Apps OAuth Usage are listed, and their metadata is not retrievable: they are defined in the vendor's org.", Source: "sfdx-hardis, before-refresh; " + helpMigrate,
		Fix:   "ask the vendor when it moves to External Client Apps; users approve the new app",
		Needs: []string{SrcRetrieve}, Question: "whether the app is the org's own",
		check: func(q *question) {
			if q.parts == nil && (q.listed || q.registered) && q.foreign() == "" {
				q.find("", "the org lists the app and does not hand it out")
				if text := q.inventory.refusal(q.Name); text != "" {
					q.note("org", text)
				}
			}
		},
		Bad:  inOrg(Example{}, SrcList, `[{"type":"ConnectedApp","fullName":"Order_Sync"}]`),
		Good: inOrg(oauth(""), SrcList, `[{"type":"ConnectedApp","fullName":"Order_Sync"}]`),
	},
	{
		ID: "CA-ELIG-003", Level: levelWarning, Title: "authorised and not installed", Kinds: onlyConnected, Effect: Vendor, Fileless: true, Benchmark: "SBS-OAUTH-001",
		Why: "Users have approved an app that no admin has installed; it is defined elsewhere, so it cannot be migrated here.", Source: kaInstalled,
		Fix:   "install it if it is to be used, else block it and revoke its tokens",
		Needs: []string{SrcTokens, SrcConnected, SrcApps}, Question: "use without installation",
		check: func(q *question) {
			if q.phantom() {
				q.find("", "approved by %s, and not installed", Plural(q.use.users(), "user"))
				q.note("lastUse", day(q.use.lastUsed()))
			}
		},
		Bad: inOrg(Example{}, SrcTokens, freshToken), Good: inOrg(oauth(""), SrcTokens, freshToken),
	},
	{
		ID: "CA-ELIG-004", Level: levelError, Title: "canvas app", Kinds: onlyConnected, Effect: Recreate, NoFile: true,
		Why: "Setup's button does not take apps with canvas, although External Client Apps have it since Spring '26.", Source: helpMigrate,
		Fix:   "build a new app with ExtlClntAppCanvasSettings (API 66.0); Chatter, OpenCTI, ServiceDesk, AppLauncher, UserProfile and PersonalEnabled have no counterpart",
		check: checkCanvas,
		Bad:   connected("<canvasConfig><accessMethod>Post</accessMethod><canvasUrl>https://example.com</canvasUrl><locations>OpenCTI</locations></canvasConfig>"),
		Good:  oauth("<callbackUrl>https://example.com/canvas</callbackUrl>", "<label>Canvas</label>"),
	},
	{
		ID: "CA-ELIG-005", Level: levelError, Title: "user provisioning", Kinds: onlyConnected, Effect: FixFirst, NoFile: true,
		Why: "The button does not take apps for which user provisioning is on; it stands in UserProvisioningConfig, not in the app's file.", Source: helpMigrate,
		Fix:   "switch user provisioning off for the app; SCIM or a flow can take its place",
		Needs: []string{SrcProvisioning, SrcConnected}, Question: "user provisioning",
		check: func(q *question) {
			if len(q.provisioning) > 0 {
				q.find("", "user provisioning is on: %s", join(q.provisioning))
			}
		},
		Bad: inOrg(oauth("", "<label>Order Sync</label>"), SrcConnected, `[{"Id":"0H45g0000000001AAA","Name":"Order Sync"}]`,
			SrcProvisioning, `[{"ConnectedAppId":"0H45g0000000001","DeveloperName":"Orders","Enabled":"true"}]`),
		Good: inOrg(oauth("", "<label>Order Sync</label>"), SrcConnected, `[{"Id":"0H45g0000000001AAA","Name":"Order Sync"}]`,
			SrcProvisioning, `[{"ConnectedAppId":"0H45g0000000001","DeveloperName":"Orders","Enabled":"false"}]`),
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
		ID: "CA-ELIG-008", Level: levelNote, Title: "dynamic client registration", Kinds: onlyConnected, OAuth: true,
		Why: "No metadata and no record says whether the app registers clients; it keeps the button away. The app's page in Setup shows it.", Source: helpMigrate,
		Fix: "look at the app's page in Setup; switch dynamic client registration off",
		check: func(q *question) {
			q.missing("dynamic client registration")
			if q.flag("introspectAll") == On {
				q.find("introspectAll", "the app introspects all tokens, as apps do that register clients; look in Setup")
			}
		},
		Bad:  oauth("<isIntrospectAllTokens>true</isIntrospectAllTokens>"),
		Good: oauth("<isIntrospectAllTokens>false</isIntrospectAllTokens>"),
	},
	{
		ID: "CA-ELIG-009", Level: levelError, Title: "username-password flow", Kinds: onlyConnected, Effect: FixFirst, NoFile: true, OAuth: true,
		Why: "External Client Apps do not have the flow: the button takes the app, and its logins fail from then on.", Source: helpMigrate,
		Fix:   "move the client to client credentials (an API-only Run As user, and the My Domain address) or to JWT bearer, then migrate",
		Needs: []string{SrcLogins}, Question: "username-password use",
		check: func(q *question) {
			if l := q.use.bySub(subPassword...); l.count > 0 {
				q.find("", "%s with username and password in %s", Plural(l.count, "login"), q.window())
				q.noteUse(l)
			}
		},
		Bad: inOrg(oauth(""), SrcLogins, passwordLogin), Good: inOrg(oauth(""), SrcLogins, webLogin),
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
		ID: "CA-ELIG-011", Level: levelNote, Title: "already migrated", Kinds: onlyConnected, Effect: Migrated, NoFile: true,
		Why: "An External Client App of the same name is there. The Connected App is read-only, and comes back with its old settings if the External Client App is deleted.", Source: helpMigrate,
		Fix: "keep the External Client App's spec in source control; change neither the Connected App nor delete the External Client App",
		check: func(q *question) {
			next := q.inventory.successor(q.App)
			if next == nil || differentKeys(q.App, next) {
				return
			}
			q.find("", "the External Client App %s has the same name", next.Name)
			q.note("eca", cmp.Or(next.File, next.ID))
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
		ID: "CA-ELIG-014", Level: levelWarning, Title: "app of sf in a Dev Hub", Kinds: onlyConnected, OAuth: true,
		Why: "sf cannot create scratch orgs and sandboxes yet from a Dev Hub that it logs in to by an External Client App (ScratchOrgInfo error C-1016).", Source: "forcedotcom/cli issue 3515; Salesforce DX guide: sfdx_dev_auth_eca",
		Fix:   "if sf logs in to this Dev Hub by the app, keep it until sf can; move the others",
		Needs: []string{SrcDevHub}, Question: "use by sf in a Dev Hub",
		check: func(q *question) {
			if rows := q.inventory.evidence.Tables[SrcDevHub]; len(rows) == 0 || q.text("certificate") == "" {
				return
			}
			q.find("certificate", "the org is a Dev Hub, and the app is one that sf could log in by with JWT")
		},
		Bad:  inOrg(oauth("<certificate>x</certificate>"), SrcDevHub, `[{"n":"2"}]`),
		Good: inOrg(oauth(""), SrcDevHub, `[{"n":"2"}]`),
	},
	{
		ID: "CA-ELIG-015", Level: levelWarning, Title: "app that a refresh of the sandbox loses", Kinds: onlyConnected, NoFile: true,
		Why: "Connected Apps can no longer be created, so one that a refresh does not bring back is gone.", Source: "sfdx-hardis 8; help article 005228017",
		Fix:   "migrate it before the sandbox is refreshed, and keep the spec",
		Needs: []string{SrcOrganization}, Question: "whether it is in a sandbox",
		check: func(q *question) {
			kind := q.inventory.evidence.Org.Type
			next := q.inventory.successor(q.App)
			if kind == "sandbox" && q.foreign() == "" && !q.phantom() && (next == nil || differentKeys(q.App, next)) {
				q.find("", "a Connected App in a sandbox, which a refresh may not bring back")
			}
		},
		Bad:  inOrg(oauth(""), SrcOrganization, `[{"IsSandbox":"true"}]`),
		Good: inOrg(oauth(""), SrcOrganization, `[{"IsSandbox":"false"}]`),
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

// installedStates are the states of components that came with a package.
var installedStates = []string{"installed", "installedEditable", "deprecatedEditable"}

// foreign is the namespace or the state that says that an app came with a
// package; "" if it is the org's own.
func (q *question) foreign() string {
	ns := cmp.Or(q.namespace, metadata.NamespaceOf(q.Name))
	if ns != "" && !strings.EqualFold(ns, q.inventory.Namespace) {
		return ns
	}
	if slices.Contains(installedStates, q.manageable) {
		return q.manageable
	}
	return ""
}

func checkPackage(q *question) {
	ns := q.foreign()
	switch {
	case ns == "":
	case ns == q.manageable:
		q.find("", "the app is %s: it came with a package", ns)
	default:
		q.find("", "the app came with the package of namespace %s", ns)
		q.note("namespace", ns)
		if name := q.inventory.packageName(ns); name != "" {
			q.note("package", name)
		}
	}
}

// packageName is what the package of a namespace is called, or "".
func (inv *Inventory) packageName(ns string) string {
	if inv.evidence == nil {
		return ""
	}
	for _, r := range inv.evidence.Tables[SrcPackages] {
		if strings.EqualFold(r["SubscriberPackage.NamespacePrefix"], ns) {
			return r["SubscriberPackage.Name"]
		}
	}
	return ""
}

// refusal is what the org said when it was asked for an app, or "".
func (inv *Inventory) refusal(name string) string {
	for _, r := range inv.evidence.Tables[SrcRetrieve] {
		if text := r["message"]; strings.Contains(text, "'"+name+"'") || strings.HasSuffix(text, "file name:"+name) {
			return text
		}
	}
	return ""
}

// canvasLost are canvas places and options that External Client Apps lack.
var canvasLost = []string{"Chatter", "OpenCTI", "ServiceDesk", "AppLauncher", "UserProfile", "PersonalEnabled"}

func checkCanvas(q *question) {
	c := q.parts[metadata.TypeConnectedApp]
	if c == nil {
		if q.menu["CanvasEnabled"] == "true" {
			q.find("", "a canvas app, by its menu item")
			q.note("places", q.menu["CanvasSelectedLocations"])
		}
		return
	}
	e := q.block("canvasConfig")
	if e == nil {
		e = q.block("canvas")
	}
	if e == nil {
		if q.menu["CanvasEnabled"] == "true" {
			q.find("", "a canvas app, by its menu item and not by its file")
		}
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
