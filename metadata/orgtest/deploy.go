package orgtest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
)

// deployOptions are those of the Metadata API that matter here.
type deployOptions struct {
	CheckOnly       bool   `json:"checkOnly"`
	IgnoreWarnings  bool   `json:"ignoreWarnings"`
	RollbackOnError bool   `json:"rollbackOnError"`
	SinglePackage   bool   `json:"singlePackage"`
	PurgeOnDelete   bool   `json:"purgeOnDelete"`
	TestLevel       string `json:"testLevel"`
}

// deployment is one deploy. It is worked out when it is sent, and takes effect
// when it has been looked at often enough to be over.
type deployment struct {
	id        string
	options   deployOptions
	user      *User
	created   time.Time
	looks     int // how often it was found unfinished
	status    string
	done      bool
	success   bool
	error     string
	messages  []message
	total     int
	files     int
	zipSize   int
	canceled  *User
	completed time.Time
	apply     func() // saves what it has changed
	source    []byte // of a validation, for a quick deploy
}

// begin takes a deploy in.
func (o *Org) begin(data []byte, options deployOptions, user *User) *deployment {
	d := &deployment{id: o.newID("deploy"), options: options, user: user, created: o.cfg.Now().UTC(), status: "Pending", zipSize: len(data)}
	o.deploys[d.id] = d
	o.work(d, data)
	if options.CheckOnly && options.TestLevel != "" && options.TestLevel != "NoTestRun" {
		d.source = data
	}
	return d
}

// look is a client asking for the state of a deploy: each look moves it on.
func (o *Org) look(d *deployment) {
	if d.done {
		return
	}
	if kind := o.deployFault(); kind != "" && o.disturb(d, kind) {
		return
	}
	if d.looks < o.cfg.PendingPolls {
		d.looks++
		if d.looks > 1 {
			d.status = "InProgress"
		}
		return
	}
	o.finish(d)
}

// finish ends a deploy: what it has worked out takes effect.
func (o *Org) finish(d *deployment) {
	d.done, d.completed = true, o.cfg.Now().UTC()
	failed := slices.ContainsFunc(d.messages, func(m message) bool { return m.Problem != "" && (!m.Warning || !d.options.IgnoreWarnings) })
	saved := slices.ContainsFunc(d.messages, func(m message) bool { return m.Problem == "" && m.Type != "" })
	switch {
	case d.error != "":
		d.status = "Failed"
	case failed && !d.options.RollbackOnError && saved:
		d.status = "SucceededPartial"
	case failed:
		d.status = "Failed"
	default:
		d.status, d.success = "Succeeded", true
	}
	if d.apply != nil && !d.options.CheckOnly && d.status != "Failed" {
		d.apply()
	}
	d.apply = nil
}

// cancel ends a deploy for a user; it fails once the deploy is over.
func (o *Org) cancel(d *deployment, by *User) bool {
	if d.done || d.status == "Finalizing" {
		return false
	}
	d.done, d.status, d.canceled, d.completed, d.apply = true, "Canceled", by, o.cfg.Now().UTC(), nil
	return true
}

// entry is a file of a package.
type entry struct {
	path      string // below the package
	component *metadata.Component
	err       error
}

// unpack reads a deploy's zip: package.xml at its root, or in one top folder.
func (o *Org) unpack(data []byte) (files map[string][]byte, top string, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, "", fmt.Errorf("the zip cannot be read: %w", err)
	}
	contents := make([][]byte, len(z.File))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	const block = 64 // files: enough to be worth a goroutine
	for start := 0; start < len(contents); start += block {
		g.Go(func() (err error) {
			for i := start; i < min(start+block, len(contents)) && err == nil; i++ {
				contents[i], err = entryContent(z.File[i])
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, "", err
	}
	files = make(map[string][]byte, len(z.File))
	for i, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") {
			files[f.Name] = contents[i]
		}
	}
	if files["package.xml"] == nil {
		for name := range files {
			if dir, base := path.Split(name); base == "package.xml" && strings.Count(dir, "/") == 1 {
				top = dir
			}
		}
	}
	return files, top, nil
}

// entryContent unpacks one entry, however large it says that it is.
func entryContent(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	b.Grow(int(min(f.UncompressedSize64, metadata.MaxFileSize)) + bytes.MinRead)
	_, err = b.ReadFrom(io.LimitReader(r, metadata.MaxFileSize+1))
	return b.Bytes(), err
}

