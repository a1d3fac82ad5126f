package soql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// An Error is what an org says against a query.
type Error struct{ Code, Message string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func malformed(format string, args ...any) error {
	return &Error{"MALFORMED_QUERY", fmt.Sprintf(format, args...)}
}

// A query is a parsed SELECT.
type query struct {
	fields []field
	from   string
	where  condition
	group  []string
	having condition
	order  []ordering
	limit  int // -1 for none
	offset int
}

// A field is one column: a path, an aggregate, or a query of children.
type field struct {
	path  string
	fn    string // "count", "max", ...; "" for none
	alias string
	sub   *query
}

type ordering struct {
	field      field
	descending bool
	nullsLast  bool
}

// A condition is a node of WHERE.
type condition any

type (
	and     []condition
	or      []condition
	not     struct{ of condition }
	compare struct {
		field  field
		op     string // = != < <= > >= like in notin includes excludes
		values []value
		sub    *query
	}
)

// A value is a literal.
type value struct {
	kind string // text, number, bool, null, date, literal
	text string
	n    int // of LAST_N_DAYS:n
}

type parser struct {
	list  []token
	at    int
	depth int
}

// maxDepth bounds parentheses and queries in queries.
const maxDepth = 32

func parse(text string) (*query, error) {
	if len(text) > 100_000 {
		return nil, malformed("SOQL statements cannot be longer than 100000 characters.")
	}
	list, err := tokens(text)
	if err != nil {
		return nil, err
	}
	p := &parser{list: list}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.list) {
		return nil, malformed("unexpected token: '%s'", p.list[p.at].text)
	}
	return q, nil
}

func (p *parser) peek() string {
	if p.at >= len(p.list) || p.list[p.at].quoted {
		return ""
	}
	return strings.ToLower(p.list[p.at].text)
}

// word takes the next word if it is one of some.
func (p *parser) word(words ...string) bool {
	for _, w := range words {
		if p.peek() == w {
			p.at++
			return true
		}
	}
	return false
}

func (p *parser) expect(word string) error {
	if !p.word(word) {
		return malformed("expecting '%s', found '%s'", word, p.found())
	}
	return nil
}

func (p *parser) found() string {
	if p.at >= len(p.list) {
		return "<EOF>"
	}
	return p.list[p.at].text
}

// name takes an identifier or a path.
func (p *parser) name() (string, error) {
	if p.at >= len(p.list) || p.list[p.at].quoted || strings.ContainsAny(p.list[p.at].text, "(),<>=!:+-%") {
		return "", malformed("unexpected token: '%s'", p.found())
	}
	p.at++
	return p.list[p.at-1].text, nil
}

func (p *parser) query() (*query, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, malformed("the query nests too deep")
	}
	defer func() { p.depth-- }()
	q := &query{limit: -1}
	if err := p.expect("select"); err != nil {
		return nil, err
	}
	for {
		f, err := p.field()
		if err != nil {
			return nil, err
		}
		q.fields = append(q.fields, f)
		if !p.word(",") {
			break
		}
	}
	if err := p.expect("from"); err != nil {
		return nil, err
	}
	var err error
	if q.from, err = p.name(); err != nil {
		return nil, err
	}
	if next := p.peek(); next != "" && !clauses[next] && next != ")" { // an alias of the object
		p.at++
	}
	return q, p.clauses(q)
}

// clauses are the words that begin what follows FROM.
var clauses = map[string]bool{"where": true, "group": true, "having": true, "order": true, "limit": true, "offset": true, "using": true, "with": true, "for": true, "all": true}

func (p *parser) clauses(q *query) (err error) {
	if p.word("using") { // USING SCOPE everything
		p.at += 2
	}
	if p.word("where") {
		if q.where, err = p.condition(); err != nil {
			return err
		}
	}
	if p.word("group") {
		if err := p.expect("by"); err != nil {
			return err
		}
		for {
			name, err := p.name()
			if err != nil {
				return err
			}
			q.group = append(q.group, name)
			if !p.word(",") {
				break
			}
		}
	}
	if p.word("having") {
		if q.having, err = p.condition(); err != nil {
			return err
		}
	}
	if p.word("order") {
		if err := p.ordering(q); err != nil {
			return err
		}
	}
	if p.word("limit") {
		if q.limit, err = p.number(); err != nil {
			return err
		}
	}
	if p.word("offset") {
		if q.offset, err = p.number(); err != nil {
			return err
		}
	}
	if p.word("all") {
		return p.expect("rows")
	}
	return nil
}

func (p *parser) ordering(q *query) error {
	if err := p.expect("by"); err != nil {
		return err
	}
	for {
		f, err := p.field()
		if err != nil {
			return err
		}
		o := ordering{field: f}
		if p.word("desc") {
			o.descending, o.nullsLast = true, true
		} else {
			p.word("asc")
		}
		if p.word("nulls") {
			o.nullsLast = p.peek() == "last"
			if !p.word("first", "last") {
				return malformed("expecting FIRST or LAST, found '%s'", p.found())
			}
		}
		q.order = append(q.order, o)
		if !p.word(",") {
			return nil
		}
	}
}

func (p *parser) number() (int, error) {
	n, err := strconv.Atoi(p.found())
	if err != nil || n < 0 {
		return 0, malformed("unexpected token: '%s'", p.found())
	}
	p.at++
	return n, nil
}

