package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Options say how apps are converted, and what is known beside their files.
type Options struct {
	Target    metadata.Version // API version to write for; 0 is the default
	LikeSetup bool             // names and values as Setup's migration writes them
	ReadAt    metadata.Version // API version with which an org was read; 0 for files, where it is not known

	NameSuffix     string            // appended to the API name, for an org in which the Connected App stays for a while
	Label          string            // of what comes out; "" is that of the Connected App
	MyDomain       string            // the org's address, for relative start URLs
	ContactEmail   string            // for apps without one
	RunAs          string            // user of client credentials for apps that name none
	Approve        []string          // permission sets, by API name, for apps that admins approve and nobody has
	Labels         map[string]string // API names of permission sets by label, as the user says them
	PermissionSets []PermissionSet   // that the org or the project has
	Related        []*metadata.Component

	Namespace string    // of the project or org itself
	Now       time.Time // the day on which deadlines are judged; zero judges none
	Table     *metadata.Table
}

// Result is one app.
type Result struct {
	Name       string // of the Connected App
	App        string // API name of the External Client App
	File       string
	Components []*metadata.Component // none if the app is refused
	Fields     []Field               // first the leaves of the input in its order, then what was added
	Version    metadata.Version      // that the components are written for

	app *conversion
}

// conversion is one app on its way.
type conversion struct {
	options  Options
	table    *metadata.Table
	target   metadata.Version
	ca       *metadata.Component
	leaves   []*leaf
	byPath   map[string][]*leaf
	without  map[string]string // types that the app has no use for, with the reason
	oauth    bool
	saml     bool
	canvas   bool
	parts    map[string]*metadata.Component // that it becomes, by type
	blocks   map[*metadata.Element]*block   // ranges and attributes that were judged
	extra    []Field
	twice    []string // leaves that two rules spoke of
	problems diag.Problems
}

// Convert makes an External Client App of a Connected App. Where the problems
// hold an error the app is refused: the result accounts for its elements, and
// has no components.
func Convert(ca *metadata.Component, o Options) (*Result, diag.Problems) {
	c := begin(ca, o)
	result := &Result{Name: ca.Name, App: c.appName(), File: ca.File, Version: c.target, app: c}
	if p := c.foreign(); p != nil {
		return result, diag.Problems{p}
	}
	for _, r := range mapping() {
		c.row(r)
	}
	c.related()
	c.unclaimed()
	c.complete()
	for _, l := range c.leaves {
		result.Fields = append(result.Fields, *l.field)
	}
	result.Fields = append(result.Fields, c.extra...)
	if c.problems.Err() == nil {
		result.Components = c.components()
	}
	return result, c.problems.Sort()
}

func begin(ca *metadata.Component, o Options) *conversion {
	c := &conversion{
		options: o, table: o.Table, target: o.Target, ca: ca, byPath: map[string][]*leaf{}, without: map[string]string{},
		parts: map[string]*metadata.Component{}, blocks: map[*metadata.Element]*block{},
	}
	if c.table == nil {
		c.table = metadata.Schema()
	}
	if c.target == 0 {
		c.target = metadata.DefaultVersion
	}
	c.leaves = leavesOf(c.table, ca)
	for _, l := range c.leaves {
		c.byPath[l.path] = append(c.byPath[l.path], l)
	}
	c.oauth, c.saml, c.canvas = c.has("oauthConfig"), c.has("samlConfig"), c.has("canvasConfig")
	c.part(tApp)
	if !c.oauth {
		for _, typ := range []string{tOauth, tGlobal, tPolicy, tSecure} {
			c.without[typ] = "the app has no OAuth, and without it an External Client App has no place for this"
		}
	}
	switch {
	case !c.saml:
		c.without[tSaml] = "the app has no SAML, and without it an External Client App has no place for this"
	case c.text("samlConfig.acsUrl") == "" || c.text("samlConfig.entityUrl") == "":
		c.without[tSaml] = "an External Client App's SAML needs an ACS URL and an entity id, and one is missing"
	}
	if c.canvas && c.text("canvasConfig.canvasUrl") == "" {
		c.without[tCanvas] = "an External Client App's canvas needs an address, and there is none"
	}
	return c
}

// has tells whether a block is there and not null.
func (c *conversion) has(name string) bool {
	e := c.ca.Root.Child(name)
	return e != nil && !e.Nil
}

// text is the first value of a path, or "".
func (c *conversion) text(path string) string {
	if all := c.byPath[path]; len(all) > 0 {
		return all[0].text()
	}
	return ""
}

