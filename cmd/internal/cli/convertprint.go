package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/report"
)

// convertReport is what convert prints.
type convertReport struct {
	SchemaVersion int            `json:"schemaVersion"`
	Tool          tool           `json:"tool"`
	Apps          []convertedApp `json:"apps"`
	Refused       []refusedApp   `json:"refused"`
	Summary       convertSummary `json:"summary"`
	Problems      []problemJSON  `json:"problems"`
}

type convertedApp struct {
	Name         string                `json:"name"`
	File         string                `json:"file"`
	Spec         string                `json:"spec"` // "" if nothing was written
	Fields       []convert.Field       `json:"fields"`
	Consequences []convert.Consequence `json:"consequences,omitempty"`
	state        metadata.State
}

type refusedApp struct {
	Name   string          `json:"name"`
	File   string          `json:"file"`
	Code   string          `json:"code"`
	Reason string          `json:"reason"`
	Hint   string          `json:"hint"`
	Fields []convert.Field `json:"fields"`
}

type convertSummary struct {
	Converted int                 `json:"converted"`
	Refused   int                 `json:"refused"`
	Fields    map[convert.How]int `json:"fields"`
}

// hows are the ways of a field, in the order in which they are counted.
var hows = []convert.How{convert.Copied, convert.Renamed, convert.Transformed, convert.Defaulted, convert.LeftOut, convert.Lost}

// convertReportOf makes the document, and the files of the specs in its order.
func convertReportOf(out *convert.Outcome, diff bool) (*convertReport, []metadata.File, diag.Problems) {
	r := &convertReport{SchemaVersion: 1, Tool: thisTool(), Apps: []convertedApp{}, Refused: []refusedApp{}, Summary: convertSummary{Fields: map[convert.How]int{}}}
	for _, h := range hows {
		r.Summary.Fields[h] = 0
	}
	problems := out.Problems
	var files []metadata.File
	names := map[string]bool{}
	for _, app := range out.Apps {
		text, ps := convert.Spec(app)
		problems = append(problems, ps...)
		files = append(files, metadata.File{Path: freeName(app.App, names) + ".yaml", Data: append([]byte(modeline), text...)})
		converted := convertedApp{Name: app.Name, File: filepath.ToSlash(app.File), Fields: app.Fields}
		if diff {
			converted.Consequences = app.Consequences()
		}
		for _, f := range app.Fields {
			r.Summary.Fields[f.How]++
		}
		r.Apps = append(r.Apps, converted)
	}
	for _, refused := range out.Refused {
		problems = append(problems, refused.Problems...)
		for _, p := range refused.Problems {
			if p.Level == diag.Error {
				fields := append([]convert.Field{}, refused.Fields...)
				r.Refused = append(r.Refused, refusedApp{refused.Name, filepath.ToSlash(refused.File), p.Code, p.Message, p.Hint, fields})
				break // the first reason is enough; problems has all
			}
		}
	}
	r.Summary.Converted, r.Summary.Refused = len(r.Apps), len(r.Refused)
	problems = problems.Sort()
	r.Problems = problemsJSON(problems)
	return r, files, problems
}

// freeName makes names unique where case does not count.
func freeName(app string, taken map[string]bool) string {
	unique := app
	for i := 2; taken[strings.ToLower(unique)]; i++ {
		unique = fmt.Sprintf("%s-%d", app, i)
	}
	taken[strings.ToLower(unique)] = true
	return unique
}

func (r *convertReport) document(diff bool) document {
	d := document{
		data:     r,
		table:    r.table,
		markdown: r.markdown,
		more:     map[string]func(io.Writer) error{"csv": r.csv},
	}
	if diff {
		d.table, d.markdown = r.diffTable, r.diffMarkdown
	}
	return d
}

// count is the last line.
func (r *convertReport) count() string {
	parts := make([]string, len(hows))
	for i, h := range hows {
		parts[i] = fmt.Sprintf("%d %s", r.Summary.Fields[h], h)
	}
	text := fmt.Sprintf("%d converted, %d refused; fields: %s", r.Summary.Converted, r.Summary.Refused, strings.Join(parts, ", "))
	for _, a := range r.Apps {
		if a.Spec == "" {
			continue
		}
		next := a.Spec
		if len(r.Apps) > 1 {
			next = filepath.Dir(a.Spec)
		}
		return text + ". Next:  ecactl lint " + next
	}
	return text
}

// remarkable are the fields that a person has to look at: of which there is
// something to be said. What the tool adds of its own stands in the spec.
func remarkable(fields []convert.Field) []convert.Field {
	var list []convert.Field
	for _, f := range fields {
		if f.Note != "" && f.Value != "" && f.From != "" {
			list = append(list, f)
		}
	}
	return list
}

