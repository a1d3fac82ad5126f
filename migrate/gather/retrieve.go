package gather

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
)

// retrieval is a retrieve under way.
type retrieval struct {
	pending *org.PendingRetrieve
	err     error
	result  *org.RetrieveResult
}

// settingsNames are the org's settings that decide about apps.
var settingsNames = []string{"ConnectedApp", "ExternalClientApp", "OauthOidc"}

// manifest asks for every app with all its parts. All of the types take a
// wildcard, so that nothing has to be listed first.
func manifest(v metadata.Version, all bool) *metadata.Manifest {
	t := metadata.Schema()
	m := &metadata.Manifest{Version: v}
	m.AddName(metadata.TypeConnectedApp, "*")
	m.AddName(metadata.TypeApp, "*")
	for _, typ := range t.AppTypes() {
		if typ.Has(v) && all {
			m.AddName(typ.Name, "*")
		}
	}
	for _, name := range settingsNames {
		m.AddName("Settings", name)
	}
	return m
}

func (g *gatherer) beginRetrieve(ctx context.Context) error {
	g.retrieval = &retrieval{}
	g.retrieval.pending, g.retrieval.err = g.client.BeginRetrieve(ctx, manifest(g.client.Version(), true))
	return fatal(ctx, g.retrieval.err)
}

// endRetrieve waits for the metadata. An org that does not know one of the types
// is asked for the first two again.
func (g *gatherer) endRetrieve(ctx context.Context) error {
	r := g.retrieval
	if r.err == nil {
		r.result, r.err = r.pending.Wait(ctx)
	}
	if err := fatal(ctx, r.err); err != nil {
		return err
	}
	var said *org.Error
	if errors.As(r.err, &said) && said.Code == "INVALID_TYPE" {
		r.result, r.err = g.client.Retrieve(ctx, manifest(g.client.Version(), false))
		if err := fatal(ctx, r.err); err != nil {
			return err
		}
	}
	return nil
}

// settings takes what was retrieved into the evidence.
func (g *gatherer) settings() {
	r := g.retrieval
	if r.err != nil {
		g.refused(migrate.SrcRetrieve, r.err)
		g.refused(migrate.SrcSettings, r.err)
		return
	}
	var messages []migrate.Row
	for _, m := range r.result.Messages {
		messages = append(messages, migrate.Row{"message": m})
	}
	apps, found := 0, []string{}
	for _, c := range r.result.Components {
		name, settings := strings.CutSuffix(c.Type, "Settings")
		if settings && slices.Contains(settingsNames, name) {
			found = append(found, name)
		} else {
			apps++
		}
		if f, err := fileOf(c); err == nil {
			g.files = append(g.files, f)
		}
	}
	slices.SortFunc(g.files, func(a, b metadata.File) int { return strings.Compare(a.Path, b.Path) })
	g.read(migrate.SrcRetrieve, messages)
	s := g.states[migrate.SrcRetrieve]
	s.Rows = apps
	if n := len(r.result.Problems); n > 0 {
		s.Note = migrate.Plural(n, "remark") + " on what was retrieved: " + r.result.Problems[0].Message
	}
	g.states[migrate.SrcRetrieve] = s
	g.read(migrate.SrcSettings, nil)
	if s := g.states[migrate.SrcSettings]; len(found) < len(settingsNames) {
		var missing []string
		for _, name := range settingsNames {
			if !slices.Contains(found, name) {
				missing = append(missing, name)
			}
		}
		g.unread(migrate.SrcSettings, migrate.SourceDenied, "the org does not hand out "+strings.Join(missing, ", "))
	} else {
		s.Rows = len(found)
		g.states[migrate.SrcSettings] = s
	}
}

// fileOf writes a component as it will be saved: without a secret, should an org
// ever hand one out.
func fileOf(c *metadata.Component) (metadata.File, error) {
	for _, at := range []*metadata.Element{c.Root, c.Root.Child("oauthConfig")} {
		if at != nil {
			at.Remove("consumerSecret")
		}
	}
	t := metadata.Schema()
	data, err := t.Encode(c)
	if err != nil {
		return metadata.File{}, err
	}
	if t.Type(c.Type) == nil {
		return metadata.File{Path: path.Join("settings", strings.TrimSuffix(c.Type, "Settings")+".settings"), Data: data}, nil
	}
	p, err := t.Path(c, metadata.MDAPI)
	return metadata.File{Path: p, Data: data}, err
}
