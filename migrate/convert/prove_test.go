package convert_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate/convert"
)

// certificate is one as an org writes it.
var certificate = func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "order-sync.example.com"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(2, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	var lines []string
	text := base64.StdEncoding.EncodeToString(der)
	for len(text) > 64 {
		lines, text = append(lines, text[:64]), text[64:]
	}
	return strings.Join(append(lines, text), "\n")
}()

// an emulated org that has whom the apps name.
func emulated(t testing.TB, apps []*metadata.Component) (*orgtest.Org, *org.Client) {
	t.Helper()
	users := []orgtest.User{{Username: "admin@example.com"}, {Username: "integration@example.com"}}
	for _, ca := range apps {
		if u, ok := ca.Text("oauthConfig.oauthClientCredentialUser"); ok && u != "" && !slices.ContainsFunc(users, func(known orgtest.User) bool { return known.Username == u }) {
			users = append(users, orgtest.User{Username: u})
		}
	}
	o := orgtest.New(t, orgtest.Config{Users: users, Now: func() time.Time { return now }})
	return o, clientOf(t, o, metadata.DefaultVersion)
}

func clientOf(t testing.TB, o *orgtest.Org, v metadata.Version) *org.Client {
	t.Helper()
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, APIVersion: v,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// prove converts apps for an API version and holds what comes out against lint,
// generate, an org and its plan. It returns what was converted.
func prove(t *testing.T, in *convert.Input, o convert.Options) *convert.Outcome {
	t.Helper()
	o.Now = now
	out := convert.All(in, o)
	if got := len(out.Apps) + len(out.Refused); got != len(in.Apps) {
		t.Fatalf("API %s: %d of %d apps are accounted for", o.Target, got, len(in.Apps))
	}
	byName := map[string][]convert.Field{}
	for _, r := range out.Apps {
		byName[r.Name] = r.Fields
		if twice := r.Twice(); len(twice) > 0 {
			t.Errorf("API %s: %s: two rules speak of %v", o.Target, r.Name, twice)
		}
	}
	for _, r := range out.Refused {
		byName[r.Name] = r.Fields
		if r.Problems.Err() == nil || r.Problems[0].Hint == "" {
			t.Errorf("API %s: %s is refused without a reason: %v", o.Target, r.Name, r.Problems)
		}
	}
	for _, ca := range in.Apps {
		accounted(t, ca, byName[ca.Name])
	}
	built := build(t, out, o.Target)
	land(t, in.Apps, built, o.Target)
	return out
}

// build writes the specs, reads them again, lints and builds them.
func build(t *testing.T, out *convert.Outcome, v metadata.Version) []*spec.Built {
	t.Helper()
	so := spec.Options{APIVersion: v, Now: now}
	var specs []*spec.Spec
	for _, r := range out.Apps {
		text, problems := convert.Spec(r)
		if len(problems) > 0 {
			t.Errorf("API %s: %s: %v", v, r.Name, problems)
		}
		if bytes.Contains(text, []byte("canary")) {
			t.Errorf("API %s: the spec of %s holds a secret:\n%s", v, r.Name, text)
		}
		parsed, problems := spec.Parse(r.Name+".yaml", text, so)
		if len(parsed) != 1 {
			t.Fatalf("API %s: %s: %v\n%s", v, r.Name, problems, text)
		}
		for _, p := range spec.Lint(&spec.Set{Specs: parsed, Problems: problems}, so) {
			if p.Level == diag.Error {
				t.Errorf("API %s: lint finds %v in\n%s", v, p, text)
			}
		}
		specs = append(specs, parsed...)
	}
	built, problems := spec.BuildSet(specs)
	if problems.Err() != nil {
		t.Fatalf("API %s: %v", v, problems)
	}
	for i, b := range built {
		same(t, out.Apps[i].Components, b.Components(), v)
		if b.Version() != v {
			t.Errorf("%s is written for %s", b.Spec.Name, b.Version())
		}
	}
	if g, problems := spec.Generate(specs, metadata.Source, metadata.Schema()); problems.Err() != nil || len(g.Files) < len(specs) {
		t.Errorf("API %s: generate: %v", v, problems)
	}
	return built
}

// same holds components against each other.
func same(t *testing.T, want, got []*metadata.Component, v metadata.Version) {
	t.Helper()
	text := func(list []*metadata.Component) string {
		var parts []string
		for _, c := range list {
			data, err := metadata.Schema().Encode(c)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, c.Type+" "+c.Name+"\n"+string(data))
		}
		slices.Sort(parts)
		return strings.Join(parts, "\n")
	}
	if w, g := text(want), text(got); w != g {
		t.Errorf("API %s: %s: only got\n%s\nonly wanted\n%s", v, want[0].Name, without(g, w), without(w, g))
	}
}

