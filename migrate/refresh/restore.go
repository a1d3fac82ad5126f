package refresh

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
)

// RestoreOptions say how apps are put back.
type RestoreOptions struct {
	Now     func() time.Time
	Dir     string
	Secrets *Secrets // nil lets the org make new keys
	Replace []string // Connected Apps that may be deleted although they were not there before
	Confirm func(question string) (bool, error)
	Say     func(format string, args ...any)
	Deploy  deploy.Options
}

// A Restored is what became of a save.
type Restored struct {
	SchemaVersion int       `json:"schemaVersion"`
	Org           Org       `json:"org"`
	SavedAt       time.Time `json:"savedAt"`
	Settings      State     `json:"settings"`
	Apps          []Outcome `json:"apps"`
	Failed        int       `json:"failed"`
}

// A State is what became of an app.
type State string

// The states.
const (
	Created   State = "created"
	Changed   State = "changed"
	Unchanged State = "unchanged"
	Failed    State = "failed"
	Skipped   State = "skipped" // somebody said no
)

// An Outcome is what became of one app.
type Outcome struct {
	Name     string   `json:"name"`
	State    State    `json:"state"`
	Key      string   `json:"key"`      // "kept", "new" or "unknown"
	Secret   string   `json:"secret"`   // "kept", "new" or "unknown"
	Replaced bool     `json:"replaced"` // a Connected App of the name was deleted
	Problem  string   `json:"problem"`  // what went wrong; "" if nothing did
	Warnings []string `json:"warnings"`
}

// restore is a run of Restore.
type restore struct {
	client  *org.Client
	options RestoreOptions
	saved   *Saved
	built   map[string]*spec.Built
	about   plan.Org
	legacy  []string // Connected Apps of the org itself
}

