package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Options say how a plan is made.
type Options struct {
	Org    Org
	Table  *metadata.Table // nil is the built-in one
	Delete []string        // API names of apps to be deleted
}

// Make compares specs with what an org has. An Error among the problems means
// that there is no plan.
func Make(built []*spec.Built, actual *Actual, o Options) (*Plan, diag.Problems) {
	o.Table = cmp.Or(o.Table, metadata.Schema())
	m := &maker{
		table: o.Table, apps: actual.apps(o.Table), connected: actual.ConnectedApps, manifest: &metadata.Manifest{}, destroy: &metadata.Manifest{},
		plan: &Plan{SchemaVersion: SchemaVersion, Org: o.Org, Notes: []string{}, Deploy: Package{Files: []PackageFile{}}},
	}
	built = slices.Clone(built)
	slices.SortStableFunc(built, func(a, b *spec.Built) int { return strings.Compare(a.Spec.Name, b.Spec.Name) })
	m.compare(built, actual)
	about := slices.Clone(o.Delete)
	for _, b := range built {
		about = append(about, b.Spec.Name)
		m.version = max(m.version, b.Version())
	}
	for _, name := range slices.Sorted(slices.Values(o.Delete)) {
		m.remove(name, built)
	}
	base, err := actual.Base(o.Table, about)
	if err != nil {
		return nil, diag.From(err)
	}
	m.plan.Base = base
	m.plan.count()
	if err := m.pack(); err != nil {
		m.problems = append(m.problems, diag.From(err)...)
	}
	if m.problems.Err() != nil {
		return nil, m.problems
	}
	return m.plan, m.problems
}

type maker struct {
	table     *metadata.Table
	apps      map[string]*metadata.App // of the org, by the name that a spec has
	connected []string                 // Connected Apps of the org
	plan      *Plan
	version   metadata.Version
	deploy    []*metadata.Component
	manifest  *metadata.Manifest
	destroy   *metadata.Manifest
	problems  diag.Problems
}

// compare compares specs with the org, on every core.
func (m *maker) compare(built []*spec.Built, actual *Actual) {
	compared := make([]comparedApp, len(built))
	metadata.Each(len(built), func(i int) {
		compared[i] = comparedApp{maker: m, built: built[i]}
		if settings := built[i].Settings; settings != nil {
			compared[i].run("", actual.settings(settings.Type), nil)
		} else {
			name := built[i].App.Name
			compared[i].run(name, nil, m.apps[name])
		}
	})
	components := 0
	for i := range compared {
		components += len(compared[i].changes)
	}
	m.plan.Changes = make([]Change, 0, components)
	m.deploy = make([]*metadata.Component, 0, components)
	for i := range compared {
		m.plan.Changes = append(m.plan.Changes, compared[i].changes...)
		m.plan.Notes = append(m.plan.Notes, compared[i].notes...)
		m.deploy = append(m.deploy, compared[i].deploy...)
	}
}

// A comparedApp is what comes of one spec. Specs are compared side by side.
type comparedApp struct {
	*maker
	built   *spec.Built
	changes []Change
	notes   []string
	deploy  []*metadata.Component
}

// run compares the spec, and puts all of its components into the deploy if any
// of them changes.
func (m *comparedApp) run(name string, settings *metadata.Component, there *metadata.App) {
	components := m.built.Components()
	wanted := make([]*metadata.Component, 0, len(components))
	m.changes = make([]Change, 0, len(components))
	for _, c := range components {
		wanted = append(wanted, &metadata.Component{Type: c.Type, Name: c.Name, Root: c.Root})
	}
	sortComponents(wanted)
	changed := false
	for _, w := range wanted {
		actual := settings
		if there != nil {
			actual = partOf(there, w.Type)
		}
		if actual != nil || slices.ContainsFunc(writtenByOrg, func(name string) bool { return w.Root.Child(name) != nil }) {
			w.Root = w.Root.Clone() // what adapt changes is the plan's own
			m.adapt(w, actual)
		}
		fields, unchanged := compare(m.table, actual, w)
		change := Change{Action: None, Type: w.Type, Name: w.Name, App: name, Fields: fields, Unchanged: unchanged}
		switch {
		case actual == nil:
			change.Action = Create
		case len(fields) > 0:
			change.Action = Update
		}
		changed = changed || change.Action != None
		m.changes = append(m.changes, change)
	}
	if changed {
		m.deploy = wanted
	}
	m.remarkOnRest(name, there, wanted)
}

// partOf finds an app's component of a type.
func partOf(app *metadata.App, typ string) *metadata.Component {
	if typ == metadata.TypeApp {
		return app.Header
	}
	return app.Part(typ)
}

