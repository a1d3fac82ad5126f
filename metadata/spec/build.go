package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// Built is what one spec becomes.
type Built struct {
	Spec     *Spec
	App      *metadata.App       // nil for the org's switches
	Settings *metadata.Component // nil for an app
	Versions map[string]metadata.Version
	LeftOut  map[string]bool // types that the spec says are kept elsewhere
	keys     []string        // paths that the document says
	named    map[string]bool // types whose component the document gives a name
}

// Components returns the app's components, or the settings.
func (b *Built) Components() []*metadata.Component {
	if b.Settings != nil {
		return []*metadata.Component{b.Settings}
	}
	return b.App.Components()
}

// Version is the newest API version that a component is written for.
func (b *Built) Version() metadata.Version {
	v := metadata.Version(0)
	for _, c := range b.Components() {
		v = max(v, b.Versions[c.Type])
	}
	return v
}

// Says tells whether the document has a key.
func (b *Built) Says(path string) bool { return slices.Contains(b.keys, path) }

// Names tells whether the document says what the component of a type is called.
func (b *Built) Names(typ string) bool { return b.named[typ] }

// Build makes the components of a spec, each for the API version that is asked
// for: of Options, else of the component's own entry under "components", else
// of "metadataApiVersion", else the default. The components hold the places of
// the spec's values. An Error among the problems means that there are no
// components to be written.
func (s *Spec) Build() (*Built, diag.Problems) {
	b := newBuilder(s)
	b.collect()
	if slices.ContainsFunc(b.problems, func(p *diag.Problem) bool { return p.Level == diag.Error && p.Code != "ECA213" }) {
		return nil, b.problems
	}
	built := b.finish() // says of the rest, too, what the API version does not have
	if b.problems.Err() != nil {
		return nil, b.problems
	}
	return built, b.problems
}

func newBuilder(s *Spec) *builder {
	c := catalogOf(s.options.Table)
	return &builder{
		catalog: c, options: s.options, file: s.File, spec: s,
		components: map[string]*metadata.Component{}, heads: map[string]head{}, byField: map[string]int{},
	}
}

// collect walks the document and gathers what it says.
func (b *builder) collect() {
	b.readHeads()
	b.block(b.spec.root, trees()[b.spec.Kind], "")
	for _, f := range b.later {
		f()
	}
	b.verbatim(child(b.spec.root, "metadata"))
}

// builder collects elements while it walks a document.
type builder struct {
	*catalog
	options    Options
	file       string
	spec       *Spec
	components map[string]*metadata.Component // by type
	heads      map[string]head                // by type
	version    metadata.Version               // of the document
	keys       []string                       // that the document says
	byField    map[string]int                 // which field was set on which line
	asItStands bool                           // import compares: nothing is fitted to a version
	later      []func()
	problems   diag.Problems
}

// head is what "components" says of one type.
type head struct {
	name     string
	label    *yaml.Node // nil: not said
	version  metadata.Version
	leaveOut bool
	named    bool // listed, and so written even if nothing else is said
	pos      diag.Pos
}

func (b *builder) problem(n *yaml.Node, code, message, hint string) {
	b.problems = append(b.problems, &diag.Problem{Pos: at(b.file, n), Code: code, Message: message, Hint: hint})
}

// said returns the text of a key of the document, or "".
func (b *builder) said(path string) string {
	n := b.spec.root
	for name := range strings.SplitSeq(path, ".") {
		if n = child(n, name); n == nil {
			return ""
		}
	}
	return n.Value
}

// hasPolicies tells whether policy files are written: the document has
// policies, or says something that only a policy holds.
func (b *builder) hasPolicies() bool {
	p := child(b.spec.root, "policies")
	return p != nil && len(p.Content) > 0 || b.components[tPolicy] != nil || b.heads[tPolicy].named || b.heads[tApply].named
}

// ownKeys are the keys that are no entries of the table.
var ownKeys = map[string][]string{
	KindApp:      {"apiVersion", "kind", "name", "metadataApiVersion", "components", "metadata", "environments"},
	KindSettings: {"apiVersion", "kind", "metadataApiVersion", "metadata", "environments"},
}

// block walks a mapping beside the tree of keys.
func (b *builder) block(n *yaml.Node, tree *branch, path string) {
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if path == "" && slices.Contains(ownKeys[b.spec.Kind], key.Value) {
			continue
		}
		full := strings.TrimPrefix(path+"."+key.Value, ".")
		switch next := tree.children[key.Value]; {
		case next == nil:
			known := slices.Clone(tree.order)
			if path == "" {
				known = append(known, ownKeys[b.spec.Kind]...)
			}
			b.unknownKey(key, path, known)
		case next.key != nil:
			b.keys = append(b.keys, full)
			next.key.Value.put(b, next.key, value)
		case value.Kind != yaml.MappingNode && !isNull(value):
			b.wrongType(value, full, "a mapping")
		default:
			b.keys = append(b.keys, full)
			b.block(value, next, full)
		}
	}
}

