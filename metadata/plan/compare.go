package plan

import (
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// A comparison walks two components of one type side by side.
type comparison struct {
	table     *metadata.Table
	typ       string
	fields    []Field
	unchanged int
}

// compare lists the fields in which an org's component is not what is wanted. A
// nil actual has none.
func compare(t *metadata.Table, actual, desired *metadata.Component) ([]Field, int) {
	c := &comparison{table: t, typ: desired.Type, fields: []Field{}}
	none := &metadata.Element{}
	before := none
	if actual != nil {
		before = actual.Root
	}
	c.elements("", before, desired.Root)
	slices.SortFunc(c.fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return c.fields, c.unchanged
}

// elements compares the children of two elements, of which either may be empty.
func (c *comparison) elements(prefix string, before, after *metadata.Element) {
	for _, name := range childNames(before, after) {
		if name == metadata.FieldApp || slices.Contains(writtenByOrg, name) {
			continue
		}
		path := prefix + name
		b, a := children(before, name), children(after, name)
		field := fieldAt(c.table, c.typ, path)
		switch {
		case len(a) == 0 && slices.Contains(ownAlone, name):
		case field != nil && field.Repeated || len(a) > 1 || len(b) > 1:
			c.list(path, name, b, a)
		case field != nil && c.table.Nested(field) != nil || hasChildren(b) || hasChildren(a):
			c.elements(path+".", first(b), first(a))
		default:
			c.value(path, name, textOf(b), textOf(a))
		}
	}
}

// value compares one field. A nil value is a field that is not there.
func (c *comparison) value(path, name string, before, after *string) {
	usual := defaultsOf(c.table, c.typ, path)
	isUsual := func(v *string) bool {
		if v == nil || canonical(name, *v) == "" {
			return true
		}
		return slices.ContainsFunc(usual, func(d string) bool { return canonical(name, d) == canonical(name, *v) })
	}
	switch {
	case before == nil && after == nil:
	case before != nil && after != nil && canonical(name, *before) == canonical(name, *after):
		c.unchanged++
	case before == nil && len(usual) == 1 && isUsual(after): // an org leaves some defaults out
		c.unchanged++
	case before == nil && canonical(name, *after) == "":
		c.unchanged++
	case after == nil && isUsual(before):
	case after == nil:
		var reset *string
		if len(usual) > 0 {
			reset = &usual[0]
		}
		c.add(path, name, before, reset)
	default:
		c.add(path, name, before, after)
	}
}

func (c *comparison) add(path, name string, before, after *string) {
	show := func(v *string) *string {
		if v == nil {
			return nil
		}
		s := shown(name, *v)
		return &s
	}
	c.fields = append(c.fields, Field{Path: path, Before: show(before), After: show(after), Sensitive: slices.Contains(sensitive, name)})
}

// list compares elements that may be there several times; their order says
// nothing.
func (c *comparison) list(path, name string, before, after []*metadata.Element) {
	b, a := summaries(before), summaries(after)
	if slices.Equal(b, a) {
		if len(a) > 0 {
			c.unchanged++
		}
		return
	}
	join := func(list []string) *string {
		if len(list) == 0 {
			return nil
		}
		s := strings.Join(list, ", ")
		return &s
	}
	c.add(path, name, join(b), join(a))
}

// summaries writes each element on one line, sorted.
func summaries(list []*metadata.Element) []string {
	lines := make([]string, len(list))
	for i, e := range list {
		lines[i] = summary(e)
	}
	slices.Sort(lines)
	return lines
}

func summary(e *metadata.Element) string {
	if len(e.Children) == 0 {
		return strings.TrimSpace(e.Text)
	}
	parts := make([]string, len(e.Children))
	for i, child := range e.Children {
		parts[i] = child.Name + ": " + summary(child)
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

func childNames(a, b *metadata.Element) []string {
	var names []string
	for _, e := range []*metadata.Element{a, b} {
		for _, child := range e.Children {
			if !slices.Contains(names, child.Name) {
				names = append(names, child.Name)
			}
		}
	}
	return names
}

func children(e *metadata.Element, name string) []*metadata.Element {
	var list []*metadata.Element
	for _, child := range e.Children {
		if child.Name == name && !child.Nil {
			list = append(list, child)
		}
	}
	return list
}

func hasChildren(list []*metadata.Element) bool { return len(list) > 0 && len(list[0].Children) > 0 }

func first(list []*metadata.Element) *metadata.Element {
	if len(list) == 0 {
		return &metadata.Element{}
	}
	return list[0]
}

func textOf(list []*metadata.Element) *string {
	if len(list) == 0 {
		return nil
	}
	return &list[0].Text
}
