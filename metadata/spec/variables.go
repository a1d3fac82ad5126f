package spec

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/ecactl/ecactl/metadata/diag"
)

// interpolate replaces ${NAME} in every value of a document; $${NAME} stands
// for the text ${NAME}. Keys are not touched. The nodes are changed in place.
func interpolate(file string, n *yaml.Node, lookup func(string) (string, bool)) diag.Problems {
	var problems diag.Problems
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			problems = append(problems, interpolate(file, n.Content[i], lookup)...)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			problems = append(problems, interpolate(file, c, lookup)...)
		}
	case yaml.ScalarNode:
		value, unresolved := expand(n.Value, lookup)
		for _, name := range unresolved {
			problems = append(problems, &diag.Problem{
				Pos: at(file, n), Code: "ECA010", Message: fmt.Sprintf("the variable ${%s} has no value", name),
				Hint: fmt.Sprintf("pass --var %s=VALUE, name it in a --var-file, or set it in the environment", name),
			})
		}
		if value != n.Value {
			n.Value, n.Tag = value, "!!str"
		}
	}
	return problems
}

// expand replaces the variables of one text and returns the names of those that
// have no value.
func expand(s string, lookup func(string) (string, bool)) (string, []string) {
	if !strings.Contains(s, "${") {
		return s, nil
	}
	var out strings.Builder
	var unresolved []string
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			break
		}
		name := s[start+2 : start+end]
		switch value, ok := lookup(name); {
		case start > 0 && s[start-1] == '$':
			out.WriteString(s[:start-1] + s[start:start+end+1])
		case !isVariable(name):
			out.WriteString(s[:start+end+1])
		case !ok:
			unresolved = append(unresolved, name)
			out.WriteString(s[:start+end+1])
		default:
			out.WriteString(s[:start] + value)
		}
		s = s[start+end+1:]
	}
	return out.String() + s, unresolved
}

// escape is the inverse of expand: text that import found in a file.
func escape(s string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	var out strings.Builder
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			break
		}
		out.WriteString(s[:start])
		if isVariable(s[start+2:start+end]) || start > 0 && s[start-1] == '$' {
			out.WriteByte('$')
		}
		out.WriteString(s[start : start+end+1])
		s = s[start+end+1:]
	}
	return out.String() + s
}

func isVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// ReadVariables reads a file of variables; see ParseVariables.
func ReadVariables(file string) (map[string]string, error) {
	src, err := readSmall(file, maxFileSize)
	if err != nil {
		return nil, &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA012", Message: "cannot be read: " + err.Error(), Err: err}
	}
	return ParseVariables(file, src)
}

// ParseVariables reads a file of variables: NAME=value a line, or a YAML or
// JSON mapping of names to texts. Blank lines and lines with # are skipped.
func ParseVariables(file string, src []byte) (map[string]string, error) {
	vars := map[string]string{}
	var root yaml.Node
	if err := yaml.Unmarshal(src, &root); err == nil && root.Kind == yaml.DocumentNode && root.Content[0].Kind == yaml.MappingNode {
		m := root.Content[0]
		for i := 0; i < len(m.Content); i += 2 {
			if m.Content[i+1].Kind != yaml.ScalarNode {
				return nil, &diag.Problem{Pos: at(file, m.Content[i+1]), Code: "ECA007", Message: "a variable is a text, not a list or a mapping"}
			}
			vars[m.Content[i].Value] = m.Content[i+1].Value
		}
		return vars, nil
	}
	lines := bufio.NewScanner(bytes.NewReader(src))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if !ok || !isVariable(name) {
			return nil, &diag.Problem{Pos: diag.Pos{File: file, Line: n, Col: 1}, Code: "ECA007", Message: "not a variable", Hint: "write NAME=value"}
		}
		vars[name] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return vars, nil
}
