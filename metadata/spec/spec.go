package spec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// FormatVersion is the apiVersion of every document.
const FormatVersion = "ecactl/v1"

// Options say how specs are read. The zero value reads them as they stand.
type Options struct {
	Environment string                      // which of a document's environments is laid over it
	Lookup      func(string) (string, bool) // the value of ${NAME}; nil knows none
	APIVersion  metadata.Version            // overrides what a document says; 0 does not
	Sandbox     bool                        // the target is a sandbox: Check refuses what one cannot have
	Now         time.Time                   // the day on which certificates are judged
	Table       *metadata.Table             // nil is the built-in one
	ReadFile    func(string) ([]byte, error)
}

func (o Options) table() *metadata.Table {
	if o.Table != nil {
		return o.Table
	}
	return metadata.Schema()
}

// A Spec is one document: one app, or the org's switches.
type Spec struct {
	File string
	Kind string // KindApp or KindSettings
	Name string // the app's API name; "" for the org's switches
	Pos  diag.Pos

	root    *yaml.Node
	options Options
}

// Parse reads the documents of one file. What is wrong with one does not keep
// the others from being returned.
func Parse(file string, src []byte, o Options) ([]*Spec, diag.Problems) {
	docs, problems := documents(file, src)
	var specs []*Spec
	for _, doc := range docs {
		s, ps := newSpec(doc, o)
		problems = append(problems, ps...)
		if s != nil {
			specs = append(specs, s)
		}
	}
	return specs, problems
}

// newSpec checks the head of a document, lays the environment over it and puts
// values in the place of variables.
func newSpec(doc document, o Options) (*Spec, diag.Problems) {
	var problems diag.Problems
	fail := func(n *yaml.Node, message, hint string) {
		problems = append(problems, &diag.Problem{Pos: at(doc.file, n), Code: "ECA016", Message: message, Hint: hint})
	}
	s := &Spec{File: doc.file, Pos: at(doc.file, doc.root), options: o}
	switch v := child(doc.root, "apiVersion"); {
	case v == nil:
		fail(doc.root, `the document has no "apiVersion"`, "begin it with  apiVersion: "+FormatVersion)
	case v.Value != FormatVersion:
		fail(v, fmt.Sprintf("the format %q is not one that this ecactl reads", v.Value), "it reads "+FormatVersion)
	}
	kind := child(doc.root, "kind")
	switch {
	case kind == nil:
		fail(doc.root, `the document has no "kind"`, "add  kind: "+KindApp)
	case kind.Value != KindApp && kind.Value != KindSettings:
		hint := diag.DidYouMean(kind.Value, []string{KindApp, KindSettings})
		if hint == "" {
			hint = "kinds are " + KindApp + " and " + KindSettings
		}
		fail(kind, fmt.Sprintf("unknown kind %q", kind.Value), hint)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	s.Kind = kind.Value

	root, ps := overlay(doc, o.Environment)
	problems = append(problems, ps...)
	lookup := o.Lookup
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	problems = append(problems, interpolate(doc.file, root, lookup)...)
	s.root = root
	if s.Kind == KindApp {
		problems = append(problems, s.readName()...)
	}
	if problems.Err() != nil {
		return nil, problems
	}
	return s, problems
}

// readName takes the name, which every other part of an app refers to.
func (s *Spec) readName() diag.Problems {
	n := child(s.root, "name")
	switch {
	case n == nil || n.Kind == yaml.ScalarNode && n.Value == "":
		return diag.Problems{{Pos: s.Pos, Code: "ECA013", Message: `the app has no "name"`, Hint: "add its API name:  name: Order_Sync"}}
	case n.Kind != yaml.ScalarNode || isNull(n):
		return diag.Problems{{Pos: at(s.File, n), Code: "ECA007", Message: fmt.Sprintf("wrong type for \"name\": %s where a text is due", kindOf(n))}}
	}
	s.Name, s.Pos = n.Value, at(s.File, n)
	if why := badName(s.Name); why != "" {
		return diag.Problems{{Pos: s.Pos, Code: "ECA129", Message: fmt.Sprintf("%q cannot be an API name: %s", s.Name, why), Hint: "letters, digits and single underscores, beginning with a letter: " + mendName(s.Name)}}
	}
	return nil
}

// maxName is the length of a DeveloperName.
const maxName = 80

// badName says why Salesforce refuses an API name; "" if it does not. A
// namespace prefix is allowed: installed apps have one.
func badName(name string) string {
	bare := metadata.BareName(name)
	if ns := metadata.NamespaceOf(name); ns != "" && !isAlphanumeric(ns) {
		return "its namespace has other characters than letters, digits and underscores"
	}
	switch {
	case len(bare) > maxName:
		return fmt.Sprintf("it is longer than %d characters", maxName)
	case !isAlphanumeric(bare):
		return "it has other characters than letters, digits and underscores"
	case !isLetter(bare[0]):
		return "it does not begin with a letter"
	case strings.HasSuffix(bare, "_"):
		return "it ends in an underscore"
	case strings.Contains(bare, "__"):
		return "it has two underscores in a row, which separate a namespace"
	}
	return ""
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// mendName makes an API name of any text, as Setup does of a label.
func mendName(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r > 127 || !isLetter(byte(r)) && (r < '0' || r > '9') })
	mended := strings.Join(words, "_")
	if mended == "" || !isLetter(mended[0]) {
		mended = "X" + mended
	}
	return mended[:min(len(mended), maxName)]
}

