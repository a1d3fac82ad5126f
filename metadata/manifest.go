package metadata

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A Manifest is a package.xml: which components a deploy or retrieve is about.
// A destructiveChanges.xml has the same form and no version.
type Manifest struct {
	Version Version // 0 writes none
	members map[string]map[string]bool
}

// Add puts a component into the manifest.
func (m *Manifest) Add(t *Table, c *Component) {
	if s := t.Type(c.Type); s != nil && s.IsSettings() {
		m.add("Settings", s.SettingsName())
		return
	}
	m.add(c.Type, c.Name)
}

// AddName puts a name of a type into the manifest; "*" stands for all of them.
func (m *Manifest) AddName(typ, name string) { m.add(typ, name) }

func (m *Manifest) add(typ, name string) {
	if m.members == nil {
		m.members = map[string]map[string]bool{}
	}
	if m.members[typ] == nil {
		m.members[typ] = map[string]bool{}
	}
	m.members[typ][name] = true
}

// Types returns the types that the manifest names, sorted.
func (m *Manifest) Types() []string { return slices.Sorted(maps.Keys(m.members)) }

// Has tells whether the manifest names a component, by itself or with "*".
func (m *Manifest) Has(typ, name string) bool { return m.members[typ][name] || m.members[typ]["*"] }

// Members returns the full names of a type, sorted.
func (m *Manifest) Members(typ string) []string { return slices.Sorted(maps.Keys(m.members[typ])) }

// generatedMark is how generate knows a package.xml of its own, and with it a
// folder in mdapi layout that it may bring up to date. Parsers skip it.
const generatedMark = "<!-- written by ecactl generate -->\n"

// Encode writes the manifest: types and members sorted.
func (m *Manifest) Encode() ([]byte, error) {
	root := &Element{Name: "Package"}
	for _, typ := range m.Types() {
		types := root.Add(&Element{Name: "types"})
		for _, name := range m.Members(typ) {
			types.Add(&Element{Name: "members", Text: name})
		}
		types.Add(&Element{Name: "name", Text: typ})
	}
	if m.Version != 0 {
		root.Add(&Element{Name: "version", Text: m.Version.String()})
	}
	return encode(root, "package.xml")
}

// EncodeMarked is Encode with the mark by which a later run knows its own work.
func (m *Manifest) EncodeMarked() ([]byte, error) {
	data, err := m.Encode()
	if err != nil {
		return nil, err
	}
	head := bytes.IndexByte(data, '\n') + 1
	return slices.Concat(data[:head], []byte(generatedMark), data[head:]), nil
}

// DecodeManifest reads a package.xml or destructiveChanges.xml.
func DecodeManifest(file string, data []byte) (*Manifest, error) {
	c, _, err := Decode(file, data)
	if err != nil {
		return nil, err
	}
	fail := func(e *Element, format string, args ...any) error {
		return &diag.Problem{Pos: e.Pos, Code: "ECA235", Message: fmt.Sprintf(format, args...)}
	}
	if c.Type != "Package" {
		return nil, fail(c.Root, "the root element is <%s>, and that of a manifest <Package>", c.Type)
	}
	m := &Manifest{}
	for _, e := range c.Root.Children {
		switch e.Name {
		case "types":
			name := e.Child("name")
			if name == nil || strings.TrimSpace(name.Text) == "" {
				return nil, fail(e, "<types> without <name>")
			}
			for _, member := range e.Children {
				if member.Name == "members" {
					m.add(strings.TrimSpace(name.Text), strings.TrimSpace(member.Text))
				}
			}
		case "version":
			if m.Version, err = ParseVersion(strings.TrimSpace(e.Text)); err != nil {
				return nil, fail(e, "%s", err)
			}
		}
	}
	return m, nil
}
