package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// A ref points at an app of the page.
type ref struct{ ID, Name, Words string }

// A stop is a day on which something stops, with what it touches.
type stop struct {
	Title, What string
	Cites       []cite
	Day         day
	When        string // in words, where no day is known
	Where       string
	Count       string
	First, More []ref
	MoreText    string
}

// shownRefs are the apps that a stop names at once; the rest is folded away.
const shownRefs = 12

// stops are the report's timeline in the page's words: what stops when, and which
// apps it touches, the worst first.
func (b *builder) stops() []*stop {
	var list []*stop
	for _, t := range b.r.Timeline() {
		s := &stop{
			Title: upperFirst(Plain(t.Deadline.Title)), What: Plain(t.Deadline.What), Cites: cites(t.Deadline.Source),
			Day: b.day(t.Day), When: upperFirst(Plain(t.Deadline.When)),
		}
		sandbox := map[bool]bool{}
		views := make([]*appView, len(t.Apps))
		for i, a := range t.Apps {
			views[i] = b.views[a]
			sandbox[views[i].OrgN >= 0 && b.r.Orgs[views[i].OrgN].Type == "sandbox"] = true
		}
		for _, o := range t.Orgs {
			sandbox[o.Type == "sandbox"] = true
		}
		if t.Deadline.Sandbox != t.Deadline.Production {
			s.Where = where(sandbox)
		}
		b.name(s, t.Deadline.ID, views)
		if n := len(t.Orgs); n > 0 {
			s.Count = strings.TrimPrefix(s.Count+" and "+settingsOf(n), " and ")
		}
		list = append(list, s)
	}
	return list
}

func settingsOf(orgs int) string {
	if orgs == 1 {
		return "the org's own settings"
	}
	return "the settings of " + migrate.Plural(orgs, "org")
}

func where(sandbox map[bool]bool) string {
	switch {
	case sandbox[true] && sandbox[false]:
		return ""
	case sandbox[true]:
		return "in sandboxes"
	}
	return "in production"
}

// name says which apps a stop touches: the same app of several orgs once, the
// worst first.
func (b *builder) name(s *stop, deadline string, apps []*appView) {
	slices.SortStableFunc(apps, func(x, y *appView) int {
		return cmp.Or(cmp.Compare(levelOf(x, deadline), levelOf(y, deadline)), cmp.Compare(x.N, y.N))
	})
	at := map[string]int{}
	var refs []ref
	var orgs [][]string
	for _, v := range apps {
		k := v.Kind + "\x1f" + strings.ToLower(v.Name)
		i, ok := at[k]
		if !ok {
			i, at[k] = len(refs), len(refs)
			refs, orgs = append(refs, ref{ID: v.ID, Name: v.Label}), append(orgs, nil)
		}
		orgs[i] = append(orgs[i], v.Org)
	}
	if len(b.r.Orgs) > 1 {
		for i := range refs {
			refs[i].Words = someOrgs(orgs[i])
		}
	}
	if len(apps) > 0 {
		s.Count = migrate.Plural(len(apps), "app")
	}
	s.First = refs[:min(len(refs), shownRefs)]
	s.More = refs[len(s.First):]
	if len(s.More) > 0 {
		s.MoreText = fmt.Sprintf("and %d more", len(s.More))
	}
}

// levelOf is how badly a deadline touches an app.
func levelOf(v *appView, deadline string) diag.Level {
	worst := diag.Note
	for i := range v.report.Findings {
		if f := &v.report.Findings[i]; f.Deadline == deadline && f.Suppressed == nil {
			worst = min(worst, f.Level)
		}
	}
	return worst
}

// A chart is a picture of the stops over time. Its list says the same.
type chart struct {
	Height int
	Today  int
	Text   string
	Ticks  []tick
	Lanes  []lane
}

type tick struct {
	X            int
	Name, Anchor string
}

type lane struct {
	Text, Class              string
	Y, TextY, DotY, X, Width int
	At                       int
	Dated                    bool
}

const (
	chartLeft, chartRight = 12, 948
	laneHeight            = 46
)

// chart draws a bar from today to every stop; what has no day runs to the edge.
func (b *builder) chart(stops []*stop) *chart {
	if len(stops) == 0 {
		return nil
	}
	today := b.r.GeneratedAt.UTC().Truncate(24 * time.Hour)
	first, last := today, today
	for _, s := range stops {
		if at, err := time.Parse(time.DateOnly, s.Day.Day); err == nil {
			if at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
	}
	margin := last.Sub(first)/12 + 15*24*time.Hour
	last = last.Add(margin)
	first = first.Add(-margin / 4)
	x := func(t time.Time) int {
		return chartLeft + int(int64(chartRight-chartLeft)*int64(t.Sub(first)/time.Hour)/max(1, int64(last.Sub(first)/time.Hour)))
	}
	c := &chart{Today: x(today), Height: 34 + laneHeight*len(stops), Text: chartText(stops), Ticks: ticks(first, last, x)}
	c.Ticks = slices.DeleteFunc(c.Ticks, func(t tick) bool { return t.X > c.Today-65 && t.X < c.Today+65 })
	for i, s := range stops {
		y := 34 + laneHeight*i
		l := lane{Text: laneText(s), TextY: y + 14, Y: y + 24, DotY: y + 28, X: c.Today, Width: chartRight - c.Today, Class: "undated"}
		if at, err := time.Parse(time.DateOnly, s.Day.Day); err == nil {
			l.Dated, l.Class, l.At = true, "ahead", x(at)
			if s.Day.Past {
				l.Class = "past"
			}
			l.X, l.Width = min(c.Today, l.At), max(c.Today, l.At)-min(c.Today, l.At)
		}
		c.Lanes = append(c.Lanes, l)
	}
	return c
}

// ticks are at the beginnings of months, so few that they stay readable.
func ticks(first, last time.Time, x func(time.Time) int) []tick {
	months := int(last.Sub(first)/(30*24*time.Hour)) + 1
	step := (months + 7) / 8
	var list []tick
	at := time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC)
	for ; !at.After(last); at = at.AddDate(0, step, 0) {
		if at.Before(first) {
			continue
		}
		t := tick{x(at), at.Format("Jan 2006"), "middle"}
		switch {
		case t.X < chartLeft+40:
			t.Anchor = "start"
		case t.X > chartRight-40:
			t.Anchor = "end"
		}
		list = append(list, t)
	}
	return list
}

// laneText fits into the picture.
func laneText(s *stop) string {
	parts := []string{cmp.Or(s.Day.Text, s.When)}
	if s.Day.Day == "" {
		parts[0] = s.When
	}
	if s.Where != "" {
		parts[0] += " " + s.Where
	}
	return cut(strings.Join(append(parts, lowerFirst(s.Title), lowerFirst(s.Count)), " · "), 110)
}

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

func chartText(stops []*stop) string {
	var list []string
	for _, s := range stops {
		list = append(list, laneText(s))
	}
	return "A timeline: " + strings.Join(list, "; ")
}
