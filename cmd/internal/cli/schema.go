package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

func (p *program) newSchema() *cobra.Command {
	names := append([]string{"spec"}, templates.Schemas()...)
	slices.Sort(names)
	var file string
	cmd := &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of specs, or of what a command prints",
		Long: `Print the JSON Schema (draft 2020-12) of specs, or of what a command prints with
--output json: ` + strings.Join(names, ", ") + ".",
		Example: `  ecactl schema > ecactl.schema.json
  ecactl schema audit`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("", "schema takes one name")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			name := "spec"
			if len(args) == 1 {
				name = args[0]
			}
			data, err := templates.Schema(name)
			switch {
			case name == "spec":
				data, err = spec.JSONSchema(metadata.Schema())
			case err != nil:
				return usagef(diag.DidYouMean(name, names), "unknown schema %q (%s)", name, strings.Join(names, ", "))
			}
			if err != nil {
				return err
			}
			if file != "" {
				return metadata.ReplaceFile(file, data)
			}
			_, err = p.out.Write(data)
			return err
		},
	}
	cmd.Flags().StringVar(&file, "output-file", "", "write the schema to `FILE`")
	return cmd
}
