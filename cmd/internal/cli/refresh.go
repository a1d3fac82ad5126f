package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/refresh"
	"github.com/ecactl/ecactl/migrate/report"
)

// newRefresh groups what keeps apps over the refresh of a sandbox.
func (p *program) newRefresh() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Keep the External Client Apps of a sandbox over a refresh",
		Long: `A refresh makes a sandbox anew from production. save keeps its External Client Apps
in a folder, and restore puts them back, in the order that the platform accepts.`,
		Example: `  ecactl refresh save --target-org uat --dir uat-apps --secrets-to "pass insert -m uat-apps"
  ecactl refresh restore --target-org uat --dir uat-apps --secrets-from "pass uat-apps"`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("ecactl refresh --help", "refresh needs a command")
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(p.newRefreshSave(), p.newRefreshRestore())
	return cmd
}

// refreshFlags are the flags of refresh save and restore.
type refreshFlags struct {
	outputs
	orgFlags
	dir     string
	file    string   // of secrets
	command string   // that takes, or gives, secrets
	apps    []string // to be saved
	replace []string
	yes     bool
	wait    float64
}

func (p *program) newRefreshSave() *cobra.Command {
	var f refreshFlags
	cmd := &cobra.Command{
		Use:   "save --target-org SANDBOX --dir DIR",
		Short: "Save the apps of a sandbox before its refresh",
		Long: `Write a spec of every External Client App, the org's switches for them, and to whom
they are granted, into a folder that is new or empty. Certificates are in the specs.

Keys and secrets are not: --secrets-to hands them, as one JSON document, to the
input of a command, and --secrets-file writes them to a file of mode 0600 outside
of the folder, which is never replaced. Without either, the apps get new keys.`,
		Example: `  ecactl refresh save --target-org uat --dir uat-apps --secrets-file ../uat-secrets.json
  ecactl refresh save --target-org uat --dir uat-apps --secrets-to "vault kv put secret/uat-apps doc=-"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.refreshSave(cmd.Context(), &f) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", "", "write into `DIR`, which is new or empty")
	fl.StringVar(&f.command, "secrets-to", "", "hand keys and secrets to the input of `COMMAND`, which a shell runs")
	fl.StringVar(&f.file, "secrets-file", "", "write keys and secrets to `FILE`, outside of the folder")
	fl.StringArrayVar(&f.apps, "app", nil, "save the app of this API `NAME` alone; may be repeated")
	return cmd
}

func (p *program) newRefreshRestore() *cobra.Command {
	var f refreshFlags
	cmd := &cobra.Command{
		Use:   "restore --target-org SANDBOX --dir DIR",
		Short: "Put the apps of a sandbox back after its refresh",
		Long: `Put back what refresh save wrote: the org's switches, then each app with its OAuth
settings and its key in one deploy, then its policies and grants. What is there and
right is left alone, so an interrupted run is run again.

A Connected App of the same name, such as the refresh brings from production, stands
in the way and is deleted first: you are asked, or say --yes. One that was not there
when the apps were saved is only deleted if --replace names it. A production org is
refused.`,
		Example: `  ecactl refresh restore --target-org uat --dir uat-apps --secrets-file ../uat-secrets.json
  ecactl refresh restore --target-org uat --dir uat-apps --secrets-from "vault kv get -field=doc secret/uat-apps" --yes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.refreshRestore(cmd.Context(), &f) },
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", "", "the folder, `DIR`, that refresh save wrote")
	fl.StringVar(&f.command, "secrets-from", "", "read keys and secrets from the output of `COMMAND`, which a shell runs")
	fl.StringVar(&f.file, "secrets-file", "", "read keys and secrets from `FILE`")
	fl.StringArrayVar(&f.replace, "replace", nil, "delete the Connected App of this `NAME` if it stands in the way; may be repeated")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fl.Float64Var(&f.wait, "wait", deploy.DefaultWait.Minutes(), "watch each deploy for so many `MINUTES`")
	return cmd
}

