package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// certificate is a certificate in the spec itself.
type certificate struct{}

func (certificate) put(b *builder, k *Key, n *yaml.Node) {
	if s, ok := b.scalar(k, n); ok {
		b.certificate(k, n, []byte(s), "")
	}
}

// certificate parses what stands for a certificate and writes it as an org
// does. Whether it has expired is for the checks, which know the day.
func (b *builder) certificate(k *Key, n *yaml.Node, data []byte, file string) {
	c, err := ParseCertificate(data)
	if err != nil {
		what := "the certificate"
		if file != "" {
			what = file
		}
		b.problem(n, "ECA139", fmt.Sprintf("%s cannot be used: %s", what, err), "export it as PEM: openssl x509 -in FILE -out ci.crt")
		return
	}
	b.set(k.Fields[0], formatCertificate(c), n)
}

func (certificate) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok {
		return nil
	}
	c, err := ParseCertificate([]byte(s))
	if err != nil || formatCertificate(c) != s {
		return nil
	}
	return &yaml.Node{
		Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle,
		Value: "-----BEGIN CERTIFICATE-----\n" + s + "\n-----END CERTIFICATE-----\n",
	}
}

func (certificate) schema(*Key, *metadata.Table) object { return object{"type": "string"} }

// certificateFile names a file beside the spec.
type certificateFile struct{}

func (certificateFile) put(b *builder, k *Key, n *yaml.Node) {
	name, ok := b.scalar(k, n)
	if !ok {
		return
	}
	data, err := b.readBeside(name)
	if err != nil {
		b.problem(n, "ECA012", fmt.Sprintf("%s cannot be read: %s", name, err), "the path is relative to the spec")
		return
	}
	b.certificate(k, n, data, name)
}

func (certificateFile) get(*reading, *Key) *yaml.Node { return nil }

func (certificateFile) schema(*Key, *metadata.Table) object { return object{"type": "string"} }

// refreshToken is the refresh token policy: three fields in one value.
type refreshToken struct{}

const (
	refreshType = iota // index into Key.Fields
	refreshPeriod
	refreshUnit
)

// refreshUnits are the units of a refresh token's life, with all spellings,
// import's first.
var refreshUnits = []struct {
	metadata string
	words    []string
}{
	{"Hours", []string{"h", "hour", "hours"}},
	{"Days", []string{"d", "day", "days"}},
	{"Months", []string{"mo", "month", "months"}},
}

var refreshWords = map[string]string{"until-revoked": "Infinite", "immediately": "Zero"}

// refreshSpans are the policies that have a duration.
var refreshSpans = map[string]string{"lifetime": "SpecificLifetime", "inactivity": "SpecificInactivity"}

const refreshHint = "use until-revoked, immediately, {lifetime: 90d} or {inactivity: 30d}"

func (refreshToken) put(b *builder, k *Key, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		policy, ok := refreshWords[strings.ToLower(n.Value)]
		if !ok {
			b.problem(n, "ECA009", fmt.Sprintf("%q is not a value of %q", n.Value, k.Path), refreshHint)
			return
		}
		b.set(k.Fields[refreshType], policy, n)
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || refreshSpans[n.Content[0].Value] == "" {
		b.problem(n, "ECA007", fmt.Sprintf("wrong value for %q", k.Path), refreshHint)
		return
	}
	s, ok := b.scalar(k, n.Content[1])
	if !ok {
		return
	}
	number, unit := splitUnit(s)
	for _, u := range refreshUnits {
		if slices.Contains(u.words, unit) && isNumber(number) {
			b.set(k.Fields[refreshType], refreshSpans[n.Content[0].Value], n.Content[0])
			b.set(k.Fields[refreshPeriod], number, n.Content[1])
			b.set(k.Fields[refreshUnit], u.metadata, n.Content[1])
			return
		}
	}
	if unit == "" {
		b.problem(n.Content[1], "ECA119", fmt.Sprintf("the refresh token %s %q has no unit", n.Content[0].Value, s), "h is hours, d days, mo months: "+number+"d")
		return
	}
	b.problem(n.Content[1], "ECA008", fmt.Sprintf("%q is not a duration in hours, days or months", s), "h is hours, d days, mo months")
}

func (refreshToken) get(r *reading, k *Key) *yaml.Node {
	policy, ok := r.text(k.Fields[refreshType])
	if !ok {
		return nil
	}
	for word, name := range refreshWords {
		if name == policy {
			return plainNode(word)
		}
	}
	period, _ := r.text(k.Fields[refreshPeriod])
	unit, _ := r.text(k.Fields[refreshUnit])
	for word, name := range refreshSpans {
		for _, u := range refreshUnits {
			if name == policy && u.metadata == unit && isNumber(period) && period[0] != '-' {
				return flowMap(plainNode(word), plainNode(period+u.words[0]))
			}
		}
	}
	return nil
}

