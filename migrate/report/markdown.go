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

// maxComment is how long a report may be, in bytes: GitHub refuses comments of more
// than 65,536 characters.
const maxComment = 60_000

// MarkdownReport writes a report as Markdown: a comment on a pull request. Where
// it would be too long for one, tables end early and say how many lines they left
// out.
func MarkdownReport(w io.Writer, r *migrate.Report) error {
	m := &markdown{report: r}
	m.summary()
	m.dates()
	m.orgs()
	m.apps()
	m.findings()
	fmt.Fprintf(&m.out, "\n%s\n", Markdown(count(r)))
	_, err := io.WriteString(w, m.out.String())
	return err
}

type markdown struct {
	report *migrate.Report
	out    strings.Builder
}

// table writes a table if it has lines. Every cell is made harmless.
func (m *markdown) table(head, align string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(&m.out, "\n%s\n%s\n", head, align)
	for i, row := range rows {
		var line strings.Builder
		line.WriteString("|")
		for _, c := range row {
			line.WriteString(" " + Markdown(c) + " |")
		}
		if m.out.Len()+line.Len() > maxComment {
			fmt.Fprintf(&m.out, "\n%s more are in the other formats.\n", migrate.Plural(len(rows)-i, "line"))
			return
		}
		m.out.WriteString(line.String() + "\n")
	}
}

func (m *markdown) summary() {
	r := m.report
	fmt.Fprintf(&m.out, "## Apps of %s\n", Markdown(title(r)))
	var rows [][]string
	for _, v := range migrate.Verdicts() {
		if n := r.Summary.Verdicts[v]; n > 0 {
			rows = append(rows, []string{string(v), strconv.Itoa(n), meanings[v], causes(r, v)})
		}
	}
	m.table("| verdict | apps | | because of |", "|---|---:|---|---|", rows)
}

func (m *markdown) dates() {
	m.table("| stops | | what | apps |", "|---|---|---|---|", dateRows(m.report)[1:])
}

func (m *markdown) orgs() {
	if rows := orgRows(m.report); len(rows) > 1 {
		m.table("| org | group | type | apps | errors | warnings | notes | |", "|---|---|---|---:|---:|---:|---:|---|", rows[1:])
	}
}

func (m *markdown) apps() {
	r := m.report
	if len(r.Orgs) > 1 {
		m.table("| app | kind | orgs | eligible | fix-first | vendor | migrated | unknown | due | last used |", "|---|---|---:|---:|---:|---:|---:|---:|---|---|", matrixRows(r)[1:])
		return
	}
	var rows [][]string
	for i := range r.Apps {
		a := &r.Apps[i]
		levels := openLevels(a)
		rows = append(rows, []string{
			a.Name, kindNames[a.Kind], string(a.Verdict), string(a.Route), cmp.Or(deref(a.Due), "-"), lastUsed(a.Activity), users(a.Activity),
			number(levels[diag.Error]), number(levels[diag.Warning]), strings.Join(a.Unknown, ", "),
		})
	}
	m.table("| app | kind | verdict | route | due | last used | users | errors | warnings | unknown |", "|---|---|---|---|---|---|---:|---:|---:|---|", rows)
}

func (m *markdown) findings() {
	r := m.report
	if len(r.Orgs) > 1 {
		m.table("| level | rule | app | orgs | finding |", "|---|---|---|---|---|", fleetFindingRows(r, Theme{})[1:])
		return
	}
	var rows [][]string
	for _, l := range findingsOf(r, nil) {
		if f := l.finding; f.Suppressed == nil {
			rows = append(rows, []string{f.Level.String(), f.Rule, about(l), f.Message, f.Fix})
		}
	}
	m.table("| level | rule | app | finding | fix |", "|---|---|---|---|---|", rows)
}
