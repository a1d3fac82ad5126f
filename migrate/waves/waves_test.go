package waves_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

var now = time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC)

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// app is a Connected App of a report.
func app(org, name string, route migrate.Route, due string, change ...func(*migrate.AppReport)) migrate.AppReport {
	a := migrate.AppReport{
		Org: org, Kind: migrate.KindConnectedApp, Name: name, Label: strings.ReplaceAll(name, "_", " "), Verdict: migrate.VerdictEligible, Route: route, Why: "Because.", Due: pointer(due),
		Activity: &migrate.Activity{}, Scopes: []string{}, Flows: []string{}, Unknown: []string{}, Findings: []migrate.FindingReport{},
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

const production, sandbox = "00D000000000001AAA", "00D000000000002AAA"

func reportOf(apps ...migrate.AppReport) *migrate.Report {
	return &migrate.Report{
		SchemaVersion: 1, Tool: migrate.Tool{Name: "ecactl", Version: "test", Rules: "r"}, GeneratedAt: now,
		Orgs: []migrate.Org{
			{ID: production, Name: "Acme", Alias: "prod", Type: "production", InstanceURL: "https://acme.my.salesforce.com"},
			{ID: sandbox, Name: "Acme UAT", Alias: "uat", Type: "sandbox", InstanceURL: "https://acme--uat.sandbox.my.salesforce.com"},
		},
		Apps: apps,
	}
}

func plan(t *testing.T, r *migrate.Report, change ...func(*waves.Options)) *waves.Plan {
	t.Helper()
	o := waves.Options{Now: now, Version: "test"}
	for _, c := range change {
		c(&o)
	}
	p, err := waves.Make(r, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lines describes a plan: a wave a line.
func lines(p *waves.Plan) []string {
	var list []string
	for _, w := range p.Waves {
		var names []string
		for _, a := range w.Apps {
			name := a.Name
			if a.Late != "" {
				name += "(late)"
			}
			names = append(names, name)
		}
		list = append(list, fmt.Sprintf("%s %s..%s %s", w.Stage, w.Begins[5:], w.Ends[5:], strings.Join(names, " ")))
	}
	return list
}

func users(n int) func(*migrate.AppReport) {
	return func(a *migrate.AppReport) { a.Activity = &migrate.Activity{Users: n, Tokens: n, Logins: n} }
}

func tied(host string) func(*migrate.AppReport) {
	return func(a *migrate.AppReport) { a.Ties = &migrate.Ties{CallbackHosts: []string{host}} }
}

// Waves are ordered by stage, date, risk and use, hold what is tied together, and
// end before the dates of their apps where that can be.
func TestWaves(t *testing.T) {
	two := func(o *waves.Options) { o.MaxPerWave = 2 }
	tests := map[string]struct {
		apps   []migrate.AppReport
		change func(*waves.Options)
		want   []string
	}{
		"sandboxes first": {
			[]migrate.AppReport{app(production, "A", migrate.RouteButton, ""), app(sandbox, "B", migrate.RouteButton, "")}, two,
			[]string{"sandbox 12-01..12-14 B", "production 12-15..12-28 A"},
		},
		"by date, risk and use": {
			[]migrate.AppReport{
				app(production, "Busy", migrate.RouteButton, "", users(50)), app(production, "Anew", migrate.RouteRecreate, "", users(500)),
				app(production, "Quiet", migrate.RouteButton, "", users(2)), app(production, "Dated", migrate.RouteRecreate, "2027-02-20"),
			}, two, []string{"production 12-01..12-14 Dated Quiet", "production 12-15..12-28 Busy Anew"},
		},
		"shortened for a date": {
			[]migrate.AppReport{app(sandbox, "S", migrate.RouteButton, ""), app(production, "P", migrate.RouteButton, "2026-12-09")}, nil,
			[]string{"sandbox 12-01..12-04 S", "production 12-05..12-08 P"},
		},
		"a day is the least": {
			[]migrate.AppReport{app(sandbox, "S", migrate.RouteButton, ""), app(production, "P", migrate.RouteButton, "2026-12-02")}, nil,
			[]string{"sandbox 12-01..12-14 S", "production 12-15..12-28 P(late)"},
		},
		"two days for two waves": {
			[]migrate.AppReport{app(sandbox, "S", migrate.RouteButton, ""), app(production, "P", migrate.RouteButton, "2026-12-03")}, nil,
			[]string{"sandbox 12-01..12-01 S", "production 12-02..12-02 P"},
		},
		"past": {
			[]migrate.AppReport{app(production, "P", migrate.RouteButton, "2026-11-30")}, nil,
			[]string{"production 12-01..12-14 P(late)"},
		},
		"tied apps stay together": {
			[]migrate.AppReport{
				app(production, "A", migrate.RouteButton, ""), app(production, "B", migrate.RouteButton, "", users(20), tied("x.example.com")),
				app(production, "C", migrate.RouteButton, "", users(30)), app(production, "D", migrate.RouteButton, "", tied("x.example.com")),
			}, two, []string{"production 12-01..12-14 A", "production 12-15..12-28 B D", "production 12-29..01-11 C"},
		},
		"a cluster too large follows on": {
			[]migrate.AppReport{
				app(production, "A", migrate.RouteButton, "", tied("x.example.com")), app(production, "B", migrate.RouteButton, "", tied("x.example.com")),
				app(production, "C", migrate.RouteButton, "", tied("x.example.com")),
			}, two, []string{"production 12-01..12-14 A B", "production 12-15..12-28 C"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*waves.Options) {}
			}
			if got := lines(plan(t, reportOf(tt.apps...), change)); !slices.Equal(got, tt.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tt.want, "\n  "))
			}
		})
	}
}

