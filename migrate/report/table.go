package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// meanings put the verdicts into words.
var meanings = map[migrate.Verdict]string{
	migrate.VerdictEligible: "ready: Setup's button takes them now",
	migrate.VerdictFixFirst: "after the fixes below",
	migrate.VerdictVendor:   "of a vendor, who has to move them",
	migrate.VerdictMigrated: "External Client Apps already",
	migrate.VerdictUnknown:  "somebody has to look",
}

// Table writes a report for a terminal: numbers first, then the apps, then the
// findings with the worst first, then what was not seen. The last line counts.
func Table(w io.Writer, r *migrate.Report, t Theme) error {
	var out strings.Builder
	name := "apps"
	if len(r.Orgs) > 0 {
		name = r.Orgs[0].Name
	}
	fmt.Fprintf(&out, "%s  %s\n\n", t.Bold("APPS OF "+Plain(name)), r.GeneratedAt.UTC().Format("2 Jan 2006 15:04 MST"))
	for _, v := range migrate.Verdicts() {
		if n := r.Summary.Verdicts[v]; n > 0 {
			fmt.Fprintf(&out, "  %4d  %s  %s\n", n, t.verdict(v)+strings.Repeat(" ", 9-len(v)), t.Faint(meanings[v]))
		}
	}
	out.WriteString("\n")
	if err := t.Grid(&out, "", appRows(r, t)); err != nil {
		return err
	}
	out.WriteString("\n")
	if rows := findingRows(r, t); len(rows) > 0 {
		if err := t.Grid(&out, "", rows); err != nil {
			return err
		}
		writeFixes(&out, r, t)
	}
	writeUnseen(&out, r, t)
	fmt.Fprintln(&out, count(r))
	_, err := io.WriteString(w, out.String())
	return err
}

func appRows(r *migrate.Report, t Theme) [][]string {
	rows := [][]string{{"APP", "KIND", "VERDICT", "ROUTE", "ERRORS", "WARNINGS", "NOTES", "UNKNOWN"}}
	kinds := map[string]string{migrate.KindConnectedApp: "connected", migrate.KindECA: "eca"}
	for _, a := range r.Apps {
		levels := map[diag.Level]int{}
		for _, f := range a.Findings {
			levels[f.Level]++
		}
		rows = append(rows, []string{
			Plain(a.Name), kinds[a.Kind], t.verdict(a.Verdict), string(a.Route),
			number(levels[diag.Error]), number(levels[diag.Warning]), number(levels[diag.Note]), number(len(a.Unknown)),
		})
	}
	return rows
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// findingRows lists errors and warnings; notes are counted, and in every other
// format.
func findingRows(r *migrate.Report, t Theme) [][]string {
	type row struct {
		level diag.Level
		cells []string
	}
	var list []row
	for _, a := range r.Apps {
		for _, f := range a.Findings {
			if f.Level == diag.Note {
				continue
			}
			list = append(list, row{f.Level, []string{t.Level(f.Level, f.Level.String()), f.Rule, Plain(a.Name), Plain(f.Message)}})
		}
	}
	slices.SortStableFunc(list, func(a, b row) int { return cmp.Compare(a.level, b.level) })
	if len(list) == 0 {
		return nil
	}
	rows := [][]string{{"LEVEL", "RULE", "APP", "FINDING"}}
	for _, l := range list {
		rows = append(rows, l.cells)
	}
	return rows
}

// writeFixes says once per rule what to do about its errors.
func writeFixes(w io.Writer, r *migrate.Report, t Theme) {
	fixes := map[string]string{}
	for _, a := range r.Apps {
		for _, f := range a.Findings {
			if f.Level == diag.Error {
				fixes[f.Rule] = f.Fix
			}
		}
	}
	if len(fixes) == 0 {
		fmt.Fprintln(w)
		return
	}
	fmt.Fprintln(w, "\n"+t.Bold("What to do about the errors"))
	for _, id := range slices.Sorted(maps.Keys(fixes)) {
		fmt.Fprintf(w, "  %-12s %s\n", id, Plain(fixes[id]))
	}
	fmt.Fprintln(w)
}

// writeUnseen says what the audit could not look at, and how many apps that
// leaves open.
func writeUnseen(w io.Writer, r *migrate.Report, t Theme) {
	open := map[string]int{}
	for _, a := range r.Apps {
		for _, u := range a.Unknown {
			open[u]++
		}
	}
	if len(open) == 0 {
		return
	}
	fmt.Fprintln(w, t.Bold("Not to be seen in what was read"))
	for _, what := range slices.Sorted(maps.Keys(open)) {
		fmt.Fprintf(w, "  %-45s %s\n", Plain(what), Plural(open[what], "app"))
	}
	fmt.Fprintln(w)
}

func count(r *migrate.Report) string {
	l := r.Summary.Levels
	return fmt.Sprintf("%s, %s, %s, %s. A rule in full:  ecactl explain RULE", Plural(r.Summary.Apps, "app"),
		Plural(l["error"], "error"), Plural(l["warning"], "warning"), Plural(l["note"], "note"))
}
