package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/ecactl/ecactl/migrate/waves"
	"github.com/ecactl/ecactl/templates"
)

// PlanHTML writes a plan with all of its runbooks as one page: no script, no
// request, and everything that is open for a person to tick when it is printed.
func PlanHTML(w io.Writer, p *waves.Plan) error {
	return runbookPage(w, "plan", orgTitles(p), struct {
		Title, Made, Audited string
		Plan                 *waves.Plan
	}{"Migration of Connected Apps", p.MadeAt.UTC().Format(time.DateOnly), p.AuditedAt.UTC().Format("2 Jan 2006 15:04 MST"), p})
}

// runbookPage fills a page in. The templates are parsed when they are needed, and
// escape what they are given by where it stands.
func runbookPage(w io.Writer, name string, orgs map[string]string, data any) error {
	page, err := template.New(name).Funcs(template.FuncMap{
		"plain": Plain,
		"org":   func(id string) string { return Plain(orgs[id]) },
		"join": func(list []string) string {
			plain := make([]string, len(list))
			for i, s := range list {
				plain[i] = Plain(s)
			}
			return strings.Join(plain, ", ")
		},
	}).Parse(templates.Runbook(name))
	if err == nil {
		_, err = page.Parse(templates.Runbook("style"))
	}
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}
