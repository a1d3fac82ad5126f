package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// deployReport is what deploy and its subcommands print.
type deployReport struct {
	SchemaVersion int             `json:"schemaVersion"`
	Tool          tool            `json:"tool"`
	Org           plan.Org        `json:"org"`
	ID            string          `json:"id"` // "" if nothing was sent
	Status        string          `json:"status"`
	Done          bool            `json:"done"`
	Success       bool            `json:"success"`
	DryRun        bool            `json:"dryRun"`
	CanceledBy    string          `json:"canceledBy,omitempty"`
	Components    deployCount     `json:"components"`
	Problems      []deployProblem `json:"problems"`
	Changes       []plan.Change   `json:"changes"`
}

type deployCount struct {
	Total    int `json:"total"`
	Deployed int `json:"deployed"`
	Errors   int `json:"errors"`
}

// deployProblem is an error or a warning of the org, with what to do about it.
type deployProblem struct {
	Level   string   `json:"level"` // error or warning
	Type    string   `json:"type,omitempty"`
	Name    string   `json:"name,omitempty"`
	File    string   `json:"file,omitempty"`
	Line    int      `json:"line,omitempty"`
	Column  int      `json:"column,omitempty"`
	Field   string   `json:"field,omitempty"`
	Problem string   `json:"problem"`
	Means   string   `json:"means,omitempty"`
	Do      []string `json:"do,omitempty"`
}

// outcomeError turns the end of a deploy into an exit code.
func outcomeError(r *org.DeployResult) error {
	switch {
	case r == nil || !r.Done:
		return stillRunning{}
	case r.Status == "SucceededPartial":
		return partly{}
	case !r.Success:
		return failed{}
	}
	return nil
}

// reportOf fills a report in from what an org says of a deploy; nil is nothing.
func reportOf(id string, r *org.DeployResult) *deployReport {
	out := &deployReport{SchemaVersion: 1, Tool: thisTool(), ID: id, Status: "Pending", Problems: []deployProblem{}, Changes: []plan.Change{}}
	if r == nil {
		return out
	}
	out.Status, out.Done, out.Success, out.DryRun, out.CanceledBy = r.Status, r.Done, r.Success, r.CheckOnly, r.CanceledByName
	out.Components = deployCount{r.NumberComponentsTotal, r.NumberComponentsDeployed, r.NumberComponentErrors}
	for _, f := range deploy.Failures(r) {
		q := deployProblem{Level: strings.ToLower(f.Kind), Type: f.Type, Name: f.Name, File: f.File, Line: f.Line, Column: f.Column, Field: f.Field, Problem: f.Problem}
		if f.Advice != nil {
			q.Means, q.Do = f.Advice.Means, f.Advice.Do
		}
		out.Problems = append(out.Problems, q)
	}
	return out
}

// outcomeDocument is the report of a deploy that this run has sent, or had no
// reason to send.
func (p *program) outcomeDocument(made *planned, o *deploy.Outcome, dryRun bool) document {
	var r *deployReport
	if o == nil {
		r = reportOf("", nil)
		r.Status, r.Done, r.Success, r.DryRun = "Unchanged", true, true, dryRun
	} else {
		r = reportOf(o.ID, o.Result)
		r.DryRun = dryRun
	}
	r.Org, r.Changes = made.Org, made.Changes
	return r.document(p.host.Now())
}

func (r *deployReport) document(at time.Time) document {
	return document{
		data:     r,
		table:    r.table,
		markdown: r.markdown,
		more: map[string]func(io.Writer) error{
			"junit":  func(w io.Writer) error { return r.junit(w, at) },
			"github": r.github,
		},
	}
}

func (r *deployReport) summary() string {
	verb := "Deploy"
	if r.DryRun {
		verb = "Dry run"
	}
	switch {
	case r.ID == "":
		return "Nothing to deploy: the org has what the specs say."
	case !r.Done:
		return fmt.Sprintf("%s %s: %s, not over yet.", verb, r.ID, r.Status)
	case r.Success:
		end := "."
		if r.DryRun {
			end = "; nothing was saved."
		}
		return fmt.Sprintf("%s %s: %s, %s%s", verb, r.ID, r.Status, migrate.Plural(r.Components.Total, "component"), end)
	case r.Status == "SucceededPartial":
		return fmt.Sprintf("%s %s: %s, %d of %s saved.", verb, r.ID, r.Status, r.Components.Deployed, migrate.Plural(r.Components.Total, "component"))
	}
	by := ""
	if r.CanceledBy != "" {
		by = " by " + r.CanceledBy
	}
	return fmt.Sprintf("%s %s: %s%s, %s; nothing was saved.", verb, r.ID, r.Status, by, migrate.Plural(r.errors(), "error"))
}

// errors counts what is wrong: with components, as the org does, or with the deploy
// as a whole, which it counts as nothing.
func (r *deployReport) errors() int {
	listed := 0
	for _, q := range r.Problems {
		if q.Level == "error" {
			listed++
		}
	}
	return max(r.Components.Errors, listed)
}

