package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/templates"
)

func (p *program) newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the way from a spec to metadata, and an audit",
		Long: `In a new folder for temporary files, without an org or a network: write a starter
spec, check it, generate its metadata, and audit a sample project of invented
Connected Apps.`,
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

// A demoStep is a command of the demonstration, or something that it shows.
type demoStep struct {
	say  string
	run  []string                           // the command's arguments; nil for none
	show func(p *program, dir string) error // what is shown instead
}

func demoSteps(dir string) []demoStep {
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	return []demoStep{
		{say: "A spec: the app that Nango's documentation has you click together in Setup.", run: []string{"init", "Nango_Sandbox", "--template", "nango-sandbox", "--dir", dir}},
		{say: "Is it sound?", run: []string{"lint", in("Nango_Sandbox.yaml"), "--sandbox"}},
		{say: "The five metadata files that it stands for, and a package.xml.", run: []string{"generate", in("Nango_Sandbox.yaml"), "--dir", in("force-app", "main", "default")}},
		{say: "One of them:", show: func(p *program, dir string) error {
			return p.showFile(filepath.Join(dir, "force-app", "main", "default", "extlClntAppGlobalOauthSets", "Nango_Sandbox_glbloauth.ecaGlblOauth-meta.xml"))
		}},
		{say: "Now the other side: a project with a dozen Connected Apps. Which of them can move?", show: func(_ *program, dir string) error {
			return os.CopyFS(filepath.Join(dir, "sample"), templates.Sample())
		}},
		{run: []string{"audit", "--source-dir", in("sample")}},
		{say: "Why does the canvas app need a new one?", run: []string{"explain", "CA-ELIG-004"}},
	}
}

func (p *program) demo(ctx context.Context, dir string) error {
	fmt.Fprintf(p.out, "This needs no org and no network. The files are in %s\n", dir)
	for _, step := range demoSteps(dir) {
		if step.say != "" {
			fmt.Fprintf(p.out, "\n%s\n", p.theme().Bold("# "+step.say))
		}
		if step.show != nil {
			if err := step.show(p, dir); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(p.out, "$ ecactl %s\n", strings.Join(step.run, " "))
		root := p.root()
		root.SetArgs(step.run)
		root.SetOut(p.out)
		root.SetErr(p.out)
		said := p.errOut
		p.errOut = p.out // in one stream, remarks stand where they belong
		err := root.ExecuteContext(ctx)
		p.errOut = said
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(p.out, `
%s
  ecactl init My_App --template web-server     a spec of your own; ecactl init --help lists the templates
  ecactl import .  --dir apps                  specs of the apps that a project has already
  ecactl audit --source-dir .                  where your own Connected Apps stand
  rm -r %s
`, p.theme().Bold("# What to do next"), dir)
	return nil
}

func (p *program) showFile(name string) error {
	data, err := fs.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		return fmt.Errorf("showing a file: %w", err)
	}
	_, err = p.out.Write(data)
	return err
}
