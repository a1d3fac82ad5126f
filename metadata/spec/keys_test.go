package spec_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// steering are keys that become no field of their own.
var steering = []string{"oauth.scopeOrder"}

// alternatives are keys that stand for the same field as another one, so that a
// spec cannot say both.
var alternatives = []string{
	"oauth.flows.jwtBearer.certificateFile", "saml.certificateFile", "saml.encryption.certificateFile",
	"oauth.flows.clientCredentials.settingsEnabled", "oauth.flows.clientCredentials.policyEnabled",
	"oauth.flows.tokenExchange.settingsEnabled", "oauth.flows.tokenExchange.policyEnabled",
}

// companions are keys without which a component is not whole.
var companions = map[string][]string{
	"saml.":          {"saml.acsUrl", "saml.entityUrl"},
	"canvas.":        {"canvas.url"},
	"push.service":   {"push.configLink"},
	"push.android.":  {"push.service"},
	"push.apple.":    {"push.service", "push.apple.environment"},
	"push.configLin": {"push.service"},
}

// schemaProperties is the spec's JSON Schema, by path of the property.
func schemaProperties(t testing.TB, kind string) map[string]map[string]any {
	t.Helper()
	data, err := spec.JSONSchema(metadata.Schema())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]any{}
	var walk func(path string, block map[string]any)
	walk = func(path string, block map[string]any) {
		properties, _ := block["properties"].(map[string]any)
		for name, value := range properties {
			full := strings.TrimPrefix(path+"."+name, ".")
			found[full] = value.(map[string]any)
			walk(full, found[full])
		}
	}
	walk("", schema.Defs[map[string]string{spec.KindApp: "app", spec.KindSettings: "settings"}[kind]])
	return found
}

// sample makes a value that the schema of a key allows.
func sample(t testing.TB, path string, schema map[string]any) any {
	t.Helper()
	switch {
	case path == "oauth.scopes":
		return []string{"api", "refresh_token"}
	case path == "notifications":
		return []any{"Order_Shipped"} // pushByDefault came later: TestBlocksAreWhole
	case strings.HasSuffix(path, "ertificateFile"):
		return "order-sync.crt"
	case strings.HasSuffix(path, "certificate") && !strings.Contains(path, "push"):
		return certificates()["CERT"]
	}
	if options, ok := schema["anyOf"].([]any); ok {
		return sample(t, path, options[0].(map[string]any))
	}
	if options, ok := schema["oneOf"].([]any); ok {
		return sample(t, path, options[len(options)-1].(map[string]any))
	}
	if words, ok := schema["enum"].([]any); ok {
		return words[0]
	}
	if pattern, ok := schema["pattern"].(string); ok {
		if strings.Contains(pattern, "mo") {
			return "90d"
		}
		return "30m"
	}
	switch schema["type"] {
	case "boolean":
		return true
	case "integer":
		return 5
	case "array":
		return []any{sample(t, path, schema["items"].(map[string]any))}
	case "object":
		if more, ok := schema["additionalProperties"].(map[string]any); ok && more["type"] == "string" {
			return map[string]any{"country": "User.Country"}
		}
		object := map[string]any{}
		for name, value := range schema["properties"].(map[string]any) {
			object[name] = sample(t, path+"."+name, value.(map[string]any))
		}
		return object
	}
	if strings.HasSuffix(path, ".start") || strings.HasSuffix(path, ".end") {
		return "203.0.113.7"
	}
	return "https://example.com/" + strings.ReplaceAll(path, ".", "-")
}

// set puts a value at a dotted path of nested mappings.
func set(doc map[string]any, path string, value any) {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		doc[name] = value
		return
	}
	next, ok := doc[name].(map[string]any)
	if !ok {
		next = map[string]any{}
		doc[name] = next
	}
	set(next, rest, value)
}

func document(t testing.TB, kind string, values map[string]any) string {
	t.Helper()
	doc := map[string]any{}
	for path, value := range values {
		set(doc, path, value)
	}
	body, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return "apiVersion: ecactl/v1\nkind: " + kind + "\n" + strings.TrimPrefix(string(body), "{}\n")
}

func readCertificate(string) ([]byte, error) { return []byte(certificates()["CERT"]), nil }

