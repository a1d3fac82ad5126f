package orgtest

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

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
// when it has been looked at often enough to be over, or nobody has for a while.
type deployment struct {
	id        string
	options   deployOptions
	user      *User
	created   time.Time
	looked    time.Time // when it was looked at last, or made
	looks     int       // how often it was found unfinished
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
	d.looked = d.created
	o.deploys[d.id] = d
	o.running = append(o.running, d)
	o.work(d, data)
	if options.CheckOnly && options.TestLevel != "" && options.TestLevel != "NoTestRun" {
		d.source = data
	}
	return d
}

// unwatched is how long a deploy waits for a look before it moves on by itself. It
// is longer than the pauses of clients, so that tests say what looks find.
const unwatched = 3 * time.Second

// goOn moves on what nobody has looked at. The caller holds the lock.
func (o *Org) goOn() {
	now := o.cfg.Now().UTC()
	for _, d := range slices.Clone(o.running) {
		for !d.done && now.Sub(d.looked) >= unwatched {
			d.looked = d.looked.Add(unwatched)
			o.step(d)
			if d.done {
				d.completed = d.looked
			}
		}
	}
	o.running = slices.DeleteFunc(o.running, func(d *deployment) bool { return d.done })
}

// look is a client asking for the state of a deploy: each look moves it on. An org
// runs one deploy at a time, so those before it are moved on first.
func (o *Org) look(d *deployment) {
	d.looked = o.cfg.Now().UTC()
	for _, earlier := range o.running {
		if o.step(earlier); earlier == d || !earlier.done {
			return
		}
	}
}

// step moves a deploy on.
func (o *Org) step(d *deployment) {
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

// work checks a deploy and prepares what it changes.
func (o *Org) work(d *deployment, data []byte) {
	files, top, err := o.unpack(data)
	if err != nil {
		d.error = "UNKNOWN_EXCEPTION: " + err.Error()
		return
	}
	d.files = len(files)
	raw := files[top+"package.xml"]
	if raw == nil {
		d.messages = append(d.messages, message{File: "package.xml", Name: "package.xml", Problem: "No package.xml found"})
		return
	}
	s := &staging{org: o, deploy: d, top: top, apps: map[string]bool{}}
	var decoding sync.WaitGroup
	decoding.Go(func() { s.decodeAll(files) })
	manifest, err := metadata.DecodeManifest("package.xml", raw)
	decoding.Wait()
	if err != nil {
		d.messages = append(d.messages, message{File: top + "package.xml", Name: "package.xml", Problem: "Error parsing package.xml: " + err.Error()})
		return
	}
	if manifest.Version == 0 || manifest.Version > o.cfg.NewestVersion {
		d.error = fmt.Sprintf("INVALID_FIELD_VALUE: Invalid version specified:%s", manifest.Version)
		return
	}
	d.messages = append(d.messages, message{Name: "package.xml", File: top + "package.xml", Changed: true})
	s.version, s.parts = manifest.Version, o.partsByApp(len(s.entries))
	for _, app := range o.sorted(metadata.TypeApp) {
		s.apps[app.Name] = true
	}
	s.destroy(files, "destructiveChangesPre.xml")
	s.destroy(files, "destructiveChanges.xml")
	s.choose(manifest)
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
	parts   map[part]*stored // with the deploy's own
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
	delete(s.parts, part{c.app(), c.Type})
	if c.Type != metadata.TypeApp {
		return
	}
	delete(s.apps, c.Name)
	for _, other := range s.org.state.Components {
		if other.Type != metadata.TypeApp && other.Type != metadata.TypeConnectedApp && other.app() == c.Name {
			s.gone = append(s.gone, other)
			delete(s.parts, part{c.Name, other.Type})
		}
	}
}

// decodeAll decodes the files of a package, on every core.
func (s *staging) decodeAll(files map[string][]byte) {
	paths := slices.Sorted(maps.Keys(files))
	found := make([]*entry, len(paths))
	metadata.Each(len(paths), func(i int) {
		name := strings.TrimPrefix(paths[i], s.top)
		if strings.Contains(name, "/") && (!strings.HasSuffix(name, "-meta.xml") || s.org.table.ComponentBySuffix(suffixOf(strings.TrimSuffix(name, "-meta.xml"))) != nil) {
			found[i] = s.decode(name, files[paths[i]])
		}
	})
	s.entries = slices.DeleteFunc(found, func(e *entry) bool { return e == nil })
}

// choose keeps the components that the manifest names: an org deploys no others.
func (s *staging) choose(m *metadata.Manifest) {
	type member struct{ typ, name string }
	named := make(map[member]bool, len(s.entries))
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool {
		typ, name := e.component.Type, e.component.Name
		if t := s.org.table.Type(typ); t != nil && t.IsSettings() || strings.HasPrefix(e.path, "settings/") {
			typ = "Settings"
		}
		if !m.Has(typ, name) && s.org.table.Type(e.component.Type) != nil {
			return true
		}
		named[member{typ, name}] = true
		return false
	})
	for _, typ := range m.Types() {
		for _, name := range m.Members(typ) {
			if name != "*" && !named[member{typ, name}] && typ != "Settings" && (s.org.table.Type(typ) != nil || !s.hasFile(name)) {
				s.deploy.messages = append(s.deploy.messages, message{
					Type: typ, Name: name, File: s.top + "package.xml",
					Problem: fmt.Sprintf("An object '%s' of type %s was named in package.xml, but was not found in zipped directory", name, typ),
				})
			}
		}
	}
}

