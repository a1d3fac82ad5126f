package migrate

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Options say how an audit is made.
type Options struct {
	Version string // of the program
	Now     time.Time
	Policy  Policy
}

// Audit asks every rule about every app of an inventory, and about the org. Apps
// are asked on every core; the report is in the inventory's order.
func Audit(inv *Inventory, o Options) *Report {
	inv.Limits = o.Policy.limits()
	r := &Report{
		SchemaVersion: 1,
		Tool:          Tool{"ecactl", o.Version, RulesVersion},
		GeneratedAt:   o.Now.UTC().Truncate(time.Second),
		Orgs:          []Org{},
		Apps:          make([]AppReport, len(inv.Apps)),
	}
	const block = 32 // apps: one is too little work to hand to another core
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for start := 0; start < len(inv.Apps); start += block {
		g.Go(func() error {
			for i := start; i < min(start+block, len(inv.Apps)); i++ {
				r.Apps[i] = audit(inv.Apps[i], inv, &o)
			}
			return nil
		})
	}
	_ = g.Wait() // audit has no error to return
	if inv.evidence != nil {
		org := inv.evidence.Org
		org.Findings, _ = inv.askOrg(&o)
		r.Orgs = append(r.Orgs, org)
	}
	r.finish()
	return r
}

// finish fills in what follows from apps and orgs.
func (r *Report) finish() {
	r.Deadlines = deadlinesOf(r)
	r.Summary = summarize(r)
}

// askOrg asks the rules about the org itself.
func (inv *Inventory) askOrg(o *Options) ([]FindingReport, []string) {
	findings, unknown, _ := inv.askAll(inv.org, o)
	return inv.reported(inv.org, findings, o), unknown
}

// askAll asks every rule about one app. undecided are the questions whose answer
// could have changed where the app stands.
func (inv *Inventory) askAll(a *App, o *Options) (findings []Finding, unknown, undecided []string) {
	for i := range Rules {
		rule := &Rules[i]
		found, missing := rule.ask(a, inv, o.Now)
		findings = append(findings, found...)
		for _, m := range missing {
			if !slices.Contains(unknown, m) {
				unknown = append(unknown, m)
			}
			if inv.evidence != nil && rule.Effect != NoEffect && !slices.Contains(undecided, m) {
				undecided = append(undecided, m)
			}
		}
	}
	slices.SortStableFunc(findings, func(x, y Finding) int { return cmp.Compare(x.Level, y.Level) })
	return findings, unknown, undecided
}

func audit(a *App, inv *Inventory, o *Options) AppReport {
	findings, unknown, undecided := inv.askAll(a, o)
	if a.Unreadable != nil {
		f := Finding{
			Rule: &Unreadable, Level: Unreadable.Level, Message: a.Unreadable.Message, Pos: a.Unreadable.Pos,
			Evidence: map[string]string{"file": a.Unreadable.Pos.String(), "code": a.Unreadable.Code},
		}
		findings = slices.Insert(findings, 0, f)
	}
	j := Judge(a, findings, undecided)
	switch {
	case a.parts == nil && inv.evidence != nil && j.Verdict != VerdictVendor:
		unknown = append(unknown, "settings of the app")
	case inv.evidence == nil && (j.Verdict == VerdictMigrated || j.Verdict == VerdictVendor):
		unknown = withoutGaps(unknown) // nothing is left to be decided about it
	}
	report := AppReport{
		Kind: a.Kind, Name: a.Name, Label: a.Label, ID: a.ID, File: a.File, Verdict: j.Verdict, Route: j.Route, Why: j.Why,
		Scopes: a.oauthScopes(), Flows: a.flows(), Ties: a.ties(), Unknown: append([]string{}, unknown...), Findings: inv.reported(a, findings, o),
	}
	if inv.evidence != nil {
		report.Org, report.Setup, report.Activity = inv.evidence.Org.ID, a.setup(inv.evidence.Org.InstanceURL), inv.activity(a)
	}
	for _, f := range report.Findings {
		if f.Due != nil && f.Suppressed == nil && (report.Due == nil || *f.Due < *report.Due) {
			report.Due = f.Due
		}
	}
	return report
}

