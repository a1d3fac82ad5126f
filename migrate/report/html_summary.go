package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// A share is a number of apps that have something in common.
type share struct {
	Key, Name, Words string
	Count            int
}

// A segment is one part of a bar.
type segment struct {
	Key      string
	X, Width int
}

const utc = "2 Jan 2006 15:04 UTC"

// title names what was audited.
func (b *builder) title() string {
	switch n := len(b.r.Orgs); {
	case n == 0:
		return "no org"
	case n > 1:
		return migrate.Plural(n, "org")
	}
	return cmp.Or(Plain(b.r.Orgs[0].Title()), "(no name)")
}

// facts say of a report what it is about, who read it, and when.
func (b *builder) facts() []term {
	list := []term{{"Report of", b.r.GeneratedAt.UTC().Format(utc)}}
	if len(b.r.Orgs) == 1 {
		list = append(list, orgFacts(&b.r.Orgs[0])...)
	} else if len(b.r.Orgs) > 1 {
		read := 0
		for i := range b.r.Orgs {
			if b.r.Orgs[i].Error == "" {
				read++
			}
		}
		list = append(list, term{"Orgs", fmt.Sprintf("%d of %d read", read, len(b.r.Orgs))})
		list = append(list, term{"Read by", b.readers()})
	}
	t := b.r.Tool
	return append(list, term{"Tool", Plain(strings.TrimSpace(t.Name + " " + t.Version))}, term{"Rules", Plain(t.Rules)})
}

// readers names who read the orgs of a fleet, where they are few.
func (b *builder) readers() string {
	var names []string
	for i := range b.r.Orgs {
		if u := Plain(b.r.Orgs[i].User); u != "" && !slices.Contains(names, u) {
			names = append(names, u)
		}
	}
	switch {
	case len(names) == 0:
		return "not known"
	case len(names) > 3:
		return migrate.Plural(len(names), "user") + ", see the orgs"
	}
	return strings.Join(names, ", ")
}

func orgFacts(o *migrate.Org) []term {
	var list []term
	add := func(name, words string) {
		if words != "" {
			list = append(list, term{name, Plain(words)})
		}
	}
	if o.Title() != o.Name {
		add("Name", o.Name)
	}
	add("Org", o.ID)
	add("Type", strings.Join(slices.DeleteFunc([]string{cmp.Or(orgTypes[o.Type], o.Type), o.Edition}, func(s string) bool { return s == "" }), ", "))
	add("Address", o.InstanceURL)
	if o.ReadAt != nil {
		add("Read", o.ReadAt.UTC().Format(utc))
		add("Read by", cmp.Or(o.User, "not known"))
	}
	if o.Days > 0 {
		add("Use of the last", migrate.Plural(o.Days, "day"))
	}
	if o.APIVersion != "" {
		add("API version", o.APIVersion)
	}
	add("Group", o.Group)
	return list
}

// summarize fills in the headline numbers.
func (b *builder) summarize(p *page) {
	s := b.r.Summary
	for _, v := range migrate.Verdicts() {
		p.Verdicts = append(p.Verdicts, share{string(v), verdictNames[v], verdictWords[v], s.Verdicts[v]})
	}
	p.Bar, p.BarText = bar(s.Verdicts)
	for _, way := range migrate.Routes() {
		if n := s.Routes[way]; n > 0 {
			p.Routes = append(p.Routes, share{string(way), routeNames[way], routeWords[way], n})
		}
	}
	p.Lead = fmt.Sprintf("%s: %s, %s and %s.", migrate.Plural(s.Apps, "app"),
		migrate.Plural(s.Levels["error"], "error"), migrate.Plural(s.Levels["warning"], "warning"), migrate.Plural(s.Levels["note"], "note"))
	if s.Suppressed > 0 {
		p.Lead += fmt.Sprintf(" %s suppressed.", migrate.Plural(s.Suppressed, "more finding")+verb(s.Suppressed))
	}
	for i := range b.r.Orgs {
		if o := &b.r.Orgs[i]; o.Error != "" {
			p.Failed = append(p.Failed, term{cmp.Or(Plain(o.Title()), "(no name)"), Plain(o.Error)})
		}
	}
}

func verb(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// barWidth is the width of a bar in units of its own, and barGap what is left free
// between its parts; the page stretches it.
const barWidth, barGap = 1000, 3

// bar draws how many apps have which verdict, and says the same in words.
func bar(verdicts map[migrate.Verdict]int) ([]segment, string) {
	total := 0
	for _, v := range migrate.Verdicts() {
		total += verdicts[v]
	}
	if total == 0 {
		return nil, ""
	}
	var list []segment
	var words []string
	done := 0
	for _, v := range migrate.Verdicts() {
		n := verdicts[v]
		if n == 0 {
			continue
		}
		x := done * barWidth / total
		done += n
		width := done*barWidth/total - x
		if done < total {
			width = max(1, width-barGap)
		}
		list = append(list, segment{string(v), x, width})
		words = append(words, strconv.Itoa(n)+" "+strings.ToLower(verdictNames[v]))
	}
	return list, strings.Join(words, ", ")
}

// ruleView is a rule as the page explains it.
type ruleView struct {
	ID, Title, Why, Benchmark, Count string
	Cites                            []cite
}

// rules explain the rules that found something.
func (b *builder) rules() []ruleView {
	apps := map[string]int{}
	note := func(list []migrate.FindingReport) {
		seen := map[string]bool{}
		for i := range list {
			if id := list[i].Rule; !seen[id] {
				seen[id] = true
				apps[id]++
			}
		}
	}
	for i := range b.r.Apps {
		note(b.r.Apps[i].Findings)
	}
	inOrgs := map[string]bool{}
	for i := range b.r.Orgs {
		for _, f := range b.r.Orgs[i].Findings {
			inOrgs[f.Rule] = true
		}
	}
	var list []ruleView
	for _, rule := range append([]migrate.Rule{migrate.Unreadable}, migrate.Rules...) {
		v := ruleView{ID: rule.ID, Title: rule.Title, Why: rule.Why, Cites: cites(rule.Source), Benchmark: rule.Benchmark}
		switch {
		case apps[rule.ID] > 0:
			v.Count = migrate.Plural(apps[rule.ID], "app")
		case inOrgs[rule.ID]:
			v.Count = "about the org"
		default:
			continue
		}
		list = append(list, v)
	}
	return list
}

// levelCounts counts the findings that are not suppressed.
func levelCounts(lists ...[]migrate.FindingReport) map[diag.Level]int {
	n := map[diag.Level]int{}
	for _, list := range lists {
		for i := range list {
			if list[i].Suppressed == nil {
				n[list[i].Level]++
			}
		}
	}
	return n
}
