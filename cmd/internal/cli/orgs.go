package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// orgsReport is what orgs prints.
type orgsReport struct {
	SchemaVersion int             `json:"schemaVersion"`
	Tool          tool            `json:"tool"`
	Orgs          []login.Account `json:"orgs"`
	SF            []string        `json:"sf"` // aliases of sf, which --target-org takes too
}

func (p *program) newOrgs() *cobra.Command {
	var out outputs
	cmd := &cobra.Command{
		Use:     "orgs",
		Short:   "List the orgs that you are logged in to",
		Long:    "List the logins that are kept, and the aliases of sf. No org is asked.",
		Example: "  ecactl orgs",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			store, err := p.store(&orgFlags{})
			if err != nil {
				return err
			}
			accounts, err := store.List()
			if err != nil {
				return err
			}
			r := &orgsReport{1, thisTool(), accounts, store.AliasesOfSF()}
			if r.Orgs == nil {
				r.Orgs = []login.Account{}
			}
			return p.print(targets, r.document())
		},
	}
	out.add(cmd)
	return cmd
}

func (p *program) store(f *orgFlags) (*login.Store, error) {
	sys, err := p.system(f)
	if err != nil {
		return nil, err
	}
	return login.Open(sys)
}

func (r *orgsReport) document() document {
	rows := [][]string{{"ALIAS", "USERNAME", "ORG", "KIND", "WAY", "ADDRESS"}}
	for _, a := range r.Orgs {
		rows = append(rows, []string{report.Plain(a.Alias), report.Plain(a.Username), a.OrgID, string(a.Kind), a.Method, a.InstanceURL})
	}
	count := migrate.Plural(len(r.Orgs), "login")
	if n := len(r.SF); n > 0 {
		count += fmt.Sprintf(", and %s of sf", migrate.Plural(n, "alias"))
	}
	return document{
		data: r,
		table: func(w io.Writer, theme report.Theme) error {
			if len(r.Orgs) > 0 {
				if err := theme.Grid(w, "", rows); err != nil {
					return err
				}
				fmt.Fprintln(w)
			}
			for _, alias := range r.SF {
				fmt.Fprintf(w, "sf  %s\n", report.Plain(alias))
			}
			_, err := fmt.Fprintln(w, count)
			return err
		},
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "| alias | username | org | kind | way | address |\n|---|---|---|---|---|---|\n")
			for _, row := range rows[1:] {
				for _, cell := range row {
					fmt.Fprintf(w, "| %s ", report.Markdown(cell))
				}
				fmt.Fprintln(w, "|")
			}
			return nil
		},
	}
}

func (p *program) newLogout() *cobra.Command {
	var of orgFlags
	cmd := &cobra.Command{
		Use:     "logout ORG",
		Short:   "End a login and forget it",
		Long:    "End the tokens of a login in the org, and forget it. Logins of sf are sf's to end.",
		Example: "  ecactl logout uat",
		Args:    exactlyOne("an alias or username"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := p.store(&of)
			if err != nil {
				return err
			}
			a, err := store.Find(args[0])
			if err != nil {
				return err
			}
			if a == nil {
				return &diag.Problem{Code: "ECA543", Message: fmt.Sprintf("there is no login %q", args[0]), Hint: "ecactl orgs lists them; sf org logout ends one of sf", Err: login.ErrNotLoggedIn}
			}
			if err := store.Logout(cmd.Context(), *a); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "Logged out of %s\n", report.Plain(a.Name()))
			return nil
		},
	}
	cmd.Flags().StringVar(&of.caFile, "ca-file", "", "trust the certificates in `FILE`, in PEM, as well")
	return cmd
}
