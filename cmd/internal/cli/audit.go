package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/gather"
	"github.com/ecactl/ecactl/migrate/report"
)

// defaultDays is how far back use is looked at; an org keeps logins for six
// months.
const defaultDays, mostDays = 90, 180

// auditFlags are the flags of audit.
type auditFlags struct {
	outputs
	orgFlags
	dir          string
	fromSnapshot string
	snapshot     string
	days         int
	failOn       string
	config       string
	baseline     string
	version      string
	fleet        fleetFlags
}

func (p *program) newAudit() *cobra.Command {
	var f auditFlags
	f.more = sortedKeys(auditFormats(nil))
	cmd := &cobra.Command{
		Use:   "audit --target-org ORG | --source-dir DIR | --fleet FILE | --all | --from-snapshot DIR",
		Short: "Say which apps can move, what breaks when, and what is unsafe",
		Long: `Read the Connected Apps and External Client Apps of an org, of many orgs, or of a
folder of files, and say of each where it stands, which way it goes, by when, who
uses it, what was found, and what could not be seen.

Verdicts: eligible (Setup's button takes it), fix-first (after the named fixes),
vendor (the owner is elsewhere), migrated, unknown (what decides it could not be
read). Routes: button (keeps key, secret and sessions), recreate (a new app with
a new key), vendor, retire (nobody uses it), done, none.

What an org does not let you read is in the report with what it leaves open, and
never ends the audit. --snapshot saves what was read, without tokens, and
--from-snapshot audits it again without an org. ecactl.yaml beside you changes
thresholds and levels, and lists what is to be ignored.`,
		Example: `  ecactl audit --target-org prod
  ecactl audit --target-org prod -o html=report.html -o table --snapshot prod-snapshot
  ecactl audit --from-snapshot prod-snapshot -o json
  ecactl audit --source-dir force-app -o sarif=audit.sarif -o table --fail-on error
  ecactl audit --fleet fleet.yaml -o html=fleet.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := diag.DidYouMean(args[0], []string{"merge"})
			if _, err := os.Stat(args[0]); err == nil {
				hint = "--source-dir " + args[0] + " audits the files in it"
			}
			return usagef(hint, "audit takes no argument: %q", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return p.audit(cmd.Context(), &f) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "source-dir", "", "read the metadata files in and below `DIR`")
	fl.StringVar(&f.fromSnapshot, "from-snapshot", "", "audit what an earlier run saved in `DIR`")
	fl.StringVar(&f.snapshot, "snapshot", "", "save what was read in `DIR`; of a fleet, in a folder for each org")
	fl.IntVar(&f.days, "days", defaultDays, "look at the use of the last `N` days, at most 180")
	fl.StringVar(&f.failOn, "fail-on", "", "exit with 2 if there is a finding of this `LEVEL` or worse: error, warning or note")
	fl.StringVar(&f.config, "config", "", "read the project's settings from `FILE` (default ecactl.yaml, if it is there)")
	fl.StringVar(&f.baseline, "baseline", "", "suppress what an earlier report, the JSON `FILE`, had found")
	fl.StringVar(&f.version, "api-version", "", "API `VERSION` to read with (default "+metadata.DefaultVersion.String()+")")
	f.fleet.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"error", "warning", "note"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	cmd.AddCommand(p.newAuditMerge())
	return cmd
}

// auditRun is an audit with its flags read.
type auditRun struct {
	targets []target
	failOn  diag.Level
	options migrate.Options
	version metadata.Version
}

// prepare reads flags and settings, before any org is asked.
func (p *program) prepare(f *auditFlags) (*auditRun, error) {
	targets, err := f.targets()
	if err != nil {
		return nil, err
	}
	run := &auditRun{targets: targets, failOn: -1, options: migrate.Options{Version: version(), Now: p.host.Now()}}
	if f.failOn != "" {
		if run.failOn, err = diag.ParseLevel(f.failOn); err != nil {
			return nil, usageError{err, ""}
		}
	}
	if f.days < 1 || f.days > mostDays {
		return nil, usagef("", "--days %d: an org keeps logins for %d days", f.days, mostDays)
	}
	if run.version, err = versionFlag(f.version); err != nil {
		return nil, err
	}
	if err := p.readPolicy(f.config, &run.options); err != nil {
		return nil, err
	}
	if f.baseline != "" {
		r, err := readReport(f.baseline)
		if err != nil {
			return nil, err
		}
		run.options.Policy.Baseline = migrate.BaselineOf(r)
	}
	return run, nil
}

// maxSettings bounds a project's settings, and maxReport a report, in bytes.
const maxSettings, maxReport = 1 << 20, 512 << 20

// readPolicy reads ecactl.yaml: the one that is named, or the one that is here.
func (p *program) readPolicy(file string, o *migrate.Options) error {
	if file == "" {
		if _, err := os.Stat(migrate.ProjectFile); err != nil {
			return nil
		}
		file = migrate.ProjectFile
	}
	src, err := readBounded(file, maxSettings)
	if err != nil {
		return err
	}
	policy, problems := migrate.ReadPolicy(file, src, o.Now)
	writeProblems(p.errOut, p.worthSaying(problems), map[string][]byte{file: src}, p.errTheme())
	if problems.Err() != nil {
		return failed{}
	}
	o.Policy = *policy
	return nil
}

func (p *program) audit(ctx context.Context, f *auditFlags) error {
	run, err := p.prepare(f)
	if err != nil {
		return err
	}
	sources := 0
	for _, given := range []bool{f.dir != "", f.fromSnapshot != "", f.target != "", f.fleet.file != "", f.fleet.all} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1:
		return usagef("", "choose one of --target-org, --source-dir, --from-snapshot, --fleet and --all")
	case f.snapshot != "" && (f.dir != "" || f.fromSnapshot != ""):
		return usagef("", "--snapshot saves what is read of an org")
	case f.dir != "":
		return p.auditFiles(f.dir, run)
	case f.fromSnapshot != "":
		e, err := migrate.LoadSnapshot(f.fromSnapshot)
		if err != nil {
			return err
		}
		run.options.Now = *e.Org.ReadAt // a snapshot is as old as it is
		return p.finishAudit(migrate.Audit(migrate.FromEvidence(e), run.options), run)
	case f.fleet.file != "" || f.fleet.all:
		return p.auditFleet(ctx, f, run)
	case f.target == "" && !p.orgGiven():
		return usagef("--target-org ORG, --source-dir DIR, --fleet FILE, --all or --from-snapshot DIR", "audit needs a source")
	}
	return p.auditOrg(ctx, f, run)
}

// orgGiven tells whether the environment names an org.
func (p *program) orgGiven() bool {
	for _, name := range []string{"SF_TARGET_ORG", "SF_ORG_INSTANCE_URL"} {
		if v, _ := p.host.LookupEnv(name); v != "" {
			return true
		}
	}
	return false
}

func (p *program) auditOrg(ctx context.Context, f *auditFlags, run *auditRun) error {
	client, session, err := p.connect(ctx, &f.orgFlags, run.version)
	if err != nil {
		return err
	}
	e, err := gather.Gather(ctx, client, gather.Options{Days: f.days, Now: run.options.Now, Progress: p.stage()})
	if err != nil {
		return err
	}
	e.Org.Alias = session.Alias
	if f.snapshot != "" {
		if err := e.Save(f.snapshot, migrate.Tool{Name: "ecactl", Version: version(), Rules: migrate.RulesVersion}); err != nil {
			return err
		}
		p.say("saved what was read in %s", f.snapshot)
	}
	p.remarkOnUsage(client)
	return p.finishAudit(migrate.Audit(migrate.FromEvidence(e), run.options), run)
}

// stage says what is being done, where nobody reads lines that stay.
func (p *program) stage() func(string) {
	return func(what string) {
		if p.errTerminal && !p.quiet {
			fmt.Fprintf(p.errOut, "\r\x1b[K%s …\r", what)
		}
	}
}

func (p *program) auditFiles(dir string, run *auditRun) error {
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
	r := migrate.Audit(inv, run.options)
	r.Orgs = []migrate.Org{migrate.SourceFiles(filepath.ToSlash(dir), read)}
	err = p.finishAudit(r, run)
	if err == nil && slices.ContainsFunc(read.Problems, func(q *diag.Problem) bool { return q.Level == diag.Error }) {
		return failed{}
	}
	return err
}

// finishAudit prints a report and turns it into an exit code.
func (p *program) finishAudit(r *migrate.Report, run *auditRun) error {
	if p.errTerminal && !p.quiet {
		fmt.Fprint(p.errOut, "\r\x1b[K")
	}
	if err := p.print(run.targets, auditDocument(r)); err != nil {
		return err
	}
	if worst, ok := r.Worst(); ok && worst <= run.failOn {
		return findings{}
	}
	return nil
}

// auditFormats are the formats that only audits have.
func auditFormats(r *migrate.Report) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"sarif":  func(w io.Writer) error { return report.SARIF(w, r) },
		"csv":    func(w io.Writer) error { return report.CSV(w, r) },
		"xlsx":   func(w io.Writer) error { return report.XLSX(w, r) },
		"html":   func(w io.Writer) error { return report.HTML(w, r) },
		"junit":  func(w io.Writer) error { return report.JUnitAudit(w, r) },
		"github": func(w io.Writer) error { return report.GitHubAudit(w, r) },
	}
}

func auditDocument(r *migrate.Report) document {
	return document{
		data:     r,
		table:    func(w io.Writer, theme report.Theme) error { return report.Table(w, r, theme) },
		markdown: func(w io.Writer) error { return report.MarkdownReport(w, r) },
		more:     auditFormats(r),
	}
}

// folderName makes an alias the name of a folder.
func folderName(alias string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.TrimLeft(alias, "."))
}
