package metadata

import (
	"bytes"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// Nearly every metadata file is plain: as Salesforce, sf and this program write it,
// ASCII names, no attributes but the root's namespace, no comments. Such a file is
// read here, in a fifth of the time of encoding/xml, which reads all others and has
// the only say on what is wrong with one. A fuzz test holds the two together.

// plainStart is what may stand before a plain file's root.
const plainStart = `<?xml version="1.0" encoding="UTF-8"?>`

// plainRoot follows the name of the root.
const plainRoot = ` xmlns="` + Namespace + `"`

type plainReader struct {
	file      string
	text      string // of which the elements' names and values are parts
	at        int
	line      int
	lineStart int
	room      []Element  // for elements to come
	open      []*Element // from the root to where the reader is
	begun     []int      // of each open element, how many were complete before it
	complete  []*Element // elements that wait for their parent's end
}

// decodePlain reads a plain file. It returns nil for any other.
func decodePlain(file string, data []byte) *Element {
	if !plainBytes(data) {
		return nil
	}
	r := &plainReader{
		file: file, text: string(data), line: 1,
		open: make([]*Element, 0, 4), begun: make([]int, 0, 4), complete: make([]*Element, 0, 32), // enough for most, and on the stack
	}
	r.take(plainStart)
	if text, _ := r.next(); !blank(text) || !r.start(plainRoot) {
		return nil
	}
	for len(r.open) > 0 {
		text, ok := r.next()
		switch {
		case !ok:
			return nil
		case r.take("</"):
			ok = r.end(text)
		default:
			ok = blank(text) && r.start("")
		}
		if !ok {
			return nil
		}
	}
	if !blank(r.text[r.at:]) {
		return nil
	}
	return r.complete[0]
}

// plainBytes tells whether all characters are such that XML has them, and none is a
// CR, which parsers change. Whether they are UTF-8 is known.
func plainBytes(data []byte) bool {
	for i, c := range data {
		switch {
		case c < ' ' && c != '\n' && c != '\t':
			return false
		case c == 0xEF && i+2 < len(data) && data[i+1] == 0xBF && data[i+2] >= 0xBE: // U+FFFE and U+FFFF
			return false
		}
	}
	return !bytes.Contains(data, []byte("]]>"))
}

// next goes to the next tag and returns the text before it, or false at the end.
func (r *plainReader) next() (string, bool) {
	n := strings.IndexByte(r.text[r.at:], '<')
	if n < 0 {
		return "", false
	}
	text := r.text[r.at : r.at+n]
	if lines := strings.Count(text, "\n"); lines > 0 {
		r.line += lines
		r.lineStart = r.at + strings.LastIndexByte(text, '\n') + 1
	}
	r.at += n
	return text, true
}

// take goes on behind what is next, if it is that.
func (r *plainReader) take(s string) bool {
	if !strings.HasPrefix(r.text[r.at:], s) {
		return false
	}
	r.at += len(s)
	return true
}

// start reads a start tag, or one of an element that is empty. attributes are
// those that it has to have.
func (r *plainReader) start(attributes string) bool {
	pos := diag.Pos{File: r.file, Line: r.line, Col: r.at - r.lineStart + 1}
	if !r.take("<") {
		return false
	}
	name := plainName(r.text[r.at:])
	r.at += len(name)
	if name == "" || !r.take(attributes) || len(r.open) == MaxDepth {
		return false
	}
	e := r.element()
	e.Name, e.Pos = name, pos
	switch {
	case r.take("/>"):
		r.complete = append(r.complete, e)
		return true
	case r.take(">"):
		r.open, r.begun = append(r.open, e), append(r.begun, len(r.complete))
		return true
	}
	return false
}

// element takes an element from the room, and makes more of it as it is needed: a
// file says nothing true of how many it has before it is read.
func (r *plainReader) element() *Element {
	const few = 8
	if len(r.room) == 0 {
		r.room = make([]Element, few)
	}
	e := &r.room[0]
	r.room = r.room[1:]
	return e
}

// end reads the rest of an end tag. text is what stands before it.
func (r *plainReader) end(text string) bool {
	last := len(r.open) - 1
	e, begun := r.open[last], r.begun[last]
	if !r.take(e.Name) || !r.take(">") {
		return false
	}
	if children := r.complete[begun:]; len(children) > 0 {
		if !blank(text) {
			return false
		}
		e.Children = slices.Clone(children)
	} else {
		var ok bool
		if e.Text, ok = unescaped(text); !ok {
			return false
		}
	}
	r.open, r.begun = r.open[:last], r.begun[:last]
	r.complete = append(r.complete[:begun], e)
	return true
}

// plainName returns the name that s begins with.
func plainName(s string) string {
	n := 0
	for n < len(s) && s[n] != '>' && s[n] != '/' && s[n] != ' ' {
		n++
	}
	if !isName(s[:n]) {
		return ""
	}
	return s[:n]
}

// blank tells whether a text is layout.
func blank(s string) bool { return strings.Trim(s, " \t\n") == "" }

// unescaped replaces XML's five entities. It returns false if there is another, or
// the number of a character.
func unescaped(s string) (string, bool) {
	if strings.IndexByte(s, '&') < 0 {
		return s, true
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "&")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, ";")
		c, ok := entities[name]
		if !ok {
			return "", false
		}
		b.WriteByte(c)
		s = after
	}
}

// entities are those that XML has without a declaration.
var entities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "apos": '\'', "quot": '"'}