// withoutGaps leaves out the questions that files never answer.
func withoutGaps(unknown []string) []string {
	return slices.DeleteFunc(unknown, IsGap)
}

// IsGap tells whether a question is one that files never answer, whatever they
// hold.
func IsGap(question string) bool {
	return slices.ContainsFunc(Rules, func(r Rule) bool { return len(r.Needs) > 0 && r.Question == question }) || question == "dynamic client registration" || question == "device flow use"
}

// reported puts findings into the report's words.
func (inv *Inventory) reported(a *App, findings []Finding, o *Options) []FindingReport {
	list := []FindingReport{}
	for _, f := range findings {
		if f.Evidence == nil {
			f.Evidence = map[string]string{}
		}
		fr := FindingReport{
			Rule: f.Rule.ID, Level: f.Level, Message: f.Message, Evidence: f.Evidence, Fix: f.Rule.Fix, Deadline: f.Rule.Deadline,
			Due: inv.due(f.Rule.Deadline),
		}
		o.Policy.apply(&fr, a, inv)
		list = append(list, fr)
	}
	slices.SortStableFunc(list, func(x, y FindingReport) int { return cmp.Compare(x.Level, y.Level) })
	return list
}

// due is the day of a deadline in this kind of org; nil if it has none.
func (inv *Inventory) due(deadline string) *string {
	d := metadata.FindDeadline(deadline)
	if d == nil {
		return nil
	}
	day := d.Production
	if inv.evidence != nil && inv.evidence.Org.Type == "sandbox" {
		day = d.Sandbox
	}
	if day == "" {
		return nil
	}
	return &day
}

// deadlinesOf lists the deadlines that a report's findings refer to.
func deadlinesOf(r *Report) []DeadlineReport {
	used := map[string]bool{}
	for _, a := range r.Apps {
		for _, f := range a.Findings {
			used[f.Deadline] = true
		}
	}
	for _, o := range r.Orgs {
		for _, f := range o.Findings {
			used[f.Deadline] = true
		}
	}
	list := []DeadlineReport{}
	for _, d := range metadata.Deadlines {
		if used[d.ID] {
			list = append(list, DeadlineReport{d.ID, d.Title, d.What, d.Sandbox, d.Production, d.When(), d.Source})
		}
	}
	return list
}

// activity is how much an app is used; nil if neither tokens nor logins could be
// read.
func (inv *Inventory) activity(a *App) *Activity {
	if !inv.read(SrcTokens) && !inv.read(SrcLogins) && len(a.use.tokens)+len(a.use.logins) == 0 {
		return nil
	}
	out := &Activity{Users: a.use.users(), Tokens: len(a.use.tokens), Logins: a.use.loginCount()}
	if last := a.use.lastUsed(); !last.IsZero() {
		out.LastUsed = &last
	}
	return out
}

// oauthScopes are the scopes by their OAuth names; what is none is as the file
// has it.
func (a *App) oauthScopes() []string {
	list := []string{}
	for _, s := range a.list("scopes") {
		list = append(list, cmp.Or(oauthNames()[s], s))
	}
	return list
}

// oauthNames are the OAuth names of scopes, by either kind of metadata name.
var oauthNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, s := range spec.Scopes(metadata.Schema()) {
		names[s.Token], names[s.ConnectedApp] = s.Name(), s.Name()
	}
	return names
})

