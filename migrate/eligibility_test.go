package migrate_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/migrate"
)

// What decides about the button, and where that leads.
func TestEligibility(t *testing.T) {
	tests := map[string]struct {
		files migrate.Example
		want  string // verdict, route, the findings of the eligibility rules
	}{
		"OAuth":              {oauth("<callbackUrl>https://a.example.com</callbackUrl>"), "eligible button"},
		"nothing":            {connected(""), "eligible button\nCA-ELIG-017 a link in the App Launcher: neither OAuth nor SAML nor canvas"},
		"bookmark":           {connected("<startUrl>https://a.example.com</startUrl>"), "eligible button\nCA-ELIG-017 a link in the App Launcher: neither OAuth nor SAML nor canvas"},
		"null OAuth":         {connected(`<oauthConfig xsi:nil="true"/>`), "eligible button\nCA-ELIG-017 a link in the App Launcher: neither OAuth nor SAML nor canvas"},
		"empty OAuth":        {connected("<oauthConfig/>"), "eligible button"},
		"SAML":               {connected("<samlConfig><acsUrl>https://a.example.com</acsUrl></samlConfig>"), "eligible button\nCA-ELIG-016 a SAML app"},
		"SAML and OAuth":     {oauth("", "<samlConfig/>"), "eligible button\nCA-ELIG-016 a SAML app"},
		"Triple DES":         {connected("<samlConfig><encryptionType>Triple_Des</encryptionType></samlConfig>"), "fix-first button\nCA-ELIG-007 SAML assertions are encrypted with Triple DES\nCA-ELIG-016 a SAML app"},
		"handler":            {oauth("", "<plugin>LoginHandler</plugin><pluginExecutionUser>a@example.com</pluginExecutionUser>"), "fix-first button\nCA-ELIG-006 the Apex handler LoginHandler takes part in logins"},
		"handler's user":     {oauth("", "<pluginExecutionUser>a@example.com</pluginExecutionUser>"), "eligible button"},
		"null handler":       {oauth("", `<plugin xsi:nil="true"/>`), "eligible button"},
		"canvas":             {oauth("", "<canvasConfig><locations>Visualforce</locations></canvasConfig>"), "fix-first recreate\nCA-ELIG-004 a canvas app"},
		"canvas alone":       {connected("<canvasConfig/>"), "fix-first recreate\nCA-ELIG-004 a canvas app"},
		"canvas of old":      {connected("<canvas><canvasUrl>https://a.example.com</canvasUrl></canvas>"), "fix-first recreate\nCA-ELIG-004 a canvas app"},
		"null canvas":        {oauth("", `<canvasConfig xsi:nil="true"/>`), "eligible button"},
		"canvas and handler": {oauth("", "<canvasConfig/><plugin>LoginHandler</plugin>"), "fix-first recreate\nCA-ELIG-004 a canvas app\nCA-ELIG-006 the Apex handler LoginHandler takes part in logins"},
		"mobile":             {oauth("", "<mobileAppConfig><devicePlatform>android</devicePlatform></mobileAppConfig>"), "unknown button\nCA-ELIG-010 a mobile app (android); whether its push settings are valid cannot be read"},
		"null mobile":        {oauth("", `<mobileAppConfig xsi:nil="true"/>`), "eligible button"},
		"mobile start page":  {oauth("", "<mobileStartUrl>fieldapp://start</mobileStartUrl>"), "eligible button"},
		"mobile and canvas":  {oauth("", "<canvasConfig/><mobileAppConfig><devicePlatform>ios</devicePlatform></mobileAppConfig>"), "fix-first recreate\nCA-ELIG-004 a canvas app\nCA-ELIG-010 a mobile app (ios); whether its push settings are valid cannot be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := eligibility(audit(t, tt.files).Apps[0]); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// eligibility is verdict and route of an app, and what decides them.
func eligibility(a migrate.AppReport) string {
	var found []string
	for _, f := range a.Findings {
		if strings.HasPrefix(f.Rule, "CA-ELIG-") || f.Rule == migrate.Unreadable.ID {
			found = append(found, f.Rule+" "+f.Message)
		}
	}
	slices.Sort(found)
	return strings.Join(append([]string{string(a.Verdict) + " " + string(a.Route)}, found...), "\n")
}

func TestCanvasPlaces(t *testing.T) {
	tests := map[string]struct{ xml, places, lost string }{
		"all kept":      {"<canvasConfig><locations>Visualforce</locations><locations>Aura</locations><options>HideHeader</options></canvasConfig>", "Visualforce, Aura, HideHeader", ""},
		"some lost":     {"<canvasConfig><locations>Visualforce</locations><locations>OpenCTI</locations><options>PersonalEnabled</options></canvasConfig>", "Visualforce, OpenCTI, PersonalEnabled", "OpenCTI, PersonalEnabled"},
		"near a name":   {"<canvasConfig><locations>ChatterFeed</locations></canvasConfig>", "ChatterFeed", ""},
		"none":          {"<canvasConfig/>", "", ""},
		"the old block": {"<canvas><canvasOptions>PersonalEnabled</canvasOptions><locationOptions>Chatter</locationOptions></canvas>", "Chatter, PersonalEnabled", "Chatter, PersonalEnabled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, f := range audit(t, connected(tt.xml)).Apps[0].Findings {
				if f.Rule == "CA-ELIG-004" && (f.Evidence["places"] != tt.places || f.Evidence["lost"] != tt.lost) {
					t.Errorf("got %v", f.Evidence)
				}
			}
		})
	}
}

// An External Client App of the same name: migrated, or somebody else's?
func TestSuccessors(t *testing.T) {
	const open = "whether the External Client App of this name has the same consumer key"
	key := func(k string) string { return "<consumerKey>" + k + "</consumerKey>" }
	both := func(connectedKey, ecaKey string) migrate.Example {
		return append(oauth(connectedKey), eca("ecaGlblOauth", ecaKey)...)
	}
	tests := map[string]struct {
		files migrate.Example
		want  string
		open  string
	}{
		"the same key":       {both(key("3MVG9one"), key("3MVG9one")), "migrated done", ""},
		"another key":        {both(key("3MVG9one"), key("3MVG9two")), "fix-first button", ""},
		"case differs":       {both(key("3MVG9one"), key("3MVG9ONE")), "fix-first button", ""},
		"blanks around":      {both(key("3MVG9one"), key("\n  3MVG9one\n")), "migrated done", ""},
		"no key here":        {both("", key("3MVG9one")), "migrated done", open},
		"no key there":       {both(key("3MVG9one"), ""), "migrated done", open},
		"no keys":            {both("", ""), "migrated done", open},
		"a variable here":    {both(key("${KEY}"), key("3MVG9one")), "migrated done", open},
		"a token there":      {both(key("3MVG9one"), key("__CONSUMER_KEY__")), "migrated done", open},
		"two variables":      {both(key("${KEY}"), key("${KEY}")), "migrated done", open},
		"header alone":       {append(oauth(key("3MVG9one")), eca()...), "migrated done", open},
		"satellites alone":   {append(oauth(key("3MVG9one")), eca("ecaGlblOauth", key("3MVG9one"))[1]), "migrated done", ""},
		"name in other case": {append(oauth(key("3MVG9one")), migrate.ExampleFile{Name: "ORDER_SYNC.eca"}), "migrated done", open},
		"a file's name only": {append(oauth(key("3MVG9one")), migrate.ExampleFile{Name: "Order_Sync.ecaOauth", XML: "<externalClientApplication>Other</externalClientApplication>"}), "eligible button", ""},
		"another's package":  {append(oauth(key("3MVG9one")), migrate.ExampleFile{Name: "x.ecaOauth", XML: "<externalClientApplication>acme__Order_Sync</externalClientApplication>"}), "eligible button", ""},
		"canvas, migrated":   {append(connected("<canvasConfig/>"), eca()...), "migrated done", open},
		"mobile, migrated":   {append(connected("<mobileAppConfig/>"), eca()...), "migrated done", "push settings, " + open},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := app(t, audit(t, tt.files), migrate.KindConnectedApp, "Order_Sync")
			if got := string(a.Verdict) + " " + string(a.Route); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := openOf(a, "push settings", open); got != tt.open {
				t.Errorf("unknown: %q, want %q", got, tt.open)
			}
			for _, u := range a.Unknown {
				if a.Verdict == migrate.VerdictMigrated && isGap(u) {
					t.Errorf("of a migrated app it is asked: %s", u)
				}
			}
		})
	}
}

