package waves

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ecactl/ecactl/migrate"
)

// batch is the content of a wave before it has dates: indexes of apps.
type batch struct {
	stage Stage
	apps  []int
	begin time.Time
	end   time.Time
	why   string
}

// stageOf tells sandboxes from what people work in.
func stageOf(orgType string) Stage {
	if orgType == "sandbox" || orgType == "scratch" {
		return Sandbox
	}
	return Production
}

// order is what decides which clusters of apps go first: the date, then the risk,
// then how many people notice.
type order struct {
	members []int
	due     string
	risk    int
	users   int
	name    string
}

func orderOf(members []int, apps []*migrate.AppReport) order {
	o := order{members: members, due: "9999-12-31", name: apps[members[0]].Org + "/" + apps[members[0]].Name}
	for _, i := range members {
		a := apps[i]
		if a.Due != nil {
			o.due = min(o.due, *a.Due)
		}
		risk, _ := riskOf(a)
		o.risk = max(o.risk, risk.rank())
		o.users += users(a)
	}
	slices.SortStableFunc(o.members, func(x, y int) int {
		return cmp.Or(compareDue(apps[x].Due, apps[y].Due), cmp.Compare(apps[x].Name, apps[y].Name))
	})
	return o
}

// compareDue orders dates, none being the latest.
func compareDue(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

// batches fills waves with clusters: sandboxes first, no wave of more apps than
// most. A cluster that fits into no wave is cut, and its waves follow each other.
func batches(stages map[Stage][]order, most int) []*batch {
	var list []*batch
	for _, stage := range []Stage{Sandbox, Production} {
		groups := stages[stage]
		slices.SortStableFunc(groups, func(a, b order) int {
			return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.risk, b.risk), cmp.Compare(a.users, b.users), cmp.Compare(a.name, b.name))
		})
		var open *batch
		for _, g := range groups {
			if open == nil || len(open.apps)+len(g.members) > most {
				open = nil
			}
			for part := range slices.Chunk(g.members, most) {
				if open == nil || len(open.apps)+len(part) > most {
					open = &batch{stage: stage}
					list = append(list, open)
				}
				open.apps = append(open.apps, part...)
			}
		}
	}
	return list
}

const day = 24 * time.Hour

// date gives waves their days, one after the other. A wave lasts as long as it is
// meant to, unless it, or one after it, would then end on or after the date of one
// of its apps: then the days that there are are shared out evenly, and no wave has
// less than one.
func date(list []*batch, apps []*migrate.AppReport, start time.Time, length int) {
	begin := start
	for k, b := range list {
		days, why := length, fmt.Sprintf("A wave lasts %s.", migrate.Plural(length, "day"))
		for j := k; j < len(list); j++ {
			due := earliest(list[j], apps, begin.Add(time.Duration(j-k)*day))
			if due.IsZero() {
				continue
			}
			if share := int(due.Sub(begin)/day) / (j - k + 1); share < days {
				days = max(share, 1)
				why = fmt.Sprintf("It is shorter, so that wave %d ends before %s.", j+1, due.Format(time.DateOnly))
			}
		}
		b.begin, b.end, b.why = begin, begin.Add(time.Duration(days-1)*day), why
		begin = b.end.Add(day)
	}
}

// earliest is the first date among a batch's apps that can still be met by a wave
// of one day that begins then; zero if there is none.
func earliest(b *batch, apps []*migrate.AppReport, begin time.Time) time.Time {
	var first time.Time
	for _, i := range b.apps {
		due := dayOf(apps[i].Due)
		if !due.IsZero() && due.After(begin) && (first.IsZero() || due.Before(first)) {
			first = due
		}
	}
	return first
}

func dayOf(s *string) time.Time {
	if s == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, *s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// late says why a wave does not end before an app's date; "" if it does.
func late(b *batch, due *string, madeAt time.Time) string {
	d := dayOf(due)
	switch {
	case d.IsZero() || d.After(b.end):
		return ""
	case !d.After(madeAt.Truncate(day)):
		return fmt.Sprintf("The date %s was past when the plan was made.", *due)
	}
	return fmt.Sprintf("Its wave ends on %s, and the date is %s: with this many apps and a day for each wave before it, it cannot end earlier. Raise --max-per-wave, or begin with it out of turn.", b.end.Format(time.DateOnly), *due)
}
