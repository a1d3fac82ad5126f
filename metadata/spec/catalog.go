package spec

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata"
)

// A catalog is what the format takes from a type table, worked out once.
type catalog struct {
	table      *metadata.Table
	types      []*metadata.Type  // that a spec of an app can become, by name
	typeOf     map[string]string // from the key under "components"
	scopes     []Scope
	scopeNames map[string]int // lower-case spelling to index into scopes
}

func newCatalog(t *metadata.Table) *catalog {
	c := &catalog{table: t, types: appTypes(t), typeOf: map[string]string{}, scopes: Scopes(t), scopeNames: map[string]int{}}
	for _, typ := range c.types {
		c.typeOf[componentKey(typ.Name)] = typ.Name
	}
	for i, s := range c.scopes {
		for _, name := range s.spellings() {
			c.scopeNames[strings.ToLower(name)] = i
		}
	}
	return c
}

var builtIn = sync.OnceValue(func() *catalog { return newCatalog(metadata.Schema()) })

// catalogOf returns the catalog of a table; nil is the built-in one.
func catalogOf(t *metadata.Table) *catalog {
	if t == nil || t == metadata.Schema() {
		return builtIn()
	}
	return newCatalog(t)
}

// componentKeys are the keys under "components", sorted.
func (c *catalog) componentKeys() []string { return slices.Sorted(maps.Keys(c.typeOf)) }

// scope finds a scope by any of its names, in any case, and by a label whose
// words have changed as long as it ends in the names in parentheses.
func (c *catalog) scope(name string) (Scope, bool) {
	if i, ok := c.scopeNames[strings.ToLower(name)]; ok {
		return c.scopes[i], true
	}
	if open := strings.LastIndexByte(name, '('); open > 0 && strings.HasSuffix(name, ")") {
		first, _, _ := strings.Cut(name[open+1:len(name)-1], ",")
		return c.scope(strings.TrimSpace(first))
	}
	return Scope{}, false
}
