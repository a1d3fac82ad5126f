package metadata

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// Check compares a component with what the table says of its type at v. What
// it finds on reading are warnings: an org knows more types than the table
// does, three times a year. A version of 0 means any.
func (t *Table) Check(c *Component, v Version) diag.Problems {
	k := checker{table: t, version: v, component: c}
	typ := t.Type(c.Type)
	if typ == nil || !slices.Contains(t.components, typ) {
		k.warn(c.Root, "ECA211", "", "%s is not a metadata type that ecactl knows", c.Type)
		return k.problems
	}
	if v != 0 && !typ.Has(v) {
		k.warn(c.Root, "ECA213", "", "%s exists %s, not at %s", typ.Name, typ.Span, v)
	}
	if strings.TrimSpace(c.Root.Text) != "" {
		k.warn(c.Root, "ECA216", "", "%s holds text, and is made of elements", typ.Name)
	}
	k.element(c.Root, typ)
	return k.problems
}

// Conform makes a component what the API version v takes. Elements that v no
// longer has are left out, with a warning each; a type, element or value that v
// does not have yet is an error that names the version that has it; so is an
// element that is required and not there. What the table does not know at all
// stays, with a warning: it may be newer than the table.
func (t *Table) Conform(c *Component, v Version) diag.Problems {
	typ := t.Type(c.Type)
	if typ == nil {
		return t.Check(c, v)
	}
	if !typ.Has(v) {
		return diag.Problems{{
			Pos: c.Root.Pos, Code: "ECA213",
			Message: fmt.Sprintf("%s exists %s, and the target is %s", typ.Name, typ.Span, v),
			Hint:    "pass --api-version " + typ.Since.String(),
		}}
	}
	var problems diag.Problems
	t.dropEnded(c.Root, typ, typ.Name, v, &problems)
	for _, p := range t.Check(c, v) {
		if p.Code != "ECA211" && p.Code != "ECA212" {
			p.Level = diag.Error
		}
		problems = append(problems, p)
	}
	return problems
}

func (t *Table) dropEnded(e *Element, typ *Type, path string, v Version, problems *diag.Problems) {
	e.Children = slices.DeleteFunc(e.Children, func(child *Element) bool {
		f := typ.Field(child.Name)
		if f == nil || !f.ended() || v <= f.Until {
			return false
		}
		*problems = append(*problems, &diag.Problem{
			Pos: child.Pos, Level: diag.Warning, Code: "ECA302",
			Message: fmt.Sprintf("%s.%s exists %s and is left out at %s", path, f.Name, f.Span, v),
		})
		return true
	})
	for _, child := range e.Children {
		if nested := t.Nested(typ.Field(child.Name)); nested != nil {
			t.dropEnded(child, nested, path+"."+child.Name, v, problems)
		}
	}
}

// A MissingError is the cause of a problem about an element that is required
// and not there, so that whoever knows another name for it can say so.
type MissingError struct{ Type, Field string }

func (e *MissingError) Error() string { return e.Type + "." + e.Field + " is required" }

type checker struct {
	table     *Table
	version   Version
	component *Component
	problems  diag.Problems
}