func (refreshToken) schema(*Key, *metadata.Table) object {
	span := object{"type": "string", "pattern": `^[0-9]+ ?(h|hours?|d|days?|mo|months?)$`}
	return object{"oneOf": []object{
		{"type": "string", "enum": []string{"until-revoked", "immediately"}},
		{"type": "object", "properties": object{"lifetime": span}, "required": []string{"lifetime"}, "additionalProperties": false},
		{"type": "object", "properties": object{"inactivity": span}, "required": []string{"inactivity"}, "additionalProperties": false},
	}}
}

// jwtTimeout is how long JWT access tokens are good for: a type and, if the
// type is Custom, minutes. Before API 65.0 there were the minutes alone.
type jwtTimeout struct{}

var jwtTypes = map[string]string{"session": "UserSession", "custom": "Custom"}

func (jwtTimeout) put(b *builder, k *Key, n *yaml.Node) {
	s, ok := b.scalar(k, n)
	if !ok {
		return
	}
	if typ := jwtTypes[strings.ToLower(s)]; typ != "" {
		b.set(k.Fields[0], typ, n)
		return
	}
	m, ok := b.minutes(n, s)
	if !ok {
		return
	}
	if _, f := fieldAt(b.table, k.Fields[0]); f.Has(b.versionOf(tPolicy)) {
		b.set(k.Fields[0], jwtTypes["custom"], n)
	}
	b.set(k.Fields[1], m, n)
}

func (jwtTimeout) get(r *reading, k *Key) *yaml.Node {
	if m, ok := r.text(k.Fields[1]); ok {
		if !isNumber(m) || m[0] == '-' {
			return nil
		}
		return plainNode(m + "m")
	}
	typ, _ := r.text(k.Fields[0])
	for word, name := range jwtTypes {
		if name == typ {
			return plainNode(word)
		}
	}
	return nil
}

func (jwtTimeout) schema(*Key, *metadata.Table) object {
	return object{"type": "string", "pattern": `^([0-9]+ ?(m|min|minutes?|h|hours?)|session|custom)$`}
}

// ipRanges is a list of address ranges.
type ipRanges struct{}

// rangeFields are the keys of a range and the elements that they become, in the
// order in which the platform writes them.
var rangeFields = []struct{ key, element string }{
	{"description", "description"}, {"end", "endIpAddress"}, {"start", "startIpAddress"},
}

func (ipRanges) put(b *builder, k *Key, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		b.wrongType(n, k.Path, "a list of {start, end, description}")
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			b.wrongType(item, k.Path, "{start: ADDRESS, end: ADDRESS}")
			continue
		}
		b.unknownKeys(item, k.Path, "start", "end", "description")
		e := &metadata.Element{}
		for _, f := range rangeFields {
			value := child(item, f.key)
			if value == nil {
				continue
			}
			if s, ok := b.scalar(&Key{Path: k.Path + "." + f.key}, value); ok {
				e.Add(&metadata.Element{Name: f.element, Text: s, Pos: at(b.file, value)})
			}
		}
		for _, f := range rangeFields[1:] {
			if child(item, f.key) == nil {
				b.problem(item, "ECA013", fmt.Sprintf("a range without %q in %q", f.key, k.Path), "one address is a range that ends where it starts")
			}
		}
		b.add(k.Fields[0], e, item)
	}
}

func (ipRanges) get(r *reading, k *Key) *yaml.Node {
	var items []*yaml.Node
	for _, e := range r.elements(k.Fields[0]) {
		var pairs []*yaml.Node
		for _, key := range []string{"start", "end", "description"} {
			for _, f := range rangeFields {
				if c := e.Child(f.element); f.key == key && c != nil {
					pairs = append(pairs, plainNode(key), textNode(c.Text))
				}
			}
		}
		items = append(items, flowMap(pairs...))
	}
	return listNode(items)
}

func (ipRanges) schema(*Key, *metadata.Table) object {
	address := object{"type": "string", "description": "An IPv4 or IPv6 address."}
	return object{"type": "array", "maxItems": 128, "items": object{
		"type": "object", "required": []string{"start", "end"}, "additionalProperties": false,
		"properties": object{"start": address, "end": address, "description": object{"type": "string", "description": "What the range is."}},
	}}
}

// attributes is a mapping of names to formulas.
type attributes struct{}

func (attributes) put(b *builder, k *Key, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		b.wrongType(n, k.Path, "a mapping of names to formulas")
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		formula, ok := b.scalar(&Key{Path: k.Path + "." + name.Value}, value)
		if !ok {
			continue
		}
		e := &metadata.Element{}
		e.Add(&metadata.Element{Name: "formula", Text: formula, Pos: at(b.file, value)})
		e.Add(&metadata.Element{Name: "key", Text: name.Value, Pos: at(b.file, name)})
		b.add(k.Fields[0], e, name)
	}
}

