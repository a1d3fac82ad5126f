package migrate_test

import (
	"slices"
	"testing"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

type outcome struct {
	effect  migrate.Effect
	verdict migrate.Verdict
	route   migrate.Route
}

// effects from the weakest to the strongest, with what each alone leads to.
var effects = []outcome{
	{migrate.NoEffect, migrate.VerdictEligible, migrate.RouteButton},
	{migrate.ByHand, migrate.VerdictUnknown, migrate.RouteButton},
	{migrate.FixFirst, migrate.VerdictFixFirst, migrate.RouteButton},
	{migrate.Recreate, migrate.VerdictFixFirst, migrate.RouteRecreate},
	{migrate.Vendor, migrate.VerdictVendor, migrate.RouteVendor},
	{migrate.Migrated, migrate.VerdictMigrated, migrate.RouteDone},
}

// Every set of effects, in whatever order they were found: the strongest decides.
func TestJudge(t *testing.T) {
	connected := &migrate.App{Kind: migrate.KindConnectedApp}
	for set := range 1 << len(effects) {
		var findings []migrate.Finding
		want := effects[0]
		for i, e := range effects {
			if set&(1<<i) != 0 {
				findings = append(findings, migrate.Finding{Rule: &migrate.Rule{Effect: e.effect}, Level: diag.Level(i % 3)})
				want = e
			}
		}
		for range 2 {
			if j := migrate.Judge(connected, findings, nil); j.Verdict != want.verdict || j.Route != want.route || j.Why == "" {
				t.Errorf("effects %06b: got %v, want %s, %s", set, j, want.verdict, want.route)
			}
			slices.Reverse(findings)
		}
		if j := migrate.Judge(&migrate.App{Kind: migrate.KindECA}, findings, nil); j.Verdict != migrate.VerdictMigrated || j.Route != migrate.RouteDone {
			t.Errorf("effects %06b: an External Client App is %v", set, j)
		}
		for _, kind := range []string{migrate.KindConnectedApp, migrate.KindECA} {
			unreadable := &migrate.App{Kind: kind, Unreadable: &diag.Problem{}}
			if j := migrate.Judge(unreadable, findings, nil); j.Verdict != migrate.VerdictUnknown || j.Route != migrate.RouteNone {
				t.Errorf("effects %06b: an unreadable %s is %v", set, kind, j)
			}
		}
	}
}

// The findings' levels do not decide, and every rule leads somewhere.
func TestJudgeRules(t *testing.T) {
	for _, r := range append(slices.Clone(migrate.Rules), migrate.Unreadable) {
		j := migrate.Judge(&migrate.App{Kind: migrate.KindConnectedApp}, []migrate.Finding{{Rule: &r, Level: diag.Error}}, nil)
		i := slices.IndexFunc(effects, func(o outcome) bool { return o.effect == r.Effect })
		want := effects[i]
		if r.Unused {
			want.route = migrate.RouteRetire
		}
		if j.Verdict != want.verdict || j.Route != want.route {
			t.Errorf("%s leads to %v", r.ID, j)
		}
	}
}

// What an org did not answer and what would have decided leaves the verdict
// open, but only where nothing worse was found. An app that nobody uses is
// retired, unless it has been migrated.
func TestJudgeUndecidedAndUnused(t *testing.T) {
	connected := &migrate.App{Kind: migrate.KindConnectedApp}
	for _, e := range effects {
		findings := []migrate.Finding{{Rule: &migrate.Rule{ID: "CA-X-001", Title: "it is so", Effect: e.effect}}}
		want := e
		if e.effect == migrate.NoEffect {
			want.verdict = migrate.VerdictUnknown
		}
		if j := migrate.Judge(connected, findings, []string{"user provisioning"}); j.Verdict != want.verdict || j.Route != want.route {
			t.Errorf("effect %d, undecided: got %v, want %v", e.effect, j, want)
		}
		want = e
		if e.effect != migrate.Migrated {
			want.route = migrate.RouteRetire
		}
		if j := migrate.Judge(connected, append(findings, migrate.Finding{Rule: &migrate.Rule{Unused: true}}), nil); j.Verdict != want.verdict || j.Route != want.route {
			t.Errorf("effect %d, unused: got %v, want %v", e.effect, j, want)
		}
	}
}

// Files can lead to every verdict and to every route.
func TestEveryVerdictIsReached(t *testing.T) {
	var files migrate.Example
	for name, xml := range map[string]string{
		"Eligible": "", "Fix": "<plugin>H</plugin>", "Canvas": "<canvasConfig/>", "Mobile": "<mobileAppConfig/>",
		"acme__Vendor": "", "Migrated": "", "Cut": `<?xml version="1.0"?><ConnectedApp>`,
	} {
		files = append(files, migrate.ExampleFile{Name: name + ".connectedApp", XML: xml})
	}
	r := audit(t, append(files, migrate.ExampleFile{Name: "Migrated.eca"}))
	var routes []migrate.Route
	for _, a := range r.Apps {
		routes = append(routes, a.Route)
	}
	for _, v := range migrate.Verdicts() {
		if r.Summary.Verdicts[v] == 0 {
			t.Errorf("no app is %s", v)
		}
	}
	for _, want := range []migrate.Route{migrate.RouteButton, migrate.RouteRecreate, migrate.RouteVendor, migrate.RouteDone, migrate.RouteNone} {
		if !slices.Contains(routes, want) {
			t.Errorf("no app goes by %s", want)
		}
	}
}
