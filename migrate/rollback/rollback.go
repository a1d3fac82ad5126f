package rollback

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/track"
	"github.com/ecactl/ecactl/migrate/waves"
)

// Run takes one app back. A nil error with the outcome Refused is somebody who
// said no; what had been done until then is in the result, and stays done.
func Run(ctx context.Context, c *org.Client, p *waves.Plan, name string, o Options) (*Result, error) {
	r, err := begin(ctx, c, p, name, o)
	if err != nil {
		return nil, err
	}
	if r.app.Successor == "" {
		return nil, &diag.Problem{
			Code: "ECA763", Message: r.app.Name + " goes the way " + string(r.app.Route) + ", which puts nothing into the org",
			Hint: "unblock it in Setup > Connected Apps OAuth Usage, if it was blocked",
		}
	}
	s, err := r.read(ctx)
	switch {
	case err != nil:
		return nil, err
	case !s.listed && s.new != nil:
		return nil, &diag.Problem{
			Code: "ECA762", Message: "the Connected App " + r.app.Name + " is gone, so its successor " + r.app.Successor + " stays",
			Hint: "deleting it would leave its clients with nothing; edit its spec and deploy it instead",
		}
	case !s.listed:
		return nil, &diag.Problem{Code: "ECA762", Message: "the org has neither the Connected App " + r.app.Name + " nor its successor " + r.app.Successor}
	}
	if s.new != nil {
		if err := r.takeBack(ctx, s); err != nil || r.result.Outcome == Refused {
			return r.result, err
		}
	}
	return r.result, r.check(ctx)
}

// takeBack undoes in reverse what the migration has done: grants, then the app.
func (r *run) takeBack(ctx context.Context, s *state) error {
	if err := r.export(s); err != nil {
		return err
	}
	r.losses(s)
	if r.app.Route == migrate.RouteRecreate {
		if yes, err := r.ungrant(ctx, s); err != nil || !yes {
			return err
		}
	}
	question := "Delete the External Client App " + r.app.Successor + "?"
	if r.app.Route == migrate.RouteRecreate {
		question += " Its key, its tokens and the logins of all its users end at once."
	} else {
		question += " The Connected App becomes active again, with the settings that it had when it moved."
	}
	if yes, err := r.ask(question); err != nil || !yes {
		return err
	}
	removal, problems := plan.Make(nil, s.actual, plan.Options{Org: plan.Org{ID: r.org.ID}, Delete: []string{r.app.Successor}})
	if removal == nil {
		return problems
	}
	return r.send(ctx, "deleting "+r.app.Successor, removal)
}

// losses finds what was changed since the app moved.
func (r *run) losses(s *state) {
	if r.app.Route == migrate.RouteButton && s.old != nil {
		wanted, err := track.Expected(s.old, s.new.Components(), nil)
		if err == nil {
			r.result.Lost = append(r.result.Lost, track.Differences(wanted, s.new.Components())...)
		}
	}
	for _, d := range r.result.Lost {
		r.options.Say("lost with it: %s is %q now, and was %q", d.Field, d.Is, d.Was)
	}
	if r.app.Route == migrate.RouteRecreate {
		r.result.ByHand = append(r.result.ByHand,
			"put the old key and secret back into every client that was changed over: the new ones end with the app",
			"if "+r.app.Name+" was blocked, press Unblock in Setup > Connected Apps OAuth Usage")
	}
}

// Names of types and fields that grants stand in.
const (
	typePolicy  = "ExtlClntAppOauthConfigurablePolicies"
	fieldUsers  = "permittedUsersPolicyType"
	onlyGranted = "AdminApprovedPreAuthorized"
)

var grantFields = []string{"commaSeparatedPermissionSet", "commaSeparatedProfile"}

// ungrant takes the successor from everybody who has it. yes is false if somebody
// said no.
func (r *run) ungrant(ctx context.Context, s *state) (yes bool, err error) {
	policy := s.new.Part(typePolicy)
	if policy == nil {
		return true, nil
	}
	var held []string
	for _, f := range grantFields {
		if text, _ := policy.Text(f); strings.TrimSpace(text) != "" {
			held = append(held, strings.TrimSpace(text))
		}
	}
	if len(held) == 0 {
		return true, nil
	}
	if yes, err = r.ask(fmt.Sprintf("Take %s from %s? Their logins by it are refused from then on.", r.app.Successor, strings.Join(held, ", "))); err != nil || !yes {
		return false, err
	}
	bare := &metadata.Component{Type: policy.Type, Name: policy.Name, Root: policy.Root.Clone()}
	for _, f := range grantFields {
		bare.Root.Remove(f)
	}
	bare.Root.Remove(fieldUsers)
	bare.Root.Add(&metadata.Element{Name: fieldUsers, Text: onlyGranted})
	metadata.Schema().Sort(bare.Root, metadata.Schema().Type(bare.Type))
	change, err := plan.Raw(r.client.Version(), plan.Update, bare)
	if err != nil {
		return false, err
	}
	return true, r.send(ctx, "taking the grants of "+r.app.Successor+" away", change)
}

// check looks whether the Connected App is there, and active.
func (r *run) check(ctx context.Context) error {
	s, err := r.read(ctx)
	switch {
	case err != nil:
		return err
	case s.new != nil || !s.listed:
		return &diag.Problem{Code: "ECA765", Message: "the org still has " + r.app.Successor + ", or does not list " + r.app.Name, Hint: "run rollback again to look once more"}
	case s.old == nil:
		r.result.Warnings = append(r.result.Warnings, "the org lists "+r.app.Name+" and does not hand it out, so whether it is active cannot be told")
		r.result.Outcome = Back
		return nil
	}
	active, why, err := r.active(ctx, s.old)
	switch {
	case err != nil:
		return err
	case !active && strings.Contains(strings.ToLower(why), "read only"):
		return &diag.Problem{Code: "ECA765", Message: "the Connected App " + r.app.Name + " is still read only: " + why, Hint: "look at its page in Setup > App Manager"}
	case !active:
		r.result.Warnings = append(r.result.Warnings, (&diag.Problem{Code: "ECA767", Message: "whether " + r.app.Name + " is active cannot be told: " + why}).Error())
	}
	r.result.Outcome = Back
	return nil
}

// active has the org check, and save nothing of, a deploy of the Connected App's
// own metadata: one that is read only refuses it.
func (r *run) active(ctx context.Context, old *metadata.Component) (bool, string, error) {
	same := &metadata.Component{Type: old.Type, Name: old.Name, Root: old.Root.Clone()}
	if config := same.Root.Child("oauthConfig"); config != nil {
		config.Remove("consumerSecret")
	}
	probe, err := plan.Raw(r.client.Version(), plan.Update, same)
	if err != nil {
		return false, err.Error(), nil
	}
	o := r.options.Deploy
	o.DryRun, o.IgnoreWarnings = true, true
	out, err := deploy.Run(ctx, r.client, probe, o)
	switch {
	case err != nil:
		return false, "", err
	case out.Running():
		return false, "the validation is still running", nil
	case out.Result.Success:
		return true, "", nil
	}
	var said []string
	for _, f := range deploy.Failures(out.Result) {
		if !slices.Contains(said, f.Problem) {
			said = append(said, f.Problem)
		}
	}
	return false, strings.Join(said, "; "), nil
}
