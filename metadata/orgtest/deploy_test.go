package orgtest_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
)

func client(t *testing.T, o *orgtest.Org, transport string) *org.Client {
	t.Helper()
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, Transport: transport,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func component(typ, name string, fields ...string) *metadata.Component {
	c := metadata.NewComponent(typ, name)
	for _, f := range fields {
		k, v, _ := strings.Cut(f, "=")
		c.Root.Add(&metadata.Element{Name: k, Text: v})
	}
	return c
}

const (
	header   = "ExternalClientApplication"
	global   = "ExtlClntAppGlobalOauthSettings"
	settings = "ExtlClntAppOauthSettings"
	policy   = "ExtlClntAppOauthConfigurablePolicies"
)

// sound are the components of an app that every org takes.
func sound(name string) []*metadata.Component {
	in := "externalClientApplication=" + name
	return []*metadata.Component{
		component(header, name, "contactEmail=admin@example.com", "label="+name, "distributionState=Local"),
		component(global, name+"_g", "callbackUrl=https://example.com/cb", in, "label=g"),
		component(settings, name+"_o", "commaSeparatedOauthScopes=RefreshToken,Api", in, "label=o"),
	}
}

type packageOptions struct {
	version  metadata.Version
	destroy  *metadata.Manifest
	leaveOut string // a file
	top      string // a folder around all of it
}

func pack(t *testing.T, o packageOptions, components ...*metadata.Component) []byte {
	t.Helper()
	table := metadata.Schema()
	if o.version == 0 {
		o.version = 66
	}
	m := &metadata.Manifest{Version: o.version}
	var files []metadata.File
	for _, c := range components {
		data, err := table.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		p, err := table.Path(c, metadata.MDAPI)
		if err != nil {
			t.Fatal(err)
		}
		m.Add(table, c)
		files = append(files, metadata.File{Path: o.top + p, Data: data})
	}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, metadata.File{Path: o.top + "package.xml", Data: data})
	if o.destroy != nil {
		if data, err = o.destroy.Encode(); err != nil {
			t.Fatal(err)
		}
		files = append(files, metadata.File{Path: o.top + "destructiveChanges.xml", Data: data})
	}
	files = slices.DeleteFunc(files, func(f metadata.File) bool { return f.Path == o.leaveOut })
	var zip strings.Builder
	if err := metadata.WriteZip(&zip, files); err != nil {
		t.Fatal(err)
	}
	return []byte(zip.String())
}

