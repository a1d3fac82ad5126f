package plan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
)

const sound = `apiVersion: ecactl/v1
kind: ExternalClientApp
name: Order_Sync
label: Order Sync
contact: {email: admin@example.com}
oauth:
  callbackUrls: [https://erp.example.com/cb, https://erp.example.com/cb2]
  scopes: [api, refresh_token]
  security: {requirePkce: true}
policies:
  enabled: true
  permittedUsers: admin-approved
  permissionSets: [Orders, Billing]
  refreshToken: until-revoked
`

// built parses specs, which have to be in order.
func built(t testing.TB, docs ...string) []*spec.Built {
	t.Helper()
	specs, problems := spec.Parse("app.yaml", []byte(strings.Join(docs, "---\n")), spec.Options{})
	list, more := spec.BuildAll(specs)
	if problems = append(problems, more...); problems.Err() != nil {
		t.Fatal(problems)
	}
	return list
}

// stored is what an org has after these specs were deployed as they are.
func stored(t testing.TB, docs ...string) *plan.Actual {
	t.Helper()
	a := &plan.Actual{}
	for _, b := range built(t, docs...) {
		a.Components = append(a.Components, b.Components()...)
	}
	return a
}

// component is the one of a type that there is.
func component(a *plan.Actual, typ string) *metadata.Component {
	return a.Components[slices.IndexFunc(a.Components, func(c *metadata.Component) bool { return c.Type == typ })]
}

// set gives a field of a component a value; "" takes it away.
func set(c *metadata.Component, name, value string) {
	c.Root.Remove(name)
	if value != "" {
		c.Root.Add(&metadata.Element{Name: name, Text: value})
	}
}

const (
	header = "ExternalClientApplication"
	global = "ExtlClntAppGlobalOauthSettings"
	oauth  = "ExtlClntAppOauthSettings"
	policy = "ExtlClntAppOauthConfigurablePolicies"
	access = "ExtlClntAppConfigurablePolicies"
)

// describe writes a plan's differences one a line.
func describe(p *plan.Plan) string {
	var out strings.Builder
	value := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, c := range p.Changes {
		if c.Action == plan.None {
			continue
		}
		fmt.Fprintf(&out, "%s %s %s\n", plan.Symbols[c.Action], c.Type, c.Name)
		if c.Action == plan.Update {
			for _, f := range c.Fields {
				fmt.Fprintf(&out, "  %s: %s -> %s\n", f.Path, value(f.Before), value(f.After))
			}
		}
	}
	return out.String()
}

