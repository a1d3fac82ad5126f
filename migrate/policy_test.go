package migrate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

func TestReadPolicy(t *testing.T) {
	src := `audit:
  thresholds: {unusedDays: 30, scopes: 2}
  levels: {CA-SEC-001: error, CA-OWN-002: off}
  ignore:
    - {rule: CA-SEC-0*, app: Order_*, org: prod, reason: an internal app, expires: 2027-01-31}
`
	p, problems := migrate.ReadPolicy("ecactl.yaml", []byte(src), now)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if p.Limits.UnusedDays != 30 || p.Limits.Scopes != 2 || p.Limits.Users != 0 || p.Levels["CA-SEC-001"] != diag.Error || !p.Off["CA-OWN-002"] {
		t.Errorf("%+v", p)
	}
	want := migrate.Ignore{Rule: "CA-SEC-0*", App: "Order_*", Org: "prod", Reason: "an internal app", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
	if !slices.Equal(p.Ignore, []migrate.Ignore{want}) {
		t.Errorf("%+v", p.Ignore)
	}
}

func TestReadPolicyProblems(t *testing.T) {
	ignore := func(s string) string { return "audit:\n  ignore:\n    - " + s + "\n" }
	tests := map[string]struct{ in, want string }{
		"unknown key":       {"audt: {}\n", `f.yaml:1:1: unknown key "audt" (ECA611)`},
		"unknown threshold": {"audit:\n  thresholds: {treshold: 1}\n", `f.yaml:2:16: unknown key "treshold" (ECA611)`},
		"not a number":      {"audit:\n  thresholds: {scopes: many}\n", "f.yaml:2:24: scopes has to be a number from 1 to 3650 (ECA612)"},
		"nought":            {"audit:\n  thresholds: {scopes: 0}\n", "f.yaml:2:24: scopes has to be a number from 1 to 3650 (ECA612)"},
		"no such rule":      {"audit:\n  levels: {CA-SEC-999: error}\n", `f.yaml:2:12: unknown key "CA-SEC-999" (ECA611)`},
		"no such level":     {"audit:\n  levels: {CA-SEC-001: fatal}\n", `f.yaml:2:24: "fatal" is no level (ECA612)`},
		"a list":            {"[a]\n", "f.yaml:1:1: the file is no mapping of keys to values (ECA004)"},
		"no reason":         {ignore("{rule: CA-SEC-001}"), "f.yaml:3:7: an ignore without a reason (ECA613)"},
		"blank reason":      {ignore("{rule: CA-SEC-001, reason: ' '}"), "f.yaml:3:7: an ignore without a reason (ECA613)"},
		"no rule":           {ignore("{reason: x}"), "f.yaml:3:7: an ignore without a rule (ECA613)"},
		"unknown rule":      {ignore("{rule: CA-SEC-0O1, reason: x}"), "f.yaml:3:14: there is no rule CA-SEC-0O1 (ECA612)"},
		"no day":            {ignore("{rule: CA-SEC-001, reason: x, expires: soon}"), `f.yaml:3:46: "soon" is no day (YYYY-MM-DD) (ECA612)`},
		"bad pattern":       {ignore("{rule: CA-SEC-001, reason: x, app: '[a'}"), `f.yaml:3:42: "[a" is no name or pattern (ECA612)`},
		"expired":           {ignore("{rule: CA-SEC-001, reason: x, expires: 2026-11-22}"), "f.yaml:3:7: the ignore of CA-SEC-001 expired on 2026-11-22 (ECA614)"},
		"expires soon":      {ignore("{rule: CA-SEC-001, reason: x, expires: 2026-12-01}"), "f.yaml:3:7: the ignore of CA-SEC-001 expires on 2026-12-01 (ECA614)"},
		"expires today":     {ignore("{rule: CA-SEC-001, reason: x, expires: 2026-11-23}"), "f.yaml:3:7: the ignore of CA-SEC-001 expires on 2026-11-23 (ECA614)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, problems := migrate.ReadPolicy("f.yaml", []byte(tt.in), now)
			if len(problems) != 1 || problems[0].Error() != tt.want {
				t.Fatalf("got %v, want %s", problems, tt.want)
			}
			if holds := problems.Err() == nil && len(p.Ignore) > 0; holds != (name == "expires soon" || name == "expires today") {
				t.Errorf("the ignore holds: %t", holds)
			}
		})
	}
}

