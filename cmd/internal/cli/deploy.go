package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/plan"
)

// deployFlags are the flags of deploy.
type deployFlags struct {
	outputs
	specFlags
	orgFlags
	plan     string
	dryRun   bool
	async    bool
	yes      bool
	warnings bool
	tests    string
	wait     float64 // minutes
	remove   []string
}

// deployFormats are those that CI servers read.
var deployFormats = []string{"junit", "github"}

func (p *program) newDeploy() *cobra.Command {
	f := deployFlags{outputs: outputs{more: deployFormats}}
	cmd := &cobra.Command{
		Use:   "deploy SPEC...|--plan FILE --target-org ORG",
		Short: "Deploy specs, or a saved plan, to an org",
		Long: `Deploy the apps of specs in one transaction: all of it is in the org afterwards,
or nothing. The change is shown first; on a terminal you are asked. Where nothing
would change, nothing is sent.

--dry-run has the org check everything and save nothing; lint checks without an
org. Ctrl-C ends the watching and not the deploy: what is printed resumes or
cancels it.`,
		Example: `  ecactl deploy apps --target-org uat --dry-run
  ecactl deploy apps --target-org uat
  ecactl deploy --plan plan.json --target-org production -o junit=deploy.xml
  ecactl deploy --delete Old_App --target-org uat`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.plan != "" && (len(args)+len(f.remove) > 0 || f.specFlags.said()):
				return usagef("", "a plan says all of it; --plan takes no specs, none of their flags and no --delete")
			case f.plan == "" && len(args)+len(f.remove) == 0:
				return usagef("ecactl deploy SPEC... --target-org ORG", "deploy needs a spec, --plan or --delete")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return p.deploy(cmd.Context(), args, &f) },
	}
	f.outputs.add(cmd)
	f.specFlags.add(cmd)
	f.orgFlags.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.plan, "plan", "", "deploy exactly what plan --out saved to `FILE`")
	fl.BoolVar(&f.dryRun, "dry-run", false, "have the org check everything and save nothing")
	fl.BoolVar(&f.async, "async", false, "send the deploy and do not wait for it")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fl.BoolVar(&f.warnings, "ignore-warnings", false, "deploy although the org warns; warnings are printed all the same")
	fl.StringVar(&f.tests, "test-level", "", "NoTestRun, RunLocalTests, RunAllTestsInOrg; a validation with tests can be deployed by deploy quick")
	fl.Float64Var(&f.wait, "wait", deploy.DefaultWait.Minutes(), "watch the deploy for so many `MINUTES`; 0 looks once")
	fl.StringArrayVar(&f.remove, "delete", nil, "delete the app of this API `NAME`, and all of its parts")
	cmd.AddCommand(p.newDeployStatus(), p.newDeployResume(), p.newDeployCancel(), p.newDeployQuick())
	return cmd
}

func (p *program) deploy(ctx context.Context, args []string, f *deployFlags) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	wait, err := minutes(f.wait)
	if err != nil {
		return err
	}
	var made *planned
	if f.plan != "" {
		made, err = p.savedPlan(ctx, f.plan, &f.orgFlags)
	} else {
		made, err = p.planSpecs(ctx, args, &f.specFlags, &f.orgFlags, f.remove, true)
	}
	if err != nil {
		return err
	}
	if !p.quiet {
		if err := writePlan(p.errOut, made.Plan, p.errTheme(), false); err != nil {
			return err
		}
	}
	if made.Empty() {
		return p.print(targets, p.outcomeDocument(made, nil, f.dryRun))
	}
	if err := p.confirmDeploy(made.Plan, f); err != nil {
		return err
	}
	progress := p.newProgress()
	outcome, err := deploy.Run(ctx, made.client, made.Plan, deploy.Options{
		DryRun: f.dryRun, Async: f.async, IgnoreWarnings: f.warnings, TestLevel: f.tests,
		Wait: wait, Notify: progress.deploy, After: made.last,
	})
	progress.end()
	p.remarkOnUsage(made.client)
	return p.finish(targets, made, outcome, err, f)
}

// finish prints what became of a deploy.
func (p *program) finish(targets []target, made *planned, outcome *deploy.Outcome, err error, f *deployFlags) error {
	var interrupted *deploy.Interrupted
	if err != nil && outcome != nil { // the org has it, whatever is not known of it
		if err := p.print(targets, p.outcomeDocument(made, outcome, f.dryRun)); err != nil {
			return err
		}
	}
	switch {
	case errors.As(err, &interrupted):
		p.sayHowToGoOn(interrupted.ID, &f.orgFlags)
		return err
	case err != nil:
		if outcome != nil {
			p.sayHowToGoOn(outcome.ID, &f.orgFlags)
		}
		return err
	}
	p.sayHowItArrived(outcome)
	if err := p.print(targets, p.outcomeDocument(made, outcome, f.dryRun)); err != nil {
		fmt.Fprintln(p.errOut, reportOf(outcome.ID, outcome.Result).summary()) // what could not be written is known all the same
		return err
	}
	if outcome.Running() {
		if !f.async || !p.quiet {
			p.sayHowToGoOn(outcome.ID, &f.orgFlags)
		}
		if f.async {
			return nil
		}
	}
	return outcomeError(outcome.Result)
}

