package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// kindsOf names the levels as CI servers do.
var kindsOf = map[diag.Level]string{diag.Error: "Error", diag.Warning: "Warning", diag.Note: "Note"}

// JUnitAudit writes a report for CI servers: a suite for each org, and a case for
// each app, which fails if it has an error or a warning that is not suppressed. An
// org that could not be read is a case that fails.
func JUnitAudit(w io.Writer, r *migrate.Report) error {
	var suites []Suite
	for i := range r.Orgs {
		o := &r.Orgs[i]
		s := Suite{Name: o.Title()}
		own := Case{Name: o.Title(), Class: migrate.KindOrg}
		own.Failure, own.Kind, own.Detail = failureOf(o.Findings)
		if o.Error != "" {
			own.Failure, own.Kind, own.Detail = o.Error, "Error", o.Error
		}
		s.Cases = append(s.Cases, own)
		for j := range r.Apps {
			a := &r.Apps[j]
			if a.Org != o.ID {
				continue
			}
			c := Case{Name: a.Name, Class: a.Kind}
			c.Failure, c.Kind, c.Detail = failureOf(a.Findings)
			s.Cases = append(s.Cases, c)
		}
		suites = append(suites, s)
	}
	return JUnit(w, r.GeneratedAt, suites)
}

// failureOf puts the errors and warnings of an app together; "" if it has none.
func failureOf(list []migrate.FindingReport) (failure, kind, detail string) {
	worst, n := diag.Note, 0
	var lines []string
	for _, f := range list {
		if f.Suppressed != nil || f.Level == diag.Note {
			continue
		}
		if n++; f.Level < worst {
			worst, failure = f.Level, f.Rule+": "+f.Message
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s\n  %s", f.Level, f.Rule, Plain(f.Message), Plain(f.Fix)))
	}
	if n == 0 {
		return "", "", ""
	}
	if n > 1 {
		failure += fmt.Sprintf(" (and %d more)", n-1)
	}
	return failure, kindsOf[worst], strings.Join(lines, "\n")
}

// GitHubAudit writes the findings that are not suppressed as annotations.
func GitHubAudit(w io.Writer, r *migrate.Report) error {
	var list []Annotation
	for _, l := range findingsOf(r, nil) {
		f := l.finding
		if f.Suppressed != nil {
			continue
		}
		a := Annotation{Level: f.Level, Title: f.Rule + " " + l.name, Message: l.name + ": " + f.Message + "\n" + f.Fix}
		a.Pos.File = cmp.Or(f.Evidence["file"], l.file)
		a.Pos.Line, _ = strconv.Atoi(f.Evidence["line"])  // 0 is a place that is not known
		a.Pos.Col, _ = strconv.Atoi(f.Evidence["column"]) // as above
		list = append(list, a)
	}
	for i := range r.Orgs {
		if o := &r.Orgs[i]; o.Error != "" {
			list = append(list, Annotation{Level: diag.Error, Title: "not read: " + o.Title(), Message: o.Error})
		}
	}
	return GitHub(w, list)
}