// Each key alone becomes each of its fields, at the first API version that has
// them all.
func TestEveryKeyBecomesItsFields(t *testing.T) {
	table := metadata.Schema()
	for _, kind := range []string{spec.KindApp, spec.KindSettings} {
		properties := schemaProperties(t, kind)
		for _, k := range spec.Keys(kind) {
			if slices.Contains(steering, k.Path) {
				continue
			}
			t.Run(k.Path, func(t *testing.T) {
				values := map[string]any{k.Path: sample(t, k.Path, properties[k.Path])}
				for prefix, required := range companions {
					if strings.HasPrefix(k.Path, prefix) {
						for _, path := range required {
							values[path] = sample(t, path, properties[path])
						}
					}
				}
				if kind == spec.KindApp {
					values["name"] = "Order_Sync"
				}
				if len(k.Fields) == 2 && strings.HasSuffix(k.Path, ".enabled") {
					values["policies.enabled"] = true // two switches need both files
				}
				since := metadata.OldestVersion
				for _, f := range k.Fields {
					span, ok := spec.FieldSpan(table, f)
					if !ok {
						t.Fatalf("the table has no %s", f)
					}
					since = max(since, span.Since)
				}
				built := mustBuild(t, document(t, kind, values), spec.Options{APIVersion: since, ReadFile: readCertificate})
				for _, f := range k.Fields {
					typ, path, _ := strings.Cut(f, ".")
					if got := element(t, built, typ, path); got == "(none)" {
						t.Errorf("%s is not written", f)
					}
				}
			})
		}
	}
}

// keysUpTo is the newest API version whose fields have keys. A field that the
// table learns later is reachable under "metadata" from that day on.
const keysUpTo metadata.Version = 68

// Every field that exists at API 60 or later, of every type that belongs to an
// app or holds the org's switches, is reachable from a spec: by a key, by the
// entry "components" (names and labels), or by "metadata". Only secrets are not.
func TestEveryFieldIsReachable(t *testing.T) {
	table := metadata.Schema()
	covered := map[string]bool{}
	for _, kind := range []string{spec.KindApp, spec.KindSettings} {
		for _, k := range spec.Keys(kind) {
			for _, f := range k.Fields {
				covered[f] = true
			}
		}
	}
	types := append(table.AppTypes(), table.Type("ExternalClientAppSettings"))
	left := []string{}
	for _, typ := range types {
		if strings.Contains(typ.Name, "Sample") || strings.Contains(typ.Name, "Attest") {
			left = append(left, typ.Name)
			continue
		}
		walkFields(table, typ, typ.Name, func(path string, f *metadata.Field) {
			short := path[strings.LastIndexByte(path, '.')+1:]
			owner := path[:strings.IndexByte(path, '.')]
			switch why := spec.WhyNoKey(path); {
			case covered[path]:
			case short == metadata.FieldApp || short == metadata.FieldLabel:
				// name and components.*.label; TestImport has both
			case strings.HasPrefix(why, "never: it is a secret"):
			case f.Since > keysUpTo || typ.Since > keysUpTo:
				reachVerbatim(t, table, path, max(f.Since, typ.Since))
			default:
				t.Errorf("%s (since %s) has no key", owner+"."+short, f.Since)
			}
		})
	}
	if len(left) != 4 {
		t.Errorf("left out on purpose are four types, and these are: %v", left)
	}
}

// reachVerbatim sets a field under "metadata" and finds it in what is built.
func reachVerbatim(t *testing.T, table *metadata.Table, path string, v metadata.Version) {
	t.Helper()
	parts := strings.Split(path, ".")
	value := "x"
	for _, name := range slices.Backward(parts[1:]) {
		value = "{" + name + ": " + value + "}"
	}
	specs, problems := spec.Parse("app.yaml", []byte(head+"name: A\nmetadata: {"+parts[0]+": "+value+"}\n"), spec.Options{Table: table, APIVersion: v})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	if _, problems := specs[0].Build(); strings.Contains(problems.Error(), "unknown") {
		t.Errorf("%s cannot be said: %v", path, problems)
	}
}

// walkFields visits every field that exists at API 60 or later, nested ones too.
// What is made of blocks counts as reached where a key stands for the block.
func walkFields(table *metadata.Table, typ *metadata.Type, path string, visit func(string, *metadata.Field)) {
	blocks := []string{"customAttributes", "trustedIpRanges", "tokenIpRanges", "notificationTypes"}
	for _, f := range typ.Fields {
		if f.Until != 0 && f.Until < metadata.OldestVersion {
			continue
		}
		full := path + "." + f.Name
		if nested := table.Nested(f); nested != nil && !slices.Contains(blocks, f.Name) {
			walkFields(table, nested, full, visit)
			continue
		}
		visit(full, f)
	}
}

// The blocks that one key stands for hold all that their types have.
func TestBlocksAreWhole(t *testing.T) {
	table := metadata.Schema()
	built := mustBuild(t, head+`name: A
metadataApiVersion: 67.0
oauth:
  trustedIpRanges: [{start: 10.0.0.1, end: 10.0.0.2, description: x}]
  security: {refreshTokenIpRanges: [{start: 10.0.0.1, end: 10.0.0.2, description: x}]}
  customAttributes: {a: User.Country}
policies: {customAttributes: {a: User.Country}}
saml: {acsUrl: https://a.example.com, entityUrl: a, customAttributes: {a: $User.Country}}
notifications: [{type: N, pushByDefault: true}]
`, spec.Options{})
	found := 0
	for _, c := range built.Components() {
		for _, e := range c.Root.Children {
			nested := table.Nested(table.Type(c.Type).Field(e.Name))
			if nested == nil {
				continue
			}
			found++
			for _, f := range nested.Fields {
				if e.Child(f.Name) == nil {
					t.Errorf("%s.%s has no %s", c.Type, e.Name, f.Name)
				}
			}
		}
	}
	if found != 6 {
		t.Errorf("%d blocks were looked at, and six are due", found)
	}
}

