package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
)

// A codec is the way in which one kind of value stands in a spec and in the
// metadata. get is the inverse of put where it can be; where what a file says
// cannot be put again as it is, import keeps it verbatim.
type codec interface {
	// put writes what a value says into the components.
	put(b *builder, k *Key, n *yaml.Node)
	// get reads the value from components, or returns nil if there is none
	// or it cannot be said with this key.
	get(r *reading, k *Key) *yaml.Node
	// schema describes the value as JSON Schema.
	schema(k *Key, t *metadata.Table) object
}

// scalar returns the text of a plain value, or reports that it is none.
func (b *builder) scalar(k *Key, n *yaml.Node) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		b.wrongType(n, k.Path, "a text")
		return "", false
	case isNull(n):
		b.problem(n, "ECA007", fmt.Sprintf("%q has no value", k.Path), "delete the key, or give it a value")
		return "", false
	}
	return n.Value, true
}

func (b *builder) wrongType(n *yaml.Node, path, want string) {
	b.problem(n, "ECA007", fmt.Sprintf("wrong type for %q: %s where %s is due", path, kindOf(n), want), "")
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	case quoted(n):
		return "a text"
	}
	return strconv.Quote(n.Value)
}

// items returns the entries of a list; one plain value counts as a list of one.
func (b *builder) items(k *Key, n *yaml.Node) []*yaml.Node {
	switch {
	case n.Kind == yaml.SequenceNode:
		return n.Content
	case n.Kind == yaml.ScalarNode && !isNull(n):
		return []*yaml.Node{n}
	}
	b.wrongType(n, k.Path, "a list")
	return nil
}

// texts returns the entries of a list of texts.
func (b *builder) texts(k *Key, n *yaml.Node) []string {
	var list []string
	for _, item := range b.items(k, n) {
		if s, ok := b.scalar(k, item); ok {
			list = append(list, s)
		}
	}
	return list
}

// text is a value that is copied.
type text struct{}

func (text) put(b *builder, k *Key, n *yaml.Node) {
	if s, ok := b.scalar(k, n); ok {
		b.set(k.Fields[0], s, n)
	}
}

func (text) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok {
		return nil
	}
	return textNode(s)
}

func (text) schema(*Key, *metadata.Table) object { return object{"type": []string{"string", "number"}} }

// boolean is true or false; inverted where Setup's checkbox says the opposite
// of the field.
type boolean struct{ invert bool }

func (c boolean) put(b *builder, k *Key, n *yaml.Node) {
	if v, ok := b.truth(k.Path, n); ok {
		b.set(k.Fields[0], strconv.FormatBool(v != c.invert), n)
	}
}

// truth takes true and false alone: yes and on are words of an older YAML.
func (b *builder) truth(path string, n *yaml.Node) (value, ok bool) {
	if n.Kind == yaml.ScalarNode && !quoted(n) && (n.Value == "true" || n.Value == "false") {
		return n.Value == "true", true
	}
	b.wrongType(n, path, "true or false")
	return false, false
}

func (c boolean) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok || s != "true" && s != "false" {
		return nil
	}
	return boolNode((s == "true") != c.invert)
}

func (boolean) schema(*Key, *metadata.Table) object { return object{"type": "boolean"} }

// bothSwitches is a flow that has a switch in the settings and one in the
// policies; the app works only where they agree.
type bothSwitches struct{}

func (bothSwitches) put(b *builder, k *Key, n *yaml.Node) {
	v, ok := b.truth(k.Path, n)
	if !ok {
		return
	}
	b.set(k.Fields[0], strconv.FormatBool(v), n)
	b.later = append(b.later, func() {
		if b.hasPolicies() {
			b.set(k.Fields[1], strconv.FormatBool(v), n)
		}
	})
}

func (bothSwitches) get(r *reading, k *Key) *yaml.Node {
	settings, ok := r.text(k.Fields[0])
	if !ok {
		return nil
	}
	policy, said := r.text(k.Fields[1])
	if said && policy != settings || !said && r.hasPolicies() {
		return nil
	}
	return boolean{}.get(r, k)
}

func (bothSwitches) schema(*Key, *metadata.Table) object { return object{"type": "boolean"} }

// integer is a whole number.
type integer struct{}

func (integer) put(b *builder, k *Key, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || quoted(n) || !isNumber(n.Value) {
		b.wrongType(n, k.Path, "a whole number")
		return
	}
	b.set(k.Fields[0], n.Value, n)
}

