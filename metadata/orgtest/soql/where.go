package soql

import (
	"strings"
	"unicode/utf8"
)

// holds tells whether a row meets a condition. groups has the aggregates of a
// HAVING.
func (x *execution) holds(c condition, row Row, groups map[string]any) bool {
	switch c := c.(type) {
	case nil:
		return true
	case and:
		for _, part := range c {
			if !x.holds(part, row, groups) {
				return false
			}
		}
		return true
	case or:
		for _, part := range c {
			if x.holds(part, row, groups) {
				return true
			}
		}
		return false
	case not:
		return !x.holds(c.of, row, groups)
	case compare:
		v := x.at(row, x.spelled(c.field.path))
		if c.field.fn != "" {
			v = groups[aggregateKey(c.field)]
		}
		return x.compares(c, v)
	}
	return false
}

// spelled is a path as the describe spells it.
func (x *execution) spelled(path string) string {
	if x.known(&path) != nil {
		return path
	}
	return path
}

func (x *execution) compares(c compare, v any) bool {
	switch c.op {
	case "in", "notin":
		in := false
		if c.sub != nil {
			in = v != nil && x.subs[c.sub][fold(textOf(v))]
		}
		for _, want := range c.values {
			in = in || x.equal(v, want)
		}
		return in == (c.op == "in")
	case "includes", "excludes":
		in := false
		for part := range strings.SplitSeq(textOf(v), ";") {
			for _, want := range c.values {
				in = in || strings.EqualFold(part, want.text)
			}
		}
		return in == (c.op == "includes")
	case "like":
		return v != nil && like(strings.ToLower(c.values[0].text), strings.ToLower(textOf(v)))
	case "=":
		return x.equal(v, c.values[0])
	case "!=":
		return !x.equal(v, c.values[0])
	}
	return v != nil && x.ordered(c.op, v, c.values[0])
}

func (x *execution) equal(v any, want value) bool {
	switch want.kind {
	case "null":
		return v == nil || v == ""
	case "literal":
		s := dateLiterals[want.text].span(x.day, want.n)
		t, ok := timeOf(v)
		return ok && !t.Before(s.from) && t.Before(s.to)
	case "date":
		a, ok := timeOf(v)
		b, _ := parseTime(want.text)
		return ok && a.Equal(b)
	case "number":
		a, ok := number(v)
		b, _ := number(want.text)
		return ok && a == b
	}
	return v != nil && fold(textOf(v)) == fold(strings.ReplaceAll(want.text, literal, ""))
}

// ordered is one of < <= > >=; before a span is before its beginning, and after
// it is after its end.
func (x *execution) ordered(op string, v any, want value) bool {
	if want.kind == "literal" {
		s := dateLiterals[want.text].span(x.day, want.n)
		t, ok := timeOf(v)
		if !ok {
			return false
		}
		switch op {
		case "<":
			return t.Before(s.from)
		case "<=":
			return t.Before(s.to)
		case ">":
			return !t.Before(s.to)
		}
		return !t.Before(s.from)
	}
	var other any = want.text
	if want.kind == "number" {
		other, _ = number(want.text)
	}
	c := compareValues(v, other)
	return op[0] == '<' && c < 0 || op[0] == '>' && c > 0 || len(op) == 2 && c == 0
}

// like matches a pattern: % is any text, _ is any character. Both are in lower
// case.
func like(pattern, s string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '%':
			pattern = strings.TrimLeft(pattern, "%")
			if pattern == "" {
				return true
			}
			for i := range len(s) + 1 {
				if like(pattern, s[i:]) {
					return true
				}
			}
			return false
		case s == "":
			return false
		case pattern[0] == '_':
			_, n := utf8.DecodeRuneInString(s)
			pattern, s = pattern[1:], s[n:]
			continue
		case pattern[0] == literal[0] && len(pattern) > 1:
			pattern = pattern[1:]
		}
		if pattern[0] != s[0] {
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}
