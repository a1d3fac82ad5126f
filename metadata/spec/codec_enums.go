package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// enum is one of the values of an enumeration, by a word of its own or by its
// metadata name. A field of free text that takes one of a few words counts.
type enum struct {
	plain bool              // the words are the metadata names
	words map[string]string // metadata name to word, where it is not the kebab case
}

func (c enum) put(b *builder, k *Key, n *yaml.Node) {
	s, ok := b.scalar(k, n)
	if !ok {
		return
	}
	if v, ok := b.enumValue(c, k, n, s); ok {
		b.set(k.Fields[0], v, n)
	}
}

func (b *builder) enumValue(c enum, k *Key, n *yaml.Node, s string) (string, bool) {
	values := enumValues(b.table, k.Fields[0])
	for _, v := range values {
		if strings.EqualFold(s, v) || strings.EqualFold(s, c.word(v)) || strings.EqualFold(s, kebab(v)) {
			return v, true
		}
	}
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = c.word(v)
	}
	hint := diag.DidYouMean(s, append(slices.Clone(words), values...))
	if hint == "" {
		hint = "use one of " + strings.Join(words, ", ")
	}
	b.problem(n, "ECA009", fmt.Sprintf("%q is not a value of %q", s, k.Path), hint)
	return "", false
}

// enumValues lists the metadata names that a field takes, newest included.
func enumValues(t *metadata.Table, field string) []string {
	_, f := fieldAt(t, field)
	if f == nil {
		return nil
	}
	if values := f.Words(); values != nil {
		return values
	}
	var names []string
	for _, v := range t.Enums[f.Type] {
		names = append(names, v.Name)
	}
	return names
}

// fieldAt finds the field of a path "Type.field" or "Type.block.field", with
// the type that has it.
func fieldAt(t *metadata.Table, path string) (*metadata.Type, *metadata.Field) {
	parts := strings.Split(path, ".")
	typ := t.Type(parts[0])
	for i, name := range parts[1:] {
		if typ == nil {
			return nil, nil
		}
		f := typ.Field(name)
		if i == len(parts)-2 {
			return typ, f
		}
		typ = t.Nested(f)
	}
	return nil, nil
}

func (c enum) word(value string) string {
	switch w := c.words[value]; {
	case w != "":
		return w
	case c.plain:
		return value
	}
	return kebab(value)
}

// kebab turns SpecificLifetime, HIGH_ASSURANCE and StepUpMFA into
// specific-lifetime, high-assurance and step-up-mfa.
func kebab(s string) string {
	var out strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r == '_':
			out.WriteByte('-')
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

func (c enum) get(r *reading, k *Key) *yaml.Node {
	s, ok := r.text(k.Fields[0])
	if !ok || !slices.Contains(enumValues(r.table, k.Fields[0]), s) {
		return nil
	}
	return textNode(c.word(s))
}

func (c enum) schema(k *Key, t *metadata.Table) object {
	var words []string
	for _, v := range enumValues(t, k.Fields[0]) {
		if words = append(words, c.word(v)); c.word(v) != v {
			words = append(words, v)
		}
	}
	return object{"type": "string", "enum": words}
}

// enumList is a list of an enumeration's values: a repeated element.
type enumList struct{}

func (enumList) put(b *builder, k *Key, n *yaml.Node) {
	for _, item := range b.items(k, n) {
		if s, ok := b.scalar(k, item); ok {
			if v, ok := b.enumValue(enum{plain: true}, k, item, s); ok {
				b.add(k.Fields[0], &metadata.Element{Text: v}, item)
			}
		}
	}
}

func (enumList) get(r *reading, k *Key) *yaml.Node {
	values := enumValues(r.table, k.Fields[0])
	var items []*yaml.Node
	for _, e := range r.elements(k.Fields[0]) {
		if !isPlain(e) || !slices.Contains(values, e.Text) {
			return nil
		}
		items = append(items, textNode(e.Text))
	}
	return listNode(items)
}

func (enumList) schema(k *Key, t *metadata.Table) object {
	return object{"type": "array", "items": enum{plain: true}.schema(k, t)}
}
