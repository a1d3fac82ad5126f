package spec

import (
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// textNode is a text as a value: escaped, and quoted where YAML would read
// something else or a person would overlook something.
func textNode(s string) *yaml.Node {
	s = escape(s)
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	odd := func(r rune) bool { return r == '\n' || !unicode.IsPrint(r) }
	if strings.ContainsFunc(s, odd) || strings.TrimSpace(s) != s || s == "" || strings.HasPrefix(s, "<<") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// plainNode is a word of the format itself, or a number with a unit.
func plainNode(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

func boolNode(v bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}
	if v {
		n.Value = "true"
	}
	return n
}

func nullNode() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} }

// flowWidth is how long a list may be to stand on one line.
const flowWidth = 72

// listNode is a list, on one line if it is short; nil if it is empty.
func listNode(items []*yaml.Node) *yaml.Node {
	if len(items) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Content: items}
	width := 0
	for _, item := range items {
		width += len(item.Value) + 2
		if item.Kind != yaml.ScalarNode {
			return n
		}
	}
	if width <= flowWidth {
		n.Style = yaml.FlowStyle
	}
	return n
}

func textList(entries []string) *yaml.Node {
	var items []*yaml.Node
	for _, s := range entries {
		items = append(items, textNode(s))
	}
	return listNode(items)
}

// flowMap is a small mapping on one line, of keys and values in turn.
func flowMap(pairs ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: pairs}
}

// put sets a dotted path in a tree of mappings.
func putPath(root *yaml.Node, path string, value *yaml.Node) {
	name, rest, deeper := strings.Cut(path, ".")
	next := child(root, name)
	if next == nil {
		next = value
		if deeper {
			next = &yaml.Node{Kind: yaml.MappingNode}
		}
		key := plainNode(name)
		root.Content = append(root.Content, key, next)
	}
	if deeper {
		putPath(next, rest, value)
	}
}
