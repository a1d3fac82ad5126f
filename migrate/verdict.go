package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// A Verdict says where an app stands.
type Verdict string

// The verdicts, the best first.
const (
	VerdictEligible Verdict = "eligible"  // Setup's button takes it now
	VerdictFixFirst Verdict = "fix-first" // after the named fixes
	VerdictVendor   Verdict = "vendor"    // the owner is elsewhere
	VerdictMigrated Verdict = "migrated"
	VerdictUnknown  Verdict = "unknown" // what decides it could not be read
)

// Verdicts lists the verdicts in the order of reports.
func Verdicts() []Verdict {
	return []Verdict{VerdictEligible, VerdictFixFirst, VerdictVendor, VerdictMigrated, VerdictUnknown}
}

// A Route says how an app gets there.
type Route string

// The routes.
const (
	RouteButton   Route = "button"   // keeps consumer key, secret and sessions
	RouteRecreate Route = "recreate" // a new app from metadata, with a new key
	RouteVendor   Route = "vendor"
	RouteRetire   Route = "retire" // nobody uses it
	RouteDone     Route = "done"
	RouteNone     Route = "none"
)

// Routes lists the routes in the order of reports.
func Routes() []Route {
	return []Route{RouteButton, RouteRecreate, RouteVendor, RouteRetire, RouteDone, RouteNone}
}

// A Judgement says where an app stands, which way it goes, and why.
type Judgement struct {
	Verdict Verdict
	Route   Route
	Why     string // a sentence
}

// judgements maps the strongest effect among an app's findings to where it
// stands and which way it goes.
var judgements = map[Effect]Judgement{
	NoEffect: {VerdictEligible, RouteButton, "Nothing that was found keeps Setup's button away."},
	ByHand:   {VerdictUnknown, RouteButton, "Somebody has to look: %s."},
	FixFirst: {VerdictFixFirst, RouteButton, "Setup's button takes it once this is fixed: %s."},
	Recreate: {VerdictFixFirst, RouteRecreate, "Setup's button never takes it, so it is made anew: %s."},
	Vendor:   {VerdictVendor, RouteVendor, "Its owner is elsewhere: %s."},
	Migrated: {VerdictMigrated, RouteDone, "It has been migrated: %s."},
}

// Judge decides where an app stands. The strongest effect decides: an app that
// has been migrated needs nothing; a vendor's app cannot be changed, whatever
// else is found; what needs a new app outweighs what needs a fix; and only an
// app with none of these waits for somebody to look at what is not to be seen.
// undecided are the questions that would have kept the button away and that an
// org did not answer: an app with nothing worse is unknown. An app that nobody
// uses is retired, whoever owns it, unless it has been migrated. An External
// Client App is there already. An app of which nothing could be read has no way
// yet.
func Judge(a *App, findings []Finding, undecided []string) Judgement {
	if a.Unreadable != nil && a.parts == nil {
		return Judgement{VerdictUnknown, RouteNone, "Its file cannot be read."}
	}
	if a.Kind == KindECA {
		return Judgement{VerdictMigrated, RouteDone, "It is an External Client App."}
	}
	strongest := NoEffect
	for _, f := range findings {
		strongest = max(strongest, f.Rule.Effect)
	}
	j := judgements[strongest]
	if strings.Contains(j.Why, "%s") {
		j.Why = fmt.Sprintf(j.Why, because(findings, func(r *Rule) bool { return r.Effect == strongest }))
	}
	switch {
	case strongest == NoEffect && a.parts == nil && a.Unreadable == nil && a.ofOrg():
		j = Judgement{VerdictUnknown, RouteNone, "Its settings could not be read."}
	case strongest == NoEffect && len(undecided) > 0:
		j = Judgement{VerdictUnknown, RouteButton, "What decides it could not be read: " + strings.Join(undecided, ", ") + "."}
	}
	unused := func(r *Rule) bool { return r.Unused }
	if j.Verdict != VerdictMigrated && slices.ContainsFunc(findings, func(f Finding) bool { return unused(f.Rule) }) {
		j.Route = RouteRetire
		j.Why += " Nobody uses it: " + because(findings, unused) + "."
	}
	return j
}

// ofOrg tells whether records of an org, and not files, say that the app exists.
func (a *App) ofOrg() bool {
	return a.listed || a.registered || a.ID != "" || len(a.use.tokens)+len(a.use.logins) > 0
}

// because names the rules that led to a judgement.
func because(findings []Finding, which func(*Rule) bool) string {
	var parts []string
	for _, f := range findings {
		if text := f.Rule.Title + " (" + f.Rule.ID + ")"; which(f.Rule) && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}
