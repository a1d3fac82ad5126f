package metadata

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// Namespace is the XML namespace of every metadata file.
const Namespace = "http://soap.sforce.com/2006/04/metadata"

// Names that the program itself has to know: the two ends of the relation that
// makes several components one app, and the type that is migrated from.
const (
	TypeApp          = "ExternalClientApplication"
	TypeConnectedApp = "ConnectedApp"
	FieldApp         = "externalClientApplication"
	FieldLabel       = "label"
)

// A Component is one metadata component: what one file holds.
type Component struct {
	Type string   // "ExtlClntAppOauthSettings"
	Name string   // full name: "Order_Sync_oauth"
	Root *Element // the root element; its Name is Type
	File string   // where it was read from; "" if it was not
}

// An Element is an XML element below the root, or the root. An element has
// text or children, not both.
type Element struct {
	Name     string
	Text     string
	Children []*Element
	Attrs    []Attr // other than namespaces and xsi:nil: Salesforce writes none
	Nil      bool   // xsi:nil="true": there, and null
	Pos      diag.Pos
}

// An Attr is an attribute that the metadata format does not have, kept so that
// a rewrite does not lose it.
type Attr struct{ Name, Value string }

// NewComponent returns a component without fields.
func NewComponent(typ, name string) *Component {
	return &Component{Type: typ, Name: name, Root: &Element{Name: typ}}
}

// All returns the elements at a dotted path such as "oauthConfig.scopes".
func (c *Component) All(path string) []*Element {
	found := []*Element{c.Root}
	for name := range strings.SplitSeq(path, ".") {
		var next []*Element
		for _, e := range found {
			for _, child := range e.Children {
				if child.Name == name {
					next = append(next, child)
				}
			}
		}
		found = next
	}
	return found
}

// First returns the first element at a dotted path, or nil.
func (c *Component) First(path string) *Element {
	if all := c.All(path); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Text returns the text of the first element at a dotted path, without blanks
// around it, and whether there is one that is not null.
func (c *Component) Text(path string) (string, bool) {
	e := c.First(path)
	if e == nil || e.Nil {
		return "", false
	}
	return strings.TrimSpace(e.Text), true
}

// App returns the value of the component's externalClientApplication element,
// or the component's own name if it is the app's header, or "".
func (c *Component) App() string {
	if c.Type == TypeApp {
		return c.Name
	}
	app, _ := c.Text(FieldApp)
	return app
}

// Add appends a child and returns it.
func (e *Element) Add(child *Element) *Element {
	e.Children = append(e.Children, child)
	return child
}

// Child returns the first child of that name, or nil.
func (e *Element) Child(name string) *Element {
	for _, c := range e.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Remove drops all children of that name.
func (e *Element) Remove(name string) {
	e.Children = slices.DeleteFunc(e.Children, func(c *Element) bool { return c.Name == name })
}

// Equal tells whether two elements say the same; positions do not count.
func (e *Element) Equal(o *Element) bool {
	return e.Name == o.Name && e.Text == o.Text && e.Nil == o.Nil && slices.Equal(e.Attrs, o.Attrs) &&
		slices.EqualFunc(e.Children, o.Children, (*Element).Equal)
}

// Clone returns a deep copy.
func (e *Element) Clone() *Element {
	c := *e
	c.Attrs = slices.Clone(e.Attrs)
	c.Children = make([]*Element, len(e.Children))
	for i, child := range e.Children {
		c.Children[i] = child.Clone()
	}
	return &c
}

// Sort puts children into the order in which an org writes them: that of the
// table, an element that the table does not know where ASCII order has it.
// Elements of one name keep their order among themselves.
func (t *Table) Sort(e *Element, typ *Type) {
	if t.sorted(e, typ) {
		return
	}
	type ranked struct {
		*Element
		rank int
	}
	list, strange := make([]ranked, len(e.Children)), false
	for i, c := range e.Children {
		list[i].Element = c
		if f := fieldOf(typ, c.Name); f != nil && !f.ended() {
			list[i].rank = f.order
		} else {
			strange = true
		}
	}
	if strange {
		rank := rankByName(e.Children, typ)
		for i := range list {
			list[i].rank = rank[list[i].Name]
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return a.rank - b.rank })
	for i, c := range list {
		e.Children[i] = c.Element
	}
	for _, c := range e.Children {
		if len(c.Children) > 0 {
			t.Sort(c, t.Nested(fieldOf(typ, c.Name)))
		}
	}
}

// rankByName ranks elements of which the table does not know all.
func rankByName(elements []*Element, typ *Type) map[string]int {
	rank := map[string]int{}
	var known, unknown []string
	for _, c := range elements {
		if _, seen := rank[c.Name]; seen {
			continue
		}
		rank[c.Name] = 0
		if f := fieldOf(typ, c.Name); f != nil && !f.ended() {
			known = append(known, c.Name)
		} else {
			unknown = append(unknown, c.Name)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return typ.Field(a).order - typ.Field(b).order })
	slices.Sort(unknown)
	for i, name := range merge(known, unknown) {
		rank[name] = i
	}
	return rank
}

// merge puts each unknown name, which are in ASCII order, before the first
// known one that is greater. Known names keep their order, whatever it is.
func merge(known, unknown []string) []string {
	all := make([]string, 0, len(known)+len(unknown))
	for _, k := range known {
		for len(unknown) > 0 && unknown[0] < k {
			all, unknown = append(all, unknown[0]), unknown[1:]
		}
		all = append(all, k)
	}
	return append(all, unknown...)
}

// sorted tells whether Sort would change nothing. Most elements are: an org
// wrote them, or Sort has seen them.
func (t *Table) sorted(e *Element, typ *Type) bool {
	last := -1
	for _, c := range e.Children {
		f := fieldOf(typ, c.Name)
		if f == nil || f.ended() || f.order < last {
			return false // where an unknown element belongs, Sort knows
		}
		last = f.order
		if len(c.Children) > 0 && !t.sorted(c, t.Nested(f)) {
			return false
		}
	}
	return true
}

func fieldOf(typ *Type, name string) *Field {
	if typ == nil {
		return nil
	}
	return typ.Field(name)
}
