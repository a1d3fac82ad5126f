package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
)

func (p *program) newCredentialsShow() *cobra.Command {
	var out outputs
	var of orgFlags
	var sf secretFlags
	var staged bool
	cmd := &cobra.Command{
		Use:   "show APP --target-org ORG [-- COMMAND...]",
		Short: "Show an app's consumer key, and hand over the secret",
		Long: `Show an app's consumer key. The secret is read only if it is to go somewhere:

  --reveal          to this terminal; never to a pipe, a file or a log
  --to-file FILE    to a new file that you alone can read
  -- COMMAND        to a command, as SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET
                    and SALESFORCE_INSTANCE_URL in its environment
  --format FORM     in the form of a secret store, to the file, or to the standard
                    input of the command: dotenv, github (gh secret set --env-file),
                    kubernetes (a Secret for envFrom)`,
		Example: `  ecactl credentials show Order_Sync --target-org prod
  ecactl credentials show Order_Sync --target-org prod --to-file order-sync.env
  ecactl credentials show Order_Sync --target-org prod -- ./connect-client
  ecactl credentials show Order_Sync --target-org prod --format kubernetes -- kubectl apply -f -`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			app, targets, err := p.beginPair(cmd, args, &out, &sf)
			if err != nil {
				return err
			}
			defer sf.close()
			c, err := p.readCredentials(cmd.Context(), &of, app, sf.wanted())
			if err != nil {
				return err
			}
			pair := c.Active
			if staged {
				if c.Staged() == nil {
					return nothingStaged(app, &of)
				}
				pair = *c.Staged()
			}
			return p.finishPair(cmd.Context(), targets, &sf, c, pair)
		},
	}
	out.add(cmd)
	of.add(cmd)
	sf.add(cmd)
	cmd.Flags().BoolVar(&staged, "staged", false, "the pair that waits to be promoted, and not the one in force")
	return cmd
}

// beginPair reads the command line of what hands a secret over, and opens the place
// that it goes to before any org is asked; sf.close closes it.
func (p *program) beginPair(cmd *cobra.Command, args []string, out *outputs, sf *secretFlags) (app string, targets []target, err error) {
	if app, err = sf.take(cmd, args); err != nil {
		return "", nil, err
	}
	if targets, err = out.targets(); err != nil {
		return "", nil, err
	}
	return app, targets, p.openPlace(sf, targets)
}

// finishPair prints a pair and hands its secret over. Where a command takes it,
// the command's output is the result.
func (p *program) finishPair(ctx context.Context, targets []target, sf *secretFlags, c *credentialsRun, pair org.Pair) error {
	if len(sf.command) == 0 {
		r := p.credentialsOf(c.Credentials, c.session.InstanceURL, pair)
		if sf.reveal && !pair.Secret.IsZero() {
			r.secret = pair.Secret.Reveal()
		}
		if err := p.print(targets, r.document()); err != nil {
			return err
		}
	}
	return p.handOver(ctx, sf, c, pair)
}

func nothingStaged(app string, of *orgFlags) error {
	return &diag.Problem{Code: "ECA729", Message: "no pair of " + app + " is staged", Hint: "ecactl credentials stage " + app + of.again()}
}

func (p *program) newCredentialsStage() *cobra.Command {
	var out outputs
	var of orgFlags
	var sf secretFlags
	var replace, yes bool
	cmd := &cobra.Command{
		Use:   "stage APP --target-org ORG [-- COMMAND...]",
		Short: "Make a second pair of key and secret, beside the one in force",
		Long: `Make a second pair of consumer key and secret. The one in force stays, and the new
one waits for 30 days to be promoted. Its secret goes where --to-file, --format
or -- COMMAND say, now or later by credentials show --staged.

There is one place beside the pair in force. What is in it, a pair that was staged
before or the one that the last rotation replaced, is ended by --replace.`,
		Example: `  ecactl credentials stage Order_Sync --target-org prod --to-file new.env`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			app, targets, err := p.beginPair(cmd, args, &out, &sf)
			if err != nil {
				return err
			}
			defer sf.close()
			c, err := p.readCredentials(cmd.Context(), &of, app, replace)
			if err != nil {
				return err
			}
			if err := p.clearSlot(cmd.Context(), c, replace, yes); err != nil {
				return err
			}
			pair, err := c.client.Stage(cmd.Context(), c.Credentials)
			p.redactor.Add(pair.Secret)
			if errors.Is(err, org.ErrAmbiguous) {
				p.say("whether the org has made a pair:  ecactl credentials history %s%s", app, of.again())
			}
			if err != nil {
				return err
			}
			if err := p.finishPair(cmd.Context(), targets, &sf, c, pair); err != nil {
				return err
			}
			if !sf.wanted() {
				p.say("hand it over:  ecactl credentials show %s --staged --to-file FILE%s", app, of.again())
			}
			p.say("prove it:      ecactl migrate verify SPEC --staged%s\npromote it:    ecactl credentials rotate %s%s", of.again(), app, of.again())
			return nil
		},
	}
	out.add(cmd)
	of.add(cmd)
	sf.add(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "end the pair that is in the place beside the one in force")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// clearSlot makes room for a new pair.
