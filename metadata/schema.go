package metadata

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Version is a Metadata API version by its whole number: 66 is "66.0".
type Version int

// The versions that the tool writes. The newest comes from the table.
const (
	OldestVersion  Version = 60 // External Client Apps had no complete set of types before it
	DefaultVersion Version = 66 // Spring '26: the newest of which a whole WSDL is public
)

// String gives "66.0", as package.xml has it.
func (v Version) String() string { return strconv.Itoa(int(v)) + ".0" }

// ParseVersion reads "66.0" or "66".
func ParseVersion(s string) (Version, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, ".0"))
	if err != nil || n < 1 || n > 999 {
		return 0, fmt.Errorf("%q is not an API version such as %q", s, DefaultVersion)
	}
	return Version(n), nil
}

// A Span says in which API versions something exists. Until is 0 if it still
// does. A Since of 56 means 56 or earlier: the record does not go further back.
type Span struct {
	Since Version `json:"since"`
	Until Version `json:"until,omitempty"`
}

// Has tells whether the thing exists at v.
func (s Span) Has(v Version) bool { return s.Since <= v && (s.Until == 0 || v <= s.Until) }

// String describes the span for a message: "since API 61.0" or "API 61.0 to 63.0 only".
func (s Span) String() string {
	switch s.Until {
	case 0:
		return "since API " + s.Since.String()
	case s.Since:
		return "in API " + s.Since.String() + " only"
	}
	return "in API " + s.Since.String() + " to " + s.Until.String() + " only"
}

// A Type is a metadata type, or a complex type nested in one.
type Type struct {
	Name         string   `json:"-"`
	Directory    string   `json:"directory"`    // "externalClientApps"; "" for a nested type
	Suffix       string   `json:"suffix"`       // "eca"
	SettingsFile string   `json:"settingsFile"` // "settings/ExternalClientApp.settings" for a settings type
	Fields       []*Field `json:"fields"`       // in the order in which they are written
	Span

	byName map[string]*Field
}

// A Field is an element of a type.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // "xsd:string", the name of an enumeration, or of a nested type
	Required bool   `json:"required"`
	Repeated bool   `json:"repeated"`
	Span

	order int
	words []string
}

// Words are those that a string field takes, though no WSDL says so; nil where any
// text will do.
func (f *Field) Words() []string { return f.words }

// A Value is one value of an enumeration.
type Value struct {
	Name string `json:"value"`
	Span
}

// A Table holds every metadata type that the tool knows, as data: types,
// fields, their order and occurrence, enumerations, and the API versions of
// each. It is the only place that knows them; encoder, decoder, checker and
// the spec format walk it.
type Table struct {
	TypeByName map[string]*Type    `json:"types"`
	Enums      map[string][]*Value `json:"enums"`
	FreeText   map[string][]string `json:"freeTextEnums"` // "Type.field" to the values a string field takes

	components []*Type // types with files of their own, by name
	nested     map[string]bool
	bySuffix   map[string]*Type
	newest     Version
}

//go:embed schema.json
var schemaJSON []byte

// Schema returns the table that is built into the program. It is read once, on
// first use, because a program that prints its version needs none of it.
var Schema = sync.OnceValue(func() *Table {
	t, err := ParseTable(schemaJSON)
	if err != nil {
		panic("metadata: the built-in schema.json is broken: " + err.Error())
	}
	return t
})

// SchemaJSON returns the text of the built-in table, for those who extend it.
func SchemaJSON() []byte { return slices.Clone(schemaJSON) }

