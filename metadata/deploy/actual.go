package deploy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
)

// Selection says what is read from an org.
type Selection struct {
	Table    *metadata.Table  // nil is the built-in one
	Version  metadata.Version // types that it does not have are not asked for
	Apps     []string         // API names; nil for every app
	Settings []string         // settings types, such as "ExternalClientAppSettings"

	// Likely are names, by type, under which the org probably has what is asked for.
	// They are read while the org lists what it has, which saves a round trip.
	Likely map[string][]string
}

// readAtOnce is how many components are read by themselves. Beyond it one
// retrieve is quicker, though it queues.
const readAtOnce = 50

// Actual reads what an org has of apps. Satellites are found by what they say
// and not by a name, so unless the org has none of the apps, all of them are
// read. Apps of managed packages are not: an org hands out none of their files.
func Actual(ctx context.Context, c *org.Client, s Selection) (*plan.Actual, error) {
	s.Table = cmp.Or(s.Table, metadata.Schema())
	var names map[string][]string
	var connected []string
	var early []*metadata.Component
	likely := s.likely()
	g, both := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		names, connected, err = list(both, c, s)
		return err
	})
	g.Go(func() (err error) {
		if early, err = readEach(both, c, likely); err != nil {
			err = fmt.Errorf("reading what the org has: %w", err)
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var err error
	actual := &plan.Actual{ConnectedApps: connected}
	total := 0
	for _, list := range names {
		total += len(list)
	}
	if total <= readAtOnce {
		if actual.Components, err = readEach(ctx, c, without(names, likely)); err == nil {
			early = slices.DeleteFunc(early, func(c *metadata.Component) bool { return !slices.Contains(names[c.Type], c.Name) })
			actual.Components = append(actual.Components, early...)
		}
	} else {
		actual.Components, err = retrieve(ctx, c, names)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what the org has: %w", err)
	}
	if s.Apps != nil {
		actual.Components = slices.DeleteFunc(actual.Components, func(c *metadata.Component) bool {
			app := c.App()
			return app != "" && !slices.Contains(s.Apps, app) && !slices.Contains(s.Apps, metadata.BareName(app))
		})
	}
	return actual, nil
}

// likely are the names that are read early: none, if there are too many.
func (s Selection) likely() map[string][]string {
	names, total := map[string][]string{}, 0
	for typ, list := range s.Likely {
		if t := s.Table.Type(typ); t != nil && t.Has(s.Version) {
			names[typ] = list
			total += len(list)
		}
	}
	if total > readAtOnce {
		return nil
	}
	return names
}

// without leaves out the names that are in known.
func without(names, known map[string][]string) map[string][]string {
	rest := map[string][]string{}
	for typ, list := range names {
		list = slices.DeleteFunc(slices.Clone(list), func(name string) bool { return slices.Contains(known[typ], name) })
		if len(list) > 0 {
			rest[typ] = list
		}
	}
	return rest
}

// list names the components to be read, by type, and the org's own Connected Apps,
// which are not.
func list(ctx context.Context, c *org.Client, s Selection) (names map[string][]string, connected []string, err error) {
	names = map[string][]string{}
	for _, typ := range s.Settings {
		if t := s.Table.Type(typ); t != nil && t.Has(s.Version) {
			names[typ] = []string{t.SettingsName()}
		}
	}
	if s.Apps != nil && len(s.Apps) == 0 {
		return names, nil, nil
	}
	var types []string
	for _, t := range s.Table.AppTypes() {
		if t.Has(s.Version) {
			types = append(types, t.Name)
		}
	}
	if !slices.Contains(types, metadata.TypeApp) {
		types = append(types, metadata.TypeApp)
	}
	found, err := c.List(ctx, append(types, metadata.TypeConnectedApp)...)
	if err != nil {
		return nil, nil, fmt.Errorf("listing what the org has: %w", err)
	}
	known := false
	for _, f := range found {
		if f.NamespacePrefix != "" {
			continue
		}
		if f.Type == metadata.TypeConnectedApp {
			connected = append(connected, f.FullName)
			continue
		}
		names[f.Type] = append(names[f.Type], f.FullName)
		known = known || f.Type == metadata.TypeApp && slices.Contains(s.Apps, f.FullName)
	}
	if s.Apps != nil && !known { // what has no app has no parts either
		maps.DeleteFunc(names, func(typ string, _ []string) bool { return !slices.Contains(s.Settings, typ) })
	}
	return names, connected, nil
}

func readEach(ctx context.Context, c *org.Client, names map[string][]string) ([]*metadata.Component, error) {
	types := slices.Sorted(maps.Keys(names))
	found := make([][]*metadata.Component, len(types))
	g, ctx := errgroup.WithContext(ctx)
	for i, typ := range types {
		g.Go(func() (err error) {
			found[i], err = c.Read(ctx, typ, names[typ])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

func retrieve(ctx context.Context, c *org.Client, names map[string][]string) ([]*metadata.Component, error) {
	m := &metadata.Manifest{Version: c.Version()}
	for typ, list := range names {
		for _, name := range list {
			if t := metadata.Schema().Type(typ); t != nil && t.IsSettings() {
				m.AddName("Settings", name)
				continue
			}
			m.AddName(typ, name)
		}
	}
	r, err := c.Retrieve(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := r.Problems.Err(); err != nil {
		return nil, err
	}
	return r.Components, nil
}
