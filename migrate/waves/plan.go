package waves

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// SchemaVersion is that of a plan as JSON; it changes with its meaning.
const SchemaVersion = 1

// MaxSize bounds a plan that is read, in bytes.
const MaxSize = 256 << 20

// A Plan is what is to be done, in which order, by whom. It holds no secret.
type Plan struct {
	SchemaVersion int          `json:"schemaVersion"`
	Tool          migrate.Tool `json:"tool"`
	MadeAt        time.Time    `json:"madeAt"`
	AuditedAt     time.Time    `json:"auditedAt"`
	Settings      Settings     `json:"settings"`
	Orgs          []Org        `json:"orgs"`
	Waves         []Wave       `json:"waves"`
	Left          []Left       `json:"left"`  // apps of the audit that are in no wave, and why
	Notes         []string     `json:"notes"` // what was decided that a reader would not expect
	Summary       Summary      `json:"summary"`
}

// Settings are what a plan was made with.
type Settings struct {
	Start      string `json:"start"`      // YYYY-MM-DD
	WaveDays   int    `json:"waveDays"`   // how long a wave lasts if no date presses
	MaxPerWave int    `json:"maxPerWave"` // apps
	QuietDays  int    `json:"quietDays"`  // for how long an old app has to be silent before it goes
	Specs      string `json:"specs"`      // the folder that commands write specs into
	File       string `json:"file"`       // what commands call the plan
}

// An Org is one that the plan is about.
type Org struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Alias       string `json:"alias,omitempty"`
	Type        string `json:"type"`
	InstanceURL string `json:"instanceUrl"`
	Specs       string `json:"specs"` // the folder of its specs
}

// A Wave is what moves together.
type Wave struct {
	Number int    `json:"number"`
	Stage  Stage  `json:"stage"`
	Begins string `json:"begins"` // YYYY-MM-DD
	Ends   string `json:"ends"`   // YYYY-MM-DD, that day included
	Why    string `json:"why"`    // what decided its length, a sentence
	Apps   []App  `json:"apps"`
}

// A Stage is a kind of org; sandboxes go first.
type Stage string

// The stages, in their order.
const (
	Sandbox    Stage = "sandbox"
	Production Stage = "production"
)

// An App is one app of a wave.
type App struct {
	Org       string            `json:"org"`
	Name      string            `json:"name"`
	Label     string            `json:"label"`
	ID        string            `json:"id,omitempty"`
	Setup     string            `json:"setup,omitempty"`
	Verdict   migrate.Verdict   `json:"verdict"`
	Route     migrate.Route     `json:"route"`
	Why       string            `json:"why"`
	Successor string            `json:"successor"` // API name of the External Client App; "" if there will be none
	NewLabel  string            `json:"newLabel"`  // its label: an org counts use by labels, so it differs from the old one's where both are there
	Due       *string           `json:"due"`       // YYYY-MM-DD
	Late      string            `json:"late"`      // why its wave does not end before the date; "" if it does
	Risk      Risk              `json:"risk"`
	RiskWhy   []string          `json:"riskWhy"`
	Activity  *migrate.Activity `json:"activity"`
	Scopes    []string          `json:"scopes"`
	Flows     []string          `json:"flows"`
	Contact   string            `json:"contact"`
	Unknown   []string          `json:"unknown"`
	Findings  []Known           `json:"findings"` // those that were not suppressed
	Related   []Relation        `json:"related"`
	Steps     []Step            `json:"steps"`
}

// Known is a finding that was there when the plan was made.
type Known struct {
	Rule  string     `json:"rule"`
	Level diag.Level `json:"level"`
}

// A Relation is another app that one client uses, or that has to go first.
type Relation struct {
	App      string `json:"app"`
	Org      string `json:"org"`
	Evidence string `json:"evidence"` // the kind: see Evidence
	Value    string `json:"value"`
	Why      string `json:"why"`   // a sentence
	Order    string `json:"order"` // "together", "before" or "after": when the other one moves
}

// Who does a step.
type Who string

// The roles of a migration.
const (
	Admin       Who = "admin"
	Engineer    Who = "release engineer"
	ClientOwner Who = "client owner"
	VendorOwner Who = "vendor"
)

