package metadata_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// files makes what is to be written of "path", "content" pairs.
func files(pairs ...string) []metadata.File {
	var out []metadata.File
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, metadata.File{Path: pairs[i], Data: []byte(pairs[i+1])})
	}
	return out
}

// states puts a result into lines.
func states(written []metadata.Written) []string {
	var out []string
	for _, w := range written {
		out = append(out, string(w.State)+" "+w.Path)
	}
	return out
}

// contents reads a folder: path to content, a link as its target; folders with
// nothing in them end in a slash. The ledger is left out.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir || d.Name() == metadata.LedgerName {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir():
			if entries, err := os.ReadDir(p); err == nil && len(entries) == 0 {
				out[rel+"/"] = ""
			}
		case d.Type() == fs.ModeSymlink:
			target, _ := os.Readlink(p)
			out[rel] = "-> " + target
		default:
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			out[rel] = string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t testing.TB, dir string, list []metadata.File, o metadata.WriteOptions) []metadata.Written {
	t.Helper()
	written, err := metadata.WriteTree(dir, list, o)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func TestWriteTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first := files("b/B.eca", "b1", "a/x/A.eca", "a1", "C.eca", "c1")
	same(t, "first", states(write(t, dir, first, metadata.WriteOptions{})), []string{"created C.eca", "created a/x/A.eca", "created b/B.eca"})
	want := map[string]string{"C.eca": "c1", "a/x/A.eca": "a1", "b/B.eca": "b1"}
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	ledger, err := os.ReadFile(filepath.Join(dir, metadata.LedgerName))
	// What sha256sum prints for these files.
	const sums = "d0f631ca1ddba8db3bcfcb9e057cdc98d0379f1bee00e75a545147a27dadd982  C.eca\n" +
		"f55ff16f66f43360266b95db6f8fec01d76031054306ae4a4b380598f6cfd114  a/x/A.eca\n" +
		"7dc96f776c8423e57a2785489a3f9c43fb6e756876d6ad9a9cac4aa4e72ec193  b/B.eca\n"
	if err != nil || string(ledger) != sums {
		t.Errorf("got  %v\n%s\nwant\n%s", err, ledger, sums)
	}
	for name := range want {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || info.Mode().Perm()&0o133 != 0 {
			t.Errorf("%s: got %v, %v, want a file that its owner alone may write", name, info.Mode(), err)
		}
	}

	second := files("b/B.eca", "b2", "a/x/A.eca", "a1", "D.eca", "d1")
	same(t, "second", states(write(t, dir, second, metadata.WriteOptions{})), []string{"created D.eca", "unchanged a/x/A.eca", "changed b/B.eca"})
	want["b/B.eca"], want["D.eca"] = "b2", "d1" // C.eca stays: nothing was said about it
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	same(t, "third", states(write(t, dir, files("C.eca", "c2"), metadata.WriteOptions{})), []string{"changed C.eca"}) // it is still known
}

// A second run touches nothing, the ledger included.
func TestWriteTreeTwice(t *testing.T) {
	dir := t.TempDir()
	list := files("a/A.eca", header, "b/B.ecaOauth", oauth)
	write(t, dir, list, metadata.WriteOptions{})
	names := []string{"a/A.eca", "b/B.ecaOauth", metadata.LedgerName, "a", "b", "."}
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	before := map[string]fs.FileInfo{}
	for _, name := range names {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.Chtimes(p, long, long); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = info
	}
	for _, o := range []metadata.WriteOptions{{}, {Overwrite: true}, {Check: true}, {Prune: true}} {
		same(t, "states", states(write(t, dir, list, o)), []string{"unchanged a/A.eca", "unchanged b/B.ecaOauth"})
		for _, name := range names {
			info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil || !os.SameFile(info, before[name]) || !info.ModTime().Equal(long) {
				t.Errorf("%+v: %s was touched: %v", o, name, err)
			}
		}
	}
}

