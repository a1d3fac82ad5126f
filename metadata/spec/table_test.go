package spec_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

// A new API version is a change of the type table alone: an invented type, field,
// value and scope of API 69.0 are written, read and checked by a spec.
func TestNewVersionIsData(t *testing.T) {
	table := extended(t)
	if table.Newest() != 69 {
		t.Fatalf("the newest version is %s", table.Newest())
	}
	src := head + `name: Order_Sync
metadataApiVersion: 69.0
distribution: Orbital
oauth: {callbackUrls: [https://example.com], scopes: [api, Teleport]}
metadata:
  ExtlClntAppGlobalOauthSettings: {isTeleportEnabled: true}
  ExtlClntAppWidgetSettings:
    colour: Blue
    parts: [{size: 1}, {size: 2}]
`
	o := spec.Options{Table: table, Now: now}
	built := mustBuild(t, src, o)
	want := `<?xml version="1.0" encoding="UTF-8"?>
<ExtlClntAppWidgetSettings xmlns="http://soap.sforce.com/2006/04/metadata">
    <colour>Blue</colour>
    <externalClientApplication>Order_Sync</externalClientApplication>
    <parts>
        <size>1</size>
    </parts>
    <parts>
        <size>2</size>
    </parts>
</ExtlClntAppWidgetSettings>
`
	out := files(t, built, table)
	if got := out["extlClntAppWidgets/Order_Sync_widget.ecaWidget"]; got != want {
		t.Errorf("got\n%s\nwant\n%s\nof %v", got, want, out)
	}
	if got := element(t, built, globalType, "isTeleportEnabled"); got != "true" {
		t.Errorf("the new field is %s", got)
	}
	if got := element(t, built, oauthType, "commaSeparatedOauthScopes"); got != "Api, Teleport" {
		t.Errorf("the scopes are %s", got)
	}
	if got := element(t, built, appType, "distributionState"); got != "Orbital" {
		t.Errorf("the new value is %s", got)
	}
	imported, problems := spec.Import(built.Components(), spec.ImportOptions{Table: table})
	if len(imported) != 1 || len(problems) > 0 {
		t.Fatal(problems)
	}
	again := mustBuild(t, string(imported[0].YAML), o)
	if got := files(t, again, table); !slices.Equal(sortedValues(got), sortedValues(out)) {
		t.Errorf("after an import\n%v\nand before\n%v", got, out)
	}
	o.APIVersion = 68
	ps := lint(src, o)
	for _, what := range []string{"isTeleportEnabled", "ExtlClntAppWidgetSettings exists", `"Orbital"`, "scope Teleport"} {
		if !strings.Contains(ps.Error(), what) || !strings.Contains(ps.Error(), "69.0") {
			t.Errorf("at 68.0 nothing is said of %s: %v", what, ps)
		}
	}
}

func sortedValues(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	slices.Sort(list)
	return list
}