// readHeads reads what must be known before the first field is set: names and
// versions.
func (b *builder) readHeads() {
	b.version = metadata.DefaultVersion
	if n := child(b.spec.root, "metadataApiVersion"); n != nil {
		b.version = b.apiVersion(n, "metadataApiVersion")
	}
	n := child(b.spec.root, "components")
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		b.wrongType(n, "components", "a mapping of components to names")
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		typ, ok := b.typeOf[key.Value]
		if !ok {
			b.unknownKey(key, "components", b.componentKeys())
			continue
		}
		b.heads[typ] = b.head(key.Value, value)
	}
}

func (b *builder) head(key string, n *yaml.Node) head {
	path := "components." + key
	h := head{named: true, pos: at(b.file, n)}
	switch {
	case n.Kind == yaml.ScalarNode && !quoted(n) && n.Value == "false":
		h.leaveOut, h.named = true, false
	case n.Kind == yaml.ScalarNode && !isNull(n):
		h.name = n.Value
	case n.Kind == yaml.MappingNode:
		b.unknownKeys(n, path, "name", "label", "apiVersion")
		if name := child(n, "name"); name != nil {
			h.name, _ = b.scalar(&Key{Path: path + ".name"}, name)
		}
		if label := child(n, "label"); label != nil {
			if _, ok := b.scalar(&Key{Path: path + ".label"}, label); ok {
				h.label = label
			}
		}
		if v := child(n, "apiVersion"); v != nil {
			h.version = b.apiVersion(v, path+".apiVersion")
		}
	default:
		b.wrongType(n, path, "a name, false, or {name, label, apiVersion}")
	}
	if h.name != "" {
		if why := badName(h.name); why != "" {
			b.problem(n, "ECA129", fmt.Sprintf("%q cannot be an API name: %s", h.name, why), "letters, digits and single underscores, beginning with a letter: "+mendName(h.name))
		}
	}
	return h
}

func (b *builder) apiVersion(n *yaml.Node, path string) metadata.Version {
	v, err := metadata.ParseVersion(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < metadata.OldestVersion || v > b.table.Newest() {
		b.problem(n, "ECA009", fmt.Sprintf("%s is not an API version that ecactl writes, for %q", kindOf(n), path),
			fmt.Sprintf("%s to %s", metadata.OldestVersion, b.table.Newest()))
		return metadata.DefaultVersion
	}
	return v
}

// versionOf is the API version for which components of a type are written.
func (b *builder) versionOf(typ string) metadata.Version {
	switch {
	case b.options.APIVersion != 0:
		return b.options.APIVersion
	case b.heads[typ].version != 0:
		return b.heads[typ].version
	}
	return b.version
}

// component returns the component of a type, made when first asked for. What is
// wrong with it as a whole is said of the place that asked first.
func (b *builder) component(typ string, pos diag.Pos) *metadata.Component {
	if c := b.components[typ]; c != nil {
		return c
	}
	c := metadata.NewComponent(typ, "")
	c.File = b.file
	c.Root.Pos = pos
	b.components[typ] = c
	return c
}

// place returns the element that a field's own is added to, and the field's
// name: blocks on the way are made.
func (b *builder) place(field string, pos diag.Pos) (*metadata.Element, string) {
	typ, path, _ := strings.Cut(field, ".")
	e := b.component(typ, pos).Root
	for {
		block, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			return e, path
		}
		next := e.Child(block)
		if next == nil {
			next = e.Add(&metadata.Element{Name: block, Pos: pos})
		}
		e, path = next, rest
	}
}

// set gives a field its value. Two keys for one field are a contradiction even
// if they agree, for they will not for long.
func (b *builder) set(field, value string, n *yaml.Node) {
	if first, ok := b.byField[field]; ok {
		b.problem(n, "ECA019", fmt.Sprintf("%s is said twice: on line %d and here", field, first), "delete one of the two")
		return
	}
	b.byField[field] = n.Line
	pos := at(b.file, n)
	e, name := b.place(field, pos)
	e.Add(&metadata.Element{Name: name, Text: value, Pos: pos})
}

// add adds one of a field's elements, for fields that repeat.
func (b *builder) add(field string, e *metadata.Element, n *yaml.Node) {
	b.byField[field] = n.Line
	e.Pos = at(b.file, n)
	to, name := b.place(field, e.Pos)
	e.Name = name
	to.Add(e)
}

