package waves

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/migrate"
)

// A Status says where the apps of one org stand. It is derived of what was seen,
// every time; nothing of it is kept.
type Status struct {
	SchemaVersion int          `json:"schemaVersion"`
	Tool          migrate.Tool `json:"tool"`
	At            time.Time    `json:"at"`
	PlanMadeAt    time.Time    `json:"planMadeAt"`
	Org           Org          `json:"org"`
	Apps          []Standing   `json:"apps"`
	Unplanned     []Left       `json:"unplanned"` // apps of the org that the plan does not know
	Files         []string     `json:"files"`     // specs that were written
	Notes         []string     `json:"notes"`
	Summary       Phases       `json:"summary"`
}

// A Phase is where an app stands, in a word.
type Phase string

// The phases, in their order.
const (
	NotBegun Phase = "not begun"
	Begun    Phase = "begun"
	Moved    Phase = "moved" // the successor is there
	Proven   Phase = "proven"
	Finished Phase = "done"
)

// AllPhases lists them.
func AllPhases() []Phase { return []Phase{NotBegun, Begun, Moved, Proven, Finished} }

// Phases count apps by phase.
type Phases map[Phase]int

// A Standing is where one app stands.
type Standing struct {
	Name      string        `json:"name"`
	Label     string        `json:"label"`
	Route     migrate.Route `json:"route"`
	Wave      int           `json:"wave"`
	Ends      string        `json:"ends"` // when its wave does
	Due       *string       `json:"due"`
	Overdue   bool          `json:"overdue"` // its wave or its date is past, and it is not done
	Phase     Phase         `json:"phase"`
	Successor string        `json:"successor"`
	Next      *Step         `json:"next"` // null if nothing is left
	Why       string        `json:"why"`  // what keeps the next step open, if that is known
	Steps     []StepState   `json:"steps"`
	Changes   []string      `json:"changes"` // since the plan was made
	Drift     []Drift       `json:"drift"`
	SpecDrift []Drift       `json:"specDrift"`
}

// A StepState is a step and whether it is done.
type StepState struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Who   Who    `json:"who"`
	State State  `json:"state"`
	Note  string `json:"note"`
}