func (r *deployReport) table(w io.Writer, theme report.Theme) error {
	if len(r.Problems) > 0 {
		rows := [][]string{{"LEVEL", "COMPONENT", "FIELD", "WHAT SALESFORCE SAID"}}
		for _, q := range r.Problems {
			place := strings.TrimSpace(q.Type + " " + q.Name)
			if q.Line > 0 {
				place += fmt.Sprintf(" (%d:%d)", q.Line, q.Column)
			}
			rows = append(rows, []string{q.Level, report.Plain(place), report.Plain(q.Field), report.Plain(q.Problem)})
		}
		if err := theme.Grid(w, "", rows); err != nil {
			return err
		}
		r.advice(w)
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintln(w, report.Plain(r.summary()))
	return err
}

// advice says once for each problem what it means and what to do.
func (r *deployReport) advice(w io.Writer) {
	said := map[string]bool{}
	for _, q := range r.Problems {
		if len(q.Do) == 0 || said[q.Means] {
			continue
		}
		if len(said) == 0 {
			fmt.Fprintln(w, "\nWhat to do")
		}
		said[q.Means] = true
		fmt.Fprintf(w, "  %s\n    %s\n", report.Plain(q.Problem), report.Plain(q.Means))
		for _, do := range q.Do {
			fmt.Fprintf(w, "    - %s\n", report.Plain(do))
		}
	}
}

func (r *deployReport) markdown(w io.Writer) error {
	fmt.Fprintf(w, "**%s**\n", report.Markdown(r.summary()))
	if len(r.Problems) > 0 {
		fmt.Fprint(w, "\n| level | component | field | what Salesforce said | what to do |\n|---|---|---|---|---|\n")
	}
	for _, q := range r.Problems {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", q.Level, report.Markdown(strings.TrimSpace(q.Type+" "+q.Name)), report.Markdown(q.Field),
			report.Markdown(q.Problem), report.Markdown(strings.Join(q.Do, "; ")))
	}
	return nil
}

// junit has a case for every component that changes, and one for every problem
// of another.
func (r *deployReport) junit(w io.Writer, at time.Time) error {
	suite := report.Suite{Name: "ecactl deploy " + r.ID}
	for _, c := range r.Changes {
		if c.Action != plan.None {
			suite.Cases = append(suite.Cases, r.junitCase(c.Type, c.Name))
		}
	}
	for _, q := range r.Problems {
		known := false
		for _, c := range suite.Cases {
			known = known || c.Class == q.Type && c.Name == q.Name
		}
		if !known && q.Level == "error" {
			suite.Cases = append(suite.Cases, r.junitCase(q.Type, q.Name))
		}
	}
	whole := report.Case{Name: "deploy", Class: "ecactl"}
	if r.Done && !r.Success && !slices.ContainsFunc(suite.Cases, func(c report.Case) bool { return c.Failure != "" }) {
		whole.Kind, whole.Failure = "Error", r.summary() // over warnings, or ended by somebody
		for _, q := range r.Problems {
			whole.Detail += strings.TrimSpace(q.Type+" "+q.Name) + ": " + q.Problem + "\n"
		}
	}
	if !r.Done && r.ID != "" { // none of its components is there yet
		whole.Kind, whole.Failure = "Running", r.summary()
	}
	if len(suite.Cases) == 0 || whole.Failure != "" {
		suite.Cases = append(suite.Cases, whole)
	}
	return report.JUnit(w, at, []report.Suite{suite})
}

func (r *deployReport) junitCase(typ, name string) report.Case {
	c := report.Case{Name: cmp.Or(name, "deploy"), Class: cmp.Or(typ, "ecactl")}
	for _, q := range r.Problems {
		if q.Type != typ || q.Name != name || q.Level != "error" {
			continue
		}
		c.Kind, c.Failure = "Error", cmp.Or(c.Failure, q.Problem)
		c.Detail += q.Problem + "\n"
		for _, do := range q.Do {
			c.Detail += "- " + do + "\n"
		}
	}
	return c
}

func (r *deployReport) github(w io.Writer) error {
	var list []report.Annotation
	for _, q := range r.Problems {
		a := report.Annotation{Title: strings.TrimSpace(q.Type + " " + q.Name), Message: q.Problem, Pos: diag.Pos{File: q.File, Line: q.Line, Col: q.Column}}
		if q.Level != "error" {
			a.Level = diag.Warning
		}
		if len(q.Do) > 0 {
			a.Message += "\n" + strings.Join(q.Do, "\n")
		}
		list = append(list, a)
	}
	level := diag.Note
	switch {
	case !r.Done && r.ID != "":
		level = diag.Warning
	case !r.Success:
		level = diag.Error
	}
	return report.GitHub(w, append(list, report.Annotation{Level: level, Title: "ecactl deploy", Message: r.summary()}))
}
