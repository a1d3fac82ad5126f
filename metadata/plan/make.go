package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

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
		table: o.Table, apps: actual.apps(o.Table), manifest: &metadata.Manifest{}, destroy: &metadata.Manifest{},
		plan: &Plan{SchemaVersion: SchemaVersion, Org: o.Org, Changes: []Change{}, Notes: []string{}, Deploy: Package{Files: []PackageFile{}}},
	}
	built = slices.Clone(built)
	slices.SortStableFunc(built, func(a, b *spec.Built) int { return strings.Compare(a.Spec.Name, b.Spec.Name) })
	about := slices.Clone(o.Delete)
	for _, b := range built {
		about = append(about, b.Spec.Name)
		m.version = max(m.version, b.Version())
		if b.Settings != nil {
			m.app("", actual.settings(b.Settings.Type), nil, b)
			continue
		}
		m.app(b.App.Name, nil, m.apps[b.App.Name], b)
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
	table    *metadata.Table
	apps     map[string]*metadata.App // of the org, by the name that a spec has
	plan     *Plan
	version  metadata.Version
	deploy   []*metadata.Component
	manifest *metadata.Manifest
	destroy  *metadata.Manifest
	problems diag.Problems
}

// app compares one spec, and puts all of its components into the deploy if any
// of them changes.
func (m *maker) app(name string, settings *metadata.Component, there *metadata.App, b *spec.Built) {
	wanted := make([]*metadata.Component, 0, len(b.Components()))
	for _, c := range b.Components() {
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
			m.adapt(w, actual, b)
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
		m.plan.Changes = append(m.plan.Changes, change)
	}
	if changed {
		m.deploy = append(m.deploy, wanted...)
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
func (m *maker) adapt(w, actual *metadata.Component, b *spec.Built) {
	for _, name := range writtenByOrg {
		if w.Root.Child(name) != nil {
			w.Root.Remove(name)
			m.note("%s of %s is not deployed: only an org writes it", name, w.Name)
		}
	}
	if actual == nil {
		return
	}
	m.rename(w, actual, b)
	const global, cert = "ExtlClntAppGlobalOauthSettings", "certificate"
	if kept := actual.Root.Child(cert); w.Type == global && w.Root.Child(cert) == nil && kept != nil && !kept.Nil && kept.Text != "" {
		w.Root.Add(kept.Clone())
		m.table.Sort(w.Root, m.table.Type(w.Type))
		m.note("%s keeps the certificate that the org has; the spec names none, and without it JWT bearer logins end", b.Spec.Name)
	}
}

// rename takes over the name of the org, and a label that nobody chose.
func (m *maker) rename(w, actual *metadata.Component, b *spec.Built) {
	label := w.Root.Child(metadata.FieldLabel)
	chosen := label != nil && strings.TrimSpace(label.Text) != w.Name
	if w.Name != actual.Name && !m.table.Type(w.Type).IsSettings() && w.Type != metadata.TypeApp {
		if b.Names(w.Type) {
			m.note("%s %s is called %s in the org and keeps that name: an app has one of it", w.Type, w.Name, actual.Name)
		}
		w.Name = actual.Name
	}
	if there := actual.Root.Child(metadata.FieldLabel); label != nil && !chosen && there != nil && !there.Nil {
		label.Text = there.Text
	}
}

// remarkOnRest says what the org has of an app and the spec does not describe.
func (m *maker) remarkOnRest(name string, there *metadata.App, wanted []*metadata.Component) {
	if there == nil {
		return
	}
	for _, c := range there.Components() {
		if !slices.ContainsFunc(wanted, func(w *metadata.Component) bool { return w.Type == c.Type }) {
			m.note("%s %s of %s stays as it is: the spec does not describe it", c.Type, c.Name, name)
		}
	}
}

func (m *maker) note(format string, args ...any) {
	m.plan.Notes = append(m.plan.Notes, fmt.Sprintf(format, args...))
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
	m.manifest.Version = m.version
	data, err := m.manifest.Encode()
	if err != nil {
		return err
	}
	m.put("package.xml", data)
	if len(m.destroy.Types()) > 0 {
		if data, err = m.destroy.Encode(); err != nil {
			return err
		}
		m.put(destructive, data)
	}
	m.plan.Deploy.APIVersion = m.version.String()
	slices.SortFunc(m.plan.Deploy.Files, func(a, b PackageFile) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// encode writes the components, on every core.
func (m *maker) encode() error {
	files := make([]PackageFile, len(m.deploy))
	var g errgroup.Group
	const block = 64 // components: enough to be worth a goroutine
	for start := 0; start < len(files); start += block {
		g.Go(func() error {
			for i := start; i < min(start+block, len(files)); i++ {
				data, err := m.table.Encode(m.deploy[i])
				if err != nil {
					return err
				}
				path, err := m.table.Path(m.deploy[i], metadata.MDAPI)
				if err != nil {
					return err
				}
				files[i] = PackageFile{Path: path, Content: string(data)}
			}
			return nil
		})
	}
	for _, c := range m.deploy {
		m.manifest.Add(m.table, c)
	}
	err := g.Wait()
	m.plan.Deploy.Files = append(m.plan.Deploy.Files, files...)
	return err
}

func (m *maker) put(path string, data []byte) {
	m.plan.Deploy.Files = append(m.plan.Deploy.Files, PackageFile{Path: path, Content: string(data)})
}