// ParseTable reads a table in the format of schema.json and checks that it
// hangs together: every field's type exists, no two types share a suffix.
func ParseTable(data []byte) (*Table, error) {
	t := &Table{bySuffix: map[string]*Type{}, nested: map[string]bool{}}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("reading the type table: %w", err)
	}
	for name, typ := range t.TypeByName {
		if typ == nil {
			return nil, fmt.Errorf("reading the type table: the type %s is null", name)
		}
		typ.Name = name
	}
	for _, typ := range t.TypeByName {
		if err := t.indexType(typ); err != nil {
			return nil, err
		}
	}
	for _, typ := range t.TypeByName {
		if typ.isComponent() && !t.nested[typ.Name] {
			t.components = append(t.components, typ)
		}
	}
	slices.SortFunc(t.components, func(a, b *Type) int { return strings.Compare(a.Name, b.Name) })
	for _, typ := range t.components {
		if typ.Suffix == "" {
			continue
		}
		if other := t.bySuffix[typ.Suffix]; other != nil {
			return nil, fmt.Errorf("reading the type table: %s and %s both have the suffix %q", other.Name, typ.Name, typ.Suffix)
		}
		t.bySuffix[typ.Suffix] = typ
	}
	for name, words := range t.FreeText {
		typ, field, _ := strings.Cut(name, ".")
		if t.TypeByName[typ] == nil || t.TypeByName[typ].Field(field) == nil {
			return nil, fmt.Errorf("reading the type table: words are given for %s, which is no field", name)
		}
		t.TypeByName[typ].Field(field).words = words
	}
	for name, values := range t.Enums {
		for _, v := range values {
			if v == nil {
				return nil, fmt.Errorf("reading the type table: %s has a value that is null", name)
			}
			t.noteVersion(v.Span)
		}
	}
	return t, nil
}

func (t *Table) indexType(typ *Type) error {
	t.noteVersion(typ.Span)
	if len(typ.Fields) > len(fieldSet{})*64 {
		return fmt.Errorf("reading the type table: %s has %d fields, more than the checker takes", typ.Name, len(typ.Fields))
	}
	typ.byName = make(map[string]*Field, len(typ.Fields))
	for i, f := range typ.Fields {
		if f == nil {
			return fmt.Errorf("reading the type table: %s has a field that is null", typ.Name)
		}
		f.order = i
		t.noteVersion(f.Span)
		if typ.byName[f.Name] != nil {
			return fmt.Errorf("reading the type table: %s has %s twice", typ.Name, f.Name)
		}
		typ.byName[f.Name] = f
		switch {
		case t.TypeByName[f.Type] != nil:
			t.nested[f.Type] = true
		case !strings.HasPrefix(f.Type, "xsd:") && t.Enums[f.Type] == nil && !f.ended():
			return fmt.Errorf("reading the type table: %s.%s has the unknown type %s", typ.Name, f.Name, f.Type)
		}
	}
	return nil
}

// ended fields may name a type that is no longer described.
func (f *Field) ended() bool { return f.Until != 0 }

func (t *Table) noteVersion(s Span) { t.newest = max(t.newest, s.Since, s.Until) }

func (typ *Type) isComponent() bool { return typ.Directory != "" || typ.SettingsFile != "" }

// Field returns the field of that name, or nil.
func (typ *Type) Field(name string) *Field { return typ.byName[name] }

// IsSettings tells whether the type is a settings file of the org, of which
// there is one, and not a component that has a name of its own.
func (typ *Type) IsSettings() bool { return typ.SettingsFile != "" }

// SettingsName gives the full name of a settings component: "ExternalClientApp".
func (typ *Type) SettingsName() string {
	_, file, _ := strings.Cut(typ.SettingsFile, "/")
	return strings.TrimSuffix(file, ".settings")
}

// Newest returns the newest API version that the table knows.
func (t *Table) Newest() Version { return t.newest }

// Type returns the type of that name, or nil.
func (t *Table) Type(name string) *Type { return t.TypeByName[name] }

// Components returns the types that have files of their own, by name.
func (t *Table) Components() []*Type { return t.components }

// AppTypes returns the types whose components belong to an External Client
// App: those that name it in an externalClientApplication element.
func (t *Table) AppTypes() []*Type {
	var types []*Type
	for _, typ := range t.components {
		if typ.Name == TypeApp || typ.Field(FieldApp) != nil {
			types = append(types, typ)
		}
	}
	return types
}

// ComponentBySuffix returns the type of a file suffix such as "ecaOauth", or nil.
func (t *Table) ComponentBySuffix(suffix string) *Type { return t.bySuffix[suffix] }

// Nested returns the type that an element of the field contains, or nil if the
// field holds text.
func (t *Table) Nested(f *Field) *Type {
	if f == nil {
		return nil
	}
	return t.TypeByName[f.Type]
}

// EnumValue returns the value of an enumeration by its exact name, or nil.
func (t *Table) EnumValue(enum, name string) *Value {
	for _, v := range t.Enums[enum] {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// EnumNames returns the names of the enumeration's values that exist at v.
func (t *Table) EnumNames(enum string, v Version) []string {
	var names []string
	for _, val := range t.Enums[enum] {
		if val.Has(v) {
			names = append(names, val.Name)
		}
	}
	return names
}
