package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// recently is how far back deploy status --recent looks.
const recently = 24 * time.Hour

func (p *program) newDeployStatus() *cobra.Command {
	var out outputs
	var of orgFlags
	var recent bool
	out.more = deployFormats
	cmd := &cobra.Command{
		Use:     "status ID",
		Short:   "Say where a deploy stands",
		Long:    "Say where a deploy stands, once. The exit code is 69 if it is still running.",
		Example: "  ecactl deploy status 0Af000000000001AAA --target-org uat\n  ecactl deploy status --recent --target-org uat",
		Args: func(cmd *cobra.Command, args []string) error {
			if recent {
				return noArguments(cmd, args)
			}
			return exactlyOne("the id of a deploy")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			client, session, err := p.connect(cmd.Context(), &of, metadata.DefaultVersion)
			if err != nil {
				return err
			}
			if recent {
				list, err := client.RecentDeploys(cmd.Context(), time.Now().Add(-recently))
				if err != nil {
					return err
				}
				return p.print(targets, recentDocument(list))
			}
			r, err := client.DeployStatus(cmd.Context(), args[0], true)
			if err != nil {
				return err
			}
			outcome := reportOf(args[0], r)
			outcome.Org = orgOf(client, session)
			if err := p.print(targets, outcome.document(p.host.Now())); err != nil {
				return err
			}
			return outcomeError(r)
		},
	}
	out.add(cmd)
	of.add(cmd)
	cmd.Flags().BoolVar(&recent, "recent", false, "list your deploys of the last 24 hours")
	return cmd
}

// recentReport is what deploy status --recent prints.
type recentReport struct {
	SchemaVersion int                 `json:"schemaVersion"`
	Tool          tool                `json:"tool"`
	Deploys       []org.DeployRequest `json:"deploys"`
}

func recentDocument(list []org.DeployRequest) document {
	if list == nil {
		list = []org.DeployRequest{}
	}
	rows := [][]string{{"ID", "STATUS", "CREATED", "KIND", "COMPONENTS"}}
	for _, r := range list {
		kind := "deploy"
		if r.CheckOnly {
			kind = "dry run"
		}
		rows = append(rows, []string{r.ID, r.Status, r.CreatedDate.UTC().Format("2 Jan 15:04:05 MST"), kind, fmt.Sprint(r.NumberComponentsTotal)})
	}
	count := migrate.Plural(len(list), "deploy")
	return document{
		data: recentReport{1, thisTool(), list},
		table: func(w io.Writer, theme report.Theme) error {
			if err := theme.Grid(w, "", rows); err != nil {
				return err
			}
			_, err := fmt.Fprintln(w, "\n"+count)
			return err
		},
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "| id | status | created | kind | components |\n|---|---|---|---|---|\n")
			for _, row := range rows[1:] {
				fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", row[0], row[1], row[2], row[3], row[4])
			}
			return nil
		},
	}
}

// A watched command is one that ends in watching a deploy.
type watched struct {
	begin func(ctx context.Context, c *org.Client, id string, wait time.Duration) (string, error)
	end   func(*org.DeployResult) error // turns the end into an exit code
}

func (p *program) watchCommand(cmd *cobra.Command, w watched) *cobra.Command {
	var out outputs
	var f deployFlags
	out.more = deployFormats
	cmd.Args = exactlyOne("the id of a deploy")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		targets, err := out.targets()
		if err != nil {
			return err
		}
		wait, err := minutes(f.wait)
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		client, session, err := p.connect(ctx, &f.orgFlags, metadata.DefaultVersion)
		if err != nil {
			return err
		}
		id, err := w.begin(ctx, client, args[0], wait)
		if err != nil {
			if _, ok := errors.AsType[*deploy.Interrupted](err); ok {
				p.sayHowToGoOn(id, &f.orgFlags)
			}
			return err
		}
		progress := p.newProgress()
		progress.deploy(id, nil)
		r, err := deploy.Watch(ctx, client, id, deploy.Options{Wait: wait, Notify: progress.deploy})
		progress.end()
		if err != nil {
			p.sayHowToGoOn(id, &f.orgFlags)
			return err
		}
		outcome := reportOf(id, r)
		outcome.Org = orgOf(client, session)
		if err := p.print(targets, outcome.document(p.host.Now())); err != nil {
			return err
		}
		if !r.Done {
			p.sayHowToGoOn(id, &f.orgFlags)
		}
		return w.end(r)
	}
	out.add(cmd)
	f.orgFlags.add(cmd)
	cmd.Flags().Float64Var(&f.wait, "wait", deploy.DefaultWait.Minutes(), "watch for so many `MINUTES`; 0 looks once")
	return cmd
}

func (p *program) newDeployResume() *cobra.Command {
	return p.watchCommand(&cobra.Command{
		Use: "resume ID", Short: "Watch a deploy again", Long: "Watch a deploy that was sent earlier, until it is over.",
		Example: "  ecactl deploy resume 0Af000000000001AAA --target-org uat",
	}, watched{
		begin: func(_ context.Context, _ *org.Client, id string, _ time.Duration) (string, error) { return id, nil },
		end:   outcomeError,
	})
}

func (p *program) newDeployCancel() *cobra.Command {
	return p.watchCommand(&cobra.Command{
		Use: "cancel ID", Short: "End a deploy",
		Long: `Ask the org to end a deploy, and wait until it has. What it has done by then is
rolled back. A deploy that is finalizing cannot be ended. The exit code is 0 once it
is cancelled, and 1 if it was over before.`,
		Example: "  ecactl deploy cancel 0Af000000000001AAA --target-org uat",
	}, watched{
		begin: func(ctx context.Context, c *org.Client, id string, _ time.Duration) (string, error) {
			return id, deploy.Cancel(ctx, c, id)
		},
		end: func(r *org.DeployResult) error {
			switch {
			case r.Status == "Canceled":
				return nil // that is what was asked for
			case r.Done:
				return failed{} // it was over before
			}
			return outcomeError(r)
		},
	})
}

func (p *program) newDeployQuick() *cobra.Command {
	return p.watchCommand(&cobra.Command{
		Use: "quick ID", Short: "Deploy what a dry run has validated",
		Long: `Deploy what a dry run with tests has validated, without checking it again. An org
keeps a validation for ten days; one without tests cannot be deployed so.`,
		Example: "  ecactl deploy apps --target-org prod --dry-run --test-level RunLocalTests\n  ecactl deploy quick 0Af000000000001AAA --target-org prod",
	}, watched{
		begin: func(ctx context.Context, c *org.Client, id string, wait time.Duration) (string, error) {
			o, err := deploy.Quick(ctx, c, id, deploy.Options{Wait: wait})
			if err != nil {
				return "", err
			}
			p.sayHowItArrived(o)
			return o.ID, nil
		},
		end: outcomeError,
	})
}
