package convert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// Input is what apps are converted from.
type Input struct {
	Apps       []*metadata.Component // Connected Apps, by name
	Related    []*metadata.Component // what else names them: custom scopes, token exchange handlers, permission sets
	Unreadable []metadata.Unreadable // Connected Apps whose file could not be read
	Vendors    []string              // Connected Apps that an org lists and does not hand out
	Sets       []PermissionSet       // that an org has
	MyDomain   string                // of the org
	ReadAt     metadata.Version      // API version with which the org was read
	Namespace  string
	Problems   diag.Problems
}

// beside are the types that are read beside Connected Apps, with no more of them
// than is looked at. They belong to no app, so the table of types does not have
// them.
const beside = `{
 "PermissionSet": {"directory": "permissionsets", "suffix": "permissionset", "since": 56, "fields": [
  {"name": "label", "type": "xsd:string", "since": 56}]},
 "OauthCustomScope": {"directory": "oauthcustomscopes", "suffix": "oauthcustomscope", "since": 56, "fields": [
  {"name": "assignedTo", "type": "xsd:string", "repeated": true, "since": 56}]},
 "OauthTokenExchangeHandler": {"directory": "oauthtokenexchangehandlers", "suffix": "oauthtokenexchangehandler", "since": 60, "fields": [
  {"name": "enablements", "type": "xsd:string", "repeated": true, "since": 60}]}
}`

// wide is the table of types with those beside.
var wide = sync.OnceValues(func() (*metadata.Table, error) {
	var table map[string]json.RawMessage
	if err := json.Unmarshal(metadata.SchemaJSON(), &table); err != nil {
		return nil, fmt.Errorf("reading the type table: %w", err)
	}
	var types, more map[string]json.RawMessage
	if err := json.Unmarshal(table["types"], &types); err != nil {
		return nil, fmt.Errorf("reading the type table: %w", err)
	}
	if err := json.Unmarshal([]byte(beside), &more); err != nil {
		return nil, fmt.Errorf("reading the types beside: %w", err)
	}
	for name, typ := range more {
		types[name] = typ
	}
	var err error
	if table["types"], err = json.Marshal(types); err != nil {
		return nil, err
	}
	data, err := json.Marshal(table)
	if err != nil {
		return nil, err
	}
	return metadata.ParseTable(data)
})

// Read finds Connected Apps, and what names them, in files, folders, SFDX
// projects and zips.
func Read(paths ...string) (*Input, error) {
	t, err := wide()
	if err != nil {
		return nil, err
	}
	read, err := t.Read(paths...)
	if err != nil {
		return nil, err
	}
	in := &Input{Namespace: read.Namespace}
	foreign := map[string]bool{} // files of types that are not converted
	for _, c := range read.Components {
		switch c.Type {
		case metadata.TypeConnectedApp:
			in.Apps = append(in.Apps, c)
			continue
		case TypePermissionSet, TypeCustomScope, TypeHandler:
			in.Related = append(in.Related, c)
		}
		foreign[c.File] = true
	}
	for _, u := range read.Unreadable {
		if u.Type == metadata.TypeConnectedApp {
			in.Unreadable = append(in.Unreadable, u)
			foreign[u.File] = true // its problem is the reason for its refusal
		} else if t.Type(u.Type) != nil && u.Type != TypePermissionSet && u.Type != TypeCustomScope && u.Type != TypeHandler {
			foreign[u.File] = true
		}
	}
	for _, p := range read.Problems {
		if !foreign[p.File] {
			in.Problems = append(in.Problems, p)
		}
	}
	return in, nil
}

// Only keeps the apps of these names; one that is not there is an error.
func (in *Input) Only(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var there []string
	for _, c := range in.Apps {
		there = append(there, c.Name)
	}
	for _, u := range in.Unreadable {
		there = append(there, u.Name)
	}
	there = append(there, in.Vendors...)
	for _, name := range names {
		if slices.Contains(there, name) {
			continue
		}
		hint := diag.DidYouMean(name, there)
		if hint == "" {
			hint = "there are " + strings.Join(there[:min(len(there), maxCandidates)], ", ")
		}
		return &diag.Problem{Code: "ECA708", Message: fmt.Sprintf("there is no Connected App %q among what was read", name), Hint: hint}
	}
	out := func(name string) bool { return !slices.Contains(names, name) }
	in.Apps = slices.DeleteFunc(in.Apps, func(c *metadata.Component) bool { return out(c.Name) })
	in.Unreadable = slices.DeleteFunc(in.Unreadable, func(u metadata.Unreadable) bool { return out(u.Name) })
	in.Vendors = slices.DeleteFunc(in.Vendors, out)
	return nil
}

// A Refusal is an app that was not converted.
type Refusal struct {
	Name, File string
	Problems   diag.Problems // why; at least one is an error
	Fields     []Field       // what would become of its elements; none if it could not be read
}

// Outcome is what became of an input.
type Outcome struct {
	Apps     []*Result
	Refused  []Refusal
	Problems diag.Problems // warnings about what was converted, and about the input
}

// All converts every app of an input; one that is refused keeps no other from
// being converted.
func All(in *Input, o Options) *Outcome {
	out := &Outcome{Problems: slices.Clone(in.Problems)}
	if o.Namespace == "" {
		o.Namespace = in.Namespace
	}
	o.Related = append(slices.Clone(o.Related), in.Related...)
	o.PermissionSets = slices.Concat(o.PermissionSets, in.Sets, PermissionSets(in.Related))
	o.MyDomain = cmp.Or(o.MyDomain, in.MyDomain)
	o.ReadAt = cmp.Or(o.ReadAt, in.ReadAt)
	for _, ca := range in.Apps {
		r, problems := Convert(ca, o)
		if problems.Err() != nil {
			out.Refused = append(out.Refused, Refusal{Name: ca.Name, File: ca.File, Problems: problems, Fields: r.Fields})
			continue
		}
		out.Apps = append(out.Apps, r)
		out.Problems = append(out.Problems, problems...)
	}
	for _, u := range in.Unreadable {
		out.Refused = append(out.Refused, Refusal{Name: u.Name, File: u.File, Problems: diag.Problems{u.Problem}})
	}
	for _, name := range in.Vendors {
		out.Refused = append(out.Refused, Refusal{Name: name, Problems: diag.Problems{Vendor(name, "")}})
	}
	out.Problems = out.Problems.Sort()
	slices.SortStableFunc(out.Refused, func(a, b Refusal) int { return strings.Compare(a.Name, b.Name) })
	return out
}
