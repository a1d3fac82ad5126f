package track

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
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
	case l.options.Expect == nil:
		s.Compared = "nothing says what it should be"
	}
	if s.Compared != "" {
		return
	}
	wanted, err := l.options.Expect(old, l.e)
	if err != nil {
		s.Compared = err.Error()
		return
	}
	s.Drift = Differences(wanted, app.Components())
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
