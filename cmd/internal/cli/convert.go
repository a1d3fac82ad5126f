package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/convert/orginput"
	"github.com/ecactl/ecactl/migrate/report"
)

// convertFlags are the flags of convert.
type convertFlags struct {
	outputs
	orgFlags
	dir, target, version string
	likeSetup, diff      bool
	overwrite            bool
	apps, labels         []string
	options              convert.Options
	myDomain             string
}

func (p *program) newConvert() *cobra.Command {
	f := convertFlags{outputs: outputs{more: []string{"csv"}}}
	cmd := &cobra.Command{
		Use:   "convert PATH...|--target-org ORG --dir DIR",
		Short: "Write specs of Connected Apps, with an account of every field",
		Long: `Write one spec for each Connected App in files, folders, SFDX projects or zips, or
in an org, and account for every element of each: copied, renamed, transformed,
left out (keys, secrets, what is empty), or lost, with what to do about it.
Values that a file does not say and the spec does are there as defaulted: an
element that is absent was not read at that API version, and is not off.

A Connected App names permission sets by their labels, an External Client App by
their API names. They are looked up in the org, or in the files
permissionsets/*.permissionset-meta.xml of what is read.

An app is refused where what comes out would not work or cannot be told; each
refusal names the flag that mends it, and the others are converted.

The default is what ecactl makes of an app. --like-setup writes names and values
as the button in Setup does. --diff tells in words what changes for users,
admins and clients; without --dir it writes nothing.`,
		Example: `  ecactl convert force-app --dir apps
  ecactl convert --target-org uat --app Order_Sync --dir apps
  ecactl convert force-app --diff -o markdown`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("target-org") {
				return noArguments(cmd, args)
			}
			return atLeast(1, "a file, a folder, a project or a zip, or --target-org")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.convert(cmd.Context(), args, &f, !f.diff || cmd.Flags().Changed("dir"))
		},
	}
	f.outputs.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "dir", ".", "write the specs into `DIR`")
	fl.StringArrayVar(&f.apps, "app", nil, "convert the Connected App `NAME` alone; several times if need be")
	fl.BoolVar(&f.likeSetup, "like-setup", false, "write names and values as Setup's migration does")
	fl.BoolVar(&f.diff, "diff", false, "tell what changes for users, admins and clients")
	fl.BoolVar(&f.overwrite, "overwrite", false, "replace specs that are there")
	fl.StringVar(&f.target, "target-api", "", "Metadata API `VERSION` to write for (default "+metadata.DefaultVersion.String()+")")
	fl.StringVar(&f.version, "api-version", "", "Metadata API `VERSION` to read the org with (default: the newest that it has)")
	fl.StringVar(&f.options.Label, "label", "", "give the External Client App this `LABEL`, for an org counts use by labels; for one app alone")
	fl.StringVar(&f.options.NameSuffix, "name-suffix", "", "append `TEXT` to API names, for an org in which the Connected Apps stay for a while")
	fl.StringVar(&f.myDomain, "my-domain", "", "`ADDRESS` of the org, which makes relative start URLs absolute")
	fl.StringArrayVar(&f.labels, "permission-set", nil, "`\"LABEL=API_NAME\"` of a permission set; several times if need be")
	fl.StringArrayVar(&f.options.Approve, "approve", nil, "permission set, by `API_NAME`, for apps that admins approve and nobody may use")
	fl.StringVar(&f.options.RunAs, "run-as", "", "`USERNAME` for apps that use client credentials and name no user")
	fl.StringVar(&f.options.ContactEmail, "contact-email", "", "`ADDRESS` for apps without a contact e-mail")
	return cmd
}

