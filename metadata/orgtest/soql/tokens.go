package soql

import (
	"strings"
	"unicode"
)

// A token is a word, a symbol or a text in quotes.
type token struct {
	text   string
	quoted bool
}

// tokens cuts a query up.
func tokens(q string) ([]token, error) {
	var list []token
	for i := 0; i < len(q); {
		switch ch := q[i]; {
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			i++
		case ch == '\'':
			text, n, err := quoted(q[i:])
			if err != nil {
				return nil, err
			}
			list, i = append(list, token{text, true}), i+n
		case strings.ContainsRune("(),", rune(ch)):
			list, i = append(list, token{string(ch), false}), i+1
		case strings.ContainsRune("<>=!", rune(ch)):
			n := 1
			if i+1 < len(q) && (q[i+1] == '=' || ch == '<' && q[i+1] == '>') {
				n = 2
			}
			list, i = append(list, token{q[i : i+n], false}), i+n
		default:
			n := i
			for n < len(q) && (q[n] >= 0x80 || unicode.IsLetter(rune(q[n])) || unicode.IsDigit(rune(q[n])) || strings.IndexByte("_.:+-%", q[n]) >= 0) {
				n++
			}
			if n == i {
				return nil, malformed("unexpected token: '%c'", ch)
			}
			list, i = append(list, token{q[i:n], false}), n
		}
	}
	return list, nil
}

// literal stands before a % or _ that was written with a backslash, and is no
// wildcard of LIKE.
const literal = "\x00"

// quoted reads a text in quotes, and says how long it is in the query.
func quoted(q string) (string, int, error) {
	var b strings.Builder
	for i := 1; i < len(q); i++ {
		switch q[i] {
		case '\'':
			return b.String(), i + 1, nil
		case '\\':
			if i++; i == len(q) {
				return "", 0, malformed("unexpected end of query")
			}
			switch q[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '_', '%':
				b.WriteString(literal + q[i:i+1]) // LIKE tells them from its own
			default:
				b.WriteByte(q[i])
			}
		default:
			b.WriteByte(q[i])
		}
	}
	return "", 0, malformed("line 1:%d no viable alternative at character '<EOF>'", len(q))
}
