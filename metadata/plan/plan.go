package plan

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/ecactl/ecactl/metadata"
)

// SchemaVersion is that of a plan as JSON; it changes with its meaning.
const SchemaVersion = 1

// A Plan is what a deploy would do, and the files with which it would do it. It
// holds no secret: Salesforce hands none out, and specs have none.
type Plan struct {
	SchemaVersion int      `json:"schemaVersion"`
	Org           Org      `json:"org"`
	Base          string   `json:"base"`   // hash of what was read; see Actual.Base
	Digest        string   `json:"digest"` // hash of all the rest, once it is sealed; see Seal
	Changes       []Change `json:"changes"`
	Summary       Summary  `json:"summary"`
	Notes         []string `json:"notes"` // what was decided that a reader would not expect

	// Deploy is what is sent. It is empty if there is nothing to do.
	Deploy Package `json:"deploy"`
}

// Org says which org a plan is for.
type Org struct {
	ID          string `json:"id"` // 18 characters
	Name        string `json:"name"`
	Alias       string `json:"alias,omitempty"`
	Username    string `json:"username,omitempty"`
	InstanceURL string `json:"instanceUrl"`
	Type        string `json:"type"`
	APIVersion  string `json:"apiVersion"`
}

// An Action is what becomes of a component.
type Action string

// The actions of a plan.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	None   Action = "none"
)

// Symbols are those of the plan as text. They are ASCII, for every console.
var Symbols = map[Action]string{Create: "+", Update: "~", Delete: "-", None: " "}

// A Change is what becomes of one component.
type Change struct {
	Action    Action  `json:"action"`
	Type      string  `json:"type"`
	Name      string  `json:"name"` // that of the org, if it has the component
	App       string  `json:"app"`  // "" for settings of the org
	Fields    []Field `json:"fields"`
	Unchanged int     `json:"unchanged"` // fields that the spec says and that stay
}

// A Field is one field that differs.
type Field struct {
	Path      string  `json:"path"`   // dotted, below the component
	Before    *string `json:"before"` // null if there is none
	After     *string `json:"after"`  // null if the org's default applies, which is not known
	Sensitive bool    `json:"sensitive"`
}

// Hidden stands for a value that a plan does not show.
const Hidden = "(sensitive value)"

// Summary counts apps, and settings of the org as one each.
type Summary struct {
	Create    int `json:"create"`
	Update    int `json:"update"`
	Delete    int `json:"delete"`
	Unchanged int `json:"unchanged"`
}

// A Package is the content of a deploy: the files of its zip.
type Package struct {
	APIVersion string        `json:"apiVersion,omitempty"`
	Files      []PackageFile `json:"files"`
}

// A PackageFile is one file of a deploy.
type PackageFile struct {
	Path    string  `json:"path"`
	Content Content `json:"content"`
}

// Content is what a file holds: XML, which JSON has as a text.
type Content []byte

// MarshalText gives the text.
func (c Content) MarshalText() ([]byte, error) { return c, nil }

// UnmarshalText takes the text.
func (c *Content) UnmarshalText(text []byte) error {
	*c = bytes.Clone(text)
	return nil
}

// Empty tells whether there is nothing to deploy.
func (p *Plan) Empty() bool { return len(p.Deploy.Files) == 0 }

// Files returns the files of the deploy.
func (p *Plan) Files() []metadata.File {
	files := make([]metadata.File, len(p.Deploy.Files))
	for i, f := range p.Deploy.Files {
		files[i] = metadata.File{Path: f.Path, Data: f.Content}
	}
	return files
}

// Components counts what the deploy holds; a manifest is none.
func (p *Plan) Components() int { return len(p.Sent()) }

// Actions says of each app, and of settings of the org by "", what becomes of it
// as a whole.
func (p *Plan) Actions() map[string]Action {
	actions := map[string]Action{}
	for _, c := range p.Changes {
		now, seen := actions[c.App]
		switch {
		case !seen:
			actions[c.App] = None
			fallthrough
		case now == None || now == Update:
			if c.Type == metadata.TypeApp && c.Action == Create || c.Action == Delete {
				actions[c.App] = c.Action
			} else if c.Action != None {
				actions[c.App] = Update
			}
		}
	}
	return actions
}

// HeadersOnly returns the files of a deploy that deletes nothing but the headers of
// apps, and whether that is another deploy. Whether an org takes the parts of an
// app in a deletion, or deletes them with the app, no reference says; a deploy is
// one transaction, so the other may be tried after the one has failed.
func (p *Plan) HeadersOnly() (files []metadata.File, differs bool, err error) {
	m := &metadata.Manifest{}
	for _, c := range p.Changes {
		if c.Action == Delete && c.Type == metadata.TypeApp {
			m.AddName(c.Type, c.Name)
		}
		differs = differs || c.Action == Delete && c.Type != metadata.TypeApp
	}
	if !differs || len(m.Types()) == 0 {
		return nil, false, nil
	}
	data, err := m.Encode()
	if err != nil {
		return nil, false, err
	}
	files = p.Files()
	for i := range files {
		if files[i].Path == destructive {
			files[i].Data = data
		}
	}
	return files, true, nil
}

// destructive is the file of a package that says what is deleted.
const destructive = "destructiveChanges.xml"

// count fills in the summary.
func (p *Plan) count() {
	p.Summary = Summary{}
	for _, action := range p.Actions() {
		switch action {
		case Create:
			p.Summary.Create++
		case Update:
			p.Summary.Update++
		case Delete:
			p.Summary.Delete++
		case None:
			p.Summary.Unchanged++
		}
	}
}

// sortComponents puts components into the order in which a deploy is read: the
// app itself, then its parts by type and name.
func sortComponents(list []*metadata.Component) {
	slices.SortStableFunc(list, func(a, b *metadata.Component) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
}

func rank(c *metadata.Component) int {
	if c.Type == metadata.TypeApp {
		return 0
	}
	return 1
}

// Sent lists the components that a deploy of the plan names.
func (p *Plan) Sent() []Change {
	actions := p.Actions()
	var list []Change
	for _, c := range p.Changes {
		if c.Action == Delete || actions[c.App] == Create || actions[c.App] == Update {
			list = append(list, c)
		}
	}
	return list
}