// Stand says where the apps of an org stand. now is the report of an audit of the
// org, and sights what was seen of each app, by name.
func Stand(p *Plan, org string, now *migrate.Report, sights map[string]*Sight, version string) *Status {
	s := &Status{
		SchemaVersion: SchemaVersion, Tool: migrate.Tool{Name: "ecactl", Version: version, Rules: now.Tool.Rules}, At: now.GeneratedAt.UTC(), PlanMadeAt: p.MadeAt,
		Org: *p.Org(org), Apps: []Standing{}, Unplanned: []Left{}, Files: []string{}, Notes: []string{}, Summary: Phases{},
	}
	for _, phase := range AllPhases() {
		s.Summary[phase] = 0
	}
	known := map[string]bool{}
	for _, l := range p.Left {
		if l.Org == org {
			known[l.Kind+"/"+strings.ToLower(l.Name)] = true
		}
	}
	for w, a := range p.All() {
		if a.Org != org {
			continue
		}
		known[migrate.KindConnectedApp+"/"+strings.ToLower(a.Name)] = true
		if a.Successor != "" {
			known[migrate.KindECA+"/"+strings.ToLower(a.Successor)] = true
		}
		sight := sights[a.Name]
		if sight == nil {
			sight = &Sight{}
		}
		stand := standing(p, w, a, sight, s.At)
		s.Apps = append(s.Apps, stand)
		s.Summary[stand.Phase]++
	}
	for i := range now.Apps {
		if a := &now.Apps[i]; a.Org == org && !known[a.Kind+"/"+strings.ToLower(a.Name)] {
			s.Unplanned = append(s.Unplanned, Left{a.Org, a.Kind, a.Name, a.Verdict, a.Route, a.Why})
		}
	}
	slices.SortStableFunc(s.Unplanned, func(a, b Left) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return s
}

func standing(p *Plan, w *Wave, a *App, sight *Sight, now time.Time) Standing {
	s := Standing{
		Name: a.Name, Label: a.Label, Route: a.Route, Wave: w.Number, Ends: w.Ends, Due: a.Due, Successor: a.Successor, Steps: []StepState{},
		Changes: changes(a, sight), Drift: nonNilDrift(sight.Drift), SpecDrift: nonNilDrift(sight.SpecDiff),
	}
	plain := sight.Old != nil && sight.New != nil && strings.EqualFold(sight.Old.Label, sight.New.Label)
	for i := range a.Steps {
		q := &look{Sight: sight, app: a, step: &a.Steps[i], plan: p, now: now, plain: plain}
		state, note := signs[a.Steps[i].Seen](q)
		s.Steps = append(s.Steps, StepState{a.Steps[i].ID, a.Steps[i].Title, a.Steps[i].Who, state, note})
	}
	pass(s.Steps)
	for i, step := range s.Steps {
		if step.State == Undone || step.State == ByHand || step.State == Unclear {
			s.Next, s.Why = &a.Steps[i], step.Note
			break
		}
	}
	s.Phase = phaseOf(a, s.Steps)
	today := now.UTC().Format(time.DateOnly)
	s.Overdue = s.Phase != Finished && (w.Ends < today || a.Due != nil && *a.Due <= today)
	return s
}

// pass takes what nobody can see for done, where a later step is that comes of it.
func pass(steps []StepState) {
	last := -1
	for i, s := range steps {
		if s.State == Done && !strings.HasPrefix(s.ID, "fix-") && !strings.HasPrefix(s.ID, "mend-") && s.ID != "backup" && s.ID != "silent" {
			last = i
		}
	}
	for i := range steps[:last+1] {
		if steps[i].State == ByHand || steps[i].State == Unclear {
			steps[i].State = Passed
		}
	}
}

// milestones are the steps that an app's phase is read from.
var milestones = map[Phase][]string{
	Moved:  {"press", "deploy"},
	Proven: {"verify"},
}

func phaseOf(a *App, steps []StepState) Phase {
	done := func(ids ...string) bool {
		return slices.ContainsFunc(steps, func(s StepState) bool { return s.State == Done && slices.Contains(ids, s.ID) })
	}
	ending := map[migrate.Route][]string{
		migrate.RouteButton: {"watch"}, migrate.RouteRecreate: {"retire"}, migrate.RouteVendor: {"block"}, migrate.RouteRetire: {"retire", "uninstall"},
	}[a.Route]
	switch {
	case done(ending...) && (a.Route != migrate.RouteButton || done("press")):
		return Finished
	case done(milestones[Proven]...) && done(milestones[Moved]...):
		return Proven
	case done(milestones[Moved]...):
		return Moved
	case slices.ContainsFunc(steps, func(s StepState) bool {
		return s.State == Done && s.ID != "silent" && !strings.HasPrefix(s.ID, "mend-")
	}):
		return Begun
	}
	return NotBegun
}

// changes says what is otherwise than the plan knew it.
func changes(a *App, s *Sight) []string {
	list := []string{}
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if s.Old == nil {
		if s.Whole {
			add("the org no longer has the Connected App")
		}
		return list
	}
	moved := s.New != nil && s.Old.Verdict == migrate.VerdictMigrated // as it was meant to
	if s.Old.Verdict != a.Verdict && !moved {
		add("verdict: %s -> %s", a.Verdict, s.Old.Verdict)
	}
	if s.Old.Route != a.Route && !moved {
		add("route: %s -> %s: %s; make the plan again", a.Route, s.Old.Route, s.Old.Why)
	}
	was, is := map[string]bool{}, map[string]bool{}
	for _, f := range a.Findings {
		was[f.Rule] = true
	}
	for _, f := range s.Old.Findings {
		if f.Suppressed != nil || is[f.Rule] {
			continue
		}
		is[f.Rule] = true
		if !was[f.Rule] && !(moved && expected(f.Rule)) {
			add("new: %s %s", f.Rule, f.Message)
		}
	}
	gone := map[string]bool{}
	for _, f := range a.Findings {
		if !is[f.Rule] && !gone[f.Rule] && !(moved && expected(f.Rule)) {
			gone[f.Rule] = true
			add("gone: %s", f.Rule)
		}
	}
	return append(list, usage(a.Activity, s.Old.Activity)...)
}

// expected tells findings that come and go with an app's move.
func expected(id string) bool {
	r := migrate.FindRule(id)
	return r != nil && (r.Effect == migrate.Migrated || r.Deadline == "connected-app-support")
}

func usage(was, is *migrate.Activity) []string {
	if was == nil || is == nil {
		return nil
	}
	var list []string
	if was.Users != is.Users {
		list = append(list, fmt.Sprintf("users: %d -> %d", was.Users, is.Users))
	}
	if is.LastUsed != nil && (was.LastUsed == nil || is.LastUsed.After(*was.LastUsed)) {
		list = append(list, "used since, last on "+is.LastUsed.UTC().Format(time.DateOnly))
	}
	return list
}

func nonNilDrift(list []Drift) []Drift {
	if list == nil {
		return []Drift{}
	}
	return list
}
