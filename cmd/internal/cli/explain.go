package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/reference"
	"github.com/ecactl/ecactl/migrate/report"
)

func (p *program) newExplain() *cobra.Command {
	var out outputs
	cmd := &cobra.Command{
		Use:   "explain [NAME]",
		Short: "Explain a problem code, rule, key, field, scope, date or error",
		Long: `Explain a problem code (ECA102), an audit rule (CA-SEC-010), a key of the spec
format (oauth.security.requirePkce, or just requirePkce), a metadata field
(isPkceRequired), an OAuth scope (api), a date (device-flow) or an error of
Salesforce (invalid_grant), by its name or as it was said.

codes, rules, keys, fields, scopes, dates and errors list all of a kind; mapping
lists what becomes of each element of a Connected App.`,
		Example: `  ecactl explain ECA102
  ecactl explain CA-ELIG-004
  ecactl explain oauth.security.requirePkce
  ecactl explain scopes
  ecactl explain "user hasn't approved this consumer"`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			names := reference.Groups()
			for _, t := range reference.Topics(metadata.Schema()) {
				names = append(names, t.ID)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			topics := reference.Topics(metadata.Schema())
			word := strings.Join(args, " ")
			if strings.EqualFold(word, "mapping") {
				return p.print(targets, mappingDocument())
			}
			if word == "" {
				word = "keys"
				p.say("%s list all of a kind; here are the keys:\n", strings.Join(reference.Groups(), ", "))
			}
			found, err := reference.Find(topics, word)
			if a := org.Advise("", word); err != nil && a != nil { // what Salesforce said, as it said it
				found, err = reference.Find(topics, a.ID)
			}
			if err != nil {
				return err
			}
			return p.print(targets, explanation(found))
		},
	}
	out.add(cmd)
	return cmd
}

// severalFrom is from how many topics on only their titles are listed.
const severalFrom = 6

func explanation(found []reference.Topic) document {
	return document{
		data: map[string]any{"schemaVersion": 1, "tool": thisTool(), "topics": found},
		table: func(w io.Writer, theme report.Theme) error {
			if len(found) >= severalFrom {
				rows := [][]string{{"NAME", "WHAT"}}
				for _, t := range found {
					rows = append(rows, []string{t.ID, t.Title})
				}
				return theme.Grid(w, "", rows)
			}
			for i, t := range found {
				if i > 0 {
					fmt.Fprintln(w)
				}
				writeTopic(w, t, theme)
			}
			return nil
		},
		markdown: func(w io.Writer) error {
			for _, t := range found {
				fmt.Fprintf(w, "### %s\n\n%s\n\n", report.Markdown(t.ID), report.Markdown(t.Title))
				for _, f := range t.Facts {
					fmt.Fprintf(w, "- **%s**: %s\n", f.Name, report.Markdown(f.Text))
				}
				fmt.Fprintln(w)
			}
			return nil
		},
	}
}

// mappingDocument is the table by which convert works.
func mappingDocument() document {
	rows := [][]string{{"CONNECTED APP", "EXTERNAL CLIENT APP", "HOW", "RULE"}}
	data := []map[string]any{}
	for _, r := range convert.Mapping() {
		rows = append(rows, []string{r.From, cmp.Or(strings.Join(r.To, ", "), "-"), string(r.How), r.Rule})
		data = append(data, map[string]any{"from": r.From, "to": append([]string{}, r.To...), "how": r.How, "rule": r.Rule, "absent": r.Absent, "why": r.Why})
	}
	return document{
		data:  map[string]any{"schemaVersion": 1, "tool": thisTool(), "mapping": data},
		table: func(w io.Writer, theme report.Theme) error { return theme.Grid(w, "", rows) },
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "What becomes of each element of a Connected App under `ecactl convert`; absent is what is written where the element is not there.\n\n")
			fmt.Fprint(w, "| Connected App | External Client App | how | rule | absent |\n|---|---|---|---|---|\n")
			for _, r := range convert.Mapping() {
				absent := ""
				if r.Absent != "" {
					absent = r.Absent + ": " + r.Why
				}
				fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", report.Markdown(r.From), strings.Join(r.To, "<br>"), r.How, report.Markdown(r.Rule), report.Markdown(absent))
			}
			return nil
		},
	}
}

func writeTopic(w io.Writer, t reference.Topic, theme report.Theme) {
	fmt.Fprintf(w, "%s  %s\n%s\n\n", theme.Bold(t.ID), theme.Faint("("+string(t.Kind)+")"), t.Title)
	for _, f := range t.Facts {
		fmt.Fprintf(w, "  %-12s %s\n", f.Name, f.Text)
	}
	for _, e := range []struct{ name, text string }{{"bad", t.Bad}, {"good", t.Good}} {
		if e.text == "" {
			continue
		}
		fmt.Fprintf(w, "\n  %s\n", theme.Faint(e.name))
		for line := range strings.SplitSeq(strings.TrimRight(e.text, "\n"), "\n") {
			fmt.Fprintf(w, "    %s\n", report.Plain(line))
		}
	}
}
