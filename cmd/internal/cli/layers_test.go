package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/ecactl/ecactl/"
	root   = "../../.." // of the module, from this package
)

// layers says what each package of the module may import of the others. Data
// flows one way: what is not listed here is an import that runs back.
var layers = map[string][]string{
	"metadata/diag":            {},
	"metadata":                 {"metadata/diag"},
	"metadata/spec":            {"metadata", "metadata/diag"},
	"metadata/secret":          {},
	"metadata/plan":            {"metadata", "metadata/spec", "metadata/diag"},
	"metadata/org":             {"metadata", "metadata/diag", "metadata/secret"},
	"metadata/org/login":       {"metadata", "metadata/diag", "metadata/org", "metadata/secret"},
	"metadata/orgtest":         {"metadata", "metadata/spec", "metadata/diag", "metadata/orgtest/soql"},
	"metadata/orgtest/soql":    {},
	"metadata/orgtest/planted": {"metadata", "metadata/orgtest"},
	"metadata/deploy":          {"metadata", "metadata/diag", "metadata/org", "metadata/plan"},
	"templates":                {},
	"migrate":                  {"metadata", "metadata/spec", "metadata/diag"},
	"migrate/gather":           {"migrate", "metadata", "metadata/org"},
	"migrate/fleet":            {"migrate", "migrate/gather", "metadata/org", "metadata/spec", "metadata/diag"},
	"migrate/handover":         {"metadata", "metadata/org", "metadata/secret", "metadata/spec"},
	"migrate/convert/orginput": {"migrate/convert", "metadata", "metadata/deploy", "metadata/org", "metadata/diag"},
	"migrate/convert":          {"metadata", "metadata/diag", "metadata/spec"},
	"migrate/verify": {
		"metadata", "metadata/deploy", "metadata/diag", "metadata/org", "metadata/org/login", "metadata/plan", "metadata/secret", "metadata/spec",
	},
	"migrate/reference": {
		"migrate", "migrate/waves", "migrate/rollback", "migrate/refresh", "migrate/convert", "migrate/verify", "metadata", "metadata/spec", "metadata/diag", "metadata/plan", "metadata/deploy", "metadata/org", "metadata/org/login",
	},
	"migrate/waves": {"migrate", "metadata", "metadata/diag"},
	"migrate/track": {"migrate", "migrate/waves", "migrate/convert", "metadata", "metadata/plan", "metadata/spec", "metadata/diag"},
	"migrate/rollback": {
		"migrate", "migrate/waves", "migrate/track", "metadata", "metadata/plan", "metadata/spec", "metadata/org", "metadata/deploy", "metadata/diag",
	},
	"migrate/refresh": {"metadata", "metadata/plan", "metadata/spec", "metadata/org", "metadata/deploy", "metadata/secret", "metadata/diag"},
	"migrate/report":  {"migrate", "migrate/waves", "metadata", "metadata/spec", "metadata/diag", "templates"},
	"cmd/internal/cli": {
		"migrate", "migrate/waves", "migrate/track", "migrate/rollback", "migrate/refresh", "migrate/convert", "migrate/convert/orginput", "migrate/handover", "migrate/verify", "migrate/reference", "migrate/report", "migrate/gather", "migrate/fleet", "metadata", "metadata/spec", "metadata/diag", "metadata/plan", "metadata/secret",
		"metadata/org", "metadata/org/login", "metadata/deploy", "metadata/orgtest", "templates",
	},
	"cmd/ecactl": {"cmd/internal/cli"},
}

// confined says in which packages alone some imports may stand.
var confined = map[string][]string{
	"github.com/spf13/cobra":                {"cmd/internal/cli"},
	"gopkg.in/yaml.v3":                      {"metadata/spec"},
	"github.com/beevik/etree":               {"metadata"},
	"golang.org/x/term":                     {"cmd/internal/cli"},
	"github.com/jedib0t/go-pretty/v6/table": {"migrate/report"},
	"net/http":                              {"metadata/org", "metadata/org/login", "metadata/orgtest", "cmd/internal/cli"},
	"os/exec":                               {"metadata/org/login", "cmd/internal/cli"},
	"golang.org/x/oauth2":                   {"metadata/org/login"},
	"github.com/zalando/go-keyring":         {"metadata/org/login"},
	"github.com/golang-jwt/jwt/v5":          {"metadata/orgtest"},
	"os/signal":                             {"cmd/internal/cli"},
}

func TestLayers(t *testing.T) {
	seen := map[string]bool{}
	for file, imports := range importsOfModule(t) {
		pkg := filepath.ToSlash(filepath.Dir(file))
		seen[pkg] = true
		allowed, known := layers[pkg]
		if !known {
			t.Errorf("%s is in no layer", pkg)
		}
		for _, imported := range imports {
			if own, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s, which stands above or beside it", file, own)
			}
			if only, ok := confined[imported]; ok && !slices.Contains(only, pkg) {
				t.Errorf("%s imports %s, which has its place in %v", file, imported, only)
			}
		}
	}
	for pkg := range layers {
		if !seen[pkg] {
			t.Errorf("the layer %s has no package", pkg)
		}
	}
	for _, pkg := range slices.Collect(maps.Keys(layers)) {
		for _, drawer := range []string{"util", "utils", "common", "helpers", "misc", "shared"} {
			if filepath.Base(pkg) == drawer {
				t.Errorf("%s is a drawer", pkg)
			}
		}
	}
}

// importsOfModule lists the imports of every file of the program itself.
func importsOfModule(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			found[rel] = append(found[rel], imported)
		}
		if found[rel] == nil {
			found[rel] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The house has these rooms at its top level and no others.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		"cmd", "docs", "metadata", "migrate", "templates", "testdata",
		"go.mod", "go.sum", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
	}
	entries, err := filepath.Glob(filepath.Join(root, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := filepath.Base(e)
		if !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) {
			t.Errorf("%s has no place at the top level", name)
		}
	}
}

// main stays an adapter.
func TestMainIsThin(t *testing.T) {
	src, err := os.ReadFile(filepath.Join(root, "cmd", "ecactl", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(src), "\n"); lines > 15 {
		t.Errorf("main.go has %d lines", lines)
	}
}

// Nothing is compiled when the program starts: a command that prints the version
// needs no pattern and no template.
func TestNothingCompiledAtStart(t *testing.T) {
	for file := range importsOfModule(t) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			v, ok := decl.(*ast.GenDecl)
			if !ok || v.Tok != token.VAR {
				continue
			}
			ast.Inspect(v, func(n ast.Node) bool {
				if _, later := n.(*ast.FuncLit); later {
					return false
				}
				if s, ok := n.(*ast.SelectorExpr); ok {
					if pkg, ok := s.X.(*ast.Ident); ok && (pkg.Name == "regexp" || pkg.Name == "template") {
						t.Errorf("%s calls %s.%s when the program starts", file, pkg.Name, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
