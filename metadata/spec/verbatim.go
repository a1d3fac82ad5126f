package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// verbatim reads the key "metadata": elements by type and metadata name, for
// what has no key of its own.
func (b *builder) verbatim(n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		b.wrongType(n, "metadata", "a mapping of metadata types to elements")
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !slices.Contains(b.verbatimTypes(), key.Value) {
			hint := leftOut[key.Value]
			if hint == "" {
				hint = diag.DidYouMean(key.Value, b.verbatimTypes())
			}
			b.problem(key, "ECA015", fmt.Sprintf("%q is not a type that a spec of this kind becomes", key.Value), hint)
			continue
		}
		if value.Kind != yaml.MappingNode {
			b.wrongType(value, "metadata."+key.Value, "a mapping of elements")
			continue
		}
		for j := 0; j < len(value.Content); j += 2 {
			b.verbatimField(key.Value, value.Content[j], value.Content[j+1])
		}
	}
}

func (b *builder) verbatimTypes() []string {
	if b.spec.Kind == KindSettings {
		return []string{tOrg}
	}
	var names []string
	for _, typ := range b.types {
		names = append(names, typ.Name)
	}
	return names
}

func (b *builder) verbatimField(typ string, key, value *yaml.Node) {
	field := typ + "." + key.Value
	if key.Value == metadata.FieldApp || key.Value == metadata.FieldLabel && typ != metadata.TypeApp {
		b.problem(key, "ECA015", fmt.Sprintf("%s is not for this place", key.Value), `the app is "name", and a satellite's label stands under "components"`)
		return
	}
	if first, ok := b.byField[field]; ok {
		b.problem(key, "ECA019", fmt.Sprintf("%s is said twice: on line %d and here", field, first), "delete one of the two")
		return
	}
	if b.holdsSecret(field, key, value) {
		return
	}
	b.byField[field] = key.Line
	root := b.component(typ, at(b.file, key)).Root
	if value.Kind != yaml.SequenceNode {
		root.Add(b.rawElement(key, value))
		return
	}
	for _, item := range value.Content {
		root.Add(b.rawElement(key, item))
	}
}

func (b *builder) holdsSecret(field string, key, value *yaml.Node) bool {
	for secret, belongs := range secretFields {
		rest, ok := strings.CutPrefix(secret, field)
		inner := strings.TrimPrefix(rest, ".")
		if ok && (rest == "" || child(value, inner) != nil) {
			b.problem(key, "ECA014", fmt.Sprintf("%s is a secret, and secrets have no place in a spec", strings.TrimPrefix(secret, field[:strings.IndexByte(field, '.')+1])), belongs)
			return true
		}
	}
	return false
}

// rawElement makes an element of YAML: a mapping is a block, null is xsi:nil.
func (b *builder) rawElement(key, value *yaml.Node) *metadata.Element {
	e := &metadata.Element{Name: key.Value, Pos: at(b.file, value)}
	switch value.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(value.Content); i += 2 {
			inner := value.Content[i+1]
			if inner.Kind != yaml.SequenceNode {
				e.Add(b.rawElement(value.Content[i], inner))
				continue
			}
			for _, item := range inner.Content {
				e.Add(b.rawElement(value.Content[i], item))
			}
		}
	case yaml.SequenceNode:
		b.wrongType(value, key.Value, "a text or a mapping")
	default:
		e.Nil = isNull(value)
		if !e.Nil {
			e.Text = value.Value
		}
	}
	return e
}
