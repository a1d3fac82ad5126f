package metadata

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// An App is one External Client App: the components that say they are its own.
type App struct {
	Name   string       // the value of externalClientApplication, with its namespace if it has one
	Header *Component   // nil where a project holds satellites alone
	Parts  []*Component // the satellites, by type and name; usually one of a type
}

// Part returns the first satellite of a type, or nil.
func (a *App) Part(typ string) *Component {
	for _, c := range a.Parts {
		if c.Type == typ {
			return c
		}
	}
	return nil
}

// Components returns header and satellites.
func (a *App) Components() []*Component {
	if a.Header == nil {
		return a.Parts
	}
	return append([]*Component{a.Header}, a.Parts...)
}

// Assemble makes apps of components by what their externalClientApplication
// element says, never by a name: satellites are called anything. Components
// that belong to no app (settings, Connected Apps) are left aside. Satellites
// without a header, a type of which an app has two, and a satellite that names
// no app are reported.
func (t *Table) Assemble(components []*Component) ([]*App, diag.Problems) {
	apps := map[string]*App{}
	app := func(name string) *App {
		if apps[name] == nil {
			apps[name] = &App{Name: name}
		}
		return apps[name]
	}
	var problems diag.Problems
	var headers []*Component
	for _, c := range components {
		typ := t.Type(c.Type)
		switch {
		case typ == nil:
		case c.Type == TypeApp:
			headers = append(headers, c)
		case typ.Field(FieldApp) == nil:
		case c.App() == "":
			problems = append(problems, &diag.Problem{
				Pos: posOf(c), Level: diag.Warning, Code: "ECA224",
				Message: fmt.Sprintf("%s %s names no app and is left aside", c.Type, c.Name),
				Hint:    "add <externalClientApplication>",
			})
		default:
			app(c.App()).Parts = append(app(c.App()).Parts, c)
		}
	}
	placeHeaders(headers, apps, app)

	sorted := make([]*App, 0, len(apps))
	for _, a := range apps {
		slices.SortStableFunc(a.Parts, byTypeAndName)
		sorted = append(sorted, a)
	}
	slices.SortFunc(sorted, func(a, b *App) int { return cmp.Compare(a.Name, b.Name) })
	spellings := map[string][]string{} // by the name in lower case
	for _, a := range sorted {
		folded := strings.ToLower(a.Name)
		spellings[folded] = append(spellings[folded], a.Name)
	}
	for _, a := range sorted {
		problems = append(problems, a.problems(spellings[strings.ToLower(a.Name)])...)
	}
	return sorted, problems.Sort()
}

// placeHeaders gives each header its satellites. Those of a packaged app name
// it with its namespace, and the header's own name has none: it is theirs if
// no satellite names it without one, and only one namespace claims it.
func placeHeaders(headers []*Component, apps map[string]*App, app func(string) *App) {
	claims := map[string][]*App{}
	for name, a := range apps {
		if ns, bare := splitNamespace(name); ns != "" {
			claims[bare] = append(claims[bare], a)
		}
	}
	var unclaimed []*Component
	for _, h := range headers {
		if a := apps[h.Name]; a != nil {
			a.Header = h
		} else {
			unclaimed = append(unclaimed, h)
		}
	}
	for _, h := range unclaimed {
		if c := claims[h.Name]; len(c) == 1 && c[0].Header == nil {
			c[0].Header = h
			continue
		}
		app(h.Name).Header = h
	}
}

// splitNamespace splits "ns__Name". A namespace has 1 to 15 characters.
func splitNamespace(name string) (ns, bare string) {
	if ns, bare, ok := strings.Cut(name, "__"); ok && ns != "" && len(ns) <= 15 && bare != "" {
		return ns, bare
	}
	return "", name
}

// BareName returns a full name without its namespace.
func BareName(name string) string {
	_, bare := splitNamespace(name)
	return bare
}

// NamespaceOf returns the namespace prefix of a full name, or "".
func NamespaceOf(name string) string {
	ns, _ := splitNamespace(name)
	return ns
}

// problems says what is wrong with the app, of whose name there are spellings.
func (a *App) problems(spellings []string) diag.Problems {
	var problems diag.Problems
	if a.Header == nil {
		p := &diag.Problem{
			Pos: posOf(a.Parts[0]), Level: diag.Note, Code: "ECA222",
			Message: fmt.Sprintf("the app %s has no header among the files: %d satellite(s) alone", a.Name, len(a.Parts)),
		}
		others := slices.DeleteFunc(slices.Clone(spellings), func(name string) bool { return name == a.Name })
		if len(others) > 0 {
			p.Level, p.Hint = diag.Warning, "another app differs in case alone: "+strings.Join(others, ", ")
		}
		problems = append(problems, p)
	}
	for i := 1; i < len(a.Parts); i++ {
		c, other := a.Parts[i], a.Parts[i-1]
		if c.Type == other.Type {
			problems = append(problems, &diag.Problem{
				Pos: posOf(c), Level: diag.Warning, Code: "ECA223",
				Message: fmt.Sprintf("the app %s has two %s, %s and %s; an org takes one", a.Name, c.Type, other.Name, c.Name),
				Hint:    "delete the one that the org does not have",
			})
		}
	}
	return problems
}

// posOf is the place of a component: its root element, or its file.
func posOf(c *Component) diag.Pos {
	if c.Root.Pos.Line > 0 {
		return c.Root.Pos
	}
	return diag.Pos{File: c.File}
}
