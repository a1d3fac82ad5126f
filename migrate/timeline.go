package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Breakage is a day on which something stops, and what it stops. One deadline
// may be two of them: sandboxes and production have days of their own.
type Breakage struct {
	Deadline DeadlineReport
	Day      string       // YYYY-MM-DD; "" where only a season is known
	Left     int          // days from the report to that day, negative if it has passed
	Apps     []*AppReport // with a finding of it that is not suppressed, in the report's order
	Orgs     []*Org       // the same
}

// When is the day in words, or the season.
func (b *Breakage) When() string {
	day, err := time.Parse(time.DateOnly, b.Day)
	if err != nil {
		return b.Deadline.When
	}
	return day.Format("2 Jan 2006")
}

// LeftInWords says how far the day is off; "" where only a season is known.
func (b *Breakage) LeftInWords() string {
	if b.Day == "" {
		return ""
	}
	return LeftInWords(b.Left)
}

// LeftInWords says how far a day is off.
func LeftInWords(days int) string {
	switch {
	case days == 0:
		return "today"
	case days == 1:
		return "tomorrow"
	case days == -1:
		return "yesterday"
	case days < 0:
		return fmt.Sprintf("%d days ago", -days)
	}
	return fmt.Sprintf("in %d days", days)
}

// DaysLeft counts the days, by the calendar and in UTC, from the report to a day
// (YYYY-MM-DD).
func (r *Report) DaysLeft(day string) int {
	to, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	return int(to.Sub(r.GeneratedAt.UTC().Truncate(24*time.Hour)).Hours() / 24)
}

// Timeline lists what stops, the earliest day first; seasons come after days, in
// the order of the table of dates.
func (r *Report) Timeline() []Breakage {
	type key struct{ id, day string }
	found := map[key]*Breakage{}
	at := func(f *FindingReport) *Breakage {
		i := slices.IndexFunc(r.Deadlines, func(d DeadlineReport) bool { return d.ID == f.Deadline })
		if i < 0 || f.Suppressed != nil {
			return nil
		}
		k := key{f.Deadline, ""}
		if f.Due != nil {
			k.day = *f.Due
		}
		if found[k] == nil {
			found[k] = &Breakage{Deadline: r.Deadlines[i], Day: k.day}
			if k.day != "" {
				found[k].Left = r.DaysLeft(k.day)
			}
		}
		return found[k]
	}
	for i := range r.Apps {
		a := &r.Apps[i]
		for j := range a.Findings {
			if b := at(&a.Findings[j]); b != nil && !slices.Contains(b.Apps, a) {
				b.Apps = append(b.Apps, a)
			}
		}
	}
	for i := range r.Orgs {
		o := &r.Orgs[i]
		for j := range o.Findings {
			if b := at(&o.Findings[j]); b != nil && !slices.Contains(b.Orgs, o) {
				b.Orgs = append(b.Orgs, o)
			}
		}
	}
	order := func(id string) int {
		return slices.IndexFunc(r.Deadlines, func(d DeadlineReport) bool { return d.ID == id })
	}
	list := make([]Breakage, 0, len(found))
	for _, b := range found {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(a, b Breakage) int {
		late := func(day string) string { return cmp.Or(day, "9999") }
		return cmp.Or(cmp.Compare(late(a.Day), late(b.Day)), cmp.Compare(order(a.Deadline.ID), order(b.Deadline.ID)))
	})
	return list
}
