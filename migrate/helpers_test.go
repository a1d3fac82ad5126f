package migrate_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
	"github.com/ecactl/ecactl/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file under testdata and, under -update, writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
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

// now is the day of every test that judges dates.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// connected is one Connected App: what stands in its root element.
func connected(xml string) migrate.Example {
	return migrate.Example{{Name: "Order_Sync.connectedApp", XML: xml}}
}

// oauth is one Connected App with OAuth.
func oauth(config string, more ...string) migrate.Example {
	return connected("<oauthConfig>" + config + "</oauthConfig>" + strings.Join(more, ""))
}

const appRef = "<externalClientApplication>Order_Sync</externalClientApplication>"

// eca is the External Client App Order_Sync: file names with what stands in them.
func eca(files ...string) migrate.Example {
	e := migrate.Example{{Name: "Order_Sync.eca", XML: "<label>Order Sync</label>"}}
	for i := 0; i < len(files); i += 2 {
		e = append(e, migrate.ExampleFile{Name: "Order_Sync." + files[i], XML: appRef + files[i+1]})
	}
	return e
}

// write makes files of an example. The suffix says which type the root element
// is; a file that is XML already is written as it is.
func write(t testing.TB, dir string, e migrate.Example) {
	t.Helper()
	for _, f := range e {
		text := f.XML
		if !strings.HasPrefix(text, "<?xml") {
			_, suffix, _ := strings.Cut(f.Name, ".")
			typ := metadata.Schema().ComponentBySuffix(suffix)
			if typ == nil {
				t.Fatalf("no type has the suffix of %s", f.Name)
			}
			text = inRoot(typ.Name, text)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name+"-meta.xml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// auditDir audits a folder. Whatever comes out is valid against the published
// schema.
func auditDir(t testing.TB, dir string) *migrate.Report {
	t.Helper()
	read, err := metadata.Schema().Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := migrate.Audit(migrate.FromFiles(read), migrate.Options{Version: "test", Now: now})
	r.Orgs = []migrate.Org{migrate.SourceFiles("test", read)}
	validate(t, r)
	return r
}

// audit audits the files of an example, or the org that it is.
func audit(t testing.TB, e migrate.Example) *migrate.Report {
	t.Helper()
	if isOrg(e) {
		return auditOrg(t, evidence(t, e))
	}
	dir := t.TempDir()
	write(t, dir, e)
	return auditDir(t, dir)
}

func isOrg(e migrate.Example) bool {
	return slices.ContainsFunc(e, func(f migrate.ExampleFile) bool { return strings.HasSuffix(f.Name, ".json") })
}

// evidence makes an org of an example: every source was read, and has what the
// example says.
func evidence(t testing.TB, e migrate.Example) *migrate.Evidence {
	t.Helper()
	ev := &migrate.Evidence{
		Org:    migrate.Org{ID: "00D5g0000000001EAA", Name: "Test", InstanceURL: "https://test.my.salesforce.com", Type: "production", APIVersion: "66.0", Days: 90, Findings: []migrate.FindingReport{}},
		Tables: map[string][]migrate.Row{},
	}
	for _, s := range migrate.SourceInfos {
		ev.Org.Sources = append(ev.Org.Sources, migrate.Source{Name: s.Name, State: migrate.SourceOK})
	}
	for _, f := range e {
		name, records := strings.CutSuffix(f.Name, ".json")
		if records {
			var rows []migrate.Row
			if err := json.Unmarshal([]byte(f.XML), &rows); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			if name == migrate.SrcOrganization && len(rows) > 0 && rows[0]["IsSandbox"] == "true" {
				ev.Org.Type = "sandbox"
			}
			if migrate.FindSource(name) == nil {
				t.Fatalf("there is no source %s", name)
			}
			ev.Tables[name] = rows
			continue
		}
		ev.Files = append(ev.Files, metadataFile(t, f))
	}
	return ev
}

// metadataFile writes a file of an example as an org hands it out.
func metadataFile(t testing.TB, f migrate.ExampleFile) metadata.File {
	t.Helper()
	name, suffix, _ := strings.Cut(f.Name, ".")
	if suffix == "settings" {
		return metadata.File{Path: "settings/" + f.Name, Data: []byte(inRoot(name+"Settings", f.XML))}
	}
	typ := metadata.Schema().ComponentBySuffix(suffix)
	if typ == nil {
		t.Fatalf("no type has the suffix of %s", f.Name)
	}
	return metadata.File{Path: typ.Directory + "/" + f.Name, Data: []byte(inRoot(typ.Name, f.XML))}
}

func inRoot(root, xml string) string {
	return fmt.Sprintf("<%s xmlns=%q xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">%s</%[1]s>\n", root, metadata.Namespace, xml)
}

// auditOrg audits evidence. Whatever comes out is valid against the published
// schema.
func auditOrg(t testing.TB, ev *migrate.Evidence) *migrate.Report {
	t.Helper()
	r := migrate.Audit(migrate.FromEvidence(ev), migrate.Options{Version: "test", Now: now})
	validate(t, r)
	return r
}

var schema = sync.OnceValue(func() *jsonschema.Schema {
	data, err := templates.Schema("audit")
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("audit.json", doc); err != nil {
		panic(err)
	}
	return c.MustCompile("audit.json")
})

func validate(t testing.TB, r *migrate.Report) {
	t.Helper()
	var out bytes.Buffer
	if err := report.JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema().Validate(doc); err != nil {
		t.Errorf("the report is not valid: %v", err)
	}
}

// answers are what one rule says of the apps, a line each: "level: message". Of
// several apps each line begins with the app that it is about.
func answers(r *migrate.Report, rule string) string {
	var lines []string
	for _, a := range r.Apps {
		app := ""
		if len(r.Apps) > 1 {
			app = a.Name + " "
		}
		for _, f := range a.Findings {
			if f.Rule == rule {
				lines = append(lines, app+f.Level.String()+": "+f.Message)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// unknown are the questions that stay open, but for those that files never
// answer.
func unknown(a migrate.AppReport) string {
	var list []string
	for _, u := range a.Unknown {
		if !isGap(u) {
			list = append(list, u)
		}
	}
	return strings.Join(list, ", ")
}

func isGap(what string) bool { return migrate.IsGap(what) }

// app returns an app of a report.
func app(t testing.TB, r *migrate.Report, kind, name string) migrate.AppReport {
	t.Helper()
	for _, a := range r.Apps {
		if a.Kind == kind && a.Name == name {
			return a
		}
	}
	t.Fatalf("the report has no %s %s", kind, name)
	return migrate.AppReport{}
}
