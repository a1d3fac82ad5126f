package metadata

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata/diag"
)

// An edit is a place where repair made a line longer, so that positions in the
// repaired text can be told as positions in the file. Edits are in their order.
type edit struct {
	line, col int // where the added bytes begin, in the repaired text
	added     int // on this line, up to and with this edit
}

// original translates a position in the repaired text to one in the file. It
// is asked for every tag, and how many edits there are is an attacker's choice.
func original(pos diag.Pos, edits []edit) diag.Pos {
	n, _ := slices.BinarySearchFunc(edits, pos, func(e edit, p diag.Pos) int {
		return cmp.Or(cmp.Compare(e.line, p.Line), cmp.Compare(e.col, p.Col))
	})
	if n > 0 && edits[n-1].line == pos.Line {
		pos.Col = max(pos.Col-edits[n-1].added, 1)
	}
	return pos
}

// maxBareWarnings is how many bare & of one file are reported. All are mended;
// a file with more is no metadata, and a warning takes more room than a byte.
const maxBareWarnings = 100

var (
	bom      = []byte("\xEF\xBB\xBF")
	crlf     = []byte("\r\n")
	newline  = []byte("\n")
	cr       = []byte("\r")
	crAsRef  = []byte("&#13;")
	ampAsRef = []byte("&amp;")
)

// repair makes of a file what an XML parser reads without loss. A byte order
// mark goes. A bare & becomes &amp;: orgs return such files and take them back.
// A CR inside a value becomes a reference, because parsers turn CR LF into LF,
// and an org writes the list of callback URLs with the line ends that it was
// given; but where every line of a file ends in CR LF, that is the checkout's
// doing and not a value.
func repair(file string, data []byte) ([]byte, []edit, diag.Problems, error) {
	data = bytes.TrimPrefix(data, bom)
	if err := readable(file, data); err != nil {
		return nil, nil, nil, err
	}
	keepCR := false
	if n := bytes.Count(data, crlf); n > 0 || bytes.Contains(data, cr) {
		keepCR = n != bytes.Count(data, newline) || n != bytes.Count(data, cr)
	}
	if !keepCR && bytes.IndexByte(data, '&') < 0 {
		return data, nil, nil, nil
	}
	r := &repairer{file: file, in: data, keepCR: keepCR, line: 1}
	r.run()
	return r.out, r.edits, r.problems, nil
}

type repairer struct {
	file      string
	in, out   []byte
	keepCR    bool
	line      int
	lineStart int // in out
	edits     []edit
	problems  diag.Problems
}

// run copies the input. Tags, comments, CDATA sections and declarations are
// copied as they are; in text between them & and CR are looked at.
func (r *repairer) run() {
	r.out = make([]byte, 0, len(r.in)+64)
	for i := 0; i < len(r.in); {
		switch c := r.in[i]; {
		case c == '<':
			end := i + markup(r.in[i:])
			r.copy(r.in[i:end])
			i = end
		case c == '&' && !isReference(r.in[i:]):
			r.warn()
			r.replace(ampAsRef)
			i++
		case c == '\r' && r.keepCR:
			r.replace(crAsRef)
			i++
		default:
			end := i + 1
			if n := bytes.IndexAny(r.in[end:], "<&\r"); n >= 0 {
				end += n
			} else {
				end = len(r.in)
			}
			r.copy(r.in[i:end])
			i = end
		}
	}
}

// warn reports the bare & that comes next.
func (r *repairer) warn() {
	if len(r.problems) == maxBareWarnings {
		return
	}
	r.problems = append(r.problems, &diag.Problem{
		Pos:   original(diag.Pos{File: r.file, Line: r.line, Col: len(r.out) - r.lineStart + 1}, r.edits),
		Level: diag.Warning, Code: "ECA210",
		Message: "a bare & in the text", Hint: "XML writes it as &amp;; generate and import do so",
	})
}

func (r *repairer) copy(b []byte) {
	for i, c := range b {
		if c == '\n' {
			r.line++
			r.lineStart = len(r.out) + i + 1
		}
	}
	r.out = append(r.out, b...)
}

// replace writes a reference in the place of one byte.
func (r *repairer) replace(with []byte) {
	added := len(with) - 1
	if n := len(r.edits); n > 0 && r.edits[n-1].line == r.line {
		added += r.edits[n-1].added
	}
	r.edits = append(r.edits, edit{line: r.line, col: len(r.out) - r.lineStart + 1, added: added})
	r.out = append(r.out, with...)
}

// markup returns the length of the tag, comment, section or declaration that b
// begins with; all of b if it does not end.
func markup(b []byte) int {
	for _, m := range []struct{ open, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if bytes.HasPrefix(b, []byte(m.open)) {
			if n := bytes.Index(b[len(m.open):], []byte(m.end)); n >= 0 {
				return len(m.open) + n + len(m.end)
			}
			return len(b)
		}
	}
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(b)
}

// isReference tells whether b begins with a reference that XML knows:
// one of the five entities or a character number.
func isReference(b []byte) bool {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 2 {
		return false
	}
	name := b[1:end]
	switch string(name) {
	case "amp", "lt", "gt", "apos", "quot":
		return true
	}
	if name[0] != '#' || len(name) < 2 {
		return false
	}
	digits, isDigit := name[1:], func(c byte) bool { return c >= '0' && c <= '9' }
	if digits[0] == 'x' {
		digits = digits[1:]
		isDigit = func(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }
	}
	for _, c := range digits {
		if !isDigit(c) {
			return false
		}
	}
	return len(digits) > 0
}

// utf16 tells whether the bytes look like UTF-16 with or without a mark.
func utf16(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	return bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) ||
		data[0] == '<' && data[1] == 0 || data[0] == 0 && data[1] == '<'
}

// readable refuses what is no text, before anything tries to parse it.
func readable(file string, data []byte) error {
	at := func(code, message, hint string) error {
		return &diag.Problem{Pos: diag.Pos{File: file}, Code: code, Message: message, Hint: hint}
	}
	switch {
	case len(data) > MaxFileSize:
		return at("ECA209", fmt.Sprintf("the file has %d bytes, and a metadata file at most %d", len(data), MaxFileSize), "")
	case len(bytes.TrimSpace(data)) == 0:
		return at("ECA201", "the file is empty", "")
	case utf16(data):
		return at("ECA208", "the file is UTF-16", "save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		return at("ECA208", "the file holds a NUL byte, so it is not text", "")
	case !utf8.Valid(data):
		p := &diag.Problem{Pos: firstInvalid(file, data), Code: "ECA208", Message: "the file is not UTF-8", Hint: "save it as UTF-8"}
		return p
	}
	return nil
}

func firstInvalid(file string, data []byte) diag.Pos {
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	line := 1 + bytes.Count(data[:at], []byte("\n"))
	return diag.Pos{File: file, Line: line, Col: at - bytes.LastIndexByte(data[:at], '\n')}
}