func TestMakeDifferences(t *testing.T) {
	tests := map[string]struct {
		change func(org *plan.Actual)
		want   string
	}{
		"nothing": {func(*plan.Actual) {}, ""},
		"order of scopes": {func(a *plan.Actual) {
			set(component(a, oauth), "commaSeparatedOauthScopes", "RefreshToken,Api")
		}, ""},
		"other scopes": {func(a *plan.Actual) {
			set(component(a, oauth), "commaSeparatedOauthScopes", "Api, Full")
		}, "~ ExtlClntAppOauthSettings Order_Sync_oauth\n  commaSeparatedOauthScopes: Api, Full -> Api, RefreshToken\n"},
		"permission sets": {func(a *plan.Actual) {
			set(component(a, policy), "commaSeparatedPermissionSet", "Orders , Billing")
		}, ""},
		"callbacks' lines": {func(a *plan.Actual) {
			set(component(a, global), "callbackUrl", "https://erp.example.com/cb\r\nhttps://erp.example.com/cb2\r\n")
		}, ""},
		"order of callbacks": {
			func(a *plan.Actual) {
				set(component(a, global), "callbackUrl", "https://erp.example.com/cb2\nhttps://erp.example.com/cb")
			},
			"~ ExtlClntAppGlobalOauthSettings Order_Sync_glbloauth\n  callbackUrl: https://erp.example.com/cb2\nhttps://erp.example.com/cb -> https://erp.example.com/cb\nhttps://erp.example.com/cb2\n",
		},
		"written by the org": {func(a *plan.Actual) {
			set(component(a, header), "orgScopedExternalApp", "00D000000000001:Order_Sync")
			set(component(a, oauth), "oauthLink", "00D000000000001:888000000000001")
			set(component(a, global), "consumerKey", "3MVG9key")
			set(component(a, global), "consumerSecret", "not to be seen")
		}, ""},
		"defaults written out": {func(a *plan.Actual) {
			set(component(a, header), "isProtected", "false")
			set(component(a, global), "isSecretRequiredForRefreshToken", "true")
			set(component(a, global), "isSecretRequiredForTokenExchange", "true")
			set(component(a, global), "isDeviceFlowEnabled", "false")
			set(component(a, policy), "requiredSessionLevel", "STANDARD")
			set(component(a, policy), "ipRelaxationPolicyType", "Enforce")
			set(component(a, access), "startPage", "None")
		}, ""},
		"a default left out": {func(a *plan.Actual) { set(component(a, access), "isEnabled", "") }, ""},
		"somebody's switch": {
			func(a *plan.Actual) { set(component(a, global), "isDeviceFlowEnabled", "true") },
			"~ ExtlClntAppGlobalOauthSettings Order_Sync_glbloauth\n  isDeviceFlowEnabled: true -> false\n",
		},
		"somebody's text": {
			func(a *plan.Actual) { set(component(a, header), "infoUrl", "https://example.com") },
			"~ ExternalClientApplication Order_Sync\n  infoUrl: https://example.com -> -\n",
		},
		"PKCE off": {
			func(a *plan.Actual) { set(component(a, global), "isPkceRequired", "false") },
			"~ ExtlClntAppGlobalOauthSettings Order_Sync_glbloauth\n  isPkceRequired: false -> true\n",
		},
		"names of the org": {func(a *plan.Actual) {
			component(a, policy).Name = "Order_Sync_oauth_defaultPolicy"
			set(component(a, policy), "label", "Order_Sync_oauth_defaultPolicy")
		}, ""},
		"a change under the org's name": {
			func(a *plan.Actual) {
				component(a, policy).Name = "Order_Sync_oauth_defaultPolicy"
				set(component(a, policy), "refreshTokenPolicyType", "Zero")
			},
			"~ ExtlClntAppOauthConfigurablePolicies Order_Sync_oauth_defaultPolicy\n  refreshTokenPolicyType: Zero -> Infinite\n",
		},
		"null in the org": {func(a *plan.Actual) {
			component(a, header).Root.Add(&metadata.Element{Name: "infoUrl", Nil: true})
		}, ""},
		"an unknown field of the org": {
			func(a *plan.Actual) { set(component(a, header), "somethingNew", "x") },
			"~ ExternalClientApplication Order_Sync\n  somethingNew: x -> -\n",
		},
		"no app": {func(a *plan.Actual) { a.Components = nil }, "+ ExternalClientApplication Order_Sync\n+ ExtlClntAppConfigurablePolicies Order_Sync_plcy\n+ ExtlClntAppGlobalOauthSettings Order_Sync_glbloauth\n+ ExtlClntAppOauthConfigurablePolicies Order_Sync_oauthPlcy\n+ ExtlClntAppOauthSettings Order_Sync_oauth\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			org := stored(t, sound)
			tt.change(org)
			p, problems := plan.Make(built(t, sound), org, plan.Options{Org: plan.Org{ID: "00D000000000001AAA"}})
			if p == nil {
				t.Fatal(problems)
			}
			if got := describe(p); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if p.Empty() != (tt.want == "") {
				t.Errorf("the deploy has %d files", len(p.Deploy.Files))
			}
			if again, _ := plan.Make(built(t, sound), apply(t, org, p), plan.Options{}); describe(again) != "" {
				t.Errorf("a second plan is not empty:\n%s", describe(again))
			}
		})
	}
}