// extended is the built-in table with inventions of API 69.0.
func extended(t *testing.T) *metadata.Table {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal(metadata.SchemaJSON(), &raw); err != nil {
		t.Fatal(err)
	}
	types, enums := raw["types"].(map[string]any), raw["enums"].(map[string]any)
	field := func(name, typ string, repeated, required bool) map[string]any {
		return map[string]any{"name": name, "type": typ, "required": required, "repeated": repeated, "since": 69}
	}
	types["ExtlClntAppWidgetSettings"] = map[string]any{"directory": "extlClntAppWidgets", "suffix": "ecaWidget", "since": 69, "fields": []any{
		field("colour", "WidgetColour", false, false), field("externalClientApplication", "xsd:string", false, true), field("parts", "WidgetPart", true, false),
	}}
	types["WidgetPart"] = map[string]any{"since": 69, "fields": []any{field("size", "xsd:int", false, true)}}
	enums["WidgetColour"] = []any{map[string]any{"value": "Blue", "since": 69}}
	for name, value := range map[string]string{"ExtlClntAppDistState": "Orbital", "ConnectedAppOauthAccessScope": "Teleport"} {
		enums[name] = append(enums[name].([]any), map[string]any{"value": value, "since": 69})
	}
	global := types[globalType].(map[string]any)
	global["fields"] = append(global["fields"].([]any), field("isTeleportEnabled", "xsd:boolean", false, false))
	data, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	table, err := metadata.ParseTable(data)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Each template, at each API version, becomes files of that version, or an error
// that names the version that has what it asks for. At the default version it
// has no problem at all.
func TestTemplates(t *testing.T) {
	table := metadata.Schema()
	for _, template := range templates.Specs() {
		src, err := templates.Spec(template.Name, "Order_Sync", "Order_Sync.yaml")
		if err != nil {
			t.Fatal(err)
		}
		sandbox := template.Name != "packaged"
		ps := lint(string(src), spec.Options{Now: now.AddDate(0, 1, 0), Sandbox: sandbox})
		for _, p := range ps {
			if p.Level < 2 { // notes are of things that a template says on purpose
				t.Errorf("%s: %v", template.Name, p)
			}
		}
		written := 0
		for v := metadata.OldestVersion; v <= table.Newest(); v++ {
			specs, problems := spec.Parse("t.yaml", src, spec.Options{APIVersion: v})
			if err := problems.Err(); err != nil {
				t.Fatal(err)
			}
			built, problems := specs[0].Build()
			if built == nil {
				for _, p := range problems {
					if p.Code != "ECA213" || !strings.HasPrefix(p.Hint, "pass --api-version 6") {
						t.Errorf("%s at %s: %v", template.Name, v, p)
					}
				}
				continue
			}
			written++
			for _, c := range built.Components() {
				if ps := table.Check(c, v); len(ps) > 0 {
					t.Errorf("%s at %s: %v", template.Name, v, ps)
				}
				inOrder(t, c.Root)
			}
		}
		if written < 3 {
			t.Errorf("%s can be written for %d versions only", template.Name, written)
		}
	}
}

// The starter for Nango is what its documentation has a person click in Setup,
// value for value.
func TestNangoTemplate(t *testing.T) {
	src, err := templates.Spec("nango-sandbox", "Nango_Sandbox", "Nango_Sandbox.yaml")
	if err != nil {
		t.Fatal(err)
	}
	built := mustBuild(t, string(src), spec.Options{})
	for field, want := range map[string]string{
		appType + ".distributionState":                  "Local",
		appType + ".label":                              "Nango Sandbox",
		appType + ".contactEmail":                       "admin@example.com",
		globalType + ".callbackUrl":                     "https://api.nango.dev/oauth/callback",
		oauthType + ".commaSeparatedOauthScopes":        "Api, RefreshToken",
		globalType + ".isCodeCredFlowEnabled":           "true",
		globalType + ".isConsumerSecretOptional":        "false",
		globalType + ".isSecretRequiredForRefreshToken": "true",
		globalType + ".isPkceRequired":                  "true",
		globalType + ".isClientCredentialsFlowEnabled":  "false",
		policyType + ".refreshTokenPolicyType":          "Infinite",
		policyType + ".isClientCredentialsFlowEnabled":  "false",
		policyType + ".refreshTokenValidityPeriod":      "(none)",
		"ExtlClntAppConfigurablePolicies.isEnabled":     "true",
		"ExtlClntAppConfigurablePolicies.startPage":     "None",
		"ExtlClntAppConfigurablePolicies.label":         "Nango_Sandbox_plcy",
		policyType + ".externalClientApplication":       "Nango_Sandbox",
	} {
		typ, path, _ := strings.Cut(field, ".")
		if got := element(t, built, typ, path); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	var names []string
	for _, c := range built.Components() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "Nango_Sandbox Nango_Sandbox_plcy Nango_Sandbox_glbloauth Nango_Sandbox_oauthPlcy Nango_Sandbox_oauth" {
		t.Errorf("the components are %s", got)
	}
}
