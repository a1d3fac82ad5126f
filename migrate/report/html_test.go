package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/templates"
)

// parsed is a page as a browser reads it.
func parsed(t *testing.T, r *migrate.Report) (*html.Node, string) {
	t.Helper()
	text := write(t, report.HTML, r)
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc, text
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func elements(doc *html.Node, tags ...string) []*html.Node {
	var list []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (len(tags) == 0 || slices.Contains(tags, n.Data)) {
			list = append(list, n)
		}
	}
	return list
}

// textOf is what a reader sees of an element, with single blanks.
func textOf(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func byID(doc *html.Node, id string) *html.Node {
	for _, n := range elements(doc) {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

func inside(n *html.Node, tag string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == tag {
			return true
		}
	}
	return false
}

// pages are all reports that the page is held against: those of the other formats,
// and a fleet so large that rules are explained once.
func pages(t *testing.T) map[string]*migrate.Report {
	t.Helper()
	list := reports(t)
	list["large"] = manyOrgs(40, 12)
	return list
}

// What holds for every page, whatever it shows.
func TestHTMLStructure(t *testing.T) {
	for name, r := range pages(t) {
		t.Run(name, func(t *testing.T) {
			doc, text := parsed(t, r)
			checkIDs(t, doc)
			checkHeadings(t, doc)
			checkReferences(t, doc)
			checkForms(t, doc)
			checkTables(t, doc)
			for _, n := range elements(doc) {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
						t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
					}
				}
				if n.Data == "svg" && (attr(n, "role") != "img" || attr(n, "aria-label") == "") {
					t.Error("a picture without words")
				}
			}
			for i, c := range text {
				if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
					t.Fatalf("%U at %d", c, i)
				}
			}
			if root := elements(doc, "html")[0]; attr(root, "lang") != "en" {
				t.Error("the page names no language")
			}
		})
	}
}

func checkIDs(t *testing.T, doc *html.Node) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range elements(doc) {
		id := attr(n, "id")
		if seen[id] {
			t.Errorf("id %q is there twice", id)
		}
		seen[id] = id != ""
	}
	for _, n := range elements(doc) {
		for _, key := range []string{"aria-labelledby", "for"} {
			if ref := attr(n, key); ref != "" && !seen[ref] {
				t.Errorf("%s=%q points nowhere", key, ref)
			}
		}
		if to, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && !seen[to] {
			t.Errorf("a link to %q, which is not there", to)
		}
	}
}

func checkHeadings(t *testing.T, doc *html.Node) {
	t.Helper()
	last := 0
	for _, h := range elements(doc, "h1", "h2", "h3", "h4", "h5", "h6") {
		level := int(h.Data[1] - '0')
		if level > last+1 || level == 1 && last > 0 {
			t.Errorf("<%s> %q comes after <h%d>", h.Data, textOf(h), last)
		}
		if textOf(h) == "" {
			t.Errorf("<%s> is empty", h.Data)
		}
		last = level
	}
	if n := len(elements(doc, "h1")); n != 1 {
		t.Errorf("%d first headings", n)
	}
}

// checkReferences lets a page point at itself, and at Setup; it loads nothing.
func checkReferences(t *testing.T, doc *html.Node) {
	t.Helper()
	if found := elements(doc, "link", "img", "iframe", "object", "embed", "base", "audio", "video", "use", "image", "source", "picture", "frame", "applet"); len(found) > 0 {
		t.Errorf("<%s> loads something", found[0].Data)
	}
	for _, n := range elements(doc) {
		for _, a := range n.Attr {
			switch a.Key {
			case "src", "srcset", "action", "formaction", "data", "poster", "background", "ping", "manifest":
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case "href":
				if strings.HasPrefix(a.Val, "#") {
					continue
				}
				u, err := url.Parse(a.Val)
				if err != nil || n.Data != "a" || u.Scheme != "https" && u.Scheme != "http" || attr(n, "rel") != "noopener noreferrer" {
					t.Errorf("<%s href=%q rel=%q>", n.Data, a.Val, attr(n, "rel"))
				}
			}
		}
	}
	style := textOf(elements(doc, "style")[0])
	if strings.Contains(style, "url(") || strings.Contains(style, "@import") || strings.Contains(style, "@font-face") {
		t.Error("the style loads something")
	}
}

func checkForms(t *testing.T, doc *html.Node) {
	t.Helper()
	labelled := map[string]bool{}
	for _, l := range elements(doc, "label") {
		controls := elements(l, "input", "select", "textarea")
		if attr(l, "for") == "" && len(controls) != 1 || textOf(l) == "" {
			t.Errorf("the label %q is for nothing", textOf(l))
		}
		labelled[attr(l, "for")] = true
	}
	for _, c := range elements(doc, "input", "select", "textarea") {
		if !inside(c, "label") && !labelled[attr(c, "id")] {
			t.Errorf("<%s id=%q> has no label", c.Data, attr(c, "id"))
		}
	}
	for _, b := range elements(doc, "button") {
		if attr(b, "type") == "" || textOf(b) == "" {
			t.Errorf("the button %q has no type or no name", textOf(b))
		}
		hidden := false // what only a script can do is not shown without one
		for p := b.Parent; p != nil; p = p.Parent {
			hidden = hidden || slices.ContainsFunc(p.Attr, func(a html.Attribute) bool { return a.Key == "hidden" })
		}
		if !hidden {
			t.Errorf("the button %q is shown without scripts", textOf(b))
		}
	}
}

