package convert

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// A block is an address range or an attribute: several elements that are
// carried over together or not at all.
type block struct {
	lost string              // why it is not carried over
	to   []string            // the fields that have it now
	made []*metadata.Element // one for each of to
	note string
	forms
}

// forms are the elements that a block's element becomes, for each of its fields.
type forms map[string]string

// maxBlocks is how many ranges, and how many attributes, an app may have.
const maxBlocks = 128

// rangeNames are the elements of a range on the other side.
var rangeNames = map[string]string{"start": "startIpAddress", "end": "endIpAddress", "description": "description"}

func rangePart(c *conversion, r *Row, leaves []*leaf) {
	c.judgeAll("ipRanges", c.judgeRange)
	for _, l := range leaves {
		b := c.blocks[l.block]
		name := rangeNames[l.element.Name]
		switch {
		case l.text() == "" && l.element.Name == "description":
			c.leaveOut(l, r, "it is empty: nothing is said")
		case b.lost != "":
			c.lose(l, r, b.lost)
		case b.made[0].Child(name) != nil:
			c.lose(l, r, "it stands there more than once, and the first counts")
		default:
			value, how := l.text(), r.How
			if f := b.forms[l.element.Name]; f != "" {
				value, how = f, Transformed
			}
			b.made[0].Add(&metadata.Element{Name: name, Text: value})
			c.account(l, r, how, r.To, value, b.note)
		}
	}
}

// judgeAll looks at the blocks of a name, in their order and once, and makes
// what they become.
func (c *conversion) judgeAll(name string, judge func(*metadata.Element, *block)) {
	for _, e := range c.ca.All(name) {
		if c.blocks[e] != nil || len(e.Children) == 0 {
			continue
		}
		b := &block{forms: forms{}}
		c.blocks[e] = b
		judge(e, b)
		for _, field := range b.to {
			made := &metadata.Element{}
			b.made = append(b.made, made)
			c.add(field, made)
		}
	}
}

// judgeRange decides about a range. An org holds none that is wrong; a file of
// somebody's hand may, and lint would refuse it.
func (c *conversion) judgeRange(e *metadata.Element, b *block) {
	const field = tOauth + ".trustedIpRanges"
	if b.lost = c.room([]string{field}); b.lost != "" {
		return
	}
	start, end := childText(e, "start"), childText(e, "end")
	from, err := netip.ParseAddr(start)
	to, err2 := netip.ParseAddr(end)
	switch {
	case start == "" || end == "":
		b.lost = "a range needs both ends"
	case c.options.LikeSetup:
	case err != nil || err2 != nil || from.Is4() != to.Is4():
		b.lost = fmt.Sprintf("%s to %s is no range of addresses: set oauth.trustedIpRanges", start, end)
	case c.count(field) >= maxBlocks:
		b.lost = fmt.Sprintf("an External Client App has %d ranges at most: join neighbouring ones", maxBlocks)
	case to.Less(from):
		b.forms["start"], b.forms["end"], b.note = end, start, "its ends were the wrong way round"
	}
	if b.lost == "" {
		b.to = []string{field}
	}
}

func childText(e *metadata.Element, name string) string {
	if child := e.Child(name); child != nil && !child.Nil {
		return strings.TrimSpace(child.Text)
	}
	return ""
}

// count is how many elements of a field there are so far.
func (c *conversion) count(field string) int {
	typ, path, _ := strings.Cut(field, ".")
	if p := c.parts[typ]; p != nil {
		return len(p.All(path))
	}
	return 0
}

func attributeKey(c *conversion, r *Row, leaves []*leaf) {
	for _, l := range leaves {
		c.attributePart(l, r, l.text(), Copied)
	}
}

func attributeFormula(c *conversion, r *Row, leaves []*leaf) {
	for _, l := range leaves {
		c.attributePart(l, r, "", Transformed)
	}
}

// attributePart writes a key, the same everywhere, or a formula, in the form of
// each field.
func (c *conversion) attributePart(l *leaf, r *Row, value string, how How) {
	c.judgeAll("attributes", c.judgeAttribute)
	b, name := c.blocks[l.block], l.element.Name
	switch {
	case b.lost != "" && l.text() == "":
		c.leaveOut(l, r, "it is empty: nothing is said")
		return
	case b.lost != "":
		c.lose(l, r, b.lost)
		return
	case b.made[0].Child(name) != nil:
		c.lose(l, r, "it stands there more than once, and the first counts")
		return
	}
	var to, values []string
	for i, field := range b.to {
		form := value
		if form == "" {
			form = b.forms[field]
		}
		b.made[i].Add(&metadata.Element{Name: name, Text: form})
		to, values = append(to, field+"."+name), append(values, form)
	}
	shown := strings.Join(slices.Compact(values), ", ")
	if shown == l.text() {
		how = Copied
	}
	c.account(l, r, how, to, shown, "")
}

var attributeFields = []string{tOauth + ".customAttributes", tSaml + ".customAttributes"}

func (c *conversion) judgeAttribute(e *metadata.Element, b *block) {
	if b.lost = c.room(attributeFields); b.lost != "" {
		return
	}
	key, formula := childText(e, "key"), childText(e, "formula")
	to := c.said(attributeFields)
	switch {
	case key == "" || formula == "":
		b.lost = "an attribute needs a name and a formula"
	case !isReference(formula):
		b.lost = fmt.Sprintf("%s is an expression, and an External Client App's attribute is a reference such as User.Country: let the client know the value by itself", formula)
	case c.hasAttribute(to[0], key):
		b.lost = "an attribute of this name is there already"
	case c.count(to[0]) >= maxBlocks:
		b.lost = fmt.Sprintf("an External Client App has %d attributes at most", maxBlocks)
	default:
		b.to = to
		bare := strings.TrimPrefix(formula, "$")
		b.forms[attributeFields[0]], b.forms[attributeFields[1]] = bare, "$"+bare
	}
}

func (c *conversion) hasAttribute(field, key string) bool {
	typ, path, _ := strings.Cut(field, ".")
	p := c.parts[typ]
	return p != nil && slices.ContainsFunc(p.All(path), func(e *metadata.Element) bool { return childText(e, "key") == key })
}

// isReference tells User.Country and $User.Country from an expression.
func isReference(formula string) bool {
	names := strings.Split(strings.TrimPrefix(formula, "$"), ".")
	if len(names) < 2 {
		return false
	}
	return !slices.ContainsFunc(names, func(n string) bool {
		return n == "" || strings.ContainsFunc(n, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
		}) || n[0] >= '0' && n[0] <= '9'
	})
}
