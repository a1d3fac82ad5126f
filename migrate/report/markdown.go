package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// MarkdownReport writes a report as Markdown: a comment on a pull request.
func MarkdownReport(w io.Writer, r *migrate.Report) error {
	var out strings.Builder
	name := ""
	if len(r.Orgs) > 0 {
		name = " of " + Markdown(r.Orgs[0].Name)
	}
	fmt.Fprintf(&out, "## Apps%s\n\n", name)
	out.WriteString("| verdict | apps | |\n|---|---:|---|\n")
	for _, v := range migrate.Verdicts() {
		if n := r.Summary.Verdicts[v]; n > 0 {
			fmt.Fprintf(&out, "| %s | %d | %s |\n", v, n, meanings[v])
		}
	}
	out.WriteString("\n| app | kind | verdict | route | errors | warnings | unknown |\n|---|---|---|---|---:|---:|---|\n")
	for _, a := range r.Apps {
		levels := map[diag.Level]int{}
		for _, f := range a.Findings {
			levels[f.Level]++
		}
		unknown := make([]string, len(a.Unknown))
		for i, u := range a.Unknown {
			unknown[i] = Markdown(u)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %d | %d | %s |\n", Markdown(a.Name), a.Kind, a.Verdict, a.Route,
			levels[diag.Error], levels[diag.Warning], strings.Join(unknown, ", "))
	}
	out.WriteString("\n| level | rule | app | finding | fix |\n|---|---|---|---|---|\n")
	for _, level := range []diag.Level{diag.Error, diag.Warning, diag.Note} {
		for _, a := range r.Apps {
			for _, f := range a.Findings {
				if f.Level == level {
					fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", f.Level, f.Rule, Markdown(a.Name), Markdown(f.Message), Markdown(f.Fix))
				}
			}
		}
	}
	fmt.Fprintf(&out, "\n%s\n", Markdown(strings.TrimSuffix(count(r), ". A rule in full:  ecactl explain RULE")))
	_, err := io.WriteString(w, out.String())
	return err
}