// hasFile tells whether the package has a file of a component of a type that the
// org does not know.
func (s *staging) hasFile(name string) bool {
	return slices.ContainsFunc(s.entries, func(e *entry) bool {
		base := strings.TrimSuffix(path.Base(e.path), "-meta.xml")
		return base == path.Base(name) || strings.TrimSuffix(base, path.Ext(base)) == path.Base(name)
	})
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
	fresh := make([]stored, len(s.entries))
	for i, e := range s.entries {
		fresh[i] = stored{Type: e.component.Type, Name: e.component.Name, root: e.component.Root}
		if e.err != nil {
			continue
		}
		k := part{fresh[i].app(), fresh[i].Type}
		if other := s.parts[k]; other == nil || other.Name == fresh[i].Name {
			s.parts[k] = &fresh[i]
		}
	}
	s.deploy.messages = slices.Grow(s.deploy.messages, len(s.entries)+1)
	judged := make([]judgement, len(s.entries))
	metadata.Each(len(s.entries), func(i int) { judged[i] = s.judge(s.entries[i]) })
	for i, j := range judged {
		for _, m := range j.messages {
			switch {
			case m.Problem != "":
			case j.there != nil:
				m.ID = j.there.ID
			default:
				fresh[i].ID = s.org.newID(fresh[i].Type)
				m.ID = fresh[i].ID
			}
			s.deploy.messages = append(s.deploy.messages, m)
		}
		if j.taken {
			s.fresh = append(s.fresh, &fresh[i])
		}
	}
}

// A judgement is what an org says of a component.
type judgement struct {
	messages []message // without ids, which are given in the order of the package
	there    *stored   // what it replaces, or nil
	taken    bool
}

// judge checks one component. It changes nothing, for components are judged side by
// side; what it looks at of others has been decoded, to find the parts of apps.
func (s *staging) judge(e *entry) judgement {
	c := e.component
	there := s.org.state.Components[key(c.Type, c.Name)]
	if slices.Contains(s.gone, there) {
		there = nil
	}
	t := &trial{org: s.org, c: c, file: e.path, version: s.version, there: there, parts: s.parts, apps: s.apps}
	out := message{Type: typeName(s.org.table, c.Type), Name: c.Name, File: s.top + e.path, Created: there == nil, Changed: true}
	if e.err != nil {
		out.Problem, out.Created, out.Changed = "Error parsing file: "+e.err.Error(), false, false
		return judgement{messages: []message{out}, there: there}
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
	taken := len(t.errors) == 0 && (len(list) == 0 || s.deploy.options.IgnoreWarnings)
	if len(list) == 0 {
		list = append(list, out)
	}
	return judgement{list, there, taken}
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
	metadata.Each(len(s.fresh), func(i int) { o.complete(s.fresh[i], s.fresh[i].root) })
	for _, c := range s.fresh {
		o.keep(c)
	}
	o.makePolicies(s.fresh)
}