var aggregates = map[string]bool{"count": true, "count_distinct": true, "max": true, "min": true, "sum": true, "avg": true}

// field reads a column.
func (p *parser) field() (field, error) {
	if p.word("(") {
		sub, err := p.query()
		if err != nil {
			return field{}, err
		}
		return field{sub: sub}, p.expect(")")
	}
	name, err := p.name()
	if err != nil {
		return field{}, err
	}
	f := field{path: name}
	if fn := strings.ToLower(name); p.peek() == "(" {
		p.at++
		if !aggregates[fn] && fn != "format" && fn != "tolabel" && fn != "calendar_year" && fn != "day_only" {
			return field{}, malformed("unexpected token: '%s('", name)
		}
		f = field{fn: fn}
		if p.peek() != ")" {
			if f.path, err = p.name(); err != nil {
				return field{}, err
			}
		}
		if f.path == "" && fn != "count" {
			return field{}, malformed("unexpected token: ')'")
		}
		if !aggregates[fn] {
			f.fn = ""
		}
		if err := p.expect(")"); err != nil {
			return field{}, err
		}
	}
	if next := p.peek(); next != "" && next != "from" && next != "," && next != ")" && !clauses[next] && isWord(next) && !operators[next] && next != "and" && next != "or" && next != "asc" && next != "desc" && next != "nulls" && next != "not" {
		if reserved[next] {
			return field{}, malformed("unexpected token: '%s'", p.list[p.at].text)
		}
		f.alias = p.list[p.at].text
		p.at++
	}
	return f, nil
}

// reserved are words that are no alias. From the SOQL and SOSL reference.
var reserved = map[string]bool{
	"excludes": true, "first": true, "having": true, "in": true, "includes": true, "last": true, "like": true, "null": true, "select": true,
}

func isWord(s string) bool { return s[0] == '_' || unicode.IsLetter(rune(s[0])) }

// condition reads OR of AND of NOT.
func (p *parser) condition() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, malformed("the query nests too deep")
	}
	defer func() { p.depth-- }()
	first, err := p.term()
	if err != nil {
		return nil, err
	}
	switch p.peek() {
	case "and":
		list := and{first}
		for p.word("and") {
			next, err := p.term()
			if err != nil {
				return nil, err
			}
			list = append(list, next)
		}
		if p.peek() == "or" {
			return nil, malformed("unexpected token: OR; use parentheses to group AND and OR")
		}
		return list, nil
	case "or":
		list := or{first}
		for p.word("or") {
			next, err := p.term()
			if err != nil {
				return nil, err
			}
			list = append(list, next)
		}
		if p.peek() == "and" {
			return nil, malformed("unexpected token: AND; use parentheses to group AND and OR")
		}
		return list, nil
	}
	return first, nil
}

func (p *parser) term() (condition, error) {
	if p.word("not") {
		of, err := p.term()
		return not{of}, err
	}
	if p.word("(") {
		c, err := p.condition()
		if err != nil {
			return nil, err
		}
		return c, p.expect(")")
	}
	return p.comparison()
}

// operators of WHERE; some are of two words.
var operators = map[string]bool{"=": true, "!=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true, "like": true, "in": true, "includes": true, "excludes": true}

func (p *parser) comparison() (condition, error) {
	f, err := p.field()
	if err != nil {
		return nil, err
	}
	c := compare{field: f, op: p.peek()}
	switch {
	case p.word("not"):
		if err := p.expect("in"); err != nil {
			return nil, err
		}
		c.op = "notin"
	case operators[c.op]:
		p.at++
	default:
		return nil, malformed("unexpected token: '%s'", p.found())
	}
	if c.op == "<>" {
		c.op = "!="
	}
	if c.op != "in" && c.op != "notin" && c.op != "includes" && c.op != "excludes" {
		v, err := p.value()
		c.values = []value{v}
		return c, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	if p.peek() == "select" {
		if c.sub, err = p.query(); err != nil {
			return nil, err
		}
		return c, p.expect(")")
	}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
		if !p.word(",") {
			return c, p.expect(")")
		}
	}
}

func (p *parser) value() (value, error) {
	if p.at >= len(p.list) {
		return value{}, malformed("unexpected token: '<EOF>'")
	}
	t := p.list[p.at]
	p.at++
	if t.quoted {
		return value{kind: "text", text: t.text}, nil
	}
	word := strings.ToLower(t.text)
	if _, err := strconv.ParseFloat(t.text, 64); err == nil {
		return value{kind: "number", text: t.text}, nil
	}
	if _, ok := parseTime(t.text); ok {
		return value{kind: "date", text: t.text}, nil
	}
	switch {
	case word == "true" || word == "false":
		return value{kind: "bool", text: word}, nil
	case word == "null":
		return value{kind: "null"}, nil
	}
	name, count, hasCount := strings.Cut(word, ":")
	n := 0
	if hasCount {
		var err error
		if n, err = strconv.Atoi(count); err != nil || n < 0 || n > 100_000 {
			return value{}, malformed("unexpected token: '%s'", t.text)
		}
	}
	if r, ok := dateLiterals[name]; ok && r.counted == hasCount {
		return value{kind: "literal", text: name, n: n}, nil
	}
	return value{}, malformed("unexpected token: '%s'", t.text)
}
