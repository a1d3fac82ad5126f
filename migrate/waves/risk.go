package waves

import (
	"fmt"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// Risk is how much may go wrong when an app moves.
type Risk string

// The risks, the least first.
const (
	Low    Risk = "low"
	Medium Risk = "medium"
	High   Risk = "high"
)

// from what sum of points on a risk is no longer low, and high.
const mediumFrom, highFrom = 2, 4

// manyUsers and someUsers divide apps by how many people notice.
const manyUsers, someUsers = 100, 10

// factors make up the risk of an app. Each says how many points it gives, and
// why, or "".
var factors = []struct {
	points int
	why    func(a *migrate.AppReport) string
}{
	{3, func(a *migrate.AppReport) string {
		return when(a.Route == migrate.RouteRecreate, "it gets a new key: every client and user has to change")
	}},
	{2, func(a *migrate.AppReport) string {
		return when(users(a) >= manyUsers, fmt.Sprintf("%d users", users(a)))
	}},
	{1, func(a *migrate.AppReport) string {
		return when(users(a) >= someUsers && users(a) < manyUsers, fmt.Sprintf("%d users", users(a)))
	}},
	{1, func(a *migrate.AppReport) string {
		return when(a.Verdict == migrate.VerdictFixFirst, "it needs work first")
	}},
	{1, func(a *migrate.AppReport) string {
		return when(a.Verdict == migrate.VerdictUnknown, "what decides about it was not seen")
	}},
	{1, func(a *migrate.AppReport) string {
		return when(a.Activity == nil, "how much it is used was not seen")
	}},
	{1, func(a *migrate.AppReport) string {
		return when(breaks(a) > 0, "a flow that it uses ends on a date")
	}},
}

func when(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

func users(a *migrate.AppReport) int {
	if a.Activity == nil {
		return 0
	}
	return a.Activity.Users
}

// breaks counts the errors about an app that have a date.
func breaks(a *migrate.AppReport) int {
	n := 0
	for _, f := range a.Findings {
		if f.Level == diag.Error && f.Due != nil && f.Suppressed == nil {
			n++
		}
	}
	return n
}

// riskOf sums the factors up. An app that nobody uses is none, whatever else.
func riskOf(a *migrate.AppReport) (Risk, []string) {
	if a.Route == migrate.RouteRetire {
		return Low, []string{"nobody uses it"}
	}
	sum, why := 0, []string{}
	for _, f := range factors {
		if text := f.why(a); text != "" {
			sum += f.points
			why = append(why, text)
		}
	}
	switch {
	case sum >= highFrom:
		return High, why
	case sum >= mediumFrom:
		return Medium, why
	}
	return Low, why
}

// rank orders risks: those of which most is learned at least cost go first.
func (r Risk) rank() int { return map[Risk]int{Low: 0, Medium: 1, High: 2}[r] }
