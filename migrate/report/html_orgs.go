package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// orgView is an org as the page shows it.
type orgView struct {
	N                       int
	ID                      string
	Name, Group, Type, Read string
	User, Failed, Head      string
	Apps, Errors, Warnings  int
	Bar                     []segment
	BarText                 string
	Findings, Suppressed    []findingView
	Sources                 []sourceView
}

// sourceView is a source as the page shows it.
type sourceView struct {
	Name, State, Words, Asks, Open string
	Rows                           int
}

func (b *builder) org(i int) *orgView {
	o := &b.r.Orgs[i]
	v := &orgView{
		N: i, ID: "org-" + strconv.Itoa(i+1), Name: cmp.Or(Plain(o.Title()), "(no name)"), Group: Plain(o.Group),
		Type: Plain(cmp.Or(orgTypes[o.Type], o.Type)), User: Plain(o.User), Failed: Plain(o.Error),
	}
	if o.ReadAt != nil {
		v.Read = o.ReadAt.UTC().Format(utc)
	}
	verdicts := map[migrate.Verdict]int{}
	counts := levelCounts(o.Findings)
	v.Errors, v.Warnings = counts[diag.Error], counts[diag.Warning]
	for _, a := range b.apps {
		if a.OrgN == i {
			v.Apps++
			v.Errors += a.errors
			v.Warnings += a.warnings
			verdicts[a.report.Verdict]++
		}
	}
	v.Bar, v.BarText = bar(verdicts)
	for j := range o.Findings {
		f := b.finding(&o.Findings[j])
		if f.Suppressed {
			v.Suppressed = append(v.Suppressed, f)
		} else {
			v.Findings = append(v.Findings, f)
		}
	}
	unread := 0
	for _, s := range o.Sources {
		v.Sources = append(v.Sources, source(s))
		if s.State != migrate.SourceOK {
			unread++
		}
	}
	switch {
	case v.Failed != "":
		v.Head = "could not be read"
	case unread == 0:
		v.Head = fmt.Sprintf("%s, everything was read", migrate.Plural(v.Apps, "app"))
	default:
		v.Head = fmt.Sprintf("%s, %d of %d sources not read in full", migrate.Plural(v.Apps, "app"), unread, len(v.Sources))
	}
	return v
}

// source says what a source tells, and what is open where it was not read.
func source(s migrate.Source) sourceView {
	v := sourceView{Name: Plain(s.Name), State: string(s.State), Words: cmp.Or(stateWords[s.State], Plain(string(s.State))), Rows: s.Rows, Open: upperFirst(Plain(s.Note))}
	known := migrate.FindSource(s.Name)
	if known == nil {
		return v
	}
	v.Asks = upperFirst(known.Asks)
	if s.State != migrate.SourceOK && !strings.Contains(s.Note, known.Leaves) {
		v.Open = strings.TrimPrefix(v.Open+". Open: "+known.Leaves, ". ")
	}
	return v
}

// A matrix is the apps over the orgs: as cells where the orgs are few, and else as
// numbers.
type matrix struct {
	Caption  string
	Orgs     []string
	Verdicts []string
	Rows     []matrixRow
}

type matrixRow struct {
	Name, Kind string
	Orgs       int
	Cells      []matrixCell
	Counts     []int
}

type matrixCell struct {
	ID, Verdict, Name string
	Failed            bool
}

// A matrix of more cells than this is of no use to a reader, nor one that is wider.
const maxMatrixOrgs, maxMatrixCells = 30, 30_000

func (b *builder) matrix() *matrix {
	if len(b.r.Orgs) < 2 {
		return nil
	}
	rows := b.r.Matrix()
	if len(b.r.Orgs) > maxMatrixOrgs || len(rows)*len(b.r.Orgs) > maxMatrixCells {
		return b.counts(rows)
	}
	m := &matrix{Caption: "Where each app stands in each org. The same app in several orgs is one row."}
	for _, o := range b.orgs {
		m.Orgs = append(m.Orgs, o.Name)
	}
	for _, r := range rows {
		row := matrixRow{Name: b.label(r), Kind: kindWords[r.Kind]}
		for i, a := range r.Cells {
			cell := matrixCell{Failed: b.orgs[i].Failed != ""}
			if v := b.views[a]; a != nil && v != nil {
				cell = matrixCell{ID: v.ID, Verdict: v.Verdict, Name: v.VerdictName}
			}
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// counts is the matrix of a large fleet: of every app that is in several orgs, in
// how many it stands where.
func (b *builder) counts(rows []migrate.MatrixRow) *matrix {
	m := &matrix{}
	for _, v := range migrate.Verdicts() {
		m.Verdicts = append(m.Verdicts, verdictNames[v])
	}
	alone := 0
	for _, r := range rows {
		row := matrixRow{Name: b.label(r), Kind: kindWords[r.Kind], Counts: make([]int, len(m.Verdicts))}
		for _, a := range r.Cells {
			if a == nil {
				continue
			}
			row.Orgs++
			if n := b.views[a].VerdictN; n >= 0 {
				row.Counts[n]++
			}
		}
		if row.Orgs > 1 {
			m.Rows = append(m.Rows, row)
		} else {
			alone++
		}
	}
	m.Caption = fmt.Sprintf("In how many orgs each app stands where, of the %s that are in several orgs. Left out: %s in one org alone.", migrate.Plural(len(m.Rows), "app"), migrate.Plural(alone, "app"))
	return m
}

// label is what an app of a matrix is called in the first org that has it.
func (b *builder) label(r migrate.MatrixRow) string {
	for _, a := range r.Cells {
		if v := b.views[a]; a != nil && v != nil {
			return v.Label
		}
	}
	return cmp.Or(Plain(r.Name), "(no name)")
}
