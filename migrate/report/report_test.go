package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file under testdata and, under -update, writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update to create it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sample audits the sample project. The test goes to another folder, so that
// the names of files are the same on every machine.
func sample(t *testing.T) *migrate.Report {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.CopyFS("sample", templates.Sample()); err != nil {
		t.Fatal(err)
	}
	return audit(t, "sample")
}

func audit(t *testing.T, dir string) *migrate.Report {
	t.Helper()
	read, err := metadata.Schema().Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Problems) > 0 {
		t.Errorf("the files have problems: %v", read.Problems)
	}
	r := migrate.Audit(migrate.FromFiles(read), migrate.Options{Version: "test", Now: now})
	r.Orgs = []migrate.Org{migrate.SourceFiles(filepath.ToSlash(dir), read)}
	return r
}

// formats are the writers, by the suffix of their golden files.
var formats = map[string]func(io.Writer, *migrate.Report) error{
	"txt":  func(w io.Writer, r *migrate.Report) error { return report.Table(w, r, report.Theme{}) },
	"json": func(w io.Writer, r *migrate.Report) error { return report.JSON(w, r) },
	"md":   report.MarkdownReport,
}

func write(t *testing.T, f func(io.Writer, *migrate.Report) error, r *migrate.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := f(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSample(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	r := sample(t)
	for suffix, f := range formats {
		golden(t, filepath.Join(testdata, "sample."+suffix), []byte(write(t, f, r)))
	}
	for _, v := range migrate.Verdicts() {
		if r.Summary.Verdicts[v] == 0 {
			t.Errorf("the sample shows no app that is %s", v)
		}
	}
}

func TestSampleIsValid(t *testing.T) {
	data, err := templates.Schema("audit")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("audit.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("audit.json")
	if err != nil {
		t.Fatal(err)
	}
	text := write(t, formats["json"], sample(t))
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Error(err)
	}
	for name, broken := range map[string]string{
		"unknown verdict": strings.Replace(text, `"verdict": "eligible"`, `"verdict": "fine"`, 1),
		"unknown level":   strings.Replace(text, `"level": "error"`, `"level": "fatal"`, 1),
		"unknown key":     strings.Replace(text, `"schemaVersion"`, `"extra": 1, "schemaVersion"`, 1),
		"no findings":     strings.Replace(text, `"findings"`, `"finding"`, 1),
		"no time":         strings.Replace(text, `2026-11-23T12:00:00Z`, "today", 1),
	} {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(broken))
		if err != nil {
			t.Fatal(err)
		}
		if broken == text || schema.Validate(instance) == nil {
			t.Errorf("the schema takes what is broken: %s", name)
		}
	}
}

// JSON is written as it is read: nothing is lost, and what HTML would need
// escaped is left readable.
func TestJSON(t *testing.T) {
	r := sample(t)
	text := write(t, formats["json"], r)
	var back migrate.Report
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if again := write(t, formats["json"], &back); again != text {
		t.Error("read and written again it differs")
	}
	var out bytes.Buffer
	if err := report.JSON(&out, map[string]string{"a": "<&>\x1b\u2028"}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"a\": \"<&>\\u001b\\u2028\"\n}\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
	if err := report.JSON(io.Discard, func() {}); err == nil || !strings.HasPrefix(err.Error(), "writing JSON: ") {
		t.Errorf("err = %v", err)
	}
}

var (
	escapes = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	full    = regexp.MustCompile(`\x1b`)
)

// Colours add nothing but colours.
func TestColours(t *testing.T) {
	r := sample(t)
	without := write(t, formats["txt"], r)
	with := write(t, func(w io.Writer, r *migrate.Report) error { return report.Table(w, r, report.Theme{Colour: true}) }, r)
	if strings.Contains(without, "\x1b") {
		t.Error("an escape sequence without colours")
	}
	if !strings.Contains(with, "\x1b") {
		t.Error("no escape sequence with colours")
	}
	if stripped := escapes.ReplaceAllString(with, ""); stripped != without {
		t.Errorf("without its escape sequences it reads\n%s\nwant\n%s", stripped, without)
	}
	for i, line := range strings.Split(with, "\n") {
		if starts, ends := strings.Count(line, "\x1b["), strings.Count(line, "\x1b[0m"); starts != 2*ends {
			t.Errorf("line %d leaves a colour on: %q", i+1, line)
		}
	}
	if left := full.FindString(escapes.ReplaceAllString(with, "")); left != "" {
		t.Error("an escape sequence that is no colour")
	}
}

func TestDeterministic(t *testing.T) {
	want := map[string]string{}
	r := sample(t)
	for suffix, f := range formats {
		want[suffix] = write(t, f, r)
	}
	for _, n := range []int{1, 8} {
		before := runtime.GOMAXPROCS(n)
		r := audit(t, "sample")
		for suffix, f := range formats {
			if got := write(t, f, r); got != want[suffix] {
				t.Errorf("%s differs with %d cores", suffix, n)
			}
		}
		runtime.GOMAXPROCS(before)
	}
}

// hostile is what people of an org can have written into names, labels,
// addresses and, by them, into messages.
const hostile = "\x1b]8;;https://evil.example.com\x1b\\Sync\x1b]8;;\x1b\\ \u202E\u009b31m| `x` <script>\r\n# heading\x00\u2028"

func hostileReport() *migrate.Report {
	finding := func(l diag.Level, message string) migrate.FindingReport {
		return migrate.FindingReport{Rule: "CA-SEC-040", Level: l, Message: message, Fix: hostile, Evidence: map[string]string{"file": hostile}}
	}
	return &migrate.Report{
		SchemaVersion: 1, GeneratedAt: now,
		Orgs: []migrate.Org{{Name: hostile, Sources: []migrate.Source{}}},
		Apps: []migrate.AppReport{
			{Kind: migrate.KindConnectedApp, Name: hostile, Label: hostile, File: hostile, Verdict: migrate.VerdictFixFirst, Route: migrate.RouteButton, Unknown: []string{hostile}, Findings: []migrate.FindingReport{finding(diag.Error, hostile), finding(diag.Note, hostile)}},
			{Kind: migrate.KindECA, Name: "注文_同期_システム", Verdict: migrate.VerdictMigrated, Route: migrate.RouteDone, Unknown: []string{}, Findings: []migrate.FindingReport{finding(diag.Warning, "コールバック http://注文.example.com is not https")}},
			{Kind: migrate.KindECA, Name: "한국어", Verdict: migrate.VerdictMigrated, Route: migrate.RouteDone, Unknown: []string{"PKCE"}, Findings: []migrate.FindingReport{}},
			{Kind: migrate.KindECA, Name: "A", Verdict: migrate.VerdictEligible, Route: migrate.RouteButton, Unknown: []string{"PKCE"}, Findings: []migrate.FindingReport{finding(diag.Warning, "x")}},
		},
		Summary: migrate.Summary{Apps: 4, Verdicts: map[migrate.Verdict]int{migrate.VerdictFixFirst: 1, migrate.VerdictMigrated: 2, migrate.VerdictEligible: 1}, Levels: map[string]int{"error": 1, "warning": 2, "note": 1}},
	}
}

func TestHostileTable(t *testing.T) {
	text := write(t, formats["txt"], hostileReport())
	for i, line := range strings.Split(text, "\n") {
		for _, r := range line {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' {
				t.Errorf("line %d holds %U: %q", i+1, r, line)
			}
		}
		if strings.HasPrefix(line, "# heading") {
			t.Errorf("line %d is a text's own", i+1)
		}
	}
	for _, table := range []string{"APP", "LEVEL"} {
		checkColumns(t, text, table)
	}
	if strings.TrimRight(text, "\n") == text || strings.Contains(text, " \n") {
		t.Error("blanks at the end of a line, or no line end at the end")
	}
}

// checkColumns checks that in the table whose heading begins with a word every
// row has a column where the heading has one.
func checkColumns(t *testing.T, text, heading string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	start := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, heading+" ") })
	if start < 0 {
		t.Fatalf("no table begins with %s\n%s", heading, text)
	}
	var columns []int // cells from the left at which a word of the heading begins
	for i := range lines[start] {
		if lines[start][i] != ' ' && (i == 0 || lines[start][i-1] == ' ') {
			columns = append(columns, i)
		}
	}
	for _, line := range lines[start+1:] {
		if line == "" {
			return
		}
		cells := spread(line)
		for _, at := range columns[1:] {
			if at >= len(cells) || cells[at] == ' ' || cells[at-1] != ' ' || cells[at-2] != ' ' {
				t.Errorf("no column begins at %d of %q", at, line)
			}
		}
	}
}

