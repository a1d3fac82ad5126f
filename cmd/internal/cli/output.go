package cli

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate/report"
)

// A document is what a command prints, in every format that it has.
type document struct {
	data     any // for json and yaml
	table    func(io.Writer, report.Theme) error
	markdown func(io.Writer) error
	more     map[string]func(io.Writer) error // formats that few commands have
}

// formats of every document; table is the default.
var formats = []string{"table", "json", "yaml", "markdown"}

// outputs holds the --output flags of one command.
type outputs struct {
	more   []string // formats beside those that every command has
	wanted []string // FORMAT or FORMAT=FILE
	file   string
	json   bool
}

func (o *outputs) formats() []string { return slices.Concat(formats, o.more) }

// add declares the flags, the same for every command that reports.
func (o *outputs) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&o.wanted, "output", "o", nil, "`FORMAT` or FORMAT=FILE, several times if need be: "+strings.Join(o.formats(), ", "))
	f.StringVar(&o.file, "output-file", "", "write the output to `FILE`")
	f.BoolVar(&o.json, "json", false, "the same as --output json")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(o.formats(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

type target struct{ format, file string }

// targets reads the flags. It is asked before the work begins, so that a
// mistyped format does not come to light after it.
func (o *outputs) targets() ([]target, error) {
	wanted := o.wanted
	if o.json {
		wanted = append(wanted, "json")
	}
	if len(wanted) == 0 {
		wanted = []string{"table"}
	}
	var list []target
	known := o.formats()
	for _, w := range wanted {
		format, file, _ := strings.Cut(w, "=")
		if format == "md" {
			format = "markdown"
		}
		if !slices.Contains(known, format) {
			hint := diag.DidYouMean(format, known)
			if hint == "" {
				hint = "to choose an org use --target-org"
			}
			return nil, usagef(hint, "unknown output %q (%s)", format, strings.Join(known, ", "))
		}
		list = append(list, target{format, file})
	}
	if o.file != "" {
		if len(list) != 1 || list[0].file != "" {
			return nil, usagef("", "--output-file is for one output without a file of its own")
		}
		list[0].file = o.file
	}
	stdout := 0
	for _, t := range list {
		if t.file == "" {
			stdout++
		}
	}
	if stdout > 1 {
		return nil, usagef("-o json=FILE writes one of them to a file", "two outputs cannot both go to the terminal")
	}
	return list, nil
}

// print writes a document to every target.
func (p *program) print(targets []target, doc document) error {
	for _, t := range targets {
		var out bytes.Buffer
		theme := p.theme()
		if t.file != "" {
			theme = report.Theme{}
		}
		if err := doc.write(&out, t.format, theme); err != nil {
			return err
		}
		if t.file == "" {
			if _, err := p.out.Write(out.Bytes()); err != nil {
				return nil // Run reports what stdout does not take
			}
			continue
		}
		if err := metadata.ReplaceFile(t.file, out.Bytes()); err != nil {
			return err
		}
		p.say("wrote %s", t.file)
	}
	return nil
}

func (d document) write(w io.Writer, format string, theme report.Theme) error {
	switch format {
	case "json":
		return report.JSON(w, d.data)
	case "yaml":
		var out bytes.Buffer
		if err := report.JSON(&out, d.data); err != nil {
			return err
		}
		text, err := spec.YAMLFromJSON(out.Bytes())
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	case "markdown":
		return d.markdown(w)
	}
	if more, ok := d.more[format]; ok {
		return more(w)
	}
	return d.table(w, theme)
}

// tool says in every document what made it.
type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func thisTool() tool { return tool{"ecactl", version()} }
