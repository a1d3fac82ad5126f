package metadata_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// corpusDir holds real files, anonymised. It is beside the project where the
// people who build it work, and nowhere else.
const corpusDir = "../../shared/corpus"

func corpusFiles(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skip("no corpus here")
	}
	var files []string
	err := filepath.WalkDir(corpusDir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// handWritten are the files of the corpus that no org wrote as they are, by
// what tells so. Everything else must come out byte for byte.
var handWritten = map[string][]string{
	"formatted by prettier: a blank in the declaration, breaks inside tags": {
		"App_002", "App_003", "App_028", "Client_07", "Client_19", "Client_20",
	},
	"has comments, which a retrieve does not keep": {"App_040", "Client_08", "Client_21.eca-", "Client_21_glbloauth", "Client_21_oauth.ecaOauth-"},
	"no newline at the end of the file":            {"Client_12.ecaGlblOauth", "Client_12.ecaOauth"},
}

func isHandWritten(file string) bool {
	base := filepath.Base(file)
	for _, names := range handWritten {
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(base, n) }) {
			return true
		}
	}
	return false
}

// A file that an org wrote comes out as it went in; one that a person wrote
// comes out with the same content.
func TestCorpusRewrite(t *testing.T) {
	table := metadata.Schema()
	same, equal := 0, 0
	for _, file := range corpusFiles(t) {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := metadata.Decode(file, in)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		out, err := table.Encode(c)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		again, _, err := metadata.Decode(file, out)
		if err != nil {
			t.Errorf("reading what was written: %v", err)
			continue
		}
		table.Sort(c.Root, table.Type(c.Type))
		switch {
		case !again.Root.Equal(c.Root):
			t.Errorf("%s: the content changed", file)
		case bytes.Equal(in, out):
			same++
		case !isHandWritten(file):
			t.Errorf("%s: an org wrote it, and it comes out differently", file)
		default:
			equal++
		}
	}
	t.Logf("%d byte for byte, %d equal in content", same, equal)
}
