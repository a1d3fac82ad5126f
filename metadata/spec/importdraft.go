package spec

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
)

// draft is one document in the making.
type draft struct {
	importer *importer
	kind     string
	name     string
	reading  *reading
	heads    map[string]*headDraft
	version  metadata.Version // 0: the default

	dropped map[*Key]bool   // keys that would not give back what the file has
	raw     map[string]bool // "Type.element" to be kept as it stands
}

// compose tries the keys, compares what Build makes of them with what was
// there, and gives up a key for the element as it stands where they differ.
func (d *draft) compose() *yaml.Node {
	d.dropped, d.raw = map[*Key]bool{}, map[string]bool{}
	d.chooseVersions()
	for {
		root := d.root()
		differing, extra := d.compare(root)
		progress := false
		for _, field := range append(differing, extra...) {
			progress = d.giveUp(field) || progress
		}
		if !progress {
			d.reportLost(differing)
			return root
		}
	}
}

// giveUp drops the keys that touch a field, or keeps the field as it stands if
// no key is left to blame; false if both have been done.
func (d *draft) giveUp(field string) bool {
	progress := false
	for _, k := range Keys(d.kind) {
		touches := slices.ContainsFunc(k.Fields, func(f string) bool { return f == field || strings.HasPrefix(f, field+".") })
		if touches && !d.dropped[k] {
			d.dropped[k], progress = true, true
		}
	}
	if progress {
		return true
	}
	typ, name, _ := strings.Cut(field, ".")
	if c := d.reading.parts[typ]; d.raw[field] || c == nil || c.Root.Child(name) == nil {
		return false
	}
	d.raw[field] = true
	return true
}

func (d *draft) reportLost(differing []string) {
	for _, field := range differing {
		typ, name, _ := strings.Cut(field, ".")
		if e := d.reading.parts[typ].Root.Child(name); e != nil {
			d.importer.warn(e.Pos, "ECA314", "", "%s cannot be kept as it stands: attributes and repeated blocks out of order are lost", field)
		}
	}
}

// chooseVersions finds one API version for the document, and others for
// components that do not exist at it: files of one app may have been retrieved
// years apart.
func (d *draft) chooseVersions() {
	common := versionsFrom(metadata.OldestVersion, d.importer.table.Newest())
	for _, h := range d.heads {
		if h.leaveOut || len(h.versions) == 0 {
			continue
		}
		both := slices.DeleteFunc(slices.Clone(common), func(v metadata.Version) bool { return !slices.Contains(h.versions, v) })
		if len(both) > 0 {
			common = both
		}
	}
	if d.kind == KindSettings {
		common = d.importer.validAt(d.reading.parts[tOrg])
	}
	chosen := nearest(common)
	if v := d.importer.options.Version; slices.Contains(common, v) {
		chosen = v
	}
	if chosen != metadata.DefaultVersion {
		d.version = chosen
	}
	for _, h := range d.heads {
		if !h.leaveOut && len(h.versions) > 0 && !slices.Contains(h.versions, chosen) {
			h.version = nearest(h.versions)
		}
	}
}

func versionsFrom(from, to metadata.Version) []metadata.Version {
	var list []metadata.Version
	for v := from; v <= to; v++ {
		list = append(list, v)
	}
	return list
}

// nearest picks the version that is nearest to the default, the newer of two.
func nearest(versions []metadata.Version) metadata.Version {
	best := metadata.DefaultVersion
	if len(versions) == 0 {
		return best
	}
	return slices.MinFunc(versions, func(a, b metadata.Version) int {
		da, db := a-metadata.DefaultVersion, b-metadata.DefaultVersion
		return cmp.Or(cmp.Compare(max(da, -da), max(db, -db)), cmp.Compare(b, a))
	})
}

// root writes the document as it stands.
func (d *draft) root() *yaml.Node {
	root := &yaml.Node{Kind: yaml.MappingNode}
	putPath(root, "apiVersion", plainNode(FormatVersion))
	putPath(root, "kind", plainNode(d.kind))
	if d.kind == KindApp {
		putPath(root, "name", textNode(d.name))
	}
	if d.version != 0 {
		putPath(root, "metadataApiVersion", plainNode(d.version.String()))
	}
	covered := map[string]bool{}
	var orgBound []*Key
	for _, k := range Keys(d.kind) {
		if strings.HasPrefix(k.Path, "orgBound.") {
			orgBound = append(orgBound, k)
			continue
		}
		d.putKey(root, k, covered)
	}
	d.putLabel(root)
	d.putHeads(root)
	for _, k := range orgBound {
		d.putKey(root, k, covered)
	}
	d.putRaw(root)
	return root
}

func (d *draft) putKey(root *yaml.Node, k *Key, covered map[string]bool) {
	if d.dropped[k] {
		return
	}
	for _, f := range k.Fields {
		if covered[f] || d.raw[topField(f)] {
			return
		}
	}
	if n := k.Value.get(d.reading, k); n != nil {
		putPath(root, k.Path, n)
		for _, f := range k.Fields {
			covered[f] = true
		}
	}
}

// topField shortens "Type.block.field" to "Type.block".
func topField(path string) string {
	parts := strings.SplitN(path, ".", 3)
	return parts[0] + "." + parts[1]
}

