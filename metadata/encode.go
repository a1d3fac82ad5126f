package metadata

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/beevik/etree"

	"github.com/ecactl/ecactl/metadata/diag"
)

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// Encode writes a component as an org's retrieve does: declaration, one default
// namespace, four spaces a level, LF, elements in the table's order, one newline
// at the end. Text that XML cannot carry, and names that it does not allow, are
// errors; nothing is replaced.
func (t *Table) Encode(c *Component) ([]byte, error) {
	root, typ := c.Root, t.Type(c.Type)
	if !t.sorted(root, typ) {
		root = root.Clone()
		t.Sort(root, typ)
	}
	return encode(root, c.File)
}

// encode writes an element as a whole file, its children as they stand.
func encode(root *Element, file string) ([]byte, error) {
	if err := writable(root, file); err != nil {
		return nil, err
	}
	d := drafts.Get().(*draft)
	defer d.put()
	e := d.element(root.Name)
	e.CreateAttr("xmlns", Namespace)
	if usesXSI(root) {
		e.CreateAttr("xmlns:xsi", xsi)
	}
	d.fill(e, root, 0)

	d.out.WriteString(declaration)
	e.WriteTo(&d.out, &etree.WriteSettings{
		CanonicalAttrVal: true, // a line break in an attribute is read as a blank unless it is a reference
	})
	d.out.WriteByte('\n')
	return bytes.Clone(d.out.Bytes()), nil
}

// A draft is a file on its way out. Drafts are kept: a deploy has thousands of
// files, and their tokens would be most of what it allocates.
type draft struct {
	out      bytes.Buffer
	elements room[etree.Element]
	texts    room[etree.CharData]
	tokens   room[etree.Token]
}

var drafts = sync.Pool{New: func() any { return new(draft) }}

// put keeps a draft, without what it says.
func (d *draft) put() {
	d.out.Reset()
	d.elements.clear()
	d.texts.clear()
	d.tokens.clear()
	drafts.Put(d)
}

func (d *draft) element(name string) *etree.Element {
	e := &d.elements.take(1)[0]
	e.Tag = name
	return e
}

func (d *draft) text(s string) *etree.CharData {
	t := &d.texts.take(1)[0]
	t.Data = s
	return t
}

// fill copies what an element holds, with the line breaks and blanks that make
// the layout. An empty element is written <a></a>, and an empty root <a/>.
func (d *draft) fill(to *etree.Element, from *Element, depth int) {
	if from.Nil {
		to.CreateAttr("xsi:nil", "true")
	}
	for _, a := range from.Attrs {
		to.CreateAttr(a.Name, a.Value)
	}
	if len(from.Children) == 0 {
		if !from.Nil && depth > 0 {
			to.Child = append(d.tokens.take(1)[:0], d.text(from.Text))
		}
		return
	}
	to.Child = d.tokens.take(2*len(from.Children) + 1)[:0]
	for _, child := range from.Children {
		e := d.element(child.Name)
		to.Child = append(to.Child, d.text(indent(depth+1)), e)
		d.fill(e, child, depth+1)
	}
	to.Child = append(to.Child, d.text(indent(depth)))
}

// indents is the line break before an element as deep as one may be.
var indents = "\n" + strings.Repeat("    ", MaxDepth)

func indent(depth int) string { return indents[:min(1+4*depth, len(indents))] }

// A room hands out parts of one piece of memory.
type room[T any] struct {
	all  []T
	used int
}

func (r *room[T]) take(n int) []T {
	const few = 64
	if len(r.all)-r.used < n { // what was handed out stays where it is
		r.all, r.used = make([]T, max(n, 2*len(r.all), few)), 0
	}
	r.used += n
	return r.all[r.used-n : r.used : r.used]
}

func (r *room[T]) clear() {
	clear(r.all[:r.used])
	r.used = 0
}

func usesXSI(e *Element) bool {
	return e.Nil ||
		slices.ContainsFunc(e.Attrs, func(a Attr) bool { return strings.HasPrefix(a.Name, "xsi:") }) ||
		slices.ContainsFunc(e.Children, usesXSI)
}

// writable refuses what etree would write as it is, or replace in silence.
func writable(e *Element, file string) error {
	bad := func(format string, args ...any) error {
		pos := e.Pos
		if pos.File == "" {
			pos.File = file
		}
		return &diag.Problem{Pos: pos, Code: "ECA301", Message: fmt.Sprintf(format, args...)}
	}
	if !isName(e.Name) {
		return bad("%q cannot be the name of an XML element", e.Name)
	}
	if r, ok := badChar(e.Text); ok {
		return bad("the value of %s holds the character %U, which XML cannot carry", e.Name, r)
	}
	for _, a := range e.Attrs {
		if !isName(strings.TrimPrefix(a.Name, "xsi:")) {
			return bad("%q cannot be the name of an attribute of %s", a.Name, e.Name)
		}
		if r, ok := badChar(a.Value); ok {
			return bad("the attribute %s of %s holds the character %U, which XML cannot carry", a.Name, e.Name, r)
		}
	}
	for _, c := range e.Children {
		if err := writable(c, file); err != nil {
			return err
		}
	}
	return nil
}

// isName allows the ASCII part of XML's names: what metadata elements have.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c != '-' && c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// badChar finds the first character that is not in XML 1.0's Char production.
func badChar(s string) (rune, bool) {
	for i, r := range s {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r < 0xFFFD || r >= 0x10000:
		case r == 0xFFFD && strings.HasPrefix(s[i:], "\uFFFD"): // written in the text, not a broken byte
		default:
			return r, true
		}
	}
	return 0, false
}
