package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
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

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xuri/excelize/v2"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/gather"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/templates"
)

// orgReport audits an emulated org with the apps of the sample, by way of a
// snapshot in the working folder.
func orgReport(t *testing.T) *migrate.Report {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.CopyFS("seed", templates.Sample()); err != nil {
		t.Fatal(err)
	}
	o := orgtest.New(t, orgtest.Config{Seed: []string{"seed"}, Now: func() time.Time { return now }})
	c, err := org.New(org.Config{Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	e, err := gather.Gather(t.Context(), c, gather.Options{Days: 90, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	e.Org.InstanceURL = "https://example.my.salesforce.com" // the port is another one every time
	if err := e.Save("snapshot", migrate.Tool{Name: "ecactl", Version: "test"}); err != nil {
		t.Fatal(err)
	}
	return fromSnapshot(t)
}

func fromSnapshot(t *testing.T) *migrate.Report {
	t.Helper()
	e, err := migrate.LoadSnapshot("snapshot")
	if err != nil {
		t.Fatal(err)
	}
	return migrate.Audit(migrate.FromEvidence(e), migrate.Options{Version: "test", Now: now})
}

// fleetReport is a report of several orgs, one of which could not be read.
func fleetReport(t *testing.T) *migrate.Report {
	t.Helper()
	var reports []*migrate.Report
	base := orgReport(t)
	for i, alias := range []string{"prod", "uat", "dev"} {
		copied := *base
		copied.Orgs = slices.Clone(base.Orgs)
		copied.Apps = slices.Clone(base.Apps)
		copied.Orgs[0].ID, copied.Orgs[0].Alias = fmt.Sprintf("00D5g000000000%dEAA", i+1), alias
		for j := range copied.Apps {
			copied.Apps[j].Org = copied.Orgs[0].ID
		}
		reports = append(reports, &copied)
	}
	broken := &migrate.Report{SchemaVersion: 1, Tool: base.Tool, GeneratedAt: now, Apps: []migrate.AppReport{}, Orgs: []migrate.Org{{
		Name: "gone", Alias: "gone", Type: "unknown", Error: "connection refused", Sources: []migrate.Source{}, Findings: []migrate.FindingReport{},
	}}}
	return migrate.Merge(append(reports, broken))
}

// reports are what every format is held against.
func reports(t *testing.T) map[string]*migrate.Report {
	t.Helper()
	list := map[string]*migrate.Report{"files": sample(t), "hostile": hostileReport(), "empty": migrate.Merge(nil)}
	list["org"], list["fleet"] = orgReport(t), fleetReport(t)
	suppressed := sample(t)
	why := "an internal app | with a pipe"
	suppressed.Apps[0].Findings[0].Suppressed = &why
	list["suppressed"] = suppressed
	for name, r := range list {
		if r.GeneratedAt.IsZero() {
			list[name].GeneratedAt = now
		}
	}
	return list
}

// allFormats are all writers of an audit.
var allFormats = map[string]func(io.Writer, *migrate.Report) error{
	"txt": formats["txt"], "json": formats["json"], "md": formats["md"], "csv": report.CSV, "xlsx": report.XLSX, "sarif": report.SARIF,
	"junit.xml": report.JUnitAudit, "github.txt": report.GitHubAudit, "html": report.HTML,
}

// The formats of an org, and of a fleet, as they are printed.
func TestOrgGolden(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*migrate.Report{"org": orgReport(t), "fleet": fleetReport(t)} {
		for suffix, f := range allFormats {
			if suffix == "xlsx" || (suffix == "json" || suffix == "html") && name == "fleet" {
				continue // checked cell by cell, or the same as the org's
			}
			golden(t, filepath.Join(testdata, name+"."+suffix), []byte(write(t, f, r)))
		}
	}
}

// SARIF is valid, has a place for every result that a file has, and the same
// fingerprints when lines move.
func TestSARIF(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			text := write(t, report.SARIF, r)
			doc, err := sarif.FromString(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := doc.Validate(); err != nil {
				t.Errorf("not valid: %v", err)
			}
			results, seen := 0, map[string]bool{}
			for _, run := range doc.Runs {
				if run.Results == nil {
					t.Error("results are null")
				}
				for _, res := range run.Results {
					results++
					print := *run.Tool.Driver.Name + fmt.Sprint(run.AutomationDetails) + res.PartialFingerprints["ecactl/v1"]
					if seen[print] {
						t.Errorf("two results with one fingerprint: %s", *res.Message.Text)
					}
					seen[print] = true
					if rule := run.Tool.Driver.Rules[res.RuleIndex]; *rule.ID != *res.RuleID {
						t.Errorf("result of %s points at rule %s", *res.RuleID, *rule.ID)
					}
				}
			}
			want := 0
			for i := range r.Apps {
				want += len(r.Apps[i].Findings)
			}
			for i := range r.Orgs {
				want += len(r.Orgs[i].Findings)
			}
			if results != want {
				t.Errorf("%d results of %d findings", results, want)
			}
		})
	}
}

// Findings on files point at the element's line; those on an org at the
// snapshot's file, which is there.
func TestSARIFPlaces(t *testing.T) {
	r := orgReport(t)
	var doc struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation *struct {
						ArtifactLocation struct{ URI, URIBaseID string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(write(t, report.SARIF, r)), &doc); err != nil {
		t.Fatal(err)
	}
	placed := 0
	for _, res := range doc.Runs[0].Results {
		at := res.Locations[0].PhysicalLocation
		if at == nil {
			continue
		}
		placed++
		data, err := os.ReadFile(filepath.FromSlash(at.ArtifactLocation.URI))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if lines := bytes.Count(data, []byte("\n")); at.Region.StartLine < 1 || at.Region.StartLine > lines || at.ArtifactLocation.URIBaseID != "%SRCROOT%" {
			t.Errorf("%s has %d lines, and a finding is at %d:%d", at.ArtifactLocation.URI, lines, at.Region.StartLine, at.Region.StartColumn)
		}
	}
	if placed < 20 {
		t.Errorf("only %d results have a place", placed)
	}
}

// ant is what the schema of Ant's JUnit reports demands: attributes with their
// form, and children in their order. "?" and "*" say how often.
var ant = map[string]struct {
	attributes map[string]string
	children   []string
}{
	"testsuites": {nil, []string{"testsuite*"}},
	"testsuite": {
		map[string]string{
			"id": `^\d+$`, "package": `^\S+$`, "name": `\S`, "timestamp": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, "hostname": `\S`,
			"tests": `^\d+$`, "failures": `^\d+$`, "errors": `^\d+$`, "skipped": `^\d+$`, "time": `^\d+(\.\d+)?$`,
		},
		[]string{"properties", "testcase*", "system-out", "system-err"},
	},
	"testcase":   {map[string]string{"name": ``, "classname": ``, "time": `^\d+(\.\d+)?$`}, []string{"failure?"}},
	"failure":    {map[string]string{"message": ``, "type": ``}, nil},
	"properties": {}, "system-out": {}, "system-err": {},
}

type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
}

func (n node) check(t *testing.T) {
	want, known := ant[n.XMLName.Local]
	if !known {
		t.Errorf("an element %s", n.XMLName.Local)
	}
	if len(n.Attrs) != len(want.attributes) {
		t.Errorf("%s has the attributes %v", n.XMLName.Local, n.Attrs)
	}
	for _, a := range n.Attrs {
		form, ok := want.attributes[a.Name.Local]
		if !ok || !regexp.MustCompile(form).MatchString(a.Value) {
			t.Errorf("%s has %s=%q", n.XMLName.Local, a.Name.Local, a.Value)
		}
	}
	at := 0
	for _, c := range want.children {
		name, count := strings.TrimRight(c, "?*"), 0
		for at < len(n.Children) && n.Children[at].XMLName.Local == name {
			n.Children[at].check(t)
			at++
			count++
		}
		if many := strings.HasSuffix(c, "*"); !many && (count > 1 || count == 0 && !strings.HasSuffix(c, "?")) {
			t.Errorf("%s has %d %s", n.XMLName.Local, count, name)
		}
	}
	if at != len(n.Children) {
		t.Errorf("%s has a %s that is out of order", n.XMLName.Local, n.Children[at].XMLName.Local)
	}
}

func TestJUnitAudit(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			var root node
			if err := xml.Unmarshal([]byte(write(t, report.JUnitAudit, r)), &root); err != nil {
				t.Fatal(err)
			}
			root.check(t)
		})
	}
}

