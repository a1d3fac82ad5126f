package plan

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// Raw is a plan that deploys components as they are, without looking at an org:
// for those who have looked, and want what Make leaves out, such as a consumer key
// at an app's creation. Such a plan may hold a secret, and is not to be saved.
func Raw(v metadata.Version, action Action, components ...*metadata.Component) (*Plan, error) {
	t := metadata.Schema()
	list := slices.Clone(components)
	sortComponents(list)
	m := &metadata.Manifest{Version: v}
	p := &Plan{SchemaVersion: SchemaVersion, Changes: []Change{}, Notes: []string{}, Deploy: Package{APIVersion: v.String()}}
	for _, c := range list {
		data, err := t.Encode(c)
		if err != nil {
			return nil, err
		}
		path, err := t.Path(c, metadata.MDAPI)
		if err != nil {
			return nil, err
		}
		m.Add(t, c)
		app := c.App()
		if c.Type == metadata.TypeConnectedApp {
			app = c.Name
		}
		p.Changes = append(p.Changes, Change{Action: action, Type: c.Type, Name: c.Name, App: app, Fields: []Field{}})
		p.Deploy.Files = append(p.Deploy.Files, PackageFile{path, data})
	}
	return p.closed(m)
}

// Removal is a plan that deletes components of a type, whatever an org has.
func Removal(v metadata.Version, typ string, names ...string) (*Plan, error) {
	gone := &metadata.Manifest{}
	p := &Plan{SchemaVersion: SchemaVersion, Changes: []Change{}, Notes: []string{}, Deploy: Package{APIVersion: v.String()}}
	for _, name := range slices.Sorted(slices.Values(names)) {
		gone.AddName(typ, name)
		p.Changes = append(p.Changes, Change{Action: Delete, Type: typ, Name: name, App: name, Fields: []Field{}})
	}
	data, err := gone.Encode()
	if err != nil {
		return nil, err
	}
	p.Deploy.Files = append(p.Deploy.Files, PackageFile{destructive, data})
	return p.closed(&metadata.Manifest{Version: v})
}

// closed puts the manifest into a package.
func (p *Plan) closed(m *metadata.Manifest) (*Plan, error) {
	data, err := m.Encode()
	if err != nil {
		return nil, err
	}
	p.Deploy.Files = append(p.Deploy.Files, PackageFile{"package.xml", data})
	slices.SortFunc(p.Deploy.Files, func(a, b PackageFile) int { return strings.Compare(a.Path, b.Path) })
	p.count()
	return p, nil
}
