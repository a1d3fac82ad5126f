package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/migrate/verify"
)

// verifyReport is what migrate verify prints.
type verifyReport struct {
	SchemaVersion int            `json:"schemaVersion"`
	Tool          tool           `json:"tool"`
	GeneratedAt   time.Time      `json:"generatedAt"`
	Org           verifyOrg      `json:"org"`
	Apps          []*verify.App  `json:"apps"`
	Summary       verify.Summary `json:"summary"`
}

type verifyOrg struct {
	ID          string `json:"id"`
	InstanceURL string `json:"instanceUrl"`
	Username    string `json:"username"`
}

func (r *verifyReport) document() document {
	return document{
		data:     r,
		table:    r.table,
		markdown: r.markdown,
		more:     map[string]func(io.Writer) error{"junit": r.junit},
	}
}

// stateLevels give a state the colour of a level.
var stateLevels = map[verify.State]diag.Level{verify.Failed: diag.Error, verify.Skipped: diag.Warning}

func (r *verifyReport) count() string {
	s := r.Summary
	return fmt.Sprintf("%s: %d passed, %d failed, %d skipped", migrate.Plural(s.Checks, "check"), s.Passed, s.Failed, s.Skipped)
}

func (r *verifyReport) table(w io.Writer, theme report.Theme) error {
	for _, a := range r.Apps {
		pair := ""
		if a.Staged {
			pair = "  with the staged pair"
		}
		fmt.Fprintf(w, "%s%s\n\n", theme.Bold(report.Plain(a.Name)), pair)
		rows := [][]string{{"STATE", "FLOW", "CHECK", "FOUND"}}
		for _, c := range a.Checks {
			state := string(c.State)
			if level, ok := stateLevels[c.State]; ok {
				state = theme.Level(level, state)
			}
			rows = append(rows, []string{state, c.Flow, c.Title, report.Plain(c.Found)})
		}
		if err := theme.Grid(w, "  ", rows); err != nil {
			return err
		}
		for _, c := range a.Checks {
			writeHelp(w, c)
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintln(w, r.count())
	return err
}

// writeHelp says what a check that failed means, and what to do.
func writeHelp(w io.Writer, c verify.Check) {
	if c.State != verify.Failed {
		return
	}
	fmt.Fprintf(w, "\n  %s, %s: %s\n", c.Flow, c.Title, report.Plain(c.Found))
	if c.Means != "" {
		fmt.Fprintf(w, "    %s\n", c.Means)
	}
	for _, do := range c.Do {
		fmt.Fprintf(w, "      - %s\n", do)
	}
	if c.Advice != "" {
		fmt.Fprintf(w, "      more:  ecactl explain %s\n", c.Advice)
	}
}

func (r *verifyReport) markdown(w io.Writer) error {
	for _, a := range r.Apps {
		fmt.Fprintf(w, "### %s\n\n| state | flow | check | found | what to do |\n|---|---|---|---|---|\n", report.Markdown(a.Name))
		for _, c := range a.Checks {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", c.State, report.Markdown(c.Flow), report.Markdown(c.Title), report.Markdown(c.Found), report.Markdown(strings.Join(c.Do, "; ")))
		}
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintln(w, r.count())
	return err
}

func (r *verifyReport) junit(w io.Writer) error {
	var suites []report.Suite
	for _, a := range r.Apps {
		s := report.Suite{Name: a.Name}
		for _, c := range a.Checks {
			one := report.Case{Name: c.ID, Class: a.Name + "." + c.Flow}
			switch c.State {
			case verify.Failed:
				one.Failure, one.Kind = c.Title+": "+c.Found, "Error"
				one.Detail = strings.TrimSpace(strings.Join(append([]string{c.Means}, c.Do...), "\n"))
			case verify.Skipped:
				one.Skipped = c.Found
			case verify.Passed:
			}
			s.Cases = append(s.Cases, one)
		}
		suites = append(suites, s)
	}
	return report.JUnit(w, r.GeneratedAt, suites)
}
