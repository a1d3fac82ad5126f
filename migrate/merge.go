package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// Merge puts reports together: of shards of a fleet, or of several audits. An org
// that is in two of them is taken from the later one. Reports of other rules are
// merged as they are.
func Merge(reports []*Report) *Report {
	out := &Report{SchemaVersion: 1, Orgs: []Org{}, Apps: []AppReport{}}
	reports = slices.Clone(reports)
	slices.SortStableFunc(reports, func(a, b *Report) int { return b.GeneratedAt.Compare(a.GeneratedAt) })
	seen := map[string]bool{}
	deadlines := map[string]DeadlineReport{}
	for i, r := range reports {
		if i == 0 {
			out.Tool, out.GeneratedAt = r.Tool, r.GeneratedAt
		}
		own := map[string]bool{}
		for _, o := range r.Orgs {
			k := o.key()
			if seen[k] {
				continue
			}
			seen[k], own[o.ID] = true, true
			out.Orgs = append(out.Orgs, o)
		}
		for _, a := range r.Apps {
			if own[a.Org] {
				out.Apps = append(out.Apps, a)
			}
		}
		for _, d := range r.Deadlines {
			if _, ok := deadlines[d.ID]; !ok {
				deadlines[d.ID] = d
			}
		}
	}
	slices.SortStableFunc(out.Orgs, func(a, b Org) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(strings.ToLower(a.Title()), strings.ToLower(b.Title())), cmp.Compare(a.key(), b.key()))
	})
	at := map[string]int{}
	for i, o := range out.Orgs {
		at[o.ID] = i
	}
	slices.SortStableFunc(out.Apps, func(a, b AppReport) int {
		return cmp.Or(cmp.Compare(at[a.Org], at[b.Org]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
	out.finish()
	for i, d := range out.Deadlines {
		if own, ok := deadlines[d.ID]; ok {
			out.Deadlines[i] = own // as the report had it: days have moved before
		}
	}
	return out
}

// key tells two orgs apart. One that could not be read has no id.
func (o *Org) key() string { return cmp.Or(o.ID, o.Alias+"\x1f"+o.InstanceURL+"\x1f"+o.Name) }

// Title is what a person calls an org.
func (o *Org) Title() string { return cmp.Or(o.Alias, o.Name, o.InstanceURL, o.ID) }

// Check refuses a report that another program wrote, or another version of this
// one.
func (r *Report) Check(file string) error {
	if r.SchemaVersion != 1 || r.Tool.Name != "ecactl" || r.GeneratedAt.IsZero() || r.Apps == nil {
		return &diag.Problem{
			Pos: diag.Pos{File: file}, Code: "ECA603", Message: fmt.Sprintf("is no report of ecactl audit -o json (schemaVersion %d)", r.SchemaVersion),
			Hint: "ecactl audit --target-org ORG -o json=FILE writes one",
		}
	}
	return nil
}

// A MatrixRow is one app over all orgs of a report.
type MatrixRow struct {
	Kind  string
	Name  string
	Cells []*AppReport // beside the report's orgs; nil where the app is not there
}

// Matrix lists the apps of a report over its orgs: the same app in ten sandboxes
// is one row.
func (r *Report) Matrix() []MatrixRow {
	at := map[string]int{}
	for i, o := range r.Orgs {
		if o.Error == "" || o.ID != "" {
			at[o.ID] = i
		}
	}
	rows := map[[2]string]*MatrixRow{}
	var keys [][2]string
	for i := range r.Apps {
		a := &r.Apps[i]
		k := [2]string{a.Kind, strings.ToLower(a.Name)}
		if rows[k] == nil {
			rows[k] = &MatrixRow{Kind: a.Kind, Name: a.Name, Cells: make([]*AppReport, len(r.Orgs))}
			keys = append(keys, k)
		}
		if n, ok := at[a.Org]; ok {
			rows[k].Cells[n] = a
		}
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	out := make([]MatrixRow, len(keys))
	for i, k := range keys {
		out[i] = *rows[k]
	}
	return out
}
