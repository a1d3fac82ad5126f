package cli_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

// commandOf finds a command of a step of an app's runbook.
func commandOf(t *testing.T, a *waves.App, step string, n int) string {
	t.Helper()
	i := slices.IndexFunc(a.Steps, func(s waves.Step) bool { return s.ID == step })
	if i < 0 || n >= len(a.Steps[i].Commands) {
		t.Fatalf("%s has no step %s with %d commands", a.Name, step, n+1)
	}
	return strings.TrimPrefix(a.Steps[i].Commands[n], "ecactl ")
}

// follow runs a command of a runbook in the folder of the journey.
func (j *journey) follow(want int, a *waves.App, step string, n int) string {
	j.t.Helper()
	line := commandOf(j.t, a, step, n)
	var args []string
	for len(line) > 0 { // as a shell would take it apart
		line = strings.TrimLeft(line, " ")
		if rest, ok := strings.CutPrefix(line, "'"); ok {
			word, after, _ := strings.Cut(rest, "'")
			args, line = append(args, word), after
			continue
		}
		word, after, _ := strings.Cut(line, " ")
		args, line = append(args, word), after
	}
	for i, arg := range args { // the program of a test has no folder of its own
		if strings.HasPrefix(arg, "specs") || arg == "m.json" || strings.HasPrefix(arg, "json=specs") {
			prefix, name, ok := strings.Cut(arg, "=")
			if !ok {
				prefix, name = "", arg
			}
			args[i] = strings.TrimPrefix(prefix+"="+j.path(name), "=")
		}
	}
	out, _ := j.must(want, args...)
	return out
}

// The whole way of an org with apps of every verdict, by the runbooks' own
// commands: plan, fixes, button and re-creation, proof, and the end of the old.
func TestMigrationJourney(t *testing.T) {
	if raced {
		t.Skip("a long way, one command after the other: nothing in it races that does not elsewhere")
	}
	j := newJourney(t, journeySize)
	if err := j.org.Add("PermissionSetAssignment", map[string]any{"AssigneeId": "0055gU000000001", "PermissionSetId": "0PS5g0000000011"}); err != nil {
		t.Fatal(err)
	}
	j.must(0, "migrate", "plan", "--out", j.path("m.json"), "--max-per-wave", "12")
	p := j.plan()
	p.Settings.File = "m.json"
	for _, s := range j.status().Apps {
		if s.Phase != waves.NotBegun && s.Phase != waves.Begun {
			t.Errorf("%s is %s before anything was done", s.Name, s.Phase)
		}
	}
	routes := map[migrate.Route][]*waves.App{}
	verdicts := map[migrate.Verdict]int{}
	for _, a := range p.All() {
		routes[a.Route] = append(routes[a.Route], a)
		verdicts[a.Verdict]++
		for _, s := range a.Steps {
			if strings.HasPrefix(s.ID, "fix-") {
				j.fix(a, s.Rule)
			}
		}
	}
	for _, v := range []migrate.Verdict{migrate.VerdictEligible, migrate.VerdictFixFirst, migrate.VerdictVendor, migrate.VerdictUnknown} {
		if verdicts[v] == 0 {
			t.Errorf("no app is %s", v)
		}
	}
	j.finished.Store(true)
	j.pressAll(routes[migrate.RouteButton])
	j.recreateAll(routes[migrate.RouteRecreate])
	j.retireAll(routes[migrate.RouteRetire])
	for _, a := range routes[migrate.RouteVendor] {
		j.org.Remove(metadata.TypeConnectedApp, a.Name) // uninstalled in Setup
	}
	last := j.status()
	for _, s := range last.Apps {
		if use := p.Find(j.org.OrgID(), s.Name).Activity; s.Route == migrate.RouteButton && use.Tokens+use.Logins == 0 {
			if s.Phase != waves.Moved { // nobody uses it, so nobody can be seen to
				t.Errorf("%s ends as %s", s.Name, s.Phase)
			}
			continue
		}
		if s.Phase != waves.Finished && (s.Route != migrate.RouteVendor || j.org.Component(metadata.TypeConnectedApp, s.Name) != nil) {
			t.Errorf("%s (%s) ends as %s: %v", s.Name, s.Route, s.Phase, s.Steps)
		}
		if len(s.Drift)+len(s.SpecDrift) > 0 {
			t.Errorf("%s has drifted: %v %v", s.Name, s.Drift, s.SpecDrift)
		}
	}
	t.Logf("%d apps: verdicts %v, routes %v", p.Summary.Apps, verdicts, p.Summary.Routes)
}

