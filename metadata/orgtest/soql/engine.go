// Package soql runs a subset of SOQL over tables in memory: fields and parents
// one deep, children, WHERE, GROUP BY with aggregates, HAVING, ORDER BY, LIMIT
// and OFFSET. What it does not have is an error with the code and, as near as it
// is known, the text of Salesforce.
package soql

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// A Row is a record: fields by their names, with parents as rows.
type Row = map[string]any

// A Source has the records of objects.
type Source interface {
	// Rows iterates over the records of an object; ok is false if there is none
	// of that name.
	Rows(object string, tooling bool) (rows iter.Seq[Row], ok bool)
}

// An Engine runs queries.
type Engine struct {
	source  Source
	now     func() time.Time
	objects map[string]*Object
}

// New makes an engine over a source.
func New(source Source, now func() time.Time) *Engine {
	e := &Engine{source, now, map[string]*Object{}}
	for i := range objects() {
		o := &objects()[i]
		e.objects[strings.ToLower(o.Name)] = o
	}
	return e
}

// A Result is the answer to a query.
type Result struct {
	Object    string // as the describe spells it
	Count     int    // of SELECT COUNT()
	CountOnly bool
	Grouped   bool // by GROUP BY
	Records   []Record
	Columns   []Column
}

// A Record is one row of a result, its fields in the order of the query.
type Record struct {
	Type   string // the object; AggregateResult for groups
	Names  []string
	Values []any // of JSON; a Record for a parent, a *Result for children
}

// A Column describes a column, as the undocumented columns=true of REST does.
type Column struct {
	Name, Type string
	Aggregate  bool
	Join       []Column
}

// Query runs a query. tooling tells which API it came from.
func (e *Engine) Query(text string, tooling bool) (*Result, error) {
	q, err := parse(text)
	if err != nil {
		return nil, err
	}
	r, err := e.run(q, tooling, nil)
	if err == nil {
		r.Grouped = len(q.group) > 0
	}
	return r, err
}

// run executes a query; parent is the record whose children are asked for.
func (e *Engine) run(q *query, tooling bool, within func(Row) bool) (*Result, error) {
	object := e.objects[strings.ToLower(q.from)]
	if object == nil || object.Tooling && !tooling || object.DataOnly && tooling {
		return nil, &Error{"INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", q.from)}
	}
	rows, ok := e.source.Rows(object.Name, tooling)
	if !ok {
		return nil, &Error{"INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported.", q.from)}
	}
	x := &execution{engine: e, object: object, query: q, tooling: tooling, day: e.now().UTC().Truncate(24 * time.Hour)}
	if err := x.resolve(); err != nil {
		return nil, err
	}
	return x.over(rows, within)
}

// execution is one query on its way.
type execution struct {
	engine  *Engine
	object  *Object
	query   *query
	tooling bool
	day     time.Time
	subs    map[*query]map[string]bool // results of semi-joins
	byID    map[string]map[string]Row  // parents, by object and id
}

// resolve checks every field of a query against the object.
func (x *execution) resolve() error {
	q := x.query
	aggregates := slices.ContainsFunc(q.fields, func(f field) bool {
		return slices.Contains([]string{"count", "count_distinct", "min", "max", "sum", "avg"}, f.fn)
	})
	for i := range q.fields {
		f := &q.fields[i]
		if f.sub != nil {
			continue
		}
		if strings.EqualFold(f.path, "fields(all)") || f.path == "" && f.fn == "count" {
			continue
		}
		if err := x.known(&f.path); err != nil {
			return err
		}
		if f.fn == "" && (len(q.group) > 0 || aggregates) && !containsFold(q.group, f.path) {
			return malformed("Field must be grouped or aggregated: %s", f.path)
		}
	}
	for i := range q.group {
		if err := x.known(&q.group[i]); err != nil {
			return err
		}
		if f := x.object.Field(q.group[i]); f != nil && f.NoGroup {
			return malformed("field '%s' can not be grouped in a query call", f.Name)
		}
	}
	for i := range q.order {
		f := &q.order[i].field
		if f.path == "" || x.alias(f.path) {
			continue
		}
		if err := x.known(&f.path); err != nil {
			return err
		}
	}
	return x.conditions(q.where, false)
}

func (x *execution) alias(name string) bool {
	return slices.ContainsFunc(x.query.fields, func(f field) bool { return f.alias != "" && strings.EqualFold(f.alias, name) })
}