// work checks a deploy and prepares what it changes.
func (o *Org) work(d *deployment, data []byte) {
	files, top, err := o.unpack(data)
	if err != nil {
		d.error = "UNKNOWN_EXCEPTION: " + err.Error()
		return
	}
	d.files = len(files)
	manifest := &metadata.Manifest{Version: o.cfg.NewestVersion}
	raw := files[top+"package.xml"]
	if raw == nil {
		d.messages = append(d.messages, message{File: "package.xml", Name: "package.xml", Problem: "No package.xml found"})
		return
	}
	if manifest, err = metadata.DecodeManifest("package.xml", raw); err != nil {
		d.messages = append(d.messages, message{File: top + "package.xml", Name: "package.xml", Problem: "Error parsing package.xml: " + err.Error()})
		return
	}
	if manifest.Version == 0 || manifest.Version > o.cfg.NewestVersion {
		d.error = fmt.Sprintf("INVALID_FIELD_VALUE: Invalid version specified:%s", manifest.Version)
		return
	}
	d.messages = append(d.messages, message{Name: "package.xml", File: top + "package.xml", Changed: true})
	s := &staging{org: o, deploy: d, version: manifest.Version, top: top, parts: o.partsByApp(), apps: map[string]bool{}}
	for _, app := range o.sorted(metadata.TypeApp) {
		s.apps[app.Name] = true
	}
	s.destroy(files, "destructiveChangesPre.xml")
	s.destroy(files, "destructiveChanges.xml")
	s.read(manifest, files)
	s.destroy(files, "destructiveChangesPost.xml")
	s.check()
	d.total = len(d.messages) - 1
	d.apply = s.commit
}

// staging is a deploy that is worked out beside the org.
type staging struct {
	org     *Org
	deploy  *deployment
	version metadata.Version
	top     string
	entries []*entry
	parts   map[string]*stored // by app and type, with the deploy's own
	apps    map[string]bool
	fresh   []*stored
	gone    []*stored
}

// destroy reads what is to be deleted. A header takes its parts with it, as the
// Delete button in Setup does.
func (s *staging) destroy(files map[string][]byte, name string) {
	raw := files[s.top+name]
	if raw == nil {
		return
	}
	m, err := metadata.DecodeManifest(name, raw)
	if err != nil {
		s.deploy.messages = append(s.deploy.messages, message{File: s.top + name, Name: name, Problem: err.Error()})
		return
	}
	for _, typ := range m.Types() {
		for _, member := range m.Members(typ) {
			there := s.org.state.Components[key(typ, member)]
			out := message{Type: typ, Name: member, File: s.top + name, Deleted: true, Changed: true}
			switch {
			case there == nil:
				out = message{Type: typ, Name: member, File: s.top + name, Warning: true, Problem: fmt.Sprintf("No %s named: %s found", typ, member)}
			case there.Namespace != "":
				out.Problem, out.Deleted = "Cannot delete managed object: entity="+typ+", component="+member, false
			default:
				s.gone = append(s.gone, there)
				s.forget(there)
			}
			s.deploy.messages = append(s.deploy.messages, out)
		}
	}
}

func (s *staging) forget(c *stored) {
	delete(s.parts, key(c.app(), c.Type))
	if c.Type != metadata.TypeApp {
		return
	}
	delete(s.apps, c.Name)
	for _, part := range s.org.state.Components {
		if part.Type != metadata.TypeApp && part.Type != metadata.TypeConnectedApp && part.app() == c.Name {
			s.gone = append(s.gone, part)
			delete(s.parts, key(c.Name, part.Type))
		}
	}
}

// read decodes the files that the manifest names, on every core.
func (s *staging) read(m *metadata.Manifest, files map[string][]byte) {
	paths := slices.Sorted(maps.Keys(files))
	found := make([]*entry, len(paths))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range paths {
		name := strings.TrimPrefix(p, s.top)
		if !strings.Contains(name, "/") || strings.HasSuffix(name, "-meta.xml") && s.org.table.ComponentBySuffix(suffixOf(strings.TrimSuffix(name, "-meta.xml"))) == nil {
			continue
		}
		g.Go(func() error {
			found[i] = s.decode(name, files[p])
			return nil
		})
	}
	_ = g.Wait() // an entry keeps its own error
	named := map[string]bool{}
	for _, e := range found {
		if e == nil {
			continue
		}
		typ, name := e.component.Type, e.component.Name
		if t := s.org.table.Type(typ); t != nil && t.IsSettings() || strings.HasPrefix(e.path, "settings/") {
			typ = "Settings"
		}
		if !m.Has(typ, name) && s.org.table.Type(e.component.Type) != nil {
			continue // an org deploys what the manifest names
		}
		named[key(typ, name)] = true
		s.entries = append(s.entries, e)
	}
	for _, typ := range m.Types() {
		for _, name := range m.Members(typ) {
			if name != "*" && !named[key(typ, name)] && s.org.table.Type(typ) != nil {
				s.deploy.messages = append(s.deploy.messages, message{
					Type: typ, Name: name, File: s.top + "package.xml",
					Problem: fmt.Sprintf("An object '%s' of type %s was named in package.xml, but was not found in zipped directory", name, typ),
				})
			}
		}
	}
}

