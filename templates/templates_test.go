package templates_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

// Every template that is listed is there and renders, and none is there that is
// not listed.
func TestSpecs(t *testing.T) {
	var listed []string
	for _, template := range templates.Specs() {
		listed = append(listed, template.Name+".yaml")
		if template.For == "" || strings.HasSuffix(template.For, ".") {
			t.Errorf("%s is for %q, and that is no phrase", template.Name, template.For)
		}
		src, err := templates.Spec(template.Name, "Order_Sync", "apps/Order_Sync.yaml")
		if err != nil {
			t.Error(err)
			continue
		}
		text := string(src)
		if strings.Contains(text, "{{") || strings.Contains(text, "}}\n") {
			t.Errorf("%s: a mark is left\n%s", template.Name, text)
		}
		for _, want := range []string{"\nname: Order_Sync", "\nlabel: Order Sync", "apps/Order_Sync.yaml"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %q", template.Name, want)
			}
		}
		if !strings.HasPrefix(text, "# yaml-language-server: $schema=") || !strings.HasSuffix(text, "\n") || strings.ContainsAny(text, "\t\r") {
			t.Errorf("%s does not begin or end as a spec should", template.Name)
		}
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(listed))); len(unique) != len(listed) {
		t.Errorf("a template is listed twice: %v", listed)
	}
	slices.Sort(listed)
	if there := names(t, "specs"); !slices.Equal(there, listed) {
		t.Errorf("listed are\n%v\nand there are\n%v", listed, there)
	}
}

// What is written is a spec against which lint has no error and no warning.
func TestSpecsAreSound(t *testing.T) {
	o := spec.Options{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	for _, template := range templates.Specs() {
		src, err := templates.Spec(template.Name, "A1", "A1.yaml")
		if err != nil {
			t.Fatal(err)
		}
		specs, problems := spec.Parse("A1.yaml", src, o)
		if len(specs) != 1 {
			t.Fatalf("%s: %d specs, %v", template.Name, len(specs), problems)
		}
		for _, p := range spec.Lint(&spec.Set{Specs: specs, Problems: problems}, o) {
			if p.Level != diag.Note {
				t.Errorf("%s: %v", template.Name, p)
			}
		}
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestNoSuchTemplate(t *testing.T) {
	for _, name := range []string{"", "no-such", "../templates", "web-server.yaml", "Web-Server", "/etc/passwd"} {
		if _, err := templates.Spec(name, "A", "a.yaml"); err == nil || err.Error() != `there is no template "`+name+`"` {
			t.Errorf("%q: err = %v", name, err)
		}
		if _, err := templates.Schema(name); err == nil || err.Error() != `there is no schema "`+name+`"` {
			t.Errorf("%q: err = %v", name, err)
		}
	}
}

// A name is put in as it is, even if it looks like a mark.
func TestSpecPutsNamesInOnce(t *testing.T) {
	src, err := templates.Spec("web-server", "{{file}}", "x")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(src), "\nname: {{file}}") {
		t.Errorf("got\n%s", src)
	}
}

// The schemas are JSON Schema, say what they are of, and are those listed.
func TestSchemas(t *testing.T) {
	var listed []string
	for _, name := range templates.Schemas() {
		listed = append(listed, name+".json")
		data, err := templates.Schema(name)
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			ID    string `json:"$id"`
			Title string `json:"title"`
		}
		if err := json.Unmarshal(data, &head); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if path.Base(head.ID) != name+".json" || !strings.Contains(head.Title, "ecactl ") {
			t.Errorf("%s says that it is %+v", name, head)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(name, doc); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Compile(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if there := names(t, "schemas"); !slices.Equal(there, listed) {
		t.Errorf("listed are\n%v\nand there are\n%v", listed, there)
	}
}

// The sample is what stands in the folder, byte for byte: hidden files too.
func TestSampleIsEmbedded(t *testing.T) {
	read := func(fsys fs.FS) map[string]string {
		files := map[string]string{}
		err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(fsys, p)
			files[p] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	embedded, there := read(templates.Sample()), read(os.DirFS("sample"))
	for p, text := range there {
		if embedded[p] != text {
			t.Errorf("%s is not embedded as it is", p)
		}
	}
	if len(embedded) != len(there) || len(there) < 10 {
		t.Errorf("%d files are embedded and %d there", len(embedded), len(there))
	}
}

// The sample is an SFDX project as sf would have retrieved it: every file is
// read without a remark, and written again it is the same.
func TestSampleIsRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.Sample()); err != nil {
		t.Fatal(err)
	}
	table := metadata.Schema()
	read, err := table.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Problems) > 0 || len(read.Unreadable) > 0 {
		t.Errorf("problems: %v", read.Problems)
	}
	files := 0
	for _, c := range read.Components {
		files++
		data, err := os.ReadFile(c.File)
		if err != nil {
			t.Fatal(err)
		}
		again, err := table.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(data) {
			t.Errorf("%s would be written as\n%s", c.File, again)
		}
		p, err := table.Path(c, metadata.Source)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, "force-app", "main", "default", filepath.FromSlash(p)); c.File != want {
			t.Errorf("%s belongs to %s", c.File, want)
		}
	}
	if files != read.Files {
		t.Errorf("%d files and %d components", read.Files, files)
	}
}

// Everything in the sample is invented: hosts and addresses are those that are
// set aside for examples.
func TestSampleIsInvented(t *testing.T) {
	host := regexp.MustCompile(`[a-z]+://([a-zA-Z0-9.-]+)|@([a-zA-Z0-9.-]+)`)
	allowed := regexp.MustCompile(`(^|\.)example\.com$|^localhost$|^soap\.sforce\.com$|^example\.my\.salesforce\.com$|^oauth$|^now-\d+d$|^User$`)
	err := fs.WalkDir(templates.Sample(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(templates.Sample(), p)
		for _, m := range host.FindAllStringSubmatch(string(data), -1) {
			if name := m[1] + m[2]; !allowed.MatchString(name) {
				t.Errorf("%s names %s", p, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