// finish names the components, fills in what the platform requires, and makes
// each what its API version takes.
func (b *builder) finish() *Built {
	built := &Built{Spec: b.spec, Versions: map[string]metadata.Version{}, LeftOut: map[string]bool{}, keys: b.keys, named: map[string]bool{}}
	if b.spec.Kind == KindSettings {
		built.Settings = b.component(tOrg, b.spec.Pos)
		built.Settings.Name = b.table.Type(tOrg).SettingsName()
		b.conform(built, built.Settings)
		return built
	}
	built.App = &metadata.App{Name: b.spec.Name}
	for _, typ := range b.types {
		h := b.heads[typ.Name]
		c := b.components[typ.Name]
		switch {
		case h.leaveOut:
			built.LeftOut[typ.Name] = true
			if c != nil {
				b.problems = append(b.problems, &diag.Problem{
					Pos: c.Root.Children[0].Pos, Code: "ECA019",
					Message: fmt.Sprintf("components.%s is false, and this is a key of it", componentKey(typ.Name)), Hint: "delete one of the two",
				})
			}
			continue
		case c == nil && !h.named && typ.Name != metadata.TypeApp:
			continue
		}
		built.named[typ.Name] = h.name != ""
		c = b.component(typ.Name, b.spec.Pos)
		b.fill(c, typ, h)
		b.conform(built, c)
		if typ.Name == metadata.TypeApp {
			built.App.Header = c
		} else {
			built.App.Parts = append(built.App.Parts, c)
		}
	}
	return built
}

// filledIn are the values that are written although nobody said them: without
// them the platform refuses the file, or does not say what it takes them for.
var filledIn = []struct{ typ, field, value string }{
	{tApp, "distributionState", "Local"},
	{tApply, "isEnabled", "true"},
}

func (b *builder) fill(c *metadata.Component, typ *metadata.Type, h head) {
	c.Name = h.name
	if c.Name == "" {
		c.Name = satelliteName(typ, b.spec.Name)
	}
	if h.named {
		c.Root.Pos = h.pos
	}
	missing := func(field, value string) {
		if typ.Field(field) != nil && c.Root.Child(field) == nil {
			c.Root.Add(&metadata.Element{Name: field, Text: value, Pos: c.Root.Pos})
		}
	}
	for _, f := range filledIn {
		if f.typ == c.Type {
			missing(f.field, f.value)
		}
	}
	if c.Type != metadata.TypeApp {
		missing(metadata.FieldApp, b.spec.Name)
	}
	if h.label != nil {
		c.Root.Remove(metadata.FieldLabel)
		c.Root.Add(&metadata.Element{Name: metadata.FieldLabel, Text: h.label.Value, Pos: at(b.file, h.label)})
	}
	missing(metadata.FieldLabel, c.Name)
	if label := c.Root.Child(metadata.FieldLabel); label != nil && label.Text == "" && !label.Nil {
		c.Root.Remove(metadata.FieldLabel) // said to be empty: there is to be none
	}
	b.fillSecrets(c)
}

// fillSecrets writes a placeholder where a block must hold a secret to be
// well-formed; the block is of no use before somebody replaces it.
func (b *builder) fillSecrets(c *metadata.Component) {
	if c.Type != tPush {
		return
	}
	for _, secret := range slices.Sorted(maps.Keys(secretFields)) {
		typ, f := fieldAt(b.table, secret)
		parts := strings.Split(secret, ".")
		if parts[0] != c.Type || len(parts) != 3 || f == nil || !f.Required {
			continue
		}
		block := c.Root.Child(parts[1])
		if block == nil || block.Child(parts[2]) != nil {
			continue
		}
		block.Add(&metadata.Element{Name: parts[2], Text: placeholder, Pos: block.Pos})
		b.problems = append(b.problems, &diag.Problem{
			Pos: block.Pos, Level: diag.Warning, Code: "ECA020",
			Message: fmt.Sprintf("%s needs a secret %s, and generate writes %s in its place", typ.Name, f.Name, placeholder),
			Hint:    secretFields[secret],
		})
	}
}

// keyHint names the key of a field.
func keyHint(field string) string {
	for _, k := range slices.Concat(appKeys, orgKeys) {
		if slices.ContainsFunc(k.Fields, func(f string) bool { return f == field || strings.HasSuffix(f, "."+field) }) {
			return fmt.Sprintf("set %q", k.Path)
		}
	}
	return ""
}

func (b *builder) conform(built *Built, c *metadata.Component) {
	v := b.versionOf(c.Type)
	built.Versions[c.Type] = v
	if b.asItStands {
		b.table.Sort(c.Root, b.table.Type(c.Type))
		return
	}
	for _, p := range b.table.Conform(c, v) {
		if missing, ok := errors.AsType[*metadata.MissingError](p); ok && p.Hint == "" {
			p.Hint = keyHint(missing.Type + "." + missing.Field)
		}
		b.problems = append(b.problems, p)
	}
	b.table.Sort(c.Root, b.table.Type(c.Type))
}