// Restore puts a save back. What is there already and right is left alone, so that
// a run that was killed is simply run again. One app that fails does not keep the
// others from being put back.
func Restore(ctx context.Context, c *org.Client, s *Saved, o RestoreOptions) (*Restored, error) {
	here, err := c.Organization(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking which org this is: %w", err)
	}
	if here.Kind == org.Production {
		return nil, &diag.Problem{Code: "ECA774", Message: "the org " + here.ID + " is production, and apps are put back into sandboxes", Hint: "choose the sandbox with --target-org"}
	}
	r := &restore{client: c, options: o, saved: s, about: plan.Org{ID: org.LongID(here.ID), Name: here.Name, InstanceURL: c.InstanceURL(), Type: string(here.Kind), APIVersion: c.Version().String()}}
	out := &Restored{SchemaVersion: 1, Org: Org{r.about.ID, here.Name, c.InstanceURL(), string(here.Kind)}, SavedAt: s.SavedAt, Settings: Unchanged, Apps: []Outcome{}}
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := deploy.Settle(ctx, c, o.Now(), o.Deploy, o.Say); err != nil {
		return nil, err
	}
	if out.Settings, err = r.settings(ctx); err != nil {
		return out, err
	}
	listed, err := c.List(ctx, metadata.TypeConnectedApp)
	if err != nil {
		return out, fmt.Errorf("listing the Connected Apps: %w", err)
	}
	for _, f := range listed {
		if f.NamespacePrefix == "" {
			r.legacy = append(r.legacy, f.FullName)
		}
	}
	for i := range s.Apps {
		got, err := r.app(ctx, &s.Apps[i])
		if got != nil {
			out.Apps = append(out.Apps, *got)
			if got.State == Failed {
				out.Failed++
			}
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// load reads the specs of the save.
func (r *restore) load() error {
	r.built = map[string]*spec.Built{}
	set, err := spec.Load([]string{filepath.Join(r.options.Dir, specs)}, nil, spec.Options{})
	if err != nil {
		return err
	}
	if err := set.Problems.Err(); err != nil {
		return err
	}
	built, problems := spec.BuildSet(set.Specs)
	if err := problems.Err(); err != nil {
		return err
	}
	for _, b := range built {
		r.built[b.Spec.Name] = b
		if b.Settings != nil {
			r.built[""] = b
		}
	}
	for _, a := range r.saved.Apps {
		if r.built[a.Name] == nil {
			return &diag.Problem{Pos: diag.Pos{File: filepath.Join(r.options.Dir, filepath.FromSlash(a.Spec))}, Code: "ECA771", Message: "the spec of " + a.Name + " is missing", Hint: "get the folder back as refresh save wrote it"}
		}
	}
	return nil
}

// settings puts the org's switches back: some decide about what apps may do.
func (r *restore) settings(ctx context.Context) (State, error) {
	b := r.built[""]
	if b == nil {
		return Unchanged, nil
	}
	actual, err := deploy.Actual(ctx, r.client, deploy.Selection{Version: r.client.Version(), Apps: []string{}, Settings: []string{b.Settings.Type}})
	if err != nil {
		return Failed, err
	}
	made, problems := plan.Make([]*spec.Built{b}, actual, plan.Options{Org: r.about})
	if made == nil {
		return Failed, problems
	}
	if made.Empty() {
		return Unchanged, nil
	}
	return Changed, r.send(ctx, "putting the org's settings back", made)
}

// app puts one app back.
func (r *restore) app(ctx context.Context, a *App) (*Outcome, error) {
	out := &Outcome{Name: a.Name, State: Unchanged, Key: "unknown", Secret: "unknown", Warnings: []string{}}
	b := r.built[a.Name]
	actual, err := r.actual(ctx, a.Name)
	if err != nil {
		return nil, err
	}
	if len(actual.Components) == 0 {
		free, err := r.makeRoom(ctx, a, b, out)
		if err != nil || !free {
			return out, fatal(ctx, err, out)
		}
		if err := r.create(ctx, a, b); err != nil {
			return out, fatal(ctx, err, out)
		}
		out.State = Created
		if actual, err = r.actual(ctx, a.Name); err != nil {
			return out, err
		}
	}
	made, problems := plan.Make([]*spec.Built{r.granted(b, a)}, actual, plan.Options{Org: r.about})
	if made == nil {
		return out, fatal(ctx, problems, out)
	}
	if !made.Empty() {
		if err := r.send(ctx, "putting the policies of "+a.Name+" back", made); err != nil {
			return out, fatal(ctx, err, out)
		}
		if out.State == Unchanged {
			out.State = Changed
		}
	}
	return out, r.compareKeys(ctx, a, out)
}

// fatal tells an error that ends the run from one of an app, which goes into its
// outcome.
func fatal(ctx context.Context, err error, out *Outcome) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	list := diag.From(err)
	if len(list) > 0 && list[0].Code != "" {
		out.State, out.Problem = Failed, list[0].Error()
		return nil
	}
	return err
}

func (r *restore) actual(ctx context.Context, app string) (*plan.Actual, error) {
	return deploy.Actual(ctx, r.client, deploy.Selection{Version: r.client.Version(), Apps: []string{app}})
}

// granted adds to a spec's policy what was granted beside it.
func (r *restore) granted(b *spec.Built, a *App) *spec.Built {
	for _, c := range b.Components() {
		if c.Type != typePolicy {
			continue
		}
		for field, names := range map[string][]string{"commaSeparatedPermissionSet": a.PermissionSets, "commaSeparatedProfile": a.Profiles} {
			text, _ := c.Text(field)
			all := spec.SplitList(text)
			for _, n := range names {
				if !slices.Contains(all, n) {
					all = append(all, n)
				}
			}
			if len(all) > 0 {
				c.Root.Remove(field)
				c.Root.Add(&metadata.Element{Name: field, Text: strings.Join(all, ",")})
			}
		}
		metadata.Schema().Sort(c.Root, metadata.Schema().Type(c.Type))
	}
	return b
}

func (o *Outcome) warn(code, message string) {
	o.Warnings = append(o.Warnings, (&diag.Problem{Code: code, Message: message}).Error())
}

// send deploys, and makes an error of a deploy that failed.
func (r *restore) send(ctx context.Context, what string, p *plan.Plan) error {
	out, err := deploy.Run(ctx, r.client, p, r.options.Deploy)
	switch {
	case err != nil:
		return err
	case out.Running():
		return fmt.Errorf("%s: the deploy %s is still running; run this again to go on", what, out.ID)
	case !out.Result.Success:
		return refusal(what, out.Result)
	}
	r.options.Say("%s: done", what)
	return nil
}

func refusal(what string, result *org.DeployResult) error {
	var said []string
	for _, f := range deploy.Failures(result) {
		said = append(said, strings.TrimSpace(f.Type+" "+f.Name+": "+f.Problem))
	}
	if len(said) == 0 {
		said = []string{result.Status}
	}
	return &diag.Problem{Code: "ECA764", Message: what + ": the org refused it: " + strings.Join(said, "; "), Hint: "do what the message says, and run it again"}
}
