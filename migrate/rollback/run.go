package rollback

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/waves"
)

// Options say how an app is taken back, or retired.
type Options struct {
	Now func() time.Time
	Dir string // the folder of specs: exports go below it
	// Confirm is asked before each step that destroys something. An error, or a
	// no, ends the run; what is done stays done.
	Confirm func(question string) (bool, error)
	Say     func(format string, args ...any)
	Deploy  deploy.Options
}

// A Result is what was done.
type Result struct {
	SchemaVersion int           `json:"schemaVersion"`
	Org           waves.Org     `json:"org"`
	App           string        `json:"app"`
	Successor     string        `json:"successor"`
	Route         migrate.Route `json:"route"`
	Outcome       Outcome       `json:"outcome"`
	Exported      string        `json:"exported"` // the file that keeps what was deleted; "" if nothing was
	Lost          []waves.Drift `json:"lost"`     // what was changed since the app moved, and is gone with it
	Done          []Action      `json:"done"`     // by this run
	ByHand        []string      `json:"byHand"`   // what is left for people
	Warnings      []string      `json:"warnings"`
}

// An Outcome is how a run ended.
type Outcome string

// The outcomes.
const (
	Back    Outcome = "back"    // the Connected App is active, and its successor gone
	Retired Outcome = "retired" // the Connected App is gone
	Refused Outcome = "refused" // somebody said no
)

// An Action is one thing that was done in the org.
type Action struct {
	What   string `json:"what"`
	Deploy string `json:"deploy"` // its id
}

// run is one app being dealt with.
type run struct {
	client  *org.Client
	plan    *waves.Plan
	app     *waves.App
	org     *waves.Org
	options Options
	result  *Result
}

// begin finds the app, and waits for what an earlier run has left behind.
func begin(ctx context.Context, c *org.Client, p *waves.Plan, name string, o Options) (*run, error) {
	here, err := c.Organization(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking which org this is: %w", err)
	}
	app := p.Find(org.LongID(here.ID), name)
	if app == nil {
		var names []string
		for _, a := range p.All() {
			if a.Org == org.LongID(here.ID) {
				names = append(names, a.Name)
			}
		}
		hint := diag.DidYouMean(name, names)
		if len(names) == 0 {
			hint = "the plan has no app of this org; choose another with --target-org"
		}
		return nil, &diag.Problem{Code: "ECA761", Message: "the plan has no app " + name + " in the org " + here.ID, Hint: hint}
	}
	for _, n := range []string{app.Name, app.Successor} {
		if err := spec.CheckName(n); n != "" && err != nil && app.Verdict != migrate.VerdictVendor {
			return nil, err // it would be the name of a file
		}
	}
	r := &run{client: c, plan: p, app: app, org: p.Org(app.Org), options: o}
	r.result = &Result{
		SchemaVersion: 1, Org: *r.org, App: app.Name, Successor: app.Successor, Route: app.Route,
		Lost: []waves.Drift{}, Done: []Action{}, ByHand: []string{}, Warnings: []string{},
	}
	return r, deploy.Settle(ctx, c, o.Now(), o.Deploy, o.Say)
}

// state is what the org has of an app.
type state struct {
	old    *metadata.Component // the Connected App; nil if the org does not hand it out
	listed bool                // the org lists it
	new    *metadata.App       // the successor; nil if there is none
	actual *plan.Actual
}

func (r *run) read(ctx context.Context) (*state, error) {
	listed, err := r.client.List(ctx, metadata.TypeConnectedApp)
	if err != nil {
		return nil, fmt.Errorf("listing the Connected Apps: %w", err)
	}
	s := &state{actual: &plan.Actual{}}
	for _, f := range listed {
		if f.NamespacePrefix == "" && strings.EqualFold(f.FullName, r.app.Name) {
			s.listed = true
		}
	}
	if s.listed {
		found, err := r.client.Read(ctx, metadata.TypeConnectedApp, []string{r.app.Name})
		if err != nil {
			return nil, fmt.Errorf("reading the Connected App: %w", err)
		}
		if len(found) > 0 {
			s.old = found[0]
		}
	}
	if r.app.Successor == "" {
		return s, nil
	}
	s.actual, err = deploy.Actual(ctx, r.client, deploy.Selection{Version: r.client.Version(), Apps: []string{r.app.Successor}})
	if err != nil {
		return nil, err
	}
	assembled, _ := metadata.Schema().Assemble(s.actual.Components) // its remarks are for import
	for _, a := range assembled {
		if a.Name == r.app.Successor && a.Header != nil {
			s.new = a
		}
	}
	return s, nil
}

// ask asks before something is destroyed; it notes a no.
func (r *run) ask(question string) (bool, error) {
	yes, err := r.options.Confirm(question)
	if err == nil && !yes {
		r.result.Outcome = Refused
	}
	return yes, err
}

// send deploys, and makes an error of a deploy that failed.
func (r *run) send(ctx context.Context, what string, p *plan.Plan) error {
	out, err := deploy.Run(ctx, r.client, p, r.options.Deploy)
	if err != nil {
		return err
	}
	if out.Running() {
		return fmt.Errorf("%s: the deploy %s is still running; run this again to go on", what, out.ID)
	}
	if !out.Result.Success {
		return refusal(what, out.Result)
	}
	r.result.Done = append(r.result.Done, Action{what, out.ID})
	r.options.Say("%s: done", what)
	return nil
}

func refusal(what string, result *org.DeployResult) error {
	var said []string
	for _, f := range deploy.Failures(result) {
		said = append(said, strings.TrimSpace(f.Type+" "+f.Name+": "+f.Problem))
	}
	text := strings.Join(said, "; ")
	if text == "" {
		text = result.Status
	}
	return &diag.Problem{Code: "ECA764", Message: what + ": the org refused it: " + text, Hint: "nothing has changed; do what the message says, and run it again"}
}