// A Step is one thing to do, by one person.
type Step struct {
	ID       string   `json:"id"` // unique in its app, the same in every plan
	Title    string   `json:"title"`
	Who      Who      `json:"who"`
	Do       string   `json:"do"`
	Commands []string `json:"commands"`
	Link     string   `json:"link"`     // into Setup; "" if there is none
	Before   string   `json:"before"`   // what has to hold before; "" if nothing
	After    string   `json:"after"`    // how to see that it is done
	Rollback string   `json:"rollback"` // how to take it back; "" if there is nothing to be taken back
	Seen     string   `json:"seen"`     // by what status recognises it; see Signs
	Rule     string   `json:"rule,omitempty"`
}

// Left is an app that is in no wave.
type Left struct {
	Org     string          `json:"org"`
	Kind    string          `json:"kind"`
	Name    string          `json:"name"`
	Verdict migrate.Verdict `json:"verdict"`
	Route   migrate.Route   `json:"route"`
	Why     string          `json:"why"`
}

// Summary counts a plan.
type Summary struct {
	Waves  int                   `json:"waves"`
	Apps   int                   `json:"apps"`
	Steps  int                   `json:"steps"`
	Late   int                   `json:"late"`
	Left   int                   `json:"left"`
	Routes map[migrate.Route]int `json:"routes"`
}

// All iterates over the apps of a plan, wave by wave.
func (p *Plan) All() func(yield func(*Wave, *App) bool) {
	return func(yield func(*Wave, *App) bool) {
		for i := range p.Waves {
			for j := range p.Waves[i].Apps {
				if !yield(&p.Waves[i], &p.Waves[i].Apps[j]) {
					return
				}
			}
		}
	}
}

// Org finds an org of the plan by its id; nil if it is none of it.
func (p *Plan) Org(id string) *Org {
	for i := range p.Orgs {
		if p.Orgs[i].ID == id {
			return &p.Orgs[i]
		}
	}
	return nil
}

// Find finds an app of an org by its name; nil if the plan does not have it.
func (p *Plan) Find(org, name string) *App {
	for _, a := range p.All() {
		if a.Org == org && strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

// Encode writes a plan as JSON: the same plan, the same bytes.
func (p *Plan) Encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("writing the plan: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads what Encode wrote, and refuses what is of another version or cut
// off.
func Decode(file string, data []byte) (*Plan, error) {
	fail := func(format string, args ...any) error {
		return &diag.Problem{
			Pos: diag.Pos{File: file}, Code: "ECA751", Message: fmt.Sprintf(format, args...), Hint: "ecactl migrate plan AUDIT.json --out " + DefaultFile + " writes one",
		}
	}
	if len(data) > MaxSize {
		return nil, fail("the plan is larger than %d MB", MaxSize>>20)
	}
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	dec.DisallowUnknownFields()
	var p Plan
	if err := dec.Decode(&p); err != nil {
		return nil, fail("is no plan of a migration: %v", err)
	}
	switch {
	case dec.More():
		return nil, fail("is no plan of a migration: there is more behind it")
	case p.SchemaVersion != SchemaVersion:
		return nil, fail("the plan has schemaVersion %d, and this program reads %d", p.SchemaVersion, SchemaVersion)
	case p.Tool.Name != "ecactl" || p.Waves == nil || p.Orgs == nil:
		return nil, fail("is no plan of a migration")
	}
	for _, a := range p.All() {
		if what := a.strange(&p); what != "" {
			return nil, fail("the app %q %s", a.Name, what)
		}
	}
	return &p, nil
}

// strange says what a plan that somebody has edited has of an app that this
// program would not have written; "" if nothing.
func (a *App) strange(p *Plan) string {
	switch {
	case p.Org(a.Org) == nil:
		return "is of an org that the plan does not name"
	case !slices.Contains(migrate.Routes(), a.Route) || !slices.Contains(migrate.Verdicts(), a.Verdict):
		return fmt.Sprintf("has the route %q and the verdict %q", a.Route, a.Verdict)
	case a.Risk != Low && a.Risk != Medium && a.Risk != High:
		return fmt.Sprintf("has the risk %q", a.Risk)
	case a.Setup != link(a.Setup):
		return "has a link that leads nowhere into Setup"
	}
	for _, s := range a.Steps {
		switch {
		case !slices.Contains(Signs(), s.Seen):
			return fmt.Sprintf("has the step %q, which is seen by %q", s.ID, s.Seen)
		case !slices.Contains([]Who{Admin, Engineer, ClientOwner, VendorOwner}, s.Who):
			return fmt.Sprintf("has the step %q, which is done by %q", s.ID, s.Who)
		case s.Link != link(s.Link):
			return fmt.Sprintf("has the step %q with a link that leads nowhere into Setup", s.ID)
		}
	}
	return ""
}
