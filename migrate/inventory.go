package migrate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// An Inventory is everything that an audit looks at.
type Inventory struct {
	Apps      []*App
	Namespace string // of the project or org itself; apps with another are a vendor's

	Limits Limits

	evidence  *Evidence           // nil where files were read
	org       *App                // the org as rules see it; nil if nothing is known of it
	ecas      map[string]*App     // by key
	callbacks map[string][]string // callback to the names of the apps that have it
}

// FromFiles makes an inventory of what was read from files. Files that could
// not be read are apps of which no more is known than their other files say.
func FromFiles(read *metadata.Collection) *Inventory {
	inv := &Inventory{Namespace: read.Namespace, Limits: DefaultLimits}
	for _, c := range read.Components {
		if c.Type == metadata.TypeConnectedApp {
			label, _ := c.Text("label")
			inv.Apps = append(inv.Apps, &App{
				Kind: KindConnectedApp, Name: c.Name, Label: label, File: c.File,
				parts: map[string]*metadata.Component{c.Type: c},
			})
		}
	}
	assembled, _ := metadata.Schema().Assemble(read.Components) // its remarks are for import and lint
	for _, a := range assembled {
		inv.Apps = append(inv.Apps, ecaApp(a))
	}
	known := map[[2]string]*App{}
	for _, a := range inv.Apps {
		known[[2]string{a.Kind, a.Name}] = a
	}
	for _, u := range read.Unreadable {
		kind := KindConnectedApp
		if u.Type != metadata.TypeConnectedApp {
			if u.Type != metadata.TypeApp {
				continue // a satellite: its app is known from its other files
			}
			kind = KindECA
		}
		if a := known[[2]string{kind, u.Name}]; a != nil {
			a.Unreadable = u.Problem
			continue
		}
		inv.Apps = append(inv.Apps, &App{Kind: kind, Name: u.Name, File: u.File, Unreadable: u.Problem})
	}
	inv.index()
	return inv
}

func ecaApp(a *metadata.App) *App {
	app := &App{Kind: KindECA, Name: a.Name, parts: map[string]*metadata.Component{}}
	for _, c := range a.Components() {
		if app.parts[c.Type] == nil {
			app.parts[c.Type] = c
		}
	}
	first := a.Components()[0]
	app.File = first.File
	if a.Header != nil {
		app.Label, _ = a.Header.Text("label")
	}
	return app
}

// read tells whether a source of an org was read whole.
func (inv *Inventory) read(source string) bool {
	return inv.evidence != nil && inv.evidence.state(source) == SourceOK
}

// index sorts the apps and notes what rules ask about several apps at once.
func (inv *Inventory) index() {
	slices.SortStableFunc(inv.Apps, func(a, b *App) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
	inv.ecas, inv.callbacks = map[string]*App{}, map[string][]string{}
	noted := map[[2]string]bool{}
	for _, a := range inv.Apps {
		key := inv.key(a.Name)
		if a.Kind == KindECA {
			inv.ecas[key] = a
		}
		for _, c := range a.list("callbacks") {
			if !noted[[2]string{c, key}] {
				noted[[2]string{c, key}] = true
				inv.callbacks[c] = append(inv.callbacks[c], a.Name)
			}
		}
	}
}

// key is the same for two names of one app: their case does not count, nor
// whether the namespace is written that is the project's own. Satellites write
// it, Connected Apps and headers do not.
func (inv *Inventory) key(name string) string {
	if ns := metadata.NamespaceOf(name); ns != "" && strings.EqualFold(ns, inv.Namespace) {
		name = metadata.BareName(name)
	}
	return strings.ToLower(name)
}

func (inv *Inventory) same(a, b string) bool { return inv.key(a) == inv.key(b) }

// successor returns the External Client App that has a Connected App's name.
func (inv *Inventory) successor(a *App) *App {
	if a.Kind != KindConnectedApp {
		return nil
	}
	return inv.ecas[inv.key(a.Name)]
}