func (p *program) clearSlot(ctx context.Context, c *credentialsRun, replace, yes bool) error {
	for _, pair := range c.Others {
		if pair.State == org.PairExpired {
			continue
		}
		what := "a pair is staged already"
		if pair.State == org.PairRotated {
			what = "the pair that the last rotation replaced still works"
		}
		what += ", for " + p.days(pair)
		if !replace {
			return &diag.Problem{
				Code: "ECA728", Message: c.App.Name + ": " + what,
				Hint: fmt.Sprintf("ecactl credentials rotate or revoke %s%s; or stage --replace, which ends it at once", c.App.Name, c.flags.again()),
			}
		}
		if err := p.mayChange(ctx, c, yes, what+". End it at once, and with it the logins of clients that use it?"); err != nil {
			return err
		}
		if err := c.client.RevokePair(ctx, c.Credentials, pair); err != nil {
			return err
		}
	}
	return nil
}

// mayChange refuses what would cut off the session itself, and asks before
// anything that cannot be undone.
func (p *program) mayChange(ctx context.Context, c *credentialsRun, yes bool, question string) error {
	sys, err := p.system(c.flags)
	if err != nil {
		return err
	}
	own, known, why, err := sys.IsOf(ctx, c.session, c.Credentials)
	switch {
	case err != nil:
		return err
	case own:
		return &diag.Problem{
			Code: "ECA726", Message: "this login is of " + c.App.Name + " itself, and would be cut off",
			Hint: "log in by another app: ecactl login --alias NAME, which uses that of sf",
		}
	case !known:
		p.say("whether this login is of %s itself cannot be told: %s", c.App.Name, why)
	}
	switch {
	case yes:
		return nil
	case !known && !p.interactive():
		return &diag.Problem{Code: "ECA727", Message: "it cannot be told whether this login is of " + c.App.Name + " itself, and would be cut off", Hint: "log in by ecactl login, which knows its app; or pass --yes if you know that it is not"}
	case p.interactive():
		return p.confirmOr(question, "nothing was changed")
	}
	return usagef("", "this cannot be undone, and nobody can be asked; --yes does it")
}

func (p *program) newCredentialsRotate() *cobra.Command {
	var out outputs
	var of orgFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "rotate APP --target-org ORG",
		Short: "Put the staged pair in force; the old one works for 30 days",
		Long: `Put the staged pair of consumer key and secret in force. Clients that still use the
old one have up to 30 days. Prove before that the new one works:
ecactl migrate verify SPEC --staged.

The app of the login that does it is refused: it would cut itself off.`,
		Example: "  ecactl credentials rotate Order_Sync --target-org prod",
		Args:    exactlyOne("the API name of an app"),
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			c, err := p.readCredentials(ctx, &of, args[0], true)
			if err != nil {
				return err
			}
			staged := c.Staged()
			if staged == nil {
				return nothingStaged(args[0], &of)
			}
			if err := p.mayChange(ctx, c, yes, "Put the staged pair of "+args[0]+" in force? Clients with the old one have up to 30 days."); err != nil {
				return err
			}
			if err := c.client.Promote(ctx, c.Credentials, *staged); err != nil {
				if errors.Is(err, org.ErrAmbiguous) {
					p.say("which pair is in force:  ecactl credentials history %s%s", args[0], of.again())
				}
				return err
			}
			after, err := c.client.Credentials(ctx, c.App, false)
			if err != nil {
				return err
			}
			if err := p.print(targets, p.credentialsOf(after, c.session.InstanceURL, append([]org.Pair{after.Active}, after.Others...)...).document()); err != nil {
				return err
			}
			if old := after.Rotated(); old != nil {
				p.say("the old pair works for %s\nend it sooner:  ecactl credentials revoke %s%s", p.days(*old), args[0], of.again())
			}
			return nil
		},
	}
	out.add(cmd)
	of.add(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (p *program) newCredentialsRevoke() *cobra.Command {
	var out outputs
	var of orgFlags
	var yes, staged bool
	cmd := &cobra.Command{
		Use:   "revoke APP --target-org ORG",
		Short: "End the pair that the last rotation replaced",
		Long: `End the pair of consumer key and secret that the last rotation replaced, or with
--staged the one that waits to be promoted. The pair in force cannot be ended:
rotate it away first.`,
		Example: "  ecactl credentials revoke Order_Sync --target-org prod",
		Args:    exactlyOne("the API name of an app"),
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			c, err := p.readCredentials(ctx, &of, args[0], true)
			if err != nil {
				return err
			}
			pair := c.Rotated()
			question := "End the old pair of " + args[0] + " at once, and with it the logins of clients that still use it?"
			if staged {
				pair, question = c.Staged(), "End the staged pair of "+args[0]+"?"
			}
			switch {
			case pair == nil && staged:
				return nothingStaged(args[0], &of)
			case pair == nil:
				return &diag.Problem{Code: "ECA730", Message: args[0] + " has no old pair: none was replaced, or it has ended", Hint: "ecactl credentials history " + args[0] + of.again()}
			}
			if err := p.mayChange(ctx, c, yes, question); err != nil {
				return err
			}
			if err := c.client.RevokePair(ctx, c.Credentials, *pair); err != nil {
				return err
			}
			p.say("the pair with the key %s has ended", pair.Key)
			after, err := c.client.Credentials(ctx, c.App, false)
			if err != nil {
				return err
			}
			return p.print(targets, p.credentialsOf(after, c.session.InstanceURL, append([]org.Pair{after.Active}, after.Others...)...).document())
		},
	}
	out.add(cmd)
	of.add(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&staged, "staged", false, "the pair that waits to be promoted")
	return cmd
}
