package migrate

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
)

// An Effect is what a finding means for an app's way.
type Effect int8

// The effects of rules, from none to the one that decides before all others.
const (
	NoEffect Effect = iota
	ByHand          // what decides it cannot be read: somebody has to look
	FixFirst        // stands in the way of the button until it is fixed
	Recreate        // stands in the way of the button for good
	Vendor          // the owner is elsewhere
	Migrated        // has been done
)

// A Rule is one question that is asked of every app. Rules are data: reports,
// explain and the documentation are made of the same list.
type Rule struct {
	ID        string // never used again, even after the rule is gone
	Level     diag.Level
	Title     string
	Why       string // why it matters
	Source    string // where that is known from
	Fix       string
	Kinds     []string // kinds of app that it is asked of; nil: both kinds of app, and not the org
	Effect    Effect
	Benchmark string // the matching control of the Security Benchmark for Salesforce
	Deadline  string // the id of the day on which it will fail; use then turns the level
	Unused    bool   // it finds apps that nobody uses

	Needs    []string // sources of an org without which it cannot say; nil: the app's own metadata
	Question string   // what is open then, a phrase; needed where Needs is
	Also     []string // sources of an org that it looks at beside the app's own metadata; without them a part is unknown
	NoFile   bool     // it is asked of apps whose metadata was not handed out too
	Fileless bool     // it is asked of apps alone of which only records tell
	OnFiles  bool     // it is asked of files alone: what it finds an org always has
	OAuth    bool     // it is asked of apps with OAuth alone, where their metadata is known
	check    func(q *question)

	Bad  Example // nearly right
	Good Example // nearly wrong
}

// An Example is a small set of metadata files: names with their suffix, and
// what stands inside the root element. A name that ends in ".json" is a source
// of an org, and what stands in it its records; such an example is an org.
type Example []ExampleFile

// An ExampleFile is one file of an example.
type ExampleFile struct{ Name, XML string }

// A Finding is a rule's answer about an app.
type Finding struct {
	Rule     *Rule
	Level    diag.Level
	Message  string
	Evidence map[string]string
	Pos      diag.Pos
}

// question is a rule being asked about one app.
type question struct {
	*App
	inventory *Inventory
	rule      *Rule
	now       time.Time
	findings  []Finding
	unknown   []string
}

// find answers yes. The fact is what the finding points at.
func (q *question) find(fact, format string, args ...any) {
	q.findAt(q.rule.Level, fact, format, args...)
}

func (q *question) findAt(level diag.Level, fact, format string, args ...any) {
	use := useUnknown
	if q.rule.Deadline != "" {
		use = q.intensity()
		level = turned(level, use)
	}
	f := Finding{Rule: q.rule, Level: level, Message: fmt.Sprintf(format, args...), Pos: diag.Pos{File: q.File}}
	if fact != "" {
		f.Pos = q.place(fact)
		f.Evidence = map[string]string{"element": q.element(fact)}
	}
	q.findings = append(q.findings, f)
	if h := q.header(); fact == "" && h != nil {
		q.note("element", h.Type) // about the app as a whole
		f.Pos = h.Root.Pos
	}
	q.point(f.Pos)
	if q.rule.Deadline != "" && q.inventory.evidence != nil {
		q.note("use", use.String())
	}
}

// point says where the last finding stands.
func (q *question) point(at diag.Pos) {
	if at.Line == 0 {
		return
	}
	q.findings[len(q.findings)-1].Pos = at
	q.note("file", at.File)
	q.note("line", strconv.Itoa(at.Line))
	q.note("column", strconv.Itoa(max(at.Col, 1)))
}

// turned lowers the level of what will stop by how much the app is used: a break
// of what nobody has used for long can wait.
func turned(level diag.Level, use intensity) diag.Level {
	switch use {
	case useQuiet:
		return min(level+1, diag.Note)
	case useDormant:
		return diag.Note
	}
	return level
}

// note adds evidence to the last finding.
func (q *question) note(key, value string) {
	last := &q.findings[len(q.findings)-1]
	if last.Evidence == nil {
		last.Evidence = map[string]string{}
	}
	last.Evidence[key] = value
}

// missing answers that the rule cannot say, and for want of what.
func (q *question) missing(what string) { q.unknown = append(q.unknown, what) }

// known returns a switch of an app with OAuth. One that was not read is missing.
func (q *question) known(fact, what string) Flag {
	f := q.flag(fact)
	if f == Unknown && q.oauth() {
		q.missing(what)
	}
	return f
}

// need tells whether the file that would hold a fact was read. One of an app
// with OAuth that was not is missing: a project may keep it elsewhere.
func (q *question) need(fact, what string) bool {
	typ, _, ok := q.path(fact)
	switch {
	case !ok:
		return false
	case q.parts[typ] == nil && q.oauth():
		q.missing(what)
	}
	return q.parts[typ] != nil
}

// ask asks one rule about one app. Where a source that it needs was not read, the
// answer is that it cannot say, unless what was read is enough to say yes.
func (r *Rule) ask(a *App, inv *Inventory, now time.Time) (found []Finding, missing []string) {
	if !r.isAsked(a) || r.OnFiles && inv.evidence != nil {
		return nil, nil
	}
	q := &question{App: a, inventory: inv, rule: r, now: now}
	whole := true
	for _, source := range r.Needs {
		switch {
		case inv.read(source):
		case inv.evidence != nil && inv.evidence.state(source) == SourceTruncated:
			whole = false
		default:
			return nil, []string{r.Question}
		}
	}
	r.check(q)
	if !whole && len(q.findings) == 0 {
		q.missing(r.Question)
	}
	return q.findings, q.unknown
}

// isAsked tells whether a rule is about an app of this kind.
func (r *Rule) isAsked(a *App) bool {
	switch {
	case a.Kind == KindOrg:
		return slices.Contains(r.Kinds, KindOrg)
	case r.Kinds != nil && !slices.Contains(r.Kinds, a.Kind):
		return false
	case a.parts == nil:
		return r.NoFile || r.Fileless && a.Unreadable == nil
	case r.Fileless:
		return false
	}
	return !r.OAuth || a.oauth()
}

// Unreadable is the rule that an app whose file cannot be read breaks.
var Unreadable = Rule{
	ID: "CA-READ-001", Level: diag.Error, Title: "file that cannot be read",
	Why: "Nothing can be said of the app until its file is mended.", Source: "the file itself",
	Fix: "mend the file, or retrieve it again", Effect: ByHand,
}