func deploy(t *testing.T, c *org.Client, zip []byte, o org.DeployOptions) *org.DeployResult {
	t.Helper()
	id, err := c.Deploy(t.Context(), zip, o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Wait(t.Context(), id, org.WaitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var whole = org.DeployOptions{RollbackOnError: true, SinglePackage: true}

// What an org has against a deploy, in the org's words.
func TestDeployRefusals(t *testing.T) {
	in := "externalClientApplication=App"
	with := func(change func(list []*metadata.Component) []*metadata.Component) []*metadata.Component {
		return change(sound("App"))
	}
	tests := map[string]struct {
		components []*metadata.Component
		options    packageOptions
		want       string // "" is a success
	}{
		"sound":           {sound("App"), packageOptions{}, ""},
		"in a top folder": {sound("App"), packageOptions{top: "zip/"}, ""},
		"no package.xml":  {sound("App"), packageOptions{leaveOut: "package.xml"}, "No package.xml found"},
		"a missing file":  {sound("App"), packageOptions{leaveOut: "extlClntAppOauthSettings/App_o.ecaOauth"}, "An object 'App_o' of type ExtlClntAppOauthSettings was named in package.xml, but was not found in zipped directory"},
		"unknown element": {with(func(l []*metadata.Component) []*metadata.Component {
			l[0].Root.Add(&metadata.Element{Name: "nonsense", Text: "1"})
			return l
		}), packageOptions{}, "Element {http://soap.sforce.com/2006/04/metadata}nonsense invalid at this location in type ExternalClientApplication"},
		"too new": {with(func(l []*metadata.Component) []*metadata.Component {
			l[1].Root.Add(&metadata.Element{Name: "isDPopEnabled", Text: "true"})
			return l
		}), packageOptions{}, "Element {http://soap.sforce.com/2006/04/metadata}isDPopEnabled invalid at this location in type ExtlClntAppGlobalOauthSettings"},
		"new enough": {with(func(l []*metadata.Component) []*metadata.Component {
			l[1].Root.Add(&metadata.Element{Name: "isDPopEnabled", Text: "true"})
			return l
		}), packageOptions{version: 68}, ""},
		"enumeration": {append(sound("App"), component(policy, "App_p", in, "permittedUsersPolicyType=AdminApproved")), packageOptions{}, "'AdminApproved' is not a valid value for the enum 'PermittedUsersPolicyType'"},
		"scope": {with(func(l []*metadata.Component) []*metadata.Component {
			l[2] = component(settings, "App_o", in, "commaSeparatedOauthScopes=Api, api")
			return l
		}), packageOptions{}, "There's a problem with your scope(s): api."},
		"no OAuth":        {with(func(l []*metadata.Component) []*metadata.Component { return l[:2] }), packageOptions{}, "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration."},
		"no app":          {with(func(l []*metadata.Component) []*metadata.Component { return l[1:] }), packageOptions{}, "In field: externalClientApplication - no ExternalClientApplication named App found"},
		"no e-mail":       {with(func(l []*metadata.Component) []*metadata.Component { l[0].Root.Remove("contactEmail"); return l }), packageOptions{}, "Required field is missing: contactEmail"},
		"no callback":     {with(func(l []*metadata.Component) []*metadata.Component { l[1].Root.Remove("callbackUrl"); return l }), packageOptions{}, "Required field is missing: callbackUrl"},
		"second policy":   {append(sound("App"), component(policy, "App_p", in), component(policy, "App_q", in)), packageOptions{}, "duplicate value found: ExternalClientApplicationId duplicates value on App_p"},
		"run-as user":     {append(sound("App"), component(policy, "App_p", in, "isClientCredentialsFlowEnabled=true", "clientCredentialsFlowUser=nobody@example.com")), packageOptions{}, "Enter a valid execution user for the OAuth client credentials flow."},
		"plugin settings": {append(sound("App"), component(policy, "App_p", in, "namedUserJwtSessionTimeoutType=Custom", "namedUserJwtTimeout=30")), packageOptions{}, "Invalid plugin settings"},
		"OAuth link": {with(func(l []*metadata.Component) []*metadata.Component {
			l[2].Root.Add(&metadata.Element{Name: "oauthLink", Text: "00D000000000001:888000000000001"})
			return l
		}), packageOptions{}, "The OAuth link 00D000000000001:888000000000001 is incorrect."},
		"key of another": {with(func(l []*metadata.Component) []*metadata.Component {
			l[1].Root.Add(&metadata.Element{Name: "consumerKey", Text: "TAKENKEY1"})
			return l
		}), packageOptions{}, "The consumer key is already taken."},
		"key of its own": {with(func(l []*metadata.Component) []*metadata.Component {
			l[1].Root.Add(&metadata.Element{Name: "consumerKey", Text: "MYOWNKEY1"})
			return l
		}), packageOptions{}, ""},
		"name":            {with(func(l []*metadata.Component) []*metadata.Component { l[2].Name = "App__o"; return l }), packageOptions{}, "cannot"},
		"Connected App":   {[]*metadata.Component{component("ConnectedApp", "Old", "contactEmail=admin@example.com", "label=Old")}, packageOptions{}, "You can't create a connected app."},
		"unknown version": {sound("App"), packageOptions{version: 99}, "Invalid version specified"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := orgtest.New(t, orgtest.Config{})
			taken := sound("Taken")
			taken[1].Root.Add(&metadata.Element{Name: "consumerKey", Text: "TAKENKEY1"})
			if r := deploy(t, client(t, o, "rest"), pack(t, packageOptions{}, taken...), whole); !r.Success {
				t.Fatalf("the first app: %+v", r)
			}
			for _, transport := range []string{"rest", "soap"} {
				r := deploy(t, client(t, o, transport), pack(t, tt.options, tt.components...), whole)
				said := r.ErrorMessage
				for _, f := range r.Details.ComponentFailures {
					said += f.Problem + "\n"
				}
				if tt.want == "cannot" && !r.Success {
					continue // the words are long, and not known to the letter
				}
				if r.Success != (tt.want == "") || !strings.Contains(said, tt.want) {
					t.Errorf("%s: %s, success %v\n%s\nwant %s", transport, r.Status, r.Success, said, tt.want)
				}
				if tt.want != "" && o.Component(header, "App") != nil {
					t.Error("a part was saved of a deploy that failed")
				}
			}
		})
	}
}

// What a deploy says that it has made is found under the id that it says.
func TestDeployTellsIDs(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	c := client(t, o, "rest")
	said := map[string]string{}
	for _, m := range deploy(t, c, pack(t, packageOptions{}, sound("App")...), whole).Details.ComponentSuccesses {
		said[m.ComponentType+" "+m.FullName] = m.ID
	}
	listed, err := c.List(t.Context(), header, global, settings)
	if err != nil || len(listed) != 3 {
		t.Fatal(listed, err)
	}
	for _, f := range listed {
		if id := said[f.Type+" "+f.FullName]; id == "" || id != f.ID {
			t.Errorf("%s %s has the id %s, and the deploy said %q", f.Type, f.FullName, f.ID, id)
		}
	}
	for _, m := range deploy(t, c, pack(t, packageOptions{}, sound("App")...), whole).Details.ComponentSuccesses {
		if m.ComponentType != "" && said[m.ComponentType+" "+m.FullName] != m.ID {
			t.Errorf("%s %s has another id after the second deploy", m.ComponentType, m.FullName)
		}
	}
}

// An API version that has retired is gone, and one that is to come is not found.
func TestVersions(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	for version, want := range map[string]int{"20.0": http.StatusGone, "30.0": http.StatusGone, "31.0": http.StatusOK, "66.0": http.StatusOK, "99.0": http.StatusNotFound, "x": http.StatusNotFound} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/services/data/v"+version+"/limits", nil)
		req.Header.Set("Authorization", "Bearer "+o.Token())
		w := httptest.NewRecorder()
		if o.ServeHTTP(w, req); w.Code != want {
			t.Errorf("%s: %d, want %d\n%s", version, w.Code, want, w.Body)
		}
	}
}

// What comes back has what the org writes by itself, and twice the same.
func TestRetrieveAddsWhatTheOrgWrites(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	c := client(t, o, "soap")
	deploy(t, c, pack(t, packageOptions{}, sound("App")...), whole)
	o1 := o.Component(settings, "App_o")
	if v, _ := o1.Text("commaSeparatedOauthScopes"); v != "Api, RefreshToken" {
		t.Errorf("scopes come back as %q", v)
	}
	if v, _ := o1.Text("oauthLink"); !strings.HasPrefix(v, o.OrgID()[:15]+":888") {
		t.Errorf("the link is %q", v)
	}
	if n := len(o.Component(global, "App_g").Root.Children); n != 20 {
		t.Errorf("six elements come back as %d", n)
	}
	if got := o.Names(policy); !slices.Equal(got, []string{"App_o_defaultPolicy"}) {
		t.Errorf("policies: %v", got)
	}
	key, _ := o.Consumer("App")
	deploy(t, c, pack(t, packageOptions{}, sound("App")...), whole)
	if again, _ := o.Consumer("App"); again != key || !o.Component(settings, "App_o").Root.Equal(o1.Root) {
		t.Error("a second deploy of the same has changed something")
	}
}

// A deploy resets what it does not say, and one that fails changes nothing.
func TestDeployIsDeclarative(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	c := client(t, o, "rest")
	first := sound("App")
	first[1].Root.Add(&metadata.Element{Name: "certificate", Text: "-----BEGIN CERTIFICATE-----\n" + strings.Repeat("QUJD", 40) + "\n-----END CERTIFICATE-----"})
	first[1].Root.Add(&metadata.Element{Name: "isDeviceFlowEnabled", Text: "true"})
	deploy(t, c, pack(t, packageOptions{}, first...), whole)
	cert, _ := o.Component(global, "App_g").Text("certificate")
	if lines := strings.Split(cert, "\n"); len(lines) != 3 || len(lines[0]) != 64 || strings.Contains(cert, "BEGIN") {
		t.Errorf("the certificate comes back as %q", cert)
	}
	deploy(t, c, pack(t, packageOptions{}, sound("App")...), whole)
	if v, _ := o.Component(global, "App_g").Text("isDeviceFlowEnabled"); v != "false" {
		t.Errorf("a switch that is not said is %q", v)
	}
	if _, ok := o.Component(global, "App_g").Text("certificate"); ok {
		t.Error("a certificate that is not said stays")
	}
	bad := append(sound("Two"), component(policy, "Two_p", "externalClientApplication=Nobody"))
	if r := deploy(t, c, pack(t, packageOptions{}, bad...), whole); r.Success || o.Component(header, "Two") != nil {
		t.Error("a deploy with an error has saved something")
	}
	r := deploy(t, c, pack(t, packageOptions{}, bad...), org.DeployOptions{SinglePackage: true})
	if r.Status != "SucceededPartial" || o.Component(header, "Two") == nil {
		t.Errorf("without rollback: %s", r.Status)
	}
}

func TestDestructiveChanges(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	c := client(t, o, "rest")
	deploy(t, c, pack(t, packageOptions{}, sound("App")...), whole)
	gone := &metadata.Manifest{}
	gone.AddName(header, "App")
	if r := deploy(t, c, pack(t, packageOptions{destroy: gone}), org.DeployOptions{RollbackOnError: true, CheckOnly: true}); !r.Success || o.Component(header, "App") == nil {
		t.Error("a validation has deleted an app, or failed")
	}
	if r := deploy(t, c, pack(t, packageOptions{destroy: gone}), whole); !r.Success {
		t.Errorf("%+v", r.Details)
	}
	for _, typ := range []string{header, global, settings, policy} {
		if names := o.Names(typ); len(names) > 0 {
			t.Errorf("left of %s: %v", typ, names)
		}
	}
	if r := deploy(t, c, pack(t, packageOptions{destroy: gone}), whole); r.Success {
		t.Error("deleting what is not there is no warning")
	}
}

// Vendors' apps are listed and not handed out; Setup's button makes a Connected
// App read-only and keeps its key.
func TestConnectedApps(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	old := component("ConnectedApp", "Old", "contactEmail=admin@example.com", "label=Old")
	config := old.Root.Add(&metadata.Element{Name: "oauthConfig"})
	for _, f := range []string{"callbackUrl=https://example.com/cb", "consumerKey=3MVG9OLDKEY", "isAdminApproved=true", "scopes=Api", "scopes=SFAP"} {
		k, v, _ := strings.Cut(f, "=")
		config.Add(&metadata.Element{Name: k, Text: v})
	}
	if err := o.Put(component("ConnectedApp", "vendor__App", "label=Vendor"), old); err != nil {
		t.Fatal(err)
	}
	c := client(t, o, "rest")
	if r := deploy(t, c, pack(t, packageOptions{}, sound("Old")...), whole); r.Success || !strings.Contains(r.Details.ComponentFailures[0].Problem, "duplicate value found: DeveloperName") {
		t.Errorf("an app under the name of a Connected App: %+v", r.Details.ComponentFailures)
	}
	listed, err := c.List(t.Context(), "ConnectedApp")
	if err != nil || len(listed) != 2 || listed[1].NamespacePrefix != "vendor" || listed[1].ManageableState != "installed" {
		t.Fatalf("%+v, %v", listed, err)
	}
	if read, err := c.Read(t.Context(), "ConnectedApp", []string{"vendor__App"}); err != nil || len(read) != 0 {
		t.Errorf("a vendor's app is handed out: %v, %v", read, err)
	}
	o.PutVendor("", "Elsewhere", "An app of another org")
	if read, err := c.Read(t.Context(), "ConnectedApp", []string{"Elsewhere"}); err != nil || len(read) != 0 {
		t.Errorf("another org's app is handed out: %v, %v", read, err)
	}
	for app, want := range map[string]int{"Elsewhere": http.StatusNotFound, "vendor__App": http.StatusNotFound, "No_Such": http.StatusNotFound, "Old": http.StatusCreated} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/emulator/migrate?app="+app, nil)
		req.Header.Set("Authorization", "Bearer "+o.Token())
		w := httptest.NewRecorder()
		o.ServeHTTP(w, req)
		if w.Code != want {
			t.Fatalf("the button on %s: %d %s", app, w.Code, w.Body)
		}
	}
	for typ, name := range map[string]string{
		header: "Old", settings: "Old_defOauthSet", global: "Old_defGlblOauthSet", policy: "Old_defOauthPlcy",
		"ExtlClntAppConfigurablePolicies": "Old_defPlcy", "ExtlClntAppOauthSecuritySettings": "Old_defOauthSecuritySet",
	} {
		if got := o.Names(typ); !slices.Equal(got, []string{name}) {
			t.Errorf("the button makes %v of %s", got, typ)
		}
	}
	if v, _ := o.Component(settings, "Old_defOauthSet").Text("commaSeparatedOauthScopes"); v != "Api, SFApiPlatform" {
		t.Errorf("scopes: %q", v)
	}
	if v, _ := o.Component(policy, "Old_defOauthPlcy").Text("permittedUsersPolicyType"); v != "AdminApprovedPreAuthorized" {
		t.Errorf("permitted users: %q", v)
	}
	gone := &metadata.Manifest{}
	gone.AddName(header, "Old")
	if r := deploy(t, c, pack(t, packageOptions{}, old), whole); r.Success {
		t.Error("a migrated Connected App can be changed")
	}
	deploy(t, c, pack(t, packageOptions{destroy: gone}), whole)
	old.Root.Child("oauthConfig").Remove("consumerKey")
	if r := deploy(t, c, pack(t, packageOptions{}, old), whole); !r.Success {
		t.Errorf("after its successor is deleted: %+v", r.Details.ComponentFailures)
	}
}

