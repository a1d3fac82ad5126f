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
	Kinds     []string // kinds of app that it is asked of; nil: all
	Effect    Effect
	Benchmark string // the matching control of the Security Benchmark for Salesforce
	check     func(q *question)

	Bad  Example // nearly right
	Good Example // nearly wrong
}

// An Example is a small set of metadata files: names with their suffix, and
// what stands inside the root element.
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
	f := Finding{Rule: q.rule, Level: level, Message: fmt.Sprintf(format, args...), Pos: diag.Pos{File: q.File}}
	if fact != "" {
		f.Pos = q.place(fact)
		f.Evidence = map[string]string{"element": q.element(fact)}
	}
	if f.Pos.Line > 0 {
		if f.Evidence == nil {
			f.Evidence = map[string]string{}
		}
		f.Evidence["file"], f.Evidence["line"] = f.Pos.File, strconv.Itoa(f.Pos.Line)
	}
	q.findings = append(q.findings, f)
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

// ask asks one rule about one app.
func (r *Rule) ask(a *App, inv *Inventory, now time.Time) ([]Finding, []string) {
	if a.parts == nil || r.Kinds != nil && !slices.Contains(r.Kinds, a.Kind) {
		return nil, nil
	}
	q := &question{App: a, inventory: inv, rule: r, now: now}
	r.check(q)
	return q.findings, q.unknown
}

// A Gap is a question that files cannot answer, and which only an org can.
type Gap struct {
	ID    string // of the rule that asks it of an org
	What  string // as reports list it
	Why   string
	OAuth bool // asked of apps with OAuth alone
}

// Gaps are the questions about eligibility that files leave open.
var Gaps = []Gap{
	{ID: "CA-ELIG-005", What: "user provisioning", Why: "Whether user provisioning is on stands in UserProvisioningConfig, not in the app's file; it keeps the button away."},
	{ID: "CA-ELIG-008", What: "dynamic client registration", OAuth: true, Why: "No metadata says whether the app registers clients; it keeps the button away. The app's page in Setup shows it."},
	{ID: "CA-ELIG-009", What: "username-password use", OAuth: true, Why: "Only the login history tells which flows are used. External Client Apps do not have this one, and Connected Apps lose it on 20 February 2027."},
}

// Unreadable is the rule that an app whose file cannot be read breaks.
var Unreadable = Rule{
	ID: "CA-READ-001", Level: diag.Error, Title: "file that cannot be read",
	Why: "Nothing can be said of the app until its file is mended.", Source: "the file itself",
	Fix: "mend the file, or retrieve it again", Effect: ByHand,
}
