package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// generateReport is what generate prints.
type generateReport struct {
	SchemaVersion int                    `json:"schemaVersion"`
	Tool          tool                   `json:"tool"`
	Dir           string                 `json:"dir"`
	Zip           string                 `json:"zip"`
	Layout        metadata.Layout        `json:"layout"`
	APIVersion    string                 `json:"apiVersion"`
	Files         []metadata.Written     `json:"files"`
	Summary       map[metadata.State]int `json:"summary"`
	Problems      []problemJSON          `json:"problems"`
}

type generateFlags struct {
	specFlags
	outputs
	dir, zip, layout        string
	check, overwrite, prune bool
}

func (p *program) newGenerate() *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate SPEC...",
		Short: "Write the metadata of specs",
		Long: `Write the metadata of specs, and a package.xml that names it. Without --dir the
files go into the SFDX project that this folder belongs to, else into this
folder.

A file that is right is not touched. A file that is there with other content is
replaced only if ecactl wrote it, and nobody has changed it since; --overwrite
replaces it in any case. Nothing is deleted but what --prune names.

generate writes what the specs say. What is wrong with them beyond their shape
is for lint.`,
		Example: `  ecactl generate apps/ --dir force-app/main/default
  ecactl generate Order_Sync.yaml --layout mdapi --zip app.zip
  ecactl generate apps/ --check`,
		Args: atLeast(1, "a spec or a folder of specs"),
		RunE: func(_ *cobra.Command, args []string) error { return p.generate(args, &f) },
	}
	f.specFlags.add(cmd)
	f.outputs.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", "", "write into `DIR` (default: the SFDX project, else this folder)")
	fl.StringVar(&f.layout, "layout", string(metadata.Source), "source or mdapi")
	fl.StringVar(&f.zip, "zip", "", "write one zip `FILE`, in mdapi layout, and no folder")
	fl.BoolVar(&f.check, "check", false, "write nothing; exit with 2 if files differ from what would be written")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace files that ecactl did not write")
	fl.BoolVar(&f.prune, "prune", false, "delete files that an earlier run wrote into the folder and this one does not")
	_ = cmd.RegisterFlagCompletionFunc("layout", cobra.FixedCompletions([]string{"source", "mdapi"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func (p *program) generate(args []string, f *generateFlags) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	layout, err := f.chosenLayout()
	if err != nil {
		return err
	}
	o, err := p.specOptions(&f.specFlags)
	if err != nil {
		return err
	}
	set, err := p.loadSpecs(args, o)
	if err != nil {
		return err
	}
	if set.Problems.Err() != nil {
		return p.refuse(set.Problems, set)
	}
	g, problems := spec.Generate(set.Specs, layout, metadata.Schema())
	if g == nil {
		return p.refuse(problems, set)
	}
	if !p.quiet {
		writeProblems(p.errOut, g.Problems, nil, report.Theme{})
	}
	r := generateReport{
		SchemaVersion: 1, Tool: thisTool(), Layout: layout, APIVersion: g.Version.String(), Zip: f.zip,
		Problems: problemsJSON(g.Problems),
	}
	if r.Dir, r.Files, err = p.writeGenerated(g, layout, f); err != nil {
		return err
	}
	r.Summary = map[metadata.State]int{metadata.Created: 0, metadata.Changed: 0, metadata.Unchanged: 0, metadata.Deleted: 0}
	for _, w := range r.Files {
		r.Summary[w.State]++
	}
	if err := p.print(targets, r.document(f.check)); err != nil {
		return err
	}
	p.adviseGenerated(g, o, args)
	if f.check && r.Summary[metadata.Created]+r.Summary[metadata.Changed] > 0 {
		return findings{}
	}
	return nil
}

// refuse prints why nothing was written.
func (p *program) refuse(problems diag.Problems, set *spec.Set) error {
	writeProblems(p.errOut, problems.Sort(), set.Sources, report.Theme{})
	fmt.Fprintf(p.errOut, "ecactl: %s; nothing was written\n", migrate.Plural(problems.Count(diag.Error), "error"))
	return failed{}
}

func (f *generateFlags) chosenLayout() (metadata.Layout, error) {
	layout := metadata.Layout(f.layout)
	switch {
	case !slices.Contains(metadata.Layouts(), layout):
		return "", usagef(diag.DidYouMean(f.layout, []string{"source", "mdapi"}), "unknown layout %q (source, mdapi)", f.layout)
	case f.zip != "" && f.dir != "":
		return "", usagef("", "--zip and --dir are two places; choose one")
	case f.zip != "":
		return metadata.MDAPI, nil
	}
	return layout, nil
}

// writeGenerated writes the zip or the folder, and returns the folder and what
// became of each file.
func (p *program) writeGenerated(g *spec.Generated, layout metadata.Layout, f *generateFlags) (string, []metadata.Written, error) {
	if f.zip != "" {
		written, err := writeZip(f.zip, g.Files, f.check)
		return "", written, err
	}
	dir, err := targetDir(f.dir)
	if err != nil {
		return "", nil, err
	}
	written, err := metadata.WriteTree(dir, g.Files, metadata.WriteOptions{
		Check: f.check, Overwrite: f.overwrite, Prune: f.prune, NoLedger: layout == metadata.MDAPI,
	})
	return dir, written, err
}

// targetDir is where files are written: the folder that is asked for, else the
// SFDX project, else this folder.
func targetDir(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	project, err := metadata.FindProject(".")
	if err != nil || project == nil {
		return ".", err
	}
	return shorten(project.Target())
}

// shorten gives a path below the current folder as such.
func shorten(p string) (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the current folder: %w", err)
	}
	if rel, err := filepath.Rel(here, p); err == nil && filepath.IsLocal(rel) {
		return rel, nil
	}
	return p, nil
}

// writeZip writes the zip if it differs from what is there.
func writeZip(file string, files []metadata.File, check bool) ([]metadata.Written, error) {
	var zip bytes.Buffer
	if err := metadata.WriteZip(&zip, files); err != nil {
		return nil, err
	}
	state := metadata.Created
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() {
		state = metadata.Changed
		if there, err := os.ReadFile(file); err == nil && bytes.Equal(there, zip.Bytes()) {
			state = metadata.Unchanged
		}
	}
	written := make([]metadata.Written, len(files))
	for i, f := range files {
		written[i] = metadata.Written{Path: f.Path, State: state}
	}
	slices.SortFunc(written, func(a, b metadata.Written) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	if check || state == metadata.Unchanged {
		return written, nil
	}
	return written, metadata.ReplaceFile(file, zip.Bytes())
}

func (r *generateReport) document(check bool) document {
	place := r.Dir
	if r.Zip != "" {
		place = r.Zip
	}
	verb := "%s into %s for API %s: %d created, %d changed, %d unchanged"
	if check {
		verb = "%s in %s for API %s: %d missing, %d different, %d right"
	}
	count := fmt.Sprintf(verb, migrate.Plural(len(r.Files), "file"), place, r.APIVersion,
		r.Summary[metadata.Created], r.Summary[metadata.Changed], r.Summary[metadata.Unchanged])
	if n := r.Summary[metadata.Deleted]; n > 0 {
		count += fmt.Sprintf(", %d deleted", n)
	}
	path := func(w metadata.Written) string {
		if r.Zip != "" {
			return w.Path
		}
		return filepath.Join(r.Dir, filepath.FromSlash(w.Path))
	}
	words := map[metadata.State]string{}
	if check {
		words = map[metadata.State]string{metadata.Created: "missing", metadata.Changed: "different", metadata.Unchanged: "right"}
	}
	word := func(s metadata.State) string {
		if words[s] != "" {
			return words[s]
		}
		return string(s)
	}
	return document{
		data: r,
		table: func(w io.Writer, theme report.Theme) error {
			for _, f := range r.Files {
				fmt.Fprintf(w, "%-9s  %s\n", word(f.State), report.Plain(path(f)))
			}
			_, err := fmt.Fprintln(w, "\n"+count)
			return err
		},
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "| file | |\n|---|---|\n")
			for _, f := range r.Files {
				fmt.Fprintf(w, "| %s | %s |\n", report.Markdown(path(f)), word(f.State))
			}
			_, err := fmt.Fprintf(w, "\n%s\n", report.Markdown(count))
			return err
		},
	}
}

// adviseGenerated says what else there is to know: what lint finds, and what a
// package must not carry.
func (p *program) adviseGenerated(g *spec.Generated, o spec.Options, args []string) {
	found := spec.Check(g.Built, o)
	if e, w := found.Count(diag.Error), found.Count(diag.Warning); e+w > 0 {
		p.say("lint finds %s and %s:  ecactl lint %s", migrate.Plural(e, "error"), migrate.Plural(w, "warning"), args[0])
	}
	if advice := g.Advice(metadata.Schema()); len(advice) > 0 {
		p.say("a package cannot carry all of this; put into .forceignore:")
		for _, line := range advice {
			p.say("  %s", line)
		}
	}
}
