//go:build browser

package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/ecactl/ecactl/migrate"
)

const rowNames = `[...document.querySelectorAll("#apps-table tbody tr")].filter(r => !r.hidden).map(r => r.querySelector("th a").textContent)`

// cells are what a column of the table has, from the top.
func cells(b *tab, column int) []string {
	return ask[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("#apps-table tbody tr")].filter(r => !r.hidden).map(r => { const c = r.cells[%d]; return "v" in c.dataset ? c.dataset.v : c.textContent.toLowerCase(); })`, column))
}

func TestBrowserSorts(t *testing.T) {
	b := show(t, orgReport(t), 1280)
	heads := ask[[]string](b, `[...document.querySelectorAll("#apps-table thead th button")].map(h => h.textContent)`)
	if want := []string{"App", "Verdict", "Route", "Due", "Last use", "Users", "Findings"}; !slices.Equal(heads, want) {
		t.Fatalf("the buttons of the heading are %q", heads)
	}
	for i, head := range heads {
		for _, way := range []string{"ascending", "descending"} {
			b.run(click(fmt.Sprintf("#apps-table thead th:nth-child(%d) button", i+1)))
			if got := ask[[]string](b, `[...document.querySelectorAll("#apps-table th[aria-sort]")].map(h => h.textContent + " " + h.getAttribute("aria-sort"))`); !slices.Equal(got, []string{head + " " + way}) {
				t.Errorf("sorted are %q, want %s %s", got, head, way)
			}
			got := cells(b, i)
			filled := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s == "" })
			if empty := got[len(filled):]; slices.ContainsFunc(empty, func(s string) bool { return s != "" }) {
				t.Errorf("%s %s: what has no value is not last: %q", head, way, got)
			}
			less := func(a, b string) int {
				var x, y float64
				if _, err := fmt.Sscanf(a+" "+b, "%g %g", &x, &y); err == nil && !strings.Contains(a, "-") {
					return int(x - y)
				}
				return strings.Compare(a, b)
			}
			if way == "descending" {
				slices.Reverse(filled)
			}
			if !slices.IsSortedFunc(filled, less) {
				t.Errorf("%s %s: %q", head, way, filled)
			}
		}
	}
}

func TestBrowserFilters(t *testing.T) {
	r := fleetReport(t)
	b := show(t, r, 1280)
	all := ask[[]string](b, rowNames)
	if len(all) != len(r.Apps) {
		t.Fatalf("%d rows of %d apps", len(all), len(r.Apps))
	}
	count := func(match func(a *migrate.AppReport) bool) (n int) {
		for i := range r.Apps {
			if match(&r.Apps[i]) {
				n++
			}
		}
		return n
	}
	set := func(id, value string) step {
		return do(fmt.Sprintf(`(() => { const f = document.getElementById(%q); if (f.type === "checkbox") f.checked = true; else f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true})); })()`, id, value))
	}
	tests := map[string]struct {
		action step
		want   int
	}{
		"name":    {set("f-text", "order sync"), count(func(a *migrate.AppReport) bool { return a.Label == "Order Sync" })},
		"rule":    {set("f-text", "ca-elig-006"), count(func(a *migrate.AppReport) bool { return has(a, "CA-ELIG-006") })},
		"verdict": {set("f-verdict", "fix-first"), count(func(a *migrate.AppReport) bool { return a.Verdict == migrate.VerdictFixFirst })},
		"route":   {set("f-route", "retire"), count(func(a *migrate.AppReport) bool { return a.Route == migrate.RouteRetire })},
		"level":   {set("f-level", "e"), count(func(a *migrate.AppReport) bool { return worst(a) == "error" })},
		"due":     {set("f-due", ""), count(func(a *migrate.AppReport) bool { return a.Due != nil })},
		"org":     {set("f-org", "0"), len(r.Apps) / 3},
		"nothing": {set("f-text", "no such app"), 0},
	}
	for name, tt := range tests {
		b.run(tt.action, wait(`document.getElementById("shown").textContent !== "`+fmt.Sprint(len(all))+` apps"`))
		got := len(ask[[]string](b, rowNames))
		if got != tt.want || tt.want == len(r.Apps) {
			t.Errorf("%s: %d rows, want %d of %d", name, got, tt.want, len(r.Apps))
		}
		if shown := ask[int](b, `[...document.querySelectorAll("details.app")].filter(d => !d.hidden).length`); shown != tt.want {
			t.Errorf("%s: %d apps below the table, want %d", name, shown, tt.want)
		}
		if said := ask[string](b, `document.getElementById("shown").textContent`); said != fmt.Sprintf("%d of %d apps", tt.want, len(r.Apps)) {
			t.Errorf("%s: it says %q", name, said)
		}
		if none := ask[bool](b, `!document.getElementById("none").hidden`); none != (tt.want == 0) {
			t.Errorf("%s: it says that no app is left: %v", name, none)
		}
		b.run(click(`#filter button[type=reset]`), wait(`document.getElementById("shown").textContent === "`+fmt.Sprint(len(all))+` apps"`))
	}
	if got := ask[[]string](b, rowNames); !slices.Equal(got, all) {
		t.Error("without filters not all apps are shown")
	}
}

