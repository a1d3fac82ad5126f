// Package track looks at what a plan of a migration is about: at an org, by what
// was read of it, and at the files beside the plan. It keeps nothing.
package track

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

// Options say what is looked at.
type Options struct {
	Now     time.Time
	Version string         // of the program
	Audit   migrate.Policy // what the project wants otherwise
	Dir     string         // the folder of specs; "" looks at no files
}

// Look says where every app of an org stands.
func Look(p *waves.Plan, e *migrate.Evidence, o Options) (*waves.Status, error) {
	if p.Org(e.Org.ID) == nil {
		return nil, &diag.Problem{
			Code: "ECA753", Message: "the plan has no app of the org " + cmp.Or(e.Org.Alias, e.Org.Name, e.Org.ID) + " (" + e.Org.ID + ")",
			Hint: "choose one of its orgs with --target-org: " + strings.Join(titles(p), ", "),
		}
	}
	now := migrate.Audit(migrate.FromEvidence(e), migrate.Options{Version: o.Version, Now: o.Now, Policy: o.Audit})
	l := newLooker(p, e, now, o)
	sights := map[string]*waves.Sight{}
	for _, a := range p.All() {
		if a.Org == e.Org.ID {
			sights[a.Name] = l.sight(a)
		}
	}
	s := waves.Stand(p, e.Org.ID, now, sights, o.Version)
	s.Notes = append(s.Notes, l.notes...)
	return s, nil
}

func titles(p *waves.Plan) []string {
	list := make([]string, len(p.Orgs))
	for i := range p.Orgs {
		list[i] = p.Orgs[i].Title()
	}
	return list
}

// looker finds things by name.
type looker struct {
	options Options
	org     *waves.Org
	now     *migrate.Report
	e       *migrate.Evidence
	old     map[string]*migrate.AppReport // by lower name
	new     map[string]*migrate.AppReport
	made    map[string]time.Time // External Client Apps, by lower name
	ids     map[string]string    // by lower name
	legacy  map[string]*metadata.Component
	apps    map[string]*metadata.App
	whole   bool
	uses    bool
	notes   []string
}

func newLooker(p *waves.Plan, e *migrate.Evidence, now *migrate.Report, o Options) *looker {
	l := &looker{
		options: o, org: p.Org(e.Org.ID), now: now, e: e, old: map[string]*migrate.AppReport{}, new: map[string]*migrate.AppReport{},
		made: map[string]time.Time{}, ids: map[string]string{}, legacy: map[string]*metadata.Component{}, apps: map[string]*metadata.App{},
	}
	for i := range now.Apps {
		a := &now.Apps[i]
		if a.Kind == migrate.KindECA {
			l.new[strings.ToLower(a.Name)] = a
			l.ids[strings.ToLower(a.Name)] = a.ID
		} else {
			l.old[strings.ToLower(a.Name)] = a
		}
	}
	for _, r := range e.Tables[migrate.SrcApps] {
		l.note(r["DeveloperName"], r["CreatedDate"])
	}
	for _, r := range e.Tables[migrate.SrcList] {
		if r["type"] == metadata.TypeApp {
			l.note(r["fullName"], r["createdDate"])
		}
	}
	read := metadata.Schema().ReadFiles("", e.Files)
	for _, c := range read.Components {
		if c.Type == metadata.TypeConnectedApp {
			l.legacy[strings.ToLower(c.Name)] = c
		}
	}
	assembled, _ := metadata.Schema().Assemble(read.Components) // its remarks are for import
	for _, a := range assembled {
		l.apps[strings.ToLower(a.Name)] = a
	}
	l.whole = l.ok(migrate.SrcList)
	l.uses = l.ok(migrate.SrcTokens) && l.ok(migrate.SrcLogins)
	return l
}

// note keeps when an app was made.
func (l *looker) note(name, created string) {
	if t, err := time.Parse("2006-01-02T15:04:05.000-0700", created); err == nil && name != "" {
		l.made[strings.ToLower(name)] = t.UTC()
	}
}

func (l *looker) ok(source string) bool {
	return slices.ContainsFunc(l.e.Org.Sources, func(s migrate.Source) bool { return s.Name == source && s.State == migrate.SourceOK })
}

// sight looks at one app.
func (l *looker) sight(a *waves.App) *waves.Sight {
	k := strings.ToLower(a.Successor)
	s := &waves.Sight{Old: l.old[strings.ToLower(a.Name)], Whole: l.whole, Uses: l.uses}
	if s.Old != nil && !l.listed(a.Name) && l.whole {
		s.Old = nil // only tokens and logins still tell of it
	}
	if a.Successor != "" {
		s.New, s.NewSince = l.new[k], l.made[k]
	}
	if s.New != nil {
		l.grants(a, s)
		l.compare(a, s)
	}
	if l.options.Dir != "" {
		l.files(a, s)
	}
	return s
}

// listed tells whether the org lists a Connected App, or has a record of it.
func (l *looker) listed(name string) bool {
	for _, r := range l.e.Tables[migrate.SrcList] {
		if r["type"] == metadata.TypeConnectedApp && strings.EqualFold(r["fullName"], name) {
			return true
		}
	}
	a := l.old[strings.ToLower(name)]
	return a != nil && a.Verdict == migrate.VerdictVendor && a.ID == "" // it was never more than a name in tokens
}

const (
	typePolicy = "ExtlClntAppOauthConfigurablePolicies"
	fieldSets  = "commaSeparatedPermissionSet"
	fieldProfs = "commaSeparatedProfile"
)

// grants reads to whom the successor is granted.
func (l *looker) grants(a *waves.App, s *waves.Sight) {
	app := l.apps[strings.ToLower(a.Successor)]
	if app == nil {
		return
	}
	p := app.Part(typePolicy)
	if p == nil {
		return
	}
	s.Policy = true
	users, _ := p.Text("permittedUsersPolicyType")
	s.Open = users == "AllSelfAuthorized"
	add := func(name string) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(s.Granted, name) {
			s.Granted = append(s.Granted, name)
		}
	}
	for _, field := range []string{fieldSets, fieldProfs} {
		text, _ := p.Text(field)
		for name := range strings.SplitSeq(text, ",") {
			add(name)
		}
	}
	id := l.ids[strings.ToLower(a.Successor)]
	for _, r := range l.e.Tables[migrate.SrcGrants] {
		if id != "" && strings.HasPrefix(r["SetupEntityId"], id[:min(15, len(id))]) {
			add(cmp.Or(r["Parent.Profile.Name"], r["Parent.Name"], r["ParentId"]))
		}
	}
	slices.Sort(s.Granted)
}