// overlay lays the chosen environment over a document. A document that has
// environments must have the one that is asked for; one without any is the same
// everywhere.
func overlay(doc document, name string) (*yaml.Node, diag.Problems) {
	envs := child(doc.root, "environments")
	root := without(doc.root, "environments")
	if envs == nil {
		return root, nil
	}
	problem := func(n *yaml.Node, code, message, hint string) diag.Problems {
		return diag.Problems{{Pos: at(doc.file, n), Code: code, Message: message, Hint: hint}}
	}
	if envs.Kind != yaml.MappingNode {
		return root, problem(envs, "ECA007", `wrong type for "environments": a mapping of names to keys is due`, "")
	}
	var names []string
	for i := 0; i < len(envs.Content); i += 2 {
		key, value := envs.Content[i], envs.Content[i+1]
		names = append(names, key.Value)
		if value.Kind != yaml.MappingNode {
			return root, problem(value, "ECA007", fmt.Sprintf("the environment %q is not a mapping of keys", key.Value), "")
		}
		for _, fixed := range []string{"apiVersion", "kind", "environments"} {
			if child(value, fixed) != nil {
				return root, problem(childKey(value, fixed), "ECA015", fmt.Sprintf("%q is the same in every environment", fixed), "delete it here")
			}
		}
	}
	if problems := environmentKeys(doc, envs); len(problems) > 0 {
		return root, problems
	}
	if name == "" {
		return root, nil
	}
	env := child(envs, name)
	if env == nil {
		hint := diag.DidYouMean(name, names)
		if hint == "" {
			hint = "it has " + strings.Join(names, ", ")
		}
		return root, problem(envs, "ECA017", fmt.Sprintf("the document has no environment %q", name), hint)
	}
	return merge(root, env, trees()[child(root, "kind").Value]), nil
}

// environmentKeys finds unknown keys in every environment, chosen or not: a
// mistake in production's is not to wait for the day of the deploy.
func environmentKeys(doc document, envs *yaml.Node) diag.Problems {
	kind := child(doc.root, "kind").Value
	b := &builder{file: doc.file}
	for i := 1; i < len(envs.Content); i += 2 {
		b.onlyKeys(envs.Content[i], trees()[kind], ownKeys[kind], "")
	}
	return b.problems
}

// onlyKeys walks keys and looks at no values.
func (b *builder) onlyKeys(n *yaml.Node, tree *branch, own []string, path string) {
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch next := tree.children[key.Value]; {
		case slices.Contains(own, key.Value):
		case next == nil:
			b.unknownKey(key, path, slices.Concat(tree.order, own))
		case next.key == nil && value.Kind == yaml.MappingNode:
			b.onlyKeys(value, next, nil, next.path)
		}
	}
}

// readBeside reads a file that a spec names, relative to it.
func (b *builder) readBeside(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(b.file), filepath.FromSlash(name))
	}
	if b.options.ReadFile != nil {
		return b.options.ReadFile(name)
	}
	return readSmall(name, maxCertificate)
}

// maxCertificate is more than any certificate has, armour and chain included.
const maxCertificate = 64 << 10

// readSmall reads a regular file that has at most limit bytes.
func readSmall(name string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, fmt.Errorf("%s", systemReason(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s", systemReason(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is not a regular file")
	case info.Size() > limit:
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are due at most", info.Size(), limit)
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s", systemReason(err))
	}
	return data[:n], nil
}

// CheckName says whether Salesforce takes a text as the API name of an app.
func CheckName(name string) error {
	if why := badName(name); why != "" {
		return &diag.Problem{
			Code: "ECA129", Message: fmt.Sprintf("%q cannot be an API name: %s", name, why),
			Hint: "letters, digits and single underscores, beginning with a letter: " + mendName(name),
		}
	}
	return nil
}
