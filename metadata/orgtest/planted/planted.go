// Package planted makes an emulated org of which it is known what an audit has to
// find: every trait of an app is planted on purpose, and with it the traps that
// real orgs set for who counts logins and tokens.
package planted

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/ecactl/ecactl/metadata/orgtest"
)

// Size says how large the org is.
type Size struct {
	Apps, Vendors, ECAs, Logins, Tokens int
}

// Full is the org that audits are held against.
var Full = Size{Apps: 500, Vendors: 40, ECAs: 30, Logins: 200_000, Tokens: 12_000}

// An App is what is known of one planted app.
type App struct {
	Kind, Name, Label string
	Rules             []string // that have to find something, sorted
	Verdict, Route    string
	Tokens            int
	Logins            int

	trait  trait
	id     string // an id for tokens, "" where they name the label alone
	subs   []string
	soap   bool
	noUse  bool
	noTok  bool
	url    string
	lastAt time.Duration
	unused bool // its tokens were never used
	gone   bool // its users are inactive
}

// An Org is a planted org.
type Org struct {
	*orgtest.Org
	Now  time.Time
	Apps []*App
}

// trait is what one app in a row has that the others have not.
type trait struct {
	name           string
	xml            string // beside what every app has
	config         string // in oauthConfig
	replace        [2]string
	rules          []string
	verdict, route string // default eligible, button
}

const canvas = "<canvasConfig><accessMethod>Post</accessMethod><canvasUrl>https://canvas.example.com</canvasUrl><locations>Visualforce</locations></canvasConfig>"

var traits = []trait{
	{name: "clean"},
	{name: "canvas", xml: canvas, rules: []string{"CA-ELIG-004"}, verdict: "fix-first", route: "recreate"},
	{name: "provisioning", rules: []string{"CA-ELIG-005"}, verdict: "fix-first"},
	{name: "handler", xml: "<plugin>LoginHandler</plugin>", rules: []string{"CA-ELIG-006"}, verdict: "fix-first"},
	{name: "triple-des", xml: "<samlConfig><acsUrl>https://sso.example.com/acs</acsUrl><encryptionType>Triple_Des</encryptionType><entityUrl>https://sso.example.com</entityUrl><samlSigningAlgoType>SHA256</samlSigningAlgoType></samlConfig>", rules: []string{"CA-ELIG-007", "CA-ELIG-016"}, verdict: "fix-first"},
	{name: "password", rules: []string{"CA-ELIG-009", "CA-FLOW-001"}, verdict: "fix-first"},
	{name: "user-agent", rules: []string{"CA-FLOW-002"}},
	{name: "device", rules: []string{"CA-FLOW-003"}},
	{name: "soap", rules: []string{"CA-FLOW-004"}},
	{name: "infinite", replace: [2]string{"specific_inactivity:30:DAYS", "infinite"}, rules: []string{"CA-FLOW-005", "CA-SEC-013"}},
	{name: "instanced", rules: []string{"CA-FLOW-006"}},
	{name: "unused", rules: []string{"CA-USE-001"}, route: "retire"},
	{name: "inactive-users", rules: []string{"CA-USE-004"}},
	{name: "never-used-tokens", rules: []string{"CA-USE-002"}},
	{name: "stale-tokens", rules: []string{"CA-USE-003"}},
	{name: "run-as-inactive", config: "<oauthClientCredentialUser>left@planted.example</oauthClientCredentialUser>", replace: [2]string{"<isClientCredentialEnabled>false", "<isClientCredentialEnabled>true"}, rules: []string{"CA-SEC-024"}},
	{name: "self-authorize", replace: [2]string{"<isAdminApproved>true", "<isAdminApproved>false"}, rules: []string{"CA-SEC-001"}},
	{name: "for-nobody", replace: [2]string{"<permissionSetName>Integration</permissionSetName>", ""}, rules: []string{"CA-SEC-002"}},
	{name: "for-many", rules: []string{"CA-SEC-003"}},
	{name: "twin-a"},
	{name: "twin-b"},
	{name: "jwt-without-use"},
	{name: "migrated", rules: []string{"CA-ELIG-011"}, verdict: "migrated", route: "done"},
	{name: "idle-tokens", replace: [2]string{"specific_inactivity:30:DAYS", "specific_lifetime:90:DAYS"}, rules: []string{"CA-FLOW-005"}},
	{name: "changed", rules: []string{"CA-OWN-003", "CA-USE-003"}},
	{name: "canvas-and-unused", xml: canvas, rules: []string{"CA-ELIG-004", "CA-USE-001"}, verdict: "fix-first", route: "retire"},
}

// clean is a Connected App with which nothing is wrong but that it is one.
const clean = `<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>integrations@planted.example</contactEmail><description>Planted</description><label>%s</label>` +
	`<oauthConfig><callbackUrl>https://%s.example.com/cb</callbackUrl><isAdminApproved>true</isAdminApproved><isClientCredentialEnabled>false</isClientCredentialEnabled><isCodeCredentialEnabled>false</isCodeCredentialEnabled>` +
	`<isConsumerSecretOptional>false</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens><isPkceRequired>true</isPkceRequired><isRefreshTokenRotationEnabled>true</isRefreshTokenRotationEnabled>` +
	`<isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken>%s<scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig>` +
	`<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy></oauthPolicy><permissionSetName>Integration</permissionSetName>` +
	`<sessionPolicy><sessionLevel>STANDARD</sessionLevel><sessionTimeout>15</sessionTimeout></sessionPolicy>%s</ConnectedApp>`