// Each kind of evidence ties two apps together, and says so; what a crowd shares
// ties nobody, and is noted.
func TestTies(t *testing.T) {
	shared := map[string]migrate.Ties{
		"certificate": {Certificates: []string{"ab12"}}, "run-as-user": {RunAs: []string{"i@example.com"}}, "callback-host": {CallbackHosts: []string{"x.example.com"}},
		"token-user": {TokenUsers: []string{"005000000000001"}}, "contact": {Contact: "Owner@Example.com"},
	}
	for _, e := range waves.Evidences {
		t.Run(e.ID, func(t *testing.T) {
			ties, ok := shared[e.ID]
			if !ok {
				t.Fatal("no example")
			}
			var apps []migrate.AppReport
			for i := range e.Crowd + 1 {
				apps = append(apps, app(production, fmt.Sprintf("App_%02d", i), migrate.RouteButton, "", func(a *migrate.AppReport) { a.Ties = &ties }))
			}
			p := plan(t, reportOf(apps[:2]...))
			related := p.Waves[0].Apps[0].Related
			if len(related) != 1 || related[0].Evidence != e.ID || related[0].App != "App_01" || related[0].Order != "together" || !strings.Contains(related[0].Why, related[0].Value) {
				t.Errorf("got %+v", related)
			}
			p = plan(t, reportOf(apps...))
			if len(p.Waves[0].Apps[0].Related) > 0 || !strings.Contains(strings.Join(p.Notes, "\n"), fmt.Sprintf("%d apps share the", e.Crowd+1)) {
				t.Errorf("a crowd: %+v, %v", p.Waves[0].Apps[0].Related, p.Notes)
			}
		})
	}
	other := plan(t, reportOf(app(sandbox, "A", migrate.RouteButton, "", tied("x.example.com")), app(production, "A", migrate.RouteButton, "", tied("x.example.com"))))
	if got := other.Find(production, "A").Related; len(got) != 1 || got[0].Evidence != "sandbox" || got[0].Order != "before" {
		t.Errorf("the same app in a sandbox: %+v", got)
	}
}

// everything is a report with an app of each route and finding that runbooks know.
func everything() *migrate.Report {
	finding := func(rule string, due string) migrate.FindingReport {
		return migrate.FindingReport{Rule: rule, Level: diag.Error, Message: "found", Fix: migrate.FindRule(rule).Fix, Due: pointer(due), Evidence: map[string]string{}}
	}
	apps := []migrate.AppReport{
		app(production, "Pressed", migrate.RouteButton, "2027-02-20", func(a *migrate.AppReport) {
			a.Verdict, a.Unknown = migrate.VerdictFixFirst, []string{"dynamic client registration"}
			a.Findings = []migrate.FindingReport{finding("CA-ELIG-006", ""), finding("CA-FLOW-002", "2027-02-20")}
			a.Setup = "https://acme.my.salesforce.com/lightning/setup/x"
		}),
		app(production, "Anew", migrate.RouteRecreate, ""),
		app(production, "acme__Theirs", migrate.RouteVendor, "", func(a *migrate.AppReport) { a.Verdict = migrate.VerdictVendor }),
		app(production, "Idle", migrate.RouteRetire, ""),
		app(production, "acme__Idle", migrate.RouteRetire, "", func(a *migrate.AppReport) { a.Verdict = migrate.VerdictVendor }),
		app(production, "Gone", migrate.RouteDone, ""),
	}
	return reportOf(apps...)
}

