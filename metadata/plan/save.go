package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// MaxSize bounds a saved plan; a deploy may have no more than 39 MB as a zip.
const MaxSize = 256 << 20

// Encode writes a plan as JSON: the same plan, the same bytes.
func (p *Plan) Encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("writing the plan: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads what Encode wrote. A plan is input like any other: it is refused
// if it is of another version, cut off, or would write anything but metadata.
func Decode(file string, data []byte) (*Plan, error) {
	fail := func(hint, format string, args ...any) error {
		return &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA503", Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	again := "make it again:  ecactl plan SPEC... --out " + file
	if len(data) > MaxSize {
		return nil, fail("", "the plan is larger than %d MB", MaxSize>>20)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var p Plan
	if err := dec.Decode(&p); err != nil {
		return nil, fail(again, "not a plan: %v", err)
	}
	if dec.More() {
		return nil, fail(again, "not a plan: there is more behind it")
	}
	switch {
	case p.SchemaVersion != SchemaVersion:
		return nil, fail(again, "the plan has schemaVersion %d, and this program reads %d", p.SchemaVersion, SchemaVersion)
	case p.Org.ID == "" || p.Base == "":
		return nil, fail(again, "the plan does not say which org it is for")
	}
	for _, f := range p.Deploy.Files {
		if !fs.ValidPath(f.Path) || path.Clean(f.Path) != f.Path || strings.ContainsAny(f.Path, `\:`) {
			return nil, fail(again, "the plan has a file %q, which is no path of a package", f.Path)
		}
	}
	return &p, nil
}