// openOf are those of the questions that are open.
func openOf(a migrate.AppReport, questions ...string) string {
	var list []string
	for _, u := range a.Unknown {
		if slices.Contains(questions, u) {
			list = append(list, u)
		}
	}
	return strings.Join(list, ", ")
}

// An own namespace is no vendor's, however it is written.
func TestNamespaces(t *testing.T) {
	oauthOf := func(name string) string {
		return "<externalClientApplication>" + name + "</externalClientApplication>"
	}
	global := func(name string) migrate.ExampleFile {
		return migrate.ExampleFile{Name: "g.ecaGlblOauth", XML: oauthOf(name) + "<callbackUrl>https://a.example.com</callbackUrl>"}
	}
	app := func(name string) migrate.ExampleFile {
		return migrate.ExampleFile{Name: name + ".connectedApp", XML: "<oauthConfig><callbackUrl>https://a.example.com</callbackUrl></oauthConfig>"}
	}
	tests := map[string]struct {
		namespace string
		files     migrate.Example
		want      map[string]string
	}{
		"a vendor's":              {"", migrate.Example{app("acme__Sync")}, map[string]string{"acme__Sync": "vendor vendor\nCA-ELIG-001 the app came with the package of namespace acme"}},
		"one underscore":          {"", migrate.Example{app("acme_Sync")}, map[string]string{"acme_Sync": "eligible button"}},
		"too long for one":        {"", migrate.Example{app("sixteen_letters_x__Sync")}, map[string]string{"sixteen_letters_x__Sync": "eligible button"}},
		"one's own":               {"acme", migrate.Example{app("acme__Sync")}, map[string]string{"acme__Sync": "eligible button"}},
		"one's own in capitals":   {"Acme", migrate.Example{app("acme__Sync")}, map[string]string{"acme__Sync": "eligible button"}},
		"another than one's own":  {"mine", migrate.Example{app("acme__Sync"), app("Sync")}, map[string]string{"acme__Sync": "vendor vendor\nCA-ELIG-001 the app came with the package of namespace acme", "Sync": "eligible button"}},
		"vendor's and migrated":   {"", migrate.Example{app("acme__Sync"), global("acme__Sync")}, map[string]string{"acme__Sync": "migrated done\nCA-ELIG-001 the app came with the package of namespace acme\nCA-ELIG-011 the External Client App acme__Sync has the same name"}},
		"own, written here only":  {"acme", migrate.Example{app("acme__Sync"), {Name: "Sync.eca"}}, map[string]string{"acme__Sync": "migrated done\nCA-ELIG-011 the External Client App Sync has the same name"}},
		"own, written there only": {"acme", migrate.Example{app("Sync"), {Name: "Sync.eca"}, global("acme__Sync")}, map[string]string{"Sync": "migrated done\nCA-ELIG-011 the External Client App acme__Sync has the same name"}},
		"another's, there only":   {"mine", migrate.Example{app("Sync"), global("acme__Sync")}, map[string]string{"Sync": "eligible button"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			project := `{"packageDirectories": [{"path": "src"}], "namespace": "` + tt.namespace + `"}`
			if err := os.WriteFile(filepath.Join(dir, "sfdx-project.json"), []byte(project), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "src"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "src"), tt.files)
			r := auditDir(t, dir)
			got := map[string]string{}
			for _, a := range r.Apps {
				if a.Kind == migrate.KindConnectedApp {
					got[a.Name] = eligibility(a)
				}
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if shared := answers(r, "CA-SEC-044"); (shared != "") != strings.HasPrefix(name, "another") {
				t.Errorf("of shared callbacks it says %q", shared)
			}
		})
	}
}