// Check says what would become of the files, and writes nothing.
func TestWriteTreeCheck(t *testing.T) {
	check := metadata.WriteOptions{Check: true}
	missing := filepath.Join(t.TempDir(), "not", "there")
	same(t, "no folder", states(write(t, missing, files("A.eca", "a"), check)), []string{"created A.eca"})
	if _, err := os.Stat(filepath.Dir(missing)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}

	dir := tree(t, map[string]string{"A.eca": "a", "x/B.eca": "b"})
	same(t, "a folder", states(write(t, dir, files("A.eca", "a", "x/B.eca", "other", "x/C.eca", "c", "y/D.eca", "d"), check)),
		[]string{"unchanged A.eca", "changed x/B.eca", "created x/C.eca", "created y/D.eca"})
	if got, want := contents(t, dir), (map[string]string{"A.eca": "a", "x/B.eca": "b"}); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, metadata.LedgerName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a ledger was written: %v", err)
	}
}

// A file that is not ecactl's, or was changed since, is refused, and none of
// the others is written; Overwrite replaces it.
func TestWriteTreeForeign(t *testing.T) {
	const theirs = "is there, and was not written by ecactl (ECA305) | pass --overwrite to replace it, or choose another --dir"
	const edited = "was changed by hand since ecactl wrote it (ECA305) | take the change over into the spec, then pass --overwrite"
	tests := map[string]struct {
		before  []metadata.File // what an earlier run wrote
		there   map[string]string
		options metadata.WriteOptions
		refused []string
	}{
		"foreign":             {nil, map[string]string{"x/A.eca": "theirs"}, metadata.WriteOptions{}, []string{"error: x/A.eca: " + theirs}},
		"foreign, no ledger":  {nil, map[string]string{"x/A.eca": "theirs"}, metadata.WriteOptions{NoLedger: true}, []string{"error: x/A.eca: " + theirs}},
		"edited":              {files("x/A.eca", "ours"), map[string]string{"x/A.eca": "ours, and more"}, metadata.WriteOptions{}, []string{"error: x/A.eca: " + edited}},
		"both":                {files("x/A.eca", "ours"), map[string]string{"x/A.eca": "edited", "x/B.eca": "theirs"}, metadata.WriteOptions{Prune: true}, []string{"error: x/A.eca: " + edited, "error: x/B.eca: " + theirs}},
		"ours":                {files("x/A.eca", "ours"), nil, metadata.WriteOptions{}, nil},
		"right already":       {nil, map[string]string{"x/A.eca": "new A"}, metadata.WriteOptions{}, nil},
		"deleted since":       {files("x/A.eca", "ours", "x/Z.eca", "z"), nil, metadata.WriteOptions{}, nil},
		"foreign, overwrite":  {nil, map[string]string{"x/A.eca": "theirs"}, metadata.WriteOptions{Overwrite: true}, nil},
		"edited, overwrite":   {files("x/A.eca", "ours"), map[string]string{"x/A.eca": "edited"}, metadata.WriteOptions{Overwrite: true}, nil},
		"too large to be one": {files("x/A.eca", "ours"), map[string]string{"x/A.eca": strings.Repeat("x", metadata.MaxFileSize+1)}, metadata.WriteOptions{}, []string{"error: x/A.eca: " + edited}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.before != nil {
				write(t, dir, tt.before, metadata.WriteOptions{})
			}
			for name, content := range tt.there {
				place(t, filepath.Join(dir, filepath.FromSlash(name)), content)
			}
			before := contents(t, dir)
			_, err := metadata.WriteTree(dir, files("x/A.eca", "new A", "x/B.eca", "new B", "y/C.eca", "new C"), tt.options)
			same(t, "refused", below(dir, lines(diag.From(err))), tt.refused)
			got := contents(t, dir)
			if tt.refused != nil && !maps.Equal(got, before) {
				t.Errorf("it was refused, and files changed: %q", slices.Sorted(maps.Keys(got)))
			}
			if tt.refused == nil && (got["x/A.eca"] != "new A" || got["x/B.eca"] != "new B" || got["y/C.eca"] != "new C") {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Prune deletes what an earlier run wrote and nobody has changed since.
func TestWriteTreePrune(t *testing.T) {
	dir := t.TempDir()
	old := files("x/Kept.eca", "k", "x/Old.eca", "o", "x/Edited.eca", "e", "x/Gone.eca", "g")
	write(t, dir, old, metadata.WriteOptions{})
	place(t, filepath.Join(dir, "x", "Edited.eca"), "e, and more")
	place(t, filepath.Join(dir, "x", "Theirs.eca"), "t")
	if err := os.Remove(filepath.Join(dir, "x", "Gone.eca")); err != nil {
		t.Fatal(err)
	}
	now := files("x/Kept.eca", "k", "x/New.eca", "n")

	same(t, "without", states(write(t, dir, now, metadata.WriteOptions{})), []string{"unchanged x/Kept.eca", "created x/New.eca"})
	same(t, "with", states(write(t, dir, now, metadata.WriteOptions{Prune: true})), []string{"unchanged x/Kept.eca", "unchanged x/New.eca", "deleted x/Old.eca"})
	same(t, "again", states(write(t, dir, now, metadata.WriteOptions{Prune: true})), []string{"unchanged x/Kept.eca", "unchanged x/New.eca"})
	want := map[string]string{"x/Kept.eca": "k", "x/New.eca": "n", "x/Edited.eca": "e, and more", "x/Theirs.eca": "t"}
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// The ledger still knows the edited file as its own, so going back to what
	// it was makes it deletable again.
	place(t, filepath.Join(dir, "x", "Edited.eca"), "e")
	same(t, "went back", states(write(t, dir, now, metadata.WriteOptions{Prune: true})), []string{"deleted x/Edited.eca", "unchanged x/Kept.eca", "unchanged x/New.eca"})
}

// In mdapi layout there is no ledger: a package.xml with the mark is.
func TestWriteTreeManifest(t *testing.T) {
	var m metadata.Manifest
	m.Version = 66
	for _, c := range []*metadata.Component{part(app, "A", ""), part("ExternalClientAppSettings", "", ""), part("Certificate", "A", "")} {
		m.Add(metadata.Schema(), c)
	}
	marked, err := m.EncodeMarked()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	list := files("externalClientApps/A.eca", "new", "settings/ExternalClientApp.settings", "new", "package.xml", string(marked))
	old := func(manifest string) string {
		return tree(t, map[string]string{"externalClientApps/A.eca": "old", "settings/ExternalClientApp.settings": "old", "package.xml": manifest})
	}
	options := metadata.WriteOptions{NoLedger: true}

	same(t, "marked", states(write(t, old(string(marked)+"\n"), list, options)), []string{"changed externalClientApps/A.eca", "changed package.xml", "changed settings/ExternalClientApp.settings"})
	for name, manifest := range map[string]string{"without a mark": string(plain), "broken": string(marked[:len(marked)-12]), "empty": ""} {
		dir := old(manifest)
		_, err := metadata.WriteTree(dir, list, options)
		var refused []string
		for _, p := range diag.From(err) {
			refused = append(refused, p.Code+" "+below(dir, []string{p.File})[0])
		}
		same(t, name, refused, []string{"ECA305 externalClientApps/A.eca", "ECA305 package.xml", "ECA305 settings/ExternalClientApp.settings"})
	}
	dir := old(string(marked) + "\n")
	place(t, filepath.Join(dir, "externalClientApps", "B.eca"), "theirs") // in the folder, and not in the manifest
	if _, err := metadata.WriteTree(dir, append(list, files("externalClientApps/B.eca", "new")...), options); len(diag.From(err)) != 1 {
		t.Errorf("got %v, want that B.eca is refused", err)
	}
}
