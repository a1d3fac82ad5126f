package report

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// builder holds what the parts of a page are made of.
type builder struct {
	r      *migrate.Report
	apps   []*appView // as the page lists them
	orgs   []*orgView // beside the report's
	views  map[*migrate.AppReport]*appView
	orgAt  map[string]int
	linked bool // rules stand once, and findings point at them
}

// day is a day and how far away it is.
type day struct {
	Day  string // YYYY-MM-DD, or a moment; "" if there is none
	Text string
	Left string
	Past bool
}

// appView is an app as the page shows it.
type appView struct {
	N                      int
	ID                     string
	Label, Name, Kind      string
	Org                    string
	OrgN                   int
	Verdict, VerdictName   string
	VerdictN               int
	Route, RouteName       string
	RouteN                 int
	Due, Last              day
	Used                   bool
	Users                  int
	UsersKey               string
	Weight                 int
	Counts, Levels, Head   string
	RuleIDs                string
	Why, Change            string
	Facts                  []term
	Scopes, Flows          []term
	Unknown                []string
	Setup, File            string
	Findings, Suppressed   []findingView
	errors, warnings, note int

	report *migrate.AppReport
}

// findingView is a finding as the page shows it.
type findingView struct {
	Level, Rule, Message, Fix string
	Due                       day
	Why, Evidence             string
	Cites                     []cite
	Suppressed                bool
	Reason                    string
	Linked                    bool
}

func newBuilder(r *migrate.Report) *builder {
	b := &builder{r: r, views: map[*migrate.AppReport]*appView{}, orgAt: map[string]int{}}
	total := 0
	for i := range r.Apps {
		total += len(r.Apps[i].Findings)
	}
	b.linked = total > maxExplained
	for i := range r.Orgs {
		if r.Orgs[i].Error == "" || r.Orgs[i].ID != "" {
			b.orgAt[r.Orgs[i].ID] = i
		}
	}
	for i := range r.Apps {
		v := b.app(&r.Apps[i])
		b.apps = append(b.apps, v)
		b.views[v.report] = v
	}
	slices.SortStableFunc(b.apps, func(x, y *appView) int {
		return cmp.Or(soonest(x.Due.Day, y.Due.Day), -cmp.Compare(x.Weight, y.Weight), cmp.Compare(strings.ToLower(x.Label), strings.ToLower(y.Label)))
	})
	for i, v := range b.apps {
		v.N, v.ID = i+1, "app-"+strconv.Itoa(i+1)
	}
	for i := range r.Orgs {
		b.orgs = append(b.orgs, b.org(i))
	}
	return b
}

// soonest puts days in order, and no day at the end.
func soonest(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return cmp.Compare(a, b)
}

func (b *builder) app(a *migrate.AppReport) *appView {
	v := &appView{
		report: a, Label: cmp.Or(Plain(a.Label), Plain(a.Name), "(no name)"), Name: Plain(a.Name), Kind: cmp.Or(kindWords[a.Kind], Plain(a.Kind)),
		Verdict: string(a.Verdict), VerdictName: cmp.Or(verdictNames[a.Verdict], Plain(string(a.Verdict))), VerdictN: slices.Index(migrate.Verdicts(), a.Verdict),
		Route: string(a.Route), RouteName: cmp.Or(routeNames[a.Route], Plain(string(a.Route))), RouteN: slices.Index(migrate.Routes(), a.Route),
		Due: b.day(deref(a.Due)), Last: day{Text: "not known"}, Why: Plain(a.Why), Change: change(a), Setup: link(a.Setup), File: Plain(a.File), OrgN: -1,
	}
	if i, ok := b.orgAt[a.Org]; ok {
		v.Org, v.OrgN = Plain(b.r.Orgs[i].Title()), i
	}
	if use := a.Activity; use != nil {
		v.Used, v.Users, v.UsersKey, v.Last = true, use.Users, strconv.Itoa(use.Users), day{Text: "no use seen"}
		if use.LastUsed != nil {
			at := use.LastUsed.UTC()
			v.Last = day{Day: at.Format(time.RFC3339), Text: at.Format("2 Jan 2006")}
		}
	}
	b.findings(v)
	v.Scopes, v.Flows = terms(a.Scopes, scopeWords()), terms(a.Flows, flowWords)
	for _, u := range a.Unknown {
		v.Unknown = append(v.Unknown, Plain(u))
	}
	v.Facts = factsOf(a, v, len(b.r.Orgs) > 1)
	v.Head = strings.Join(slices.DeleteFunc([]string{v.Org, "route: " + strings.ToLower(v.RouteName), dueWords(v.Due), v.Counts}, func(s string) bool { return s == "" }), " · ")
	if len(b.r.Orgs) < 2 {
		v.Head = strings.TrimPrefix(v.Head, v.Org+" · ")
	}
	return v
}

