package convert_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/convert/orginput"
)

// press is Setup's button.
func press(t *testing.T, o *orgtest.Org, app string) (status int, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/emulator/migrate?app="+app, nil)
	r.Header.Set("Authorization", "Bearer "+o.Token())
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// asPressed holds what convert --like-setup makes of an org's Connected Apps
// against what the org's button makes of them, at an API version. It returns how
// many apps the button took.
func asPressed(t *testing.T, o *orgtest.Org, v metadata.Version) int {
	t.Helper()
	in, err := orginput.Read(t.Context(), clientOf(t, o, metadata.Schema().Newest()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if in.MyDomain, err = convert.MyDomain(o.URL()); err != nil {
		t.Fatal(err)
	}
	out := convert.All(in, convert.Options{Target: v, LikeSetup: true, Now: now})
	made := map[string]*convert.Result{}
	for _, r := range out.Apps {
		status, body := press(t, o, r.Name)
		refused := slices.ContainsFunc(out.Problems, func(p *diag.Problem) bool {
			return p.Code == "ECA717" && strings.Contains(p.Message, " "+r.Name+":")
		})
		if (status != http.StatusCreated) != refused {
			t.Errorf("the button answers %d %s, and convert says %v", status, body, refused)
		}
		if status == http.StatusCreated {
			made[r.Name] = r
		}
	}
	actual, err := deploy.Actual(t.Context(), clientOf(t, o, v), deploy.Selection{Version: v})
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]*metadata.Component{}
	for _, c := range actual.Components {
		for _, own := range []string{"orgScopedExternalApp", "oauthLink", "consumerKey"} {
			c.Root.Remove(own)
		}
		parts[c.App()] = append(parts[c.App()], c)
	}
	for name, r := range made {
		if !slices.ContainsFunc(r.Fields, tooNewForAText) { // an org of today names it at any version
			same(t, parts[name], r.Components, v)
		}
	}
	return len(made)
}

// tooNewForAText tells a value that the target does not have yet, of a field
// that it has.
func tooNewForAText(f convert.Field) bool {
	return f.How == convert.Lost && (strings.HasPrefix(f.Note, "the scope ") || strings.HasPrefix(f.Note, "the value "))
}

// What --like-setup writes is what the button writes, over the real apps.
func TestLikeSetupCorpus(t *testing.T) {
	in := corpus(t)
	for _, v := range []metadata.Version{60, 66, 68} {
		o, _ := emulated(t, in.Apps)
		seedSets(t, o, in.Apps)
		apps := slices.DeleteFunc(slices.Clone(in.Apps), func(ca *metadata.Component) bool { e, _ := ca.Text("contactEmail"); return e == "" })
		if err := o.Put(apps...); err != nil {
			t.Fatal(err)
		}
		t.Logf("API %s: %d of %d apps", v, asPressed(t, o, v), len(apps))
	}
}

func seedSets(t *testing.T, o *orgtest.Org, apps []*metadata.Component) {
	t.Helper()
	for label, name := range labels(apps) {
		if err := o.Add("PermissionSet", map[string]any{"Name": name, "Label": label, "IsOwnedByProfile": false}); err != nil {
			t.Fatal(err)
		}
	}
}

// The same over random apps of what an org would hold.
func TestLikeSetupRandom(t *testing.T) {
	m := newMaker(77)
	m.sane = true
	for _, v := range versions() {
		var apps []*metadata.Component
		for n := range 40 {
			apps = append(apps, m.app(fmt.Sprintf("App_%d", n)))
		}
		o, _ := emulated(t, apps)
		seedSets(t, o, apps)
		if err := o.Put(apps...); err != nil {
			t.Fatal(err)
		}
		if taken := asPressed(t, o, v); taken < 15 {
			t.Errorf("API %s: the button took %d", v, taken)
		}
	}
}
