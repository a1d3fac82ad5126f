package migrate

import "slices"

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
	RouteDone     Route = "done"
	RouteNone     Route = "none"
)

// judgements maps the strongest effect among an app's findings to where it
// stands and which way it goes.
var judgements = map[Effect]struct {
	verdict Verdict
	route   Route
}{
	NoEffect: {VerdictEligible, RouteButton},
	ByHand:   {VerdictUnknown, RouteButton},
	FixFirst: {VerdictFixFirst, RouteButton},
	Recreate: {VerdictFixFirst, RouteRecreate},
	Vendor:   {VerdictVendor, RouteVendor},
	Migrated: {VerdictMigrated, RouteDone},
}

// Judge decides where an app stands. The strongest effect decides: an app that
// has been migrated needs nothing; a vendor's app cannot be changed, whatever
// else is found; what needs a new app outweighs what needs a fix; and only an
// app with none of these waits for somebody to look at what files do not show.
// An External Client App is there already. An app of which no file could be read
// has no way yet.
func Judge(a *App, findings []Finding) (Verdict, Route) {
	if a.Unreadable != nil && a.parts == nil {
		return VerdictUnknown, RouteNone
	}
	if a.Kind == KindECA {
		return VerdictMigrated, RouteDone
	}
	strongest := NoEffect
	if len(findings) > 0 {
		strongest = slices.MaxFunc(findings, func(x, y Finding) int { return int(x.Rule.Effect) - int(y.Rule.Effect) }).Rule.Effect
	}
	j := judgements[strongest]
	return j.verdict, j.route
}
