package convert

import (
	"fmt"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// A leaf is an element of the input that holds no others.
type leaf struct {
	path    string // "oauthConfig.scopes"
	label   string // the same with indexes: "oauthConfig.scopes[1]"
	element *metadata.Element
	block   *metadata.Element // that it stands in
	field   *Field            // what became of it; nil while that is open
}

func (l *leaf) text() string {
	if l.element.Nil {
		return ""
	}
	return strings.TrimSpace(l.element.Text)
}

// Leaves lists the elements of a component that hold no others, in the order of
// the file, by their paths with indexes where an element may stand more than
// once: what [Result.Fields] accounts for.
func Leaves(c *metadata.Component) []string {
	var labels []string
	for _, l := range leavesOf(metadata.Schema(), c) {
		labels = append(labels, l.label)
	}
	return labels
}

func leavesOf(t *metadata.Table, c *metadata.Component) []*leaf {
	var found []*leaf
	var walk func(e *metadata.Element, typ *metadata.Type, path, label string)
	walk = func(e *metadata.Element, typ *metadata.Type, path, label string) {
		count := map[string]int{}
		for _, child := range e.Children {
			count[child.Name]++
		}
		seen := map[string]int{}
		for _, child := range e.Children {
			var f *metadata.Field
			if typ != nil {
				f = typ.Field(child.Name)
			}
			own := child.Name
			if count[child.Name] > 1 || f != nil && f.Repeated {
				own = fmt.Sprintf("%s[%d]", child.Name, seen[child.Name])
			}
			seen[child.Name]++
			p, l := path+child.Name, label+own
			if len(child.Children) == 0 {
				found = append(found, &leaf{path: p, label: l, element: child, block: e})
				continue
			}
			walk(child, t.Nested(f), p+".", l+".")
		}
	}
	walk(c.Root, t.Type(c.Type), "", "")
	return found
}

// account says what became of a leaf. The first word counts: a rule that speaks
// of a leaf twice is a mistake that the tests find.
func (c *conversion) account(l *leaf, r *Row, how How, to []string, value, note string) {
	if l.field != nil {
		c.twice = append(c.twice, l.label)
		return
	}
	l.field = &Field{From: l.label, To: strings.Join(to, ", "), How: how, Value: value, Note: note}
	if r != nil {
		l.field.Value = r.shown(value)
	}
}

// lose accounts for a leaf that is lost.
func (c *conversion) lose(l *leaf, r *Row, note string) {
	c.account(l, r, Lost, nil, l.text(), note)
}

// leaveOut accounts for a leaf without effect.
func (c *conversion) leaveOut(l *leaf, r *Row, note string) {
	c.account(l, r, LeftOut, nil, l.text(), note)
}

// added accounts for a value that the input does not say. A path is named only
// if nothing stands there, for a leaf is accounted for once.
func (c *conversion) added(from string, to []string, value, note string) {
	if len(c.byPath[from]) > 0 {
		from = ""
	}
	c.extra = append(c.extra, Field{From: from, To: strings.Join(to, ", "), How: Defaulted, Value: value, Note: note})
}

// unclaimed accounts for the leaves that no row is for: empty blocks, and
// elements that the table does not know.
func (c *conversion) unclaimed() {
	for _, l := range c.leaves {
		if l.field != nil {
			continue
		}
		r := &Row{From: l.path, secret: secretName(l.element.Name)}
		switch f := c.fieldOf(l.path); {
		case f != nil && l.text() != "":
			c.lose(l, r, "it holds a text where elements are due")
		case l.path == "oauthConfig" && !l.element.Nil && c.oauth:
			c.account(l, nil, Transformed, []string{tGlobal, tOauth}, "", "OAuth is on, and nothing more is said of it")
		case f != nil:
			c.leaveOut(l, r, "it is empty: nothing is said")
		default:
			c.lose(l, r, "ecactl does not know this element, so it cannot say where it goes: look for it in Setup")
		}
	}
}

// fieldOf finds the field of a path in the type table, or returns nil.
func (c *conversion) fieldOf(path string) *metadata.Field {
	typ := c.table.Type(metadata.TypeConnectedApp)
	var f *metadata.Field
	for name := range strings.SplitSeq(path, ".") {
		if typ == nil {
			return nil
		}
		if f = typ.Field(name); f == nil {
			return nil
		}
		typ = c.table.Nested(f)
	}
	return f
}

// secretName tells an element that, by its name, holds what nobody may see.
func secretName(name string) bool {
	lower := strings.ToLower(name)
	for _, word := range []string{"secret", "password", "privatekey", "consumerkey", "signingkey", "token"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

func sizeOf(value string) string {
	if len(value) == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", len(value))
}