// putLabel says that a header has no label, which otherwise is filled in.
func (d *draft) putLabel(root *yaml.Node) {
	if c := d.reading.parts[metadata.TypeApp]; c != nil && c.Root.Child(metadata.FieldLabel) == nil {
		putPath(root, "label", textNode(""))
	}
}

func (d *draft) putHeads(root *yaml.Node) {
	for _, typ := range appTypes(d.importer.table) {
		h := d.heads[typ.Name]
		if h == nil {
			continue
		}
		path := "components." + componentKey(typ.Name)
		switch {
		case h.leaveOut:
			putPath(root, path, boolNode(false))
		case h.label != nil || h.version != 0:
			if h.name != "" {
				putPath(root, path+".name", textNode(h.name))
			}
			if h.label != nil {
				putPath(root, path+".label", textNode(*h.label))
			}
			if h.version != 0 {
				putPath(root, path+".apiVersion", plainNode(h.version.String()))
			}
		case h.name != "" || d.isShell(typ.Name):
			putPath(root, path, textNode(cmp.Or(h.name, satelliteName(typ, d.name))))
		}
	}
}

// isShell tells a component that has nothing but its app and label, so that no
// key would make it.
func (d *draft) isShell(typ string) bool {
	return typ != metadata.TypeApp && !slices.ContainsFunc(d.reading.parts[typ].Root.Children, func(e *metadata.Element) bool {
		return e.Name != metadata.FieldApp && e.Name != metadata.FieldLabel
	})
}

// putRaw writes what is kept as it stands, under "metadata".
func (d *draft) putRaw(root *yaml.Node) {
	first := true
	for _, field := range slices.Sorted(maps.Keys(d.raw)) {
		typ, name, _ := strings.Cut(field, ".")
		var values []*yaml.Node
		for _, e := range d.reading.parts[typ].Root.Children {
			if e.Name == name {
				values = append(values, rawNode(e))
			}
		}
		value := values[0]
		if len(values) > 1 {
			value = &yaml.Node{Kind: yaml.SequenceNode, Content: values}
		}
		putPath(root, "metadata."+typ, &yaml.Node{Kind: yaml.MappingNode})
		block := child(child(root, "metadata"), typ)
		block.Content = append(block.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, value)
		if first {
			childKey(root, "metadata").HeadComment = "as it stands in the file, for no key above says quite this"
			first = false
		}
	}
}

// rawNode is the inverse of rawElement.
func rawNode(e *metadata.Element) *yaml.Node {
	switch {
	case e.Nil:
		return nullNode()
	case len(e.Children) == 0:
		return textNode(e.Text)
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, c := range e.Children {
		value := rawNode(c)
		there := child(n, c.Name)
		switch {
		case there == nil:
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: c.Name}, value)
		case there.Kind == yaml.SequenceNode:
			there.Content = append(there.Content, value)
		default:
			first := *there
			*there = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{&first, value}}
		}
	}
	return n
}

// compare builds the document and lists the fields, as "Type.element", that
// come out otherwise than they went in, and those that come out of nothing.
func (d *draft) compare(root *yaml.Node) (differing, extra []string) {
	copied := cloneNode(root)
	_ = interpolate("", copied, func(string) (string, bool) { return "", false }) // it was escaped: nothing is unresolved
	b := newBuilder(&Spec{Kind: d.kind, Name: d.name, root: copied, options: Options{Table: d.importer.table}})
	b.asItStands = true
	b.collect()
	built := map[string]*metadata.Element{}
	for _, c := range b.finish().Components() {
		built[c.Type] = c.Root
	}
	for _, typ := range slices.Sorted(maps.Keys(d.reading.parts)) {
		was, is := grouped(d.reading.parts[typ].Root), grouped(built[typ])
		for _, name := range slices.Sorted(maps.Keys(was)) {
			ofHead := name == metadata.FieldApp || name == metadata.FieldLabel && typ != metadata.TypeApp
			if !ofHead && !slices.EqualFunc(was[name], is[name], (*metadata.Element).Equal) {
				differing = append(differing, typ+"."+name)
			}
			delete(is, name)
		}
		delete(built, typ)
		extra = append(extra, unasked(typ, is)...)
	}
	for _, typ := range slices.Sorted(maps.Keys(built)) {
		extra = append(extra, unasked(typ, grouped(built[typ]))...)
	}
	return differing, extra
}

// unasked lists fields that were not there, but for those that are filled in.
func unasked(typ string, fields map[string][]*metadata.Element) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !isFilledIn(typ, name) && name != metadata.FieldApp && name != metadata.FieldLabel {
			list = append(list, typ+"."+name)
		}
	}
	return list
}

func isFilledIn(typ, field string) bool {
	return slices.ContainsFunc(filledIn, func(f struct{ typ, field, value string }) bool { return f.typ == typ && f.field == field })
}

func grouped(root *metadata.Element) map[string][]*metadata.Element {
	groups := map[string][]*metadata.Element{}
	if root == nil {
		return groups
	}
	for _, e := range root.Children {
		groups[e.Name] = append(groups[e.Name], e)
	}
	return groups
}

func cloneNode(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, inner := range n.Content {
		c.Content[i] = cloneNode(inner)
	}
	return &c
}
