package report_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/migrate"
)

// A text of an org changes nothing but text: with whatever it holds, the page has
// the same elements with the same attributes as with a harmless word.
func TestHTMLHostileText(t *testing.T) {
	long := strings.Repeat("unbroken", 4000)
	tests := map[string]string{
		"script":         `<script>window.pwned=1</script>`,
		"end of script":  `</script><script>window.pwned=1</script>`,
		"end of style":   `</style><img src=x onerror="window.pwned=1">`,
		"end of title":   `</title><base href=https://evil.example.com/>`,
		"comment":        `<!-- <script> --!> -->`,
		"attribute":      `" onmouseover="window.pwned=1" x="`,
		"single quote":   `' onfocus='window.pwned=1' autofocus='`,
		"backquote":      "` onload=`window.pwned=1",
		"image":          `<img src=https://evil.example.com/x.png>`,
		"svg":            `<svg onload=window.pwned=1><use href="data:image/svg+xml,x#x"/></svg>`,
		"javascript":     `javascript:window.pwned=1`,
		"spelled":        "java\tscript:window.pwned=1",
		"data address":   `data:text/html,<script>window.pwned=1</script>`,
		"template":       `{{.Apps}} ${window.pwned=1}`,
		"entity":         `&lt;script&gt; &#x3c;b&#62;`,
		"formula":        `=HYPERLINK("https://evil.example.com","x")`,
		"control":        "a\x00\x1b[31mb\u009b\u0085",
		"right to left":  "\u202Etxt.exe\u2066\u200F",
		"line ends":      "a\u2028b\u2029c\r\nd",
		"not UTF-8":      "a\xff\xc3b",
		"long":           long,
		"class":          "x v-eligible badge skip",
		"same as an id":  "main",
		"blank":          " ",
		"user and place": "https://user:secret@evil.example.com/",
	}
	want := skeleton(t, filled("harmless"))
	for name, payload := range tests {
		t.Run(name, func(t *testing.T) {
			got := skeleton(t, filled(payload))
			for i := range want {
				if i >= len(got) || got[i] != want[i] {
					t.Fatalf("element %d is %q, want %q", i, got[min(i, len(got)-1)], want[i])
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d elements, want %d: %q …", len(got), len(want), got[len(want)])
			}
		})
	}
}

// skeleton lists the elements of a page with the names of their attributes.
func skeleton(t *testing.T, r *migrate.Report) []string {
	t.Helper()
	doc, _ := parsed(t, r)
	checkReferences(t, doc)
	var list []string
	for _, n := range elements(doc) {
		s := n.Data
		for _, a := range n.Attr {
			s += " " + a.Key
		}
		list = append(list, s)
	}
	return list
}

// filled is a report every text of which is the same one.
func filled(text string) *migrate.Report {
	r := &migrate.Report{
		Deadlines: make([]migrate.DeadlineReport, 1), Orgs: make([]migrate.Org, 2), Apps: make([]migrate.AppReport, 2),
		Summary: migrate.Summary{Apps: 2, Verdicts: map[migrate.Verdict]int{migrate.VerdictEligible: 2}, Routes: map[migrate.Route]int{migrate.RouteButton: 2}, Levels: map[string]int{}},
	}
	why := ""
	for i := range r.Apps {
		a := &r.Apps[i]
		a.Scopes, a.Flows, a.Unknown, a.Activity, a.Due = make([]string, 2), make([]string, 2), make([]string, 2), &migrate.Activity{LastUsed: &now}, &why
		a.Ties = &migrate.Ties{CallbackHosts: make([]string, 2), RunAs: make([]string, 1)}
		a.Findings = make([]migrate.FindingReport, 2)
		a.Findings[1].Suppressed, a.Findings[1].Due = &why, &why
	}
	for i := range r.Orgs {
		r.Orgs[i].Sources, r.Orgs[i].Findings, r.Orgs[i].ReadAt = make([]migrate.Source, 1), make([]migrate.FindingReport, 1), &now
	}
	fill(reflect.ValueOf(r).Elem(), text)
	r.GeneratedAt = now
	for i := range r.Apps {
		r.Apps[i].Verdict, r.Apps[i].Route = migrate.VerdictEligible, migrate.RouteButton
		r.Apps[i].Findings[0].Evidence = map[string]string{text: text, "file": text, "line": text}
	}
	r.Orgs[1].Error = "" // an app has to have an org
	return r
}

func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*time.Time]() {
			s := reflect.New(v.Type().Elem())
			fill(s.Elem(), text)
			v.Set(s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				fill(v.Field(i), text)
			}
		}
	}
}

// Only web pages become links.
func TestHTMLSetupLinks(t *testing.T) {
	tests := map[string]bool{
		"https://acme.my.salesforce.com/lightning/setup/x": true, "http://127.0.0.1:7777/lightning/setup/x": true,
		"javascript:alert(1)": false, "JaVaScRiPt:alert(1)": false, " javascript:alert(1)": false, "data:text/html,x": false, "//evil.example.com/": false,
		"https:evil": false, "/lightning/setup": false, "https://a@evil.example.com/": false, "": false, "vbscript:x": false, "file:///etc/passwd": false,
	}
	for address, want := range tests {
		r := orgReport(t)
		r.Apps = r.Apps[:1]
		r.Apps[0].Setup = address
		doc, _ := parsed(t, r)
		got := false
		for _, a := range elements(doc, "a") {
			if textOf(a) == "Open in Setup" {
				got = true
				if attr(a, "href") != address {
					t.Errorf("%q became %q", address, attr(a, "href"))
				}
			}
		}
		if got != want {
			t.Errorf("%q is a link: %v", address, got)
		}
	}
}
