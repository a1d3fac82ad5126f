package spec

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// ImportOptions say how specs are made of components.
type ImportOptions struct {
	KeepOrgValues bool             // keep what only an org writes, under "orgBound"
	Version       metadata.Version // API version that specs are to say; 0 is one that fits
	Table         *metadata.Table
}

// An Imported is one spec made of components.
type Imported struct {
	Name string // for a file: unique in one import, and safe as a file name
	Kind string
	YAML []byte
}

// orgValues are the fields that only an org writes.
var orgValues = []string{tApp + ".orgScopedExternalApp", tOauth + ".oauthLink", tGlobal + ".consumerKey"}

// Import makes a spec of each app, and of the org's switches, among components.
//
// A spec that Build turns back into the same components is what it looks for.
// Each value is written under its key; where the key would not give back what
// the file has (an unknown element or value, a list with odd separators, a
// label that is missing), the element is kept under "metadata" as it stands. So
// nothing is lost but secrets, comments and, without KeepOrgValues, what only
// an org writes.
func Import(components []*metadata.Component, o ImportOptions) ([]Imported, diag.Problems) {
	im := &importer{options: o, table: o.Table, taken: map[string]bool{}}
	if im.table == nil {
		im.table = metadata.Schema()
	}
	im.scopes = Scopes(im.table)
	apps, problems := im.table.Assemble(components)
	im.problems = problems
	for _, app := range apps {
		for n, parts := range im.documents(app) {
			im.document(app.Name, n, parts)
		}
	}
	for _, c := range components {
		if c.Type == tOrg {
			im.settings(c)
		}
	}
	return im.done, im.problems.Sort()
}

type importer struct {
	options  ImportOptions
	table    *metadata.Table
	scopes   []Scope
	taken    map[string]bool
	done     []Imported
	problems diag.Problems
}