func (p *program) convert(ctx context.Context, args []string, f *convertFlags, write bool) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	if err := p.convertOptions(f); err != nil {
		return err
	}
	in, err := p.toConvert(ctx, args, f)
	if err != nil {
		return err
	}
	if len(in.Apps)+len(in.Unreadable)+len(in.Vendors) == 0 && in.Problems.Err() == nil {
		return nothingToConvert(args)
	}
	if n := len(in.Apps); n > 1 && f.options.Label != "" {
		return usagef("--app NAME converts one alone", "--label is for one app, and there are %d", n)
	}
	out := convert.All(in, f.options)
	r, files, problems := convertReportOf(out, f.diff)
	if write {
		if err := p.writeConverted(r, files, f.dir, f.overwrite); err != nil {
			return err
		}
	}
	shown := p.worthSaying(problems)
	writeProblems(p.errOut, shown, nil, report.Theme{})
	if err := p.print(targets, r.document(f.diff)); err != nil {
		return err
	}
	if problems.Err() != nil {
		return failed{}
	}
	return nil
}

func nothingToConvert(args []string) error {
	if len(args) == 0 {
		return &diag.Problem{Code: "ECA708", Message: "the org has no Connected App", Hint: "ecactl doctor says whether this login may see them"}
	}
	return &diag.Problem{
		Pos: diag.Pos{File: args[0]}, Code: "ECA708", Message: "no Connected App among the files",
		Hint: "their files end in .connectedApp-meta.xml; ecactl import takes External Client Apps",
	}
}

// convertOptions turns flags into what package convert takes.
func (p *program) convertOptions(f *convertFlags) error {
	o := &f.options
	o.LikeSetup, o.Now, o.Labels = f.likeSetup, p.host.Now(), map[string]string{}
	var err error
	if o.Target, err = versionFlag(f.target); err != nil {
		return usagef("", "--target-api %s: ecactl writes for %s to %s", f.target, metadata.OldestVersion, metadata.Schema().Newest())
	}
	if o.MyDomain, err = convert.MyDomain(f.myDomain); err != nil {
		return usagef("", "--my-domain: %s", err)
	}
	for _, l := range f.labels {
		i := strings.LastIndexByte(l, '=') // an API name has none, a label may
		if i < 1 || i == len(l)-1 {
			return usagef("", "--permission-set %s: write \"LABEL=API_NAME\"", l)
		}
		o.Labels[strings.TrimSpace(l[:i])] = strings.TrimSpace(l[i+1:])
	}
	return nil
}

// toConvert reads what is converted: files, or an org.
func (p *program) toConvert(ctx context.Context, args []string, f *convertFlags) (*convert.Input, error) {
	if len(args) > 0 {
		in, err := convert.Read(args...)
		if err != nil {
			return nil, err
		}
		return in, in.Only(f.apps)
	}
	version, err := versionFlag(f.version)
	if err != nil {
		return nil, err
	}
	client, session, err := p.connect(ctx, &f.orgFlags, version)
	if err != nil {
		return nil, err
	}
	if f.version == "" {
		// Switches that came late are read with the newest version alone.
		versions, err := client.Versions(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			if v > version && v <= metadata.Schema().Newest() {
				version = v
			}
		}
		if client, session, err = p.connect(ctx, &f.orgFlags, version); err != nil {
			return nil, err
		}
	}
	in, err := orginput.Read(ctx, client, f.apps)
	if err != nil {
		return nil, err
	}
	p.remarkOnUsage(client)
	in.MyDomain, err = convert.MyDomain(session.InstanceURL)
	return in, err
}

func (p *program) writeConverted(r *convertReport, files []metadata.File, dir string, overwrite bool) error {
	if len(files) == 0 {
		return nil
	}
	written, err := metadata.WriteTree(dir, files, metadata.WriteOptions{Overwrite: overwrite, NoLedger: true})
	if err != nil {
		return err
	}
	states := map[string]metadata.State{}
	for _, w := range written {
		states[w.Path] = w.State
	}
	for i, f := range files {
		r.Apps[i].Spec = filepath.Join(dir, f.Path)
		r.Apps[i].state = states[f.Path]
	}
	return writeSchema(dir)
}