// known spells a path as the describe does, or says that there is no such field.
func (x *execution) known(path *string) error {
	first, rest, deeper := strings.Cut(*path, ".")
	if strings.EqualFold(first, x.object.Name) && deeper { // Account.Name FROM Account
		*path = rest
	}
	none := func(name, object string) error {
		return &Error{"INVALID_FIELD", fmt.Sprintf("\n%s\nERROR at Row:1:Column:8\nNo such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", *path, name, object)}
	}
	spelled, err := x.spell(x.object, *path, none)
	if err == nil {
		*path = spelled
	}
	return err
}

// maxParents is how many parents a path may go up.
const maxParents = 5

// spell follows a path from an object up through its parents.
func (x *execution) spell(object *Object, path string, none func(name, object string) error) (string, error) {
	var out []string
	for up := 0; ; up++ {
		first, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			f := object.Field(first)
			if f == nil {
				return "", none(first, object.Name)
			}
			return strings.Join(append(out, f.Name), "."), nil
		}
		parent := object.Parent(first)
		if parent == nil || up == maxParents {
			return "", &Error{"INVALID_FIELD", fmt.Sprintf("Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.", first)}
		}
		out = append(out, parent.Relationship)
		next := x.engine.objects[strings.ToLower(parent.ReferenceTo)]
		if next == nil {
			return strings.Join(append(out, rest), "."), nil
		}
		object, path = next, rest
	}
}

// conditions checks the fields of WHERE. An org does not filter by all of them.
func (x *execution) conditions(c condition, having bool) error {
	each := func(list []condition) error {
		for _, c := range list {
			if err := x.conditions(c, having); err != nil {
				return err
			}
		}
		return nil
	}
	switch c := c.(type) {
	case and:
		return each(c)
	case or:
		return each(c)
	case not:
		return x.conditions(c.of, having)
	case compare:
		path := c.field.path
		if c.field.fn != "" {
			return malformed("aggregates are for HAVING")
		}
		if err := x.known(&path); err != nil {
			return err
		}
		if f := x.object.Field(path); f != nil {
			if f.NoFilter {
				return &Error{"INVALID_FIELD", fmt.Sprintf("\nfield '%s' can not be filtered in a query call", f.Name)}
			}
			if err := fits(f, c.values); err != nil {
				return err
			}
		}
		return x.semiJoin(c)
	}
	return nil
}

// literals are the kinds of literals that the fields of a type are compared with, and
// whether they are quoted. Fields of other types are compared with texts.
var literals = map[string][]string{
	"boolean":  {"bool"},
	"datetime": {"date", "literal"},
	"date":     {"date", "literal"},
	"int":      {"number"},
	"double":   {"number"},
}

// fits refuses literals that are none of a field's type.
func fits(f *Field, values []value) error {
	kinds, typ, quotes := literals[f.Type], f.Type, "should not"
	if kinds == nil {
		kinds, typ, quotes = []string{"text"}, "string", "should"
	}
	for _, v := range values {
		if v.kind != "null" && !slices.Contains(kinds, v.kind) {
			return &Error{"INVALID_FIELD", fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and %s be enclosed in quotes", f.Name, typ, quotes)}
		}
	}
	return nil
}

// semiJoin runs the query of an IN.
func (x *execution) semiJoin(c compare) error {
	if c.sub == nil {
		return nil
	}
	r, err := x.engine.run(c.sub, x.tooling, nil)
	if err != nil {
		return err
	}
	if x.subs == nil {
		x.subs = map[*query]map[string]bool{}
	}
	found := map[string]bool{}
	for _, record := range r.Records {
		if len(record.Values) > 0 && record.Values[0] != nil {
			found[fold(textOf(record.Values[0]))] = true
		}
	}
	x.subs[c.sub] = found
	return nil
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, s) })
}

// over runs the query over rows.
func (x *execution) over(rows iter.Seq[Row], within func(Row) bool) (*Result, error) {
	q := x.query
	result := &Result{Object: x.object.Name, Records: []Record{}}
	aggregate := len(q.group) > 0
	for _, f := range q.fields {
		aggregate = aggregate || f.fn != ""
	}
	result.CountOnly = len(q.fields) == 1 && q.fields[0].fn == "count" && q.fields[0].path == "" && len(q.group) == 0
	var matched []Row
	groups := newGroups(x)
	for row := range rows {
		if within != nil && !within(row) || !x.holds(q.where, row, nil) {
			continue
		}
		switch {
		case result.CountOnly:
			result.Count++
		case aggregate:
			groups.add(row)
		default:
			matched = append(matched, row)
		}
	}
	result.Columns = x.columns()
	if result.CountOnly {
		return result, nil
	}
	if aggregate {
		groups.into(result)
		if len(result.Records) > maxGroups {
			return nil, &Error{"EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"}
		}
		return result, nil
	}
	x.sort(matched)
	if n := x.object.MaxRows; n > 0 && q.offset == 0 && len(matched) > n {
		matched = matched[:n] // an org cuts these off without a word
	}
	for _, row := range x.window(matched) {
		record, err := x.record(row)
		if err != nil {
			return nil, err
		}
		result.Records = append(result.Records, record)
	}
	return result, nil
}

