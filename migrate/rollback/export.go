package rollback

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate/track"
)

// exports is the folder, below that of the specs, for what is deleted.
const exports = "rollback"

// mostExports is after how many files of one app something is wrong.
const mostExports = 1000

// export writes the spec of a successor before it is deleted. A file that is there
// is never replaced: one that says the same is taken, and another gets a number.
func (r *run) export(s *state) error {
	imported, problems := spec.Import(s.new.Components(), spec.ImportOptions{})
	if err := problems.Err(); err != nil {
		return err
	}
	if len(imported) == 0 {
		return fmt.Errorf("exporting %s: nothing of it can be said in a spec", r.app.Successor)
	}
	var data []byte
	for _, im := range imported {
		if data != nil {
			data = append(data, "---\n"...)
		}
		data = append(data, im.YAML...)
	}
	dir := filepath.Join(r.options.Dir, exports)
	metadata.Sweep(dir)
	for n := 1; n < mostExports; n++ {
		name := filepath.Join(dir, r.app.Successor+".yaml")
		if n > 1 {
			name = filepath.Join(dir, fmt.Sprintf("%s-%d.yaml", r.app.Successor, n))
		}
		there, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if _, err := metadata.WriteTree(dir, []metadata.File{{Path: filepath.Base(name), Data: data}}, metadata.WriteOptions{NoLedger: true}); err != nil {
				return err
			}
			r.options.Say("wrote %s, from which the app can be deployed again", name)
		case err != nil:
			return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA231", Message: "cannot be read: " + err.Error(), Err: err}
		case !bytes.Equal(there, data) && !covers(name, s.new):
			continue
		}
		r.result.Exported = filepath.ToSlash(name)
		return nil
	}
	return fmt.Errorf("%s has more than %d exports of %s", dir, mostExports, r.app.Successor)
}

// covers tells whether an earlier export says all that the app is now, and more
// only of its grants: those that an earlier run has taken away.
func covers(name string, app *metadata.App) bool {
	set, err := spec.Load([]string{name}, nil, spec.Options{})
	if err != nil || set.Problems.Err() != nil {
		return false
	}
	built, problems := spec.BuildSet(set.Specs)
	if problems.Err() != nil || len(built) != 1 || built[0].Spec.Name != app.Name {
		return false
	}
	policy := app.Part(typePolicy)
	for _, f := range grantFields {
		if policy == nil {
			break
		}
		if text, _ := policy.Text(f); strings.TrimSpace(text) != "" {
			return false // it has grants, which an export has to have
		}
	}
	both := append(track.Differences(built[0].Components(), app.Components()), track.Differences(app.Components(), built[0].Components())...)
	for _, d := range both {
		field := d.Field[strings.LastIndexByte(d.Field, '.')+1:]
		if !slices.Contains(grantFields, field) && field != fieldUsers {
			return false
		}
	}
	return true
}
