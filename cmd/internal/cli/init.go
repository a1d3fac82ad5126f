package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

func (p *program) newInit() *cobra.Command {
	var template, dir string
	var names []string
	var list strings.Builder
	for _, t := range templates.Specs() {
		names = append(names, t.Name)
		fmt.Fprintf(&list, "  %-20s %s\n", t.Name, t.For)
	}
	cmd := &cobra.Command{
		Use:   "init NAME",
		Short: "Write a starter spec",
		Long: `Write a commented starter spec for an app of the API name NAME, and the JSON
Schema that editors check it with. Nothing is ever overwritten.

Templates:
` + list.String(),
		Example: `  ecactl init Nango_Sandbox
  ecactl init CI_Login --template jwt-bearer --dir apps`,
		Args: exactlyOne("one name"),
		RunE: func(_ *cobra.Command, args []string) error {
			name := args[0]
			if err := spec.CheckName(name); err != nil {
				return err
			}
			file := filepath.Join(dir, name+".yaml")
			text, err := templates.Spec(template, name, filepath.ToSlash(file))
			if err != nil {
				return usagef(diag.DidYouMean(template, names), "unknown template %q (%s)", template, strings.Join(names, ", "))
			}
			if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
				return &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA305", Message: "is there already, and init overwrites nothing", Hint: "choose another name or --dir"}
			}
			if _, err := metadata.WriteTree(dir, []metadata.File{{Path: name + ".yaml", Data: text}}, metadata.WriteOptions{NoLedger: true}); err != nil {
				return err
			}
			if err := writeSchema(dir); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "created  %s\n", file)
			p.say("\nNext:  edit it, then  ecactl lint %s", file)
			return nil
		},
	}
	cmd.Flags().StringVar(&template, "template", names[0], "which `TEMPLATE` to begin with")
	cmd.Flags().StringVar(&dir, "dir", ".", "write into `DIR`")
	_ = cmd.RegisterFlagCompletionFunc("template", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

// writeSchema puts the schema of the format beside specs, for editors. One that
// is there is brought up to date: it is a copy of what "ecactl schema" prints.
func writeSchema(dir string) error {
	schema, err := spec.JSONSchema(metadata.Schema())
	if err != nil {
		return err
	}
	return metadata.ReplaceFile(filepath.Join(dir, schemaFile), schema)
}