// without are the lines of a text that another does not have.
func without(text, other string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.Contains(other, line+"\n") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// land deploys to an emulated org, and plans again: nothing is left to be done.
func land(t *testing.T, apps []*metadata.Component, built []*spec.Built, v metadata.Version) {
	t.Helper()
	o, _ := emulated(t, apps)
	c := clientOf(t, o, v)
	made, problems := plan.Make(built, &plan.Actual{}, plan.Options{})
	if problems.Err() != nil {
		t.Fatalf("API %s: %v", v, problems)
	}
	var zip bytes.Buffer
	if err := metadata.WriteZip(&zip, made.Files()); err != nil {
		t.Fatal(err)
	}
	id, err := c.Deploy(t.Context(), zip.Bytes(), org.DeployOptions{RollbackOnError: true, SinglePackage: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Wait(t.Context(), id, org.WaitOptions{})
	if err != nil || !r.Success {
		t.Fatalf("API %s: the deploy: %v %+v", v, err, r.Details.ComponentFailures)
	}
	actual, err := deploy.Actual(t.Context(), c, deploy.Selection{Version: v})
	if err != nil {
		t.Fatal(err)
	}
	again, problems := plan.Make(built, actual, plan.Options{})
	if problems.Err() != nil || !again.Empty() {
		for _, change := range again.Changes {
			if change.Action != plan.None {
				t.Errorf("API %s: %s %s %s: %+v", v, change.Action, change.Type, change.Name, change.Fields)
			}
		}
		t.Fatalf("API %s: a plan afterwards: %v", v, problems)
	}
}

// versions are all that are written for.
func versions() []metadata.Version {
	var list []metadata.Version
	for v := metadata.OldestVersion; v <= metadata.Schema().Newest(); v++ {
		list = append(list, v)
	}
	return list
}

// labels are API names for the permission sets that apps name.
func labels(apps []*metadata.Component) map[string]string {
	found := map[string]string{}
	for _, ca := range apps {
		for _, e := range ca.All("permissionSetName") {
			label := strings.TrimSpace(e.Text)
			found[label] = strings.ReplaceAll(strings.Map(func(r rune) rune {
				if r == ' ' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
					return r
				}
				return -1
			}, label), " ", "_")
		}
	}
	return found
}

// The real Connected Apps: what comes out is sound for every API version.
func TestCorpus(t *testing.T) {
	in := corpus(t)
	o := convert.Options{
		MyDomain: "https://acme.my.salesforce.com", Labels: labels(in.Apps),
		ContactEmail: "admin@example.com", RunAs: "integration@example.com", Approve: []string{"Order_Sync_Users"},
	}
	for _, v := range versions() {
		o.Target = v
		out := prove(t, in, o)
		if v >= metadata.DefaultVersion && len(out.Refused) > 0 {
			t.Errorf("API %s: with everything said, %d are refused: %v", v, len(out.Refused), out.Refused[0].Problems)
		}
		t.Logf("API %s: %d converted, %d refused", v, len(out.Apps), len(out.Refused))
	}
	// Nothing said: each refusal says what to do.
	bare := prove(t, in, convert.Options{Target: metadata.DefaultVersion})
	codes := map[string]int{}
	leaves := 0
	for _, ca := range in.Apps {
		leaves += len(convert.Leaves(ca))
	}
	for _, r := range bare.Refused {
		for _, p := range r.Problems {
			if p.Level == diag.Error {
				codes[p.Code]++
				break
			}
		}
	}
	t.Logf("%d leaves; with nothing said %d are converted, and %d refused: %v", leaves, len(bare.Apps), len(bare.Refused), codes)
}

// Random Connected Apps, built from the table of types, at every version.
func TestRandomApps(t *testing.T) {
	each := 60
	if raced {
		each = 12
	}
	for i, v := range versions() {
		m := newMaker(uint64(i))
		in := &convert.Input{}
		for n := range each {
			in.Apps = append(in.Apps, m.app("App_"+strings.Repeat("x", m.IntN(60))+string(rune('a'+n%26))+string(rune('A'+n/26))))
		}
		out := prove(t, in, convert.Options{
			Target: v, MyDomain: "https://acme.my.salesforce.com", RunAs: "integration@example.com", Approve: []string{"Order_Sync_Users"}, ContactEmail: "admin@example.com",
			PermissionSets: []convert.PermissionSet{{Name: "Order_Sync_Users", Label: "Order Sync Users"}, {Name: "Billing_Admin", Label: "Billing - Admin"}, {Name: "Reports_read", Label: "Reports (read)"}},
		})
		if len(out.Apps) < each/2 {
			t.Errorf("API %s: only %d of %d random apps are converted: %v", v, len(out.Apps), each, out.Refused[0].Problems)
		}
	}
}

// Whatever a Connected App looks like, its leaves are accounted for, and lint
// has no error against a spec that comes out.
func FuzzConvert(f *testing.F) {
	for i := range uint64(30) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		m := newMaker(seed)
		ca := m.app("App")
		m.maim(ca.Root)
		convertible(t, ca, versions()[m.IntN(len(versions()))])
	})
}