// maxGroups is how many groups an org gives: there are no further pages of them.
const maxGroups = 2000

// window is what LIMIT and OFFSET leave.
func (x *execution) window(rows []Row) []Row {
	from := min(x.query.offset, len(rows))
	to := len(rows)
	if x.query.limit >= 0 {
		to = min(from+x.query.limit, to)
	}
	return rows[from:to]
}

func (x *execution) record(row Row) (Record, error) {
	r := Record{Type: x.object.Name}
	for _, f := range x.query.fields {
		if f.sub != nil {
			children, err := x.children(f.sub, row)
			if err != nil {
				return r, err
			}
			r.Names, r.Values = append(r.Names, f.sub.from), append(r.Values, children)
			continue
		}
		x.set(&r, x.object, row, f.path)
	}
	return r, nil
}

// set puts the value of a path into a record, and the parents on the way to it.
func (x *execution) set(r *Record, object *Object, row Row, path string) {
	relationship, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		r.Names, r.Values = append(r.Names, path), append(r.Values, row[path])
		return
	}
	at := slices.Index(r.Names, relationship)
	if at < 0 {
		at = len(r.Names)
		r.Names, r.Values = append(r.Names, relationship), append(r.Values, nil)
	}
	up := x.parent(object, row, relationship)
	if up == nil {
		return
	}
	record, _ := r.Values[at].(Record)
	var next *Object
	if p := object.Parent(relationship); p != nil {
		record.Type, next = p.ReferenceTo, x.engine.objects[strings.ToLower(p.ReferenceTo)]
	}
	if next == nil {
		next = &Object{}
	}
	x.set(&record, next, up, rest)
	r.Values[at] = record
}

// children runs a query of children: those whose reference is the record.
func (x *execution) children(sub *query, row Row) (*Result, error) {
	own := *sub
	for _, c := range x.object.Children {
		if strings.EqualFold(c.Relationship, sub.from) {
			own.from = c.Object
			return x.engine.run(&own, x.tooling, func(child Row) bool { return fold(textOf(child[c.Field])) == fold(textOf(row["Id"])) })
		}
	}
	return nil, &Error{"INVALID_TYPE", fmt.Sprintf("Didn't understand relationship '%s' in FROM part of query call.", sub.from)}
}

// at is the value of a path.
func (x *execution) at(row Row, path string) any {
	object := x.object
	for {
		relationship, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			return row[path]
		}
		row = x.parent(object, row, relationship)
		if row == nil {
			return nil
		}
		next := &Object{}
		if p := object.Parent(relationship); p != nil && x.engine.objects[strings.ToLower(p.ReferenceTo)] != nil {
			next = x.engine.objects[strings.ToLower(p.ReferenceTo)]
		}
		object, path = next, rest
	}
}

// parent is the record that a reference is to: one that stands in the row, or the
// one of that id; nil if there is none.
func (x *execution) parent(object *Object, row Row, relationship string) Row {
	if up, ok := row[relationship].(Row); ok {
		return up
	}
	f := object.Parent(relationship)
	if f == nil {
		return nil
	}
	id, _ := row[f.Name].(string)
	if id == "" {
		return nil
	}
	byID := x.byID[f.ReferenceTo]
	if byID == nil {
		byID = map[string]Row{}
		if rows, ok := x.engine.source.Rows(f.ReferenceTo, x.tooling); ok {
			for r := range rows {
				if own, _ := r["Id"].(string); own != "" {
					byID[fold(own)] = r
				}
			}
		}
		if x.byID == nil {
			x.byID = map[string]map[string]Row{}
		}
		x.byID[f.ReferenceTo] = byID
	}
	return byID[fold(id)]
}

func (x *execution) sort(rows []Row) {
	if len(x.query.order) == 0 {
		return
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		for _, o := range x.query.order {
			if c := o.compare(x.at(a, o.field.path), x.at(b, o.field.path)); c != 0 {
				return c
			}
		}
		return 0
	})
}

func (o ordering) compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil || b == nil:
		c := 1
		if (a == nil) != o.nullsLast {
			c = -1
		}
		return c
	}
	c := compareValues(a, b)
	if o.descending {
		return -c
	}
	return c
}