// apply does to an org what a deploy does: each file replaces its component.
// What the org alone writes stays.
func apply(t testing.TB, org *plan.Actual, p *plan.Plan) *plan.Actual {
	t.Helper()
	after := &plan.Actual{Components: slices.Clone(org.Components)}
	for _, f := range p.Deploy.Files {
		if f.Path == "package.xml" || f.Path == "destructiveChanges.xml" {
			continue
		}
		c, _, err := metadata.Decode(f.Path, []byte(f.Content))
		if err != nil {
			t.Fatal(err)
		}
		c.Name = strings.TrimSuffix(f.Path[strings.LastIndexByte(f.Path, '/')+1:], "."+metadata.Schema().Type(c.Type).Suffix)
		after.Components = slices.DeleteFunc(after.Components, func(o *metadata.Component) bool { return o.Type == c.Type && o.Name == c.Name })
		after.Components = append(after.Components, c)
	}
	for _, c := range p.Changes {
		if c.Action == plan.Delete {
			after.Components = slices.DeleteFunc(after.Components, func(o *metadata.Component) bool { return o.Type == c.Type && o.Name == c.Name })
		}
	}
	return after
}

func TestMakeCarriesTheWholeApp(t *testing.T) {
	org := stored(t, sound)
	set(component(org, global), "certificate", "TUlJQmFzZTY0")
	set(component(org, oauth), "commaSeparatedOauthScopes", "Api")
	p, problems := plan.Make(built(t, sound), org, plan.Options{})
	if p == nil {
		t.Fatal(problems)
	}
	var paths []string
	for _, f := range p.Deploy.Files {
		paths = append(paths, f.Path)
		if strings.HasSuffix(f.Path, ".ecaGlblOauth") && !strings.Contains(string(f.Content), "TUlJQmFzZTY0") {
			t.Error("the certificate of the org is not kept, and JWT bearer logins would end")
		}
	}
	want := []string{
		"externalClientApps/Order_Sync.eca", "extlClntAppGlobalOauthSets/Order_Sync_glbloauth.ecaGlblOauth", "extlClntAppOauthPolicies/Order_Sync_oauthPlcy.ecaOauthPlcy",
		"extlClntAppOauthSettings/Order_Sync_oauth.ecaOauth", "extlClntAppPolicies/Order_Sync_plcy.ecaPlcy", "package.xml",
	}
	if !slices.Equal(paths, want) {
		t.Errorf("got  %q\nwant %q", paths, want)
	}
	if got := p.Components(); got != 5 {
		t.Errorf("the plan counts %d components", got)
	}
}

func TestMakeLeavesOutWhatOnlyAnOrgWrites(t *testing.T) {
	p, problems := plan.Make(built(t, sound+"orgBound: {orgScopedExternalApp: \"00D000000000001:Order_Sync\", oauthLink: \"00D000000000001:888000000000001\"}\n"), &plan.Actual{}, plan.Options{})
	if p == nil {
		t.Fatal(problems)
	}
	for _, f := range p.Deploy.Files {
		if strings.Contains(string(f.Content), "00D000000000001") {
			t.Errorf("%s has the value of an org", f.Path)
		}
	}
	if len(p.Notes) != 2 {
		t.Errorf("notes: %q", p.Notes)
	}
}

// An org may have a Connected App under the name of a new app. It is no news once the
// app is there: migrated apps keep the names of the old ones.
func TestMakeRemarksOnConnectedApp(t *testing.T) {
	specs := built(t, sound)
	for name, tt := range map[string]struct {
		org   *plan.Actual
		notes int
	}{
		"a new app":            {&plan.Actual{ConnectedApps: []string{"Order_Sync"}}, 1},
		"another name":         {&plan.Actual{ConnectedApps: []string{"Order_Sync_2"}}, 0},
		"an app that is there": {func() *plan.Actual { a := stored(t, sound); a.ConnectedApps = []string{"Order_Sync"}; return a }(), 0},
	} {
		p, problems := plan.Make(specs, tt.org, plan.Options{})
		if p == nil {
			t.Fatal(problems)
		}
		if len(p.Notes) != tt.notes || tt.notes > 0 && !strings.Contains(p.Notes[0], "Connected App Order_Sync,") {
			t.Errorf("%s: notes: %q", name, p.Notes)
		}
	}
}

