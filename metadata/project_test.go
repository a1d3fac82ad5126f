package metadata_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

func TestOpenProject(t *testing.T) {
	tests := map[string]struct {
		in, directories, def, namespace string
		err, hint                       string
	}{
		"one":           {in: `{"packageDirectories": [{"path": "force-app"}]}`, directories: "force-app", def: "force-app"},
		"several":       {in: `{"namespace": "orders", "packageDirectories": [{"path": "a"}, {"path": "b/c", "default": true}]}`, directories: "a b/c", def: "b/c", namespace: "orders"},
		"itself":        {in: `{"packageDirectories": [{"path": ".", "package": "x"}], "sourceApiVersion": "66.0"}`, directories: ".", def: "."},
		"above":         {in: `{"packageDirectories": [{"path": "a"}, {"path": "../other"}]}`, err: "the package directory ../other is not inside the project (ECA234)"},
		"above, inside": {in: `{"packageDirectories": [{"path": "a/../../other"}]}`, err: "the package directory a/../../other is not inside the project (ECA234)"},
		"absolute":      {in: `{"packageDirectories": [{"path": "/etc"}]}`, err: "the package directory /etc is not inside the project (ECA234)"},
		"without path":  {in: `{"packageDirectories": [{"default": true}]}`, err: "the package directory  is not inside the project (ECA234)"},
		"none":          {in: `{"packageDirectories": []}`, err: "names no package directory (ECA234)", hint: `add "packageDirectories": [{"path": "force-app", "default": true}]`},
		"empty object":  {in: `{}`, err: "names no package directory (ECA234)", hint: `add "packageDirectories": [{"path": "force-app", "default": true}]`},
		"broken":        {in: `{"packageDirectories": [`, err: "is not JSON: unexpected end of JSON input (ECA234)"},
		"empty":         {in: ``, err: "is not JSON: unexpected end of JSON input (ECA234)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{metadata.ProjectFile: tt.in})
			p, err := metadata.OpenProject(dir)
			if tt.err != "" {
				problem, ok := errors.AsType[*diag.Problem](err)
				want := filepath.Join(dir, metadata.ProjectFile) + ": " + tt.err
				if !ok || problem.Error() != want || problem.Hint != tt.hint || p != nil {
					t.Errorf("got  %v\nwant %s (%s)", err, want, tt.hint)
				}
				if _, err := metadata.Schema().Read(dir); err == nil || err.Error() != want {
					t.Errorf("reading the folder: got %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(p.Directories, " "); got != tt.directories || p.Default != tt.def || p.Namespace != tt.namespace || p.Dir != dir {
				t.Errorf("got %+v, want %s, %s, %s in %s", p, tt.directories, tt.def, tt.namespace, dir)
			}
			if got, want := p.Target(), filepath.Join(dir, filepath.FromSlash(tt.def), "main", "default"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// JSON of another kind is refused; the words are those of encoding/json.
func TestOpenProjectOfAnotherKind(t *testing.T) {
	for _, in := range []string{`[]`, `"x"`, `{"packageDirectories": "force-app"}`, `{"packageDirectories": [{"path": 1}]}`} {
		p, err := metadata.OpenProject(tree(t, map[string]string{metadata.ProjectFile: in}))
		problem, ok := errors.AsType[*diag.Problem](err)
		if !ok || problem.Code != "ECA234" || p != nil {
			t.Errorf("%s: got %+v, %v, want ECA234", in, p, err)
		}
	}
}

// A project file that is not a file is not waited for.
func TestOpenProjectThatIsAFolder(t *testing.T) {
	dir := tree(t, map[string]string{metadata.ProjectFile + "/x": ""})
	_, err := metadata.OpenProject(dir)
	if want := filepath.Join(dir, metadata.ProjectFile) + ": is not a regular file of a usual size (ECA234)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestFindProject(t *testing.T) {
	dir := tree(t, map[string]string{
		metadata.ProjectFile:             `{"packageDirectories": [{"path": "force-app"}]}`,
		"force-app/main/default/x/y":     "",
		"broken/" + metadata.ProjectFile: "x",
		"broken/sub/x":                   "",
	})
	for _, from := range []string{"", "force-app", "force-app/main/default/x", "not/there"} {
		p, err := metadata.FindProject(filepath.Join(dir, filepath.FromSlash(from)))
		if err != nil || p == nil || p.Dir != dir {
			t.Errorf("from %q: got %+v, %v, want that of %s", from, p, err, dir)
		}
	}
	if p, err := metadata.FindProject(filepath.Join(dir, "broken", "sub")); err == nil || p != nil {
		t.Errorf("got %+v, %v, want the error of the broken one", p, err)
	}
	if p, err := metadata.FindProject(os.TempDir()); err != nil || p != nil {
		t.Errorf("got %+v, %v, want none", p, err)
	}
}

// Of a project its package directories are read, and nothing else.
func TestReadProject(t *testing.T) {
	project := `{"namespace": "orders", "packageDirectories": [{"path": "force-app", "default": true}, {"path": "src/sync"}, {"path": "force-app/main"}]}`
	dir := tree(t, map[string]string{
		metadata.ProjectFile:                                 project,
		"force-app/main/default/apps/A.eca-meta.xml":         header,
		"src/sync/main/B.eca-meta.xml":                       header,
		"src/other/C.eca-meta.xml":                           header,
		"unpackaged/D.eca-meta.xml":                          header,
		"src/sync/node_modules/sync-app/E.eca-meta.xml":      header,
		"src/sync/.hidden/F.eca-meta.xml":                    header,
		"src/sync/unpackaged/post/A_oauth.ecaOauth-meta.xml": oauth,
	})
	got := read(t, dir)
	same(t, "components", names(got.Components), []string{app + " A", app + " B", oauthSet + " A_oauth"})
	same(t, "problems", lines(got.Problems), nil)
	if got.Namespace != "orders" || got.Files != 3 {
		t.Errorf("got %q, %d files, want orders, 3", got.Namespace, got.Files)
	}
}

// A package directory that is not there is an error, as it is for sf.
func TestReadProjectWithoutDirectory(t *testing.T) {
	dir := tree(t, map[string]string{metadata.ProjectFile: `{"packageDirectories": [{"path": "force-app"}]}`})
	_, err := metadata.Schema().Read(dir)
	p, ok := errors.AsType[*diag.Problem](err)
	if !ok || p.Code != "ECA231" || p.File != filepath.Join(dir, "force-app") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the folder is not there", err)
	}
}
