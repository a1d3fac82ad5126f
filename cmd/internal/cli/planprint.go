package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/migrate/report"
)

// actionWords put the actions of a plan into words, beside an app.
var actionWords = map[plan.Action]string{plan.Create: "create", plan.Update: "change", plan.Delete: "delete", plan.None: "unchanged"}

// writePlan writes a plan as text, in the order of the deploy. What stays is
// counted, and listed if all is asked for.
func writePlan(w io.Writer, p *plan.Plan, theme report.Theme, all bool) error {
	var out strings.Builder
	writePlanOrg(&out, p.Org)
	actions := p.Actions()
	last := "\x00" // no app
	for _, c := range p.Changes {
		action := actions[c.App]
		if action == plan.None && !all {
			continue
		}
		if c.App != last {
			writeAppLine(&out, c.App, action, theme)
			last = c.App
		}
		if c.Action != plan.None || all {
			writeChange(&out, c)
		}
	}
	if p.Summary.Create+p.Summary.Update+p.Summary.Delete > 0 || all && len(p.Changes) > 0 {
		out.WriteString("\n")
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&out, "note: %s\n", report.Plain(n))
	}
	if len(p.Notes) > 0 {
		out.WriteString("\n")
	}
	fmt.Fprintln(&out, planSummary(p))
	_, err := io.WriteString(w, out.String())
	return err
}

func writeAppLine(out *strings.Builder, app string, action plan.Action, theme report.Theme) {
	if app == "" {
		app = "settings of the org"
	}
	fmt.Fprintf(out, "  %s  %-50s%s\n", plan.Symbols[action], theme.Bold(report.Plain(app)), actionWords[action])
}

func planSummary(p *plan.Plan) string {
	s := p.Summary
	if s.Create+s.Update+s.Delete == 0 {
		return fmt.Sprintf("No changes: the org has what the specs say (%d unchanged).", s.Unchanged)
	}
	return fmt.Sprintf("Plan: %d to create, %d to change, %d to delete, %d unchanged.", s.Create, s.Update, s.Delete, s.Unchanged)
}

func writePlanOrg(out *strings.Builder, o plan.Org) {
	host := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(o.InstanceURL, "https://"), "http://"), "/")
	parts := []string{o.Alias, o.ID, host}
	if o.Alias == "" {
		parts[0] = o.Name
	}
	out.WriteString("Org  ")
	for _, part := range parts {
		if part != "" {
			out.WriteString("  " + report.Plain(part))
		}
	}
	fmt.Fprintf(out, "  API %s\n\n", o.APIVersion)
}

func writeChange(out *strings.Builder, c plan.Change) {
	fmt.Fprintf(out, "       %s  %-38s  %s\n", plan.Symbols[c.Action], c.Type, report.Plain(c.Name))
	if c.Action != plan.Update {
		return
	}
	width := 0
	for _, f := range c.Fields {
		width = max(width, len(f.Path))
	}
	for _, f := range c.Fields {
		symbol, value := fieldLine(f)
		fmt.Fprintf(out, "            %s  %-*s   %s\n", symbol, width, f.Path, report.Plain(value))
	}
	if c.Unchanged > 0 {
		fmt.Fprintf(out, "            # %d unchanged\n", c.Unchanged)
	}
}

// fieldLine writes what becomes of a field.
func fieldLine(f plan.Field) (symbol, value string) {
	show := func(s *string) string {
		switch {
		case s == nil:
			return "(none)"
		case *s == "":
			return `""`
		}
		return strings.ReplaceAll(*s, "\n", " ")
	}
	switch {
	case f.Before == nil:
		return "+", show(f.After)
	case f.After == nil:
		return "-", show(f.Before)
	case f.Sensitive:
		return "~", plan.Hidden
	}
	return "~", show(f.Before) + " -> " + show(f.After)
}

// markdownPlan writes a plan as a comment for a pull request.
func markdownPlan(w io.Writer, p *plan.Plan) error {
	var out strings.Builder
	fmt.Fprintf(&out, "**%s** on %s\n", report.Markdown(planSummary(p)), report.Markdown(p.Org.InstanceURL))
	if !p.Empty() {
		out.WriteString("\n| | app | component | field | change |\n|---|---|---|---|---|\n")
	}
	for _, c := range p.Changes {
		if c.Action == plan.None {
			continue
		}
		component := report.Markdown(c.Type + " " + c.Name)
		if c.Action != plan.Update {
			fmt.Fprintf(&out, "| %s | %s | %s | | |\n", actionWords[c.Action], report.Markdown(c.App), component)
			continue
		}
		for _, f := range c.Fields {
			_, value := fieldLine(f)
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", actionWords[c.Action], report.Markdown(c.App), component, f.Path, report.Markdown(value))
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&out, "\n- %s", report.Markdown(n))
	}
	if len(p.Notes) > 0 {
		out.WriteString("\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
