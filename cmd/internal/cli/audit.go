package cli

import (
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

func (p *program) newAudit() *cobra.Command {
	var out outputs
	var dir, failOn string
	cmd := &cobra.Command{
		Use:   "audit --source-dir DIR",
		Short: "Say which apps can move, and what is unsafe about them",
		Long: `Read the Connected Apps and External Client Apps of a folder or SFDX project and
say of each where it stands, which way it goes, what was found, and what files
alone cannot tell.

Verdicts: eligible (Setup's button takes it), fix-first (after the named fixes),
vendor (the owner is elsewhere), migrated, unknown (what decides it could not be
read). Routes: button (keeps key, secret and sessions), recreate (a new app with
a new key), vendor, done, none.`,
		Example: `  ecactl audit --source-dir .
  ecactl audit --source-dir force-app -o json=audit.json -o table --fail-on error`,
		Args: noArguments,
		RunE: func(_ *cobra.Command, _ []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			level := diag.Level(-1)
			if failOn != "" {
				if level, err = diag.ParseLevel(failOn); err != nil {
					return usageError{err, ""}
				}
			}
			if dir == "" {
				return usagef("name the folder to be read: --source-dir DIR", "audit needs a source")
			}
			return p.audit(dir, level, targets)
		},
	}
	out.add(cmd)
	cmd.Flags().StringVar(&dir, "source-dir", "", "read the metadata files in and below `DIR`")
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit with 2 if there is a finding of this `LEVEL` or worse: error, warning or note")
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"error", "warning", "note"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func (p *program) audit(dir string, failOn diag.Level, targets []target) error {
	read, err := metadata.Schema().Read(dir)
	if err != nil {
		return err
	}
	inv := migrate.FromFiles(read)
	if len(inv.Apps) == 0 && read.Problems.Err() == nil {
		return &diag.Problem{
			Pos: diag.Pos{File: dir}, Code: "ECA232", Message: "no Connected App and no External Client App in the folder",
			Hint: "retrieve them first:  sf project retrieve start -m ConnectedApp -m ExternalClientApplication",
		}
	}
	writeProblems(p.errOut, p.worthSaying(read.Problems), nil, report.Theme{})
	r := migrate.Audit(inv, migrate.Options{Version: version(), Now: p.host.Now()})
	r.Orgs = []migrate.Org{migrate.SourceFiles(filepath.ToSlash(dir), read)}
	doc := document{
		data:     r,
		table:    func(w io.Writer, theme report.Theme) error { return report.Table(w, r, theme) },
		markdown: func(w io.Writer) error { return report.MarkdownReport(w, r) },
	}
	if err := p.print(targets, doc); err != nil {
		return err
	}
	if slices.ContainsFunc(read.Problems, func(q *diag.Problem) bool { return q.Level == diag.Error }) {
		return failed{}
	}
	if worst, ok := r.Worst(); ok && worst <= failOn {
		return findings{}
	}
	return nil
}