func checkTables(t *testing.T, doc *html.Node) {
	t.Helper()
	for _, table := range elements(doc, "table") {
		if c := elements(table, "caption"); len(c) != 1 || textOf(c[0]) == "" {
			t.Error("a table without a caption")
		}
		columns := 0
		for _, row := range elements(table, "tr") {
			cells := 0
			for _, c := range elements(row, "td", "th") {
				n, err := strconv.Atoi(attr(c, "colspan"))
				if err != nil {
					n = 1
				}
				cells += n
			}
			if columns == 0 {
				columns = cells
			}
			if cells != columns {
				t.Errorf("a row has %d cells and the heading %d: %s", cells, columns, textOf(row))
			}
		}
		for _, th := range elements(table, "th") {
			want := "row"
			if inside(th, "thead") {
				want = "col"
			}
			if attr(th, "scope") != want {
				t.Errorf("the heading %q has the scope %q", textOf(th), attr(th, "scope"))
			}
		}
	}
}

// The policy allows the page's own style and script by their hashes, and nothing
// else.
func TestHTMLPolicy(t *testing.T) {
	doc, text := parsed(t, orgReport(t))
	var policy string
	for _, m := range elements(doc, "meta") {
		if attr(m, "http-equiv") == "Content-Security-Policy" {
			policy = attr(m, "content")
		}
	}
	directives := map[string]string{}
	for d := range strings.SplitSeq(policy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		directives[name] = value
	}
	hashOf := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	raw := func(open, closing string) string {
		_, rest, _ := strings.Cut(text, open)
		inner, _, _ := strings.Cut(rest, closing)
		return inner
	}
	want := map[string]string{
		"default-src": "'none'", "style-src": hashOf(raw("<style>", "</style>")), "script-src": hashOf(raw("<script>", "</script>")),
		"base-uri": "'none'", "form-action": "'none'",
	}
	if !reflect.DeepEqual(directives, want) {
		t.Errorf("got  %v\nwant %v", directives, want)
	}
	if len(elements(doc, "style")) != 1 || len(elements(doc, "script")) != 2 {
		t.Error("styles or scripts that the policy does not know")
	}
}

// The report stands in the page as data, and is the report.
func TestHTMLData(t *testing.T) {
	for _, r := range []*migrate.Report{orgReport(t), hostileReport()} {
		doc, text := parsed(t, r)
		data := byID(doc, "report")
		if attr(data, "type") != "application/json" || data.FirstChild == nil {
			t.Fatal("no data")
		}
		var back migrate.Report
		if err := json.Unmarshal([]byte(data.FirstChild.Data), &back); err != nil {
			t.Fatal(err)
		}
		var got, want any
		for v, s := range map[*any]string{&got: write(t, formats["json"], &back), &want: write(t, formats["json"], r)} {
			if err := json.Unmarshal([]byte(s), v); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Error("the data is not the report")
		}
		if strings.Count(text, "</script") != 2 {
			t.Error("the data ends a script")
		}
	}
}

// Text on every ground that it stands on is readable, in the light and in the dark.
func TestHTMLContrast(t *testing.T) {
	style, err := fs.ReadFile(templates.Report(), "style.css")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)
	light, dark, _ := strings.Cut(string(style), "@media screen and (prefers-color-scheme: dark)")
	first, _, _ := strings.Cut(light, "}")
	second, _, _ := strings.Cut(dark, "}")
	pairs := [][2]string{{"text", "page"}, {"text", "card"}, {"muted", "page"}, {"muted", "card"}, {"link", "page"}, {"link", "card"}, {"work", "card"}, {"text", "note-tint"}, {"text", "open-tint"}, {"link", "open-tint"}}
	for _, v := range []string{"ready", "work", "vendor", "done", "open"} {
		pairs = append(pairs, [2]string{v, v + "-tint"}, [2]string{"text", v + "-tint"})
	}
	for theme, block := range map[string]string{"light": first, "dark": second} {
		colours := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(block, -1) {
			colours[m[1]] = m[2]
		}
		for _, p := range pairs {
			if got := contrast(t, colours[p[0]], colours[p[1]]); got < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", theme, p[0], p[1], got)
			}
		}
	}
}

// contrast is that of WCAG 2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
		if err != nil {
			t.Fatalf("colour %q: %v", hex, err)
		}
		sum := 0.0
		for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
			c := float64(n>>(8*i)&0xFF) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
