package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// MaxSize bounds a saved plan; a deploy may have no more than 39 MB as a zip.
const MaxSize = 256 << 20

// Seal gives a plan the digest by which Decode knows that what is shown and what
// would be deployed are still what was made. It keeps accidents away, and nobody who
// can write the file and means to.
func (p *Plan) Seal() error {
	digest, err := p.digest()
	p.Digest = digest
	return err
}

func (p *Plan) digest() (string, error) {
	bare := *p
	bare.Digest = ""
	data, err := json.Marshal(bare)
	if err != nil {
		return "", fmt.Errorf("hashing the plan: %w", err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Encode seals a plan and writes it as JSON: the same plan, the same bytes.
func (p *Plan) Encode() ([]byte, error) {
	if err := p.Seal(); err != nil {
		return nil, err
	}
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
	if digest, err := p.digest(); err != nil || digest != p.Digest {
		return nil, fail(again, "the plan was changed after it was made: its digest is that of another")
	}
	return &p, nil
}
