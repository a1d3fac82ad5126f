package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

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

// Table writes a report for a terminal: numbers first, then the apps, then what
// stops when, then the findings with the worst first, then what was not seen. The
// last line counts. Of several orgs, apps and findings of one name are one line.
func Table(w io.Writer, r *migrate.Report, t Theme) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s  %s\n\n", t.Bold("APPS OF "+Plain(title(r))), r.GeneratedAt.UTC().Format("2 Jan 2006 15:04 MST"))
	for _, v := range migrate.Verdicts() {
		if n := r.Summary.Verdicts[v]; n > 0 {
			line := fmt.Sprintf("  %4d  %s  %-35s", n, t.verdict(v)+strings.Repeat(" ", 9-len(v)), meanings[v])
			if why := causes(r, v); why != "" {
				line += "  " + t.Faint(why)
			}
			out.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	out.WriteString("\n")
	sections := []func() [][]string{
		func() [][]string { return orgRows(r) },
		func() [][]string { return appRows(r, t) },
		func() [][]string { return dateRows(r) },
		func() [][]string { return findingRows(r, t) },
	}
	for _, rows := range sections {
		list := rows()
		if len(list) < 2 { // the heading alone
			continue
		}
		if err := t.Grid(&out, "", list); err != nil {
			return err
		}
		out.WriteString("\n")
	}
	writeFixes(&out, r, t)
	writeUnread(&out, r, t)
	writeUnseen(&out, r, t)
	fmt.Fprintln(&out, count(r)+" A rule in full:  ecactl explain RULE")
	_, err := io.WriteString(w, out.String())
	return err
}

// title names what was audited.
func title(r *migrate.Report) string {
	switch {
	case len(r.Orgs) == 0:
		return "no org"
	case len(r.Orgs) > 1:
		return strconv.Itoa(len(r.Orgs)) + " ORGS"
	case r.Orgs[0].Type == "source":
		return r.Orgs[0].Name
	}
	o := &r.Orgs[0]
	name := cmp.Or(o.Name, o.Title())
	if o.Alias != "" && o.Alias != name {
		name = o.Alias + ", " + name
	}
	return name + " (" + o.Type + ")"
}

// causes counts the rules that put apps where they stand.
func causes(r *migrate.Report, v migrate.Verdict) string {
	counts := map[string]int{}
	for i := range r.Apps {
		a := &r.Apps[i]
		if a.Verdict != v {
			continue
		}
		seen := map[string]bool{}
		for _, f := range a.Findings {
			if rule := migrate.FindRule(f.Rule); rule != nil && rule.Effect != migrate.NoEffect && !seen[f.Rule] {
				seen[f.Rule] = true
				counts[f.Rule]++
			}
		}
	}
	ids := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, id := range ids {
		ids[i] = id + " " + strconv.Itoa(counts[id])
	}
	return strings.Join(ids, "  ")
}

var kindNames = map[string]string{migrate.KindConnectedApp: "connected", migrate.KindECA: "eca", migrate.KindOrg: "org"}

// appRows lists the apps of one org, or the names of apps over several.
func appRows(r *migrate.Report, t Theme) [][]string {
	if len(r.Orgs) > 1 {
		return matrixRows(r)
	}
	used := slices.ContainsFunc(r.Apps, func(a migrate.AppReport) bool { return a.Activity != nil })
	dated := slices.ContainsFunc(r.Apps, func(a migrate.AppReport) bool { return a.Due != nil })
	head := []string{"APP", "KIND", "VERDICT", "ROUTE"}
	if dated {
		head = append(head, "DUE")
	}
	if used {
		head = append(head, "LAST USED", "USERS")
	}
	rows := [][]string{append(head, "ERRORS", "WARNINGS", "NOTES", "UNKNOWN")}
	for i := range r.Apps {
		a := &r.Apps[i]
		row := []string{Plain(a.Name), kindNames[a.Kind], t.verdict(a.Verdict), string(a.Route)}
		if dated {
			row = append(row, cmp.Or(deref(a.Due), "-"))
		}
		if used {
			row = append(row, lastUsed(a.Activity), users(a.Activity))
		}
		levels := openLevels(a)
		rows = append(rows, append(row, number(levels[diag.Error]), number(levels[diag.Warning]), number(levels[diag.Note]), number(len(a.Unknown))))
	}
	return rows
}

func lastUsed(a *migrate.Activity) string {
	if a == nil || a.LastUsed == nil {
		return "-"
	}
	return a.LastUsed.UTC().Format(time.DateOnly)
}

func users(a *migrate.Activity) string {
	if a == nil {
		return "-"
	}
	return number(a.Users)
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// dateRows lists what stops, and when.
func dateRows(r *migrate.Report) [][]string {
	rows := [][]string{{"STOPS", "", "WHAT", "APPS"}}
	for _, b := range r.Timeline() {
		var names []string
		for _, a := range b.Apps {
			if name := Plain(a.Name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, o := range b.Orgs {
			names = append(names, "the org "+Plain(o.Title()))
		}
		const most = 4 // names that fit on a line; the rest are in the table above
		text := strconv.Itoa(len(names)) + ": " + strings.Join(names[:min(len(names), most)], ", ")
		if len(names) > most {
			text += ", …"
		}
		rows = append(rows, []string{b.When(), b.LeftInWords(), b.Deadline.Title, text})
	}
	return rows
}

// findingRows lists errors and warnings; notes are counted, and in every other
// format.
func findingRows(r *migrate.Report, t Theme) [][]string {
	if len(r.Orgs) > 1 {
		return fleetFindingRows(r, t)
	}
	rows := [][]string{{"LEVEL", "RULE", "APP", "FINDING"}}
	for _, l := range findingsOf(r, nil) {
		if f := l.finding; f.Suppressed == nil && f.Level != diag.Note {
			rows = append(rows, []string{t.Level(f.Level, f.Level.String()), f.Rule, about(l), Plain(f.Message)})
		}
	}
	return rows
}

// about names the app that a finding is about, or says that it is the org.
func about(l located) string {
	if l.kind == migrate.KindOrg {
		return "(the org)"
	}
	return Plain(l.name)
}

// writeFixes says once per rule what to do about its errors.
func writeFixes(w io.Writer, r *migrate.Report, t Theme) {
	fixes := map[string]string{}
	for _, l := range findingsOf(r, nil) {
		if f := l.finding; f.Level == diag.Error && f.Suppressed == nil {
			fixes[f.Rule] = f.Fix
		}
	}
	if len(fixes) == 0 {
		return
	}
	fmt.Fprintln(w, t.Bold("What to do about the errors"))
	for _, id := range slices.Sorted(maps.Keys(fixes)) {
		fmt.Fprintf(w, "  %-12s %s\n", id, Plain(fixes[id]))
	}
	fmt.Fprintln(w)
}

// writeUnread says which sources of an org were not read, or not wholly.
func writeUnread(w io.Writer, r *migrate.Report, t Theme) {
	var lines []string
	for i := range r.Orgs {
		o := &r.Orgs[i]
		if o.Type == "source" {
			continue // that files are no org is said by what is unknown
		}
		for _, s := range o.Sources {
			if s.State == migrate.SourceOK {
				continue
			}
			name := s.Name
			if len(r.Orgs) > 1 {
				name = o.Title() + ": " + name
			}
			lines = append(lines, fmt.Sprintf("  %-11s  %s: %s", s.State, Plain(name), Plain(s.Note)))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(w, "%s\n%s\n\n", t.Bold("Sources that were not read, or in part"), strings.Join(lines, "\n"))
	}
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
		fmt.Fprintf(w, "  %-45s %s\n", Plain(what), migrate.Plural(open[what], "app"))
	}
	fmt.Fprintln(w)
}

func count(r *migrate.Report) string {
	l := r.Summary.Levels
	text := fmt.Sprintf("%s, %s, %s, %s", migrate.Plural(r.Summary.Apps, "app"), migrate.Plural(l["error"], "error"), migrate.Plural(l["warning"], "warning"), migrate.Plural(l["note"], "note"))
	if r.Summary.Suppressed > 0 {
		text += fmt.Sprintf(", %d suppressed", r.Summary.Suppressed)
	}
	return text + "."
}
