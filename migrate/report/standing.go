package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

// phaseLevels give phases the colours of levels.
var phaseLevels = map[waves.Phase]diag.Level{waves.NotBegun: diag.Note, waves.Begun: diag.Warning, waves.Moved: diag.Warning, waves.Proven: diag.Note, waves.Finished: diag.Note}

// StatusTable writes where apps stand for a terminal: the apps by wave, then what
// has changed and what is next, with its command.
func StatusTable(w io.Writer, s *waves.Status, t Theme) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s  %s\n\n", t.Bold("MIGRATION OF "+Plain(s.Org.Title())), s.At.UTC().Format("2 Jan 2006 15:04 MST"))
	rows := [][]string{{"WAVE", "APP", "ROUTE", "STANDS", "NEXT", "WHO", "DUE"}}
	for i := range s.Apps {
		a := &s.Apps[i]
		next, who := "-", "-"
		if a.Next != nil {
			next, who = Plain(a.Next.Title), string(a.Next.Who)
		}
		due := deref(a.Due)
		if due == "" {
			due = a.Ends
		}
		if a.Overdue {
			due += " OVERDUE"
		}
		rows = append(rows, []string{strconv.Itoa(a.Wave), Plain(a.Name), string(a.Route), t.Level(phaseLevels[a.Phase], string(a.Phase)), next, who, due})
	}
	if err := t.Grid(&out, "", rows); err != nil {
		return err
	}
	out.WriteString("\n")
	for i := range s.Apps {
		statusDetails(&out, &s.Apps[i], t)
	}
	if len(s.Unplanned) > 0 {
		fmt.Fprintln(&out, t.Bold("Not in the plan"))
		for _, l := range s.Unplanned {
			fmt.Fprintf(&out, "  %s %s: %s, %s\n", Plain(l.Kind), Plain(l.Name), l.Verdict, l.Route)
		}
		out.WriteString("\n")
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&out, "note: %s\n", Plain(n))
	}
	if len(s.Notes) > 0 {
		out.WriteString("\n")
	}
	fmt.Fprintln(&out, StatusCount(s))
	_, err := io.WriteString(w, out.String())
	return err
}

// statusDetails says what there is to be said of one app, if there is anything.
func statusDetails(out *strings.Builder, a *waves.Standing, t Theme) {
	if len(a.Changes)+len(a.Drift)+len(a.SpecDrift) == 0 && (a.Next == nil || a.Phase == waves.NotBegun) {
		return
	}
	fmt.Fprintln(out, t.Bold(Plain(a.Name)))
	for _, c := range a.Changes {
		fmt.Fprintf(out, "  changed  %s\n", Plain(c))
	}
	for _, d := range a.Drift {
		fmt.Fprintf(out, "  drift    %s: the Connected App had %s, its successor has %s\n", Plain(d.Field), quoted(d.Was), quoted(d.Is))
	}
	for _, d := range a.SpecDrift {
		fmt.Fprintf(out, "  drift    %s: the spec says %s, the org has %s\n", Plain(d.Field), quoted(d.Was), quoted(d.Is))
	}
	if a.Next != nil {
		fmt.Fprintf(out, "  next     %s (%s)", Plain(a.Next.Title), a.Next.Who)
		if a.Why != "" {
			fmt.Fprintf(out, ": %s", Plain(a.Why))
		}
		out.WriteString("\n")
		for _, c := range a.Next.Commands {
			fmt.Fprintf(out, "             %s\n", Plain(c))
		}
		if a.Next.Link != "" {
			fmt.Fprintf(out, "             %s\n", Plain(a.Next.Link))
		}
	}
	out.WriteString("\n")
}

func quoted(v string) string {
	if v == "" {
		return "nothing"
	}
	return strconv.Quote(v)
}

// StatusCount is the last line of a status.
func StatusCount(s *waves.Status) string {
	parts := []string{migrate.Plural(len(s.Apps), "app")}
	for _, phase := range waves.AllPhases() {
		if n := s.Summary[phase]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, phase))
		}
	}
	return strings.Join(parts, ", ")
}

