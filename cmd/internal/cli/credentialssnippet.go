package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate/handover"
	"github.com/ecactl/ecactl/migrate/report"
)

func (p *program) newCredentialsSnippet() *cobra.Command {
	var of orgFlags
	var client string
	cmd := &cobra.Command{
		Use:   "snippet APP --client CLIENT --target-org ORG",
		Short: "Print how a client is connected: " + strings.Join(handover.Clients(), ", "),
		Long: `Print how a client is connected to an app, with the app's key, callback and scopes
filled in and a placeholder where the secret goes.

Nango has the provider salesforce, and salesforce-sandbox for sandboxes and scratch
orgs; a Developer Edition, which logs in like a production org, is the former.`,
		Example: "  ecactl credentials snippet Order_Sync --client nango --target-org uat",
		Args:    exactlyOne("the API name of an app"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if client == "" {
				return usagef(usageOf(cmd), "snippet needs --client: %s", strings.Join(handover.Clients(), ", "))
			}
			if !slices.Contains(handover.Clients(), client) {
				return usagef(diag.DidYouMean(client, handover.Clients()), "unknown client %q (%s)", client, strings.Join(handover.Clients(), ", "))
			}
			ctx := cmd.Context()
			c, err := p.readCredentials(ctx, &of, args[0], false)
			if err != nil {
				return err
			}
			about, err := c.client.Organization(ctx)
			if err != nil {
				return err
			}
			actual, err := deploy.Actual(ctx, c.client, deploy.Selection{Version: max(metadata.DefaultVersion, credentialsVersion), Apps: []string{args[0]}})
			if err != nil {
				return err
			}
			f := handover.FactsOf(actual.Components, args[0])
			f.Label, f.ClientID, f.InstanceURL, f.Kind = c.App.Label, c.Active.Key, c.session.InstanceURL, about.Kind
			text, remarks, err := handover.Snippet(client, f)
			if err != nil {
				return err
			}
			for _, remark := range remarks {
				p.say("note: %s", report.Plain(remark))
			}
			_, err = p.out.WriteString(report.PlainLines(text))
			return err
		},
	}
	of.add(cmd)
	cmd.Flags().StringVar(&client, "client", "", "the `CLIENT`: "+strings.Join(handover.Clients(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("client", cobra.FixedCompletions(handover.Clients(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}