// everyKey is a spec in which every key is set that exists at an API version.
func everyKey(t testing.TB, kind string, v metadata.Version) string {
	t.Helper()
	table := metadata.Schema()
	properties := schemaProperties(t, kind)
	values := map[string]any{}
	if kind == spec.KindApp {
		values["name"] = "Order_Sync"
	}
	for _, k := range spec.Keys(kind) {
		if slices.Contains(alternatives, k.Path) {
			continue
		}
		there := true
		for _, f := range k.Fields {
			span, _ := spec.FieldSpan(table, f)
			there = there && (span.Has(v) || strings.HasSuffix(f, "JwtSessionTimeoutType"))
		}
		if there {
			values[k.Path] = sample(t, k.Path, properties[k.Path])
		}
	}
	return document(t, kind, values)
}

// At every API version, what a spec with every key becomes has only types,
// elements and values of that version, in order, with the required ones; and
// import followed by generate gives the same bytes.
func TestEveryKeyAtEveryVersion(t *testing.T) {
	table := metadata.Schema()
	for v := metadata.OldestVersion; v <= table.Newest(); v++ {
		for _, kind := range []string{spec.KindApp, spec.KindSettings} {
			t.Run(v.String()+" "+kind, func(t *testing.T) {
				built := mustBuild(t, everyKey(t, kind, v), spec.Options{APIVersion: v})
				for _, c := range built.Components() {
					if ps := table.Check(c, v); len(ps) > 0 {
						t.Errorf("%v", ps)
					}
					inOrder(t, c.Root)
				}
				again := reimport(t, built, v)
				if got, want := fmt.Sprint(files(t, again, table)), fmt.Sprint(files(t, built, table)); got != want {
					t.Errorf("import and generate give\n%s\nand it was\n%s", got, want)
				}
			})
		}
	}
}

// inOrder checks the order that every file of an org has: that of ASCII.
func inOrder(t *testing.T, e *metadata.Element) {
	t.Helper()
	for i := 1; i < len(e.Children); i++ {
		if e.Children[i].Name < e.Children[i-1].Name {
			t.Errorf("%s stands behind %s in %s", e.Children[i].Name, e.Children[i-1].Name, e.Name)
		}
	}
	for _, c := range e.Children {
		inOrder(t, c)
	}
}

// reimport writes what a spec became, imports it and builds it again.
func reimport(t testing.TB, b *spec.Built, v metadata.Version) *spec.Built {
	t.Helper()
	table := metadata.Schema()
	dir := t.TempDir()
	for p, data := range files(t, b, table) {
		name := filepath.Join(dir, filepath.Base(p))
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read, err := table.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	imported, problems := spec.Import(read.Components, spec.ImportOptions{KeepOrgValues: true})
	if err := append(read.Problems, problems...).Err(); err != nil || len(imported) != 1 {
		t.Fatalf("%d specs, %v", len(imported), err)
	}
	return mustBuild(t, string(imported[0].YAML), spec.Options{APIVersion: v})
}

// A key that an API version does not have yet is an error that names the
// version; one that it no longer has is left out, with a warning.
func TestKeysOfOtherVersions(t *testing.T) {
	table := metadata.Schema()
	properties := schemaProperties(t, spec.KindApp)
	for _, k := range spec.Keys(spec.KindApp) {
		for _, f := range k.Fields {
			span, _ := spec.FieldSpan(table, f)
			src := document(t, spec.KindApp, map[string]any{"name": "A", k.Path: sample(t, k.Path, properties[k.Path])})
			o := spec.Options{ReadFile: readCertificate}
			if before := span.Since - 1; before >= metadata.OldestVersion && !strings.HasSuffix(f, "JwtSessionTimeoutType") && len(k.Fields) == 1 {
				o.APIVersion = before
				ps := lint(src, o)
				if !slices.Contains(codes(ps), "ECA213") || !strings.Contains(ps.Error(), span.Since.String()) {
					t.Errorf("%s at %s: %v", k.Path, before, ps)
				}
			}
			if span.Until != 0 {
				o.APIVersion = span.Until + 1
				if ps := lint(src, o); !slices.Contains(codes(ps), "ECA302") || slices.Contains(codes(ps), "ECA213") {
					t.Errorf("%s at %s: %v", k.Path, o.APIVersion, ps)
				}
			}
		}
	}
}
