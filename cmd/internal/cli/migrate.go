package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/gather"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/migrate/waves"
)

// newMigrate groups what carries apps over.
func (p *program) newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Carry Connected Apps over: plan, status, rollback, retire",
		Long: `Carry Connected Apps over to External Client Apps, wave by wave.

plan makes waves and runbooks of an audit. status reads an org and says where each
app stands, what has changed since the plan was made, and what is next. rollback
takes one app back, and retire deletes an old one that nobody needs any more.`,
		Example: `  ecactl migrate plan audit.json --out migration.json -o html=migration.html
  ecactl migrate status migration.json --target-org prod --dir specs
  ecactl migrate rollback Order_Sync --plan migration.json --target-org prod`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("ecactl migrate --help", "migrate needs a command")
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(p.newMigratePlan(), p.newMigrateStatus(), p.newMigrateVerify(), p.newMigrateRollback(), p.newMigrateRetire())
	return cmd
}

// migratePlanFlags are the flags of migrate plan.
type migratePlanFlags struct {
	outputs
	orgFlags
	fromSnapshot string
	days         int
	config       string
	out          string
	start        string
	options      waves.Options
}

// planFormats are the formats that plans of migrations have beside the common ones.
var planFormats = []string{"csv", "html"}

func (p *program) newMigratePlan() *cobra.Command {
	f := migratePlanFlags{outputs: outputs{more: planFormats}}
	cmd := &cobra.Command{
		Use:   "plan AUDIT.json...|--target-org ORG|--from-snapshot DIR",
		Short: "Make waves and runbooks of an audit",
		Long: `Make a plan of an audit: which apps move when, and for each the steps, who does
them, the commands, the pages of Setup, what to check before and after, and the way
back. The audit is a JSON report, or several, of an org or a fleet; or it is made on
the way.

Sandboxes go first. In each stage what has a date goes before what has none, and
what is less risky and less used before the rest, so that most is learned where
least can break. Apps that one client uses move together; the plan says by which
evidence. --out saves the plan for status, rollback and retire; -o csv is a ticket
a row.`,
		Example: `  ecactl audit --target-org prod -o json=audit.json
  ecactl migrate plan audit.json --out migration.json -o html=migration.html -o csv=tickets.csv
  ecactl migrate plan --target-org prod --max-per-wave 10 --start 2027-01-11 -o markdown`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.migratePlan(cmd.Context(), args, &f) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "save the plan to `FILE`, for status, rollback and retire")
	fl.StringVar(&f.fromSnapshot, "from-snapshot", "", "audit what an earlier run saved in `DIR`")
	fl.IntVar(&f.days, "days", defaultDays, "with --target-org, look at the use of the last `N` days, at most 180")
	fl.StringVar(&f.config, "config", "", "the project's settings (default ecactl.yaml, if it is there)")
	fl.StringVar(&f.start, "start", "", "the first wave begins on `DATE`, such as 2027-01-11 (default today)")
	fl.IntVar(&f.options.WaveDays, "wave-days", waves.DefaultWaveDays, "a wave lasts `N` days, unless a date presses")
	fl.IntVar(&f.options.MaxPerWave, "max-per-wave", waves.DefaultMaxPerWave, "put at most `N` apps into a wave")
	fl.IntVar(&f.options.QuietDays, "quiet-days", waves.DefaultQuietDays, "an old app goes when nobody has used it for `N` days")
	fl.StringVar(&f.options.Specs, "specs", waves.DefaultSpecs, "commands of the runbooks write specs into `DIR`; of a fleet, into a folder for each org")
	return cmd
}

func (p *program) migratePlan(ctx context.Context, args []string, f *migratePlanFlags) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	if err := f.read(p.host.Now(), targets); err != nil {
		return err
	}
	r, err := p.auditToPlan(ctx, args, f)
	if err != nil {
		return err
	}
	made, err := waves.Make(r, f.options)
	if err != nil {
		return err
	}
	if f.out != "" {
		data, err := made.Encode()
		if err != nil {
			return err
		}
		if err := metadata.ReplacePrivateFile(f.out, data); err != nil {
			return err
		}
		p.say("wrote %s. Next:  ecactl migrate status %s%s", f.out, f.out, f.again())
	} else if f.options.File == waves.DefaultFile {
		p.say("nothing is saved: --out FILE keeps the plan for status, rollback and retire")
	}
	return p.print(targets, migrationDocument(made))
}