// adapt makes a wanted component one that this org takes: under the name that
// the org has for it, without what only an org writes, and with the certificate
// that is there if the spec says nothing of one.
func (m *comparedApp) adapt(w, actual *metadata.Component) {
	for _, name := range writtenByOrg {
		if w.Root.Child(name) != nil {
			w.Root.Remove(name)
			m.note("%s of %s is not deployed: only an org writes it", name, w.Name)
		}
	}
	if actual == nil {
		return
	}
	m.rename(w, actual)
	const global, cert = "ExtlClntAppGlobalOauthSettings", "certificate"
	if kept := actual.Root.Child(cert); w.Type == global && w.Root.Child(cert) == nil && kept != nil && !kept.Nil && kept.Text != "" {
		w.Root.Add(kept.Clone())
		m.table.Sort(w.Root, m.table.Type(w.Type))
		m.note("%s keeps the certificate that the org has; the spec names none, and without it JWT bearer logins end", m.built.Spec.Name)
	}
}

// rename takes over the name of the org, and a label that nobody chose.
func (m *comparedApp) rename(w, actual *metadata.Component) {
	label := w.Root.Child(metadata.FieldLabel)
	chosen := label != nil && strings.TrimSpace(label.Text) != w.Name
	if w.Name != actual.Name && !m.table.Type(w.Type).IsSettings() && w.Type != metadata.TypeApp {
		if m.built.Names(w.Type) {
			m.note("%s %s is called %s in the org and keeps that name: an app has one of it", w.Type, w.Name, actual.Name)
		}
		w.Name = actual.Name
	}
	if there := actual.Root.Child(metadata.FieldLabel); label != nil && !chosen && there != nil && !there.Nil {
		label.Text = there.Text
	}
}

// remarkOnRest says what the org has of an app and the spec does not describe, and
// what it has under the name of a new one.
func (m *comparedApp) remarkOnRest(name string, there *metadata.App, wanted []*metadata.Component) {
	if there == nil {
		if slices.Contains(m.connected, name) {
			m.note("the org has a Connected App %s, and may refuse an External Client App of the same name (DUPLICATE_VALUE): migrate that one, or give this one another name", name)
		}
		return
	}
	for _, c := range there.Components() {
		if !slices.ContainsFunc(wanted, func(w *metadata.Component) bool { return w.Type == c.Type }) {
			m.note("%s %s of %s stays as it is: the spec does not describe it", c.Type, c.Name, name)
		}
	}
}

func (m *comparedApp) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

// remove plans the end of an app and all of its parts.
func (m *maker) remove(name string, built []*spec.Built) {
	app := m.apps[name]
	switch {
	case slices.ContainsFunc(built, func(b *spec.Built) bool { return b.Spec.Name == name }):
		m.fail("ECA501", "%s is to be deleted, and a spec wants it", "leave the spec out, or --delete", name)
		return
	case app == nil:
		m.fail("ECA502", "the org has no External Client App %s", m.suggest(name), name)
		return
	}
	list := slices.Clone(app.Components())
	sortComponents(list)
	for _, c := range list {
		m.plan.Changes = append(m.plan.Changes, Change{Action: Delete, Type: c.Type, Name: c.Name, App: name, Fields: []Field{}})
		m.destroy.Add(m.table, c)
	}
}

func (m *maker) suggest(name string) string {
	if hint := diag.DidYouMean(name, slices.Sorted(maps.Keys(m.apps))); hint != "" {
		return hint
	}
	return "ecactl retrieve lists what there is"
}

func (m *maker) fail(code, format, hint string, args ...any) {
	m.problems = append(m.problems, &diag.Problem{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// pack makes the files of the deploy.
func (m *maker) pack() error {
	if len(m.deploy) == 0 && len(m.destroy.Types()) == 0 {
		return nil
	}
	m.version = max(m.version, metadata.OldestVersion)
	if len(m.deploy) == 0 {
		m.version = metadata.DefaultVersion
	}
	if err := m.encode(); err != nil {
		return err
	}
	if len(m.destroy.Types()) > 0 {
		data, err := m.destroy.Encode()
		if err != nil {
			return err
		}
		m.plan.Deploy.Files = append(m.plan.Deploy.Files, PackageFile{destructive, data})
	}
	m.plan.Deploy.APIVersion = m.version.String()
	slices.SortFunc(m.plan.Deploy.Files, func(a, b PackageFile) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// encode writes the components, on every core, and the manifest beside them.
func (m *maker) encode() error {
	files, errs := make([]PackageFile, len(m.deploy)+1), make([]error, len(m.deploy)+1)
	var manifest sync.WaitGroup
	manifest.Go(func() {
		for _, c := range m.deploy {
			m.manifest.Add(m.table, c)
		}
		m.manifest.Version = m.version
		last := len(m.deploy)
		files[last].Path = "package.xml"
		files[last].Content, errs[last] = m.manifest.Encode()
	})
	metadata.Each(len(m.deploy), func(i int) {
		if files[i].Content, errs[i] = m.table.Encode(m.deploy[i]); errs[i] == nil {
			files[i].Path, errs[i] = m.table.Path(m.deploy[i], metadata.MDAPI)
		}
	})
	manifest.Wait()
	m.plan.Deploy.Files = files
	return cmp.Or(errs...)
}
