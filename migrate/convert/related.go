package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// related carries over what other metadata says of the app: custom scopes that
// are assigned to it, and token exchange handlers that are enabled for it.
func (c *conversion) related() {
	var scopes []string
	for _, other := range c.options.Related {
		switch other.Type {
		case TypeCustomScope:
			if c.assigned(other) && !slices.Contains(scopes, other.Name) {
				scopes = append(scopes, other.Name)
			}
		case TypeHandler:
			c.enabled(other)
		}
	}
	if len(scopes) > 0 && c.room([]string{customScopes}) == "" {
		slices.Sort(scopes)
		c.set(customScopes, strings.Join(scopes, ", "))
	}
}

const customScopes = tOauth + ".commaSeparatedCustomScopes"

// assigned accounts for the assignments of a custom scope to this app.
func (c *conversion) assigned(scope *metadata.Component) bool {
	found := false
	for i, e := range scope.All("assignedTo.connectedApp") {
		if strings.TrimSpace(e.Text) != c.ca.Name {
			continue
		}
		f := Field{From: fmt.Sprintf("%s:%s.assignedTo[%d].connectedApp", scope.Type, scope.Name, i), To: customScopes, How: Transformed, Value: scope.Name, Note: "the app has a list of its custom scopes, where a custom scope had a list of its apps"}
		if why := c.room([]string{customScopes}); why != "" {
			f.To, f.How, f.Note = "", Lost, why
		} else {
			found = true
		}
		c.extra = append(c.extra, f)
	}
	return found
}

// enabled accounts for the enablements of a token exchange handler for this
// app: the handler is a component of its own, which somebody has to change.
func (c *conversion) enabled(handler *metadata.Component) {
	for i, e := range handler.All("enablements.connectedApp") {
		if strings.TrimSpace(e.Text) != c.ca.Name {
			continue
		}
		c.extra = append(c.extra, Field{
			From: fmt.Sprintf("%s:%s.enablements[%d].connectedApp", handler.Type, handler.Name, i), To: handler.Type + ".enablements.externalClientApp", How: Transformed,
			Value: c.appName(),
			Note:  "no spec holds a handler: in its file, put <externalClientApplication>" + c.appName() + "</externalClientApplication> in the place of <connectedApp>, and deploy it after the app",
		})
		c.warn(nil, "ECA718", "put the External Client App into its enablements and deploy it after the app", "the token exchange handler %s is enabled for the Connected App %s, and no spec holds a handler", handler.Name, c.ca.Name)
	}
}
