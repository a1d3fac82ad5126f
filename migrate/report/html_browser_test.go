//go:build browser

package report_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// The names under which Chromium is installed.
var chromiums = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// startBrowser starts a browser for one test. One that is missing fails the test:
// who asks for the tag wants the page looked at.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range chromiums {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Fatalf("no Chromium in PATH (%s): on Debian, apt-get install chromium", strings.Join(chromiums, ", "))
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the first call starts it, and may have no deadline
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// watch notes what a page complains of, and what it asks for beside itself.
type watch struct {
	mu   sync.Mutex
	said []string
}

func (w *watch) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *watch) list() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.said)
}

// A step is one thing that is done in a tab.
type step = chromedp.Action[chromedp.Void]

// call makes a step of a command of the browser's protocol.
func call[P any](cmd cdp.Command[P, cdp.Empty], params P) step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, cmd, params)
		return chromedp.Void{}, err
	}
}

func do(script string) step { return chromedp.Evaluate[chromedp.Void](script) }

func wait(condition string) step { return chromedp.Poll[chromedp.Void](condition) }

func click(selector string) step { return chromedp.Click(chromedp.CSS(selector)) }

// scripts switches them on or off.
func scripts(on bool) step {
	return call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

func media(name, theme string) step {
	return call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
}

// A tab is a report that is shown.
type tab struct {
	context.Context
	*watch
	t    *testing.T
	file string
}

// show opens a report in a window of that width. At the end of the test nothing
// may have been complained of, asked for, or executed.
func show(t *testing.T, r *migrate.Report, width int64, before ...step) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(write(t, report.HTML, r)), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, file, width, before...)
}

func open(t *testing.T, file string, width int64, before ...step) *tab {
	t.Helper()
	b := &tab{startBrowser(t), &watch{}, t, file}
	address := (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
	err := chromedp.Listen(b, func(e any) {
		switch e := e.(type) {
		case *runtime.EventConsoleAPICalled:
			b.note("console.%s", e.Type)
		case *runtime.EventExceptionThrown:
			b.note("exception: %s", e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			b.note("log: %s %s", e.Entry.Text, e.Entry.URL)
		case *network.EventRequestWillBeSent:
			if at, _, _ := strings.Cut(e.Request.URL, "#"); at != address && !strings.HasPrefix(at, "blob:") {
				b.note("request: %s", e.Request.URL)
			}
		case *page.EventJavascriptDialogOpening:
			b.note("dialog: %s", e.Message)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.run(call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}), call(runtime.Enable, cdp.Empty{}), chromedp.EmulateViewport(width, 900))
	b.run(before...)
	b.run(chromedp.Navigate(address))
	t.Cleanup(func() {
		for _, s := range b.list() {
			t.Error(s)
		}
	})
	return b
}

func (b *tab) run(steps ...step) {
	b.t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// ask evaluates an expression in the page.
func ask[V any](b *tab, expression string) V {
	b.t.Helper()
	v, err := chromedp.Run(b, chromedp.Evaluate[V](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// shoot saves a picture of the whole page where BROWSER_SHOTS names a folder, for
// somebody to look at.
func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("BROWSER_SHOTS")
	if dir == "" {
		return
	}
	shot := chromedp.FullScreenshot(100)
	if ask[int](b, "document.documentElement.scrollHeight") > 60_000 {
		shot = chromedp.CaptureScreenshot() // what is in sight; the whole is too large for a picture
	}
	picture, err := chromedp.Run(b, shot)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
