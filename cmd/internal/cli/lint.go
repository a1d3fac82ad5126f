package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// lintReport is what lint prints.
type lintReport struct {
	SchemaVersion int           `json:"schemaVersion"`
	Tool          tool          `json:"tool"`
	Problems      []problemJSON `json:"problems"`
	Summary       struct {
		Files    int `json:"files"`
		Specs    int `json:"specs"`
		Errors   int `json:"errors"`
		Warnings int `json:"warnings"`
		Notes    int `json:"notes"`
	} `json:"summary"`
}

func (p *program) newLint() *cobra.Command {
	var flags specFlags
	var out outputs
	var failOn string
	cmd := &cobra.Command{
		Use:   "lint SPEC...",
		Short: "Check specs without an org",
		Long: `Check specs without an org: their shape, what an org would refuse, and what
works and is probably not meant. SPEC is a file, a folder, or - for stdin.

Exits with 2 if there are errors. Notes are printed under --verbose, and are in
every format but the table.`,
		Example: `  ecactl lint apps/
  ecactl lint Order_Sync.yaml --environment uat --sandbox
  ecactl lint apps/ -o json=lint.json`,
		Args: atLeast(1, "a spec or a folder of specs"),
		RunE: func(_ *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			level, err := diag.ParseLevel(failOn)
			if err != nil {
				return usageError{err, ""}
			}
			o, err := p.specOptions(&flags)
			if err != nil {
				return err
			}
			set, err := p.loadSpecs(args, o)
			if err != nil {
				return err
			}
			problems := spec.Lint(set, o)
			if err := p.print(targets, p.lintDocument(set, problems)); err != nil {
				return err
			}
			if slices.ContainsFunc(problems, func(q *diag.Problem) bool { return q.Level <= level }) {
				return findings{}
			}
			return nil
		},
	}
	flags.add(cmd)
	out.add(cmd)
	cmd.Flags().BoolVar(&flags.sandbox, "sandbox", false, "the target is a sandbox, which cannot have everything")
	cmd.Flags().StringVar(&failOn, "fail-on", "error", "exit with 2 from this `LEVEL` on: error, warning or note")
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"error", "warning", "note"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func (p *program) lintDocument(set *spec.Set, problems diag.Problems) document {
	r := lintReport{SchemaVersion: 1, Tool: thisTool(), Problems: problemsJSON(problems)}
	r.Summary.Files, r.Summary.Specs = len(set.Files), len(set.Specs)
	r.Summary.Errors, r.Summary.Warnings, r.Summary.Notes = problems.Count(diag.Error), problems.Count(diag.Warning), problems.Count(diag.Note)
	count := fmt.Sprintf("%s, %s, %s, %s", migrate.Plural(r.Summary.Files, "file"), migrate.Plural(r.Summary.Errors, "error"),
		migrate.Plural(r.Summary.Warnings, "warning"), migrate.Plural(r.Summary.Notes, "note"))
	return document{
		data: r,
		table: func(w io.Writer, theme report.Theme) error {
			shown := problems
			if !p.verbose {
				shown = slices.DeleteFunc(slices.Clone(problems), func(q *diag.Problem) bool { return q.Level == diag.Note })
			}
			writeProblems(w, shown, set.Sources, theme)
			if len(shown) > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, count)
			return nil
		},
		markdown: func(w io.Writer) error {
			writeProblemsMarkdown(w, problems)
			_, err := fmt.Fprintf(w, "\n%s\n", count)
			return err
		},
	}
}
