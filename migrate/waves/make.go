package waves

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// Options say how a plan is made. Zero values are the defaults.
type Options struct {
	Now        time.Time
	Version    string    // of the program
	Start      time.Time // of the first wave; the zero time is today
	WaveDays   int
	MaxPerWave int
	QuietDays  int
	Specs      string // the folder of specs that commands name
	File       string // what commands call the plan
}

// The defaults.
const (
	DefaultWaveDays   = 14
	DefaultMaxPerWave = 20
	DefaultQuietDays  = 30
	DefaultSpecs      = "specs"
	DefaultFile       = "migration.json"
)

// successorSuffix is what the name of a re-created app ends in. Two apps of one
// org cannot share a name while both are there, and the old one stays until the
// new one is proven.
const successorSuffix = "_ECA"

// Make makes a plan of a report. Every app of the report is in a wave or left
// out with the reason.
func Make(r *migrate.Report, o Options) (*Plan, error) {
	o = o.filled()
	p := &Plan{
		SchemaVersion: SchemaVersion, Tool: migrate.Tool{Name: "ecactl", Version: o.Version, Rules: r.Tool.Rules},
		MadeAt: o.Now.UTC().Truncate(time.Second), AuditedAt: r.GeneratedAt.UTC(),
		Settings: Settings{o.Start.Format(time.DateOnly), o.WaveDays, o.MaxPerWave, o.QuietDays, o.Specs, o.File},
		Orgs:     []Org{}, Waves: []Wave{}, Left: []Left{}, Notes: []string{},
	}
	m := &maker{plan: p, options: o, report: r, stages: map[string]Stage{}}
	m.orgs()
	m.sort()
	if err := m.checkNames(); err != nil {
		return nil, err
	}
	found, notes := ties(m.apps)
	p.Notes = append(p.Notes, notes...)
	m.ties = found
	stages := map[Stage][]order{}
	for _, members := range clusters(len(m.apps), found) {
		stage := m.stages[m.apps[members[0]].Org]
		stages[stage] = append(stages[stage], orderOf(members, m.apps))
	}
	list := batches(stages, o.MaxPerWave)
	date(list, m.apps, o.Start, o.WaveDays)
	m.waves(list)
	p.count()
	return p, nil
}

func (o Options) filled() Options {
	o.WaveDays = cmp.Or(o.WaveDays, DefaultWaveDays)
	o.MaxPerWave = cmp.Or(o.MaxPerWave, DefaultMaxPerWave)
	if o.QuietDays < 0 {
		o.QuietDays = 0
	} else {
		o.QuietDays = cmp.Or(o.QuietDays, DefaultQuietDays)
	}
	o.Specs, o.File = cmp.Or(o.Specs, DefaultSpecs), cmp.Or(o.File, DefaultFile)
	if o.Start.IsZero() {
		o.Start = o.Now
	}
	o.Start = o.Start.UTC().Truncate(day)
	return o
}

type maker struct {
	plan    *Plan
	options Options
	report  *migrate.Report
	stages  map[string]Stage // by org
	apps    []*migrate.AppReport
	ties    []tie
}

// orgs lists the orgs, sandboxes first, and gives each a folder for its specs.
func (m *maker) orgs() {
	audited := slices.Clone(m.report.Orgs)
	slices.SortStableFunc(audited, func(a, b migrate.Org) int {
		return cmp.Or(-cmp.Compare(stageOf(a.Type), stageOf(b.Type)), cmp.Compare(a.Title(), b.Title()))
	})
	taken := map[string]bool{}
	for _, o := range audited {
		if o.Error != "" {
			m.plan.Notes = append(m.plan.Notes, fmt.Sprintf("the org %s could not be audited, and none of its apps is in the plan: %s", o.Title(), o.Error))
			continue
		}
		if o.Type == "source" {
			m.plan.Notes = append(m.plan.Notes, "the audit read files: who uses an app, and much of what decides about it, was not to be seen; a plan from an org says more")
		}
		for _, s := range o.Sources {
			if o.Type != "source" && s.State != migrate.SourceOK {
				m.plan.Notes = append(m.plan.Notes, fmt.Sprintf("%s: %s was not read whole (%s), so the plan rests on less", o.Title(), s.Name, s.State))
			}
		}
		m.stages[o.ID] = stageOf(o.Type)
		specs := m.options.Specs
		if len(audited) > 1 {
			specs += "/" + folder(o.Title(), taken)
		}
		m.plan.Orgs = append(m.plan.Orgs, Org{o.ID, o.Name, o.Alias, o.Type, o.InstanceURL, specs})
	}
}

// folder makes a name of a folder of an org's title.
func folder(title string, taken map[string]bool) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)) {
			return r
		}
		return '_'
	}, title), ".")
	name = cmp.Or(name, "org")
	for base, n := name, 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// unplanned says why apps of a route are in no wave.
var unplanned = map[migrate.Route]string{
	migrate.RouteDone: "nothing is left to be done",
	migrate.RouteNone: "its way is not known yet: read it again, then audit again",
}

