package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// Every app's findings, scopes, flows and questions are there in words, with what a
// rule is for.
func TestHTMLSaysEverything(t *testing.T) {
	for name, r := range map[string]*migrate.Report{"org": orgReport(t), "fleet": fleetReport(t), "large": manyOrgs(40, 12)} {
		doc, _ := parsed(t, r)
		text := textOf(elements(doc, "body")[0])
		has := func(parts ...string) {
			for _, p := range parts {
				if !strings.Contains(text, strings.Join(strings.Fields(report.Plain(p)), " ")) {
					t.Errorf("%s: does not say %q", name, p)
				}
			}
		}
		for _, a := range r.Apps {
			has(a.Label, a.Name, a.Why)
			has(a.Unknown...)
			for _, f := range a.Findings {
				rule := migrate.FindRule(f.Rule)
				has(f.Level.String()+" "+f.Rule+" "+f.Message, f.Fix, rule.Why, "Source: "+rule.Source)
			}
			for _, flow := range a.Flows {
				if strings.Contains(text, flow+" ") && !strings.Contains(text, flow+": ") {
					t.Errorf("%s: the flow %q is not explained", name, flow)
				}
			}
		}
		for _, o := range r.Orgs {
			has(o.Title(), o.Error)
			for _, s := range o.Sources {
				has(s.Name)
			}
		}
		for _, d := range r.Deadlines {
			has(d.What, "Source: "+d.Source)
		}
	}
	text := write(t, report.HTML, orgReport(t))
	for _, words := range []string{"Manage user data via APIs", "a server logs in with a certificate", "the button keeps the consumer key", "Press Migrate to External Client App"} {
		if !strings.Contains(text, words) {
			t.Errorf("does not say %q", words)
		}
	}
}

