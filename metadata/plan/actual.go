package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/ecactl/ecactl/metadata"
)

// Actual is what an org has of the apps that a plan is about.
type Actual struct {
	Namespace  string // of the org; "" for nearly all
	Components []*metadata.Component

	// ConnectedApps are the names of those that the org has of its own, as far as
	// they are known. They are compared with nothing.
	ConnectedApps []string
}

// apps assembles what an org has, by app. Problems of assembling (a header that
// a user may not see, two of a type) are no concern of a plan: it compares what
// there is.
func (a *Actual) apps(t *metadata.Table) map[string]*metadata.App {
	assembled, _ := t.Assemble(a.Components)
	apps := map[string]*metadata.App{}
	for _, app := range assembled {
		name := app.Name
		if a.Namespace != "" && metadata.NamespaceOf(name) == a.Namespace {
			name = metadata.BareName(name)
		}
		apps[name] = app
	}
	return apps
}

// settings finds a settings component of the org.
func (a *Actual) settings(typ string) *metadata.Component {
	i := slices.IndexFunc(a.Components, func(c *metadata.Component) bool { return c.Type == typ })
	if i < 0 {
		return nil
	}
	return a.Components[i]
}

// Base is a hash of what an org has of the apps that a plan is about. It is the
// same as long as nobody changes them, and does not depend on the order in which
// they were read. Secrets are no part of it.
func (a *Actual) Base(t *metadata.Table, apps []string) (string, error) {
	list := slices.Clone(a.Components)
	sortComponents(list)
	sum := sha256.New()
	for _, c := range list {
		if app := c.App(); app != "" && !slices.Contains(apps, app) && !slices.Contains(apps, metadata.BareName(app)) {
			continue
		}
		shown := &metadata.Component{Type: c.Type, Name: c.Name, Root: c.Root.Clone()}
		shown.Root.Remove("consumerSecret")
		t.Sort(shown.Root, t.Type(c.Type))
		data, err := t.Encode(shown)
		if err != nil {
			return "", fmt.Errorf("hashing %s %s: %w", c.Type, c.Name, err)
		}
		fmt.Fprintf(sum, "%s\x00%s\x00%d\x00", c.Type, c.Name, len(data))
		sum.Write(data)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
