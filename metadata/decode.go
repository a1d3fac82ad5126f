package metadata

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// What a metadata file may be at most. The largest real one met is 20 KB.
const (
	MaxFileSize = 5 << 20
	MaxDepth    = 64
)

// xsi is the namespace of the nil attribute.
const xsi = "http://www.w3.org/2001/XMLSchema-instance"

// Decode reads one metadata file. The component's type is that of the root
// element; its name is left empty, for the content does not hold it.
//
// What is not XML, or not one metadata component, is an error that says where.
// What orgs and people really write is read: a byte order mark, comments, line
// breaks inside tags, xsi:nil, CR LF inside a value (kept) or at the end of
// every line (not kept), and a bare & (with a warning). Elements and values
// that the table does not know are kept; [Table.Check] reports them.
func Decode(file string, data []byte) (*Component, diag.Problems, error) {
	text, edits, problems, err := repair(file, data)
	if err != nil {
		return nil, nil, err
	}
	if len(edits)+len(problems) == 0 {
		if root := decodePlain(file, text); root != nil {
			return &Component{Type: root.Name, Root: root, File: file}, nil, nil
		}
	}
	root, err := decodeXML(file, text, edits)
	if err != nil {
		return nil, nil, err
	}
	return &Component{Type: root.Name, Root: root, File: file}, problems, nil
}

// decodeXML reads any file that is XML.
func decodeXML(file string, text []byte, edits []edit) (*Element, error) {
	d := &decoder{
		xml:   xml.NewDecoder(bytes.NewReader(text)),
		data:  text,
		file:  file,
		edits: edits,
	}
	// encoding/xml stops at a foreign encoding with words of its own; the
	// method declaration judges it, so the parser is to go on.
	d.xml.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d.document()
}

type decoder struct {
	xml   *xml.Decoder
	data  []byte
	file  string
	edits []edit
	stack []frame
	// prefixes maps the namespace prefixes that the root declares; the
	// format needs no others.
	prefixes map[string]string
}

// A frame is an element that is open. Its text comes in pieces, one between
// every two children or comments, so it is put together once, at the end.
type frame struct {
	element *Element
	prefix  string // the namespace prefix of its tags
	text    []byte
}

// document reads the whole file: what may stand before the root, the root, and
// nothing of substance after it.
func (d *decoder) document() (*Element, error) {
	var root *Element
	for {
		pos := d.pos()
		tok, err := d.xml.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, d.syntax(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, d.problem(pos, "ECA203", "a second root element <%s>", tok.Name.Local)
			}
			if err := d.namespaces(pos, tok); err != nil {
				return nil, err
			}
			if root, err = d.element(pos, tok); err != nil {
				return nil, err
			}
		case xml.EndElement:
			return nil, d.problem(pos, "ECA202", "</%s> closes nothing", tok.Name.Local)
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return nil, d.problem(afterBlanks(pos, tok), "ECA203", "text outside the root element")
			}
		case xml.Directive:
			return nil, d.problem(pos, "ECA204", "a document type declaration")
		case xml.ProcInst:
			if err := d.declaration(pos, tok); err != nil {
				return nil, err
			}
		}
	}
	if root == nil {
		return nil, d.problem(diag.Pos{}, "ECA201", "no XML element in the file")
	}
	return root, nil
}

// element reads from behind a start tag to its end tag. It keeps its own stack
// because depth is an attacker's choice.
func (d *decoder) element(pos diag.Pos, start xml.StartElement) (*Element, error) {
	root, err := d.open(pos, start)
	if err != nil {
		return nil, err
	}
	d.push(root, start)
	for len(d.stack) > 0 {
		top := &d.stack[len(d.stack)-1]
		pos := d.pos()
		tok, err := d.xml.RawToken()
		if err != nil {
			return nil, d.syntax(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if len(d.stack) == MaxDepth {
				return nil, d.problem(pos, "ECA205", "elements nest deeper than %d", MaxDepth)
			}
			child, err := d.open(pos, tok)
			if err != nil {
				return nil, err
			}
			top.element.Children = append(top.element.Children, child)
			d.push(child, tok)
		case xml.EndElement:
			if due := (xml.Name{Space: top.prefix, Local: top.element.Name}); tok.Name != due {
				return nil, d.problem(pos, "ECA202", "</%s> where </%s> is due, which closes line %d",
					tagName(tok.Name), tagName(due), top.element.Pos.Line)
			}
			if err := d.settle(top); err != nil {
				return nil, err
			}
			d.stack = d.stack[:len(d.stack)-1]
		case xml.CharData:
			top.text = append(top.text, tok...)
		case xml.Directive:
			return nil, d.problem(pos, "ECA204", "a document type declaration")
		}
	}
	return root, nil
}

// push opens a frame, in the memory of an earlier one where there is one.
func (d *decoder) push(e *Element, start xml.StartElement) {
	n := len(d.stack)
	if n < cap(d.stack) {
		d.stack = d.stack[:n+1]
	} else {
		d.stack = append(d.stack, frame{})
	}
	d.stack[n] = frame{element: e, prefix: start.Name.Space, text: d.stack[n].text[:0]}
}

// tagName gives a name as a tag has it.
func tagName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// settle tells apart the two kinds of element once it is closed: blanks between
// children are layout and go; blanks that are all of a value stay.
func (d *decoder) settle(f *frame) error {
	e := f.element
	if len(e.Children) == 0 {
		e.Text = string(f.text)
		return nil
	}
	if len(bytes.TrimSpace(f.text)) > 0 {
		return d.problem(e.Pos, "ECA206", "<%s> holds text beside elements", e.Name)
	}
	return nil
}

func (d *decoder) open(pos diag.Pos, start xml.StartElement) (*Element, error) {
	e := &Element{Name: start.Name.Local, Pos: pos}
	if d.prefixes[start.Name.Space] != Namespace {
		return nil, d.problem(pos, "ECA207", "<%s:%s> is not in the metadata namespace", start.Name.Space, start.Name.Local)
	}
	if name, ok := repeated(start.Attr); ok {
		return nil, d.problem(pos, "ECA202", "<%s> has the attribute %s twice", e.Name, tagName(name))
	}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
			if a.Name.Space == "" && a.Value != Namespace {
				return nil, d.problem(pos, "ECA207", "<%s> is in the namespace %q", e.Name, a.Value)
			}
		case a.Name.Local == "nil" && d.prefixes[a.Name.Space] == xsi:
			e.Nil = a.Value == "true" || a.Value == "1"
		case a.Name.Space != "" && d.prefixes[a.Name.Space] != xsi:
			return nil, d.problem(pos, "ECA207", "the attribute %s:%s of <%s> is of another namespace", a.Name.Space, a.Name.Local, e.Name)
		case a.Name.Space != "":
			e.Attrs = append(e.Attrs, Attr{"xsi:" + a.Name.Local, a.Value})
		default:
			e.Attrs = append(e.Attrs, Attr{a.Name.Local, a.Value})
		}
	}
	return e, nil
}