// foreign tells an app that is not this org's to convert.
func (c *conversion) foreign() *diag.Problem {
	if ns := metadata.NamespaceOf(c.ca.Name); ns != "" && ns != c.options.Namespace {
		return Vendor(c.ca.Name, c.ca.File)
	}
	if err := spec.CheckName(c.appName()); err != nil {
		return c.refusal("ECA701", "rename the file: an app's name is that of its file", "%s", diag.From(err)[0].Message)
	}
	return nil
}

// appName is the API name of the External Client App.
func (c *conversion) appName() string { return metadata.BareName(c.ca.Name) + c.options.NameSuffix }

// Vendor is the refusal of an app that another org owns.
func Vendor(name, file string) *diag.Problem {
	from := "came from another org"
	if ns := metadata.NamespaceOf(name); ns != "" {
		from = "came with the package of namespace " + ns
	}
	return &diag.Problem{
		Pos: diag.Pos{File: file}, Code: "ECA700", Message: fmt.Sprintf("the Connected App %s %s, whose owner has to move it", name, from),
		Hint: "ask the vendor when an External Client App replaces it",
	}
}

func (c *conversion) refusal(code, hint, format string, args ...any) *diag.Problem {
	return &diag.Problem{Pos: diag.Pos{File: c.ca.File}, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// refuse keeps the app from being converted.
func (c *conversion) refuse(code, hint, format string, args ...any) {
	c.problems = append(c.problems, c.refusal(code, hint, format, args...))
}

func (c *conversion) warn(l *leaf, code, hint, format string, args ...any) {
	p := c.refusal(code, hint, format, args...)
	p.Level = diag.Warning
	if l != nil && l.element.Pos.File != "" {
		p.Pos = l.element.Pos
	}
	c.problems = append(c.problems, p)
}

// row carries the leaves of a row over, and says what is written for one that
// is not there.
func (c *conversion) row(r *Row) {
	leaves := c.byPath[r.From]
	if len(leaves) > 0 {
		if r.carry == nil {
			via(same)(c, r, leaves)
		} else {
			r.carry(c, r, leaves)
		}
	}
	if len(leaves) == 0 && r.Absent != "" && c.room(r.To) == "" {
		value := c.defaultTo(r)
		c.added(r.From, c.said(r.To), value, c.absence(r))
	}
}

// defaultTo writes what a row says for an element without a value.
func (c *conversion) defaultTo(r *Row) string {
	value := r.Absent
	switch {
	case r.From == "oauthPolicy.refreshTokenPolicy":
		value = "Infinite"
		c.set(r.To[0], value)
		return value
	case c.closed(r):
		value = "AdminApprovedPreAuthorized"
	}
	for _, to := range r.To {
		c.set(to, value)
	}
	return value
}

// closed tells an app that does not say whether admins approve its users, and
// names some: only an app that admins approve does.
func (c *conversion) closed(r *Row) bool {
	return r.From == "oauthConfig.isAdminApproved" && (c.text("permissionSetName") != "" || c.text("profileName") != "")
}

// absence says what it means that an element is not in the input: that it was
// not read, which is not that it is off.
func (c *conversion) absence(r *Row) string {
	f := c.fieldOf(r.From)
	if c.closed(r) {
		return "absent, which means that it was not read; only an app that admins approve names permission sets or profiles"
	}
	if c.options.ReadAt != 0 && f != nil && f.Has(c.options.ReadAt) {
		return "the org does not say it; " + r.Why
	}
	if f == nil || f.Since <= earliest {
		return "absent, which means that it was not read; " + r.Why
	}
	return fmt.Sprintf("absent means not read at that API version (it exists since API %s), not that it is off; %s", f.Since, r.Why)
}

// earliest is how far back the record of API versions goes.
const earliest metadata.Version = 56

// room says why none of the fields can be written; "" if one can.
func (c *conversion) room(fields []string) string {
	why := ""
	for _, f := range fields {
		typ, _, _ := strings.Cut(f, ".")
		switch span, ok := spec.FieldSpan(c.table, f); {
		case c.without[typ] != "":
			why = cmp.Or(why, c.without[typ])
		case !ok:
			why = "the table of types does not have " + f
		case !span.Has(c.target):
			why = tooNew(f, span, c.target)
		default:
			return ""
		}
	}
	return why
}

func tooNew(what string, span metadata.Span, target metadata.Version) string {
	if target < span.Since {
		return fmt.Sprintf("%s exists since API %s, and the target is %s: --target-api %s", what, span.Since, target, span.Since)
	}
	return fmt.Sprintf("%s exists %s, and the target is %s", what, span, target)
}

// said are those of the fields that there is room for.
func (c *conversion) said(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return c.room([]string{f}) != "" })
}
