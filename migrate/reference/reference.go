// Package reference makes one catalogue of everything that has a name here:
// problem codes, audit rules, keys of the spec format, metadata fields, OAuth
// scopes, Salesforce's dates and its errors. "explain" searches it, and the reference pages
// are printed from it.
package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/refresh"
	"github.com/ecactl/ecactl/migrate/rollback"
	"github.com/ecactl/ecactl/migrate/verify"
	"github.com/ecactl/ecactl/migrate/waves"
)

// A Kind is what a topic is about.
type Kind string

// The kinds of topic.
const (
	Code  Kind = "code"
	Rule  Kind = "rule"
	Key   Kind = "key"
	Field Kind = "field"
	Scope Kind = "scope"
	Date  Kind = "date"
	Error Kind = "error"
)

// A Topic explains one thing.
type Topic struct {
	ID      string `json:"id"`
	Kind    Kind   `json:"kind"`
	Title   string `json:"title"`
	Facts   []Fact `json:"facts"`
	Bad     string `json:"bad,omitempty"`
	Good    string `json:"good,omitempty"`
	aliases []string
}

// A Fact is a line of an explanation.
type Fact struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func (t *Topic) add(name, text string) {
	if text != "" {
		t.Facts = append(t.Facts, Fact{name, text})
	}
}

// Topics returns the catalogue: codes, rules, keys, fields, scopes, dates, and
// errors of Salesforce.
func Topics(table *metadata.Table) []Topic {
	return slices.Concat(codes(), rules(), keys(table), fields(table), scopes(table), dates(), salesforceErrors())
}

func codes() []Topic {
	entries := slices.Concat(spec.Codes(), metadata.Codes(), migrate.Codes(), plan.Codes(), deploy.Codes(), org.Codes(), login.Codes(), convert.Codes(), verify.Codes(), waves.Codes(), rollback.Codes(), refresh.Codes())
	slices.SortFunc(entries, func(a, b diag.Entry) int { return cmp.Compare(a.Code, b.Code) })
	var list []Topic
	for _, e := range entries {
		t := Topic{ID: e.Code, Kind: Code, Title: e.Title, Bad: brief(e.Bad), Good: brief(e.Good)}
		t.add("level", e.Level.String())
		t.add("why", e.Why)
		t.add("what to do", e.Fix)
		list = append(list, t)
	}
	return list
}

// salesforceErrors are what Salesforce says, and what to do about it.
func salesforceErrors() []Topic {
	var list []Topic
	for _, a := range org.Advices() {
		t := Topic{ID: a.ID, Kind: Error, Title: a.Says}
		t.add("said by", map[string]string{"deploy": "a deploy", "api": "any API", "token": "the token endpoint"}[a.Where])
		t.add("means", a.Means)
		for _, do := range a.Do {
			t.add("what to do", do)
		}
		t.add("source", a.Source)
		t.aliases = append(t.aliases, strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(a.ID, "SF-"), "OAUTH-")))
		code, _, _ := strings.Cut(a.Says, ":")
		if !strings.Contains(code, " ") {
			t.aliases = append(t.aliases, code)
		}
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b Topic) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// briefLength keeps examples that only consist of length out of explanations.
const briefLength = 400

func brief(example string) string {
	if len(example) > briefLength || !utf8.ValidString(example) {
		return ""
	}
	return example
}

var effects = map[migrate.Effect]string{
	migrate.ByHand:   "the verdict is unknown until somebody has looked",
	migrate.FixFirst: "stands in the way of Setup's button until it is fixed",
	migrate.Recreate: "stands in the way of Setup's button; the app is made anew, with a new key",
	migrate.Vendor:   "the owner has to move the app",
	migrate.Migrated: "nothing is left to be done",
}

