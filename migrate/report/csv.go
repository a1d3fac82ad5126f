package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ecactl/ecactl/migrate"
)

// formulas are what makes a spreadsheet take a cell for one. From OWASP ASVS
// 1.2.10, and the full-width forms that some spreadsheets take as well.
const formulas = "=+-@\t\r\n\x00＝＋－＠"

// Cell makes a text harmless in a cell of a spreadsheet: it is no formula, and has
// nothing that a terminal or a spreadsheet acts upon.
func Cell(s string) string {
	risky := startsFormula(s)
	s = Plain(s)
	if risky || startsFormula(s) {
		return "'" + s
	}
	return s
}

func startsFormula(s string) bool {
	first, size := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0"))
	return size > 0 && strings.ContainsRune(formulas, first)
}

// csvColumns are the columns of CSV and of the findings' sheet.
var csvColumns = []string{
	"org", "orgName", "kind", "name", "label", "verdict", "route", "due", "lastUsed", "users", "tokens", "logins",
	"level", "rule", "message", "fix", "findingDue", "suppressed", "file", "line", "unknown",
}

// CSV writes a row for every finding, and one for an app without any.
func CSV(w io.Writer, r *migrate.Report) error {
	return WriteCSV(w, append([][]string{csvColumns}, findingCells(r)...))
}

// WriteCSV writes rows by RFC 4180, with cells that no spreadsheet takes for a
// formula.
func WriteCSV(w io.Writer, rows [][]string) error {
	var out bytes.Buffer
	table := csv.NewWriter(&out)
	table.UseCRLF = true
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = Cell(c)
		}
		if err := table.Write(cells); err != nil {
			return fmt.Errorf("writing CSV: %w", err)
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// findingCells are the rows of CSV, not yet made harmless.
func findingCells(r *migrate.Report) [][]string {
	names := map[string]string{}
	var rows [][]string
	for i := range r.Orgs {
		o := &r.Orgs[i]
		names[o.ID] = o.Title()
		if o.Error != "" {
			rows = append(rows, append([]string{o.ID, o.Title(), migrate.KindOrg, o.Title(), "", "", "", "", "", "", "", "", "error", "", o.Error}, make([]string, 6)...))
		}
		for j := range o.Findings {
			rows = append(rows, append([]string{o.ID, o.Title(), migrate.KindOrg, o.Title(), o.Name, "", "", "", "", "", "", ""}, cellsOf(&o.Findings[j], "", "")...))
		}
	}
	for i := range r.Apps {
		a := &r.Apps[i]
		head := []string{a.Org, names[a.Org], a.Kind, a.Name, a.Label, string(a.Verdict), string(a.Route), deref(a.Due)}
		head = append(head, activityCells(a.Activity)...)
		unknown := strings.Join(a.Unknown, "; ")
		if len(a.Findings) == 0 {
			rows = append(rows, append(head, "", "", "", "", "", "", a.File, "", unknown))
		}
		for j := range a.Findings {
			rows = append(rows, append(head[:len(head):len(head)], cellsOf(&a.Findings[j], a.File, unknown)...))
		}
	}
	return rows
}

func cellsOf(f *migrate.FindingReport, file, unknown string) []string {
	return []string{
		f.Level.String(), f.Rule, f.Message, f.Fix, deref(f.Due), deref(f.Suppressed), cmp.Or(f.Evidence["file"], file), f.Evidence["line"], unknown,
	}
}

func activityCells(a *migrate.Activity) []string {
	if a == nil {
		return []string{"", "", "", ""}
	}
	last := ""
	if a.LastUsed != nil {
		last = a.LastUsed.UTC().Format(time.RFC3339)
	}
	return []string{last, strconv.Itoa(a.Users), strconv.Itoa(a.Tokens), strconv.Itoa(a.Logins)}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
