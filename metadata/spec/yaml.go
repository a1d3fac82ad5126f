package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata/diag"
)

// What a spec file may be at most. The largest template has 3 KB.
const (
	maxFileSize = 1 << 20
	maxDepth    = 32
)

// document is one YAML document of a file, checked for what the format does
// not have: its root is a mapping, no key occurs twice, nothing is an alias.
type document struct {
	file string
	root *yaml.Node
}

func at(file string, n *yaml.Node) diag.Pos {
	return diag.Pos{File: file, Line: n.Line, Col: n.Column}
}

// documents splits a file. It returns the documents that are sound, and what is
// wrong with the others.
func documents(file string, src []byte) ([]document, diag.Problems) {
	fail := func(pos diag.Pos, code, message, hint string) diag.Problems {
		return diag.Problems{{Pos: pos, Code: code, Message: message, Hint: hint}}
	}
	whole := diag.Pos{File: file}
	src = bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF"))
	switch {
	case len(src) > maxFileSize:
		return nil, fail(whole, "ECA001", fmt.Sprintf("the file has %d bytes, and a spec at most %d", len(src), maxFileSize), "split it: a folder may hold any number of specs")
	case bytes.HasPrefix(src, []byte{0xFF, 0xFE}) || bytes.HasPrefix(src, []byte{0xFE, 0xFF}):
		return nil, fail(whole, "ECA001", "the file is UTF-16", "save it as UTF-8")
	case bytes.IndexByte(src, 0) >= 0:
		return nil, fail(whole, "ECA001", "the file holds a NUL byte, so it is not text", "")
	case !utf8.Valid(src):
		return nil, fail(whole, "ECA001", "the file is not UTF-8", "save it as UTF-8")
	}
	var docs []document
	var problems diag.Problems
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return docs, append(problems, syntaxProblem(file, src, err))
		}
		root := doc.Content[0]
		if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
			continue // "---" before the first document, or after the last
		}
		c := structure{file: file}
		if root.Kind != yaml.MappingNode {
			c.problem(root, "ECA004", "a spec is a mapping of keys to values", "")
		} else {
			c.walk(root, 0)
		}
		if problems = append(problems, c.problems...); len(c.problems) == 0 {
			docs = append(docs, document{file, root})
		}
	}
	if len(docs) == 0 && len(problems) == 0 {
		return nil, fail(whole, "ECA002", "the file holds no document", "ecactl init writes one to begin with")
	}
	return docs, problems
}

// yamlLine finds the place in the words of yaml.v3, which has no other.
var yamlLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^yaml: (?:line (\d+): )?`) })

func syntaxProblem(file string, src []byte, err error) *diag.Problem {
	p := &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA003", Err: err}
	m := yamlLine().FindStringSubmatch(err.Error())
	if m == nil {
		p.Message = "not YAML: " + err.Error()
		return p
	}
	p.Message = "not YAML: " + strings.TrimPrefix(err.Error(), m[0])
	line, _ := strconv.Atoi(m[1]) // "" is 0: the place is not known
	lines := bytes.Split(src, []byte("\n"))
	if line >= 1 && line <= len(lines) {
		text := lines[line-1]
		p.Line, p.Col = line, 1+len(text)-len(bytes.TrimLeft(text, " "))
		if bytes.IndexByte(text, '\t') >= 0 {
			p.Hint = "YAML indents with blanks, not with tabs"
		}
	}
	return p
}

// structure refuses what YAML has and the format has not.
type structure struct {
	file     string
	problems diag.Problems
}

func (c *structure) problem(n *yaml.Node, code, message, hint string) {
	c.problems = append(c.problems, &diag.Problem{Pos: at(c.file, n), Code: code, Message: message, Hint: hint})
}

// walk returns false where it stops: what the format does not have at all is said
// once a document, for the rest would only follow from it.
func (c *structure) walk(n *yaml.Node, depth int) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		c.problem(n, "ECA005", "aliases are not supported", "write the value out, or use ${NAME}")
		return false
	case n.Anchor != "":
		c.problem(n, "ECA005", "anchors are not supported", "write the value out where it is needed")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		c.problem(n, "ECA005", fmt.Sprintf("the tag %s is not supported", n.Tag), "delete it")
		return false
	case depth > maxDepth:
		c.problem(n, "ECA004", fmt.Sprintf("values nest deeper than %d", maxDepth), "")
		return false
	}
	if n.Kind == yaml.MappingNode {
		c.keys(n)
	}
	for _, child := range n.Content {
		if !c.walk(child, depth+1) {
			return false
		}
	}
	return true
}

func (c *structure) keys(n *yaml.Node) {
	for i := 0; i < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case key.Kind != yaml.ScalarNode:
			c.problem(key, "ECA004", "a key is a plain word", "")
		case key.Value == "<<":
			c.problem(key, "ECA005", "merge keys are not supported", "write the values out")
		}
	}
	c.twice(n)
}

// fewKeys is how many keys are compared one by one; more go through a map.
const fewKeys = 24

func (c *structure) twice(n *yaml.Node) {
	report := func(key *yaml.Node, first int) {
		c.problem(key, "ECA006", fmt.Sprintf("key %q is already set on line %d", key.Value, first), "delete one of the two")
	}
	if len(n.Content) > 2*fewKeys {
		lines := make(map[string]int, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if first, ok := lines[key.Value]; ok {
				report(key, first)
			}
			lines[key.Value] = key.Line
		}
		return
	}
	for i := 2; i < len(n.Content); i += 2 {
		for j := 0; j < i; j += 2 {
			if n.Content[j].Value == n.Content[i].Value {
				report(n.Content[i], n.Content[j].Line)
				break
			}
		}
	}
}

// child returns the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// childKey returns the key itself, for its place.
func childKey(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i]
		}
	}
	return n
}

// merge lays over on base: mappings key by key, everything else as a whole. So
// is the value of a key that is one decision, even if it is written as a
// mapping. A null takes a key away. Neither input is changed.
func merge(base, over *yaml.Node, tree *branch) *yaml.Node {
	if base == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode || tree.isWhole() {
		return over
	}
	merged := *base
	merged.Content = slices.Clone(base.Content)
	for i := 0; i < len(over.Content); i += 2 {
		key, value := over.Content[i], over.Content[i+1]
		at := 0
		for at < len(merged.Content) && merged.Content[at].Value != key.Value {
			at += 2
		}
		switch there := at < len(merged.Content); {
		case !there && !isNull(value):
			merged.Content = append(merged.Content, key, value)
		case there && isNull(value):
			merged.Content = slices.Delete(merged.Content, at, at+2)
		case there:
			merged.Content[at+1] = merge(merged.Content[at+1], value, tree.child(key.Value))
		}
	}
	return &merged
}

// without returns a mapping without one key.
func without(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			c := *n
			c.Content = slices.Delete(slices.Clone(n.Content), i, i+2)
			return &c
		}
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// quoted tells a text that is written in quotes or as a block, and so is meant
// as text, from a plain one that may be a number or a truth value.
func quoted(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}