func TestMakeDelete(t *testing.T) {
	other := strings.ReplaceAll(sound, "Order_Sync", "Old_Sync")
	org := stored(t, sound, other)
	p, problems := plan.Make(built(t, sound), org, plan.Options{Delete: []string{"Old_Sync"}})
	if p == nil {
		t.Fatal(problems)
	}
	if p.Summary != (plan.Summary{Delete: 1, Unchanged: 1}) {
		t.Errorf("summary: %+v", p.Summary)
	}
	after := apply(t, org, p)
	if len(after.Components) != 5 {
		t.Errorf("%d components are left", len(after.Components))
	}
	destroys := slices.ContainsFunc(p.Deploy.Files, func(f plan.PackageFile) bool {
		return f.Path == "destructiveChanges.xml" && strings.Contains(string(f.Content), "<members>Old_Sync_oauthPlcy</members>")
	})
	if !destroys {
		t.Errorf("files: %+v", p.Deploy.Files)
	}
	for name, code := range map[string]string{"Order_Sync": "ECA501", "Ordr_Sync": "ECA502"} {
		if p, problems := plan.Make(built(t, sound), org, plan.Options{Delete: []string{name}}); p != nil || len(problems) != 1 || problems[0].Code != code {
			t.Errorf("deleting %s: %v", name, problems)
		}
	}
}

func TestBase(t *testing.T) {
	base := func(change func(*plan.Actual)) string {
		org := stored(t, sound, strings.ReplaceAll(sound, "Order_Sync", "Other"))
		change(org)
		p, problems := plan.Make(built(t, sound), org, plan.Options{})
		if p == nil {
			t.Fatal(problems)
		}
		return p.Base
	}
	start := base(func(*plan.Actual) {})
	same := map[string]func(*plan.Actual){
		"another order": func(a *plan.Actual) { slices.Reverse(a.Components) },
		"another app":   func(a *plan.Actual) { set(a.Components[len(a.Components)-1], "label", "changed") },
		"a secret":      func(a *plan.Actual) { set(component(a, global), "consumerSecret", "hidden") },
	}
	for name, change := range same {
		if base(change) != start {
			t.Errorf("%s: the base has moved", name)
		}
	}
	for name, change := range map[string]func(*plan.Actual){
		"a value": func(a *plan.Actual) { set(component(a, header), "infoUrl", "https://example.com") },
		"a key":   func(a *plan.Actual) { set(component(a, global), "consumerKey", "other") },
		"a name":  func(a *plan.Actual) { component(a, policy).Name += "2" },
		"its end": func(a *plan.Actual) { a.Components = a.Components[5:] },
		"a part":  func(a *plan.Actual) { a.Components = a.Components[1:] },
	} {
		if base(change) == start {
			t.Errorf("%s: the base has not moved", name)
		}
	}
}

