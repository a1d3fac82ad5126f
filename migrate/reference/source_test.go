package reference_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/reference"
)

const root = "../.."

// sources parses every file of the program, but for tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() {
			if name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") {
			files[p], err = parser.ParseFile(token.NewFileSet(), p, nil, 0)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

// uses are the codes that stand in the source: in the entry that documents a
// code, or elsewhere, where it is reported.
type uses struct{ entries, elsewhere map[string]bool }

// codesIn collects the problem codes that stand in a file. The entry of a rule
// with a run is a use too: the rule reports its own code.
func (u uses) codesIn(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if isEntry(n.Type) {
				collect(n, u.entries)
				return false
			}
			if list, ok := n.Type.(*ast.ArrayType); ok && isEntry(list.Elt) {
				for _, e := range n.Elts {
					collect(e, u.entries)
				}
				return false
			}
			u.rule(n)
		case *ast.BasicLit:
			if code := literal(n); code != "" {
				u.elsewhere[code] = true
			}
		}
		return true
	})
}

var code = regexp.MustCompile(`^ECA\d{3}$`)

func literal(n ast.Node) string {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	if s, err := strconv.Unquote(lit.Value); err == nil && code.MatchString(s) {
		return s
	}
	return ""
}

func isEntry(n ast.Expr) bool {
	sel, ok := n.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Entry"
}

// collect adds the codes in and below a node.
func collect(n ast.Node, into map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if c := literal(n); c != "" {
			into[c] = true
		}
		return true
	})
}

// rule notes the code of a literal that has an entry and something to run.
func (u uses) rule(n *ast.CompositeLit) {
	var entry ast.Node
	runs := false
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			switch key, _ := kv.Key.(*ast.Ident); {
			case key == nil:
			case key.Name == "Entry":
				entry = kv.Value
			case key.Name == "run":
				runs = true
			}
		}
	}
	if entry != nil && runs {
		collect(entry, u.elsewhere)
	}
}

// Every code that the program can report is documented, and every code that is
// documented can be reported.
func TestCodesAreDocumentedAndUsed(t *testing.T) {
	u := uses{map[string]bool{}, map[string]bool{}}
	for _, f := range sources(t) {
		u.codesIn(f)
	}
	documented := map[string]bool{}
	for _, topic := range topics() {
		if topic.Kind == reference.Code {
			documented[topic.ID] = true
		}
	}
	if len(documented) < 50 || len(u.elsewhere) < 50 {
		t.Fatalf("only %d codes are documented and %d used", len(documented), len(u.elsewhere))
	}
	for _, c := range slices.Sorted(maps.Keys(u.elsewhere)) {
		if !documented[c] {
			t.Errorf("%s is used, and explain does not know it", c)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(documented)) {
		if !u.elsewhere[c] {
			t.Errorf("%s is documented, and nothing uses it", c)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(u.entries)) {
		if !documented[c] {
			t.Errorf("%s has an entry, and explain does not know it", c)
		}
	}
}

// The same of rules: every id in the program is one of a rule or of a question
// that only an org answers, and those are all explained.
func TestRuleIdsAreDocumented(t *testing.T) {
	id := regexp.MustCompile(`\bCA-[A-Z]+-\d{3}\b`)
	mentioned := map[string]bool{}
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				for _, m := range id.FindAllString(lit.Value, -1) {
					mentioned[m] = true
				}
			}
			return true
		})
	}
	documented := map[string]bool{}
	for _, topic := range topics() {
		if topic.Kind == reference.Rule {
			documented[topic.ID] = true
		}
	}
	for _, m := range slices.Sorted(maps.Keys(mentioned)) {
		if !documented[m] {
			t.Errorf("%s is named, and explain does not know it", m)
		}
	}
	known := []string{migrate.Unreadable.ID}
	for _, r := range migrate.Rules {
		known = append(known, r.ID)
	}
	slices.Sort(known)
	if got := slices.Sorted(maps.Keys(documented)); !slices.Equal(got, known) {
		t.Errorf("explained are %v, and rules are %v", got, known)
	}
}