// check reads what both have in common.
func (f *refreshFlags) check() ([]target, error) {
	targets, err := f.targets()
	switch {
	case err != nil:
		return nil, err
	case f.dir == "":
		return nil, usagef("--dir uat-apps", "--dir DIR is missing")
	case f.file != "" && f.command != "":
		return nil, usagef("", "choose one of a file and a command for keys and secrets")
	}
	if f.file != "" {
		inside, err := within(f.dir, f.file)
		if err != nil {
			return nil, err
		}
		if inside {
			return nil, &diag.Problem{Pos: diag.Pos{File: f.file}, Code: "ECA773", Message: "is inside of " + f.dir + ", which is meant to be committed", Hint: "name a file outside of it"}
		}
	}
	return targets, nil
}

// within tells whether a file is in or below a folder, links followed.
func within(dir, file string) (bool, error) {
	real := func(name string) (string, error) {
		abs, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		for rest := ""; ; { // what is not there yet is below what is
			if seen, err := filepath.EvalSymlinks(abs); err == nil {
				return filepath.Join(seen, rest), nil
			}
			parent := filepath.Dir(abs)
			if parent == abs {
				return filepath.Join(abs, rest), nil
			}
			abs, rest = parent, filepath.Join(filepath.Base(abs), rest)
		}
	}
	folder, err := real(dir)
	if err != nil {
		return false, err
	}
	at, err := real(file)
	if err != nil {
		return false, err
	}
	rel, err := filepath.Rel(folder, at)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)), nil
}

func (p *program) refreshSave(ctx context.Context, f *refreshFlags) error {
	targets, err := f.check()
	if err != nil {
		return err
	}
	client, _, err := p.connect(ctx, &f.orgFlags, metadata.DefaultVersion)
	if err != nil {
		return err
	}
	o := refresh.SaveOptions{Now: p.host.Now(), Version: version(), Dir: f.dir, Names: f.apps, Head: []byte(modeline)}
	schema, err := spec.JSONSchema(metadata.Schema())
	if err != nil {
		return err
	}
	o.Beside = []metadata.File{{Path: schemaFile, Data: schema}}
	if f.file != "" || f.command != "" {
		o.Store = func(ctx context.Context, s *refresh.Secrets) error { return p.keepSecrets(ctx, f, s) }
	}
	saved, err := refresh.Save(ctx, client, o)
	if err != nil {
		return err
	}
	p.remarkOnUsage(client)
	for _, w := range saved.Warnings {
		p.say("warning: %s", report.Plain(w))
	}
	if !saved.Keys {
		p.say("warning: keys and secrets are not saved; after the refresh every client needs new ones, unless --secrets-to or --secrets-file keeps them")
	}
	return p.print(targets, savedDocument(saved, f.dir))
}

// keepSecrets hands keys and secrets to the user's store.
func (p *program) keepSecrets(ctx context.Context, f *refreshFlags, s *refresh.Secrets) error {
	for _, a := range s.Apps {
		p.redactor.Add(a.Secret)
	}
	data, err := s.Reveal()
	if err != nil {
		return err
	}
	if f.command != "" {
		return p.feed(ctx, f.command, data)
	}
	sweepSecrets(f.file)
	there, err := os.ReadFile(f.file)
	switch {
	case err == nil && bytes.Equal(there, data):
		return nil // an earlier run has written it
	case err == nil:
		return &diag.Problem{Pos: diag.Pos{File: f.file}, Code: "ECA772", Message: "is there, and is not replaced", Hint: "name a new file"}
	case !errors.Is(err, fs.ErrNotExist):
		return &diag.Problem{Pos: diag.Pos{File: f.file}, Code: "ECA231", Message: "cannot be read: " + err.Error(), Err: err}
	}
	return metadata.ReplacePrivateFile(f.file, data)
}

// sweepSecrets takes away what a run that was killed has left of the file.
func sweepSecrets(name string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")) // a bad pattern finds nothing
	for _, l := range left {
		_ = os.Remove(l) // it is in nobody's way
	}
}