func TestSensitiveValuesAreHidden(t *testing.T) {
	org := stored(t, sound)
	set(component(org, global), "certificate", "TUlJQmFzZTY0")
	spec := strings.Replace(sound, "  security: {requirePkce: true}\n", "  security: {requirePkce: true}\nmetadata: {ExtlClntAppGlobalOauthSettings: {certificate: T3RoZXI=}}\n", 1)
	p, problems := plan.Make(built(t, spec), org, plan.Options{})
	if p == nil {
		t.Fatal(problems)
	}
	want := "~ ExtlClntAppGlobalOauthSettings Order_Sync_glbloauth\n  certificate: (sensitive value) -> (sensitive value)\n"
	if got := describe(p); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDecode(t *testing.T) {
	p, _ := plan.Make(built(t, sound), &plan.Actual{}, plan.Options{Org: plan.Org{ID: "00D000000000001AAA"}})
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := plan.Decode("plan.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if twice, _ := again.Encode(); string(twice) != string(data) {
		t.Error("a plan read and written differs")
	}
	for name, bad := range map[string]string{
		"empty":        "",
		"cut off":      string(data[:len(data)/2]),
		"two":          string(data) + string(data),
		"unknown key":  strings.Replace(string(data), `"base"`, `"bass"`, 1),
		"newer":        strings.Replace(string(data), `"schemaVersion": 1`, `"schemaVersion": 2`, 1),
		"no org":       strings.Replace(string(data), "00D000000000001AAA", "", 1),
		"path":         strings.Replace(string(data), `"package.xml"`, `"../package.xml"`, 1),
		"windows path": strings.Replace(string(data), `"package.xml"`, `"a\\..\\package.xml"`, 1),
	} {
		if _, err := plan.Decode("plan.json", []byte(bad)); err == nil || !strings.Contains(err.Error(), "plan.json: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*plan.Plan){
		"a file":     func(p *plan.Plan) { p.Deploy.Files[0].Content = append(p.Deploy.Files[0].Content, '\n') },
		"no files":   func(p *plan.Plan) { p.Deploy.Files = []plan.PackageFile{} },
		"no changes": func(p *plan.Plan) { p.Changes = []plan.Change{} },
		"the count":  func(p *plan.Plan) { p.Summary.Create = 0 },
		"no digest":  func(p *plan.Plan) { p.Digest = "" },
	} {
		changed, err := plan.Decode("plan.json", data)
		if err != nil {
			t.Fatal(err)
		}
		change(changed)
		bad, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Decode("plan.json", bad); err == nil || !strings.Contains(err.Error(), "the plan was changed after it was made") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	p, _ := plan.Make(built(f, sound), &plan.Actual{}, plan.Options{Org: plan.Org{ID: "00D000000000001AAA"}})
	data, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Decode("plan.json", data)
		if err != nil {
			return
		}
		once, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := plan.Decode("plan.json", once)
		if err != nil {
			t.Fatal(err)
		}
		if twice, _ := again.Encode(); string(twice) != string(once) {
			t.Error("a plan read and written differs")
		}
	})
}

// Whatever an org has, a plan made after its deploy is empty.
func FuzzMakeTwice(f *testing.F) {
	f.Add(global, "isPkceRequired", "false")
	f.Add(policy, "commaSeparatedPermissionSet", ",,B, A")
	f.Add(global, "certificate", "-----BEGIN CERTIFICATE-----\nTUlJ\n")
	f.Fuzz(func(t *testing.T, typ, name, value string) {
		org := stored(t, sound)
		i := slices.IndexFunc(org.Components, func(c *metadata.Component) bool { return c.Type == typ })
		if i < 0 || name == "" || name == metadata.FieldApp {
			return
		}
		set(org.Components[i], name, value)
		if _, err := metadata.Schema().Encode(org.Components[i]); err != nil {
			return // XML has no such name or text
		}
		p, problems := plan.Make(built(t, sound), org, plan.Options{})
		if p == nil {
			t.Fatal(problems)
		}
		again, problems := plan.Make(built(t, sound), apply(t, org, p), plan.Options{})
		if again == nil {
			t.Fatal(problems)
		}
		if got := describe(again); got != "" {
			t.Errorf("a second plan is not empty:\n%s", got)
		}
	})
}

// Where an org refuses to delete the parts of an app, the header alone is tried.
func TestHeadersOnly(t *testing.T) {
	org := stored(t, sound)
	p, problems := plan.Make(nil, org, plan.Options{Delete: []string{"Order_Sync"}})
	if p == nil {
		t.Fatal(problems)
	}
	files, differs, err := p.HeadersOnly()
	if err != nil || !differs || len(files) != 2 {
		t.Fatalf("%d files, %v, %v", len(files), differs, err)
	}
	for _, f := range files {
		if strings.Contains(string(f.Data), "_oauth") || f.Path == "destructiveChanges.xml" && !strings.Contains(string(f.Data), "<members>Order_Sync</members>") {
			t.Errorf("%s:\n%s", f.Path, f.Data)
		}
	}
	made, _ := plan.Make(built(t, sound), &plan.Actual{}, plan.Options{})
	if _, differs, _ := made.HeadersOnly(); differs {
		t.Error("a plan that deletes nothing has another way to do so")
	}
}
