package soql

import (
	"fmt"
	"slices"
	"strings"
)

// groups gathers rows by the fields of GROUP BY.
type groups struct {
	x     *execution
	order []string
	by    map[string]*group
	asked []field // aggregates of SELECT, HAVING and ORDER BY
}

type group struct {
	first Row
	sums  []sum // beside asked
}

// sum is what an aggregate needs.
type sum struct {
	n        int
	total    float64
	least    any
	most     any
	distinct map[string]bool
}

func newGroups(x *execution) *groups {
	g := &groups{x: x, by: map[string]*group{}}
	for _, f := range x.query.fields {
		g.ask(f)
	}
	for _, o := range x.query.order {
		g.ask(o.field)
	}
	g.askHaving(x.query.having)
	if len(x.query.group) == 0 {
		g.by[""], g.order = g.fresh(nil), []string{""} // an aggregate of nothing is a row too
	}
	return g
}

func (g *groups) ask(f field) {
	if f.fn == "" {
		return
	}
	if !slices.ContainsFunc(g.asked, func(o field) bool { return aggregateKey(o) == aggregateKey(f) }) {
		f.path = g.x.spelled(f.path)
		g.asked = append(g.asked, f)
	}
}

func (g *groups) askHaving(c condition) {
	switch c := c.(type) {
	case and:
		for _, part := range c {
			g.askHaving(part)
		}
	case or:
		for _, part := range c {
			g.askHaving(part)
		}
	case not:
		g.askHaving(c.of)
	case compare:
		g.ask(c.field)
	}
}

func aggregateKey(f field) string { return f.fn + "(" + strings.ToLower(f.path) + ")" }

func (g *groups) fresh(row Row) *group { return &group{first: row, sums: make([]sum, len(g.asked))} }

func (g *groups) add(row Row) {
	var b strings.Builder
	for _, path := range g.x.query.group {
		v := g.x.at(row, path)
		if v == nil {
			b.WriteString("\x01")
		}
		b.WriteString(strings.ToLower(textOf(v)))
		b.WriteByte(0)
	}
	k := b.String()
	in := g.by[k]
	if in == nil {
		in = g.fresh(row)
		g.by[k] = in
		g.order = append(g.order, k)
	}
	if in.first == nil {
		in.first = row
	}
	for i, f := range g.asked {
		in.sums[i].add(g.x, f, row)
	}
}

func (s *sum) add(x *execution, f field, row Row) {
	if f.path == "" {
		s.n++
		return
	}
	v := x.at(row, f.path)
	if v == nil {
		return
	}
	s.n++
	if n, ok := number(v); ok {
		s.total += n
	}
	if s.least == nil || compareValues(v, s.least) < 0 {
		s.least = v
	}
	if s.most == nil || compareValues(v, s.most) > 0 {
		s.most = v
	}
	if f.fn == "count_distinct" {
		if s.distinct == nil {
			s.distinct = map[string]bool{}
		}
		s.distinct[fold(textOf(v))] = true
	}
}

// value is what an aggregate comes to.
func (s *sum) value(fn string) any {
	switch fn {
	case "count":
		return s.n
	case "count_distinct":
		return len(s.distinct)
	case "max":
		return s.most
	case "min":
		return s.least
	case "sum":
		return s.total
	}
	if s.n == 0 {
		return nil
	}
	return s.total / float64(s.n)
}

// into writes the groups as records.
func (g *groups) into(r *Result) {
	type line struct {
		record Record
		values map[string]any
		first  Row
	}
	var lines []line
	for _, k := range g.order {
		in := g.by[k]
		values := map[string]any{}
		for i, f := range g.asked {
			values[aggregateKey(f)] = in.sums[i].value(f.fn)
		}
		if !g.x.holds(g.x.query.having, in.first, values) {
			continue
		}
		lines = append(lines, line{g.record(in, values), values, in.first})
	}
	value := func(l line, f field) any {
		if f.fn != "" {
			return l.values[aggregateKey(f)]
		}
		if i := slices.IndexFunc(l.record.Names, func(n string) bool { return strings.EqualFold(n, f.path) }); i >= 0 {
			return l.record.Values[i]
		}
		return g.x.at(l.first, g.x.spelled(f.path))
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		for _, o := range g.x.query.order {
			if c := o.compare(value(a, o.field), value(b, o.field)); c != 0 {
				return c
			}
		}
		return 0
	})
	from := min(g.x.query.offset, len(lines))
	to := len(lines)
	if g.x.query.limit >= 0 {
		to = min(from+g.x.query.limit, to)
	}
	for _, l := range lines[from:to] {
		r.Records = append(r.Records, l.record)
	}
}

// record names aggregates without an alias expr0, expr1 and so on.
func (g *groups) record(in *group, values map[string]any) Record {
	r := Record{Type: "AggregateResult"}
	unnamed := 0
	for _, f := range g.x.query.fields {
		name, v := f.alias, values[aggregateKey(f)]
		switch {
		case f.fn == "":
			v = g.x.at(in.first, f.path)
			if name == "" {
				name = f.path[strings.LastIndexByte(f.path, '.')+1:]
			}
		case name == "":
			name = fmt.Sprintf("expr%d", unnamed)
			unnamed++
		}
		r.Names, r.Values = append(r.Names, name), append(r.Values, v)
	}
	return r
}
