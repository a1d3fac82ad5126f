package spec

import (
	"fmt"
	"slices"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// Generated is the metadata of a set of specs, ready to be written.
type Generated struct {
	Built    []*Built
	Files    []metadata.File // components and the manifest
	Version  metadata.Version
	Problems diag.Problems // warnings; an error keeps Generate from returning anything
}

// BuildAll builds specs on every core, in their order.
func BuildAll(specs []*Spec) ([]*Built, diag.Problems) {
	results := make([]*Built, len(specs))
	found := make([]diag.Problems, len(specs))
	metadata.Each(len(specs), func(i int) { results[i], found[i] = specs[i].Build() })
	built := slices.DeleteFunc(results, func(b *Built) bool { return b == nil })
	return built, slices.Concat(found...)
}

// BuildSet builds specs that belong together: no two may become the same
// component, and it says of them what Generate says. Nothing comes back if any of
// them is in error.
func BuildSet(specs []*Spec) ([]*Built, diag.Problems) {
	g := &Generated{}
	var problems diag.Problems
	g.Built, problems = BuildAll(specs)
	for _, b := range g.Built {
		g.Version = max(g.Version, b.Version())
	}
	problems = append(problems, g.collisions()...)
	if problems.Err() != nil {
		return nil, problems.Sort()
	}
	return g.Built, append(problems, g.mixedVersions()...).Sort()
}

// Generate builds specs and encodes what they become, in one layout, with a
// package.xml that names it all. Nothing comes back if any of them is in error.
func Generate(specs []*Spec, layout metadata.Layout, t *metadata.Table) (*Generated, diag.Problems) {
	type result struct {
		built    *Built
		files    []metadata.File
		problems diag.Problems
	}
	results := make([]result, len(specs))
	metadata.Each(len(specs), func(i int) {
		r := &results[i]
		if r.built, r.problems = specs[i].Build(); r.built != nil {
			var err error
			r.files, err = encodeAll(r.built, layout, t)
			r.problems = append(r.problems, diag.From(err)...)
		}
	})
	g := &Generated{}
	manifest := &metadata.Manifest{}
	for _, r := range results {
		g.Problems = append(g.Problems, r.problems...)
		if r.built == nil {
			continue
		}
		g.Built = append(g.Built, r.built)
		g.Files = append(g.Files, r.files...)
		g.Version = max(g.Version, r.built.Version())
		for _, c := range r.built.Components() {
			manifest.Add(t, c)
		}
	}
	g.Problems = append(g.Problems, g.collisions()...)
	if g.Problems.Err() != nil {
		return nil, g.Problems.Sort()
	}
	g.Problems = append(g.Problems, g.mixedVersions()...).Sort()
	manifest.Version = g.Version
	data, err := manifest.EncodeMarked()
	if err != nil {
		return nil, diag.From(err)
	}
	g.Files = append(g.Files, metadata.File{Path: ManifestPath(layout), Data: data})
	return g, g.Problems
}

// ManifestPath is where a layout has its package.xml: sf looks for a manifest
// of source under manifest/, and the Metadata API at the root of its zip.
func ManifestPath(layout metadata.Layout) string {
	if layout == metadata.MDAPI {
		return "package.xml"
	}
	return "manifest/package.xml"
}

func encodeAll(b *Built, layout metadata.Layout, t *metadata.Table) ([]metadata.File, error) {
	var files []metadata.File
	for _, c := range b.Components() {
		data, err := t.Encode(c)
		if err != nil {
			return nil, err
		}
		p, err := t.Path(c, layout)
		if err != nil {
			return nil, err
		}
		files = append(files, metadata.File{Path: p, Data: data})
	}
	return files, nil
}

// collisions finds files that two specs would both write; names that differ in
// case alone are one file on many disks, and one name to Salesforce.
func (g *Generated) collisions() diag.Problems {
	var problems diag.Problems
	for _, p := range duplicates(g.Built) {
		p.Code = "ECA303"
		problems = append(problems, p)
	}
	return problems
}

// mixedVersions warns of components that no single deploy can take.
func (g *Generated) mixedVersions() diag.Problems {
	var problems diag.Problems
	for _, b := range g.Built {
		for _, c := range b.Components() {
			if v := b.Versions[c.Type]; v != g.Version {
				problems = append(problems, &diag.Problem{
					Pos: b.Spec.Pos, Level: diag.Warning, Code: "ECA306",
					Message: fmt.Sprintf("%s %s is written for API %s, and package.xml says %s", c.Type, c.Name, v, g.Version),
					Hint:    "one deploy has one version; --api-version sets it for all",
				})
				break
			}
		}
	}
	return problems
}

// Advice says what belongs into .forceignore for the Packaged apps of a set: the
// files with which a package build fails.
func (g *Generated) Advice(t *metadata.Table) []string {
	var lines []string
	for _, b := range g.Built {
		if b.App == nil || b.App.Header == nil {
			continue
		}
		if state, _ := b.App.Header.Text("distributionState"); state != "Packaged" {
			continue
		}
		for _, c := range b.App.Parts {
			suffix := t.Type(c.Type).Suffix
			line := "**/*." + suffix + "-meta.xml"
			if slices.Contains(unpackageable, suffix) && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// unpackageable are the suffixes that a second-generation package cannot carry:
// keys and secrets stay in the source org, policies are the subscriber's.
var unpackageable = []string{"ecaGlblOauth", "ecaOauthPlcy", "ecaOauthSecurity", "ecaPlcy", "ecaSamlPlcy", "ecaMobilePlcy", "ecaPushPlcy"}
