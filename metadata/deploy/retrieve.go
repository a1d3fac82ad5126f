package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
)

// Wanted says what Retrieve reads.
type Wanted struct {
	Apps          bool // External Client Apps with all their parts
	ConnectedApps bool
	Settings      bool     // the org's switches for both
	Names         []string // of apps; nil for all
	KeepOrgValues bool     // keep what only an org writes
}

// settingsNames are the org's settings that decide about apps.
var settingsNames = []string{"ConnectedApp", "ExternalClientApp", "OauthOidc"}

// Retrieved is what an org handed out.
type Retrieved struct {
	Components   []*metadata.Component // by type and name
	NotHandedOut []string              // "Type name" of what it lists and does not give: apps of packages
	Problems     diag.Problems
	Version      metadata.Version
}

// Retrieve reads an org's apps and settings in one retrieve. Secrets, should an
// org give any, are dropped.
func Retrieve(ctx context.Context, c *org.Client, w Wanted) (*Retrieved, error) {
	t := metadata.Schema()
	listed, err := c.List(ctx, w.types(t, c.Version())...)
	if err != nil {
		return nil, fmt.Errorf("listing what the org has: %w", err)
	}
	out := &Retrieved{Version: c.Version(), NotHandedOut: []string{}}
	m := &metadata.Manifest{Version: c.Version()}
	for _, f := range listed {
		if f.NamespacePrefix != "" && f.Type != "ExtlClntAppOauthConfigurablePolicies" && f.Type != "ExtlClntAppConfigurablePolicies" {
			out.NotHandedOut = append(out.NotHandedOut, f.Type+" "+f.FullName)
			continue
		}
		if f.Type == metadata.TypeConnectedApp && w.Names != nil && !slices.Contains(w.Names, f.FullName) {
			continue
		}
		m.AddName(f.Type, f.FullName)
	}
	if w.Settings {
		for _, name := range settingsNames {
			m.AddName("Settings", name)
		}
	}
	slices.Sort(out.NotHandedOut)
	if len(m.Types()) == 0 {
		return out, nil
	}
	got, err := c.Retrieve(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("retrieving: %w", err)
	}
	out.Problems = got.Problems
	for _, text := range got.Messages {
		out.Problems = append(out.Problems, &diag.Problem{Level: diag.Warning, Code: "ECA514", Message: "the org says: " + text})
	}
	for _, component := range got.Components {
		if w.keeps(component) {
			out.Components = append(out.Components, strip(component, w.KeepOrgValues))
		}
	}
	return out, w.missing(out)
}

// types are those to be listed.
func (w Wanted) types(t *metadata.Table, v metadata.Version) []string {
	var types []string
	if w.Apps {
		types = append(types, metadata.TypeApp)
		for _, typ := range t.AppTypes() {
			if typ.Has(v) && typ.Name != metadata.TypeApp {
				types = append(types, typ.Name)
			}
		}
	}
	if w.ConnectedApps {
		types = append(types, metadata.TypeConnectedApp)
	}
	return types
}

// keeps tells whether a component is of an app that was asked for.
func (w Wanted) keeps(c *metadata.Component) bool {
	if w.Names == nil {
		return true
	}
	app := c.App()
	if c.Type == metadata.TypeConnectedApp {
		app = c.Name
	}
	return slices.Contains(w.Names, app) || slices.Contains(w.Names, metadata.BareName(app))
}

// missing is the error of names that the org does not have.
func (w Wanted) missing(out *Retrieved) error {
	for _, name := range w.Names {
		if !slices.ContainsFunc(out.Components, func(c *metadata.Component) bool {
			return c.App() == name || metadata.BareName(c.App()) == name || c.Type == metadata.TypeConnectedApp && c.Name == name
		}) {
			return &diag.Problem{Code: "ECA502", Message: "the org has no app " + name, Hint: "ecactl retrieve without a name writes all that there are"}
		}
	}
	return nil
}

// secrets are never written; org values only on request.
var (
	secrets   = []string{"consumerSecret"}
	orgValues = []string{"oauthLink", "orgScopedExternalApp", "consumerKey"}
)

func strip(c *metadata.Component, keep bool) *metadata.Component {
	roots := []*metadata.Element{c.Root}
	if config := c.Root.Child("oauthConfig"); config != nil {
		roots = append(roots, config)
	}
	for _, root := range roots {
		for _, name := range secrets {
			root.Remove(name)
		}
		for _, name := range orgValues {
			if !keep && c.Type != metadata.TypeConnectedApp {
				root.Remove(name)
			}
		}
	}
	return c
}

// Files encodes what was retrieved, with its package.xml in mdapi layout.
func Files(r *Retrieved, layout metadata.Layout) ([]metadata.File, error) {
	t := metadata.Schema()
	m := &metadata.Manifest{Version: r.Version}
	var files []metadata.File
	for _, c := range r.Components {
		data, err := t.Encode(c)
		if err != nil {
			return nil, fmt.Errorf("writing %s %s: %w", c.Type, c.Name, err)
		}
		path, err := pathOf(t, c, layout)
		if err != nil {
			return nil, err
		}
		if t.Type(c.Type) == nil {
			m.AddName("Settings", strings.TrimSuffix(c.Type, "Settings"))
		} else {
			m.Add(t, c)
		}
		files = append(files, metadata.File{Path: path, Data: data})
	}
	if layout == metadata.MDAPI && len(files) > 0 {
		data, err := m.EncodeMarked()
		if err != nil {
			return nil, err
		}
		files = append(files, metadata.File{Path: "package.xml", Data: data})
	}
	return files, nil
}

// pathOf is the table's path, and for settings that it does not know that of
// every settings file.
func pathOf(t *metadata.Table, c *metadata.Component, layout metadata.Layout) (string, error) {
	name, ok := strings.CutSuffix(c.Type, "Settings")
	if t.Type(c.Type) != nil || !ok {
		return t.Path(c, layout)
	}
	file := "settings/" + name + ".settings"
	if layout == metadata.Source {
		file += "-meta.xml"
	}
	return file, nil
}
