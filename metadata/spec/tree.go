package spec

import (
	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A Tree is a YAML value with its places, for files that are no specs: a
// project's settings, a fleet. It has what the spec format has: no aliases, no
// key twice.
type Tree struct {
	Pos   diag.Pos
	Text  string      // of a scalar
	Null  bool        // nothing is written
	Keys  []TreeEntry // of a mapping, in the order of the file; nil if it is none
	Items []*Tree     // of a list; nil if it is none
}

// A TreeEntry is one key of a mapping.
type TreeEntry struct {
	Key   string
	Pos   diag.Pos // of the key
	Value *Tree
}

// ReadTree reads a YAML file of one document whose root is a mapping. A file with
// nothing but comments is null.
func ReadTree(file string, src []byte) (*Tree, diag.Problems) {
	docs, problems := documents(file, src)
	for _, p := range problems {
		switch p.Code {
		case "ECA002":
			return &Tree{Pos: diag.Pos{File: file, Line: 1, Col: 1}, Null: true}, nil
		case "ECA004":
			p.Message = "the file is no mapping of keys to values"
		}
	}
	if len(problems) > 0 || len(docs) == 0 {
		return nil, problems
	}
	if len(docs) > 1 {
		return nil, diag.Problems{{Pos: at(file, docs[1].root), Code: "ECA004", Message: "a second document", Hint: "write one file for each"}}
	}
	return treeOf(file, docs[0].root), nil
}

func treeOf(file string, n *yaml.Node) *Tree {
	t := &Tree{Pos: at(file, n)}
	switch n.Kind {
	case yaml.MappingNode:
		t.Keys = []TreeEntry{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			t.Keys = append(t.Keys, TreeEntry{n.Content[i].Value, at(file, n.Content[i]), treeOf(file, n.Content[i+1])})
		}
	case yaml.SequenceNode:
		t.Items = []*Tree{}
		for _, c := range n.Content {
			t.Items = append(t.Items, treeOf(file, c))
		}
	default:
		t.Text, t.Null = n.Value, n.ShortTag() == "!!null"
	}
	return t
}

// Problem is an error at the tree's place.
func (t *Tree) Problem(code, message, hint string) *diag.Problem {
	return &diag.Problem{Pos: t.Pos, Code: code, Message: message, Hint: hint}
}
