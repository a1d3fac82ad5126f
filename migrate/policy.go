package migrate

import (
	"cmp"
	"path"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A Policy is what a project wants otherwise than the rules have it. It changes
// levels and what counts; it never changes a verdict.
type Policy struct {
	Limits   Limits                // numbers that are 0 are the defaults
	Levels   map[string]diag.Level // by rule
	Off      map[string]bool       // rules whose findings are suppressed
	Ignore   []Ignore
	Baseline map[string]bool // fingerprints of findings that were there before
	Source   string          // the file, for reasons
}

// An Ignore suppresses findings, and says why.
type Ignore struct {
	Rule    string    // an id, or a pattern such as CA-SEC-*
	App     string    // a name, or a pattern; "" means every app
	Org     string    // an id, name or alias; "" means every org
	Reason  string    // required
	Expires time.Time // the last day; the zero time never
}

func (p *Policy) limits() Limits {
	l, d := p.Limits, DefaultLimits
	for _, pair := range []struct{ own, fallback *int }{
		{&l.UnusedDays, &d.UnusedDays}, {&l.ActiveDays, &d.ActiveDays}, {&l.CertificateDays, &d.CertificateDays}, {&l.CertificateErrorDays, &d.CertificateErrorDays},
		{&l.Scopes, &d.Scopes}, {&l.Users, &d.Users}, {&l.ChangedDays, &d.ChangedDays}, {&l.NeverUsedDays, &d.NeverUsedDays},
	} {
		*pair.own = cmp.Or(*pair.own, *pair.fallback)
	}
	return l
}

// apply gives a finding the level that the project wants, and suppresses it if
// the project says so or if it was there before.
func (p *Policy) apply(f *FindingReport, a *App, inv *Inventory) {
	if level, ok := p.Levels[f.Rule]; ok {
		f.Level = level
	}
	suppress := func(reason string) {
		if f.Suppressed == nil {
			f.Suppressed = &reason
		}
	}
	for _, i := range p.Ignore {
		if i.covers(f, a, inv) {
			suppress(i.Reason)
		}
	}
	if p.Off[f.Rule] {
		suppress("switched off in " + cmp.Or(p.Source, "the project's settings"))
	}
	if p.Baseline[Fingerprint(inv.orgID(), a.Kind, a.Name, f)] {
		suppress("in the baseline")
	}
}

func (inv *Inventory) orgID() string {
	if inv.evidence == nil {
		return ""
	}
	return inv.evidence.Org.ID
}

func (i *Ignore) covers(f *FindingReport, a *App, inv *Inventory) bool {
	if !matches(i.Rule, f.Rule) || i.App != "" && !matches(i.App, a.Name) && !matches(i.App, a.Label) {
		return false
	}
	if i.Org == "" {
		return true
	}
	if inv.evidence == nil {
		return false
	}
	org := inv.evidence.Org
	return matches(i.Org, org.ID) || matches(i.Org, org.Name) || matches(i.Org, org.Alias)
}

func matches(pattern, s string) bool {
	if strings.EqualFold(pattern, s) {
		return true
	}
	ok, _ := path.Match(pattern, s) // a bad pattern was refused when it was read
	return ok
}

// Fingerprint is the same for one finding in two reports, although dates, counts
// and lines have moved.
func Fingerprint(org, kind, name string, f *FindingReport) string {
	still := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, f.Message)
	return strings.Join([]string{org, kind, strings.ToLower(name), f.Rule, f.Evidence["element"], still}, "\x1f")
}

// BaselineOf lists the fingerprints of a report's findings, for --baseline.
func BaselineOf(r *Report) map[string]bool {
	known := map[string]bool{}
	for i := range r.Apps {
		a := &r.Apps[i]
		for j := range a.Findings {
			known[Fingerprint(a.Org, a.Kind, a.Name, &a.Findings[j])] = true
		}
	}
	for i := range r.Orgs {
		o := &r.Orgs[i]
		for j := range o.Findings {
			known[Fingerprint(o.ID, KindOrg, o.Name, &o.Findings[j])] = true
		}
	}
	return known
}