// spread gives each cell of a terminal its rune; a wide one takes two.
func spread(line string) []rune {
	var cells []rune
	for _, r := range line {
		cells = append(cells, r)
		if unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || r == 'ー' {
			cells = append(cells, '…')
		}
	}
	return cells
}

// Every row of every table in the Markdown has as many cells as its heading.
func TestHostileMarkdown(t *testing.T) {
	text := write(t, formats["md"], hostileReport())
	if strings.ContainsAny(text, "<>\x1b") {
		t.Errorf("a tag or an escape sequence\n%s", text)
	}
	pipe := regexp.MustCompile(`\\.|(\|)`)
	cells := 0
	for i, line := range strings.Split(text, "\n") {
		n := 0
		for _, m := range pipe.FindAllStringSubmatch(line, -1) {
			n += len(m[1])
		}
		switch {
		case n == 0:
			cells = 0
		case cells == 0:
			cells = n
		case n != cells:
			t.Errorf("line %d has %d cell borders and its heading %d: %s", i+1, n, cells, line)
		}
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "## Apps of ") {
			t.Errorf("line %d is a text's own heading: %s", i+1, line)
		}
	}
}

// What files can really hold: a name that is escaped in the name of its file,
// and characters that XML takes and terminals act upon.
func TestHostileFiles(t *testing.T) {
	dir := t.TempDir()
	text := `<?xml version="1.0"?><ConnectedApp xmlns="` + metadata.Namespace + `">
<contactEmail>admin@example.com</contactEmail>
<label>&#x9b;31mSync&#x202e;</label>
<oauthConfig><callbackUrl>http://a.example.com/&#x9d;0;owned&#x9c;&#x202e;|` + "`x`" + `&lt;script&gt;</callbackUrl></oauthConfig>
</ConnectedApp>`
	name := "%1B%5D8%3B%3Bhttps%3A%2F%2Fevil.example.com%1B%5CSync%C2%9B%7C%0A.connectedApp-meta.xml"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := audit(t, dir)
	if len(r.Apps) != 1 || !strings.HasPrefix(r.Apps[0].Name, "\x1b]8;;") || !strings.Contains(r.Apps[0].Label, "\u009b") {
		t.Fatalf("the files are not hostile: %+v", r.Apps)
	}
	for _, suffix := range []string{"txt", "md"} {
		for _, c := range strings.ReplaceAll(write(t, formats[suffix], r), "\n", "") {
			if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
				t.Errorf("%s holds %U", suffix, c)
			}
		}
	}
	if text := write(t, formats["json"], r); strings.ContainsAny(text, "\x1b\a") || !json.Valid([]byte(text)) {
		t.Errorf("not JSON: %q", text)
	}
	if text := write(t, formats["md"], r); !strings.Contains(text, "\\|\\`x\\`&lt;script&gt;") {
		t.Errorf("the callback is not readable\n%s", text)
	}
}

