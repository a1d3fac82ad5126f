package convert

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// part returns the component of a type, made when first asked for.
func (c *conversion) part(typ string) *metadata.Component {
	if p := c.parts[typ]; p != nil {
		return p
	}
	p := metadata.NewComponent(typ, "")
	p.File = c.ca.File
	c.parts[typ] = p
	return p
}

// set gives a field its value, if there is room for it.
func (c *conversion) set(field, value string) {
	if c.room([]string{field}) != "" {
		return
	}
	typ, path, _ := strings.Cut(field, ".")
	e := c.part(typ).Root
	for {
		name, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			e.Remove(name)
			e.Add(&metadata.Element{Name: name, Text: value})
			return
		}
		next := e.Child(name)
		if next == nil {
			next = e.Add(&metadata.Element{Name: name})
		}
		e, path = next, rest
	}
}

// add adds one of a field's elements, for fields that repeat.
func (c *conversion) add(field string, e *metadata.Element) {
	typ, name, _ := strings.Cut(field, ".")
	e.Name = name
	c.part(typ).Root.Add(e)
}

// written is what a field holds so far, or "".
func (c *conversion) written(field string) string {
	typ, path, _ := strings.Cut(field, ".")
	if p := c.parts[typ]; p != nil {
		v, _ := p.Text(path)
		return v
	}
	return ""
}

func (c *conversion) remove(field string) {
	typ, path, _ := strings.Cut(field, ".")
	if p := c.parts[typ]; p != nil {
		p.Root.Remove(path)
	}
}

// setupNames are the endings that Setup's migration gives to an app's parts;
// those of SAML follow the others, for no migrated SAML app was seen.
var setupNames = map[string]string{
	tOauth: "_defOauthSet", tGlobal: "_defGlblOauthSet", tPolicy: "_defOauthPlcy", tAccess: "_defPlcy", tSecure: "_defOauthSecuritySet",
	tSaml: "_defSamlPlcy", tCanvas: "_defCanvasSet",
}

// maxName is how long the name of a component may be.
const maxName = 80

// components names what the app becomes and puts it in order.
func (c *conversion) components() []*metadata.Component {
	app := c.appName()
	var list []*metadata.Component
	for _, p := range c.parts {
		typ := c.table.Type(p.Type)
		p.Name = app
		label := ""
		switch {
		case p.Type == tApp:
		case c.options.LikeSetup:
			p.Name = shorten(app, setupNames[p.Type])
		default:
			p.Name = shorten(app, strings.TrimPrefix(spec.ComponentName(typ, app), app))
		}
		if p.Type != tApp {
			label = p.Name
			p.Root.Add(&metadata.Element{Name: metadata.FieldApp, Text: app})
		}
		if p.Type == tApp {
			label = c.options.Label // where the Connected App has none
		}
		if p.Type == tSecure && c.options.LikeSetup {
			label = shorten(app, "_oauthSecurity") // as the platform labels what it back-fills
		}
		if label != "" && p.Root.Child(metadata.FieldLabel) == nil {
			p.Root.Add(&metadata.Element{Name: metadata.FieldLabel, Text: label})
		}
		c.table.Sort(p.Root, typ)
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *metadata.Component) int { return strings.Compare(a.Type, b.Type) })
	return list
}

// shorten makes room for an ending in a name.
func shorten(app, ending string) string {
	if over := len(app) + len(ending) - maxName; over > 0 {
		app = strings.TrimRight(app[:len(app)-over], "_")
	}
	return app + ending
}
