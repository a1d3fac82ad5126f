package metadata_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// What cannot be written whole is not written in part: the folder is as it was,
// and nothing is left beside the files.
func TestWriteTreeRefuses(t *testing.T) {
	list := files("a/A.eca", "new A", "b/B.eca", "new B", "c/C.eca", "new C")
	longName := strings.Repeat("x", 250) // of a file it is allowed, and not of the one that is written first
	tests := map[string]struct {
		there map[string]string
		links map[string]string
		files []metadata.File
		want  string // the start of the only problem
	}{
		"a folder in the way":      {there: map[string]string{"b/B.eca/x": "x"}, files: list, want: "b/B.eca: is in the way: not a regular file (ECA304) | move it away"},
		"a link in the way":        {links: map[string]string{"b/B.eca": "../target"}, files: list, want: "b/B.eca: is in the way: not a regular file (ECA304) | move it away"},
		"a link to nowhere":        {links: map[string]string{"b/B.eca": "nowhere"}, files: list, want: "b/B.eca: is in the way: not a regular file (ECA304) | move it away"},
		"a link for a folder":      {links: map[string]string{"b": "OUTSIDE"}, files: list, want: "b: cannot be written to: path escapes from parent (ECA304) | a link that leads out of the folder is not followed"},
		"a link to above":          {links: map[string]string{"b": ".."}, files: list, want: "b: cannot be written to: path escapes from parent (ECA304) | a link that leads out of the folder is not followed"},
		"a file for a folder":      {there: map[string]string{"b": "x"}, files: list, want: "b: cannot be written to: not a directory (ECA304)"},
		"a file further up":        {there: map[string]string{"b": "x"}, files: files("a/A.eca", "new A", "b/c/d/B.eca", "new B"), want: "b/c/d: cannot be written to: not a directory (ECA304)"},
		"two files of one path":    {files: files("a/A.eca", "1", "b/B.eca", "2", "a/A.eca", "1"), want: "a/A.eca: would be written twice (ECA303) | give the two apps or components different names"},
		"above":                    {files: files("a/A.eca", "new A", "../B.eca", "new B"), want: "../..: cannot be written to: path escapes from parent"},
		"round about":              {files: files("a/A.eca", "new A", "b/../../B.eca", "new B"), want: "../..: cannot be written to: path escapes from parent"},
		"absolute":                 {files: files("a/A.eca", "new A", "/B.eca", "new B"), want: ".: cannot be written to: path escapes from parent"},
		"the folder itself":        {files: files("a/A.eca", "new A", ".", "new B"), want: ".: is in the way: not a regular file (ECA304) | move it away"},
		"a name too long for temp": {there: map[string]string{"a/A.eca": "new A"}, files: slices.Concat(list, files("d/"+longName, "new D")), want: "d/" + longName + ": cannot be written: file name too long (ECA304)"},
		"a name too long":          {there: map[string]string{"d/D": ""}, files: slices.Concat(list, files("d/"+longName+longName, "new D")), want: "d/" + longName + longName + ": cannot be read: file name too long (ECA304)"},
		"a broken ledger":          {there: map[string]string{metadata.LedgerName: "abc  a/A.eca\n"}, files: list, want: metadata.LedgerName + ": is not the ledger that ecactl writes (ECA304) | delete it, and pass --overwrite once"},
		"a ledger of elsewhere":    {there: map[string]string{metadata.LedgerName: strings.Repeat("0", 64) + "  ../../x\n"}, files: list, want: metadata.LedgerName + ": is not the ledger that ecactl writes (ECA304) | delete it, and pass --overwrite once"},
		"a folder for a ledger":    {there: map[string]string{metadata.LedgerName + "/x": ""}, files: list, want: metadata.LedgerName + ": is in the way: not a regular file (ECA304) | move it away"},
		"a link for a ledger":      {links: map[string]string{metadata.LedgerName: "target"}, files: list, want: metadata.LedgerName + ": is in the way: not a regular file (ECA304) | move it away"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("the words of the system are those of Unix")
			}
			outside := tree(t, map[string]string{"B.eca": "theirs"})
			dir := tree(t, map[string]string{"tree/target": "theirs"})
			dir = filepath.Join(dir, "tree")
			for name, content := range tt.there {
				place(t, filepath.Join(dir, filepath.FromSlash(name)), content)
			}
			for name, target := range tt.links {
				link(t, strings.Replace(target, "OUTSIDE", outside, 1), filepath.Join(dir, filepath.FromSlash(name)))
			}
			before := contents(t, dir)
			written, err := metadata.WriteTree(dir, tt.files, metadata.WriteOptions{Overwrite: true, Prune: true})
			got := below(dir, lines(diag.From(err)))
			if len(got) != 1 || !strings.HasPrefix(got[0], "error: "+strings.Replace(tt.want, "../..", filepath.Dir(dir), 1)) || written != nil {
				t.Errorf("got  %s\nwant error: %s", got, tt.want)
			}
			after := contents(t, dir)
			maps.DeleteFunc(after, func(name, _ string) bool { return strings.HasSuffix(name, "/") }) // folders are no harm
			maps.DeleteFunc(before, func(name, _ string) bool { return strings.HasSuffix(name, "/") })
			if !maps.Equal(after, before) {
				t.Errorf("the folder changed\ngot  %q\nwant %q", after, before)
			}
			if got := contents(t, outside); got["B.eca"] != "theirs" || len(got) != 1 {
				t.Errorf("something was written outside: %q", got)
			}
			if info, err := os.Lstat(filepath.Join(dir, metadata.LedgerName)); err == nil && info.Mode().IsRegular() && tt.there[metadata.LedgerName] == "" {
				t.Error("a ledger was written")
			}
		})
	}
}