// many is how many users a permission set has that is granted too widely, users
// how many the org has, and sameMoment how many tokens were made in one second.
const (
	many       = 250
	users      = 3000
	sameMoment = 3000
	busy       = 2600 // tokens of one user
)

func userID(i int) string { return fmt.Sprintf("0055gU%09d", i%users) }

// New starts a planted org. Configure may change how it is emulated.
func New(size Size, now time.Time, configure func(*orgtest.Config)) (*Org, error) {
	o := &Org{Now: now.UTC().Truncate(time.Second)}
	o.plan(size)
	cfg := orgtest.Config{
		Now: func() time.Time { return now }, Kind: "production",
		Rows: map[string]iter.Seq[map[string]any]{"LoginHistory": o.logins(size.Logins), "OauthToken": o.tokens(size.Tokens), "User": o.people(), "PermissionSetAssignment": o.assignments()},
	}
	if configure != nil {
		configure(&cfg)
	}
	var err error
	if o.Org, err = orgtest.Start(cfg); err != nil {
		return nil, err
	}
	if err := o.plant(); err != nil {
		_ = o.Close() // the first error is the one to be told
		return nil, err
	}
	return o, nil
}

// plan makes the apps, and what is expected of each.
func (o *Org) plan(size Size) {
	for i := range size.Apps {
		o.Apps = append(o.Apps, o.local(i))
	}
	for i := range size.Vendors {
		o.Apps = append(o.Apps, o.vendor(i))
	}
	for i, label := range []string{"Nobody Knows", "Uninstalled Tool", "My Ticket Portal"} {
		a := &App{
			Kind: "ConnectedApp", Name: label, Label: label, Verdict: "vendor", Route: "vendor", subs: []string{"OauthWebServer"},
			Rules: []string{"CA-ELIG-003", "CA-FLOW-008", "CA-USE-005"}, lastAt: 48 * time.Hour,
		}
		if i == 2 {
			a.Rules = append(a.Rules, "CA-OWN-004")
		}
		o.Apps = append(o.Apps, a)
	}
	made := 0
	for _, a := range slices.Clone(o.Apps) {
		if a.trait.name == "migrated" && made < size.ECAs {
			o.Apps = append(o.Apps, &App{Kind: "ExternalClientApp", Name: a.Name, Label: a.Label, Verdict: "migrated", Route: "done", noUse: true, noTok: true})
			made++
		}
	}
	for i := made; i < size.ECAs; i++ {
		a := &App{Kind: "ExternalClientApp", Name: fmt.Sprintf("Eca_%03d", i), Label: fmt.Sprintf("New App %03d", i), Verdict: "migrated", Route: "done", subs: []string{"OauthWebServer"}, lastAt: 24 * time.Hour}
		if i%5 == 0 {
			a.trait = trait{name: "eca-device"}
			a.Rules = []string{"CA-FLOW-003"}
		}
		o.Apps = append(o.Apps, a)
	}
	for _, a := range o.Apps {
		slices.Sort(a.Rules)
	}
}

func (o *Org) local(i int) *App {
	t := traits[i%len(traits)]
	a := &App{
		Kind: "ConnectedApp", Name: fmt.Sprintf("App_%03d", i), Label: fmt.Sprintf("Application %03d", i), trait: t, subs: []string{"OauthWebServer", "OauthRefreshToken"},
		Rules: append([]string{"CA-FLOW-007"}, t.rules...), Verdict: t.verdict, Route: t.route, lastAt: 72 * time.Hour,
	}
	if a.Verdict == "" {
		a.Verdict = "eligible"
	}
	if a.Route == "" {
		a.Route = "button"
	}
	switch t.name {
	case "password":
		a.subs = []string{"OauthUsernamePassword"}
	case "user-agent":
		a.subs = []string{"OauthWebServer", "OauthHybridUserAgent"}
	case "device":
		a.subs = []string{"OAuthDevice"}
	case "soap":
		a.soap = true
	case "instanced":
		a.url = "na30.salesforce.com"
	case "unused", "canvas-and-unused", "jwt-without-use":
		a.noUse, a.noTok = true, true
	case "inactive-users":
		a.gone = true
	case "never-used-tokens":
		a.unused = true
	case "migrated":
		a.Rules = t.rules
	case "twin-a", "twin-b":
		a.Label = fmt.Sprintf("Twin %03d", i/len(traits))
	case "idle-tokens":
		a.lastAt = 27 * 24 * time.Hour
	}
	a.Rules = slices.Clone(a.Rules)
	return a
}

// vendor apps are of packages and of other orgs, in turn. Every third is not used;
// the first is Salesforce's own, which need not be.
func (o *Org) vendor(i int) *App {
	a := &App{Kind: "ConnectedApp", Name: fmt.Sprintf("Vendor_%02d", i), Label: fmt.Sprintf("Vendor %02d", i), Verdict: "vendor", Route: "vendor", subs: []string{"OauthRefreshToken"}, lastAt: 24 * time.Hour}
	a.Rules = []string{"CA-ELIG-002", "CA-SEC-001"}
	if i%2 == 1 {
		a.Name = "acme__" + a.Name
		a.Rules[0] = "CA-ELIG-001"
	}
	switch {
	case i == 0:
		a.Name, a.Label, a.noUse, a.noTok = "Salesforce_CLI", "Salesforce CLI", true, true
	case i%3 == 0:
		a.noUse, a.noTok, a.Route = true, true, "retire"
		a.Rules = append(a.Rules, "CA-USE-001")
	}
	return a
}
