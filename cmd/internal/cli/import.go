package cli

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// importReport is what import prints.
type importReport struct {
	SchemaVersion int            `json:"schemaVersion"`
	Tool          tool           `json:"tool"`
	Specs         []importedSpec `json:"specs"`
	Problems      []problemJSON  `json:"problems"`
}

type importedSpec struct {
	Name  string         `json:"name"`
	Kind  string         `json:"kind"`
	File  string         `json:"file"`
	State metadata.State `json:"state"`
}

func (p *program) newImport() *cobra.Command {
	var out outputs
	var of orgFlags
	var dir string
	var keep, overwrite bool
	cmd := &cobra.Command{
		Use:   "import PATH...|--target-org ORG",
		Short: "Write the specs of metadata files, or of an org",
		Long: `Write one spec for each External Client App in files, folders, SFDX projects or
zips, or in an org. generate makes the same files of it again.

What only an org writes (oauthLink, orgScopedExternalApp, consumerKey) is left
out; --keep-org-values keeps it, for packaging. Secrets are never imported. A
spec that is there is not replaced without --overwrite.`,
		Example: `  ecactl import . --dir apps
  ecactl import retrieved.zip --dir apps --keep-org-values
  ecactl import --target-org uat --dir apps`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("target-org") {
				return noArguments(cmd, args)
			}
			return atLeast(1, "a file, a folder, a project or a zip, or --target-org")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			read, err := p.toImport(cmd, args, &of, keep)
			if err != nil {
				return err
			}
			imported, problems := spec.Import(read.Components, spec.ImportOptions{KeepOrgValues: keep})
			problems = append(read.Problems, problems...).Sort()
			r := importReport{SchemaVersion: 1, Tool: thisTool(), Specs: []importedSpec{}, Problems: problemsJSON(problems)}
			if err := p.writeImported(&r, imported, dir, overwrite); err != nil {
				return err
			}
			if p.quiet {
				problems = p.worthSaying(problems)
			}
			writeProblems(p.errOut, problems, nil, report.Theme{})
			if len(imported) == 0 && problems.Err() == nil {
				if len(args) == 0 {
					return &diag.Problem{Code: "ECA502", Message: "the org has no External Client App of its own", Hint: "ecactl init, or ecactl retrieve --only connected-apps"}
				}
				return &diag.Problem{
					Pos: diag.Pos{File: args[0]}, Code: "ECA232", Message: "no External Client App among the files",
					Hint: "their files end in .eca-meta.xml, .ecaOauth-meta.xml and so on",
				}
			}
			if err := p.print(targets, r.document()); err != nil {
				return err
			}
			if problems.Err() != nil {
				return failed{}
			}
			return nil
		},
	}
	out.add(cmd)
	of.add(cmd)
	cmd.Flags().StringVar(&dir, "dir", ".", "write the specs into `DIR`")
	cmd.Flags().BoolVar(&keep, "keep-org-values", false, "keep what only an org writes, under orgBound")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "replace specs that are there")
	return cmd
}

// toImport reads the components that are imported: of files, or of an org.
func (p *program) toImport(cmd *cobra.Command, args []string, of *orgFlags, keep bool) (*metadata.Collection, error) {
	if len(args) > 0 {
		return metadata.Schema().Read(args...)
	}
	client, _, err := p.connect(cmd.Context(), of, metadata.DefaultVersion)
	if err != nil {
		return nil, err
	}
	got, err := deploy.Retrieve(cmd.Context(), client, deploy.Wanted{Apps: true, KeepOrgValues: keep})
	if err != nil {
		return nil, err
	}
	return &metadata.Collection{Components: got.Components, Problems: got.Problems}, nil
}

// worthSaying drops notes, unless they are asked for, and under --quiet all but
// errors.
func (p *program) worthSaying(problems diag.Problems) diag.Problems {
	var list diag.Problems
	for _, q := range problems {
		if q.Level == diag.Error || q.Level == diag.Warning && !p.quiet || p.verbose {
			list = append(list, q)
		}
	}
	return list
}

// modeline tells editors where the schema of a spec is.
const modeline = "# yaml-language-server: $schema=./" + schemaFile + "\n"

const schemaFile = "ecactl.schema.json"

func (p *program) writeImported(r *importReport, imported []spec.Imported, dir string, overwrite bool) error {
	if len(imported) == 0 {
		return nil
	}
	var files []metadata.File
	for _, im := range imported {
		files = append(files, metadata.File{Path: im.Name + ".yaml", Data: append([]byte(modeline), im.YAML...)})
	}
	written, err := metadata.WriteTree(dir, files, metadata.WriteOptions{Overwrite: overwrite, NoLedger: true})
	if err != nil {
		return err
	}
	states := map[string]metadata.State{}
	for _, w := range written {
		states[w.Path] = w.State
	}
	for i, im := range imported {
		r.Specs = append(r.Specs, importedSpec{im.Name, im.Kind, filepath.Join(dir, files[i].Path), states[files[i].Path]})
	}
	return writeSchema(dir)
}

func (r *importReport) document() document {
	count := fmt.Sprintf("%s. Next:  ecactl lint %s", migrate.Plural(len(r.Specs), "spec"), lintArgument(r.Specs))
	return document{
		data: r,
		table: func(w io.Writer, theme report.Theme) error {
			for _, s := range r.Specs {
				fmt.Fprintf(w, "%-9s  %s\n", s.State, report.Plain(s.File))
			}
			_, err := fmt.Fprintln(w, "\n"+count)
			return err
		},
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "| spec | kind | |\n|---|---|---|\n")
			for _, s := range r.Specs {
				fmt.Fprintf(w, "| %s | %s | %s |\n", report.Markdown(s.File), s.Kind, s.State)
			}
			_, err := fmt.Fprintf(w, "\n%s\n", report.Markdown(count))
			return err
		},
	}
}

func lintArgument(specs []importedSpec) string {
	if len(specs) == 1 {
		return specs[0].File
	}
	if len(specs) == 0 {
		return "SPEC"
	}
	return filepath.Dir(specs[0].File)
}
