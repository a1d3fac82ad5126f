package track

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

// Where the files of an app are, below the folder of specs.
const (
	backups  = "before"
	verified = "verified"
)

// SpecFile names the spec of an app in a folder.
func SpecFile(dir, app string) string { return filepath.Join(dir, app+".yaml") }

// BackupFile names the file that keeps the settings of a Connected App.
func BackupFile(dir, app string) string {
	return filepath.Join(dir, backups, "connectedApps", app+".connectedApp")
}

// ProofFile names the result of verifying an app.
func ProofFile(dir, app string) string { return filepath.Join(dir, verified, app+".json") }

// safe tells names that are names of files and lead nowhere else.
func safe(name string) bool { return spec.CheckName(name) == nil }

// files looks at the files of an app.
func (l *looker) files(a *waves.App, s *waves.Sight) {
	s.Looked = true
	if safe(a.Name) {
		s.Backup = isFile(BackupFile(l.options.Dir, a.Name))
	}
	if !safe(a.Successor) {
		return
	}
	name := SpecFile(l.options.Dir, a.Successor)
	if s.Spec = isFile(name); s.Spec {
		l.compareSpec(a, s, name)
	}
	s.Verified = l.proof(ProofFile(l.options.Dir, a.Successor), a.Successor)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// compareSpec holds the org's app against its spec.
func (l *looker) compareSpec(a *waves.App, s *waves.Sight, name string) {
	app := l.apps[strings.ToLower(a.Successor)]
	if app == nil {
		return
	}
	set, err := spec.Load([]string{name}, nil, spec.Options{})
	if err != nil || set.Problems.Err() != nil {
		l.notes = append(l.notes, name+" cannot be compared with the org: ecactl lint "+name+" says why")
		return
	}
	built, problems := spec.BuildSet(set.Specs)
	if problems.Err() != nil || built == nil {
		l.notes = append(l.notes, name+" cannot be compared with the org: ecactl lint "+name+" says why")
		return
	}
	i := slices.IndexFunc(built, func(b *spec.Built) bool { return b.Spec.Name == a.Successor })
	if i < 0 {
		l.notes = append(l.notes, name+" is not the spec of "+a.Successor)
		s.Spec = false
		return
	}
	s.SpecDiff = Differences(built[i].Components(), app.Components())
}

// maxProof bounds the result of a verification, in bytes.
const maxProof = 16 << 20

// proof reads the result of verifying an app: what migrate verify -o json writes.
func (l *looker) proof(file, app string) *waves.Proof {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	p := &waves.Proof{File: file, Why: "its result cannot be read"}
	if err != nil || info.Size() > maxProof {
		return p
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return p
	}
	var r struct {
		Org struct {
			ID string `json:"id"`
		} `json:"org"`
		GeneratedAt time.Time `json:"generatedAt"`
		Apps        []struct {
			Name   string `json:"name"`
			Checks []struct {
				ID    string `json:"id"`
				State string `json:"state"`
				Title string `json:"title"`
			} `json:"checks"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return p
	}
	p.At = r.GeneratedAt
	if p.At.IsZero() {
		p.At = info.ModTime().UTC()
	}
	if r.Org.ID != "" && r.Org.ID != l.e.Org.ID {
		p.Why = "its result is of another org"
		return p
	}
	for _, a := range r.Apps {
		if !strings.EqualFold(a.Name, app) {
			continue
		}
		passed := 0
		for _, c := range a.Checks {
			switch c.State {
			case "failed":
				p.Why = "verify: " + c.Title + " failed"
				return p
			case "passed":
				passed++
			}
		}
		if p.Passed = passed > 0; !p.Passed {
			p.Why = "verify could see nothing"
		}
		return p
	}
	p.Why = "its result is of another app"
	return p
}

// A New is a successor that the org has and no spec describes yet.
type New struct {
	App  string
	YAML []byte
}

// Unimported makes the specs of successors that Setup's button has made and that
// have none in the folder.
func Unimported(s *waves.Status, e *migrate.Evidence) ([]New, error) {
	read := metadata.Schema().ReadFiles("", e.Files)
	assembled, _ := metadata.Schema().Assemble(read.Components) // its remarks are for import
	var list []New
	for _, a := range s.Apps {
		open := slices.ContainsFunc(a.Steps, func(step waves.StepState) bool { return step.ID == "import" && step.State != waves.Done })
		moved := slices.ContainsFunc(a.Steps, func(step waves.StepState) bool { return step.ID == "press" && step.State == waves.Done })
		if !open || !moved || !safe(a.Successor) {
			continue
		}
		for _, app := range assembled {
			if !strings.EqualFold(app.Name, a.Successor) {
				continue
			}
			imported, problems := spec.Import(app.Components(), spec.ImportOptions{})
			if err := problems.Err(); err != nil {
				return nil, err
			}
			for _, im := range imported {
				list = append(list, New{App: a.Successor, YAML: im.YAML})
			}
		}
	}
	return list, nil
}
