package metadata_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

func TestParseVersion(t *testing.T) {
	tests := map[string]struct {
		want metadata.Version
		err  string
	}{
		"66.0":   {want: 66},
		"66":     {want: 66},
		"100.0":  {want: 100},
		"66.1":   {err: `"66.1" is not an API version such as "66.0"`},
		"66.0.0": {err: `"66.0.0" is not an API version such as "66.0"`},
		"v66":    {err: `"v66" is not an API version such as "66.0"`},
		"0":      {err: `"0" is not an API version such as "66.0"`},
		"-60":    {err: `"-60" is not an API version such as "66.0"`},
		"1000.0": {err: `"1000.0" is not an API version such as "66.0"`},
		" 66":    {err: `" 66" is not an API version such as "66.0"`},
		"":       {err: `"" is not an API version such as "66.0"`},
	}
	for in, tt := range tests {
		t.Run(in, func(t *testing.T) {
			got, err := metadata.ParseVersion(in)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != tt.want || text != tt.err {
				t.Errorf("got  %d, %s\nwant %d, %s", got, text, tt.want, tt.err)
			}
		})
	}
	if got := metadata.Version(66).String(); got != "66.0" {
		t.Errorf("got %s, want 66.0", got)
	}
}

func TestSpan(t *testing.T) {
	tests := map[string]struct {
		span    metadata.Span
		want    string
		has     []metadata.Version
		without []metadata.Version
	}{
		"open":   {metadata.Span{Since: 61}, "since API 61.0", []metadata.Version{61, 62, 999}, []metadata.Version{60}},
		"closed": {metadata.Span{Since: 61, Until: 63}, "in API 61.0 to 63.0 only", []metadata.Version{61, 62, 63}, []metadata.Version{60, 64}},
		"one":    {metadata.Span{Since: 66, Until: 66}, "in API 66.0 only", []metadata.Version{66}, []metadata.Version{65, 67}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.span.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for _, v := range tt.has {
				if !tt.span.Has(v) {
					t.Errorf("%s does not have %s", tt.want, v)
				}
			}
			for _, v := range tt.without {
				if tt.span.Has(v) {
					t.Errorf("%s has %s", tt.want, v)
				}
			}
		})
	}
}

// The built-in table hangs together beyond what ParseTable demands of any.
func TestSchemaIsSound(t *testing.T) {
	table := metadata.Schema()
	if got := table.Newest(); got != 68 {
		t.Errorf("the newest version is %s, want 68.0", got)
	}
	if metadata.DefaultVersion > table.Newest() || metadata.OldestVersion > metadata.DefaultVersion {
		t.Errorf("versions out of order: %s, %s, %s", metadata.OldestVersion, metadata.DefaultVersion, table.Newest())
	}
	places := map[string]string{}
	for _, typ := range table.Components() {
		for _, p := range []string{"suffix " + typ.Suffix, "directory " + typ.Directory, "file " + typ.SettingsFile} {
			if strings.HasSuffix(p, " ") {
				continue
			}
			if other := places[p]; other != "" {
				t.Errorf("%s and %s share the %s", typ.Name, other, p)
			}
			places[p] = typ.Name
		}
		if typ.IsSettings() == (typ.Directory != "") || (typ.Suffix == "") != typ.IsSettings() {
			t.Errorf("%s is neither a settings file nor a component in a folder: %q, %q, %q", typ.Name, typ.Directory, typ.Suffix, typ.SettingsFile)
		}
		if typ.Suffix != "" && table.ComponentBySuffix(typ.Suffix) != typ {
			t.Errorf("the suffix %s does not lead to %s", typ.Suffix, typ.Name)
		}
	}
	for _, typ := range table.TypeByName {
		var order []string
		for _, f := range typ.Fields {
			if f.Until == 0 {
				order = append(order, f.Name)
			}
			if typ.Field(f.Name) != f {
				t.Errorf("%s.%s is not found by its name", typ.Name, f.Name)
			}
			if f.Since < typ.Since {
				t.Errorf("%s.%s exists %s, and the type %s", typ.Name, f.Name, f.Span, typ.Span)
			}
		}
		if !slices.IsSorted(order) {
			t.Errorf("the fields of %s are not in ASCII order: %s", typ.Name, strings.Join(order, " "))
		}
	}
}

