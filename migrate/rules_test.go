package migrate_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// Every rule finds its bad example, in an app that it is asked of, and does not
// find its good one.
func TestRulesFindTheirExamples(t *testing.T) {
	id := regexp.MustCompile(`^CA-[A-Z]+-\d{3}$`)
	seen := map[string]bool{}
	for _, r := range append(slices.Clone(migrate.Rules), migrate.Unreadable) {
		t.Run(r.ID, func(t *testing.T) {
			if !id.MatchString(r.ID) || seen[r.ID] {
				t.Error("the id is not one of a rule, or is used twice")
			}
			seen[r.ID] = true
			for name, text := range map[string]string{"title": r.Title, "why": r.Why, "source": r.Source, "fix": r.Fix} {
				if text == "" || strings.TrimSpace(text) != text {
					t.Errorf("the %s is %q", name, text)
				}
			}
			if strings.HasSuffix(r.Title, ".") || strings.HasSuffix(r.Fix, ".") || !strings.HasSuffix(r.Why, ".") && r.Why != "" {
				t.Error("title and fix are phrases, why is a sentence")
			}
			if migrate.FindRule(r.ID) == nil || migrate.FindRule(r.ID).ID != r.ID {
				t.Error("FindRule does not find it")
			}
			if r.ID == migrate.Unreadable.ID {
				return // its examples are no files of a type: TestUnreadable
			}
			if !findsExample(t, &r, r.Bad) {
				t.Errorf("the bad example has no finding: %v", r.Bad)
			}
			if findsExample(t, &r, r.Good) {
				t.Errorf("the good example has a finding: %v", r.Good)
			}
		})
	}
	if migrate.FindRule("CA-SEC-999") != nil {
		t.Error("FindRule finds what is not there")
	}
}

// findsExample tells whether a rule finds something in an example, and checks
// what it says.
func findsExample(t *testing.T, r *migrate.Rule, e migrate.Example) bool {
	t.Helper()
	if len(e) == 0 {
		t.Fatal("an example without files")
	}
	for _, need := range r.Needs {
		if r.Question == "" || migrate.FindSource(need) == nil {
			t.Errorf("it needs %q, and what is open without it is %q", need, r.Question)
		}
	}
	found := false
	report := audit(t, e)
	apps := report.Apps
	for _, o := range report.Orgs {
		apps = append(apps, migrate.AppReport{Kind: migrate.KindOrg, Findings: o.Findings})
	}
	for _, a := range apps {
		for _, f := range a.Findings {
			if f.Rule != r.ID {
				continue
			}
			found = true
			if r.Kinds != nil && !slices.Contains(r.Kinds, a.Kind) {
				t.Errorf("the rule is not asked of a %s and answers", a.Kind)
			}
			if f.Fix != r.Fix || f.Message == "" || strings.HasSuffix(f.Message, ".") {
				t.Errorf("got %+v", f)
			}
			if f.Level < r.Level && r.Level != diag.Warning {
				t.Errorf("a %s of a rule that is %s", f.Level, r.Level)
			}
			for _, key := range []string{"element", "line"} {
				if f.Evidence["file"] != "" && f.Evidence[key] == "" {
					t.Errorf("a place without its %s: %v", key, f.Evidence)
				}
			}
		}
	}
	return found
}

// The examples are files that an org could have written: what the type table
// does not know would prove nothing.
func TestExamplesAreMetadata(t *testing.T) {
	for _, r := range migrate.Rules {
		for name, e := range map[string]migrate.Example{"bad": r.Bad, "good": r.Good} {
			e = slices.DeleteFunc(slices.Clone(e), func(f migrate.ExampleFile) bool {
				return strings.HasSuffix(f.Name, ".json") || strings.HasSuffix(f.Name, ".settings")
			})
			dir := t.TempDir()
			write(t, dir, e)
			read, err := metadata.Schema().Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range read.Problems {
				if p.Code == "ECA212" || p.Code == "ECA216" || p.Code == "ECA233" || p.Code == "ECA202" {
					t.Errorf("%s, %s example: %v", r.ID, name, p)
				}
			}
		}
	}
}

// Every effect but none is some rule's, so that every verdict can be met.
func TestEffectsAreUsed(t *testing.T) {
	for _, e := range []migrate.Effect{migrate.NoEffect, migrate.ByHand, migrate.FixFirst, migrate.Recreate, migrate.Vendor, migrate.Migrated} {
		if !slices.ContainsFunc(migrate.Rules, func(r migrate.Rule) bool { return r.Effect == e }) {
			t.Errorf("no rule has the effect %d", e)
		}
	}
}