// flows are the ways in which an app lets clients in, and those that were seen.
func (a *App) flows() []string {
	list := []string{}
	for _, f := range []struct {
		words string
		on    bool
	}{
		{"authorization code, with PKCE", len(a.list("callbacks")) > 0 && a.flag("pkce") == On},
		{"authorization code, PKCE not required", len(a.list("callbacks")) > 0 && a.flag("pkce") != On},
		{"refresh token", a.refreshes()},
		{"client credentials", a.flag("clientCredentials") == On},
		{"JWT bearer", a.text("certificate") != ""},
		{"authorization code and credentials", a.flag("codeCredentials") == On},
		{"token exchange", a.flag("exchange") == On},
		{"device", a.flag("device") == On},
		{"SAML", a.saml()},
		{"canvas", a.canvas()},
		{"username-password, in use", a.use.bySub(subPassword...).count > 0},
		{"user-agent, in use", a.use.bySub(subUserAgent...).count > 0},
		{"device, in use", a.use.bySub(subDevice...).count > 0},
	} {
		if f.on {
			list = append(list, f.words)
		}
	}
	return list
}

// setup is the address of the page in Setup on which an app is dealt with: its
// own where that can be told, else the list of apps.
func (a *App) setup(instance string) string {
	switch {
	case instance == "":
		return ""
	case a.Kind == KindECA:
		return instance + "/lightning/setup/ManageExternalClientApplication/home"
	case a.phantom():
		return instance + "/lightning/setup/ConnectedAppsUsage/home"
	case strings.HasPrefix(a.ID, "0H4"):
		return instance + "/lightning/setup/ConnectedApplication/page?address=%2F" + a.ID
	}
	return instance + "/lightning/setup/NavigationMenus/home"
}

func summarize(r *Report) Summary {
	s := Summary{Apps: len(r.Apps), Verdicts: map[Verdict]int{}, Routes: map[Route]int{}, Levels: map[string]int{}}
	for _, v := range Verdicts() {
		s.Verdicts[v] = 0
	}
	for _, way := range Routes() {
		s.Routes[way] = 0
	}
	for _, l := range []diag.Level{diag.Error, diag.Warning, diag.Note} {
		s.Levels[l.String()] = 0
	}
	for _, a := range r.Apps {
		s.Verdicts[a.Verdict]++
		s.Routes[a.Route]++
	}
	for f := range r.all() {
		if f.Suppressed == nil {
			s.Levels[f.Level.String()]++
		} else {
			s.Suppressed++
		}
	}
	return s
}

// all iterates over every finding, of apps and of orgs.
func (r *Report) all() func(yield func(*FindingReport) bool) {
	return func(yield func(*FindingReport) bool) {
		for i := range r.Apps {
			for j := range r.Apps[i].Findings {
				if !yield(&r.Apps[i].Findings[j]) {
					return
				}
			}
		}
		for i := range r.Orgs {
			for j := range r.Orgs[i].Findings {
				if !yield(&r.Orgs[i].Findings[j]) {
					return
				}
			}
		}
	}
}

// SourceFiles describes files as the place that evidence came from, and what
// they leave open.
func SourceFiles(name string, read *metadata.Collection) Org {
	count := func(typ string) int {
		n := 0
		for _, c := range read.Components {
			if c.Type == typ {
				n++
			}
		}
		return n
	}
	org := Org{Name: name, Type: "source", Findings: []FindingReport{}, Sources: []Source{
		{Name: "ConnectedApp", State: SourceOK, Rows: count(metadata.TypeConnectedApp)},
		{Name: "ExternalClientApplication", State: SourceOK, Rows: count(metadata.TypeApp)},
	}}
	if n := len(read.Unreadable); n > 0 {
		org.Sources = append(org.Sources, Source{
			Name: "unreadable files", State: SourceDenied, Rows: n, Note: fmt.Sprintf("%d file(s) could not be read", n),
		})
	}
	for _, s := range SourceInfos {
		if s.Name != SrcList && s.Name != SrcRetrieve && s.Name != SrcApps {
			org.Sources = append(org.Sources, Source{Name: s.Name, State: SourceUnavailable, Note: "files do not tell " + s.Leaves})
		}
	}
	return org
}

// Worst returns the most severe level among findings that are not suppressed;
// ok is false if there are none.
func (r *Report) Worst() (worst diag.Level, ok bool) {
	worst = diag.Note
	for f := range r.all() {
		if f.Suppressed == nil {
			ok, worst = true, min(worst, f.Level)
		}
	}
	return worst, ok
}
