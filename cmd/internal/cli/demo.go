package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/templates"
)

func (p *program) newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the whole way on an emulated org",
		Long: `In a new folder for temporary files, and on an emulated org in this process, with
no network: audit a dozen invented Connected Apps and who uses them, plan their
migration, convert one, deploy it, prove that it works, plan once more, and take it
back.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "ecactl-demo-")
			if err != nil {
				return fmt.Errorf("making a folder: %w", err)
			}
			return p.demo(cmd.Context(), dir)
		},
	}
}

// demoOrg starts an org with the apps of the sample project. Consumer secrets can
// be had over REST, as an admin would allow it.
func (p *program) demoOrg(dir string) (*orgtest.Org, error) {
	sample := filepath.Join(dir, "sample")
	if err := os.CopyFS(sample, templates.Sample()); err != nil {
		return nil, fmt.Errorf("writing the sample: %w", err)
	}
	emulated, err := orgtest.Start(orgtest.Config{Seed: []string{sample}, PendingPolls: 1, Now: p.host.Now})
	if err != nil {
		return nil, err
	}
	open := metadata.NewComponent("ExternalClientAppSettings", "ExternalClientApp")
	open.Root.Add(&metadata.Element{Name: "enableClientSecretInRestApiAccess", Text: "true"})
	return emulated, emulated.Put(open)
}

// A demoStep is a command of the demonstration, or something that it shows.
type demoStep struct {
	say  string
	run  []string               // the command's arguments; nil for none
	show func(p *program) error // what is shown instead
}

func demoSteps(dir string) []demoStep {
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	spec, target := in("apps", "Sales_Canvas_ECA.yaml"), in("force-app", "main", "default")
	return []demoStep{
		{say: "The org has a dozen Connected Apps. Which can move, what breaks when, and who uses them?", run: []string{"audit", "-o", "table", "-o", "json=" + in("audit.json")}},
		{say: "Why does the canvas app need a new one?", run: []string{"explain", "CA-ELIG-004"}},
		{say: "Who does what, and in which order?", run: []string{"migrate", "plan", in("audit.json"), "--out", in("migration.json"), "--specs", in("apps")}},
		{say: "The canvas app as a spec, with an account of every field.", run: []string{"convert", "--target-org", "", "--app", "Sales_Canvas", "--name-suffix", "_ECA", "--label", "Sales Canvas ECA", "--dir", in("apps")}},
		{say: "The spec:", show: func(p *program) error { return p.showFile(spec) }},
		{say: "Is it sound?", run: []string{"lint", spec}},
		{say: "The metadata files that it stands for, and a package.xml.", run: []string{"generate", spec, "--dir", target}},
		{say: "What would a deploy change in the org?", run: []string{"plan", spec, "--out", in("plan.json")}},
		{say: "Do exactly that.", run: []string{"deploy", "--plan", in("plan.json"), "--yes"}},
		{say: "Does it work? Log in as its clients do, and try what has to be refused.", run: []string{"migrate", "verify", spec, "--no-input"}},
		{say: "Is there anything left to do?", run: []string{"plan", spec}},
		{say: "It can be taken back: nothing of the old app has changed.", run: []string{"migrate", "rollback", "Sales_Canvas", "--plan", in("migration.json"), "--dir", in("apps"), "--yes"}},
	}
}

func (p *program) demo(ctx context.Context, dir string) error {
	emulated, err := p.demoOrg(dir)
	if err != nil {
		return err
	}
	defer emulated.Close() //nolint:errcheck // it has no state to save
	onEmulated := *p
	lookup := p.host.LookupEnv
	onEmulated.host.LookupEnv = func(name string) (string, bool) {
		switch name {
		case "SF_ORG_INSTANCE_URL":
			return emulated.URL(), true
		case "SF_ACCESS_TOKEN":
			return emulated.Token(), true
		case "SF_TARGET_ORG":
			return "", false
		}
		return lookup(name)
	}
	fmt.Fprintf(p.out, "An emulated org runs in this process; nothing leaves this machine. The files are in\n%s\n", dir)
	for _, step := range demoSteps(dir) {
		if err := onEmulated.demoStep(ctx, step); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.out, `
%s
  ecactl emulator                              such an org of your own, for this and for sf
  ecactl login --alias uat                     a real one
  ecactl init My_App --template web-server     a spec of your own; ecactl init --help lists the templates
  ecactl import --target-org uat --dir apps    specs of the apps that an org has already
  ecactl audit --target-org uat -o html=audit.html -o table    where your own Connected Apps stand
  rm -r %s
`, p.theme().Bold("# What to do next"), dir)
	return nil
}

func (p *program) demoStep(ctx context.Context, step demoStep) error {
	fmt.Fprintf(p.out, "\n%s\n", p.theme().Bold("# "+step.say))
	if step.show != nil {
		return step.show(p)
	}
	fmt.Fprintf(p.out, "$ ecactl %s\n", quoted(step.run))
	root := p.root()
	root.SetArgs(step.run)
	root.SetOut(p.out)
	root.SetErr(p.out)
	said := p.errOut
	p.errOut = p.out // in one stream, remarks stand where they belong
	err := root.ExecuteContext(ctx)
	p.errOut = said
	return err
}

// quoted writes arguments as a shell takes them.
func quoted(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		if words[i] = a; a == "" || strings.ContainsAny(a, " '\"$") {
			words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

func (p *program) showFile(name string) error {
	data, err := fs.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		return fmt.Errorf("showing a file: %w", err)
	}
	_, err = p.out.Write(data)
	return err
}
