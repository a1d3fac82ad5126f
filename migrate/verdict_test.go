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
			if verdict, route := migrate.Judge(connected, findings); verdict != want.verdict || route != want.route {
				t.Errorf("effects %06b: got %s, %s, want %s, %s", set, verdict, route, want.verdict, want.route)
			}
			slices.Reverse(findings)
		}
		if verdict, route := migrate.Judge(&migrate.App{Kind: migrate.KindECA}, findings); verdict != migrate.VerdictMigrated || route != migrate.RouteDone {
			t.Errorf("effects %06b: an External Client App is %s, %s", set, verdict, route)
		}
		for _, kind := range []string{migrate.KindConnectedApp, migrate.KindECA} {
			unreadable := &migrate.App{Kind: kind, Unreadable: &diag.Problem{}}
			if verdict, route := migrate.Judge(unreadable, findings); verdict != migrate.VerdictUnknown || route != migrate.RouteNone {
				t.Errorf("effects %06b: an unreadable %s is %s, %s", set, kind, verdict, route)
			}
		}
	}
}

// The findings' levels do not decide, and every rule leads somewhere.
func TestJudgeRules(t *testing.T) {
	for _, r := range append(slices.Clone(migrate.Rules), migrate.Unreadable) {
		verdict, route := migrate.Judge(&migrate.App{Kind: migrate.KindConnectedApp}, []migrate.Finding{{Rule: &r, Level: diag.Error}})
		i := slices.IndexFunc(effects, func(o outcome) bool { return o.effect == r.Effect })
		if i < 0 || verdict != effects[i].verdict || route != effects[i].route {
			t.Errorf("%s leads to %q, %q", r.ID, verdict, route)
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