// convertible converts an app in both conventions.
func convertible(t *testing.T, ca *metadata.Component, v metadata.Version) {
	t.Helper()
	for _, like := range []bool{false, true} {
		r, problems := convert.Convert(ca, convert.Options{
			Target: v, LikeSetup: like, Now: now, ContactEmail: "a@example.com", RunAs: "u@example.com", Approve: []string{"S"},
			MyDomain: "https://acme.my.salesforce.com", Labels: labels([]*metadata.Component{ca}),
		})
		whole(t, ca, r, problems)
		if len(r.Components) == 0 {
			continue
		}
		text, _ := convert.Spec(r)
		so := spec.Options{Now: now, APIVersion: v}
		specs, problems := spec.Parse("App.yaml", text, so)
		for _, p := range spec.Lint(&spec.Set{Specs: specs, Problems: problems}, so) {
			if p.Level == diag.Error && !like {
				t.Errorf("API %s: %v in\n%s", v, p, text)
			}
		}
	}
}

// whole checks that a result accounts for all of an app, and has components or
// a reason for none.
func whole(t *testing.T, ca *metadata.Component, r *convert.Result, problems diag.Problems) {
	t.Helper()
	accounted(t, ca, r.Fields)
	if twice := r.Twice(); len(twice) > 0 {
		t.Errorf("two rules speak of %v", twice)
	}
	if (problems.Err() == nil) != (len(r.Components) > 0) {
		t.Errorf("%v, and %d components", problems, len(r.Components))
	}
}

// The same of whatever a file holds.
func FuzzConvertFile(f *testing.F) {
	for i := range uint64(10) {
		data, err := metadata.Schema().Encode(newMaker(i).app("App"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ca, _, err := metadata.Decode("App.connectedApp", data)
		if err != nil || ca.Type != metadata.TypeConnectedApp {
			return
		}
		ca.Name = "App"
		convertible(t, ca, metadata.DefaultVersion)
	})
}