func (attributes) get(r *reading, k *Key) *yaml.Node {
	var pairs []*yaml.Node
	for _, e := range r.elements(k.Fields[0]) {
		formula, key := e.Child("formula"), e.Child("key")
		if formula == nil || key == nil || key.Text == "<<" {
			return nil
		}
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i].Value == key.Text {
				return nil
			}
		}
		name := textNode(key.Text)
		name.Value = key.Text // keys are not interpolated
		pairs = append(pairs, name, textNode(formula.Text))
	}
	if len(pairs) == 0 {
		return nil
	}
	return &yaml.Node{Kind: yaml.MappingNode, Content: pairs}
}

func (attributes) schema(*Key, *metadata.Table) object {
	return object{"type": "object", "maxProperties": 128, "additionalProperties": object{"type": "string"}}
}

// notifications is a list of custom notification types.
type notifications struct{}

func (notifications) put(b *builder, k *Key, n *yaml.Node) {
	for _, item := range b.items(k, n) {
		e := &metadata.Element{}
		name := item
		if item.Kind == yaml.MappingNode {
			b.unknownKeys(item, k.Path, "type", "pushByDefault")
			name = child(item, "type")
		}
		if name == nil {
			b.problem(item, "ECA013", "a notification without \"type\"", "name the custom notification type")
			continue
		}
		if s, ok := b.scalar(k, name); ok {
			e.Add(&metadata.Element{Name: "notificationType", Text: s, Pos: at(b.file, name)})
		}
		if push := child(item, "pushByDefault"); push != nil {
			if v, ok := b.truth(k.Path+".pushByDefault", push); ok {
				e.Add(&metadata.Element{Name: "pushByDefault", Text: strconv.FormatBool(v), Pos: at(b.file, push)})
			}
		}
		b.add(k.Fields[0], e, item)
	}
}

func (notifications) get(r *reading, k *Key) *yaml.Node {
	var items []*yaml.Node
	for _, e := range r.elements(k.Fields[0]) {
		name, push := e.Child("notificationType"), e.Child("pushByDefault")
		if name == nil {
			return nil
		}
		pairs := []*yaml.Node{plainNode("type"), textNode(name.Text)}
		if push != nil {
			pairs = append(pairs, plainNode("pushByDefault"), boolNode(push.Text == "true"))
		}
		items = append(items, flowMap(pairs...))
	}
	return listNode(items)
}

func (notifications) schema(*Key, *metadata.Table) object {
	return object{"type": "array", "items": object{"oneOf": []object{
		{"type": "string"},
		{
			"type": "object", "required": []string{"type"}, "additionalProperties": false,
			"properties": object{
				"type":          object{"type": "string", "description": "The API name of the custom notification type."},
				"pushByDefault": object{"type": "boolean", "description": "Whether it is pushed to devices unless a user says otherwise."},
			},
		},
	}}}
}

// unknownKeys reports the keys of a small mapping that are not among known.
func (b *builder) unknownKeys(n *yaml.Node, path string, known ...string) {
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; !slices.Contains(known, key.Value) {
			b.unknownKey(key, path, known)
		}
	}
}

func (b *builder) unknownKey(key *yaml.Node, path string, known []string) {
	full := strings.TrimPrefix(path+"."+key.Value, ".")
	belongs, secret := secretNames[strings.ToLower(strings.ReplaceAll(key.Value, "_", ""))]
	if full == "push.apple.certificate" {
		belongs, secret = secretFields[tPush+".applePushConfig.certificate"], true
	}
	if secret {
		b.problem(key, "ECA014", fmt.Sprintf("%q is a secret, and secrets have no place in a spec", key.Value), belongs)
		return
	}
	hint := diag.DidYouMean(key.Value, known)
	if hint == "" {
		hint = elsewhere(key.Value)
	}
	b.problem(key, "ECA015", fmt.Sprintf("unknown key %q", key.Value), hint)
}

// elsewhere tells where a key stands that is written in the wrong place, or
// which key a metadata field has.
func elsewhere(name string) string { return places()[strings.ToLower(name)] }

// places maps names, in lower case, to what there is to say of them: of a key,
// of a block of keys, of a metadata field, in this order.
var places = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	say := func(name, format, path string) {
		if name = strings.ToLower(name); found[name] == "" {
			found[name] = fmt.Sprintf(format, path)
		}
	}
	for _, k := range appKeys {
		say(k.Name(), "there is %q", k.Path)
	}
	for _, k := range appKeys {
		for block := range strings.SplitSeq(k.Path, ".") {
			say(block, "there is %q", k.Path)
		}
		for _, f := range k.Fields {
			say(f[strings.LastIndexByte(f, '.')+1:], "its key is %q", k.Path)
		}
	}
	return found
})
