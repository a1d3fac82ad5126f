package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ecactl/ecactl/migrate/waves"
)

// PlanMarkdown writes a plan with all of its runbooks as Markdown.
func PlanMarkdown(w io.Writer, p *waves.Plan) error {
	var out strings.Builder
	titles := orgTitles(p)
	fmt.Fprintf(&out, "# Migration of Connected Apps\n\nMade on %s of an audit of %s. %s.\n\n", p.MadeAt.UTC().Format(time.DateOnly), p.AuditedAt.UTC().Format("2 Jan 2006 15:04 MST"), Markdown(PlanCount(p)))
	for _, n := range p.Notes {
		fmt.Fprintf(&out, "> %s\n>\n", Markdown(n))
	}
	out.WriteString("\n| wave | stage | begins | ends | apps | why |\n|---:|---|---|---|---:|---|\n")
	for _, v := range p.Waves {
		fmt.Fprintf(&out, "| %d | %s | %s | %s | %d | %s |\n", v.Number, v.Stage, v.Begins, v.Ends, len(v.Apps), Markdown(v.Why))
	}
	for i := range p.Waves {
		v := &p.Waves[i]
		fmt.Fprintf(&out, "\n## Wave %d: %s to %s\n", v.Number, v.Begins, v.Ends)
		for j := range v.Apps {
			markdownApp(&out, &v.Apps[j], titles[v.Apps[j].Org])
		}
	}
	if len(p.Left) > 0 {
		out.WriteString("\n## In no wave\n\n| org | app | kind | verdict | route | why |\n|---|---|---|---|---|---|\n")
		for _, l := range p.Left {
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", Markdown(titles[l.Org]), Markdown(l.Name), Markdown(l.Kind), l.Verdict, l.Route, Markdown(l.Why))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func markdownApp(out *strings.Builder, a *waves.App, org string) {
	fmt.Fprintf(out, "\n### %s (%s)\n\n", Markdown(a.Name), Markdown(org))
	rows := [][2]string{
		{"label", a.Label}, {"route", string(a.Route) + ": " + a.Why}, {"risk", string(a.Risk) + riskWords(a.RiskWhy)}, {"due", deref(a.Due)}, {"late", a.Late},
		{"becomes", a.Successor}, {"contact", a.Contact}, {"scopes", strings.Join(a.Scopes, ", ")}, {"flows", strings.Join(a.Flows, ", ")}, {"not seen", strings.Join(a.Unknown, ", ")},
	}
	out.WriteString("| | |\n|---|---|\n")
	for _, r := range rows {
		if r[1] != "" {
			fmt.Fprintf(out, "| %s | %s |\n", r[0], Markdown(r[1]))
		}
	}
	for _, r := range a.Related {
		fmt.Fprintf(out, "| %s | %s: %s |\n", r.Order, Markdown(r.App), Markdown(r.Why))
	}
	out.WriteString("\n")
	for n, s := range a.Steps {
		number := fmt.Sprintf("%d. ", n+1)
		in := strings.Repeat(" ", len(number))
		fmt.Fprintf(out, "%s[ ] **%s** (%s)\n", number, Markdown(s.Title), s.Who)
		for _, line := range [][2]string{{"Before", s.Before}, {"", s.Do}} {
			if line[1] != "" {
				fmt.Fprintf(out, "%s%s\n", in, strings.TrimSpace(stepLead(line[0])+Markdown(line[1])))
			}
		}
		if s.Link != "" {
			fmt.Fprintf(out, "%s[Setup](<%s>)\n", in, s.Link)
		}
		if len(s.Commands) > 0 {
			fmt.Fprintf(out, "\n%s```sh\n", in)
			for _, c := range s.Commands {
				fmt.Fprintf(out, "%s%s\n", in, Plain(c))
			}
			fmt.Fprintf(out, "%s```\n\n", in)
		}
		fmt.Fprintf(out, "%s%s%s\n", in, stepLead("Done"), Markdown(s.After))
		if s.Rollback != "" {
			fmt.Fprintf(out, "%s%s%s\n", in, stepLead("Back"), Markdown(s.Rollback))
		}
	}
}

// lead begins a line of a step.
func stepLead(word string) string {
	if word == "" {
		return ""
	}
	return "*" + word + ":* "
}

func riskWords(why []string) string {
	if len(why) == 0 {
		return ""
	}
	return ": " + strings.Join(why, ", ")
}