// risky are cells that some spreadsheet takes for formulas.
var risky = []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠1", "\x00=1", "\u202e=1", "\u200b=1", "=cmd|' /C calc'!A1", `"=1"`}

func formulaReport() *migrate.Report {
	r := &migrate.Report{SchemaVersion: 1, GeneratedAt: now, Orgs: []migrate.Org{{ID: "=1", Name: "=1", Alias: "+1", Type: "production", Sources: []migrate.Source{{Name: "=1", Note: "@x"}}, Findings: []migrate.FindingReport{}}}}
	for _, s := range risky {
		r.Apps = append(r.Apps, migrate.AppReport{
			Org: "=1", Kind: migrate.KindConnectedApp, Name: s, Label: s, File: s, Setup: s, Why: s, Verdict: migrate.VerdictEligible, Route: migrate.RouteButton, Unknown: []string{s},
			Findings: []migrate.FindingReport{{Rule: s, Message: s, Fix: s, Suppressed: &s, Evidence: map[string]string{"file": s, "line": s}}},
		})
	}
	return r
}

var inert = regexp.MustCompile(`^[\s\x00]*[=+\-@＝＋－＠]`)

func TestFormulas(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(write(t, report.CSV, formulaReport()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, c := range row {
			if inert.MatchString(c) || strings.IndexFunc(c, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) >= 0 {
				t.Errorf("CSV has the cell %q", c)
			}
		}
	}
	book, err := excelize.OpenReader(strings.NewReader(write(t, report.XLSX, formulaReport())))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	cells := 0
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, c := range row {
				cells++
				name, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err != nil {
					t.Fatal(err)
				}
				if formula, err := book.GetCellFormula(sheet, name); err != nil || formula != "" || inert.MatchString(c) {
					t.Errorf("%s!%s is %q, a formula %q", sheet, name, c, formula)
				}
			}
		}
	}
	if cells < 20*len(risky) {
		t.Errorf("only %d cells", cells)
	}
}