// read turns flags into options.
func (f *migratePlanFlags) read(now time.Time, targets []target) (err error) {
	o := &f.options
	o.Now, o.Version = now, version()
	switch {
	case o.WaveDays < 1:
		return usagef("", "--wave-days %d: a wave lasts a day at least", o.WaveDays)
	case o.MaxPerWave < 1:
		return usagef("", "--max-per-wave %d: a wave has one app at least", o.MaxPerWave)
	case o.QuietDays < 1:
		return usagef("", "--quiet-days %d: less than a day says nothing", o.QuietDays)
	case f.days < 1 || f.days > mostDays:
		return usagef("", "--days %d: an org keeps logins for %d days", f.days, mostDays)
	}
	if f.start != "" {
		if o.Start, err = time.Parse(time.DateOnly, f.start); err != nil {
			return usagef("a date is written 2027-01-11", "--start %s is no date", f.start)
		}
	}
	o.File = f.out
	for _, t := range targets {
		if o.File == "" && t.format == "json" {
			o.File = t.file
		}
	}
	if o.File == "" {
		o.File = waves.DefaultFile
	}
	return nil
}

// auditToPlan reads the reports, or makes one.
func (p *program) auditToPlan(ctx context.Context, args []string, f *migratePlanFlags) (*migrate.Report, error) {
	sources := 0
	for _, given := range []bool{len(args) > 0, f.target != "", f.fromSnapshot != ""} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1:
		return nil, usagef("", "choose one of reports, --target-org and --from-snapshot")
	case len(args) > 0:
		reports := make([]*migrate.Report, len(args))
		for i, file := range args {
			var err error
			if reports[i], err = readReport(file); err != nil {
				return nil, err
			}
		}
		if len(reports) == 1 {
			return reports[0], nil
		}
		return migrate.Merge(reports), nil
	case f.fromSnapshot == "" && f.target == "" && !p.orgGiven():
		return nil, usagef("ecactl migrate plan AUDIT.json --out migration.json", "migrate plan needs a report, --target-org or --from-snapshot")
	}
	o := migrate.Options{Version: version(), Now: p.host.Now()}
	if err := p.readPolicy(f.config, &o); err != nil {
		return nil, err
	}
	e, err := p.evidence(ctx, &f.orgFlags, f.fromSnapshot, f.days)
	if err != nil {
		return nil, err
	}
	o.Now = *e.Org.ReadAt
	return migrate.Audit(migrate.FromEvidence(e), o), nil
}

// evidence reads an org, or a snapshot of one.
func (p *program) evidence(ctx context.Context, f *orgFlags, snapshot string, days int) (*migrate.Evidence, error) {
	if snapshot != "" {
		return migrate.LoadSnapshot(snapshot)
	}
	client, session, err := p.connect(ctx, f, metadata.DefaultVersion)
	if err != nil {
		return nil, err
	}
	e, err := gather.Gather(ctx, client, gather.Options{Days: days, Now: p.host.Now(), Progress: p.stage()})
	if err != nil {
		return nil, err
	}
	if p.errTerminal && !p.quiet {
		fmt.Fprint(p.errOut, "\r\x1b[K")
	}
	e.Org.Alias = session.Alias
	p.remarkOnUsage(client)
	return e, nil
}

func migrationDocument(made *waves.Plan) document {
	return document{
		data:     made,
		table:    func(w io.Writer, theme report.Theme) error { return report.PlanTable(w, made, theme) },
		markdown: func(w io.Writer) error { return report.PlanMarkdown(w, made) },
		more: map[string]func(io.Writer) error{
			"csv":  func(w io.Writer) error { return report.PlanCSV(w, made) },
			"html": func(w io.Writer) error { return report.PlanHTML(w, made) },
		},
	}
}

// readMigration reads a plan of a migration.
func readMigration(file string) (*waves.Plan, error) {
	data, err := readBounded(file, waves.MaxSize)
	if err != nil {
		return nil, err
	}
	return waves.Decode(file, data)
}