func FuzzReadPolicy(f *testing.F) {
	f.Add([]byte("audit:\n  ignore:\n    - {rule: CA-SEC-*, reason: x, expires: 2027-01-01}\n"))
	f.Add([]byte("audit: {thresholds: {scopes: 3}, levels: {CA-SEC-001: off}}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, problems := migrate.ReadPolicy("f.yaml", src, now)
		if p == nil && problems.Err() == nil {
			t.Error("neither a policy nor a problem")
		}
	})
}

// What says nothing changes nothing.
func TestEmptyPolicy(t *testing.T) {
	for _, src := range []string{"", "# nothing yet\n", "---\n", "audit:\n", "audit:\n  ignore:\n"} {
		if p, problems := migrate.ReadPolicy("f.yaml", []byte(src), now); p == nil || len(problems) > 0 {
			t.Errorf("%q: %v", src, problems)
		}
	}
}

// policed audits an app that everybody may use and that has no description.
func policed(t *testing.T, p migrate.Policy) *migrate.Report {
	t.Helper()
	ev := evidence(t, migrate.Example{
		{Name: "Order_Sync.connectedApp", XML: "<label>Order Sync</label><oauthConfig><isAdminApproved>false</isAdminApproved><scopes>Api</scopes><scopes>Full</scopes><scopes>Web</scopes></oauthConfig>"},
		{Name: "Night_Job.connectedApp", XML: "<label>Night Job</label><oauthConfig><isAdminApproved>false</isAdminApproved></oauthConfig>"},
		{Name: migrate.SrcOrganization + ".json", XML: "[]"},
	})
	ev.Org.Alias = "prod"
	r := migrate.Audit(migrate.FromEvidence(ev), migrate.Options{Version: "test", Now: now, Policy: p})
	validate(t, r)
	return r
}

// suppressions are the reasons why an app's findings of a rule are suppressed.
func suppressions(t *testing.T, r *migrate.Report, name, rule string) string {
	var list []string
	for _, f := range app(t, r, migrate.KindConnectedApp, name).Findings {
		if f.Rule == rule {
			why := "open"
			if f.Suppressed != nil {
				why = *f.Suppressed
			}
			list = append(list, f.Level.String()+" "+why)
		}
	}
	return strings.Join(list, ", ")
}

