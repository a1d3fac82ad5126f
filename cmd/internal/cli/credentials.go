package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

func (p *program) newCredentials() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "credentials",
		Short: "Show, hand over and rotate an app's consumer key and secret",
		Long: `Show, hand over and rotate the consumer key and secret of an External Client App,
without a moment in which its clients cannot log in:

  ecactl credentials stage APP            a second pair, beside the one in force
  ecactl credentials show APP --staged    hand it over to the client
  ecactl migrate verify SPEC --staged     prove that it works
  ecactl credentials rotate APP           put it in force; the old pair works for 30 days
  ecactl credentials revoke APP           end the old pair

The org has to allow it: Setup > External Client App Settings, access to consumer
secrets via REST API, and the permissions External Client App Developer and View
Client Secret.

A secret is never printed unless --reveal is given at a terminal. It goes into a
new file that you alone can read (--to-file), into the environment of a command
(-- COMMAND), or, in the form of a secret store (--format), to its standard input.`,
		Example: `  ecactl credentials show Order_Sync --target-org prod
  ecactl credentials show Order_Sync --target-org prod --format github -- gh secret set --env-file -
  ecactl credentials snippet Order_Sync --client nango --target-org uat`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("ecactl credentials --help", "credentials needs a command: show, stage, rotate, revoke, history, snippet")
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(p.newCredentialsShow(), p.newCredentialsStage(), p.newCredentialsRotate(), p.newCredentialsRevoke(), p.newCredentialsHistory(), p.newCredentialsSnippet())
	return cmd
}

// credentialsReport is what the commands print. It holds no secret.
type credentialsReport struct {
	SchemaVersion int              `json:"schemaVersion"`
	Tool          tool             `json:"tool"`
	InstanceURL   string           `json:"instanceUrl"`
	App           credentialsApp   `json:"app"`
	Pairs         []credentialPair `json:"pairs"`
	secret        string           // revealed, at a terminal alone
}

type credentialsApp struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Label string `json:"label"`
}

type credentialPair struct {
	ID       string     `json:"id"`
	Key      string     `json:"key"`
	State    string     `json:"state"`
	By       string     `json:"createdBy,omitempty"`
	Created  *time.Time `json:"created"`
	Expires  *time.Time `json:"expires"`
	DaysLeft *int       `json:"daysLeft"`
}

// at is a time, if there is one.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (p *program) credentialsOf(c *org.Credentials, instance string, pairs ...org.Pair) *credentialsReport {
	r := &credentialsReport{
		SchemaVersion: 1, Tool: thisTool(), InstanceURL: instance,
		App: credentialsApp{c.App.ID, c.App.Name, c.App.Label}, Pairs: []credentialPair{},
	}
	for _, pair := range pairs {
		one := credentialPair{ID: pair.ID, Key: pair.Key, State: string(pair.State), By: pair.By, Created: at(pair.Created), Expires: at(pair.Expires)}
		if days, known := pair.DaysLeft(p.host.Now()); known {
			one.DaysLeft = &days
		}
		r.Pairs = append(r.Pairs, one)
	}
	return r
}

func (r *credentialsReport) document() document {
	rows := [][]string{{"STATE", "CONSUMER KEY", "MADE", "ENDS", "ID"}}
	for _, c := range r.Pairs {
		made, ends := "", "not by itself"
		if c.Created != nil {
			made = c.Created.Format(time.DateOnly)
		}
		switch {
		case c.State == string(org.PairActive):
		case c.DaysLeft != nil:
			ends = "in " + migrate.Plural(*c.DaysLeft, "day") + ", on " + c.Expires.Format(time.DateOnly)
		default:
			ends = "30 days after it was made or replaced"
		}
		rows = append(rows, []string{c.State, report.Plain(c.Key), made, ends, report.Plain(c.ID)})
	}
	return document{
		data: r,
		table: func(w io.Writer, theme report.Theme) error {
			fmt.Fprintf(w, "App    %s  %s\nOrg    %s\n\n", report.Plain(r.App.Name), report.Plain(r.App.ID), r.InstanceURL)
			if err := theme.Grid(w, "  ", rows); err != nil {
				return err
			}
			if r.secret != "" {
				fmt.Fprintf(w, "\n  consumer secret  %s\n", r.secret)
			}
			return nil
		},
		markdown: func(w io.Writer) error {
			fmt.Fprintf(w, "### %s\n\n| state | consumer key | made | ends |\n|---|---|---|---|\n", report.Markdown(r.App.Name))
			for _, row := range rows[1:] {
				fmt.Fprintf(w, "| %s | %s | %s | %s |\n", row[0], report.Markdown(row[1]), row[2], row[3])
			}
			return nil
		},
	}
}

// credentialsRun is an app's credentials with the session that reads them.
type credentialsRun struct {
	*org.Credentials
	client  *org.Client
	session org.Session
	flags   *orgFlags
}

// readCredentials finds an app and reads its pairs. The redactor learns every
// secret before anything is done with it.
func (p *program) readCredentials(ctx context.Context, f *orgFlags, app string, secrets bool) (*credentialsRun, error) {
	client, session, err := p.connect(ctx, f, max(metadata.DefaultVersion, credentialsVersion))
	if err != nil {
		return nil, err
	}
	found, err := client.ConsumerApp(ctx, app)
	if err != nil {
		return nil, err
	}
	c, err := client.Credentials(ctx, found, secrets)
	if err != nil {
		return nil, err
	}
	p.redactor.Add(c.Active.Secret)
	for _, pair := range c.Others {
		p.redactor.Add(pair.Secret)
	}
	return &credentialsRun{c, client, session, f}, nil
}

// credentialsVersion is the first API version that stages credentials.
const credentialsVersion metadata.Version = 65

func (p *program) newCredentialsHistory() *cobra.Command {
	var out outputs
	var of orgFlags
	cmd := &cobra.Command{
		Use:   "history APP --target-org ORG",
		Short: "List an app's pairs: in force, staged, and replaced",
		Long: `List the pairs of consumer key and secret that the org knows of an app: the one in
force, one that is staged, and one that the last rotation replaced, with who made
them and how many days are left. No secret is read.`,
		Example: "  ecactl credentials history Order_Sync --target-org prod",
		Args:    exactlyOne("the API name of an app"),
		RunE: func(cmd *cobra.Command, args []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			c, err := p.readCredentials(cmd.Context(), &of, args[0], false)
			if err != nil {
				return err
			}
			return p.print(targets, p.credentialsOf(c.Credentials, c.session.InstanceURL, append([]org.Pair{c.Active}, c.Others...)...).document())
		},
	}
	out.add(cmd)
	of.add(cmd)
	return cmd
}

// days says how long a pair is still good.
func (p *program) days(pair org.Pair) string {
	if n, known := pair.DaysLeft(p.host.Now()); known {
		return migrate.Plural(n, "day") + ", until " + pair.Expires.Format(time.DateOnly)
	}
	return "up to " + strconv.Itoa(int(org.PairLife/(24*time.Hour))) + " days"
}
