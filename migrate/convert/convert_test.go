package convert_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/migrate/convert"
)

// corpusDir holds real files, anonymised. It is beside the project where the
// people who build it work, and nowhere else.
const corpusDir = "../../../shared/corpus/connectedApps"

// now is the day of every test that judges dates.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Every element that a Connected App can have has a row, and no row is for
// another.
func TestEveryElementHasARow(t *testing.T) {
	table := metadata.Schema()
	want := map[string]bool{}
	var walk func(typ *metadata.Type, path string)
	walk = func(typ *metadata.Type, path string) {
		for _, f := range typ.Fields {
			if nested := table.Nested(f); nested != nil {
				walk(nested, path+f.Name+".")
				continue
			}
			want[path+f.Name] = true
			if convert.FindRow(path+f.Name) == nil {
				t.Errorf("no row for %s", path+f.Name)
			}
			if r := convert.FindRow(typ.Name + "." + f.Name); r == nil || r.From != path+f.Name {
				t.Errorf("%s.%s does not find the row of %s", typ.Name, f.Name, path+f.Name)
			}
		}
	}
	walk(table.Type(metadata.TypeConnectedApp), "")
	var seen []string
	for _, r := range convert.Mapping() {
		if !want[r.From] {
			t.Errorf("the row %s is for no element", r.From)
		}
		if slices.Contains(seen, r.From) {
			t.Errorf("%s has two rows", r.From)
		}
		seen = append(seen, r.From)
		if r.Rule == "" || strings.HasSuffix(r.Rule, ".") || r.Absent != "" && r.Why == "" {
			t.Errorf("%s: a rule is a phrase, and a default has a reason: %+v", r.From, r)
		}
		if (len(r.To) == 0) != (r.How == convert.Lost || r.How == convert.LeftOut) && r.From != "oauthConfig.isIpBindingEnabled" {
			t.Errorf("%s is %s and goes to %v", r.From, r.How, r.To)
		}
		for _, to := range r.To {
			if !exists(table, to) {
				t.Errorf("%s goes to %s, which is not in the table", r.From, to)
			}
		}
	}
}

func exists(t *metadata.Table, field string) bool {
	parts := strings.Split(field, ".")
	typ := t.Type(parts[0])
	for i, name := range parts[1:] {
		if typ == nil || typ.Field(name) == nil {
			return false
		}
		if i == len(parts)-2 {
			return true
		}
		typ = t.Nested(typ.Field(name))
	}
	return false
}

// accounted checks that each leaf of an app has exactly one field, in order, and
// that what was added is said to be so.
func accounted(t *testing.T, ca *metadata.Component, fields []convert.Field) {
	t.Helper()
	leaves := convert.Leaves(ca)
	if len(fields) < len(leaves) {
		t.Fatalf("%s: %d fields for %d leaves", ca.Name, len(fields), len(leaves))
	}
	seen := map[string]bool{}
	for i, f := range fields {
		if i < len(leaves) && f.From != leaves[i] {
			t.Fatalf("%s: the leaf %s is accounted for as %+v", ca.Name, leaves[i], f)
		}
		if i >= len(leaves) && f.How != convert.Defaulted && !strings.Contains(f.From, ":") {
			t.Errorf("%s: beyond the leaves there is %+v", ca.Name, f)
		}
		if f.From != "" && seen[f.From] {
			t.Errorf("%s: %s is accounted for twice", ca.Name, f.From)
		}
		seen[f.From] = true
		if (f.To == "") != (f.How == convert.Lost || f.How == convert.LeftOut) {
			t.Errorf("%s: %+v", ca.Name, f)
		}
		if f.Note == "" && (f.How == convert.Lost || f.How == convert.LeftOut || f.How == convert.Defaulted) {
			t.Errorf("%s: no reason: %+v", ca.Name, f)
		}
	}
}

func corpus(t *testing.T) *convert.Input {
	t.Helper()
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skip("no corpus here")
	}
	in, err := convert.Read(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	return in
}
