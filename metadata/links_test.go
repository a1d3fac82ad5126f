package metadata_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// A link that stays inside the folder is followed; one that leads out is not.
func TestReadLinks(t *testing.T) {
	outside := tree(t, map[string]string{"Secret.eca": header, "folder/Secret.ecaOauth": oauth})
	dir := tree(t, map[string]string{"real/content.txt": header, "apps/A.eca": header})
	link(t, filepath.Join("..", "real", "content.txt"), filepath.Join(dir, "apps", "B.eca"))
	link(t, filepath.Join(outside, "Secret.eca"), filepath.Join(dir, "apps", "C.eca"))
	link(t, filepath.Join("..", "..", filepath.Base(outside), "Secret.eca"), filepath.Join(dir, "apps", "D.eca"))
	link(t, filepath.Join(outside, "folder"), filepath.Join(dir, "apps", "folder"))
	link(t, "nowhere", filepath.Join(dir, "apps", "E.eca"))
	link(t, "F.eca", filepath.Join(dir, "apps", "F.eca"))
	link(t, filepath.Join("..", "apps"), filepath.Join(dir, "apps", "G.eca"))

	got := read(t, dir)
	same(t, "components", names(got.Components), []string{app + " A", app + " B"})
	var refused []string
	for _, p := range got.Problems {
		file, _ := filepath.Rel(dir, p.File)
		refused = append(refused, filepath.ToSlash(file)+" "+p.Code)
	}
	same(t, "problems", refused, []string{"apps/C.eca ECA231", "apps/D.eca ECA231", "apps/E.eca ECA231", "apps/F.eca ECA231", "apps/G.eca ECA231"})
}

// A device behind the project file would never end.
func TestOpenProjectThatIsADevice(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no devices here")
	}
	dir := t.TempDir()
	link(t, "/dev/zero", filepath.Join(dir, metadata.ProjectFile))
	if _, err := metadata.OpenProject(dir); err == nil || !strings.HasSuffix(err.Error(), ": is not a regular file of a usual size (ECA234)") {
		t.Errorf("got %v", err)
	}
}

// What may not be read does not stop what may.
func TestReadWithoutPermission(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("permissions do not bind this user")
	}
	dir := tree(t, map[string]string{"A.eca": header, "B.eca": header, "closed/C.eca": header, "open/D.eca": header})
	for name, mode := range map[string]os.FileMode{"B.eca": 0, "closed": 0} {
		p := filepath.Join(dir, name)
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(p, 0o755) }) // or the folder cannot be deleted
	}
	got := read(t, dir)
	same(t, "components", names(got.Components), []string{app + " A", app + " D"})
	same(t, "problems", below(dir, lines(got.Problems)), []string{
		"error: B.eca: cannot be read: permission denied (ECA231)",
		"error: closed: cannot be read: permission denied (ECA231)",
	})
	if len(got.Unreadable) != 1 || got.Unreadable[0].Name != "B" || !errors.Is(got.Unreadable[0].Problem, os.ErrPermission) {
		t.Errorf("got %+v, want B", got.Unreadable)
	}
	_, err := metadata.Schema().Read(filepath.Join(dir, "closed"))
	if !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, want that the folder may not be read", err)
	}
}