func (r *convertReport) table(w io.Writer, theme report.Theme) error {
	for _, a := range r.Apps {
		fmt.Fprintf(w, "%s  %s\n", theme.Bold(report.Plain(a.Name)), theme.Faint(strings.TrimSpace(string(a.state)+"  "+report.Plain(a.Spec))))
		rows := [][]string{}
		for _, f := range remarkable(a.Fields) {
			rows = append(rows, []string{string(f.How), report.Plain(f.From), report.Plain(oneLine(f.Value)), report.Plain(f.Note)})
		}
		if len(rows) > 0 {
			if err := theme.Grid(w, "  ", rows); err != nil {
				return err
			}
		}
		fmt.Fprintln(w)
	}
	for _, a := range r.Refused {
		fmt.Fprintf(w, "%s  refused: %s (%s)\n", theme.Bold(report.Plain(a.Name)), report.Plain(a.Reason), a.Code)
	}
	if len(r.Refused) > 0 {
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintln(w, r.count())
	return err
}

// oneLine puts a value of several lines on one, for a table.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

func (r *convertReport) markdown(w io.Writer) error {
	for _, a := range r.Apps {
		fmt.Fprintf(w, "## %s\n\n", report.Markdown(a.Name))
		fmt.Fprint(w, "| Connected App | External Client App | how | value | note |\n|---|---|---|---|---|\n")
		for _, f := range a.Fields {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", report.Markdown(f.From), report.Markdown(f.To), f.How, report.Markdown(oneLine(f.Value)), report.Markdown(f.Note))
		}
		fmt.Fprintln(w)
	}
	r.refusedMarkdown(w)
	_, err := fmt.Fprintf(w, "%s\n", report.Markdown(r.count()))
	return err
}

func (r *convertReport) refusedMarkdown(w io.Writer) {
	if len(r.Refused) == 0 {
		return
	}
	fmt.Fprint(w, "## Refused\n\n| Connected App | why | what to do |\n|---|---|---|\n")
	for _, a := range r.Refused {
		fmt.Fprintf(w, "| %s | %s (%s) | %s |\n", report.Markdown(a.Name), report.Markdown(a.Reason), a.Code, report.Markdown(a.Hint))
	}
	fmt.Fprintln(w)
}

// csv writes a row for every field, and one for an app that was refused.
func (r *convertReport) csv(w io.Writer) error {
	rows := [][]string{{"app", "spec", "from", "to", "how", "value", "note"}}
	for _, a := range r.Apps {
		for _, f := range a.Fields {
			rows = append(rows, []string{a.Name, a.Spec, f.From, f.To, string(f.How), f.Value, f.Note})
		}
	}
	for _, a := range r.Refused {
		rows = append(rows, []string{a.Name, "", "", "", "refused", a.Code, a.Reason + "; " + a.Hint})
	}
	return report.WriteCSV(w, rows)
}

// diffTable shows the Connected App beside the External Client App in words.
func (r *convertReport) diffTable(w io.Writer, theme report.Theme) error {
	for _, a := range r.Apps {
		fmt.Fprintf(w, "%s\n", theme.Bold(report.Plain(a.Name)))
		for _, who := range convert.Audiences() {
			rows := [][]string{}
			for _, c := range a.Consequences {
				if c.For == who {
					rows = append(rows, []string{report.Plain(c.Was), report.Plain(c.Now), report.Plain(c.Needs)})
				}
			}
			if len(rows) == 0 {
				continue
			}
			rows = append([][]string{{"FOR " + strings.ToUpper(string(who)) + ": CONNECTED APP", "EXTERNAL CLIENT APP", "TO DO"}}, rows...)
			fmt.Fprintln(w)
			if err := theme.Grid(w, "  ", rows); err != nil {
				return err
			}
		}
		fmt.Fprintln(w)
	}
	for _, a := range r.Refused {
		fmt.Fprintf(w, "%s  refused: %s (%s)\n", theme.Bold(report.Plain(a.Name)), report.Plain(a.Reason), a.Code)
	}
	_, err := fmt.Fprintln(w, r.count())
	return err
}

func (r *convertReport) diffMarkdown(w io.Writer) error {
	for _, a := range r.Apps {
		fmt.Fprintf(w, "## %s\n", report.Markdown(a.Name))
		for _, who := range convert.Audiences() {
			head := false
			for _, c := range a.Consequences {
				if c.For != who {
					continue
				}
				if !head {
					fmt.Fprintf(w, "\n### What changes for %s\n\n| Connected App | External Client App | to do |\n|---|---|---|\n", who)
					head = true
				}
				fmt.Fprintf(w, "| %s | %s | %s |\n", report.Markdown(c.Was), report.Markdown(c.Now), report.Markdown(c.Needs))
			}
		}
		fmt.Fprintln(w)
	}
	r.refusedMarkdown(w)
	_, err := fmt.Fprintf(w, "%s\n", report.Markdown(r.count()))
	return err
}
