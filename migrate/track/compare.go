package track

import (
	"slices"
	"strings"
	"unicode"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/waves"
)

// compare holds a successor against what the Connected App had.
func (l *looker) compare(a *waves.App, s *waves.Sight) {
	app, old := l.apps[strings.ToLower(a.Successor)], l.legacy[strings.ToLower(a.Name)]
	switch {
	case a.Route != migrate.RouteButton:
		return // its spec says what it has to be
	case app == nil:
		s.Compared = "its metadata was not handed out"
	case old == nil:
		s.Compared = "the Connected App's metadata was not handed out"
	}
	if s.Compared != "" {
		return
	}
	wanted, err := Expected(old, app.Components(), l.e)
	if err != nil {
		s.Compared = err.Error()
		return
	}
	s.Drift = Differences(wanted, app.Components())
}

// Expected is what Setup's button should have made of a Connected App. Evidence
// helps to tell the API names of permission sets, of which a Connected App has the
// labels; it may be nil.
func Expected(old *metadata.Component, actual []*metadata.Component, e *migrate.Evidence) ([]*metadata.Component, error) {
	o := convert.Options{LikeSetup: true, Labels: map[string]string{}}
	if e != nil {
		o.MyDomain = e.Org.InstanceURL
		for _, r := range e.Tables[migrate.SrcGrants] {
			o.PermissionSets = append(o.PermissionSets, convert.PermissionSet{Name: r["Parent.Name"], Label: r["Parent.Label"]})
		}
	}
	var granted []string
	for _, c := range actual {
		if text, ok := c.Text(fieldSets); ok {
			granted = append(granted, spec.SplitList(text)...)
		}
	}
	for _, set := range old.All("permissionSetName") {
		label := strings.TrimSpace(set.Text)
		if slices.ContainsFunc(o.PermissionSets, func(p convert.PermissionSet) bool { return p.Label == label }) {
			continue
		}
		o.Labels[label] = strings.ReplaceAll(label, " ", "_") // as most are called
		for _, name := range granted {
			if letters(name) == letters(label) {
				o.Labels[label] = name
			}
		}
	}
	made, problems := convert.Convert(old, o)
	return made.Components, problems.Err()
}

// letters are what a name and a label have in common.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// written are the fields that only an org writes, or that say nothing about what
// an app does.
var written = []string{"oauthLink", "orgScopedExternalApp", "consumerKey", "consumerSecret", metadata.FieldApp, metadata.FieldLabel}

// Differences lists the fields of wanted components that actual ones have
// otherwise. Names of components do not count: an org chooses them.
func Differences(wanted, actual []*metadata.Component) []waves.Drift {
	var list []waves.Drift
	for _, w := range wanted {
		i := slices.IndexFunc(actual, func(c *metadata.Component) bool { return c.Type == w.Type })
		if i < 0 {
			list = append(list, waves.Drift{Field: w.Type, Was: "there", Is: "not there"})
			continue
		}
		list = append(list, fields(w, actual[i])...)
	}
	slices.SortStableFunc(list, func(a, b waves.Drift) int { return strings.Compare(a.Field, b.Field) })
	return list
}

// fields compares two components, field by field at the top: what is below a
// field is told as one value.
func fields(w, c *metadata.Component) []waves.Drift {
	var list []waves.Drift
	seen := map[string]bool{}
	for _, e := range w.Root.Children {
		if seen[e.Name] || slices.Contains(written, e.Name) && !(e.Name == metadata.FieldLabel && w.Type == metadata.TypeApp) {
			continue
		}
		seen[e.Name] = true
		was, is := value(w, e.Name), value(c, e.Name)
		if was != is {
			list = append(list, waves.Drift{Field: w.Type + "." + e.Name, Was: shown(e.Name, was), Is: shown(e.Name, is)})
		}
	}
	return list
}

// value puts all elements of a name into one text, in a form in which the same
// thing always reads the same.
func value(c *metadata.Component, name string) string {
	var parts []string
	for _, e := range c.All(name) {
		if !e.Nil {
			parts = append(parts, flat(e))
		}
	}
	text := strings.Join(parts, "; ")
	switch {
	case name == "certificate":
		if cert, err := spec.ParseCertificate([]byte(text)); err == nil && cert != nil {
			return string(cert.Raw)
		}
	case name == "callbackUrl":
		return strings.Join(spec.SplitLines(text), " ")
	case strings.HasPrefix(name, "commaSeparated"):
		names := spec.SplitList(text)
		slices.Sort(names)
		return strings.Join(names, ", ")
	}
	return text
}

func flat(e *metadata.Element) string {
	if len(e.Children) == 0 {
		return strings.TrimSpace(e.Text)
	}
	parts := make([]string, len(e.Children))
	for i, c := range e.Children {
		parts[i] = c.Name + "=" + flat(c)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// shown keeps what nobody reads out of a report.
func shown(field, v string) string {
	switch {
	case v == "":
		return ""
	case field == "certificate":
		return plan.Hidden
	}
	return v
}