// StatusMarkdown writes where apps stand as Markdown.
func StatusMarkdown(w io.Writer, s *waves.Status) error {
	var out strings.Builder
	fmt.Fprintf(&out, "## Migration of %s\n\n%s, by a plan of %s. %s.\n\n", Markdown(s.Org.Title()), s.At.UTC().Format("2 Jan 2006 15:04 MST"), s.PlanMadeAt.UTC().Format(time.DateOnly), Markdown(StatusCount(s)))
	out.WriteString("| wave | app | route | stands | next | who | why | due |\n|---:|---|---|---|---|---|---|---|\n")
	for i := range s.Apps {
		a := &s.Apps[i]
		next, who := "", ""
		if a.Next != nil {
			next, who = a.Next.Title, string(a.Next.Who)
		}
		fmt.Fprintf(&out, "| %d | %s | %s | %s | %s | %s | %s | %s |\n", a.Wave, Markdown(a.Name), a.Route, a.Phase, Markdown(next), who, Markdown(a.Why), dueOf(a))
	}
	for i := range s.Apps {
		a := &s.Apps[i]
		if len(a.Changes)+len(a.Drift)+len(a.SpecDrift) == 0 {
			continue
		}
		fmt.Fprintf(&out, "\n### %s\n\n", Markdown(a.Name))
		for _, c := range a.Changes {
			fmt.Fprintf(&out, "- changed: %s\n", Markdown(c))
		}
		for _, d := range a.Drift {
			fmt.Fprintf(&out, "- drift: %s: the Connected App had %s, its successor has %s\n", Markdown(d.Field), Markdown(quoted(d.Was)), Markdown(quoted(d.Is)))
		}
		for _, d := range a.SpecDrift {
			fmt.Fprintf(&out, "- drift: %s: the spec says %s, the org has %s\n", Markdown(d.Field), Markdown(quoted(d.Was)), Markdown(quoted(d.Is)))
		}
	}
	if len(s.Unplanned) > 0 {
		out.WriteString("\n### Not in the plan\n\n| kind | app | verdict | route |\n|---|---|---|---|\n")
		for _, l := range s.Unplanned {
			fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", Markdown(l.Kind), Markdown(l.Name), l.Verdict, l.Route)
		}
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&out, "\n> %s\n", Markdown(n))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func dueOf(a *waves.Standing) string {
	due := deref(a.Due)
	if due == "" {
		due = a.Ends
	}
	if a.Overdue {
		return due + ", overdue"
	}
	return due
}

// statusColumns are the columns of a status as CSV: one row is one step.
var statusColumns = []string{"org", "orgName", "app", "label", "route", "wave", "ends", "due", "overdue", "phase", "number", "step", "title", "who", "state", "note", "next"}

// StatusCSV writes a row for every step of every app.
func StatusCSV(w io.Writer, s *waves.Status) error {
	rows := [][]string{statusColumns}
	for i := range s.Apps {
		a := &s.Apps[i]
		for n, step := range a.Steps {
			next := ""
			if a.Next != nil && a.Next.ID == step.ID {
				next = "next"
			}
			rows = append(rows, []string{
				s.Org.ID, s.Org.Title(), a.Name, a.Label, string(a.Route), strconv.Itoa(a.Wave), a.Ends, deref(a.Due), strconv.FormatBool(a.Overdue), string(a.Phase),
				strconv.Itoa(n + 1), step.ID, step.Title, string(step.Who), string(step.State), step.Note, next,
			})
		}
	}
	return WriteCSV(w, rows)
}

// StatusHTML writes where apps stand as one page, as PlanHTML does.
func StatusHTML(w io.Writer, s *waves.Status) error {
	type number struct {
		Phase waves.Phase
		N     int
	}
	var numbers []number
	for _, phase := range waves.AllPhases() {
		numbers = append(numbers, number{phase, s.Summary[phase]})
	}
	return runbookPage(w, "status", map[string]string{s.Org.ID: s.Org.Title()}, struct {
		Title, At, Made, Count string
		Numbers                []number
		Status                 *waves.Status
	}{"Migration of " + Plain(s.Org.Title()), s.At.UTC().Format("2 Jan 2006 15:04 MST"), s.PlanMadeAt.UTC().Format(time.DateOnly), StatusCount(s), numbers, s})
}