func rules() []Topic {
	var list []Topic
	for _, r := range append(slices.Clone(migrate.Rules), migrate.Unreadable) {
		t := Topic{ID: r.ID, Kind: Rule, Title: r.Title, Bad: files(r.Bad), Good: files(r.Good)}
		t.add("level", r.Level.String())
		t.add("asked of", cmp.Or(strings.Join(r.Kinds, ", "), migrate.KindConnectedApp+", "+migrate.KindECA))
		t.add("needs", needs(&r))
		t.add("effect", effects[r.Effect])
		if r.Unused {
			t.add("effect", "the app is to be retired")
		}
		if d := metadata.FindDeadline(r.Deadline); d != nil {
			t.add("due", d.When()+": "+d.Title)
			t.add("level by use", "as it is where the app is in use, lower the longer it has not been")
		}
		t.add("why", r.Why)
		t.add("source", r.Source)
		t.add("to read", strings.Join(migrate.Links(r.Source), ", "))
		t.add("what to do", r.Fix)
		t.add("benchmark", r.Benchmark)
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b Topic) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// needs are the sources without which a rule cannot say, and what is open then.
func needs(r *migrate.Rule) string {
	if len(r.Needs) == 0 && len(r.Also) > 0 {
		return "the app's own metadata, and " + strings.Join(r.Also, ", ") + "; what they would have told is unknown without them"
	}
	if len(r.Needs) == 0 {
		return "the app's own metadata"
	}
	return strings.Join(r.Needs, ", ") + "; without them it is unknown: " + r.Question
}

func files(e migrate.Example) string {
	var parts []string
	for _, f := range e {
		parts = append(parts, f.Name+": "+cmp.Or(f.XML, "(nothing)"))
	}
	return strings.Join(parts, "\n")
}

func keys(table *metadata.Table) []Topic {
	var list []Topic
	for _, kind := range []string{spec.KindApp, spec.KindSettings} {
		for _, k := range spec.Keys(kind) {
			t := Topic{ID: k.Path, Kind: Key, Title: k.Doc}
			t.add("kind", kind)
			t.add("in Setup", k.Setup)
			t.add("default", k.Default)
			t.add("values", strings.Join(k.Words(table), ", "))
			for _, path := range k.Fields {
				span, _ := spec.FieldSpan(table, path)
				t.add("metadata", path+", "+span.String())
				t.aliases = append(t.aliases, path)
				if parts := strings.Split(path, "."); kind == spec.KindApp {
					t.aliases = append(t.aliases, parts[len(parts)-1])
				}
			}
			list = append(list, t)
		}
	}
	return list
}

// fields are the elements that have no key: those of Connected Apps, and
// secrets.
func fields(table *metadata.Table) []Topic {
	covered := map[string]bool{}
	for _, kind := range []string{spec.KindApp, spec.KindSettings} {
		for _, k := range spec.Keys(kind) {
			for _, path := range k.Fields {
				covered[path] = true
			}
		}
	}
	var list []Topic
	names := make([]string, 0, len(table.TypeByName))
	for name := range table.TypeByName {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, f := range table.Type(name).Fields {
			id := name + "." + f.Name
			if covered[id] {
				continue
			}
			t := Topic{ID: id, Kind: Field, Title: "an element of " + name}
			t.add("type", strings.TrimPrefix(f.Type, "xsd:"))
			if f.Required {
				t.add("occurs", "required")
			}
			if f.Repeated {
				t.add("occurs", "any number of times")
			}
			t.add("exists", f.Span.String())
			t.add("values", strings.Join(table.EnumNames(f.Type, table.Newest()), ", "))
			t.add("in a spec", spec.WhyNoKey(id))
			if r := convert.FindRow(id); r != nil {
				addMapping(&t, r)
			}
			list = append(list, t)
		}
	}
	return list
}

// addMapping says what becomes of an element of a Connected App.
func addMapping(t *Topic, r *convert.Row) {
	t.add("in a Connected App", r.From)
	t.add("becomes", cmp.Or(strings.Join(r.To, ", "), "nothing"))
	t.add("converted", string(r.How)+": "+r.Rule)
	if r.Absent != "" {
		t.add("if absent", r.Absent+": "+r.Why)
	}
	t.aliases = append(t.aliases, r.From)
}

func scopes(table *metadata.Table) []Topic {
	var list []Topic
	for _, s := range spec.Scopes(table) {
		t := Topic{ID: s.Name(), Kind: Scope, Title: "the OAuth scope " + s.Name()}
		if len(s.Labels) > 0 {
			t.Title = s.Labels[0]
		}
		t.add("in an External Client App", s.Token)
		t.add("in a Connected App", s.ConnectedApp)
		t.add("in Setup", strings.Join(s.Labels, "; "))
		t.add("exists", s.Span.String())
		if s.Inferred {
			t.add("note", "the OAuth name is inferred and not documented")
		}
		t.aliases = slices.Concat(s.OAuth, s.Labels, []string{s.Token, s.ConnectedApp})
		list = append(list, t)
	}
	return list
}

func dates() []Topic {
	var list []Topic
	for _, d := range metadata.Deadlines {
		t := Topic{ID: d.ID, Kind: Date, Title: d.Title}
		t.add("when", d.When())
		t.add("what happens", d.What)
		t.add("source", d.Source)
		t.add("to read", strings.Join(migrate.Links(d.Source), ", "))
		list = append(list, t)
	}
	return list
}

// groups are the words that list all topics of a kind.
var groups = map[string]Kind{"codes": Code, "rules": Rule, "keys": Key, "fields": Field, "scopes": Scope, "dates": Date, "deadlines": Date, "errors": Error}

// Groups returns those words.
func Groups() []string {
	return []string{"codes", "rules", "keys", "fields", "scopes", "dates", "errors"}
}

// Find returns the topics that a word means: one by its id, else those of which
// it is another name, the block that they stand in, or the end of the id; a word
// for a kind means all of it.
// Case does not count. Nothing found is an error that suggests.
func Find(topics []Topic, word string) ([]Topic, error) {
	if kind, ok := groups[strings.ToLower(word)]; ok {
		return filter(topics, func(t *Topic) bool { return t.Kind == kind }), nil
	}
	for _, test := range []func(t *Topic) bool{
		func(t *Topic) bool { return strings.EqualFold(t.ID, word) },
		func(t *Topic) bool {
			return slices.ContainsFunc(t.aliases, func(a string) bool { return strings.EqualFold(a, word) })
		},
		func(t *Topic) bool {
			return len(t.ID) > len(word) && strings.EqualFold(t.ID[:len(word)+1], word+".")
		},
		func(t *Topic) bool {
			return len(t.ID) > len(word) && strings.EqualFold(t.ID[len(t.ID)-len(word)-1:], "."+word)
		},
	} {
		if found := filter(topics, test); len(found) > 0 {
			return found, nil
		}
	}
	names := Groups()
	for _, t := range topics {
		names = append(append(names, t.ID), t.aliases...)
		if _, last, ok := strings.Cut(t.ID, "."); ok {
			names = append(names, last[strings.LastIndexByte(last, '.')+1:])
		}
	}
	hint := diag.DidYouMean(word, names)
	if hint == "" {
		hint = "ecactl explain lists what there is"
	}
	return nil, &diag.Problem{Message: fmt.Sprintf("nothing is called %q", word), Hint: hint}
}

func filter(topics []Topic, test func(*Topic) bool) []Topic {
	var found []Topic
	for i := range topics {
		if test(&topics[i]) {
			found = append(found, topics[i])
		}
	}
	return found
}
