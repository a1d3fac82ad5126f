package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// doctorReport is what doctor prints.
type doctorReport struct {
	SchemaVersion int           `json:"schemaVersion"`
	Tool          tool          `json:"tool"`
	InstanceURL   string        `json:"instanceUrl"`
	Username      string        `json:"username"`
	Checks        []doctorCheck `json:"checks"`
}

type doctorCheck struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	State string `json:"state"` // ok, warn, fail or unknown
	Found string `json:"found"`
	Fix   string `json:"fix,omitempty"`
}

func (p *program) newDoctor() *cobra.Command {
	var out outputs
	var of orgFlags
	cmd := &cobra.Command{
		Use:   "doctor --target-org ORG",
		Short: "Check what a login and an org need for all of this",
		Long: `Check the API version, the clock, the session, your permissions, the org's
switches and its limits. Each line that is not ok has its fix. The exit code is 2
if something fails.`,
		Example: "  ecactl doctor --target-org uat",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			targets, err := out.targets()
			if err != nil {
				return err
			}
			client, session, err := p.connect(cmd.Context(), &of, metadata.DefaultVersion)
			if err != nil {
				return err
			}
			r := &doctorReport{SchemaVersion: 1, Tool: thisTool(), InstanceURL: session.InstanceURL, Username: session.Username, Checks: []doctorCheck{}}
			bad := false
			for _, c := range org.Doctor(cmd.Context(), client) {
				r.Checks = append(r.Checks, doctorCheck{c.ID, c.Title, c.State, c.Found, c.Fix})
				bad = bad || c.State == "fail"
			}
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if err := p.print(targets, r.document()); err != nil {
				return err
			}
			if bad {
				return findings{}
			}
			return nil
		},
	}
	out.add(cmd)
	of.add(cmd)
	return cmd
}

func (r *doctorReport) document() document {
	rows := [][]string{{"STATE", "CHECK", "FOUND"}}
	states := map[string]int{}
	for _, c := range r.Checks {
		states[c.State]++
		rows = append(rows, []string{c.State, report.Plain(c.Title), report.Plain(c.Found)})
	}
	count := fmt.Sprintf("%s: %d ok, %d to look at, %d failed, %d unknown", migrate.Plural(len(r.Checks), "check"), states["ok"], states["warn"], states["fail"], states["unknown"])
	return document{
		data: r,
		table: func(w io.Writer, theme report.Theme) error {
			if err := theme.Grid(w, "", rows); err != nil {
				return err
			}
			first := true
			for _, c := range r.Checks {
				if c.State == "ok" || c.Fix == "" {
					continue
				}
				if first {
					fmt.Fprintln(w, "\nWhat to do")
					first = false
				}
				fmt.Fprintf(w, "  %s: %s\n", report.Plain(c.Title), report.Plain(c.Fix))
			}
			_, err := fmt.Fprintln(w, "\n"+count)
			return err
		},
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "| state | check | found | fix |\n|---|---|---|---|\n")
			for _, c := range r.Checks {
				fmt.Fprintf(w, "| %s | %s | %s | %s |\n", c.State, report.Markdown(c.Title), report.Markdown(c.Found), report.Markdown(c.Fix))
			}
			_, err := fmt.Fprintf(w, "\n%s\n", count)
			return err
		},
	}
}
