package spec_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// corpusDir holds real files, anonymised, where the project is developed.
const corpusDir = "../../../shared/corpus/eca"

// byHand are the files of the corpus that no org wrote as they stand, and what
// tells so. They come back with the same content; every other file comes back
// byte for byte.
var byHand = map[string]string{
	"Client_07.eca":                                  "formatted by prettier",
	"Client_07_global.ecaGlblOauth":                  "formatted by prettier, elements unsorted",
	"Client_07_policy.ecaOauthPlcy":                  "formatted by prettier, elements unsorted",
	"Client_07_oauth.ecaOauth":                       "formatted by prettier, elements unsorted",
	"Client_08.eca":                                  "has comments",
	"Client_08.ecaGlblOauth":                         "has comments",
	"Client_08.ecaOauthPlcy":                         "has comments, elements unsorted",
	"Client_08.ecaOauth":                             "has comments",
	"Client_12.ecaGlblOauth":                         "no newline at its end",
	"Client_12.ecaOauth":                             "no newline at its end, elements unsorted",
	"Client_19.eca":                                  "formatted by prettier",
	"Client_19_glbloauth.ecaGlblOauth":               "formatted by prettier",
	"Client_19_oauthPlcy.ecaOauthPlcy":               "formatted by prettier",
	"Client_19_defOauthSecuritySet.ecaOauthSecurity": "formatted by prettier",
	"Client_19_oauth.ecaOauth":                       "formatted by prettier",
	"Client_19_plcy.ecaPlcy":                         "formatted by prettier",
	"Client_20.eca":                                  "formatted by prettier",
	"Client_20_glbloauth.ecaGlblOauth":               "formatted by prettier",
	"Client_20_oauthPlcy.ecaOauthPlcy":               "formatted by prettier",
	"Client_20_oauthSecurity.ecaOauthSecurity":       "formatted by prettier",
	"Client_20_oauth.ecaOauth":                       "formatted by prettier",
	"Client_20_plcy.ecaPlcy":                         "formatted by prettier",
	"Client_21.eca":                                  "has comments",
	"Client_21_glbloauth.ecaGlblOauth":               "has comments",
	"Client_21_oauth.ecaOauth":                       "has comments",
}

// orgWritten are the only elements in which an import without the org's values
// may differ from the file.
var orgWritten = []string{"orgScopedExternalApp", "oauthLink", "consumerKey"}

// regenerate imports all files of the corpus and builds the specs again. The
// result maps file names without -meta.xml to bytes.
func regenerate(t *testing.T, keep bool) map[string][]byte {
	t.Helper()
	table := metadata.Schema()
	read, err := table.Read(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Problems.Err(); err != nil {
		t.Fatal(err)
	}
	imported, problems := spec.Import(read.Components, spec.ImportOptions{KeepOrgValues: keep})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, im := range imported {
		specs, problems := spec.Parse(im.Name+".yaml", im.YAML, spec.Options{})
		if len(problems) > 0 {
			t.Errorf("%v\n%s", problems, im.YAML)
		}
		for _, s := range specs {
			built, problems := s.Build()
			if len(problems) > 0 {
				t.Errorf("%v\n%s", problems, im.YAML)
			}
			if built == nil {
				continue
			}
			for _, c := range built.Components() {
				data, err := table.Encode(c)
				if err != nil {
					t.Fatal(err)
				}
				p, err := table.Path(c, metadata.MDAPI)
				if err != nil {
					t.Fatal(err)
				}
				out[filepath.Base(p)] = data
			}
		}
	}
	return out
}

func corpus(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(corpusDir, "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skip("no corpus here")
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[p] = data
	}
	return files
}

func TestCorpusKeepsEveryByte(t *testing.T) {
	files := corpus(t)
	got := regenerate(t, true)
	same, equal := 0, 0
	for _, file := range slices.Sorted(maps.Keys(files)) {
		name := strings.TrimSuffix(filepath.Base(file), "-meta.xml")
		again, ok := got[name]
		switch _, hand := byHand[name]; {
		case !ok:
			t.Errorf("%s is not written again", name)
		case !hand && bytes.Equal(again, files[file]):
			same++
		case !hand:
			t.Errorf("%s: an org wrote\n%s\nand generate writes\n%s", name, files[file], again)
		case !contentEqual(t, file, files[file], again, nil):
			t.Errorf("%s: the content was\n%s\nand is\n%s", name, files[file], again)
		default:
			equal++
		}
	}
	t.Logf("%d files: %d byte for byte, %d equal in content", len(files), same, equal)
}

func TestCorpusWithoutOrgValues(t *testing.T) {
	files := corpus(t)
	got := regenerate(t, false)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		name := strings.TrimSuffix(filepath.Base(file), "-meta.xml")
		if !contentEqual(t, file, files[file], got[name], orgWritten) {
			t.Errorf("%s: the content was\n%s\nand is\n%s", name, files[file], got[name])
		}
		for _, element := range orgWritten {
			if bytes.Contains(got[name], []byte("<"+element+">")) {
				t.Errorf("%s still holds %s", name, element)
			}
		}
	}
}

// contentEqual compares two files but for layout, order and some elements.
func contentEqual(t *testing.T, file string, a, b []byte, but []string) bool {
	t.Helper()
	table := metadata.Schema()
	var roots []*metadata.Element
	for _, data := range [][]byte{a, b} {
		c, _, err := metadata.Decode(file, data)
		if err != nil {
			t.Error(err)
			return false
		}
		for _, name := range but {
			c.Root.Remove(name)
		}
		table.Sort(c.Root, table.Type(c.Type))
		roots = append(roots, c.Root)
	}
	return roots[0].Equal(roots[1])
}
