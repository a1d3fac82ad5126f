package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// A taskGroup is the part of a checklist that goes one way.
type taskGroup struct {
	Title string
	Tasks []*task
}

// A task is what is to be done about one app, in one org or in several.
type task struct {
	ID, Name, Orgs string
	Due            day
	Steps          []taskStep
	Apps           string // their numbers, for the filter

	orgs, apps []string
}

// A taskStep is one thing to do, with the rule that asks for it.
type taskStep struct{ Text, Rule string }

// taskKinds are the groups of a checklist, in its order, with the steps that every
// app of a group ends with.
var taskKinds = []struct {
	title    string
	verdicts []migrate.Verdict // nil: any
	route    migrate.Route
	steps    []string
}{
	{"Fix, then press the button", []migrate.Verdict{migrate.VerdictFixFirst}, migrate.RouteButton, []string{pressButton, testLogin}},
	{"Make anew", nil, migrate.RouteRecreate, []string{
		"Make an External Client App with the same settings: ecactl convert writes its spec", "Give its new consumer key and secret to whoever runs the client", "Let users approve it, or approve it for them",
		testLogin, "Delete the Connected App once nobody logs in by it",
	}},
	{"Press the button", []migrate.Verdict{migrate.VerdictEligible}, migrate.RouteButton, []string{pressButton, testLogin}},
	{"Look, then decide", []migrate.Verdict{migrate.VerdictUnknown}, migrate.RouteButton, []string{"If nothing stands in the way: " + lowerFirst(pressButton), testLogin}},
	{"Ask the vendor", nil, migrate.RouteVendor, []string{"Write down what the vendor says, and by when it moves"}},
	{"Retire", nil, migrate.RouteRetire, []string{"Ask its owner whether it can go", "Block it for a while", "Delete it once nobody has missed it"}},
	{"Find out", nil, migrate.RouteNone, []string{"Read its settings, or ask who owns it, then audit again"}},
	{"Moved already: what is left to be made safe", nil, migrate.RouteDone, nil},
}

const (
	pressButton = "Press Migrate to External Client App on the app's page in Setup"
	testLogin   = "Test a login by every client"
)

// checklist says what is to be done, app by app. The same work in several orgs is
// one task.
func (b *builder) checklist() []*taskGroup {
	groups := make([]*taskGroup, len(taskKinds))
	same := map[string]*task{}
	for _, v := range b.apps {
		i := kindOf(v.report)
		if i < 0 {
			continue
		}
		steps := stepsOf(v, taskKinds[i].route, taskKinds[i].steps)
		if len(steps) == 0 {
			continue
		}
		if groups[i] == nil {
			groups[i] = &taskGroup{Title: taskKinds[i].title}
		}
		key := fmt.Sprintf("%d\x1f%s\x1f%s\x1f%s\x1f%q", i, v.Kind, strings.ToLower(v.Name), v.Due.Day, steps)
		t := same[key]
		if t == nil {
			t = &task{ID: v.ID, Name: v.Label, Due: v.Due, Steps: steps}
			same[key] = t
			groups[i].Tasks = append(groups[i].Tasks, t)
		}
		t.orgs, t.apps = append(t.orgs, v.Org), append(t.apps, fmt.Sprint(v.N))
	}
	groups = slices.DeleteFunc(groups, func(g *taskGroup) bool { return g == nil })
	for _, g := range groups {
		for _, t := range g.Tasks {
			t.Apps = strings.Join(t.apps, " ")
			if len(b.r.Orgs) > 1 {
				t.Orgs = taskOrgs(t.orgs)
			}
		}
	}
	return groups
}

// taskOrgs names the orgs in which a task is to be done, as long as they are few.
func taskOrgs(orgs []string) string {
	if len(orgs) <= 5 {
		return "in " + strings.Join(orgs, ", ")
	}
	return fmt.Sprintf("in %d orgs: %s and %d more", len(orgs), strings.Join(orgs[:4], ", "), len(orgs)-4)
}

func kindOf(a *migrate.AppReport) int {
	for i, k := range taskKinds {
		if a.Route == k.route && (k.verdicts == nil || slices.Contains(k.verdicts, a.Verdict)) {
			return i
		}
	}
	return -1
}

// stepsOf are the fixes that an app's way asks for, and the way itself. An app that
// is retired needs no fixes.
func stepsOf(v *appView, route migrate.Route, way []string) []taskStep {
	var steps []taskStep
	if route == migrate.RouteRetire {
		return appendWay(steps, way)
	}
	warnings := 0
	for i := range v.report.Findings {
		f := &v.report.Findings[i]
		if f.Suppressed != nil || f.Fix == "" {
			continue
		}
		if !pressing(f) {
			if f.Level == diag.Warning {
				warnings++
			}
			continue
		}
		if step := (taskStep{upperFirst(Plain(f.Fix)), Plain(f.Rule)}); !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	steps = appendWay(steps, way)
	if warnings > 0 {
		steps = append(steps, taskStep{Text: "See to its " + migrate.Plural(warnings, "warning") + " below"})
	}
	return steps
}

func appendWay(steps []taskStep, way []string) []taskStep {
	for _, text := range way {
		steps = append(steps, taskStep{Text: text})
	}
	return steps
}

// pressing tells whether a finding is work by itself: it is an error, it has a
// day, or the app's way depends on it.
func pressing(f *migrate.FindingReport) bool {
	if f.Level == diag.Error || f.Due != nil && f.Level != diag.Note {
		return true
	}
	rule := migrate.FindRule(f.Rule)
	return rule != nil && rule.Effect != migrate.NoEffect && rule.Effect != migrate.Migrated
}
