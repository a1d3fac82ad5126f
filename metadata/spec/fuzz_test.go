package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

// Whatever stands in a file: no panic, and every problem has its file.
func FuzzParse(f *testing.F) {
	f.Add(sound)
	for _, template := range templates.Specs() {
		src, err := templates.Spec(template.Name, "A", "a.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	for _, r := range spec.Rules {
		f.Add(over(sound, r.Bad))
	}
	for _, e := range spec.Codes() {
		f.Add(e.Bad)
	}
	f.Fuzz(func(t *testing.T, src string) {
		o := spec.Options{Now: now, Environment: "test", ReadFile: readCertificate}
		for _, p := range lint(src, o) {
			if p.File != "app.yaml" || p.Message == "" || p.Code == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

// types is what FuzzImport reads its input as.
var fuzzTypes = []string{appType, oauthType, globalType, policyType, "ExtlClntAppConfigurablePolicies", "ExtlClntAppSamlConfigurablePolicies", "ExtlClntAppPushSettings", settingType}

// What is imported and generated stays the same however often that is done, and
// says what the file said.
func FuzzImport(f *testing.F) {
	paths, _ := filepath.Glob(filepath.Join(corpusDir, "*", "*", "*")) // the pattern is sound
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(0, string(data))
	}
	for i := range fuzzTypes {
		f.Add(i, "<externalClientApplication>A</externalClientApplication><label> a&amp;${b}\n</label><x><y/><y>1</y></x><startUrl xsi:nil='true'/>")
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		if !strings.HasPrefix(text, "<?xml") {
			typ := fuzzTypes[uint(i)%uint(len(fuzzTypes))]
			text = "<" + typ + ns + ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + text + "</" + typ + ">"
		}
		c, _, err := metadata.Decode("f.xml", []byte(text))
		if err != nil {
			return
		}
		c.Name = "A"
		first := regenerated(t, []*metadata.Component{c})
		if first == nil {
			return
		}
		second := regenerated(t, first)
		if len(first) != len(second) {
			t.Fatalf("%d components became %d", len(first), len(second))
		}
		for i := range first {
			if !first[i].Root.Equal(second[i].Root) {
				t.Errorf("another round changes %s", first[i].Type)
			}
		}
	})
}

// regenerated imports components and builds the specs; nil if build refuses
// what the schema of a type refuses, or the name of the app.
func regenerated(t *testing.T, parts []*metadata.Component) []*metadata.Component {
	t.Helper()
	imported, _ := spec.Import(parts, spec.ImportOptions{KeepOrgValues: true})
	var out []*metadata.Component
	for _, im := range imported {
		specs, problems := spec.Parse(im.Name, im.YAML, spec.Options{})
		if err := problems.Err(); err != nil {
			if onlyNames(problems) {
				return nil
			}
			t.Fatalf("import wrote what is no spec: %v\n%s", err, im.YAML)
		}
		for _, s := range specs {
			built, problems := s.Build()
			if built == nil {
				if onlySchema(problems) || onlyNames(problems) {
					return nil
				}
				t.Fatalf("import wrote what cannot be built: %v\n%s", problems, im.YAML)
			}
			out = append(out, built.Components()...)
		}
	}
	return out
}

func onlyNames(ps diag.Problems) bool {
	for _, p := range ps {
		if p.Level == diag.Error && p.Code != "ECA129" && p.Code != "ECA013" {
			return false
		}
	}
	return true
}
