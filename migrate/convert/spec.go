package convert

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

// Spec writes the spec of what an app became: generate makes its components of
// it again. Comments at its head say what was lost.
func Spec(r *Result) ([]byte, diag.Problems) {
	if len(r.Components) == 0 {
		return nil, nil
	}
	o := spec.ImportOptions{Table: r.app.table}
	if r.Version != metadata.DefaultVersion {
		o.Version = r.Version
	}
	imported, problems := spec.Import(r.Components, o)
	if len(imported) != 1 {
		return nil, append(problems, r.app.refusal("ECA312", "", "the spec of %s cannot be written", r.Name))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# What ecactl convert made of the Connected App %s.\n", plainComment(r.Name))
	for _, f := range r.Fields {
		if f.How == Lost {
			fmt.Fprintf(&out, "# lost: %s: %s\n", plainComment(f.From), plainComment(f.Note))
		}
	}
	out.Write(imported[0].YAML)
	return out.Bytes(), problems
}

// plainComment keeps a text that a file holds on its line.
func plainComment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return ' '
		}
		return r
	}, s)
}