// Days are counted from the report, and a sandbox has its own.
func TestHTMLTimeline(t *testing.T) {
	due := func(s string) *string { return &s }
	app := func(org, name, day string) migrate.AppReport {
		return migrate.AppReport{
			Org: org, Kind: migrate.KindConnectedApp, Name: name, Label: name, Verdict: migrate.VerdictEligible, Route: migrate.RouteButton,
			Findings: []migrate.FindingReport{{Rule: "CA-FLOW-005", Level: diag.Warning, Message: "m", Fix: "f", Due: due(day), Deadline: "idle-refresh"}},
		}
	}
	r := &migrate.Report{
		GeneratedAt: time.Date(2026, 10, 31, 23, 30, 0, 0, time.FixedZone("west", -5*3600)), // the next day in UTC
		Deadlines:   []migrate.DeadlineReport{{ID: "idle-refresh", Title: "tokens end", What: "w", Sandbox: "2026-10-21", Production: "2026-11-04", When: "both", Source: "s"}},
		Orgs:        []migrate.Org{{ID: "1", Alias: "prod", Type: "production"}, {ID: "2", Alias: "uat", Type: "sandbox"}},
		Apps:        []migrate.AppReport{app("1", "Sync", "2026-11-04"), app("2", "Sync", "2026-10-21"), app("2", "Other", "2026-10-21")},
	}
	doc, _ := parsed(t, r)
	var got []string
	for _, li := range elements(doc, "li") {
		if strings.HasPrefix(attr(li, "class"), "stop") {
			got = append(got, textOf(li))
		}
	}
	want := []string{
		"21 Oct 2026 in sandboxes 11 days ago Tokens end. w Source: s. 2 apps: Other (uat), Sync (uat)",
		"4 Nov 2026 in production in 3 days Tokens end. w Source: s. 1 app: Sync (prod)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every way that an app can go ends in a checklist with steps of its own.
func TestHTMLChecklist(t *testing.T) {
	tests := map[string]struct {
		verdict migrate.Verdict
		route   migrate.Route
		finding migrate.FindingReport
		want    []string // the group, and parts of its steps in order
		not     string
	}{
		"fix":      {migrate.VerdictFixFirst, migrate.RouteButton, migrate.FindingReport{Rule: "CA-ELIG-006", Level: diag.Error, Fix: "remove the handler"}, []string{"Fix, then press", "Remove the handler CA-ELIG-006", "Press Migrate", "Test a login"}, ""},
		"recreate": {migrate.VerdictFixFirst, migrate.RouteRecreate, migrate.FindingReport{Rule: "CA-ELIG-004", Level: diag.Error, Fix: "build a new app"}, []string{"Make anew", "Build a new app", "new consumer key"}, "Press Migrate"},
		"button":   {migrate.VerdictEligible, migrate.RouteButton, migrate.FindingReport{Rule: "CA-SEC-010", Level: diag.Warning, Fix: "require PKCE"}, []string{"Press the button", "Press Migrate", "Test a login", "See to its 1 warning"}, "Require PKCE"},
		"look":     {migrate.VerdictUnknown, migrate.RouteButton, migrate.FindingReport{Rule: "CA-ELIG-010", Level: diag.Warning, Fix: "look at the push settings"}, []string{"Look, then decide", "Look at the push settings", "If nothing stands in the way"}, ""},
		"vendor":   {migrate.VerdictVendor, migrate.RouteVendor, migrate.FindingReport{Rule: "CA-ELIG-001", Level: diag.Error, Fix: "ask the vendor"}, []string{"Ask the vendor", "Ask the vendor CA-ELIG-001", "Write down"}, "Press Migrate"},
		"retire":   {migrate.VerdictFixFirst, migrate.RouteRetire, migrate.FindingReport{Rule: "CA-ELIG-006", Level: diag.Error, Fix: "remove the handler"}, []string{"Retire", "Ask its owner", "Block it", "Delete it"}, "Remove the handler"},
		"none":     {migrate.VerdictUnknown, migrate.RouteNone, migrate.FindingReport{Rule: "CA-READ-001", Level: diag.Error, Fix: "mend the file"}, []string{"Find out", "Mend the file", "audit again"}, ""},
		"done":     {migrate.VerdictMigrated, migrate.RouteDone, migrate.FindingReport{Rule: "CA-SEC-040", Level: diag.Error, Fix: "use https"}, []string{"Moved already", "Use https"}, "Test a login"},
		"nothing":  {migrate.VerdictMigrated, migrate.RouteDone, migrate.FindingReport{Rule: "CA-SEC-061", Level: diag.Note, Fix: "set a timeout"}, []string{"Nothing is left to be done"}, "Set a timeout"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &migrate.Report{GeneratedAt: now, Apps: []migrate.AppReport{{Name: "A", Verdict: tt.verdict, Route: tt.route, Findings: []migrate.FindingReport{tt.finding}}}}
			doc, _ := parsed(t, r)
			text := textOf(byID(doc, "checklist").Parent)
			at := 0
			for _, w := range tt.want {
				i := strings.Index(text[at:], w)
				if i < 0 {
					t.Fatalf("%q does not follow in %q", w, text)
				}
				at += i + 1
			}
			if tt.not != "" && strings.Contains(text, tt.not) {
				t.Errorf("it says %q: %s", tt.not, text)
			}
		})
	}
	suppressed := "known"
	f := tests["done"].finding
	f.Suppressed = &suppressed
	doc, _ := parsed(t, &migrate.Report{GeneratedAt: now, Apps: []migrate.AppReport{{Name: "A", Verdict: migrate.VerdictMigrated, Route: migrate.RouteDone, Findings: []migrate.FindingReport{f}}}})
	if text := textOf(byID(doc, "checklist").Parent); !strings.Contains(text, "Nothing is left") {
		t.Errorf("what is suppressed is to be done: %s", text)
	}
	if text := textOf(byID(doc, "app-1")); !strings.Contains(text, "Suppressed: known") {
		t.Errorf("the reason is not said: %s", text)
	}
}

// manyOrgs is a fleet of so many orgs with so many apps each.
func manyOrgs(orgs, apps int) *migrate.Report {
	r := &migrate.Report{SchemaVersion: 1, Tool: migrate.Tool{Name: "ecactl", Version: "test", Rules: migrate.RulesVersion}, GeneratedAt: now}
	day := "2027-02-20"
	for _, id := range []string{"username-password"} {
		r.Deadlines = append(r.Deadlines, migrate.DeadlineReport{ID: id, Title: id, What: "it stops", Sandbox: day, Production: day, When: "20 Feb 2027", Source: "notes"})
	}
	r.Summary = migrate.Summary{Apps: orgs * apps, Verdicts: map[migrate.Verdict]int{}, Routes: map[migrate.Route]int{}, Levels: map[string]int{}}
	for i := range orgs {
		o := migrate.Org{ID: fmt.Sprintf("00D%015d", i), Alias: fmt.Sprintf("sandbox-%03d", i), Name: "Example", Type: "sandbox", InstanceURL: "https://example.my.salesforce.com", User: "admin@example.com", ReadAt: &now, Days: 90}
		for _, s := range migrate.SourceInfos {
			o.Sources = append(o.Sources, migrate.Source{Name: s.Name, State: migrate.SourceOK, Rows: i})
		}
		r.Orgs = append(r.Orgs, o)
		for j := range apps {
			a := migrate.AppReport{
				Org: o.ID, Kind: migrate.KindConnectedApp, Name: fmt.Sprintf("App_%03d", (i*7+j)%(apps*2)), Label: fmt.Sprintf("App %03d", (i*7+j)%(apps*2)),
				ID: fmt.Sprintf("0H4%015d", j), File: "connectedApps/App.connectedApp", Setup: "https://example.my.salesforce.com/lightning/setup/x",
				Verdict: migrate.Verdicts()[(i+j)%5], Route: migrate.Routes()[(i+j)%5], Why: "Setup's button takes it once this is fixed: custom Apex handler (CA-ELIG-006).",
				Activity: &migrate.Activity{LastUsed: &now, Users: i, Tokens: j, Logins: i + j}, Scopes: []string{"api", "refresh_token"}, Flows: []string{"refresh token"}, Unknown: []string{"dynamic client registration"},
			}
			for k := range 8 {
				rule := migrate.Rules[(i+j+k*5)%len(migrate.Rules)]
				f := migrate.FindingReport{Rule: rule.ID, Level: rule.Level, Message: rule.Title, Fix: rule.Fix, Evidence: map[string]string{"file": a.File, "line": "4", "column": "2", "element": "oauthConfig.callbackUrl"}}
				if rule.Deadline == "username-password" {
					f.Deadline, f.Due, a.Due = rule.Deadline, &day, &day
				}
				a.Findings = append(a.Findings, f)
			}
			r.Summary.Verdicts[a.Verdict]++
			r.Summary.Routes[a.Route]++
			r.Apps = append(r.Apps, a)
		}
	}
	return r
}

// A fleet of 200 orgs is written in seconds, without the data that would double it.
func TestHTMLOfLargeFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a page of many megabytes")
	}
	r := manyOrgs(200, 50)
	start := time.Now()
	text := write(t, report.HTML, r)
	took := time.Since(start)
	t.Logf("%d apps: %.1f MB in %v", len(r.Apps), float64(len(text))/1e6, took)
	if took > 30*time.Second && !raced { // some 3 s; a busy machine takes longer
		t.Errorf("it took %v", took)
	}
	if len(text) > 60<<20 {
		t.Errorf("the page has %d bytes", len(text))
	}
	if strings.Contains(text, `type="application/json"`) || !strings.Contains(text, "too large to be held here as data") {
		t.Error("the data is there, or nothing says that it is not")
	}
}