// sort divides the apps of the report into those that move and those that do not.
func (m *maker) sort() {
	for i := range m.report.Apps {
		a := &m.report.Apps[i]
		why, left := unplanned[a.Route]
		if m.plan.Org(a.Org) == nil {
			why, left = "its org could not be audited", true
		}
		if left {
			m.plan.Left = append(m.plan.Left, Left{a.Org, a.Kind, a.Name, a.Verdict, a.Route, why + ". " + a.Why})
			continue
		}
		m.apps = append(m.apps, a)
	}
	slices.SortStableFunc(m.apps, func(a, b *migrate.AppReport) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(m.plan.Left, func(a, b Left) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
}

// checkNames refuses a report with two apps of one name in one org: they could
// not be told apart afterwards.
func (m *maker) checkNames() error {
	for i := 1; i < len(m.apps); i++ {
		if a, b := m.apps[i-1], m.apps[i]; a.Org == b.Org && strings.EqualFold(a.Name, b.Name) {
			return &diag.Problem{
				Code: "ECA752", Message: fmt.Sprintf("the report has two apps %s of one org", a.Name),
				Hint: "audit the org again, or take one of the two files away",
			}
		}
	}
	return nil
}

// waves fills the plan.
func (m *maker) waves(list []*batch) {
	wave := map[int]int{} // of each app
	for n, b := range list {
		for _, i := range b.apps {
			wave[i] = n + 1
		}
	}
	for n, b := range list {
		w := Wave{Number: n + 1, Stage: b.stage, Begins: b.begin.Format(time.DateOnly), Ends: b.end.Format(time.DateOnly), Why: b.why, Apps: []App{}}
		m.plan.Waves = append(m.plan.Waves, w)
		for _, i := range b.apps {
			a := m.app(i, b, wave)
			m.plan.Waves[n].Apps = append(m.plan.Waves[n].Apps, a)
		}
	}
}

func (m *maker) app(i int, b *batch, wave map[int]int) App {
	r := m.apps[i]
	a := App{
		Org: r.Org, Name: r.Name, Label: r.Label, ID: r.ID, Setup: link(r.Setup), Verdict: r.Verdict, Route: r.Route, Why: r.Why,
		Due: r.Due, Late: late(b, r.Due, m.plan.MadeAt), Activity: r.Activity, Scopes: nonNil(r.Scopes), Flows: nonNil(r.Flows), Unknown: nonNil(r.Unknown),
		Findings: []Known{}, Related: m.related(i, wave),
	}
	a.Risk, a.RiskWhy = riskOf(r)
	if r.Ties != nil {
		a.Contact = r.Ties.Contact
	}
	switch r.Route {
	case migrate.RouteButton:
		a.Successor, a.NewLabel = r.Name, r.Label
	case migrate.RouteRecreate:
		a.Successor = m.successor(r)
		a.NewLabel = newLabel(named(&a))
	}
	for _, f := range r.Findings {
		if f.Suppressed == nil && !slices.Contains(a.Findings, Known{f.Rule, f.Level}) {
			a.Findings = append(a.Findings, Known{f.Rule, f.Level})
		}
	}
	a.Steps = runbook(&a, r, m.plan)
	return a
}

// successor names the app that takes a re-created one's place. An External Client
// App of that name is the one: a plan that is made again finds it.
func (m *maker) successor(r *migrate.AppReport) string {
	const most = 80 // characters of an API name
	base := metadata.BareName(r.Name)
	base = strings.TrimRight(base[:min(len(base), most-len(successorSuffix))], "_")
	name := base + successorSuffix
	for n := 2; m.taken(r.Org, name); n++ {
		name = fmt.Sprintf("%s%s%d", base[:min(len(base), most-len(successorSuffix)-3)], successorSuffix, n)
	}
	return name
}

func (m *maker) taken(org, name string) bool {
	return slices.ContainsFunc(m.report.Apps, func(a migrate.AppReport) bool {
		return a.Org == org && a.Kind == migrate.KindConnectedApp && strings.EqualFold(a.Name, name)
	})
}

// newLabel makes the label of an app that stands beside its predecessor.
func newLabel(label string) string {
	const most, suffix = 80, " ECA" // characters of a label
	runes := []rune(label)
	return strings.TrimSpace(string(runes[:min(len(runes), most-len(suffix))])) + suffix
}

// related lists the apps that an app is tied to, and the same app in sandboxes.
func (m *maker) related(i int, wave map[int]int) []Relation {
	list := []Relation{}
	for _, t := range m.ties {
		other := t.a
		if t.a == i {
			other = t.b
		} else if t.b != i {
			continue
		}
		order := "together"
		if wave[other] < wave[i] {
			order = "before"
		} else if wave[other] > wave[i] {
			order = "after"
		}
		list = append(list, Relation{m.apps[other].Name, m.apps[other].Org, t.evidence.ID, t.value, fmt.Sprintf(t.evidence.Says, t.value), order})
	}
	if m.stages[m.apps[i].Org] == Production {
		for j, a := range m.apps {
			if strings.EqualFold(a.Name, m.apps[i].Name) && m.stages[a.Org] == Sandbox {
				list = append(list, Relation{a.Name, a.Org, "sandbox", m.plan.Org(a.Org).title(), "The same app moves in the sandbox " + m.plan.Org(a.Org).title() + " first.", map[bool]string{true: "before", false: "together"}[wave[j] < wave[i]]})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Relation) int { return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.App, b.App)) })
	return list
}

func (o *Org) title() string { return cmp.Or(o.Alias, o.Name, o.InstanceURL, o.ID) }

// Title is what a person calls an org.
func (o *Org) Title() string { return o.title() }

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (p *Plan) count() {
	p.Summary = Summary{Waves: len(p.Waves), Left: len(p.Left), Routes: map[migrate.Route]int{}}
	for _, r := range migrate.Routes() {
		p.Summary.Routes[r] = 0
	}
	for _, l := range p.Left {
		p.Summary.Routes[l.Route]++
	}
	for _, a := range p.All() {
		p.Summary.Apps++
		p.Summary.Steps += len(a.Steps)
		p.Summary.Routes[a.Route]++
		if a.Late != "" {
			p.Summary.Late++
		}
	}
}