func has(a *migrate.AppReport, rule string) bool {
	return slices.ContainsFunc(a.Findings, func(f migrate.FindingReport) bool { return f.Rule == rule && f.Suppressed == nil })
}

func worst(a *migrate.AppReport) string {
	level := ""
	for _, f := range a.Findings {
		if s := f.Level.String(); f.Suppressed == nil && (level == "" || s == "error") {
			level = s
		}
	}
	return level
}

// A keyboard reaches everything, in the order of the page.
func TestBrowserKeyboard(t *testing.T) {
	b := show(t, orgReport(t), 1280)
	const focused = `(() => { const e = document.activeElement; return e.className === "skip" ? "skip" : (e.id || e.textContent).trim(); })()`
	outlined := `getComputedStyle(document.activeElement).outlineStyle !== "none"`
	b.run(chromedp.KeyEvent(kb.Tab))
	if got := ask[string](b, focused); got != "skip" {
		t.Fatalf("Tab first reaches %q", got)
	}
	if !ask[bool](b, outlined) || ask[float64](b, `document.activeElement.getBoundingClientRect().top`) < 0 {
		t.Error("the skip link is not to be seen when it is reached")
	}
	b.run(chromedp.KeyEvent(kb.Enter), wait(`document.activeElement.id === "main"`))
	var order []string
	for range 60 {
		b.run(chromedp.KeyEvent(kb.Tab))
		at := ask[string](b, focused)
		if !ask[bool](b, outlined) {
			t.Errorf("nothing shows that %q is reached", at)
		}
		order = append(order, at)
		if at == "Findings" {
			break
		}
	}
	i := slices.Index(order, "f-text")
	want := []string{"f-text", "f-verdict", "f-route", "f-level", "f-due", "Clear", "App", "Verdict", "Route", "Due", "Last use", "Users", "Findings"}
	if i < 0 || !slices.Equal(order[i:], want) {
		t.Fatalf("Tab reaches %q", order)
	}
	b.run(chromedp.KeyEvent(kb.Enter))
	if got := ask[string](b, `document.activeElement.closest("th").getAttribute("aria-sort")`); got != "ascending" {
		t.Errorf("Enter on a heading sorts %q", got)
	}
	if got := ask[string](b, focused); got != "Findings" {
		t.Errorf("sorting moves the focus to %q", got)
	}
	// The next stop is the first app; Enter goes to what was found, and opens it.
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), wait(`document.querySelector(":target") !== null`))
	if !ask[bool](b, `document.querySelector(":target").closest("details").open`) {
		t.Error("a link to an app leaves it closed")
	}
}