func (k *checker) warn(e *Element, code, hint, format string, args ...any) {
	pos := e.Pos
	if pos.File == "" {
		pos = diag.Pos{File: k.component.File}
	}
	k.problems = append(k.problems, &diag.Problem{
		Pos: pos, Level: diag.Warning, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func (k *checker) element(e *Element, typ *Type) {
	var seen fieldSet
	for _, child := range e.Children {
		f := typ.Field(child.Name)
		if f == nil {
			k.warn(child, "ECA212", diag.DidYouMean(child.Name, typ.fieldNames()),
				"<%s> is not an element of %s that ecactl knows; it is kept", child.Name, typ.Name)
			continue
		}
		if seen.has(f) && !f.Repeated {
			k.warn(child, "ECA215", "", "<%s> occurs twice in %s, which takes one", f.Name, typ.Name)
		}
		seen.add(f)
		if k.version != 0 && !f.Has(k.version) {
			k.warn(child, "ECA213", versionHint(f.Span, k.version),
				"%s.%s exists %s, and the target is %s", typ.Name, f.Name, f.Span, k.version)
		}
		k.value(child, typ, f)
	}
	for _, f := range typ.Fields {
		if f.Required && !seen.has(f) && f.Has(k.effective()) {
			k.warn(e, "ECA214", "", "%s has no <%s>, which is required", typ.Name, f.Name)
			k.problems[len(k.problems)-1].Err = &MissingError{typ.Name, f.Name}
		}
	}
}

// A fieldSet is a set of fields of one type, by their order; no type has more
// than 128.
type fieldSet [2]uint64

func (s *fieldSet) add(f *Field) { s[f.order/64] |= 1 << (f.order % 64) }

func (s *fieldSet) has(f *Field) bool { return s[f.order/64]&(1<<(f.order%64)) != 0 }

// effective is the version that "required" is asked at when any will do.
func (k *checker) effective() Version {
	if k.version == 0 {
		return k.table.newest
	}
	return k.version
}

func versionHint(s Span, v Version) string {
	if v < s.Since {
		return "pass --api-version " + s.Since.String()
	}
	return ""
}

func (typ *Type) fieldNames() []string {
	names := make([]string, len(typ.Fields))
	for i, f := range typ.Fields {
		names[i] = f.Name
	}
	return names
}

func (k *checker) value(e *Element, typ *Type, f *Field) {
	if nested := k.table.Nested(f); nested != nil {
		if strings.TrimSpace(e.Text) != "" {
			k.warn(e, "ECA216", "", "%s.%s holds text, and is made of elements", typ.Name, f.Name)
		}
		if !e.Nil {
			k.element(e, nested)
		}
		return
	}
	if len(e.Children) > 0 {
		k.warn(e, "ECA216", "", "%s.%s holds elements, and is a plain value", typ.Name, f.Name)
		return
	}
	if e.Nil {
		return
	}
	text := strings.TrimSpace(e.Text)
	switch {
	case f.Type == "xsd:boolean":
		if text != "true" && text != "false" {
			k.warn(e, "ECA216", "", "%s.%s is %q, and takes true or false", typ.Name, f.Name, text)
		}
	case f.Type == "xsd:int":
		if _, err := strconv.ParseInt(text, 10, 32); err != nil {
			k.warn(e, "ECA216", "", "%s.%s is %q, and takes a whole number", typ.Name, f.Name, text)
		}
	case k.table.Enums[f.Type] != nil:
		k.enum(e, typ, f, text)
	default:
		k.freeText(e, typ, f, text)
	}
}

// freeText looks at string fields that take one of a few words, which no WSDL
// says. Grammars such as that of refreshTokenPolicy are not for this check.
func (k *checker) freeText(e *Element, typ *Type, f *Field, text string) {
	words := f.Words()
	if len(words) == 0 || slices.Contains(words, text) || strings.Contains(words[len(words)-1], ":") {
		return
	}
	hint := diag.DidYouMean(text, words)
	if hint == "" {
		hint = "known are " + strings.Join(words, ", ")
	}
	k.warn(e, "ECA212", hint, "%s.%s has the value %q, which ecactl does not know; it is kept", typ.Name, f.Name, text)
}

func (k *checker) enum(e *Element, typ *Type, f *Field, text string) {
	v := k.table.EnumValue(f.Type, text)
	switch {
	case v == nil:
		names := k.table.EnumNames(f.Type, k.effective())
		hint := diag.DidYouMean(text, names)
		if hint == "" {
			hint = "known are " + strings.Join(names, ", ")
		}
		k.warn(e, "ECA212", hint, "%s.%s has the value %q, which ecactl does not know; it is kept", typ.Name, f.Name, text)
	case k.version != 0 && !v.Has(k.version):
		k.warn(e, "ECA213", versionHint(v.Span, k.version),
			"%s.%s is %q, which exists %s, and the target is %s", typ.Name, f.Name, text, v.Span, k.version)
	}
}