func suffixOf(name string) string { return strings.TrimPrefix(path.Ext(name), ".") }

// decode reads one file. What is of no type that the org knows is taken as it
// is: other clients deploy other things.
func (s *staging) decode(name string, data []byte) *entry {
	e := &entry{path: name}
	base := strings.TrimSuffix(path.Base(name), "-meta.xml")
	stem := strings.TrimSuffix(base, path.Ext(base))
	c, _, err := metadata.Decode(name, data)
	if err != nil {
		typ := ""
		if t := s.org.table.ComponentBySuffix(suffixOf(base)); t != nil {
			typ = t.Name
		}
		e.component, e.err = metadata.NewComponent(cmp.Or(typ, "Document"), stem), err
		return e
	}
	c.Name = stem
	if full := c.First("fullName"); full != nil && strings.TrimSpace(full.Text) != "" {
		c.Name = strings.TrimSpace(full.Text)
		c.Root.Remove("fullName")
	}
	e.component = c
	return e
}

// check asks of every component whether the org takes it. Parts see each other,
// whatever their order in the package.
func (s *staging) check() {
	for _, e := range s.entries {
		if e.err == nil && e.component.Type == metadata.TypeApp {
			s.apps[e.component.Name] = true
		}
	}
	for _, e := range s.entries {
		if e.err != nil {
			continue
		}
		fresh := &stored{Type: e.component.Type, Name: e.component.Name, root: e.component.Root}
		if k := key(fresh.app(), fresh.Type); s.parts[k] == nil || s.parts[k].Name == fresh.Name {
			s.parts[k] = fresh
		}
	}
	for _, e := range s.entries {
		s.deploy.messages = append(s.deploy.messages, s.judge(e)...)
	}
}

// judge checks one component and, if the org takes it, keeps it for commit.
func (s *staging) judge(e *entry) []message {
	c := e.component
	there := s.org.state.Components[key(c.Type, c.Name)]
	if slices.Contains(s.gone, there) {
		there = nil
	}
	t := &trial{org: s.org, c: c, file: e.path, version: s.version, there: there, parts: s.parts, apps: s.apps}
	out := message{Type: typeName(s.org.table, c.Type), Name: c.Name, File: s.top + e.path, Created: there == nil, Changed: true}
	if e.err != nil {
		out.Problem, out.Created, out.Changed = "Error parsing file: "+e.err.Error(), false, false
		return []message{out}
	}
	t.run()
	var list []message
	for _, f := range t.errors {
		bad := out
		bad.Problem, bad.Line, bad.Column, bad.Created, bad.Changed = f.text, f.line, f.col, false, false
		list = append(list, bad)
	}
	for _, f := range t.warnings {
		bad := out
		bad.Problem, bad.Warning = f.text, true
		list = append(list, bad)
	}
	if len(t.errors) > 0 {
		return list
	}
	if len(list) == 0 || s.deploy.options.IgnoreWarnings {
		fresh := &stored{Type: c.Type, Name: c.Name, root: c.Root}
		s.fresh = append(s.fresh, fresh)
	}
	if len(list) == 0 {
		if there != nil {
			out.ID = there.ID
		} else {
			out.ID = s.org.newID(c.Type)
		}
		list = append(list, out)
	}
	return list
}

// typeName is how a deploy calls a type: settings are all of one.
func typeName(t *metadata.Table, typ string) string {
	if known := t.Type(typ); known != nil && known.IsSettings() {
		return "Settings"
	}
	return typ
}

// commit saves a deploy: keys are minted, defaults written, and policies made
// where an app with OAuth has none.
func (s *staging) commit() {
	o := s.org
	for _, c := range s.gone {
		delete(o.state.Components, key(c.Type, c.Name))
		if c.Type == metadata.TypeApp {
			delete(o.state.Consumers, c.Name)
			o.release(c.Name)
		}
		if c.Type == metadata.TypeConnectedApp {
			delete(o.state.Consumers, "ca:"+c.Name) // its key is free again
		}
	}
	for _, c := range s.fresh {
		if c.Type == typeGlobal {
			o.mint(c)
		}
	}
	for _, c := range s.fresh {
		root := c.root.Clone()
		o.complete(c, root)
		o.put(&metadata.Component{Type: c.Type, Name: c.Name, Root: root})
	}
	o.makePolicies(s.fresh)
}
