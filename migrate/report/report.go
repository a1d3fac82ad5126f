// Package report writes what an audit found: one writer a format, over the one
// report of package migrate.
//
// Names, labels and addresses in a report were written by people of an org and
// may hold anything. Each writer makes them harmless for its format: see [Plain]
// and [Markdown].
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// JSON writes a document as indented JSON.
func JSON(w io.Writer, doc any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// Plain takes out of a text what a terminal would act upon, or what would make
// it read differently than it is written: control characters, and marks that
// change the direction of writing. Line breaks become blanks.
func Plain(s string) string {
	harmless := func(r rune) bool { return r >= 0x20 && r < 0x7F }
	if strings.IndexFunc(s, func(r rune) bool { return !harmless(r) }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
}

// PlainLines is Plain for a text of several lines, which stay.
func PlainLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Markdown makes a text harmless in a cell of a Markdown table: it cannot end
// the cell, begin a tag, or format.
func Markdown(s string) string {
	s = Plain(s)
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			out.WriteString("&lt;")
		case r == '>':
			out.WriteString("&gt;")
		case r == '&':
			out.WriteString("&amp;")
		case strings.ContainsRune("\\|`*_[]{}#!~@$", r):
			out.WriteByte('\\')
			out.WriteRune(r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