func (p *program) refreshRestore(ctx context.Context, f *refreshFlags) error {
	targets, err := f.check()
	if err != nil {
		return err
	}
	wait, err := minutes(f.wait)
	if err != nil {
		return err
	}
	saved, err := refresh.Load(f.dir)
	if err != nil {
		return err
	}
	secrets, err := p.keptSecrets(ctx, f)
	if err != nil {
		return err
	}
	client, _, err := p.connect(ctx, &f.orgFlags, metadata.DefaultVersion)
	if err != nil {
		return err
	}
	progress := p.newProgress()
	done, err := refresh.Restore(ctx, client, saved, refresh.RestoreOptions{
		Now: p.host.Now, Dir: f.dir, Secrets: secrets, Replace: f.replace, Say: p.say, Confirm: p.confirmed(f.yes),
		Deploy: deploy.Options{Wait: wait, IgnoreWarnings: true, Notify: progress.deploy, Now: p.host.Now},
	})
	if err != nil {
		return err
	}
	p.remarkOnUsage(client)
	if err := p.print(targets, restoredDocument(done)); err != nil {
		return err
	}
	if done.Failed > 0 {
		return partly{}
	}
	return nil
}

// keptSecrets gets keys and secrets back from the user's store; nil if none is
// named.
func (p *program) keptSecrets(ctx context.Context, f *refreshFlags) (*refresh.Secrets, error) {
	var data []byte
	var err error
	from := f.file
	switch {
	case f.command != "":
		from = "--secrets-from"
		data, err = p.fetch(ctx, f.command)
	case f.file != "":
		if err := onlyOwner(f.file); err != nil {
			return nil, err
		}
		data, err = readBounded(f.file, 16<<20)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := refresh.ReadSecrets(from, data)
	if err != nil {
		return nil, err
	}
	for _, a := range s.Apps {
		p.redactor.Add(a.Secret)
	}
	return s, nil
}

// confirmed asks before something is destroyed. Where nobody can be asked, only
// --yes goes on.
func (p *program) confirmed(yes bool) func(string) (bool, error) {
	return func(question string) (bool, error) {
		switch {
		case yes:
			return true, nil
		case !p.interactive():
			return false, usagef("", "something would be deleted, and nobody can be asked; --yes does it. The question was: %s", question)
		}
		return p.confirm(question) == nil, nil
	}
}

func savedDocument(s *refresh.Saved, dir string) document {
	write := func(w io.Writer, text func(string) string) error {
		for _, a := range s.Apps {
			fmt.Fprintf(w, "- %s: %s", text(a.Name), text(filepath.ToSlash(filepath.Join(dir, filepath.FromSlash(a.Spec)))))
			if a.Twin {
				fmt.Fprint(w, ", beside a Connected App of its name")
			}
			fmt.Fprintln(w)
		}
		_, err := fmt.Fprintf(w, "\n%s saved. After the refresh:  ecactl refresh restore --dir %s\n", migrate.Plural(len(s.Apps), "app"), text(dir))
		return err
	}
	return document{
		data:     s,
		table:    func(w io.Writer, _ report.Theme) error { return write(w, report.Plain) },
		markdown: func(w io.Writer) error { return write(w, report.Markdown) },
	}
}

func restoredDocument(r *refresh.Restored) document {
	write := func(w io.Writer, text func(string) string) error {
		counts := map[refresh.State]int{}
		for _, a := range r.Apps {
			counts[a.State]++
			fmt.Fprintf(w, "- %s: %s, key %s, secret %s\n", text(a.Name), a.State, a.Key, a.Secret)
			for _, line := range append(a.Warnings, a.Problem) {
				if line != "" {
					fmt.Fprintf(w, "  %s\n", text(line))
				}
			}
		}
		_, err := fmt.Fprintf(w, "\n%s: %d created, %d changed, %d unchanged, %d failed, %d skipped\n", migrate.Plural(len(r.Apps), "app"),
			counts[refresh.Created], counts[refresh.Changed], counts[refresh.Unchanged], counts[refresh.Failed], counts[refresh.Skipped])
		return err
	}
	return document{
		data:     r,
		table:    func(w io.Writer, _ report.Theme) error { return write(w, report.Plain) },
		markdown: func(w io.Writer) error { return write(w, report.Markdown) },
	}
}
