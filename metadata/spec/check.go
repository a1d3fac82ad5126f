package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// A Rule is a check beyond shape: something that an org refuses, or that works
// and is not meant. Its Bad and Good are spec fragments, laid over a spec that
// has no problem; the tests run both.
type Rule struct {
	diag.Entry
	Sandbox bool // only asked where the target is a sandbox
	run     func(c *checking)
}

// Check runs every rule over what a spec became, and what the specs of a set
// say together.
func Check(built []*Built, o Options) diag.Problems {
	found := make([]diag.Problems, len(built))
	known := Scopes(o.table())
	metadata.Each(len(built), func(at int) {
		if built[at].Settings != nil {
			return
		}
		c := &checking{built: built[at], options: o, table: o.table(), known: known}
		for i := range Rules {
			if Rules[i].run == nil || Rules[i].Sandbox && !o.Sandbox {
				continue
			}
			c.rule = &Rules[i]
			c.rule.run(c)
		}
		found[at] = c.problems
	})
	return append(slices.Concat(found...), duplicates(built)...).Sort()
}

// duplicates finds apps, and satellites, that two specs would both write.
func duplicates(built []*Built) diag.Problems {
	var problems diag.Problems
	type component struct{ typ, name string } // the name in lower case
	owners := make(map[component]*Spec, len(built))
	for _, b := range built {
		for _, c := range b.Components() {
			key := component{c.Type, strings.ToLower(c.Name)}
			first, twice := owners[key]
			if !twice {
				owners[key] = b.Spec
				continue
			}
			message := fmt.Sprintf("%s %s is described in %s too", c.Type, c.Name, first.Pos)
			if c.Type == metadata.TypeApp {
				message = fmt.Sprintf("the app %s is described in %s too", c.Name, first.Pos)
			}
			problems = append(problems, &diag.Problem{Pos: b.Spec.Pos, Code: "ECA128", Message: message, Hint: "give one of them another name"})
			break
		}
	}
	return problems
}

// checking is what a rule sees: one app, and a place to put findings.
type checking struct {
	built    *Built
	rule     *Rule
	options  Options
	table    *metadata.Table
	known    []Scope // those of the table
	problems diag.Problems
}

func (c *checking) report(pos diag.Pos, format string, args ...any) {
	c.reportAt(c.rule.Level, pos, format, args...)
}

func (c *checking) reportAt(level diag.Level, pos diag.Pos, format string, args ...any) {
	if pos.Line == 0 {
		pos = c.built.Spec.Pos
	}
	c.problems = append(c.problems, &diag.Problem{
		Pos: pos, Level: level, Code: c.rule.Code, Message: fmt.Sprintf(format, args...), Hint: c.rule.Fix,
	})
}

// part returns the component of a type, or nil.
func (c *checking) part(typ string) *metadata.Component {
	if typ == metadata.TypeApp {
		return c.built.App.Header
	}
	return c.built.App.Part(typ)
}

// element returns the element of a field "Type.field…", or nil.
func (c *checking) element(field string) *metadata.Element {
	typ, path, _ := strings.Cut(field, ".")
	if p := c.part(typ); p != nil {
		return p.First(path)
	}
	return nil
}

func (c *checking) elements(field string) []*metadata.Element {
	typ, path, _ := strings.Cut(field, ".")
	if p := c.part(typ); p != nil {
		return p.All(path)
	}
	return nil
}

// text returns a field's value, or "".
func (c *checking) text(field string) string {
	if e := c.element(field); e != nil && !e.Nil {
		return strings.TrimSpace(e.Text)
	}
	return ""
}

// is tells whether a field is said to have a value.
func (c *checking) is(field, value string) bool { return c.text(field) == value }

// where returns the place of a field, or of its component, or of the app.
func (c *checking) where(field string) diag.Pos {
	if e := c.element(field); e != nil {
		return e.Pos
	}
	typ, _, _ := strings.Cut(field, ".")
	if p := c.part(typ); p != nil {
		return p.Root.Pos
	}
	return c.built.Spec.Pos
}

// elsewhere tells whether the spec says that a component is kept elsewhere, so
// that nothing can be said of what it lacks.
func (c *checking) elsewhere(typ string) bool { return c.built.LeftOut[typ] }

func (c *checking) hasOAuth() bool {
	return c.part(tOauth) != nil || c.part(tGlobal) != nil || c.built.Says("oauth")
}

func (c *checking) scopes() []string { return SplitList(c.text(tOauth + ".commaSeparatedOauthScopes")) }

func (c *checking) hasScope(tokens ...string) bool {
	return slices.ContainsFunc(c.scopes(), func(s string) bool { return slices.Contains(tokens, s) })
}

func (c *checking) adminApproved() bool {
	return c.is(tPolicy+".permittedUsersPolicyType", "AdminApprovedPreAuthorized")
}

// now is the day that checks ask for; without one they judge no dates.
func (c *checking) now() time.Time { return c.options.Now }

// Lint gives everything that is wrong with a set of specs: in reading it, in
// building it, and by the rules.
func Lint(set *Set, o Options) diag.Problems {
	built, problems := BuildAll(set.Specs)
	return append(append(slices.Clone(set.Problems), problems...), Check(built, o)...).Sort()
}
