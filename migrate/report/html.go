package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/templates"
)

// A page stays usable when a fleet is large. Past these numbers a browser lays out
// only what is in sight, what a rule says stands once in the page and not at each
// finding, and the report as data is left to the JSON output.
const (
	maxLaidOut   = 300     // apps
	maxExplained = 3000    // findings
	maxData      = 8 << 20 // bytes
)

// page is what the template is filled with: texts ready to be shown, and nothing
// left to be decided.
type page struct {
	CSP    template.HTMLAttr
	Style  template.CSS
	Script template.JS
	Data   template.JS // the report as JSON

	Title    string
	Tool     string
	Facts    []term
	Sections []section
	Several  bool // orgs
	Large    bool // what is out of sight is not laid out

	Failed   []term
	Verdicts []share
	Bar      []segment
	BarText  string
	Lead     string
	Routes   []share

	Stops     []*stop
	Chart     *chart
	Caption   string
	Apps      []*appView
	Matrix    *matrix
	Checklist []*taskGroup
	OrgList   []*orgView
	Rules     []ruleView
}

// A term is a name and what it means.
type term struct{ Name, Words string }

type section struct{ ID, Title string }

// HTML writes a report as one page that needs nothing else: no network, and no
// script to be read.
func HTML(w io.Writer, r *migrate.Report) error {
	parts, err := htmlParts()
	if err != nil {
		return err
	}
	p := newPage(r)
	p.CSP, p.Style, p.Script = parts.csp, parts.style, parts.script
	data, err := htmlData(r)
	if err != nil {
		return err
	}
	if len(data) <= maxData {
		p.Data = data
	}
	var out bytes.Buffer
	if err := parts.page.ExecuteTemplate(&out, "page", p); err != nil {
		return fmt.Errorf("writing HTML: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// parts are the template with what it holds besides the report.
type parts struct {
	page   *template.Template
	csp    template.HTMLAttr
	style  template.CSS
	script template.JS
}

var htmlParts = sync.OnceValues(func() (*parts, error) {
	files := templates.Report()
	style, err := fs.ReadFile(files, "style.css")
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	script, err := fs.ReadFile(files, "script.js")
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	page, err := template.ParseFS(files, "*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	policy := fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hash(style), hash(script))
	return &parts{page, template.HTMLAttr(`content="` + policy + `"`), template.CSS(style), template.JS(script)}, nil
})

// hash names a script or a style in a content security policy: the page may run
// and show these bytes, and none that a label brings along.
func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// htmlData is the report as JSON that can stand inside a script element: it has no
// "<", and nothing that an editor or a browser would act upon.
func htmlData(r *migrate.Report) (template.JS, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("writing HTML: %w", err)
	}
	var out strings.Builder
	out.Grow(len(data))
	for _, c := range string(data) { // outside of strings JSON is ASCII
		switch {
		case c < 0x7F || c > 0x9F && !unicode.Is(unicode.Cf, c):
			out.WriteRune(c)
		case c > 0xFFFF:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, c)
		}
	}
	return template.JS(out.String()), nil
}

// newPage puts a report into the page's words.
func newPage(r *migrate.Report) *page {
	b := newBuilder(r)
	p := &page{
		Title: b.title(), Several: len(r.Orgs) > 1, Large: len(r.Apps) > maxLaidOut, Facts: b.facts(), OrgList: b.orgs, Apps: b.apps,
		Tool: Plain(strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version)),
	}
	b.summarize(p)
	p.Stops = b.stops()
	p.Chart = b.chart(p.Stops)
	p.Caption = "The soonest date and the most errors first. Each name leads to what was found."
	p.Matrix = b.matrix()
	p.Checklist = b.checklist()
	if b.linked {
		p.Rules = b.rules()
	}
	p.Sections = []section{{"summary", "Where the apps stand"}, {"timeline", "What stops, and when"}, {"apps", "Apps"}}
	if p.Matrix != nil {
		p.Sections = append(p.Sections, section{"matrix", "Apps by org"})
	}
	p.Sections = append(p.Sections, section{"checklist", "Checklist"}, section{"details", "App by app"}, section{"orgs", "What was read"})
	if p.Rules != nil {
		p.Sections = append(p.Sections, section{"rules", "Rules"})
	}
	return p
}
