package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// retrieveFlags are the flags of retrieve.
type retrieveFlags struct {
	outputs
	orgFlags
	dir       string
	layout    string
	version   string
	keep      bool
	overwrite bool
	only      []string
}

// kinds are what retrieve can be asked for.
var kinds = []string{"apps", "connected-apps", "settings"}

// retrieveReport is what retrieve prints.
type retrieveReport struct {
	SchemaVersion int                `json:"schemaVersion"`
	Tool          tool               `json:"tool"`
	Dir           string             `json:"dir"`
	Layout        metadata.Layout    `json:"layout"`
	APIVersion    string             `json:"apiVersion"`
	Files         []metadata.Written `json:"files"`
	NotHandedOut  []string           `json:"notHandedOut"` // components that the org lists and does not give
	Problems      []problemJSON      `json:"problems"`
}

func (p *program) newRetrieve() *cobra.Command {
	var f retrieveFlags
	cmd := &cobra.Command{
		Use:   "retrieve [NAME...] --target-org ORG --dir DIR",
		Short: "Write the metadata of an org's apps to files",
		Long: `Write External Client Apps, Connected Apps and the org's three settings for them to
files, as an org's retrieve writes them. Names of apps narrow it down.

What only an org writes (oauthLink, orgScopedExternalApp, consumerKey) is left
out, because any other org refuses it; --keep-org-values keeps it. Secrets are
never written. Apps of managed packages are listed by an org and not handed out.
import --target-org writes specs instead.`,
		Example: `  ecactl retrieve --target-org uat --dir force-app/main/default
  ecactl retrieve Order_Sync --target-org uat --dir out --layout mdapi`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.retrieve(cmd.Context(), args, &f) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", "", "write into `DIR` (default: the SFDX project, else this folder)")
	fl.StringVar(&f.layout, "layout", string(metadata.Source), "source or mdapi")
	fl.StringVar(&f.version, "api-version", "", "Metadata API `VERSION` to read with (default "+metadata.DefaultVersion.String()+")")
	fl.BoolVar(&f.keep, "keep-org-values", false, "keep what only an org writes")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace files that ecactl did not write")
	fl.StringArrayVar(&f.only, "only", nil, "`KIND` to retrieve, several times if need be: "+strings.Join(kinds, ", ")+" (default all)")
	_ = cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func (p *program) retrieve(ctx context.Context, names []string, f *retrieveFlags) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	layout := metadata.Layout(f.layout)
	if !slices.Contains(metadata.Layouts(), layout) {
		return usagef(diag.DidYouMean(f.layout, []string{"source", "mdapi"}), "unknown layout %q (source, mdapi)", f.layout)
	}
	for _, k := range f.only {
		if !slices.Contains(kinds, k) {
			return usagef(diag.DidYouMean(k, kinds), "unknown kind %q (%s)", k, strings.Join(kinds, ", "))
		}
	}
	version, err := versionFlag(f.version)
	if err != nil {
		return err
	}
	client, _, err := p.connect(ctx, &f.orgFlags, version)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = nil // every app
	}
	got, err := deploy.Retrieve(ctx, client, deploy.Wanted{
		Apps: f.wants("apps"), ConnectedApps: f.wants("connected-apps"), Settings: f.wants("settings") && len(names) == 0, Names: names, KeepOrgValues: f.keep,
	})
	if err != nil {
		return err
	}
	p.remarkOnUsage(client)
	return p.writeRetrieved(targets, got, layout, client, f)
}

func (f *retrieveFlags) wants(kind string) bool {
	return len(f.only) == 0 || slices.Contains(f.only, kind)
}

func (p *program) writeRetrieved(targets []target, got *deploy.Retrieved, layout metadata.Layout, client *org.Client, f *retrieveFlags) error {
	writeProblems(p.errOut, p.worthSaying(got.Problems), nil, report.Theme{})
	files, err := deploy.Files(got, layout)
	if err != nil {
		return err
	}
	dir, err := targetDir(f.dir)
	if err != nil {
		return err
	}
	written, err := metadata.WriteTree(dir, files, metadata.WriteOptions{Overwrite: f.overwrite, NoLedger: layout == metadata.MDAPI})
	if err != nil {
		return err
	}
	r := &retrieveReport{
		SchemaVersion: 1, Tool: thisTool(), Dir: dir, Layout: layout, APIVersion: client.Version().String(),
		Files: written, NotHandedOut: got.NotHandedOut, Problems: problemsJSON(got.Problems),
	}
	if err := p.print(targets, r.document()); err != nil {
		return err
	}
	if got.Problems.Err() != nil {
		return failed{}
	}
	return nil
}

func (r *retrieveReport) document() document {
	count := fmt.Sprintf("%s into %s from API %s", migrate.Plural(len(r.Files), "file"), r.Dir, r.APIVersion)
	if n := len(r.NotHandedOut); n > 0 {
		count += fmt.Sprintf("; %s of packages not handed out: %s", migrate.Plural(n, "component"), strings.Join(r.NotHandedOut, ", "))
	}
	return document{
		data: r,
		table: func(w io.Writer, _ report.Theme) error {
			for _, f := range r.Files {
				fmt.Fprintf(w, "%-9s  %s\n", f.State, report.Plain(filepath.Join(r.Dir, filepath.FromSlash(f.Path))))
			}
			_, err := fmt.Fprintln(w, "\n"+report.Plain(count))
			return err
		},
		markdown: func(w io.Writer) error {
			fmt.Fprint(w, "| file | |\n|---|---|\n")
			for _, f := range r.Files {
				fmt.Fprintf(w, "| %s | %s |\n", report.Markdown(f.Path), f.State)
			}
			_, err := fmt.Fprintf(w, "\n%s\n", report.Markdown(count))
			return err
		},
	}
}