// The folder itself may be what is wrong.
func TestWriteTreeNoFolder(t *testing.T) {
	dir := tree(t, map[string]string{"file": "x"})
	for name, want := range map[string]string{"file": "file: cannot be written to: ", "file/below": "file/below: cannot be written to: "} {
		_, err := metadata.WriteTree(filepath.Join(dir, filepath.FromSlash(name)), files("A.eca", "a"), metadata.WriteOptions{})
		p, ok := errors.AsType[*diag.Problem](err)
		if !ok || p.Code != "ECA304" || !strings.HasPrefix(below(dir, []string{p.Error()})[0], want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// In a folder in which nobody may write, nothing is written.
func TestWriteTreeWithoutPermission(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("permissions do not bind this user")
	}
	dir := tree(t, map[string]string{"a/A.eca": "old", "b/B.eca": "old", "c/C.eca": "old"})
	closed := filepath.Join(dir, "b")
	list := files("a/A.eca", "new", "b/B.eca", "new", "c/C.eca", "new", "b/x/D.eca", "new")
	for name, tt := range map[string]struct {
		files []metadata.File
		mode  os.FileMode
		want  string
	}{
		"no new file":   {list[:3], 0o555, "error: b/B.eca: cannot be written: permission denied (ECA304)"},
		"no new folder": {list, 0o555, "error: b/x: cannot be made: permission denied (ECA304)"},
		"no look":       {list[:3], 0o000, "error: b: cannot be written to: permission denied (ECA304) | a link that leads out of the folder is not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.Chmod(closed, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := metadata.WriteTree(dir, tt.files, metadata.WriteOptions{Overwrite: true})
			if err := os.Chmod(closed, 0o755); err != nil {
				t.Fatal(err)
			}
			same(t, "problems", below(dir, lines(diag.From(err))), []string{tt.want})
			if got, want := contents(t, dir), (map[string]string{"a/A.eca": "old", "b/B.eca": "old", "c/C.eca": "old"}); !maps.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestReplaceFile(t *testing.T) {
	dir := tree(t, map[string]string{"there.html": "old", "folder/x": "", metadata.LedgerName: "not a ledger"})
	for _, name := range []string{"new.html", "there.html", "sub/folder/new.html"} {
		p := filepath.Join(dir, filepath.FromSlash(name))
		for range 2 {
			if err := metadata.ReplaceFile(p, []byte("report")); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(p); err != nil || string(got) != "report" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	err := metadata.ReplaceFile(filepath.Join(dir, "folder"), []byte("report"))
	if want := filepath.Join(dir, "folder") + ": is a folder (ECA304)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	// Large files are replaced too, though they are no metadata.
	large := bytes.Repeat([]byte("x"), metadata.MaxFileSize+1)
	for range 2 {
		if err := metadata.ReplaceFile(filepath.Join(dir, "there.html"), large); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"new.html": "report", "there.html": string(large), "sub/folder/new.html": "report", "folder/x": ""}
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Error("there is more in the folder, or less")
	}
}

// A device is written to and stays one; that it is full is an error.
func TestReplaceFileDevice(t *testing.T) {
	for name, want := range map[string]string{"/dev/full": "/dev/full: cannot be written: no space left on device (ECA304)", os.DevNull: ""} {
		before, err := os.Lstat(name)
		if err != nil || before.Mode()&fs.ModeDevice == 0 {
			continue // not on this system
		}
		err = metadata.ReplaceFile(name, []byte("report"))
		if got := ""; err != nil {
			if got = err.Error(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		} else if want != "" {
			t.Errorf("no error, want %s", want)
		}
		if after, err := os.Lstat(name); err != nil || after.Mode() != before.Mode() {
			t.Errorf("%s was replaced: %v, %v", name, after, err)
		}
	}
}

func TestReplacePrivateFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	name := filepath.Join(t.TempDir(), "plan.json")
	for _, there := range []os.FileMode{0, 0o644, 0o600} {
		if there != 0 {
			if err := os.Chmod(name, there); err != nil {
				t.Fatal(err)
			}
		}
		if err := metadata.ReplacePrivateFile(name, []byte("plan")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("after %v: %v, %v", there, info.Mode(), err)
		}
	}
}