// isNumber allows what the metadata's int takes, without signs or bases that
// would be written differently.
func isNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 32)
	return err == nil && strconv.FormatInt(n, 10) == s
}

func (integer) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok || !isNumber(s) {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: s}
}

func (integer) schema(*Key, *metadata.Table) object { return object{"type": "integer"} }

// minutes is a number of minutes with its unit: 120m or 2h.
type minutes struct{}

func (minutes) put(b *builder, k *Key, n *yaml.Node) {
	s, ok := b.scalar(k, n)
	if !ok {
		return
	}
	if m, ok := b.minutes(n, s); ok {
		b.set(k.Fields[0], m, n)
	}
}

func (b *builder) minutes(n *yaml.Node, s string) (string, bool) {
	number, unit := splitUnit(s)
	v, err := strconv.Atoi(number)
	switch {
	case err != nil || v < 0:
		b.problem(n, "ECA008", fmt.Sprintf("%q is not a duration", s), "write minutes as 120m, hours as 2h")
		return "", false
	case unit == "":
		b.problem(n, "ECA008", fmt.Sprintf("%q has no unit", s), fmt.Sprintf("write %sm for minutes", number))
		return "", false
	}
	switch unit {
	case "m", "min", "minute", "minutes":
		return strconv.Itoa(v), true
	case "h", "hour", "hours":
		return strconv.Itoa(v * 60), true
	}
	b.problem(n, "ECA008", fmt.Sprintf("%q has the unit %q", s, unit), "write minutes as 120m, hours as 2h")
	return "", false
}

// splitUnit splits "90 days" into "90" and "days".
func splitUnit(s string) (number, unit string) {
	s = strings.TrimSpace(s)
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.ToLower(strings.TrimSpace(s[i:]))
}

func (minutes) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok || !isNumber(s) || s[0] == '-' {
		return nil
	}
	return plainNode(s + "m")
}

func (minutes) schema(*Key, *metadata.Table) object {
	return object{"type": "string", "pattern": `^[0-9]+ ?(m|min|minutes?|h|hours?)$`}
}

// lines is a list that metadata holds as one text, an entry a line.
type lines struct{}

func (lines) put(b *builder, k *Key, n *yaml.Node) {
	var entries []string
	for _, s := range b.texts(k, n) {
		entries = append(entries, SplitLines(s)...)
	}
	if len(entries) > 0 {
		b.set(k.Fields[0], strings.Join(entries, "\n"), n)
	}
}

func (lines) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok {
		return nil
	}
	return textList(SplitLines(s))
}

func (lines) schema(*Key, *metadata.Table) object { return stringList() }

// commaList is a list that metadata holds as one text, with commas.
type commaList struct{ sep string }

func (c commaList) put(b *builder, k *Key, n *yaml.Node) {
	entries := b.texts(k, n)
	for _, s := range entries {
		if strings.Contains(s, ",") {
			b.problem(n, "ECA011", fmt.Sprintf("%q has a comma, which separates the entries of this field", s), "rename it in Setup, or write the entries as a list")
			return
		}
	}
	if len(entries) > 0 {
		b.set(k.Fields[0], strings.Join(entries, c.sep), n)
	}
}

func (commaList) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok {
		return nil
	}
	return textList(SplitList(s))
}

func (commaList) schema(*Key, *metadata.Table) object { return stringList() }

func stringList() object {
	return object{"type": "array", "items": object{"type": "string"}}
}

// steer is a key that becomes no field and steers how another one is written.
type steer struct{ values []string }

func (c steer) put(b *builder, k *Key, n *yaml.Node) {
	s, ok := b.scalar(k, n)
	if ok && !slices.Contains(c.values, s) {
		b.problem(n, "ECA009", fmt.Sprintf("%q is not a value of %q", s, k.Path), "use one of "+strings.Join(c.values, ", "))
	}
}

func (steer) get(r *reading, _ *Key) *yaml.Node {
	given, ok := r.text(tOauth + ".commaSeparatedOauthScopes")
	if !ok {
		return nil
	}
	tokens := SplitList(given)
	if slices.Equal(tokens, platformOrder(r.scopes, tokens)) {
		return nil
	}
	return plainNode("given")
}

func (c steer) schema(*Key, *metadata.Table) object {
	return object{"type": "string", "enum": c.values}
}

func sortedUnique(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}
