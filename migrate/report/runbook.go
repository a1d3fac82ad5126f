package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

// PlanTable writes a plan of a migration for a terminal: the waves, and what the
// reader would not expect. The steps are in the other formats.
func PlanTable(w io.Writer, p *waves.Plan, t Theme) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s  %s, of an audit of %s\n\n", t.Bold("MIGRATION"), p.MadeAt.UTC().Format(time.DateOnly), p.AuditedAt.UTC().Format("2 Jan 2006 15:04 MST"))
	titles := orgTitles(p)
	for i := range p.Waves {
		v := &p.Waves[i]
		fmt.Fprintf(&out, "%s  %s to %s, %s, %s\n", t.Bold(fmt.Sprintf("Wave %d", v.Number)), v.Begins, v.Ends, v.Stage, migrate.Plural(len(v.Apps), "app"))
		rows := [][]string{{"ORG", "APP", "ROUTE", "RISK", "DUE", "USERS", "STEPS", "WITH"}}
		for j := range v.Apps {
			a := &v.Apps[j]
			due := deref(a.Due)
			if due == "" {
				due = "-"
			}
			if a.Late != "" {
				due += " LATE"
			}
			rows = append(rows, []string{Plain(titles[a.Org]), Plain(a.Name), string(a.Route), string(a.Risk), due, usersOf(a.Activity), strconv.Itoa(len(a.Steps)), Plain(withWhom(a))})
		}
		if err := t.Grid(&out, "  ", rows); err != nil {
			return err
		}
		out.WriteString("\n")
	}
	writeLate(&out, p, t)
	for _, n := range p.Notes {
		fmt.Fprintf(&out, "note: %s\n", Plain(n))
	}
	if len(p.Notes) > 0 {
		out.WriteString("\n")
	}
	fmt.Fprintln(&out, PlanCount(p))
	_, err := io.WriteString(w, out.String())
	return err
}

// writeLate says which apps do not make it before their date.
func writeLate(out *strings.Builder, p *waves.Plan, t Theme) {
	if p.Summary.Late == 0 {
		return
	}
	fmt.Fprintln(out, t.Bold("Not before their date"))
	for _, a := range p.All() {
		if a.Late != "" {
			fmt.Fprintf(out, "  %s: %s\n", Plain(a.Name), Plain(a.Late))
		}
	}
	out.WriteString("\n")
}

// PlanCount is the last line of a plan.
func PlanCount(p *waves.Plan) string {
	s := p.Summary
	parts := []string{migrate.Plural(s.Waves, "wave"), migrate.Plural(s.Apps, "app"), migrate.Plural(s.Steps, "step")}
	for _, r := range []migrate.Route{migrate.RouteButton, migrate.RouteRecreate, migrate.RouteVendor, migrate.RouteRetire} {
		if n := s.Routes[r]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, r))
		}
	}
	if s.Late > 0 {
		parts = append(parts, fmt.Sprintf("%d late", s.Late))
	}
	return strings.Join(parts, ", ") + fmt.Sprintf("; %s in no wave", migrate.Plural(s.Left, "app"))
}

func orgTitles(p *waves.Plan) map[string]string {
	titles := map[string]string{}
	for i := range p.Orgs {
		titles[p.Orgs[i].ID] = p.Orgs[i].Title()
	}
	return titles
}

func usersOf(a *migrate.Activity) string {
	if a == nil {
		return "?"
	}
	return number(a.Users)
}

// withWhom names the apps that an app is tied to.
func withWhom(a *waves.App) string {
	var names []string
	for _, r := range a.Related {
		if r.Evidence != "sandbox" {
			names = append(names, r.App)
		}
	}
	return strings.Join(names, ", ")
}

// planColumns are the columns of a plan as CSV: one row is one ticket.
var planColumns = []string{
	"wave", "stage", "begins", "ends", "org", "orgName", "app", "label", "route", "due", "late", "risk", "contact",
	"number", "step", "title", "who", "do", "commands", "link", "before", "after", "rollback", "seen",
}

// PlanCSV writes a row for every step, for a ticket system.
func PlanCSV(w io.Writer, p *waves.Plan) error {
	titles := orgTitles(p)
	rows := [][]string{planColumns}
	for v, a := range p.All() {
		for n, s := range a.Steps {
			rows = append(rows, []string{
				strconv.Itoa(v.Number), string(v.Stage), v.Begins, v.Ends, a.Org, titles[a.Org], a.Name, a.Label, string(a.Route), deref(a.Due), a.Late, string(a.Risk), a.Contact,
				strconv.Itoa(n + 1), s.ID, s.Title, string(s.Who), s.Do, strings.Join(s.Commands, " && "), s.Link, s.Before, s.After, s.Rollback, s.Seen,
			})
		}
	}
	return WriteCSV(w, rows)
}