func dueWords(d day) string {
	if d.Day == "" {
		return ""
	}
	return "due " + d.Text
}

// findings fills in the findings of an app, and what is counted of them.
func (b *builder) findings(v *appView) {
	var rules []string
	for i := range v.report.Findings {
		f := &v.report.Findings[i]
		view := b.finding(f)
		if view.Suppressed {
			v.Suppressed = append(v.Suppressed, view)
			continue
		}
		v.Findings = append(v.Findings, view)
		if !slices.Contains(rules, view.Rule) {
			rules = append(rules, view.Rule)
		}
		switch f.Level {
		case diag.Error:
			v.errors++
		case diag.Warning:
			v.warnings++
		default:
			v.note++
		}
	}
	v.RuleIDs = strings.Join(rules, " ")
	v.Weight = v.errors*1_000_000 + v.warnings*1_000 + min(v.note, 999)
	var counts []string
	for _, c := range []struct {
		n      int
		word   string
		letter string
	}{{v.errors, "error", "e"}, {v.warnings, "warning", "w"}, {v.note, "note", "n"}} {
		if c.n > 0 {
			counts = append(counts, migrate.Plural(c.n, c.word))
			v.Levels += c.letter
		}
	}
	v.Counts = cmp.Or(strings.Join(counts, ", "), "none")
}

func (b *builder) finding(f *migrate.FindingReport) findingView {
	v := findingView{
		Level: f.Level.String(), Rule: Plain(f.Rule), Message: Plain(f.Message), Fix: Plain(f.Fix), Due: b.day(deref(f.Due)),
		Evidence: evidenceWords(f.Evidence), Suppressed: f.Suppressed != nil, Reason: Plain(deref(f.Suppressed)),
	}
	rule := migrate.FindRule(f.Rule)
	switch {
	case rule == nil: // of another version of the rules
	case b.linked:
		v.Linked = true
	default:
		v.Why, v.Cites = rule.Why, cites(rule.Source)
	}
	return v
}

// evidenceWords put the place of a finding first, and then the rest by name.
func evidenceWords(e map[string]string) string {
	var list []string
	if e["file"] != "" {
		at := diag.Pos{File: Plain(e["file"])}
		at.Line, _ = strconv.Atoi(e["line"]) // what is no number is no line
		at.Col, _ = strconv.Atoi(e["column"])
		list = append(list, at.String())
	}
	for _, k := range slices.Sorted(maps.Keys(e)) {
		if k != "file" && k != "line" && k != "column" {
			list = append(list, Plain(k)+": "+Plain(e[k]))
		}
	}
	return strings.Join(list, " · ")
}

// day puts a day into words. What is no day is shown as it is.
func (b *builder) day(s string) day {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day{Text: Plain(s)}
	}
	n := b.r.DaysLeft(s)
	return day{Day: s, Text: at.Format("2 Jan 2006"), Left: migrate.LeftInWords(n), Past: n < 0}
}

// change says what a migration changes for the users of an app.
func change(a *migrate.AppReport) string {
	text := changes[a.Route]
	if a.Route == migrate.RouteButton {
		switch a.Verdict {
		case migrate.VerdictFixFirst:
			return firstFix + lowerFirst(text)
		case migrate.VerdictUnknown:
			return firstLook + lowerFirst(text)
		}
	}
	return cmp.Or(text, "That is not known.")
}

func factsOf(a *migrate.AppReport, v *appView, several bool) []term {
	list := []term{{"API name", v.Name}, {"Kind", v.Kind}}
	if several && v.Org != "" {
		list = append(list, term{"Org", v.Org})
	}
	list = append(list, term{"Due", "no date"})
	if v.Due.Day != "" {
		list[len(list)-1].Words = v.Due.Text + ", " + v.Due.Left
	}
	if use := a.Activity; use != nil {
		list = append(list, term{"Last use", v.Last.Text}, term{"Use", fmt.Sprintf("%s, %s, %s", migrate.Plural(use.Users, "user"), migrate.Plural(use.Tokens, "token"), migrate.Plural(use.Logins, "login"))})
	} else {
		list = append(list, term{"Use", "not known"})
	}
	if t := a.Ties; t != nil {
		for _, more := range []term{{"Contact", t.Contact}, {"Calls back to", strings.Join(t.CallbackHosts, ", ")}, {"Runs as", strings.Join(t.RunAs, ", ")}} {
			if more.Words != "" {
				list = append(list, term{more.Name, Plain(more.Words)})
			}
		}
	}
	return list
}

func terms(names []string, words map[string]string) []term {
	var list []term
	for _, n := range names {
		list = append(list, term{Plain(n), words[n]})
	}
	return list
}

// link lets through the addresses of web pages alone. The template would disarm
// others as well; here they become no link at all.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return address
}

func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}

func upperFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 || strings.HasPrefix(s, "sf ") { // a command's name stays
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