func TestPolicy(t *testing.T) {
	const rule = "CA-SEC-001"
	tests := map[string]struct {
		policy      migrate.Policy
		sync, night string
	}{
		"nothing":         {migrate.Policy{}, "warning open", "warning open"},
		"level":           {migrate.Policy{Levels: map[string]diag.Level{rule: diag.Error}}, "error open", "error open"},
		"off":             {migrate.Policy{Off: map[string]bool{rule: true}, Source: "ecactl.yaml"}, "warning switched off in ecactl.yaml", "warning switched off in ecactl.yaml"},
		"one app":         {migrate.Policy{Ignore: []migrate.Ignore{{Rule: rule, App: "Order_Sync", Reason: "x"}}}, "warning x", "warning open"},
		"by label":        {migrate.Policy{Ignore: []migrate.Ignore{{Rule: rule, App: "order sync", Reason: "x"}}}, "warning x", "warning open"},
		"by pattern":      {migrate.Policy{Ignore: []migrate.Ignore{{Rule: "CA-SEC-*", App: "*_Job", Reason: "x"}}}, "warning open", "warning x"},
		"every app":       {migrate.Policy{Ignore: []migrate.Ignore{{Rule: rule, Reason: "x"}}}, "warning x", "warning x"},
		"this org":        {migrate.Policy{Ignore: []migrate.Ignore{{Rule: rule, Org: "prod", Reason: "x"}}}, "warning x", "warning x"},
		"another org":     {migrate.Policy{Ignore: []migrate.Ignore{{Rule: rule, Org: "uat", Reason: "x"}}}, "warning open", "warning open"},
		"another rule":    {migrate.Policy{Ignore: []migrate.Ignore{{Rule: "CA-SEC-010", Reason: "x"}}}, "warning open", "warning open"},
		"the first tells": {migrate.Policy{Ignore: []migrate.Ignore{{Rule: rule, Reason: "x"}, {Rule: rule, Reason: "y"}}}, "warning x", "warning x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := policed(t, tt.policy)
			if got := suppressions(t, r, "Order_Sync", rule); got != tt.sync {
				t.Errorf("Order_Sync: got %q, want %q", got, tt.sync)
			}
			if got := suppressions(t, r, "Night_Job", rule); got != tt.night {
				t.Errorf("Night_Job: got %q, want %q", got, tt.night)
			}
			open, suppressed := 0, 0
			for _, a := range r.Apps {
				for _, f := range a.Findings {
					if f.Suppressed == nil {
						open++
					} else {
						suppressed++
					}
				}
			}
			for _, f := range r.Orgs[0].Findings {
				if f.Suppressed == nil {
					open++
				} else {
					suppressed++
				}
			}
			if sum := r.Summary.Levels["error"] + r.Summary.Levels["warning"] + r.Summary.Levels["note"]; sum != open || r.Summary.Suppressed != suppressed {
				t.Errorf("the summary has %d and %d, the report %d and %d", sum, r.Summary.Suppressed, open, suppressed)
			}
		})
	}
}

// Thresholds turn findings, and never a verdict.
func TestThresholds(t *testing.T) {
	plain, strict := policed(t, migrate.Policy{}), policed(t, migrate.Policy{Limits: migrate.Limits{Scopes: 2}})
	if got := suppressions(t, plain, "Order_Sync", "CA-SEC-021"); got != "" {
		t.Errorf("three scopes are many: %s", got)
	}
	if got := suppressions(t, strict, "Order_Sync", "CA-SEC-021"); got != "note open" {
		t.Errorf("three scopes of two: %q", got)
	}
	for i, a := range plain.Apps {
		if strict.Apps[i].Verdict != a.Verdict {
			t.Errorf("%s: %s becomes %s", a.Name, a.Verdict, strict.Apps[i].Verdict)
		}
	}
}

// With a baseline only what is new is open, although dates and counts have moved.
func TestBaseline(t *testing.T) {
	before := policed(t, migrate.Policy{})
	same := policed(t, migrate.Policy{Baseline: migrate.BaselineOf(before)})
	if _, ok := same.Worst(); ok || same.Summary.Suppressed == 0 {
		t.Errorf("%+v is left", same.Summary)
	}
	gone := migrate.BaselineOf(before)
	for k := range gone {
		if strings.Contains(k, "CA-SEC-001") && strings.Contains(k, "night_job") {
			delete(gone, k)
		}
	}
	later := policed(t, migrate.Policy{Baseline: gone})
	if got := suppressions(t, later, "Night_Job", "CA-SEC-001"); got != "warning open" {
		t.Errorf("what is new is %q", got)
	}
	for _, pair := range [][2]string{{"12 logins, the last on 2026-11-20", "13 logins, the last on 2026-11-21"}} {
		a, b := migrate.FindingReport{Rule: "CA-FLOW-001", Message: pair[0]}, migrate.FindingReport{Rule: "CA-FLOW-001", Message: pair[1]}
		if migrate.Fingerprint("00D", "ConnectedApp", "A", &a) != migrate.Fingerprint("00D", "ConnectedApp", "a", &b) {
			t.Errorf("%q is another finding than %q", pair[0], pair[1])
		}
	}
}
