package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// SnapshotFile is the file of a snapshot that is not metadata.
const SnapshotFile = "snapshot.json"

// maxSnapshot is the largest snapshot that is read, in bytes: tokens of a large
// org are some megabytes.
const maxSnapshot = 256 << 20

// snapshot is what stands in it.
type snapshot struct {
	SchemaVersion int              `json:"schemaVersion"`
	Tool          Tool             `json:"tool"`
	Org           Org              `json:"org"`
	Records       map[string][]Row `json:"records"`
}

// Save writes evidence into a folder: the metadata as an org hands it out, and
// the rest as JSON. A folder that holds anything but a snapshot is refused. What
// an earlier snapshot had is replaced as a whole.
func (e *Evidence) Save(dir string, tool Tool) error {
	org := e.Org
	org.Snapshot = ""
	if err := mayHoldSnapshot(dir); err != nil {
		return err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(snapshot{1, tool, org, e.Tables}); err != nil {
		return fmt.Errorf("writing a snapshot: %w", err)
	}
	files := append(slices.Clone(e.Files), metadata.File{Path: SnapshotFile, Data: out.Bytes()})
	if err := replaceFolder(dir, files); err != nil {
		return err
	}
	e.Org.Snapshot = filepath.ToSlash(dir)
	return nil
}

// replaceFolder writes files beside a folder and puts them in its place once all
// of them are there.
func replaceFolder(dir string, files []metadata.File) error {
	fail := func(err error) error { return fmt.Errorf("writing a snapshot: %w", err) }
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return fail(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), ".snapshot-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(fresh) // it has moved, unless something failed
	if _, err := metadata.WriteTree(fresh, files, metadata.WriteOptions{NoLedger: true, Private: true}); err != nil {
		return err
	}
	old := fresh + ".old"
	switch err := os.Rename(dir, old); {
	case errors.Is(err, fs.ErrNotExist):
		old = ""
	case err != nil:
		return fail(err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if old != "" {
			err = errors.Join(err, os.Rename(old, dir))
		}
		return fail(err)
	}
	if old != "" {
		return os.RemoveAll(old)
	}
	return nil
}

func mayHoldSnapshot(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return &diag.Problem{Pos: diag.Pos{File: dir}, Code: "ECA231", Message: "cannot be read: " + err.Error(), Err: err}
	}
	if !slices.ContainsFunc(entries, func(d fs.DirEntry) bool { return d.Name() == SnapshotFile }) {
		return &diag.Problem{Pos: diag.Pos{File: dir}, Code: "ECA601", Message: "holds files and no snapshot", Hint: "name a new folder, or the one of an earlier snapshot"}
	}
	return nil
}

// LoadSnapshot reads evidence that was saved.
func LoadSnapshot(dir string) (*Evidence, error) {
	fail := func(message string, err error) (*Evidence, error) {
		return nil, &diag.Problem{Pos: diag.Pos{File: filepath.ToSlash(filepath.Join(dir, SnapshotFile))}, Code: "ECA602", Message: message, Err: err,
			Hint: "ecactl audit --target-org ORG --snapshot DIR writes one"}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fail("is no snapshot: "+err.Error(), err)
	}
	defer root.Close()
	data, err := readIn(root, SnapshotFile, maxSnapshot)
	if err != nil {
		return fail("is no snapshot: "+err.Error(), err)
	}
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return fail("is no snapshot that can be read: "+err.Error(), err)
	}
	if s.SchemaVersion != 1 || s.Org.ReadAt == nil {
		return fail(fmt.Sprintf("is a snapshot of version %d, and this ecactl reads version 1", s.SchemaVersion), nil)
	}
	e := &Evidence{Org: s.Org, Tables: s.Records}
	e.Org.Snapshot = filepath.ToSlash(dir)
	if e.Org.Findings == nil {
		e.Org.Findings = []FindingReport{}
	}
	e.Files, err = metadataIn(root)
	if err != nil {
		return fail(err.Error(), err)
	}
	return e, nil
}

// metadataIn reads the folders of metadata types, and of settings.
func metadataIn(root *os.Root) ([]metadata.File, error) {
	dirs := map[string]bool{"connectedApps": true, "settings": true}
	for _, t := range metadata.Schema().AppTypes() {
		dirs[t.Directory] = true
	}
	var files []metadata.File
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		entries, err := fs.ReadDir(root.FS(), dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
				continue
			}
			data, err := readIn(root, dir+"/"+entry.Name(), metadata.MaxFileSize)
			if err != nil {
				return nil, err
			}
			files = append(files, metadata.File{Path: path.Join(dir, entry.Name()), Data: data})
		}
	}
	return files, nil
}

func readIn(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d MB", name, limit>>20)
	}
	return data, err
}
