package refresh

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/secret"
)

// indexFile is what names a folder as a save.
const indexFile = "refresh.json"

// specs is the folder of the specs, below that of the save.
const specs = "apps"

// A Saved is what was kept of a sandbox, without any secret.
type Saved struct {
	SchemaVersion int       `json:"schemaVersion"`
	Tool          Tool      `json:"tool"`
	SavedAt       time.Time `json:"savedAt"`
	Org           Org       `json:"org"`
	Apps          []App     `json:"apps"`
	Settings      string    `json:"settings"` // the spec of the org's switches; "" if they were not read
	Keys          bool      `json:"keys"`     // keys and secrets were handed to a store of the user's
	Warnings      []string  `json:"warnings"`
}

// Tool says what made a save.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// An Org is where apps were saved.
type Org struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	InstanceURL string `json:"instanceUrl"`
	Type        string `json:"type"`
}

// An App is one that was saved.
type App struct {
	Name           string   `json:"name"`
	Spec           string   `json:"spec"` // below the folder, with slashes
	Twin           bool     `json:"twin"` // a Connected App of the name was there: what Setup's button leaves behind
	Certificate    bool     `json:"certificate"`
	Key            bool     `json:"key"`    // its key is in the store
	Secret         bool     `json:"secret"` // so is its secret
	PermissionSets []string `json:"permissionSets"`
	Profiles       []string `json:"profiles"`
}

// Secrets are what goes into a store of the user's: one JSON document.
type Secrets struct {
	SchemaVersion int      `json:"schemaVersion"`
	Org           string   `json:"org"`
	Apps          []Secret `json:"apps"`
}

// A Secret is the key of one app, and its secret if the org hands it out.
type Secret struct {
	Name   string
	Key    string
	Secret secret.String
}

// secretJSON is a Secret with its value in the open.
type secretJSON struct {
	Name           string `json:"name"`
	ConsumerKey    string `json:"consumerKey"`
	ConsumerSecret string `json:"consumerSecret,omitempty"`
}

// Reveal writes the document with the secrets in the open: for a file of mode
// 0600, or the input of a command.
func (s *Secrets) Reveal() ([]byte, error) {
	open := struct {
		SchemaVersion int          `json:"schemaVersion"`
		Org           string       `json:"org"`
		Apps          []secretJSON `json:"apps"`
	}{1, s.Org, []secretJSON{}}
	for _, a := range s.Apps {
		open.Apps = append(open.Apps, secretJSON{a.Name, a.Key, a.Secret.Reveal()})
	}
	data, err := json.MarshalIndent(open, "", "  ")
	return append(data, '\n'), err
}

// maxSecrets bounds a document of secrets, in bytes.
const maxSecrets = 16 << 20

// ReadSecrets reads what Reveal wrote. An error never quotes it.
func ReadSecrets(from string, data []byte) (*Secrets, error) {
	fail := func(message string) (*Secrets, error) {
		return nil, &diag.Problem{Pos: diag.Pos{File: from}, Code: "ECA777", Message: message, Hint: "it has to be the document that refresh save has handed over"}
	}
	if len(data) > maxSecrets {
		return fail("is too large for keys and secrets")
	}
	var open struct {
		SchemaVersion int          `json:"schemaVersion"`
		Org           string       `json:"org"`
		Apps          []secretJSON `json:"apps"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(data), &open); err != nil {
		return fail("is not the JSON document of keys and secrets")
	}
	if open.SchemaVersion != 1 {
		return fail(fmt.Sprintf("has the schemaVersion %d, and this program reads 1", open.SchemaVersion))
	}
	s := &Secrets{SchemaVersion: 1, Org: open.Org}
	for _, a := range open.Apps {
		s.Apps = append(s.Apps, Secret{a.Name, a.ConsumerKey, secret.New(a.ConsumerSecret)})
	}
	return s, nil
}

func (s *Secrets) find(app string) *Secret {
	if s == nil {
		return nil
	}
	for i := range s.Apps {
		if s.Apps[i].Name == app {
			return &s.Apps[i]
		}
	}
	return nil
}

// write puts a save into a folder that has none yet. The index is written last:
// a folder without it is no save, and a run that was killed before may be run
// again.
func (s *Saved) write(dir string, files []metadata.File) error {
	if err := mayHold(dir); err != nil {
		return err
	}
	if _, err := metadata.WriteTree(dir, files, metadata.WriteOptions{NoLedger: true, Overwrite: true}); err != nil {
		return err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("writing %s: %w", indexFile, err)
	}
	_, err := metadata.WriteTree(dir, []metadata.File{{Path: indexFile, Data: out.Bytes()}}, metadata.WriteOptions{NoLedger: true})
	return err
}

// mayHold refuses a folder that holds a save, or anything that is none of one.
func mayHold(dir string) error {
	metadata.Sweep(dir)
	metadata.Sweep(filepath.Join(dir, specs))
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &diag.Problem{Pos: diag.Pos{File: dir}, Code: "ECA231", Message: "cannot be read: " + err.Error(), Err: err}
	}
	for _, e := range entries {
		if e.Name() != specs { // what a run that was killed has left
			return &diag.Problem{Pos: diag.Pos{File: dir}, Code: "ECA772", Message: "holds " + e.Name() + ", and a save is never written over anything", Hint: "name a new folder"}
		}
	}
	return nil
}

// maxIndex bounds an index, in bytes.
const maxIndex = 64 << 20

// Load reads the index of a save.
func Load(dir string) (*Saved, error) {
	name := filepath.Join(dir, indexFile)
	fail := func(message string, err error) (*Saved, error) {
		return nil, &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA771", Message: message, Hint: "ecactl refresh save --target-org SANDBOX --dir DIR writes one", Err: err}
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return fail("is no save: "+err.Error(), err)
	case info.Size() > maxIndex:
		return fail("is too large", nil)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return fail("is no save: "+err.Error(), err)
	}
	var s Saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fail("is no save that can be read: "+err.Error(), err)
	}
	if s.SchemaVersion != 1 || s.Tool.Name != "ecactl" {
		return fail(fmt.Sprintf("is a save of version %d, and this ecactl reads version 1", s.SchemaVersion), nil)
	}
	for _, a := range s.Apps {
		if !filepath.IsLocal(filepath.FromSlash(a.Spec)) {
			return fail("names a spec outside of its folder", nil)
		}
	}
	return &s, nil
}
