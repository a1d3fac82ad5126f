//go:build unix

package metadata_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// pipe makes a FIFO: opening it would wait for a writer for ever.
func pipe(t *testing.T, name string) {
	t.Helper()
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
}

// A pipe that is named like a metadata file is not opened.
func TestReadPipe(t *testing.T) {
	dir := tree(t, map[string]string{"A.eca": header})
	pipe(t, filepath.Join(dir, "B.eca-meta.xml"))
	got := read(t, dir)
	same(t, "components", names(got.Components), []string{app + " A"})
	same(t, "problems", below(dir, lines(got.Problems)), []string{"error: B.eca-meta.xml: is not a regular file (ECA231)"})

	_, err := metadata.Schema().Read(filepath.Join(dir, "B.eca-meta.xml"))
	if want := filepath.Join(dir, "B.eca-meta.xml") + ": is neither a file nor a folder (ECA231)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Nor is a pipe in the place of what a folder remembers, or of a target.
func TestWriteTreePipe(t *testing.T) {
	for _, name := range []string{metadata.LedgerName, "A.eca", "package.xml"} {
		dir := t.TempDir()
		pipe(t, filepath.Join(dir, name))
		files := []metadata.File{{Path: "A.eca", Data: []byte(header)}, {Path: "package.xml", Data: []byte(doc("Package"))}}
		_, err := metadata.WriteTree(dir, files, metadata.WriteOptions{})
		if want := filepath.Join(dir, name) + ": is in the way: not a regular file (ECA304)"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// What is written to a pipe goes through it, and the pipe stays.
func TestReplaceFilePipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	pipe(t, name)
	reader, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := metadata.ReplaceFile(name, []byte(header)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(header))
	if _, err := reader.Read(got); err != nil || string(got) != header {
		t.Errorf("got %q, %v", got, err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("got %v, %v, want the pipe", info.Mode(), err)
	}
}