func TestBrowserOpensAndSaves(t *testing.T) {
	r := orgReport(t)
	b := show(t, r, 1280)
	opened := func() int { return ask[int](b, `document.querySelectorAll("details.app[open]").length`) }
	b.run(click(`[data-open="1"]`))
	if n := opened(); n != len(r.Apps) {
		t.Errorf("%d of %d apps are open", n, len(r.Apps))
	}
	b.run(click(`[data-open=""]`))
	if n := opened(); n != 0 {
		t.Errorf("%d apps stay open", n)
	}
	dir := t.TempDir()
	done := make(chan string, 8)
	err := chromedp.ListenBrowser(b, func(e any) {
		if e, ok := e.(*browser.EventDownloadProgress); ok && e.State == browser.DownloadProgressStateCompleted {
			done <- e.GUID
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	events := true
	if _, err := chromedp.CallBrowser(b, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: &events,
	}); err != nil {
		t.Fatal(err)
	}
	b.run(click("#save"))
	select {
	case guid := <-done:
		data, err := os.ReadFile(filepath.Join(dir, guid))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) == 0 || string(data) != write(t, formats["json"], r) {
			t.Error("what is saved is not the report as JSON")
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing is saved")
	}
}

// The page is whole with scripts switched off.
func TestBrowserWithoutScripts(t *testing.T) {
	r := orgReport(t)
	b := show(t, r, 1280, scripts(false))
	b.run(scripts(true)) // to be asked; the page's own script has not run
	if ask[int](b, `document.querySelectorAll("#apps-table thead button").length`) != 0 {
		t.Fatal("the script has run")
	}
	if n := ask[int](b, `[...document.querySelectorAll("button, form")].filter(e => e.checkVisibility()).length`); n != 0 {
		t.Errorf("%d controls that do nothing are shown", n)
	}
	if n := len(ask[[]string](b, rowNames)); n != len(r.Apps) {
		t.Errorf("%d rows of %d apps", n, len(r.Apps))
	}
	b.run(do(`document.querySelector("details.app summary").focus()`), chromedp.KeyEvent(kb.Enter))
	if !ask[bool](b, `document.querySelector("details.app").open && document.querySelector("details.app .findings").checkVisibility()`) {
		t.Error("an app does not open")
	}
	b.shoot("noscript")
}

// On paper everything is open, and what only a screen needs is gone.
func TestBrowserPrints(t *testing.T) {
	r := orgReport(t)
	for name, before := range map[string][]step{"scripts": nil, "no-scripts": {scripts(false)}} {
		t.Run(name, func(t *testing.T) {
			b := show(t, r, 1280, before...)
			paper, err := chromedp.Run(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize()))
			if err != nil {
				t.Fatal(err)
			}
			if len(paper) < 20_000 || !strings.HasPrefix(string(paper), "%PDF-") {
				t.Fatalf("a PDF of %d bytes", len(paper))
			}
			if dir := os.Getenv("BROWSER_SHOTS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, "print-"+name+".pdf"), paper, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b.run(scripts(true), media("print", "light"))
			if n := ask[int](b, `[...document.querySelectorAll("details.app .findings li")].filter(e => e.getBoundingClientRect().height > 0).length`); n < len(r.Apps) {
				t.Errorf("%d findings are printed", n)
			}
			if left := ask[[]string](b, `[...document.querySelectorAll("nav, form, .skip, button")].filter(e => e.checkVisibility() && !e.closest("th")).map(e => e.outerHTML)`); len(left) > 0 {
				t.Errorf("printed is %q", left)
			}
			if n := ask[int](b, `[...document.querySelectorAll(".checklist input[type=checkbox]")].filter(e => e.checkVisibility()).length`); n == 0 {
				t.Error("the checklist has no boxes")
			}
			if open := ask[int](b, `document.querySelectorAll("details.app[open]").length`); open != 0 {
				t.Errorf("%d apps stay open after printing", open)
			}
		})
	}
}

func TestBrowserThemes(t *testing.T) {
	b := show(t, orgReport(t), 1280)
	const colours = `[document.body, document.querySelector("section"), document.querySelector("h2"), document.querySelector(".card")].map(e => getComputedStyle(e).backgroundColor + " " + getComputedStyle(e).color)`
	b.run(media("", "light"))
	light := ask[[]string](b, colours)
	b.shoot("org-light")
	b.run(media("", "dark"))
	dark := ask[[]string](b, colours)
	b.shoot("org-dark")
	for i := range light {
		if light[i] == dark[i] {
			t.Errorf("element %d is the same in the dark: %s", i, light[i])
		}
	}
	b.run(media("print", "dark"))
	if got := ask[string](b, `getComputedStyle(document.body).backgroundColor`); got != "rgb(255, 255, 255)" {
		t.Errorf("in the dark it prints on %s", got)
	}
}

// Whatever an org's people have written, it is a text: nothing of it runs, loads
// or pushes the page apart.
func TestBrowserHostile(t *testing.T) {
	payloads := []string{
		`</script><script>window.pwned=1</script>`, `<img src=x onerror="window.pwned=1">`, `" onmouseover="window.pwned=1" autofocus onfocus="window.pwned=1`,
		`<svg onload=window.pwned=1>`, `javascript:window.pwned=1`, `</style><script>window.pwned=1</script>`, `</title><script>window.pwned=1</script>`,
		"\u202E\u2066txt.exe\x1b[31m", `=HYPERLINK("https://evil.example.com")`, strings.Repeat("Unbroken", 60), strings.Repeat("Z\u0335\u0301\u0316", 60), `<iframe src="https://evil.example.com">`,
	}
	r := filled(payloads[0])
	for i, p := range payloads {
		one := filled(p)
		one.Apps[0].Org = fmt.Sprint("org", i)
		one.Orgs[1].ID, one.Orgs[1].InstanceURL = fmt.Sprint("org", i), fmt.Sprint(i)
		r.Orgs, r.Apps = append(r.Orgs, one.Orgs[1]), append(r.Apps, one.Apps[0])
	}
	for _, width := range []int64{1280, 320} {
		b := show(t, r, width)
		b.run(do(`document.querySelectorAll("details").forEach(d => d.open = true); document.querySelectorAll("a, summary, td").forEach(e => e.dispatchEvent(new Event("mouseover", {bubbles: true})))`))
		if got := ask[string](b, `typeof window.pwned`); got != "undefined" {
			t.Errorf("a label was executed: window.pwned is a %s", got)
		}
		checkWidth(t, b, width)
		b.run(do(`document.querySelectorAll("details").forEach((d, i) => d.open = i % 7 === 0)`)) // a picture has a limit
		b.shoot(fmt.Sprintf("hostile-%d", width))
	}
}

func TestBrowserNarrow(t *testing.T) {
	large := manyOrgs(12, 10)
	for name, r := range map[string]*migrate.Report{"org": orgReport(t), "fleet": fleetReport(t), "many": large, "empty": migrate.Merge(nil)} {
		b := show(t, r, 320)
		checkWidth(t, b, 320)
		b.shoot(name + "-320")
		b.run(do(`document.querySelectorAll("details").forEach(d => d.open = true)`))
		checkWidth(t, b, 320)
	}
	b := show(t, large, 1280)
	b.run(media("", "light"))
	checkWidth(t, b, 1280)
	b.shoot("fleet-light")
	b.run(media("", "dark"))
	b.shoot("fleet-dark")
}

// checkWidth finds what makes a page wider than its window.
func checkWidth(t *testing.T, b *tab, width int64) {
	t.Helper()
	if got := ask[int64](b, `document.documentElement.scrollWidth`); got > width {
		t.Errorf("the page is %d wide in a window of %d: %q", got, width,
			ask[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > %d && !e.closest(".scroll")).slice(0, 5).map(e => e.outerHTML.slice(0, 120))`, width)))
	}
}

// A fleet of 200 orgs is shown, sorted and filtered while one waits.
func TestBrowserLargeFleet(t *testing.T) {
	r := manyOrgs(200, 50)
	start := time.Now()
	b := show(t, r, 1280)
	loaded := time.Since(start)
	answers := func(script, done string) time.Duration {
		b.run(do(`window.since = performance.now(); `+script), wait(done))
		return time.Duration(ask[float64](b, `document.body.offsetHeight && performance.now() - window.since`)) * time.Millisecond
	}
	sorted := answers(`document.querySelector("#apps-table thead th button").click()`, `document.querySelector("th[aria-sort]")`)
	names := ask[[]string](b, rowNames)
	if len(names) != 500 || !slices.IsSorted(names) {
		t.Errorf("%d rows of %d, or not sorted", len(names), len(r.Apps))
	}
	filtered := answers(`document.getElementById("f-text").value = "App 017"; document.getElementById("f-text").dispatchEvent(new Event("input", {bubbles: true}))`,
		`document.getElementById("shown").textContent.includes(" of ")`)
	if n := len(ask[[]string](b, rowNames)); n != 100 {
		t.Errorf("filtered are %d rows", n)
	}
	t.Logf("shown in %v, sorted in %v, filtered in %v", loaded, sorted, filtered)
	b.run(click("#filter button[type=reset]"), wait(`!document.getElementById("shown").textContent.includes(" of ")`), click("#rest button"))
	if n := len(ask[[]string](b, rowNames)); n != len(r.Apps) {
		t.Errorf("%d rows of %d after all were asked for", n, len(r.Apps))
	}
	if loaded > 90*time.Second { // some 12 s; a busy machine takes longer
		t.Errorf("it is shown after %v", loaded)
	}
}
