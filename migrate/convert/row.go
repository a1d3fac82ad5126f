package convert

import (
	"slices"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata"
)

// How says what became of an element.
type How string

// What can become of an element of a Connected App. Defaulted is for what the
// input does not say and the result does.
const (
	Copied      How = "copied"      // the same value in a field of the same name
	Renamed     How = "renamed"     // the same value in a field of another name
	Transformed How = "transformed" // another form of the same meaning
	Defaulted   How = "defaulted"   // not said, and written all the same
	LeftOut     How = "left-out"    // on purpose: written by an org, secret, or without effect
	Lost        How = "lost"        // an External Client App has nothing for it
)

// A Field accounts for one element of a Connected App, or for one value that
// was added.
type Field struct {
	From  string `json:"from"`  // "oauthConfig.scopes[0]"; "" for what has no counterpart
	To    string `json:"to"`    // "Type.field", several with ", "; "" for nowhere
	How   How    `json:"how"`   //
	Value string `json:"value"` // what is written, or what is lost; secrets are masked
	Note  string `json:"note"`  // why, and what to do
}

// A Row says what becomes of one element of a Connected App.
type Row struct {
	From   string   // the path in a Connected App: "oauthConfig.isAdminApproved"
	To     []string // "Type.field", several where the two have to agree; none for nowhere
	How    How      // what becomes of it as a rule
	Rule   string   // how and why, a phrase
	Absent string   // what is written where the element is not there; "" for nothing
	Why    string   // why that
	secret bool     // its value is never shown
	carry  carrier  // nil copies
}

// A carrier carries all occurrences of an element over, and accounts for each.
type carrier func(c *conversion, r *Row, leaves []*leaf)

// Mapping returns the table: one row for each element of a Connected App.
func Mapping() []*Row { return slices.Clone(mapping()) }

var mapping = sync.OnceValue(func() []*Row {
	return slices.Concat(headerRows, attributeRows, canvasRows, oauthRows, tokenRows, policyRows, samlRows, lostRows)
})

// rows finds a row by its path.
var rows = sync.OnceValue(func() map[string]*Row {
	byPath := map[string]*Row{}
	for _, r := range mapping() {
		byPath[r.From] = r
	}
	return byPath
})

// FindRow returns the row of a path, or of a field "ConnectedAppOauthConfig.isPkceRequired"
// of the type table; nil if there is none.
func FindRow(path string) *Row {
	if r := rows()[path]; r != nil {
		return r
	}
	return rows()[pathOf(metadata.Schema(), path)]
}

// pathOf turns "ConnectedAppOauthConfig.isPkceRequired" into the path below a
// Connected App. Each of its nested types stands in one place alone.
func pathOf(t *metadata.Table, field string) string {
	owner, name, ok := strings.Cut(field, ".")
	if !ok {
		return ""
	}
	if owner == metadata.TypeConnectedApp {
		return name
	}
	prefix, found := placeOf(t, t.Type(metadata.TypeConnectedApp), owner)
	if !found {
		return ""
	}
	return prefix + name
}

func placeOf(t *metadata.Table, in *metadata.Type, owner string) (string, bool) {
	for _, f := range in.Fields {
		nested := t.Nested(f)
		if nested == nil {
			continue
		}
		if nested.Name == owner {
			return f.Name + ".", true
		}
		if rest, ok := placeOf(t, nested, owner); ok {
			return f.Name + "." + rest, true
		}
	}
	return "", false
}

// shown is what of a value may be shown.
func (r *Row) shown(value string) string {
	switch {
	case value == "":
		return ""
	case r.secret:
		return masked
	case r.From == "mobileAppConfig.applicationBinaryFile" || strings.HasSuffix(strings.ToLower(r.From), "certificate"):
		return "(" + sizeOf(value) + ")"
	}
	return value
}

// masked stands in the place of a secret.
const masked = "(not shown)"
