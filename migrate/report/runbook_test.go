package report_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/migrate/waves"
)

// hostileTexts are what people of an org may call an app.
var hostileTexts = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `=HYPERLINK("http://evil")`, "a|b\n# heading", "\x1b]8;;http://evil\x07x", "\u202etxt.exe", "`rm -rf ~`", "](javascript:alert(1))", "'; rm -rf ~; '",
}

// hostilePlan is a plan in which every text that an org gives is one of those.
func hostilePlan(t *testing.T, text string) (*waves.Plan, *waves.Status) {
	t.Helper()
	due, now := "2027-02-20", time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	a := migrate.AppReport{
		Org: "00D1", Kind: migrate.KindConnectedApp, Name: text, Label: text, Verdict: migrate.VerdictFixFirst, Route: migrate.RouteRecreate, Why: text, Due: &due, Setup: "javascript:alert(1)",
		Scopes: []string{text}, Flows: []string{text}, Unknown: []string{text}, Ties: &migrate.Ties{Contact: text, CallbackHosts: []string{text}},
		Findings: []migrate.FindingReport{{Rule: "CA-FLOW-002", Level: diag.Error, Message: text, Fix: text, Due: &due, Evidence: map[string]string{}}},
	}
	b := a
	b.Name, b.Route = text+"2", migrate.RouteButton
	r := &migrate.Report{
		SchemaVersion: 1, Tool: migrate.Tool{Name: "ecactl"}, GeneratedAt: now, Apps: []migrate.AppReport{a, b, {Org: "00D1", Kind: migrate.KindECA, Name: text, Route: migrate.RouteDone, Why: text}},
		Orgs: []migrate.Org{{ID: "00D1", Name: text, Alias: text, Type: "production", InstanceURL: "javascript:alert(1)//"}},
	}
	p, err := waves.Make(r, waves.Options{Now: now, File: text})
	if err != nil {
		t.Fatal(err)
	}
	sights := map[string]*waves.Sight{text: {Old: &a, Drift: []waves.Drift{{Field: text, Was: text, Is: text}}, SpecDiff: []waves.Drift{{Field: text, Was: text, Is: text}}}}
	s := waves.Stand(p, "00D1", r, sights, "test")
	s.Notes, s.Unplanned = []string{text}, []waves.Left{{Kind: text, Name: text, Why: text}}
	return p, s
}

// Hostile text is harmless in runbooks and status, in every format.
func TestHostileRunbooks(t *testing.T) {
	for _, text := range hostileTexts {
		p, s := hostilePlan(t, text)
		for name, write := range map[string]func(io.Writer) error{
			"plan.html": func(w io.Writer) error { return report.PlanHTML(w, p) }, "plan.md": func(w io.Writer) error { return report.PlanMarkdown(w, p) },
			"plan.csv": func(w io.Writer) error { return report.PlanCSV(w, p) }, "plan.txt": func(w io.Writer) error { return report.PlanTable(w, p, report.Theme{}) },
			"status.html": func(w io.Writer) error { return report.StatusHTML(w, s) }, "status.md": func(w io.Writer) error { return report.StatusMarkdown(w, s) },
			"status.csv": func(w io.Writer) error { return report.StatusCSV(w, s) }, "status.txt": func(w io.Writer) error { return report.StatusTable(w, s, report.Theme{}) },
		} {
			var out bytes.Buffer
			if err := write(&out); err != nil {
				t.Fatalf("%s with %q: %v", name, text, err)
			}
			checkHarmless(t, name, text, out.String())
		}
	}
}

// tags are those of the pages; anything else is what somebody wrote.
var tags = regexp.MustCompile(`(?i)<\s*/?\s*(script|img|iframe|object|svg|link|base|form)\b`)

func checkHarmless(t *testing.T, name, text, out string) {
	t.Helper()
	if strings.ContainsAny(out, "\x1b\x07") || strings.Contains(out, "\u202e") {
		t.Errorf("%s with %q has control characters", name, text)
	}
	switch name[strings.IndexByte(name, '.')+1:] {
	case "html":
		if m := tags.FindString(out); m != "" || strings.Contains(out, `href="javascript`) || strings.Contains(out, "onerror=alert(1)>") {
			t.Errorf("%s with %q has %q", name, text, m)
		}
		for _, need := range []string{`default-src 'none'`, `lang="en"`, "<caption>", "<h1>"} {
			if !strings.Contains(out, need) {
				t.Errorf("%s has no %s", name, need)
			}
		}
		if regexp.MustCompile(`(?i)(src|href)="https?://`).MatchString(strings.ReplaceAll(out, `rel="noopener noreferrer"`, "")) {
			t.Errorf("%s asks for something of a network", name)
		}
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatalf("%s with %q: %v", name, text, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
					t.Errorf("%s with %q has the formula %q", name, text, cell)
				}
			}
		}
	case "md":
		for line := range strings.SplitSeq(out, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "ecactl ") {
				continue // in a block of code
			}
			if strings.Contains(strings.ReplaceAll(line, `\](`, ""), "](javascript") || tags.MatchString(line) {
				t.Errorf("%s with %q has the line %q", name, text, line)
			}
			if strings.HasPrefix(line, "# heading") {
				t.Errorf("%s: %q begins a heading", name, text)
			}
		}
	}
}