// A workbook has a sheet for each view, as many rows as there are apps and
// findings, and numbers that are numbers.
func TestXLSX(t *testing.T) {
	r := orgReport(t)
	book, err := excelize.OpenReader(strings.NewReader(write(t, report.XLSX, r)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if got := book.GetSheetList(); !slices.Equal(got, []string{"Summary", "Apps", "Findings", "Sources"}) {
		t.Errorf("sheets %v", got)
	}
	apps, err := book.GetRows("Apps")
	if err != nil || len(apps) != len(r.Apps)+1 {
		t.Errorf("%d rows of %d apps, %v", len(apps), len(r.Apps), err)
	}
	users := slices.Index(apps[0], "users")
	cell, err := excelize.CoordinatesToCellName(users+1, 3)
	if err != nil {
		t.Fatal(err)
	}
	if typ, err := book.GetCellType("Apps", cell); err != nil || typ != excelize.CellTypeNumber && typ != excelize.CellTypeUnset {
		t.Errorf("%s, a number of users, is of type %v, %v", cell, typ, err)
	}
	whole := &migrate.Report{Orgs: []migrate.Org{}, Apps: []migrate.AppReport{{Name: strings.Repeat("注", 40_000)}}}
	if _, err := excelize.OpenReader(strings.NewReader(write(t, report.XLSX, whole))); err != nil {
		t.Errorf("a long name: %v", err)
	}
}

// Two audits of one snapshot are the same in every format, to the byte, on any
// number of cores.
func TestSnapshotDeterministic(t *testing.T) {
	r := orgReport(t)
	for suffix, f := range allFormats {
		want := write(t, f, r)
		for _, n := range []int{1, 2, 8} {
			before := runtime.GOMAXPROCS(n)
			got := write(t, f, fromSnapshot(t))
			runtime.GOMAXPROCS(before)
			if got != want {
				t.Errorf("%s differs with %d cores", suffix, n)
			}
		}
	}
}

// Nothing of a hostile text acts in any format that a terminal shows.
func TestHostileFormats(t *testing.T) {
	for _, suffix := range []string{"csv", "junit.xml", "github.txt", "sarif"} {
		text := write(t, allFormats[suffix], hostileReport())
		for _, r := range text {
			if r != '\n' && r != '\r' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("%s holds %U", suffix, r)
			}
		}
		for line := range strings.SplitSeq(text, "\n") {
			if suffix == "github.txt" && line != "" && !strings.HasPrefix(line, "::") {
				t.Errorf("an annotation has a second line: %q", line)
			}
		}
	}
}

// A comment fits on a pull request, however many apps there are.
func TestMarkdownFits(t *testing.T) {
	r := hostileReport()
	for i := range 3000 {
		r.Apps = append(r.Apps, migrate.AppReport{Kind: migrate.KindConnectedApp, Name: fmt.Sprintf("App_%04d", i), Verdict: migrate.VerdictEligible, Findings: []migrate.FindingReport{{Rule: "CA-SEC-040", Level: diag.Warning, Message: "x"}}})
	}
	text := write(t, report.MarkdownReport, r)
	if len(text) > 65_536 || !strings.Contains(text, "more are in the other formats") {
		t.Errorf("%d bytes", len(text))
	}
}