// pressAll is what an admin and status do for the apps of the button.
func (j *journey) pressAll(apps []*waves.App) {
	j.t.Helper()
	before := j.status()
	for _, a := range apps {
		s := standing(j.t, before, a.Name)
		for _, step := range s.Steps {
			if strings.HasPrefix(step.ID, "fix-") && step.State != waves.Done {
				j.t.Errorf("%s: %s is %s after it was fixed: %s", a.Name, step.ID, step.State, step.Note)
			}
		}
	}
	j.follow(0, apps[0], "backup", 0)
	for _, a := range apps {
		press(j.t, j.org, a.Name)
	}
	after := j.status()
	if len(after.Files) != len(apps) {
		j.t.Errorf("%d specs were written for %d new apps", len(after.Files), len(apps))
	}
	for _, a := range apps {
		if s := standing(j.t, after, a.Name); s.Phase != waves.Moved || !slices.ContainsFunc(s.Steps, func(x waves.StepState) bool { return x.ID == "import" && x.State == waves.Done }) {
			j.t.Errorf("%s is %s, and its steps are %v", a.Name, s.Phase, s.Steps)
		}
		if err := j.org.Date(metadata.TypeApp, a.Name, time.Now().AddDate(0, 0, -60), time.Time{}); err != nil {
			j.t.Fatal(err)
		}
	}
	out := j.follow(0, apps[0], "compare", 1) // the plan of its spec is empty
	if !strings.Contains(out, "No changes") {
		j.t.Errorf("the plan of an imported spec:\n%s", out)
	}
}

// recreateAll goes the long way: no old app goes before the new one is proven.
func (j *journey) recreateAll(apps []*waves.App) {
	j.t.Helper()
	for n, a := range apps {
		j.follow(0, a, "backup", 0)
		j.follow(0, a, "convert", 0)
		retire := func(want int, why string) {
			j.t.Helper()
			if want != 0 && n > 0 {
				return // one app is enough to be refused
			}
			_, errOut := j.must(want, "migrate", "retire", a.Name, "--plan", j.path("m.json"), "--dir", j.path("specs"), "--yes")
			if !strings.Contains(errOut, why) || want != 0 && j.org.Component(metadata.TypeConnectedApp, a.Name) == nil {
				j.t.Errorf("retiring %s: %s", a.Name, errOut)
			}
		}
		retire(1, "does not have "+a.Successor)
		j.follow(0, a, "deploy", 0)
		retire(1, "prove that it works is open")
		j.verify(a)
		retire(0, "")
		if j.org.Component(metadata.TypeApp, a.Successor) == nil || j.org.Component(metadata.TypeConnectedApp, a.Name) != nil {
			j.t.Errorf("%s did not give way to %s", a.Name, a.Successor)
		}
	}
}

// verify proves a new app by the runbook's command.
func (j *journey) verify(a *waves.App) {
	j.t.Helper()
	j.follow(0, a, "verify", 0)
	if !j.isFile("specs/verified/" + a.Successor + ".json") {
		j.t.Errorf("%s has no proof", a.Successor)
	}
}

func (j *journey) retireAll(apps []*waves.App) {
	j.t.Helper()
	for _, a := range apps {
		if a.Verdict == migrate.VerdictVendor {
			j.must(1, "migrate", "retire", a.Name, "--plan", j.path("m.json"), "--dir", j.path("specs"), "--yes")
			j.org.Remove(metadata.TypeConnectedApp, a.Name)
			continue
		}
		j.must(0, "migrate", "retire", a.Name, "--plan", j.path("m.json"), "--dir", j.path("specs"), "--yes")
		if !j.isFile("specs/before/connectedApps/" + a.Name + ".connectedApp") {
			j.t.Errorf("the settings of %s are nowhere", a.Name)
		}
	}
}
