package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate/gather"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/migrate/rollback"
	"github.com/ecactl/ecactl/migrate/track"
	"github.com/ecactl/ecactl/migrate/waves"
)

// backFlags are the flags of migrate rollback and migrate retire.
type backFlags struct {
	outputs
	orgFlags
	plan   string
	dir    string
	days   int
	config string
	yes    bool
	wait   float64
}

func (f *backFlags) add(cmd *cobra.Command) {
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.plan, "plan", "", "the plan that migrate plan --out wrote to `FILE`")
	fl.StringVar(&f.dir, "dir", "", "the folder of specs, `DIR` (default: the one that the plan names)")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fl.Float64Var(&f.wait, "wait", deploy.DefaultWait.Minutes(), "watch each deploy for so many `MINUTES`")
}

func (p *program) newMigrateRollback() *cobra.Command {
	var f backFlags
	cmd := &cobra.Command{
		Use:   "rollback APP --plan FILE --target-org ORG",
		Short: "Take the migration of an app back",
		Long: `Take one app back: its External Client App is written to a spec below DIR/rollback,
never replacing a file, what is lost is said, and it is deleted. For one that
Setup's button made, the Connected App becomes active again, which is looked at.
For one that was made anew, grants are taken away first.

Each step that destroys something is asked about; --yes does not ask. A run that
was interrupted, or killed, is run again and goes on. As long as the Connected App
is not there, its successor is not deleted.`,
		Example: `  ecactl migrate rollback Order_Sync --plan migration.json --target-org prod
  ecactl migrate rollback Order_Sync --plan migration.json --target-org prod --dir specs --yes`,
		Args: exactlyOne("the name of one app"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.migrateRollback(cmd.Context(), args[0], &f) },
	}
	f.add(cmd)
	return cmd
}

func (p *program) newMigrateRetire() *cobra.Command {
	var f backFlags
	cmd := &cobra.Command{
		Use:   "retire APP --plan FILE --target-org ORG",
		Short: "Delete a Connected App that nobody needs any more",
		Long: `Delete a Connected App whose successor is verified, or that nobody uses. It cannot
be created again, so retire refuses as long as the org, or the files in --dir, do
not show that its successor is there, granted and verified, and that nobody has
used the old one for as many days as the plan says. Its settings are kept in a
file below DIR/before.

Block the app in Setup first; no API does that. A Connected App that Setup's
button has moved is not retired: it is the way back.`,
		Example: "  ecactl migrate retire Sales_Canvas --plan migration.json --target-org prod --dir specs",
		Args:    exactlyOne("the name of one app"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.migrateRetire(cmd.Context(), args[0], &f) },
	}
	f.add(cmd)
	cmd.Flags().IntVar(&f.days, "days", defaultDays, "look at the use of the last `N` days, at most 180")
	cmd.Flags().StringVar(&f.config, "config", "", "the project's settings (default ecactl.yaml, if it is there)")
	return cmd
}

// back is what rollback and retire have in common: a plan, an org, options.
type back struct {
	plan    *waves.Plan
	client  *org.Client
	session org.Session
	options rollback.Options
	targets []target
}

func (p *program) beginBack(ctx context.Context, f *backFlags) (*back, error) {
	b := &back{}
	var err error
	if b.targets, err = f.targets(); err != nil {
		return nil, err
	}
	if f.plan == "" {
		return nil, usagef("migrate plan --out FILE writes one", "--plan FILE is missing")
	}
	wait, err := minutes(f.wait)
	if err != nil {
		return nil, err
	}
	if b.plan, err = readMigration(f.plan); err != nil {
		return nil, err
	}
	if b.client, b.session, err = p.connect(ctx, &f.orgFlags, metadata.DefaultVersion); err != nil {
		return nil, err
	}
	progress := p.newProgress()
	b.options = rollback.Options{
		Now: p.host.Now, Dir: f.dir, Say: p.say,
		Deploy:  deploy.Options{Wait: wait, IgnoreWarnings: true, Notify: progress.deploy, Now: p.host.Now},
		Confirm: p.confirmed(f.yes),
	}
	if b.options.Dir == "" {
		b.options.Dir = waves.DefaultSpecs
		if here, err := b.client.Organization(ctx); err == nil && b.plan.Org(org.LongID(here.ID)) != nil {
			b.options.Dir = b.plan.Org(org.LongID(here.ID)).Specs
		}
	}
	return b, nil
}

func (p *program) migrateRollback(ctx context.Context, app string, f *backFlags) error {
	b, err := p.beginBack(ctx, f)
	if err != nil {
		return err
	}
	r, err := rollback.Run(ctx, b.client, b.plan, app, b.options)
	return p.finishBack(b, r, err)
}

func (p *program) migrateRetire(ctx context.Context, app string, f *backFlags) error {
	if f.days < 1 || f.days > mostDays {
		return usagef("", "--days %d: an org keeps logins for %d days", f.days, mostDays)
	}
	b, err := p.beginBack(ctx, f)
	if err != nil {
		return err
	}
	e, err := gather.Gather(ctx, b.client, gather.Options{Days: f.days, Now: p.host.Now(), Progress: p.stage()})
	if err != nil {
		return err
	}
	o, err := p.trackOptions(f.config, b.options.Dir, e)
	if err != nil {
		return err
	}
	status, err := track.Look(b.plan, e, o)
	if err != nil {
		return err
	}
	r, err := rollback.Retire(ctx, b.client, b.plan, status, app, b.options)
	return p.finishBack(b, r, err)
}

func (p *program) finishBack(b *back, r *rollback.Result, err error) error {
	p.remarkOnUsage(b.client)
	if r == nil || err != nil {
		return err
	}
	for _, w := range r.Warnings {
		p.say("warning: %s", report.Plain(w))
	}
	if err := p.print(b.targets, backDocument(r)); err != nil {
		return err
	}
	if r.Outcome == rollback.Refused {
		return failed{}
	}
	return nil
}

// outcomeWords put outcomes into words.
var outcomeWords = map[rollback.Outcome]string{
	rollback.Back:    "is back: the Connected App is what clients log in by",
	rollback.Retired: "is retired: the org no longer has the Connected App",
	rollback.Refused: "was left as it is",
}

func backDocument(r *rollback.Result) document {
	write := func(w io.Writer, text func(string) string) error {
		fmt.Fprintf(w, "%s %s\n", text(r.App), outcomeWords[r.Outcome])
		for _, d := range r.Done {
			fmt.Fprintf(w, "- %s (deploy %s)\n", text(d.What), d.Deploy)
		}
		if r.Exported != "" {
			fmt.Fprintf(w, "- kept in %s\n", text(r.Exported))
		}
		for _, d := range r.Lost {
			fmt.Fprintf(w, "- lost: %s was %s\n", text(d.Field), text(d.Is))
		}
		for _, h := range r.ByHand {
			fmt.Fprintf(w, "- by hand: %s\n", text(h))
		}
		return nil
	}
	return document{
		data:     r,
		table:    func(w io.Writer, _ report.Theme) error { return write(w, report.Plain) },
		markdown: func(w io.Writer) error { return write(w, report.Markdown) },
	}
}
