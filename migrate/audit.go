package migrate

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// A Report is what an audit found: the JSON contract. It changes only with
// SchemaVersion; "ecactl schema audit" prints its schema.
type Report struct {
	SchemaVersion int         `json:"schemaVersion"`
	Tool          Tool        `json:"tool"`
	GeneratedAt   time.Time   `json:"generatedAt"`
	Orgs          []Org       `json:"orgs"`
	Apps          []AppReport `json:"apps"`
	Summary       Summary     `json:"summary"`
}

// Tool says what made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Rules   string `json:"rules"`
}

// An Org is where apps were read from: an org, or a folder of files.
type Org struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	InstanceURL string   `json:"instanceUrl"`
	Type        string   `json:"type"` // "production", "sandbox", …; "source" for files
	APIVersion  string   `json:"apiVersion"`
	Sources     []Source `json:"sources"`
}

// A Source is one place that evidence comes from, and whether it was read.
type Source struct {
	Name  string      `json:"name"`
	State SourceState `json:"state"`
	Rows  int         `json:"rows"`
	Note  string      `json:"note"`
}

// A SourceState says whether a source was read.
type SourceState string

// The states of a source.
const (
	SourceOK          SourceState = "ok"
	SourceDenied      SourceState = "denied"
	SourceTruncated   SourceState = "truncated"
	SourceUnavailable SourceState = "unavailable"
)

// An AppReport is one app of a report.
type AppReport struct {
	Org      string          `json:"org"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Label    string          `json:"label"`
	File     string          `json:"file"`
	Verdict  Verdict         `json:"verdict"`
	Route    Route           `json:"route"`
	Due      *string         `json:"due"`      // YYYY-MM-DD; null if nothing is dated
	Activity *Activity       `json:"activity"` // null where only files were read
	Unknown  []string        `json:"unknown"`
	Findings []FindingReport `json:"findings"`
}

// Activity is how much an app is used.
type Activity struct {
	LastUsed *time.Time `json:"lastUsed"`
	Users    int        `json:"users"`
	Tokens   int        `json:"tokens"`
	Logins   int        `json:"logins"`
}

// A FindingReport is one finding of a report.
type FindingReport struct {
	Rule       string            `json:"rule"`
	Level      diag.Level        `json:"level"`
	Message    string            `json:"message"`
	Evidence   map[string]string `json:"evidence"`
	Fix        string            `json:"fix"`
	Due        *string           `json:"due"`
	Suppressed *string           `json:"suppressed"` // the reason, if it is; null if not
}

// Summary counts a report.
type Summary struct {
	Apps     int             `json:"apps"`
	Verdicts map[Verdict]int `json:"verdicts"`
	Levels   map[string]int  `json:"levels"`
}

// Options say how an audit is made.
type Options struct {
	Version string // of the program
	Now     time.Time
}

// Audit asks every rule about every app of an inventory. Apps are asked on
// every core; the report is in the inventory's order.
func Audit(inv *Inventory, o Options) *Report {
	r := &Report{
		SchemaVersion: 1,
		Tool:          Tool{"ecactl", o.Version, RulesVersion},
		GeneratedAt:   o.Now.UTC().Truncate(time.Second),
		Apps:          make([]AppReport, len(inv.Apps)),
	}
	const block = 32 // apps: one is too little work to hand to another core
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for start := 0; start < len(inv.Apps); start += block {
		g.Go(func() error {
			for i := start; i < min(start+block, len(inv.Apps)); i++ {
				r.Apps[i] = audit(inv.Apps[i], inv, o.Now)
			}
			return nil
		})
	}
	_ = g.Wait() // audit has no error to return
	r.Summary = summarize(r.Apps)
	return r
}

func audit(a *App, inv *Inventory, now time.Time) AppReport {
	var findings []Finding
	unknown := []string{} // a list in JSON, never null
	if a.Unreadable != nil {
		findings = append(findings, Finding{
			Rule: &Unreadable, Level: Unreadable.Level, Message: a.Unreadable.Message, Pos: a.Unreadable.Pos,
			Evidence: map[string]string{"file": a.Unreadable.Pos.String(), "code": a.Unreadable.Code},
		})
	}
	for i := range Rules {
		found, missing := Rules[i].ask(a, inv, now)
		findings = append(findings, found...)
		for _, m := range missing {
			if !slices.Contains(unknown, m) {
				unknown = append(unknown, m)
			}
		}
	}
	verdict, route := Judge(a, findings)
	if a.Kind == KindConnectedApp && verdict != VerdictMigrated && verdict != VerdictVendor {
		unknown = append(unknown, gaps(a)...)
	}
	slices.SortStableFunc(findings, func(x, y Finding) int { return cmp.Compare(x.Level, y.Level) })
	report := AppReport{
		Kind: a.Kind, Name: a.Name, Label: a.Label, File: a.File,
		Verdict: verdict, Route: route, Unknown: unknown, Findings: []FindingReport{},
	}
	for _, f := range findings {
		if f.Evidence == nil {
			f.Evidence = map[string]string{}
		}
		report.Findings = append(report.Findings, FindingReport{
			Rule: f.Rule.ID, Level: f.Level, Message: f.Message, Evidence: f.Evidence, Fix: f.Rule.Fix,
		})
	}
	return report
}

// gaps lists what files alone cannot tell of an app that has yet to move.
func gaps(a *App) []string {
	var list []string
	for _, g := range Gaps {
		if !g.OAuth || a.oauth() || a.parts == nil {
			list = append(list, g.What)
		}
	}
	return list
}

func summarize(apps []AppReport) Summary {
	s := Summary{Apps: len(apps), Verdicts: map[Verdict]int{}, Levels: map[string]int{}}
	for _, v := range Verdicts() {
		s.Verdicts[v] = 0
	}
	for _, l := range []diag.Level{diag.Error, diag.Warning, diag.Note} {
		s.Levels[l.String()] = 0
	}
	for _, a := range apps {
		s.Verdicts[a.Verdict]++
		for _, f := range a.Findings {
			s.Levels[f.Level.String()]++
		}
	}
	return s
}

// SourceFiles describes files as the place that evidence came from, and what
// they leave open.
func SourceFiles(name string, read *metadata.Collection) Org {
	count := func(typ string) int {
		n := 0
		for _, c := range read.Components {
			if c.Type == typ {
				n++
			}
		}
		return n
	}
	org := Org{Name: name, Type: "source", Sources: []Source{
		{Name: "ConnectedApp", State: SourceOK, Rows: count(metadata.TypeConnectedApp)},
		{Name: "ExternalClientApplication", State: SourceOK, Rows: count(metadata.TypeApp)},
	}}
	if n := len(read.Unreadable); n > 0 {
		org.Sources = append(org.Sources, Source{
			Name: "unreadable files", State: SourceDenied, Rows: n, Note: fmt.Sprintf("%d file(s) could not be read", n),
		})
	}
	for _, g := range Gaps {
		org.Sources = append(org.Sources, Source{Name: g.What, State: SourceUnavailable, Note: g.Why})
	}
	return org
}

// Worst returns the most severe level among findings that are not suppressed;
// ok is false if there are none.
func (r *Report) Worst() (worst diag.Level, ok bool) {
	worst = diag.Note
	for _, a := range r.Apps {
		for _, f := range a.Findings {
			if f.Suppressed == nil {
				ok, worst = true, min(worst, f.Level)
			}
		}
	}
	return worst, ok
}