// Every step says who does what and how it is seen to be done; no placeholder is
// left, and every sign is one that there is.
func TestRunbooks(t *testing.T) {
	p := plan(t, everything())
	if p.Summary.Apps != 5 || p.Summary.Left != 1 {
		t.Fatalf("%+v", p.Summary)
	}
	for _, a := range p.All() {
		ids := map[string]bool{}
		for _, s := range a.Steps {
			if ids[s.ID] {
				t.Errorf("%s has the step %s twice", a.Name, s.ID)
			}
			ids[s.ID] = true
			all := strings.Join(append([]string{s.Title, s.Do, s.Before, s.After, s.Rollback, s.Link}, s.Commands...), "\n")
			if strings.ContainsAny(all, "{}") {
				t.Errorf("%s, %s: a placeholder is left:\n%s", a.Name, s.ID, all)
			}
			if s.Title == "" || s.Who == "" || s.Do == "" || s.After == "" || !slices.Contains(waves.Signs(), s.Seen) {
				t.Errorf("%s, %s is not whole: %+v", a.Name, s.ID, s)
			}
			for _, c := range s.Commands {
				if !strings.HasPrefix(c, "ecactl ") {
					t.Errorf("%s, %s: %q is no command of this program", a.Name, s.ID, c)
				}
			}
		}
		if a.Route != migrate.RouteVendor && a.Verdict != migrate.VerdictVendor && !ids["backup"] {
			t.Errorf("%s is not kept in a file", a.Name)
		}
	}
	who := map[string]waves.Who{}
	for _, s := range p.Find(production, "Pressed").Steps {
		who[s.ID] = s.Who
	}
	for id, want := range map[string]waves.Who{"fix-CA-ELIG-006": waves.Engineer, "mend-CA-FLOW-002": waves.ClientOwner, "press": waves.Admin, "import": waves.Engineer} {
		if who[id] != want {
			t.Errorf("%s is done by %q, wanted %q", id, who[id], want)
		}
	}
}

// What people of an org wrote is one word of a command, whatever it is.
func TestQuote(t *testing.T) {
	for _, s := range []string{"plain", "", "a b", "it's", "$(touch x)", "`x`", "a;b", "-rf", "a\nb", "\x1b]8;;", "ä", "--yes", "*", "~", `\`} {
		out, err := exec.Command("sh", "-c", "printf %s "+waves.Quote(s)).Output()
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		want := strings.NewReplacer("\n", "", "\x1b", "").Replace(s)
		if strings.HasPrefix(want, "-") {
			want = "./" + want
		}
		if string(out) != want {
			t.Errorf("%q comes out as %q", s, out)
		}
	}
}

// A plan reads back as it was written, and what is none is refused with the way to
// make one.
func TestDecode(t *testing.T) {
	p := plan(t, everything())
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := waves.Decode("m.json", data)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := back.Encode(); !bytes.Equal(again, data) {
		t.Error("it does not read back")
	}
	for name, bad := range map[string]string{
		"cut off": string(data[:len(data)/2]), "empty": "", "a list": "[]", "another document": `{"schemaVersion":1}`, "more behind it": string(data) + "{}",
		"another version": strings.Replace(string(data), `"schemaVersion": 1`, `"schemaVersion": 2`, 1), "an unknown key": strings.Replace(string(data), `"orgs"`, `"organisations"`, 1),
		"an app of no org": strings.Replace(string(data), `"id": "`+production, `"id": "00Dother`, 1),
	} {
		if _, err := waves.Decode("m.json", []byte(bad)); err == nil || diag.From(err)[0].Code != "ECA751" || diag.From(err)[0].Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What status says of silence: only what was seen is said.
func TestSilence(t *testing.T) {
	p := plan(t, everything())
	a := p.Find(production, "Anew")
	old := app(production, "Anew", migrate.RouteRecreate, "")
	used := func(days int) *migrate.AppReport {
		copied, at := old, now.AddDate(0, 0, -days)
		copied.Activity = &migrate.Activity{LastUsed: &at}
		return &copied
	}
	twin := old
	twin.Kind, twin.Name = migrate.KindECA, a.Successor
	other := twin
	other.Label = a.NewLabel
	tests := map[string]struct {
		sight waves.Sight
		want  waves.State
	}{
		"in use":            {waves.Sight{Old: used(2), Uses: true, Whole: true}, waves.Undone},
		"silent":            {waves.Sight{Old: used(31), New: &other, Uses: true, Whole: true}, waves.Done},
		"not read":          {waves.Sight{Old: used(31), Whole: true}, waves.Unclear},
		"one label for two": {waves.Sight{Old: used(31), New: &twin, Uses: true, Whole: true}, waves.Unclear},
		"never used":        {waves.Sight{Old: &old, Uses: true, Whole: true}, waves.Done},
		"gone":              {waves.Sight{Uses: true, Whole: true}, waves.Done},
		"not listed":        {waves.Sight{Uses: true}, waves.Unclear},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := waves.Stand(p, production, reportOf(), map[string]*waves.Sight{"Anew": &tt.sight}, "test")
			i := slices.IndexFunc(s.Apps, func(x waves.Standing) bool { return x.Name == "Anew" })
			for _, step := range s.Apps[i].Steps {
				if step.ID == "silent" && step.State != tt.want && (tt.want != waves.Unclear || step.State != waves.Passed) {
					t.Errorf("%s (%s), wanted %s", step.State, step.Note, tt.want)
				}
			}
		})
	}
}
