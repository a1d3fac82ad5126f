package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
)

// orgRows lists the orgs of a fleet, and those that could not be read.
func orgRows(r *migrate.Report) [][]string {
	failed := slices.ContainsFunc(r.Orgs, func(o migrate.Org) bool { return o.Error != "" })
	if len(r.Orgs) < 2 && !failed {
		return nil
	}
	type sums struct {
		apps   int
		levels map[diag.Level]int
	}
	by := map[string]*sums{}
	for i := range r.Orgs {
		s := &sums{levels: map[diag.Level]int{}}
		by[r.Orgs[i].ID] = s
		for _, f := range r.Orgs[i].Findings {
			if f.Suppressed == nil {
				s.levels[f.Level]++
			}
		}
	}
	for i := range r.Apps {
		a := &r.Apps[i]
		if s := by[a.Org]; s != nil {
			s.apps++
			for level, n := range openLevels(a) {
				s.levels[level] += n
			}
		}
	}
	rows := [][]string{{"ORG", "GROUP", "TYPE", "APPS", "ERRORS", "WARNINGS", "NOTES", ""}}
	for i := range r.Orgs {
		o := &r.Orgs[i]
		row := []string{Plain(o.Title()), cmp.Or(Plain(o.Group), "-"), o.Type}
		if o.Error != "" {
			rows = append(rows, append(row, "-", "-", "-", "-", "not read: "+Plain(o.Error)))
			continue
		}
		s := by[o.ID]
		rows = append(rows, append(row, number(s.apps), number(s.levels[diag.Error]), number(s.levels[diag.Warning]), number(s.levels[diag.Note]), ""))
	}
	return rows
}

// matrixRows lists the apps over all orgs: the same app in ten sandboxes is one
// row, and the numbers say in how many of them it stands where.
func matrixRows(r *migrate.Report) [][]string {
	rows := [][]string{{"APP", "KIND", "ORGS", "ELIGIBLE", "FIX-FIRST", "VENDOR", "MIGRATED", "UNKNOWN", "DUE", "LAST USED"}}
	for _, m := range r.Matrix() {
		counts, orgs := map[migrate.Verdict]int{}, 0
		due, last := "", "-"
		for _, a := range m.Cells {
			if a == nil {
				continue
			}
			orgs++
			counts[a.Verdict]++
			if d := deref(a.Due); d != "" && (due == "" || d < due) {
				due = d
			}
			if used := lastUsed(a.Activity); used > last {
				last = used
			}
		}
		rows = append(rows, []string{
			Plain(m.Name), kindNames[m.Kind], strconv.Itoa(orgs), number(counts[migrate.VerdictEligible]), number(counts[migrate.VerdictFixFirst]),
			number(counts[migrate.VerdictVendor]), number(counts[migrate.VerdictMigrated]), number(counts[migrate.VerdictUnknown]), cmp.Or(due, "-"), last,
		})
	}
	return rows
}

// fleetFindingRows puts the findings of one rule on one app together, over all
// orgs. The words are those of the first org.
func fleetFindingRows(r *migrate.Report, t Theme) [][]string {
	titles := map[string]string{}
	for i := range r.Orgs {
		titles[r.Orgs[i].ID] = r.Orgs[i].Title()
	}
	type key struct {
		level            diag.Level
		rule, kind, name string
	}
	type line struct {
		first located
		orgs  []string
	}
	lines := map[key]*line{}
	var keys []key
	for _, l := range findingsOf(r, nil) {
		f := l.finding
		if f.Suppressed != nil || f.Level == diag.Note {
			continue
		}
		k := key{f.Level, f.Rule, l.kind, strings.ToLower(l.name)}
		if l.kind == migrate.KindOrg {
			k.name = ""
		}
		if lines[k] == nil {
			lines[k] = &line{first: l}
			keys = append(keys, k)
		}
		if org := titles[l.org]; !slices.Contains(lines[k].orgs, org) {
			lines[k].orgs = append(lines[k].orgs, org)
		}
	}
	rows := [][]string{{"LEVEL", "RULE", "APP", "ORGS", "FINDING"}}
	for _, k := range keys {
		l := lines[k]
		rows = append(rows, []string{t.Level(k.level, k.level.String()), k.rule, about(l.first), someOrgs(l.orgs), Plain(l.first.finding.Message)})
	}
	return rows
}

// someOrgs names one org, or counts them.
func someOrgs(orgs []string) string {
	if len(orgs) == 1 {
		return Plain(orgs[0])
	}
	return fmt.Sprintf("%d orgs", len(orgs))
}