// A report without apps, orgs or findings is still one.
func TestEmptyReport(t *testing.T) {
	r := migrate.Audit(migrate.FromFiles(&metadata.Collection{}), migrate.Options{Now: now})
	want := map[string]string{
		"txt": "APPS OF no org  23 Nov 2026 12:00 UTC\n\n\n0 apps, 0 errors, 0 warnings, 0 notes. A rule in full:  ecactl explain RULE\n",
		"md":  "## Apps of no org\n\n0 apps, 0 errors, 0 warnings, 0 notes.\n",
	}
	for suffix, text := range want {
		if got := write(t, formats[suffix], r); got != text {
			t.Errorf("%s: got\n%s\nwant\n%s", suffix, got, text)
		}
	}
}

// A reader that is gone is an error, and not half a report without one.
func TestWriteErrors(t *testing.T) {
	r := sample(t)
	for suffix, f := range formats {
		if err := f(closed{}, r); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: err = %v", suffix, err)
		}
	}
	if err := (report.Theme{}).Grid(closed{}, "", [][]string{{"A"}}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("grid: err = %v", err)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestGrid(t *testing.T) {
	tests := map[string]struct {
		indent string
		rows   [][]string
		want   string
	}{
		"no rows":    {"", nil, ""},
		"heading":    {"", [][]string{{"A", "B"}}, "A  B\n"},
		"rows":       {"", [][]string{{"A", "B"}, {"long", "x"}, {"注文", "y"}}, "A     B\nlong  x\n注文  y\n"},
		"indent":     {"  ", [][]string{{"A", "B"}, {"1", ""}}, "  A  B\n  1\n"},
		"never cut":  {"", [][]string{{"A"}, {strings.Repeat("x", 500)}}, "A\n" + strings.Repeat("x", 500) + "\n"},
		"percentage": {"", [][]string{{"A"}, {"100%d"}}, "A\n100%d\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := (report.Theme{}).Grid(&out, tt.indent, tt.rows); err != nil {
				t.Fatal(err)
			}
			if out.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", out.String(), tt.want)
			}
		})
	}
}
