package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/migrate/report"
)

func (p *program) newPlan() *cobra.Command {
	var out outputs
	var sf specFlags
	var of orgFlags
	var file string
	var detailed bool
	var remove []string
	cmd := &cobra.Command{
		Use:   "plan SPEC... --target-org ORG",
		Short: "Show what deploy would change in an org",
		Long: `Compare specs with what an org has, field by field, and change nothing.

What only an org writes, and the defaults of fields that nobody sets, are no
difference: a plan made after a deploy is empty. --out saves the plan, and
deploy --plan does exactly that, unless the org has changed since.`,
		Example: `  ecactl plan apps --target-org uat
  ecactl plan apps --target-org uat --out plan.json --detailed-exitcode`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(remove) == 0 {
				return usagef("ecactl plan SPEC... --target-org ORG", "plan needs a spec, or --delete")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			made, err := p.planSpecs(cmd.Context(), args, &sf, &of, remove, false)
			if err != nil {
				return err
			}
			if file != "" {
				if err := savePlan(file, made.Plan); err != nil {
					return err
				}
			}
			if err := made.Seal(); err != nil {
				return err
			}
			if err := p.print(targets, p.planDocument(made.Plan)); err != nil {
				return err
			}
			if file != "" && !made.Empty() {
				p.say("wrote %s. To do exactly this:  ecactl deploy --plan %s%s", file, file, of.again())
			}
			if detailed && !made.Empty() {
				return findings{}
			}
			return nil
		},
	}
	out.add(cmd)
	sf.add(cmd)
	of.add(cmd)
	cmd.Flags().StringVar(&file, "out", "", "save the plan to `FILE`, for deploy --plan")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 if there are changes")
	cmd.Flags().StringArrayVar(&remove, "delete", nil, "plan the end of the app of this API `NAME`")
	return cmd
}

func (p *program) planDocument(made *plan.Plan) document {
	return document{
		data:     made,
		table:    func(w io.Writer, theme report.Theme) error { return writePlan(w, made, theme, p.verbose) },
		markdown: func(w io.Writer) error { return markdownPlan(w, made) },
	}
}