// What was deployed is there after a restart.
func TestStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "org.json")
	first, err := orgtest.Start(orgtest.Config{StateFile: file})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, client(t, first, "rest"), pack(t, packageOptions{}, sound("App")...), whole)
	want, token := first.Component(global, "App_g"), first.Token()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state has the mode %v, %v", info.Mode(), err)
	}
	again := orgtest.New(t, orgtest.Config{StateFile: file})
	if got := again.Component(global, "App_g"); got == nil || !got.Root.Equal(want.Root) || again.Token() != token {
		t.Error("the org is another after a restart")
	}
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := orgtest.Start(orgtest.Config{StateFile: file}); err == nil {
		t.Error("a state that is none is taken")
	}
}

func TestParseFault(t *testing.T) {
	f, err := orgtest.ParseFault("kind=503, path=/services/Soap/*,count=2,after=1,for=3s,op=deploy")
	if err != nil || f.Kind != "503" || f.Path != "/services/Soap/*" || f.Count != 2 || f.After != 1 || f.For != 3*time.Second || f.Op != "deploy" {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := orgtest.ParseFault("truncated"); err != nil || f.Kind != "truncated" {
		t.Errorf("a kind alone: %+v, %v", f, err)
	}
	for _, bad := range []string{"", "kind=nonsense", "503,cuont=1", "503,count=x", "path=/x", "503,for=long"} {
		if _, err := orgtest.ParseFault(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for kind, says := range orgtest.FaultKinds() {
		if _, err := orgtest.ParseFault(kind); err != nil || says == "" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// What was deployed is in the state file soon after, and not only when the org
// ends well.
func TestStateIsKeptWhileItRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "org.json")
	o := orgtest.New(t, orgtest.Config{StateFile: file})
	c := client(t, o, "rest")
	deployed, err := c.Deploy(t.Context(), pack(t, packageOptions{}, sound("Kept")...), org.DeployOptions{RollbackOnError: true, SinglePackage: true})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.DeployStatus(t.Context(), deployed, true); err != nil || !r.Success {
		t.Fatalf("%+v, %v", r, err)
	}
	for range 100 {
		if data, err := os.ReadFile(file); err == nil && strings.Contains(string(data), "ExternalClientApplication/Kept") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the app is not in the state file")
}

// A package that is damaged fails as a whole, and says where.
func TestDeployDamagedZip(t *testing.T) {
	long := component(header, "App", "contactEmail=admin@example.com", "label=App", "distributionState=Local", "description="+strings.Repeat("deflated ", 100))
	sound := pack(t, packageOptions{}, long)
	at := func(signature string, offset int) int { return bytes.Index(sound, []byte(signature)) + offset }
	const local, central = "PK\x03\x04", "PK\x01\x02"
	set := func(i int, b ...byte) func([]byte) []byte {
		return func(data []byte) []byte { copy(data[i:], b); return data }
	}
	for name, tt := range map[string]struct {
		damage func([]byte) []byte
		want   string // "" is a success
	}{
		"sound":             {func(data []byte) []byte { return data }, ""},
		"another checksum":  {set(at(central, 16), 1, 2, 3, 4), "UNKNOWN_EXCEPTION externalClientApps/App.eca: zip: checksum error"},
		"another method":    {set(at(central, 10), 99), "UNKNOWN_EXCEPTION externalClientApps/App.eca: zip: unsupported compression algorithm"},
		"not deflated":      {set(at(local, 30+len("externalClientApps/App.eca")), 0xFF, 0xFF, 0xFF), "UNKNOWN_EXCEPTION externalClientApps/App.eca: flate: corrupt input"},
		"larger than it is": {set(at(central, 20), 0xFF, 0xFF, 0xFF, 0x7F), "UNKNOWN_EXCEPTION externalClientApps/App.eca: zip: not a valid zip file"},
	} {
		t.Run(name, func(t *testing.T) {
			o := orgtest.New(t, orgtest.Config{})
			r := deploy(t, client(t, o, "rest"), tt.damage(bytes.Clone(sound)), whole)
			if said := r.ErrorStatusCode + " " + r.ErrorMessage; r.Success != (tt.want == "") || !strings.HasPrefix(said, tt.want) {
				t.Errorf("%s: %s\nwant %s", r.Status, said, tt.want)
			}
			if there := o.Component(header, "App") != nil; there != r.Success {
				t.Errorf("that the app is there is %v", there)
			}
		})
	}
}

// A deploy goes on although nobody looks, and one that came first is done first.
func TestDeployUnwatched(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	o := orgtest.New(t, orgtest.Config{Now: func() time.Time { return now }})
	c := client(t, o, "rest")
	send := func(label string) string {
		t.Helper()
		app := sound("App")
		app[0].Root.Child("label").Text = label
		id, err := c.Deploy(t.Context(), pack(t, packageOptions{}, app...), whole)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	label := func() string {
		t.Helper()
		read, err := c.Read(t.Context(), header, []string{"App"})
		if err != nil || len(read) != 1 {
			return ""
		}
		text, _ := read[0].Text("label")
		return text
	}
	send("first")
	if got := label(); got != "" {
		t.Errorf("at once there is %q", got)
	}
	now = now.Add(10 * time.Second)
	if got := label(); got != "first" {
		t.Errorf("after a while there is %q", got)
	}
	second, third := send("second"), send("third")
	r, err := c.DeployStatus(t.Context(), third, true)
	if err != nil || !r.Success || label() != "third" {
		t.Fatalf("%+v, %v; there is %q", r, err, label())
	}
	if r, err := c.DeployStatus(t.Context(), second, true); err != nil || !r.Success || label() != "third" {
		t.Errorf("%+v, %v; looking at the earlier one made it %q", r, err, label())
	}
}

// Of components that are written together all are saved or none, if that is asked for.
func TestAllOrNone(t *testing.T) {
	for header, want := range map[string]int{"": 1, "<m:AllOrNoneHeader><m:allOrNone>true</m:allOrNone></m:AllOrNoneHeader>": 0} {
		o := orgtest.New(t, orgtest.Config{})
		body := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header><m:SessionHeader><m:sessionId>` + o.Token() + `</m:sessionId></m:SessionHeader>` + header + `</e:Header><e:Body><m:createMetadata>` +
			`<m:metadata xsi:type="m:ExternalClientApplication"><m:fullName>Good</m:fullName><m:contactEmail>admin@example.com</m:contactEmail><m:distributionState>Local</m:distributionState><m:label>Good</m:label></m:metadata>` +
			`<m:metadata xsi:type="m:ExternalClientApplication"><m:fullName>Bad</m:fullName><m:label>Bad</m:label></m:metadata></m:createMetadata></e:Body></e:Envelope>`
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/services/Soap/m/66.0", strings.NewReader(body))
		req.Header.Set("Content-Type", "text/xml")
		w := httptest.NewRecorder()
		o.ServeHTTP(w, req)
		if got := strings.Count(w.Body.String(), "<success>true</success>"); got != want {
			t.Errorf("%q: %d succeeded, want %d\n%s", header, got, want, w.Body)
		}
		if got := len(o.Names("ExternalClientApplication")); got != want {
			t.Errorf("%q: %d are there, want %d", header, got, want)
		}
	}
}

// What no org takes is refused: methods that a query has not, and types that there
// are not.
func TestRefusedRequests(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	for method, want := range map[string]int{http.MethodGet: http.StatusOK, http.MethodPut: http.StatusMethodNotAllowed, http.MethodDelete: http.StatusMethodNotAllowed} {
		req := httptest.NewRequestWithContext(t.Context(), method, "/services/data/v66.0/query?q=SELECT+Id+FROM+User", nil)
		req.Header.Set("Authorization", "Bearer "+o.Token())
		w := httptest.NewRecorder()
		if o.ServeHTTP(w, req); w.Code != want {
			t.Errorf("%s: %d, want %d", method, w.Code, want)
		}
	}
	unknown := &metadata.Manifest{Version: 66}
	unknown.AddName("Bogus", "x")
	data, err := unknown.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var zip strings.Builder
	if err := metadata.WriteZip(&zip, []metadata.File{{Path: "package.xml", Data: data}}); err != nil {
		t.Fatal(err)
	}
	if r := deploy(t, client(t, o, "rest"), []byte(zip.String()), whole); r.Success || !strings.Contains(r.Details.ComponentFailures[0].Problem, "was not found in zipped directory") {
		t.Errorf("%+v", r)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data.yaml"), []byte("userz: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o, err := orgtest.Start(orgtest.Config{Seed: []string{dir}}); err == nil || !strings.Contains(err.Error(), "userz") {
		t.Errorf("a seed with an unknown key: %v, %v", o, err)
	}
}