func (im *importer) warn(pos diag.Pos, code, hint, format string, args ...any) {
	im.problems = append(im.problems, &diag.Problem{Pos: pos, Level: diag.Warning, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// documents deals an app's components out so that each document has one of a
// type: the first gets those that Setup would have named so, the next the rest.
func (im *importer) documents(app *metadata.App) []map[string]*metadata.Component {
	docs := []map[string]*metadata.Component{{}}
	parts := slices.Clone(app.Components())
	slices.SortStableFunc(parts, func(a, b *metadata.Component) int {
		usual := func(c *metadata.Component) int {
			if c.Name == satelliteName(im.table.Type(c.Type), app.Name) {
				return 0
			}
			return 1
		}
		return usual(a) - usual(b)
	})
	for _, c := range parts {
		if why, out := leftOut[c.Type]; out {
			im.warn(diag.Pos{File: c.File}, "ECA311", "", "%s %s is not imported: %s", c.Type, c.Name, why)
			continue
		}
		n := 0
		for n < len(docs) && docs[n][c.Type] != nil {
			n++
		}
		if n == len(docs) {
			docs = append(docs, map[string]*metadata.Component{})
		}
		docs[n][c.Type] = c
	}
	return docs
}

// document writes the nth document of an app.
func (im *importer) document(app string, n int, parts map[string]*metadata.Component) {
	if len(parts) == 0 {
		return
	}
	r := im.reading(parts)
	doc := &draft{importer: im, kind: KindApp, name: app, reading: r, heads: im.heads(app, r, n)}
	im.write(doc, app)
}

func (im *importer) settings(c *metadata.Component) {
	r := im.reading(map[string]*metadata.Component{c.Type: c})
	im.write(&draft{importer: im, kind: KindSettings, reading: r}, "ExternalClientApp.settings")
}

func (im *importer) write(d *draft, name string) {
	root := d.compose()
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		im.warn(diag.Pos{}, "ECA312", "", "the spec of %s cannot be written: %s", name, err)
		return
	}
	im.done = append(im.done, Imported{Name: im.fileName(name), Kind: d.kind, YAML: out.Bytes()})
}

// fileName makes a name for a file: an app's name comes from a file and may
// hold anything.
func (im *importer) fileName(name string) string {
	if badName(name) != "" && name != "ExternalClientApp.settings" {
		name = mendName(name)
	}
	unique := name
	for i := 2; im.taken[strings.ToLower(unique)]; i++ {
		unique = fmt.Sprintf("%s-%d", name, i)
	}
	im.taken[strings.ToLower(unique)] = true
	return unique
}

// reading prepares components for the keys' get: copies, without what a spec
// never holds.
func (im *importer) reading(parts map[string]*metadata.Component) *reading {
	r := &reading{table: im.table, scopes: im.scopes, parts: map[string]*metadata.Component{}}
	for typ, c := range parts {
		clone := *c
		clone.Root = c.Root.Clone()
		im.dropSecrets(&clone)
		if !im.options.KeepOrgValues {
			for _, field := range orgValues {
				if owner, name, _ := strings.Cut(field, "."); owner == typ {
					clone.Root.Remove(name)
				}
			}
		}
		im.table.Sort(clone.Root, im.table.Type(typ))
		r.parts[typ] = &clone
	}
	return r
}

func (im *importer) dropSecrets(c *metadata.Component) {
	for _, secret := range slices.Sorted(maps.Keys(secretFields)) {
		parts := strings.Split(secret, ".")
		if parts[0] != c.Type {
			continue
		}
		blocks := c.All(strings.Join(parts[1:len(parts)-1], "."))
		if len(parts) == 2 {
			blocks = []*metadata.Element{c.Root}
		}
		for _, block := range blocks {
			e := block.Child(parts[len(parts)-1])
			if e == nil {
				continue
			}
			if e.Text != "" && e.Text != placeholder {
				im.warn(e.Pos, "ECA313", secretFields[secret]+"; take it out of this file too", "the secret %s is not imported", e.Name)
			}
			block.Remove(e.Name)
		}
	}
}

// reading is what the keys' get reads from.
type reading struct {
	table  *metadata.Table
	scopes []Scope
	parts  map[string]*metadata.Component
}

func (r *reading) elements(field string) []*metadata.Element {
	typ, path, _ := strings.Cut(field, ".")
	if c := r.parts[typ]; c != nil {
		return c.All(path)
	}
	return nil
}

func isPlain(e *metadata.Element) bool {
	return !e.Nil && len(e.Children) == 0 && len(e.Attrs) == 0
}

// text returns the value of a field that is there once and is plain.
func (r *reading) text(field string) (string, bool) {
	all := r.elements(field)
	if len(all) != 1 || !isPlain(all[0]) {
		return "", false
	}
	return all[0].Text, true
}

func (r *reading) hasPolicies() bool {
	return r.parts[tPolicy] != nil || r.parts[tApply] != nil
}

// heads says of each component what its type and the app do not: a name or a
// label other than usual, an API version other than the default.
func (im *importer) heads(app string, r *reading, n int) map[string]*headDraft {
	heads := map[string]*headDraft{}
	for _, typ := range appTypes(im.table) {
		c := r.parts[typ.Name]
		if c == nil {
			continue
		}
		h := &headDraft{versions: im.validAt(c)}
		usual := satelliteName(typ, app)
		if c.Name != usual {
			h.name = c.Name
		}
		label, has := r.text(typ.Name + "." + metadata.FieldLabel)
		if typ.Name != metadata.TypeApp && (!has || label != c.Name) {
			h.label = &label
		}
		if e := c.Root.Child(metadata.FieldLabel); e != nil && !has {
			im.warn(e.Pos, "ECA314", "", "%s.label cannot be kept as it stands", typ.Name)
		}
		heads[typ.Name] = h
	}
	if heads[metadata.TypeApp] == nil {
		heads[metadata.TypeApp] = &headDraft{leaveOut: true}
	}
	if n > 0 {
		return heads
	}
	// OAuth settings come in two files of which people keep one out of source
	// control; a spec without a word about it would be taken for a mistake.
	if heads[tOauth] != nil && heads[tGlobal] == nil {
		heads[tGlobal] = &headDraft{leaveOut: true}
	}
	if heads[tGlobal] != nil && heads[tOauth] == nil {
		heads[tOauth] = &headDraft{leaveOut: true}
	}
	return heads
}

type headDraft struct {
	name     string
	label    *string
	leaveOut bool
	versions []metadata.Version // for which the component is right; nil: none is known
	version  metadata.Version   // to be said; 0: the document's
}

// validAt lists the API versions at which everything in a component exists.
func (im *importer) validAt(c *metadata.Component) []metadata.Version {
	var valid []metadata.Version
	for v := metadata.OldestVersion; v <= im.table.Newest(); v++ {
		late := slices.ContainsFunc(im.table.Check(c, v), func(p *diag.Problem) bool { return p.Code == "ECA213" })
		scopes, _ := c.Text("commaSeparatedOauthScopes")
		for _, token := range SplitList(scopes) {
			s, ok := scopeByToken(im.scopes, token)
			late = late || ok && !s.Has(v)
		}
		if !late {
			valid = append(valid, v)
		}
	}
	return valid
}