// sayHowItArrived tells of a connection that broke while a deploy was sent.
func (p *program) sayHowItArrived(o *deploy.Outcome) {
	if o.Found {
		p.say("the connection broke while the deploy was sent; the org has it, as %s", o.ID)
	}
	if o.Again {
		p.say("the first request did not arrive, and was sent again")
	}
}

// sayHowToGoOn tells how a deploy that is still running is resumed or ended.
// --quiet does not keep it back: without it, a deploy that goes on is lost.
func (p *program) sayHowToGoOn(id string, f *orgFlags) {
	if id == "" {
		fmt.Fprintf(p.errOut, "whether the org has it:  ecactl deploy status --recent%s\n", f.again())
		return
	}
	fmt.Fprintf(p.errOut, "to watch it again:  ecactl deploy resume %s%s\n", id, f.again())
	fmt.Fprintf(p.errOut, "to end it:          ecactl deploy cancel %s%s\n", id, f.again())
}

// savedPlan reads a plan and makes sure that the org is still the one that it
// was made for.
func (p *program) savedPlan(ctx context.Context, file string, f *orgFlags) (*planned, error) {
	data, err := readBounded(file, plan.MaxSize)
	if err != nil {
		return nil, err
	}
	made, err := plan.Decode(file, data)
	if err != nil {
		return nil, err
	}
	version, err := metadata.ParseVersion(made.Org.APIVersion)
	if err != nil {
		return nil, &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA503", Message: err.Error()}
	}
	client, session, err := p.connect(ctx, f, version)
	if err != nil {
		return nil, err
	}
	s := deploy.Selection{Version: version, Apps: []string{}, Likely: map[string][]string{}}
	for _, c := range made.Changes {
		s.Likely[c.Type] = append(s.Likely[c.Type], c.Name)
		if c.App == "" {
			s.Settings = append(s.Settings, c.Type)
		} else {
			s.Apps = append(s.Apps, c.App)
		}
	}
	actual, about, err := readOrg(ctx, client, session, s, true)
	if err != nil {
		return nil, err
	}
	if about.ID != made.Org.ID {
		return nil, &diag.Problem{
			Pos: diag.Pos{File: file}, Code: "ECA512", Message: "the plan is for the org " + made.Org.ID + " (" + made.Org.InstanceURL + "), and this is " + about.ID,
			Hint: "choose the org with --target-org, or make a plan for this one",
		}
	}
	base, err := actual.Base(metadata.Schema(), s.Apps)
	if err != nil {
		return nil, err
	}
	if base != made.Base {
		return nil, &diag.Problem{
			Pos: diag.Pos{File: file}, Code: "ECA513", Message: "the org has changed since the plan was made",
			Hint: "make the plan again, and look at it: ecactl plan SPEC... --out " + file,
		}
	}
	return &planned{Plan: made, client: client, last: about.last}, nil
}

// savePlan writes a plan where only its owner can read it.
func savePlan(file string, made *plan.Plan) error {
	data, err := made.Encode()
	if err != nil {
		return err
	}
	return metadata.ReplacePrivateFile(file, data)
}

// longestWait is far longer than any deploy.
const longestWait = 7 * 24 * 60 // minutes

// minutes turns --wait into a time. 0 looks once: the library takes no time at all
// for its own default.
func minutes(m float64) (time.Duration, error) {
	if !(m >= 0) { // which NaN is not, either
		return 0, usagef("", "--wait %v: it is a number of minutes; 0 looks once", m)
	}
	return max(time.Duration(min(m, longestWait)*float64(time.Minute)), time.Nanosecond), nil
}

// confirmDeploy asks before anything changes. Where nobody can be asked, what
// creates and changes goes on, and what deletes needs --yes.
func (p *program) confirmDeploy(made *plan.Plan, f *deployFlags) error {
	if made.Summary.Delete > 0 && !f.dryRun {
		p.say("Deleting an app ends its consumer key, its tokens and the logins of all its users, at once. If it was\nmigrated from a Connected App, that one comes back with its old settings.")
	}
	switch {
	case f.yes || f.dryRun:
		return nil
	case p.interactive():
		return p.confirm("Deploy this?")
	case made.Summary.Delete > 0:
		return usagef("", "apps would be deleted, and nobody can be asked; --yes does it")
	}
	return nil
}

// confirm asks a question; anything but yes is no.
func (p *program) confirm(question string) error {
	return p.confirmOr(question, "nothing was deployed")
}

// confirmOr is confirm with what is said after a no.
func (p *program) confirmOr(question, otherwise string) error {
	fmt.Fprintf(p.errOut, "%s [y/N] ", question)
	_ = p.redactor.Flush() // the question has to be seen before it is answered
	answer, err := bufio.NewReader(p.in).ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); err != nil || answer != "y" && answer != "yes" {
		p.say("%s", otherwise)
		return failed{}
	}
	return nil
}
