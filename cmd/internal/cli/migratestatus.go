package cli

import (
	"context"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/migrate/track"
	"github.com/ecactl/ecactl/migrate/waves"
)

// statusFlags are the flags of migrate status.
type statusFlags struct {
	outputs
	orgFlags
	fromSnapshot string
	dir          string
	days         int
	config       string
	detailed     bool
}

func (p *program) newMigrateStatus() *cobra.Command {
	f := statusFlags{outputs: outputs{more: planFormats}}
	cmd := &cobra.Command{
		Use:   "status PLAN --target-org ORG [--dir DIR]",
		Short: "Say where each app of a plan stands",
		Long: `Read an org and say of every app of the plan where it stands, step by step, what
has changed since the plan was made, and what is next. Nothing is remembered: the
plan, the org and the files in --dir are all there is. What no API tells, such as
whether an app was blocked, is said to be by hand.

When Setup's button has made an External Client App, status recognises it, shows
what it has otherwise than the Connected App had, and with --dir writes its spec.
A file that is there is never replaced.`,
		Example: `  ecactl migrate status migration.json --target-org prod
  ecactl migrate status migration.json --target-org prod --dir specs -o html=status.html -o table`,
		Args: exactlyOne("the plan, a file that migrate plan --out wrote"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.migrateStatus(cmd.Context(), args[0], &f) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", "", "the folder of specs: `DIR` is looked into, and the specs of new apps are written to it")
	fl.StringVar(&f.fromSnapshot, "from-snapshot", "", "look at what audit --snapshot saved in `DIR`")
	fl.IntVar(&f.days, "days", defaultDays, "look at the use of the last `N` days, at most 180")
	fl.StringVar(&f.config, "config", "", "the project's settings (default ecactl.yaml, if it is there)")
	fl.BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 2 if an app is overdue, or has drifted")
	return cmd
}

func (p *program) migrateStatus(ctx context.Context, file string, f *statusFlags) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	if f.days < 1 || f.days > mostDays {
		return usagef("", "--days %d: an org keeps logins for %d days", f.days, mostDays)
	}
	made, err := readMigration(file)
	if err != nil {
		return err
	}
	e, err := p.evidence(ctx, &f.orgFlags, f.fromSnapshot, f.days)
	if err != nil {
		return err
	}
	o, err := p.trackOptions(f.config, f.dir, e)
	if err != nil {
		return err
	}
	status, err := track.Look(made, e, o)
	if err != nil {
		return err
	}
	if f.dir != "" {
		if status, err = p.importNew(made, e, o, status); err != nil {
			return err
		}
	}
	if err := p.print(targets, statusDocument(status)); err != nil {
		return err
	}
	if f.detailed && needsAttention(status) {
		return findings{}
	}
	return nil
}

func (p *program) trackOptions(config, dir string, e *migrate.Evidence) (track.Options, error) {
	o := migrate.Options{Version: version(), Now: *e.Org.ReadAt}
	if err := p.readPolicy(config, &o); err != nil {
		return track.Options{}, err
	}
	return track.Options{Now: o.Now, Version: o.Version, Audit: o.Policy, Dir: dir}, nil
}

// importNew writes the specs of new apps, and looks again if there were any.
func (p *program) importNew(made *waves.Plan, e *migrate.Evidence, o track.Options, status *waves.Status) (*waves.Status, error) {
	fresh, err := track.Unimported(status, e)
	if err != nil || len(fresh) == 0 {
		return status, err
	}
	metadata.Sweep(o.Dir)
	var files []metadata.File
	for _, n := range fresh {
		files = append(files, metadata.File{Path: n.App + ".yaml", Data: append([]byte(modeline), n.YAML...)})
	}
	if err := writeSchema(o.Dir); err != nil { // before the specs: a run that is killed is run again as long as one is missing
		return nil, err
	}
	if _, err := metadata.WriteTree(o.Dir, files, metadata.WriteOptions{NoLedger: true}); err != nil {
		return nil, err
	}
	if status, err = track.Look(made, e, o); err != nil {
		return nil, err
	}
	for _, f := range files {
		status.Files = append(status.Files, filepath.ToSlash(filepath.Join(o.Dir, f.Path)))
		p.say("wrote %s", filepath.Join(o.Dir, f.Path))
	}
	return status, nil
}

func needsAttention(s *waves.Status) bool {
	for _, a := range s.Apps {
		if a.Overdue || len(a.Drift)+len(a.SpecDrift) > 0 {
			return true
		}
	}
	return false
}

func statusDocument(s *waves.Status) document {
	return document{
		data:     s,
		table:    func(w io.Writer, theme report.Theme) error { return report.StatusTable(w, s, theme) },
		markdown: func(w io.Writer) error { return report.StatusMarkdown(w, s) },
		more: map[string]func(io.Writer) error{
			"csv":  func(w io.Writer) error { return report.StatusCSV(w, s) },
			"html": func(w io.Writer) error { return report.StatusHTML(w, s) },
		},
	}
}
