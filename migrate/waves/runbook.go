package waves

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// runbook fills the templates in for one app.
func runbook(a *App, r *migrate.AppReport, p *Plan) []Step {
	b := &book{app: a, report: r, plan: p, org: p.Org(a.Org)}
	steps := []Step{}
	for i := range templates {
		t := &templates[i]
		if !slices.Contains(t.routes, a.Route) || t.when != "" && !conditions[t.when](r) {
			continue
		}
		if t.each == "" {
			steps = append(steps, b.step(t, nil))
			continue
		}
		var rules []string
		for j := range r.Findings {
			f := &r.Findings[j]
			if f.Suppressed != nil || slices.Contains(rules, f.Rule) || kindOf(f, a.Route) != t.each {
				continue
			}
			rules = append(rules, f.Rule)
			steps = append(steps, b.step(t, f))
		}
	}
	return steps
}

// conditions are those of templates.
var conditions = map[string]func(*migrate.AppReport) bool{
	"unknown": func(a *migrate.AppReport) bool { return len(a.Unknown) > 0 },
	"local":   func(a *migrate.AppReport) bool { return !foreign(a) },
	"foreign": foreign,
}

// foreign tells apps that are defined elsewhere.
func foreign(a *migrate.AppReport) bool { return a.Verdict == migrate.VerdictVendor }

// kindOf tells what a finding means for an app's way: a "blocker" keeps the button
// away until it is fixed, a "break" ends on a date whatever becomes of the app.
func kindOf(f *migrate.FindingReport, route migrate.Route) string {
	rule := migrate.FindRule(f.Rule)
	switch {
	case rule != nil && rule.Effect == migrate.FixFirst && route == migrate.RouteButton:
		return "blocker"
	case f.Due != nil && f.Level != diag.Note:
		return "break"
	}
	return ""
}

// book makes the runbook of one app.
type book struct {
	app    *App
	report *migrate.AppReport
	plan   *Plan
	org    *Org
}

func (b *book) step(t *template, f *migrate.FindingReport) Step {
	words := b.words(f, false)
	fill := func(s string) string { return words.Replace(s) }
	s := Step{
		ID: t.id, Title: fill(t.title), Who: t.who, Do: sentence(fill(t.do)), Commands: []string{}, Link: b.link(t.link),
		Before: fill(t.before), After: fill(t.after), Rollback: fill(t.rollback), Seen: t.seen,
	}
	quoted := b.words(f, true)
	for _, c := range t.commands {
		s.Commands = append(s.Commands, quoted.Replace(c))
	}
	if strings.HasPrefix(t.rollback, "ecactl ") {
		s.Rollback = quoted.Replace(t.rollback)
	}
	if f != nil {
		s.ID, s.Rule = t.id+"-"+f.Rule, f.Rule
		if who, ok := fixers[f.Rule]; ok {
			s.Who = who
		}
	}
	return s
}

// sentence tidies what was put together of a message and a fix.
func sentence(s string) string {
	s = strings.ReplaceAll(s, "..", ".")
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// words are what takes the places of placeholders. In commands every value is
// quoted for a shell: names and labels were written by people of an org.
func (b *book) words(f *migrate.FindingReport, command bool) *strings.Replacer {
	value := func(s string) string { return s }
	if command {
		value = Quote
	}
	target, always := "", " --target-org ''" // the org of the environment
	if b.org.Alias != "" {
		target = " --target-org " + value(b.org.Alias)
		always = target
	}
	a := b.app
	list := []string{
		"{app}", value(a.Name), "{successor}", value(a.Successor), "{target}", target, "{org}", always, "{plan}", value(b.plan.Settings.File), "{specs}", value(b.org.Specs),
		"{label}", named(a), "{new-label}", value(a.NewLabel), "{suffix}", value(strings.TrimPrefix(a.Successor, metadata.BareName(a.Name))), "{contact}", orElse(a.Contact, "its owner"), "{unknown}", strings.Join(a.Unknown, ", "),
		"{use}", use(a.Activity), "{quiet}", fmt.Sprint(b.plan.Settings.QuietDays), "{begins}", b.wave().Begins, "{ends}", b.wave().Ends, "{due-words}", dueWords(a.Due),
	}
	if f != nil {
		title, due := f.Rule, "its date"
		if r := migrate.FindRule(f.Rule); r != nil {
			title = r.Title
		}
		if f.Due != nil {
			due = *f.Due
		} else if d := metadata.FindDeadline(f.Deadline); d != nil {
			due = d.When()
		}
		list = append(list, "{rule}", value(f.Rule), "{rule-title}", title, "{finding}", sentence(f.Message), "{fix}", sentence(f.Fix), "{due}", due)
	}
	return strings.NewReplacer(list...)
}

// wave is the one that is being filled.
func (b *book) wave() *Wave { return &b.plan.Waves[len(b.plan.Waves)-1] }

func named(a *App) string { return orElse(a.Label, a.Name) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func dueWords(due *string) string {
	if due == nil {
		return ""
	}
	return ", and a flow that it uses ends on " + *due
}

// use puts into words how much an app is used.
func use(a *migrate.Activity) string {
	if a == nil {
		return "its use was not to be seen"
	}
	text := fmt.Sprintf("%s, %s, %s", migrate.Plural(a.Users, "user"), migrate.Plural(a.Tokens, "token"), migrate.Plural(a.Logins, "login"))
	if a.LastUsed != nil {
		text += ", the last on " + a.LastUsed.UTC().Format(time.DateOnly)
	}
	return text
}

// link gives the address of a page of Setup.
func (b *book) link(page string) string {
	switch {
	case page == "":
		return ""
	case page == "app":
		return b.app.Setup
	}
	return link(strings.TrimSuffix(b.org.InstanceURL, "/") + pages[page])
}

// link returns an address that is safe to be followed, or "". Reports are files,
// and files may hold anything.
func link(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Hostname() == "" || strings.ContainsAny(s, " \"'<>`\\\n\r\t") {
		return ""
	}
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost") {
		return s
	}
	return ""
}

// plainWord are the characters that a shell takes as they are.
const plainWord = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@:%+,="

// Quote makes one word of a text for a shell. Control characters are left out:
// they have no place in a command that somebody copies.
func Quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, s)
	if s != "" && strings.Trim(s, plainWord) == "" && !strings.HasPrefix(s, "-") {
		return s
	}
	if strings.HasPrefix(s, "-") {
		s = "./" + s // never an option
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
