package spec_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

// specSchema compiles the schema that editors get.
func specSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := spec.JSONSchema(metadata.Schema())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// instance reads YAML as the JSON that an editor sees.
func instance(t *testing.T, src string) any {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Everything that is a sound spec is valid: templates, specs with every key, the
// good examples of rules, imports.
func TestSchemaTakesSpecs(t *testing.T) {
	schema := specSchema(t)
	sources := map[string]string{"base": sound}
	for _, template := range templates.Specs() {
		src, err := templates.Spec(template.Name, "Order_Sync", "x.yaml")
		if err != nil {
			t.Fatal(err)
		}
		sources[template.Name] = string(src)
	}
	for v := metadata.OldestVersion; v <= metadata.Schema().Newest(); v++ {
		sources["every key "+v.String()] = everyKey(t, spec.KindApp, v)
		sources["every switch "+v.String()] = everyKey(t, spec.KindSettings, v)
	}
	for _, r := range spec.Rules {
		if r.Good != "" {
			sources["good "+r.Code] = over(sound, withCertificates(r.Good))
		}
	}
	for _, e := range spec.Codes() {
		if e.Code < "ECA100" && e.Good != "" && !strings.Contains(e.Good, "---") {
			sources["good "+e.Code] = strings.TrimPrefix(e.Good, "\xEF\xBB\xBF")
		}
	}
	sources["variables"] = head + "name: A\nprotected: ${PROTECTED}\noauth: {scopes: [\"${SCOPE}\"]}\n"
	for name, src := range sources {
		if err := schema.Validate(instance(t, src)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, src)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := specSchema(t)
	for name, src := range map[string]string{
		"unknown key":         head + "name: A\ncallbackUrl: x\n",
		"unknown deep key":    head + "name: A\noauth: {security: {pkce: true}}\n",
		"no name":             head,
		"no kind":             "apiVersion: ecactl/v1\nname: A\n",
		"other format":        "apiVersion: ecactl/v2\nkind: ExternalClientApp\nname: A\n",
		"secret":              head + "name: A\noauth: {consumerSecret: x}\n",
		"text for a truth":    head + "name: A\nprotected: \"yes\"\n",
		"unknown word":        head + "name: A\npolicies: {permittedUsers: everybody}\n",
		"app key in settings": "apiVersion: ecactl/v1\nkind: ExternalClientAppSettings\noauth: {}\n",
	} {
		if schema.Validate(instance(t, src)) == nil {
			t.Errorf("%s is valid\n%s", name, src)
		}
	}
}

// An editor has something to say about every key and block.
func TestSchemaDescribesEveryKey(t *testing.T) {
	for _, kind := range []string{spec.KindApp, spec.KindSettings} {
		found := schemaProperties(t, kind)
		var paths []string
		for path, property := range found {
			if text, _ := property["description"].(string); text == "" && path != "apiVersion" && path != "kind" {
				t.Errorf("%s has no description", path)
			}
			paths = append(paths, path)
		}
		for _, k := range spec.Keys(kind) {
			if !slices.Contains(paths, k.Path) {
				t.Errorf("the schema has no %s", k.Path)
			}
		}
	}
}
