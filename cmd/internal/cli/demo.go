package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/templates"
)

func (p *program) newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the whole way on an emulated org",
		Long: `In a new folder for temporary files, and on an emulated org in this process, with
no network: audit a dozen invented Connected Apps, write a spec, check it, generate
its metadata, plan, deploy, log in through the new app, and plan once more.`,
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

// runAs is the user as whom the demonstration's job logs in: that of the starter.
const runAs = "integration@example.com"

// demoOrg starts an org with the apps of the sample project, and a user for the
// job. Consumer secrets can be had over REST, as an admin would allow it.
func (p *program) demoOrg(dir string) (*orgtest.Org, error) {
	sample := filepath.Join(dir, "sample")
	if err := os.CopyFS(sample, templates.Sample()); err != nil {
		return nil, fmt.Errorf("writing the sample: %w", err)
	}
	emulated, err := orgtest.Start(orgtest.Config{
		Seed: []string{sample}, PendingPolls: 1, Now: p.host.Now,
		Users: []orgtest.User{{Username: "admin@example.com", Name: "Admin", Email: "admin@example.com"}, {Username: runAs, Name: "Integration", Email: runAs}},
	})
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
	run  []string                                                // the command's arguments; nil for none
	show func(ctx context.Context, p *program, dir string) error // what is shown instead
}

func demoSteps(dir string) []demoStep {
	in := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	target := in("force-app", "main", "default")
	return []demoStep{
		{say: "The org has a dozen Connected Apps. Which of them can move?", run: []string{"audit", "--source-dir", in("sample")}},
		{say: "Why does the canvas app need a new one?", run: []string{"explain", "CA-ELIG-004"}},
		{say: "A spec: the app that Nango's documentation has you click together in Setup.", run: []string{"init", "Nango_Sandbox", "--template", "nango-sandbox", "--dir", in("apps")}},
		{say: "And one for a job that logs in by itself.", run: []string{"init", "Night_Job", "--template", "client-credentials", "--dir", in("apps")}},
		{say: "Are they sound?", run: []string{"lint", in("apps"), "--sandbox"}},
		{say: "The metadata files that they stand for, and a package.xml.", run: []string{"generate", in("apps"), "--dir", target}},
		{say: "One of them:", show: func(_ context.Context, p *program, _ string) error {
			return p.showFile(filepath.Join(target, "extlClntAppGlobalOauthSets", "Nango_Sandbox_glbloauth.ecaGlblOauth-meta.xml"))
		}},
		{say: "What would a deploy change in the org?", run: []string{"plan", in("apps"), "--out", in("plan.json")}},
		{say: "Do exactly that.", run: []string{"deploy", "--plan", in("plan.json"), "--yes"}},
		{say: "Does it work? Log in as the job, with the key and secret that the org has made.", show: showDemoLogin},
		{say: "Is there anything left to do?", run: []string{"plan", in("apps")}},
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
		if err := onEmulated.demoStep(ctx, step, dir); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.out, `
%s
  ecactl emulator                              such an org of your own, for this and for sf
  ecactl login --alias uat                     a real one
  ecactl init My_App --template web-server     a spec of your own; ecactl init --help lists the templates
  ecactl import --target-org uat --dir apps    specs of the apps that an org has already
  ecactl audit --source-dir .                  where your own Connected Apps stand
  rm -r %s
`, p.theme().Bold("# What to do next"), dir)
	return nil
}

func (p *program) demoStep(ctx context.Context, step demoStep, dir string) error {
	fmt.Fprintf(p.out, "\n%s\n", p.theme().Bold("# "+step.say))
	if step.show != nil {
		return step.show(ctx, p, dir)
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
	return err
}

// showDemoLogin proves that the new app is one that can be used: it reads the key
// and the secret of the job over the org's own API, and gets a token with them.
// None of the three is printed.
func showDemoLogin(ctx context.Context, p *program, _ string) error {
	client, session, err := p.connect(ctx, &orgFlags{transport: "rest"}, metadata.DefaultVersion)
	if err != nil {
		return err
	}
	var usage struct {
		Apps []struct{ Identifier, DeveloperName string }
	}
	if err := client.Do(ctx, http.MethodGet, "apps/oauth/usage", nil, &usage); err != nil {
		return err
	}
	for _, app := range usage.Apps {
		if app.DeveloperName != "Night_Job" {
			continue
		}
		var held struct {
			Consumers []struct{ ID string }
		}
		if err := client.Do(ctx, http.MethodGet, "apps/oauth/credentials/"+app.Identifier, nil, &held); err != nil {
			return err
		}
		var pair struct{ Key, Secret string }
		if err := client.Do(ctx, http.MethodGet, "apps/oauth/credentials/"+app.Identifier+"/"+held.Consumers[0].ID+"?part=keyandsecret", nil, &pair); err != nil {
			return err
		}
		sys, err := p.system(&orgFlags{})
		if err != nil {
			return err
		}
		l, err := login.ClientCredentials(ctx, sys, login.ClientCredentialsOptions{ClientID: pair.Key, Secret: secret.New(pair.Secret), InstanceURL: session.InstanceURL})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "The app %s is in the org as %s, and gave a token to %s.\n", app.DeveloperName, app.Identifier, l.Account.Username)
		return nil
	}
	return errors.New("the app that was deployed is not in the org")
}

func (p *program) showFile(name string) error {
	data, err := fs.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		return fmt.Errorf("showing a file: %w", err)
	}
	_, err = p.out.Write(data)
	return err
}