func TestAppTypes(t *testing.T) {
	var got []string
	for _, typ := range metadata.Schema().AppTypes() {
		got = append(got, typ.Name)
	}
	same(t, "types of an app", got, []string{
		"ExternalClientApplication",
		"ExtlClntAppAttestConfigurablePolicies",
		"ExtlClntAppAttestSettings",
		"ExtlClntAppCanvasSettings",
		"ExtlClntAppConfigurablePolicies",
		"ExtlClntAppGlobalOauthSettings",
		"ExtlClntAppMobileConfigurablePolicies",
		"ExtlClntAppMobileSettings",
		"ExtlClntAppNotificationSettings",
		"ExtlClntAppOauthConfigurablePolicies",
		"ExtlClntAppOauthSecuritySettings",
		"ExtlClntAppOauthSettings",
		"ExtlClntAppPushConfigurablePolicies",
		"ExtlClntAppPushSettings",
		"ExtlClntAppSamlConfigurablePolicies",
		"ExtlClntAppSampleConfigurablePolicies",
		"ExtlClntAppSampleSettings",
	})
}

// A type that is written inside another has no file, whatever folder the
// registry names for it.
func TestNestedTypesHaveNoFiles(t *testing.T) {
	table := metadata.Schema()
	for _, name := range []string{"CanvasMetadata", "ExtlClntAppOauthIpRange", "ConnectedAppOauthConfig"} {
		if slices.ContainsFunc(table.Components(), func(typ *metadata.Type) bool { return typ.Name == name }) {
			t.Errorf("%s is a component", name)
		}
	}
	if table.ComponentBySuffix("Canvas") != nil {
		t.Error("the suffix of CanvasMetadata leads to it")
	}
	if f := table.Type("ConnectedApp").Field("oauthConfig"); table.Nested(f).Name != "ConnectedAppOauthConfig" {
		t.Errorf("oauthConfig holds %v", table.Nested(f))
	}
	if table.Nested(nil) != nil || table.Nested(table.Type("ConnectedApp").Field("label")) != nil {
		t.Error("a text field is nested")
	}
}

func TestEnums(t *testing.T) {
	table := metadata.Schema()
	if v := table.EnumValue("PolicyAction", "StepUpMFA"); v == nil || v.Since != 67 {
		t.Errorf("got %+v, want a value since 67.0", v)
	}
	if v := table.EnumValue("PolicyAction", "block"); v != nil {
		t.Errorf("values differ in case, and %q was found", v.Name)
	}
	same(t, "at 66.0", table.EnumNames("PolicyAction", 66), []string{"Block", "RaiseSessionLevel"})
	same(t, "at 67.0", table.EnumNames("PolicyAction", 67), []string{"Block", "RaiseSessionLevel", "StepUpMFA"})
}

func TestParseTableProblems(t *testing.T) {
	many := strings.Repeat(`{"name": "a", "type": "xsd:string", "since": 60},`, 129)
	tests := map[string]struct{ in, want string }{
		"bad JSON":         {`{"types": {`, "reading the type table: unexpected end of JSON input"},
		"wrong JSON":       {`{"types": []}`, "reading the type table: json: cannot unmarshal array into Go struct field Table.types of type map[string]*metadata.Type"},
		"duplicate suffix": {`{"types": {"A": {"directory": "as", "suffix": "a", "since": 60}, "B": {"directory": "bs", "suffix": "a", "since": 60}}}`, `reading the type table: A and B both have the suffix "a"`},
		"duplicate field":  {`{"types": {"A": {"since": 60, "fields": [{"name": "x", "type": "xsd:string"}, {"name": "x", "type": "xsd:int"}]}}}`, "reading the type table: A has x twice"},
		"unknown type":     {`{"types": {"A": {"since": 60, "fields": [{"name": "x", "type": "B"}]}}}`, "reading the type table: A.x has the unknown type B"},
		"no type":          {`{"types": {"A": {"since": 60, "fields": [{"name": "x"}]}}}`, "reading the type table: A.x has the unknown type "},
		"null type":        {`{"types": {"A": null}}`, "reading the type table: the type A is null"},
		"null field":       {`{"types": {"A": {"since": 60, "fields": [null]}}}`, "reading the type table: A has a field that is null"},
		"null value":       {`{"enums": {"E": [null]}}`, "reading the type table: E has a value that is null"},
		"too many fields":  {`{"types": {"A": {"fields": [` + strings.TrimSuffix(many, ",") + `]}}}`, "reading the type table: A has 129 fields, more than the checker takes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			table, err := metadata.ParseTable([]byte(tt.in))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if table != nil {
				t.Error("a broken table was returned")
			}
		})
	}
}

// A field that has ended may be of a type that is no longer described.
func TestParseTableEndedField(t *testing.T) {
	_, err := metadata.ParseTable([]byte(`{"types": {"A": {"since": 56, "fields": [{"name": "x", "type": "Gone", "since": 56, "until": 57}]}}}`))
	if err != nil {
		t.Error(err)
	}
}

// Who changes the text of the table does not change the table.
func TestSchemaJSONIsACopy(t *testing.T) {
	text := metadata.SchemaJSON()
	clear(text)
	if _, err := metadata.ParseTable(metadata.SchemaJSON()); err != nil {
		t.Error(err)
	}
}