// repeated finds an attribute that is there twice, which encoding/xml lets pass
// and etree answers by dropping one.
func repeated(attrs []xml.Attr) (xml.Name, bool) {
	if len(attrs) < 2 {
		return xml.Name{}, false
	}
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		if seen[a.Name] {
			return a.Name, true
		}
		seen[a.Name] = true
	}
	return xml.Name{}, false
}

// namespaces notes what the root element declares. A root without a namespace
// is read: people write such files, and an org says what it thinks of them.
func (d *decoder) namespaces(pos diag.Pos, root xml.StartElement) error {
	d.prefixes = map[string]string{"": Namespace}
	for _, a := range root.Attr {
		switch {
		case a.Name.Space == "xmlns":
			d.prefixes[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			d.prefixes[""] = a.Value
		}
	}
	if ns := d.prefixes[root.Name.Space]; ns != Namespace {
		p := d.problem(pos, "ECA207", "<%s> is in the namespace %q", root.Name.Local, ns)
		p.Hint = "metadata files have the namespace " + Namespace
		return p
	}
	return nil
}

func (d *decoder) declaration(pos diag.Pos, pi xml.ProcInst) error {
	if pi.Target != "xml" {
		return nil
	}
	_, rest, ok := bytes.Cut(pi.Inst, []byte("encoding="))
	if !ok || len(rest) < 2 {
		return nil
	}
	name, _, _ := bytes.Cut(rest[1:], rest[:1])
	if !strings.EqualFold(string(name), "utf-8") && !strings.EqualFold(string(name), "us-ascii") {
		p := d.problem(pos, "ECA208", "the file says that it is encoded as %s", name)
		p.Hint = "save it as UTF-8"
		return p
	}
	return nil
}

// pos is where the next token begins, in the file as it was given.
func (d *decoder) pos() diag.Pos {
	line, col := d.xml.InputPos()
	if col < 1 { // encoding/xml has gone back over a line break, and does not correct the column
		at := int(d.xml.InputOffset())
		col = at - bytes.LastIndexByte(d.data[:at], '\n')
	}
	return original(diag.Pos{File: d.file, Line: line, Col: col}, d.edits)
}

// afterBlanks moves a position over the blanks that text begins with.
func afterBlanks(pos diag.Pos, text []byte) diag.Pos {
	blanks := text[:len(text)-len(bytes.TrimLeft(text, " \t\r\n"))]
	if n := bytes.Count(blanks, newline); n > 0 {
		pos.Line, pos.Col = pos.Line+n, 1
		blanks = blanks[bytes.LastIndexByte(blanks, '\n')+1:]
	}
	pos.Col += len(blanks)
	return pos
}

func (d *decoder) problem(pos diag.Pos, code, format string, args ...any) *diag.Problem {
	pos.File = d.file
	return &diag.Problem{Pos: pos, Code: code, Message: fmt.Sprintf(format, args...)}
}

// syntax turns an error of encoding/xml into a problem with a place. At the end
// of the file it names what was left open, which is what a person looks for.
func (d *decoder) syntax(err error) error {
	pos := d.pos()
	if int(d.xml.InputOffset()) >= len(d.data) && len(d.stack) > 0 {
		top := d.stack[len(d.stack)-1].element
		p := d.problem(pos, "ECA202", "the file ends inside <%s>, which opens on line %d", top.Name, top.Pos.Line)
		p.Hint, p.Err = "the file is cut off", err
		return p
	}
	message := strings.TrimPrefix(err.Error(), "XML syntax error on ")
	if syn, ok := errors.AsType[*xml.SyntaxError](err); ok {
		message = syn.Msg
	}
	p := d.problem(pos, "ECA202", "not well-formed XML: %s", message)
	p.Err = err
	return p
}
