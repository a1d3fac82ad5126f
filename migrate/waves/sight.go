package waves

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/migrate"
)

// A Sight is what was seen of one app of a plan: in the org, and in the files
// beside the plan.
type Sight struct {
	Old      *migrate.AppReport // the Connected App; nil if the org does not have it
	New      *migrate.AppReport // its successor; nil if the org does not have it
	NewSince time.Time          // when the successor was made; zero if that was not read
	Whole    bool               // the org's list of apps was read, so that what is not in it is not there

	Open    bool     // the successor lets in every user
	Granted []string // permission sets and profiles that have the successor
	Policy  bool     // whether its policies were read

	Compared string  // why nothing was compared; "" if it was
	Drift    []Drift // what the successor has otherwise than the Connected App had

	Looked   bool    // whether there was a folder to look into
	Spec     bool    // the successor's spec is in it
	SpecDiff []Drift // what the org has otherwise than the spec says
	Backup   bool    // the Connected App's settings are in it
	Verified *Proof  // what verify found; nil if there is no result

	Uses bool // tokens and logins were read whole
}

// A Drift is one field that differs.
type Drift struct {
	Field string `json:"field"`
	Was   string `json:"was"` // of the Connected App, or of the spec
	Is    string `json:"is"`  // of the org now
}

// A Proof is the result of a verification.
type Proof struct {
	File   string
	Passed bool
	At     time.Time
	Why    string // what failed
}

// A State says whether a step is done.
type State string

// The states of a step.
const (
	Done    State = "done"
	Undone  State = "open"
	Unclear State = "unclear" // what would tell could not be read
	ByHand  State = "by hand" // no API tells
	Passed  State = "passed"  // by hand or unclear, and a later step is done
)

// signs evaluate what a step is recognised by.
var signs = map[string]func(q *look) (State, string){
	SignHand:      func(*look) (State, string) { return ByHand, "" },
	SignFixed:     (*look).fixed,
	SignBackup:    (*look).backup,
	SignSuccessor: (*look).successor,
	SignSpec:      (*look).spec,
	SignNoDrift:   (*look).noDrift,
	SignGranted:   (*look).granted,
	SignVerified:  (*look).verified,
	SignInUse:     (*look).inUse,
	SignSilent:    (*look).silent,
	SignGone:      (*look).gone,
}

// look is one step being looked at.
type look struct {
	*Sight
	app   *App
	step  *Step
	plan  *Plan
	now   time.Time
	plain bool // apart from its label the two apps cannot be told apart
}

func (q *look) fixed() (State, string) {
	if q.Old == nil {
		return Done, "the Connected App is gone"
	}
	for _, f := range q.Old.Findings {
		if f.Rule == q.step.Rule && f.Suppressed == nil {
			return Undone, f.Message
		}
	}
	rule := migrate.FindRule(q.step.Rule)
	if rule != nil && rule.Question != "" && slices.Contains(q.Old.Unknown, rule.Question) {
		return Unclear, rule.Question + " was not to be read"
	}
	return Done, ""
}

func (q *look) file(there bool, what string) (State, string) {
	switch {
	case there:
		return Done, ""
	case !q.Looked:
		return Unclear, "--dir names the folder to look into"
	}
	return Undone, what
}

func (q *look) backup() (State, string) { return q.file(q.Backup, "its settings are in no file") }

func (q *look) successor() (State, string) {
	switch {
	case q.New != nil:
		return Done, "since " + dateOr(q.NewSince, "a day that was not read")
	case !q.Whole:
		return Unclear, "the org's apps were not to be listed"
	}
	return Undone, ""
}

func (q *look) spec() (State, string) { return q.file(q.Spec, "there is no spec of it") }

func (q *look) noDrift() (State, string) {
	switch {
	case q.New == nil:
		return Undone, ""
	case q.Compared != "":
		return Unclear, q.Compared
	case len(q.Drift) > 0:
		return Undone, migrate.Plural(len(q.Drift), "field") + " differ from what the Connected App had"
	case len(q.SpecDiff) > 0:
		return Undone, migrate.Plural(len(q.SpecDiff), "field") + " differ from the spec"
	}
	return Done, ""
}

func (q *look) granted() (State, string) {
	switch {
	case q.New == nil:
		return Undone, ""
	case !q.Policy:
		return Unclear, "its policies were not handed out"
	case q.Open:
		return Done, "every user may approve it"
	case len(q.Granted) > 0:
		return Done, strings.Join(q.Granted, ", ")
	}
	return Undone, "granted to nobody: all logins are refused"
}

func (q *look) verified() (State, string) {
	switch p := q.Verified; {
	case !q.Looked:
		return Unclear, "--dir names the folder to look into"
	case p == nil:
		return Undone, ""
	case !p.Passed:
		return Undone, orElse(p.Why, "the verification failed")
	case !q.NewSince.IsZero() && p.At.Before(q.NewSince.Truncate(time.Second)):
		return Undone, "what was verified was an earlier app of the name"
	}
	return Done, "on " + q.Verified.At.UTC().Format(time.DateOnly)
}

func (q *look) inUse() (State, string) {
	if q.New == nil {
		return Undone, ""
	}
	last := lastUsed(q.New)
	switch {
	case q.plain && q.app.Route == migrate.RouteRecreate && q.Old != nil:
		return Unclear, "both apps have the same label, by which an org counts use"
	case !last.IsZero() && (q.NewSince.IsZero() || last.After(q.NewSince)):
		return Done, "last on " + last.UTC().Format(time.DateOnly)
	case !q.Uses:
		return Unclear, "tokens or logins were not to be read"
	}
	return Undone, "not used yet"
}

func (q *look) silent() (State, string) {
	if q.Old == nil {
		return q.gone()
	}
	quiet := time.Duration(q.plan.Settings.QuietDays) * day
	last := lastUsed(q.Old)
	switch {
	case q.plain && q.New != nil:
		return Unclear, "both apps have the same label, by which an org counts use"
	case !last.IsZero() && q.now.Sub(last) < quiet:
		return Undone, fmt.Sprintf("used last on %s; it has to be silent until %s", last.UTC().Format(time.DateOnly), last.Add(quiet).UTC().Format(time.DateOnly))
	case !q.Uses:
		return Unclear, "tokens or logins were not to be read"
	}
	return Done, "since " + dateOr(last, "before what was looked at")
}

func (q *look) gone() (State, string) {
	switch {
	case q.Old != nil:
		return Undone, ""
	case !q.Whole:
		return Unclear, "the org's apps were not to be listed"
	}
	return Done, ""
}

func lastUsed(a *migrate.AppReport) time.Time {
	if a.Activity == nil || a.Activity.LastUsed == nil {
		return time.Time{}
	}
	return *a.Activity.LastUsed
}

func dateOr(t time.Time, other string) string {
	if t.IsZero() {
		return other
	}
	return t.UTC().Format(time.DateOnly)
}
