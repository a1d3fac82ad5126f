package migrate_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// Invented Connected Apps that have the shapes of real ones: the elements of
// every API generation, layouts of orgs, people and formatters.
func TestTwins(t *testing.T) {
	const dir = "testdata/twins"
	read, err := metadata.Schema().Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Problems.Err(); err != nil {
		t.Fatal(err)
	}
	for _, p := range read.Problems {
		if p.Level == diag.Warning && p.Code != "ECA210" { // the bare & of one of them
			t.Errorf("no org would take it: %v", p)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := auditDir(t, dir)
	if len(r.Apps) != len(files) {
		t.Errorf("%d files and %d apps", len(files), len(r.Apps))
	}
	var out strings.Builder
	for _, a := range r.Apps {
		fmt.Fprintf(&out, "%-28s %-9s %-8s %s\n", a.Name, a.Verdict, a.Route, strings.Join(ruleIDs(a), " "))
		if open := unknown(a); open != "" {
			fmt.Fprintf(&out, "%-28s unknown: %s\n", "", open)
		}
	}
	golden(t, "twins.txt", []byte(out.String()))
}

// corpusDir holds real files, anonymised, where the project is developed.
const corpusDir = "../../shared/corpus/connectedApps"

// Every real file gets a verdict, and findings that make sense of it.
func TestCorpus(t *testing.T) {
	files, err := os.ReadDir(corpusDir)
	if err != nil {
		t.Skip("no corpus here")
	}
	r := auditDir(t, corpusDir)
	if len(r.Apps) != len(files) {
		t.Errorf("%d files and %d apps", len(files), len(r.Apps))
	}
	verdicts, routes, rules, open := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, a := range r.Apps {
		if !slices.Contains(migrate.Verdicts(), a.Verdict) || a.Route == "" {
			t.Errorf("%s is %q, %q", a.Name, a.Verdict, a.Route)
		}
		verdicts[string(a.Verdict)]++
		routes[string(a.Route)]++
		for _, id := range ruleIDs(a) {
			rules[id]++
		}
		for _, u := range a.Unknown {
			if !isGap(u) {
				open[u]++
			}
		}
		for _, f := range a.Findings {
			if f.Evidence["line"] == "" && f.Rule != "CA-ELIG-017" {
				t.Errorf("%s %s: no place: %v", a.Name, f.Rule, f.Evidence)
			}
		}
	}
	t.Logf("verdicts: %s", countsText(verdicts))
	t.Logf("routes: %s", countsText(routes))
	t.Logf("rules: %s", countsText(rules))
	t.Logf("unknown: %s", countsText(open))
}

func countsText(counts map[string]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, counts[k]))
	}
	return strings.Join(parts, ", ")
}
