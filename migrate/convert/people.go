package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// A PermissionSet is one that the org or the project has. A Connected App names
// it by its label, an External Client App by its name.
type PermissionSet struct{ Name, Label string }

// TypePermissionSet and the next are types that belong to no app and are read
// beside Connected Apps.
const (
	TypePermissionSet = "PermissionSet"
	TypeCustomScope   = "OauthCustomScope"
	TypeHandler       = "OauthTokenExchangeHandler"
)

// PermissionSets finds permission sets among the metadata beside the apps.
func PermissionSets(components []*metadata.Component) []PermissionSet {
	var list []PermissionSet
	for _, c := range components {
		if c.Type == TypePermissionSet {
			label, _ := c.Text("label")
			list = append(list, PermissionSet{Name: c.Name, Label: label})
		}
	}
	return list
}

func permissionSets(c *conversion, r *Row, leaves []*leaf) {
	c.list(r, leaves, func(l *leaf) (string, string) {
		name, p := c.resolve(l)
		if p != nil {
			c.problems = append(c.problems, p)
			return "", p.Message + ": " + p.Hint
		}
		return name, ""
	})
}

func profiles(c *conversion, r *Row, leaves []*leaf) {
	c.list(r, leaves, func(l *leaf) (string, string) {
		if strings.Contains(l.text(), ",") {
			c.warn(l, "ECA715", "rename it in Setup, or give its users a permission set", "%s: the profile %q has a comma, which separates profiles", c.ca.Name, l.text())
			return "", "a comma separates profiles: rename it in Setup, or give its users a permission set"
		}
		return l.text(), ""
	})
}

// list joins the names that leaves stand for with commas.
func (c *conversion) list(r *Row, leaves []*leaf, name func(*leaf) (name, why string)) {
	var names []string
	to := c.said(r.To)
	for _, l := range leaves {
		if l.text() == "" {
			c.leaveOut(l, r, "it is empty: nothing is said")
			continue
		}
		if len(to) == 0 {
			c.lose(l, r, c.room(r.To))
			continue
		}
		n, why := name(l)
		switch {
		case why != "":
			c.lose(l, r, why)
		case slices.Contains(names, n):
			c.leaveOut(l, r, "it is in the list already")
		default:
			names = append(names, n)
			c.account(l, r, Transformed, to, n, "")
		}
	}
	if len(names) == 0 {
		return
	}
	for _, field := range to {
		c.set(field, strings.Join(names, ","))
	}
}

// resolve finds the API name of a permission set by its label: as the user says
// it, else the one permission set that has the label, or that is called so.
func (c *conversion) resolve(l *leaf) (string, *diag.Problem) {
	label := l.text()
	if name := c.options.Labels[label]; name != "" {
		return name, nil
	}
	var labelled []string
	for _, p := range c.options.PermissionSets {
		if p.Label == label && !slices.Contains(labelled, p.Name) {
			labelled = append(labelled, p.Name)
		}
	}
	if len(labelled) == 1 {
		return labelled[0], nil
	}
	if len(labelled) == 0 && slices.ContainsFunc(c.options.PermissionSets, func(p PermissionSet) bool { return p.Name == label }) {
		return label, nil
	}
	p := c.refusal("ECA703", "", "no permission set has the label %q, which the Connected App %s names", label, c.ca.Name)
	if len(labelled) > 1 {
		slices.Sort(labelled)
		p.Message = fmt.Sprintf("%d permission sets have the label %q, which the Connected App %s names", len(labelled), label, c.ca.Name)
	}
	p.Hint = candidates(labelled, label, c.options.PermissionSets) + fmt.Sprintf("say which:  --permission-set %q", label+"=API_Name")
	p.Pos = l.element.Pos
	return "", p
}

// maxCandidates is how many permission sets a hint lists.
const maxCandidates = 8

// candidates lists the permission sets that may be meant.
func candidates(labelled []string, label string, known []PermissionSet) string {
	if len(labelled) > 0 {
		return "candidates are " + strings.Join(labelled, ", ") + "; "
	}
	if len(known) == 0 {
		return "no permission set was read: add the folder permissionsets or --target-org, or "
	}
	label = strings.ToLower(label[:min(len(label), maxLabel)]) // it comes from a file and may be as long as one
	near := func(p PermissionSet) int {
		return min(levenshtein.ComputeDistance(strings.ToLower(p.Label), label), levenshtein.ComputeDistance(strings.ToLower(p.Name), label))
	}
	sorted := slices.Clone(known)
	slices.SortStableFunc(sorted, func(a, b PermissionSet) int { return near(a) - near(b) })
	var names []string
	for _, p := range sorted[:min(len(sorted), maxCandidates)] {
		names = append(names, fmt.Sprintf("%s (%s)", p.Name, p.Label))
	}
	return "candidates are " + strings.Join(names, ", ") + "; "
}
