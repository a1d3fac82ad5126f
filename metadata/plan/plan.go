package plan

import (
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
	Base          string   `json:"base"` // hash of what was read; see Actual.Base
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
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Empty tells whether there is nothing to deploy.
func (p *Plan) Empty() bool { return len(p.Deploy.Files) == 0 }

// Files returns the files of the deploy.
func (p *Plan) Files() []metadata.File {
	files := make([]metadata.File, len(p.Deploy.Files))
	for i, f := range p.Deploy.Files {
		files[i] = metadata.File{Path: f.Path, Data: []byte(f.Content)}
	}
	return files
}

// Components counts what the deploy holds; a manifest is none.
func (p *Plan) Components() int { return len(p.Sent()) }

// deploys tells whether an app is part of the deploy: one of its components
// changes.
func (p *Plan) deploys(app string) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.App == app && (c.Action == Create || c.Action == Update) })
}

// AppAction says what becomes of an app as a whole.
func (p *Plan) AppAction(app string) Action {
	action := None
	for _, c := range p.Changes {
		if c.App != app || c.Action == None {
			continue
		}
		switch {
		case c.Type == metadata.TypeApp && c.Action != Update:
			return c.Action
		case c.Action == Delete:
			action = Delete
		default:
			action = Update
		}
	}
	return action
}

// Apps lists the apps of a plan in its order; "" stands for settings of the org.
func (p *Plan) Apps() []string {
	var apps []string
	for _, c := range p.Changes {
		if len(apps) == 0 || apps[len(apps)-1] != c.App {
			apps = append(apps, c.App)
		}
	}
	return apps
}

// count fills in the summary.
func (p *Plan) count() {
	p.Summary = Summary{}
	for _, app := range p.Apps() {
		switch p.AppAction(app) {
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
	var list []Change
	for _, c := range p.Changes {
		if c.Action == Delete || p.deploys(c.App) {
			list = append(list, c)
		}
	}
	return list
}
