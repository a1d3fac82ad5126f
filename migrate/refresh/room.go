package refresh

import (
	"context"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
)

// makeRoom deletes a Connected App of the same name: two apps of one org cannot
// share a name or a key. free is false if the app has to be left out.
func (r *restore) makeRoom(ctx context.Context, a *App, b *spec.Built, out *Outcome) (free bool, err error) {
	i := slices.IndexFunc(r.legacy, func(name string) bool { return strings.EqualFold(name, a.Name) })
	if i < 0 {
		return true, nil
	}
	name := r.legacy[i]
	if !a.Twin && !slices.Contains(r.options.Replace, name) {
		return false, &diag.Problem{
			Code: "ECA775", Message: "a Connected App " + name + " is in the way, and it was not there when the apps were saved",
			Hint: "look at it; --replace " + name + " deletes it",
		}
	}
	if err := r.rehearse(ctx, a, b); err != nil {
		return false, err
	}
	yes, err := r.options.Confirm("Delete the Connected App " + name + ", to make room for the External Client App of its name? It cannot be created again.")
	if err != nil {
		return false, err
	}
	if !yes {
		out.State = Skipped
		return false, nil
	}
	removal, err := plan.Removal(r.client.Version(), metadata.TypeConnectedApp, name)
	if err != nil {
		return false, err
	}
	if err := r.send(ctx, "deleting the Connected App "+name, removal); err != nil {
		return false, err
	}
	r.legacy = slices.Delete(r.legacy, i, i+1)
	out.Replaced = true
	return true, nil
}

// rehearse has the org check the app, without the key that the Connected App still
// has, before that is deleted: what would fail afterwards should fail now.
func (r *restore) rehearse(ctx context.Context, a *App, b *spec.Built) error {
	p, err := plan.Raw(b.Version(), plan.Create, core(b)...)
	if err != nil {
		return err
	}
	o := r.options.Deploy
	o.DryRun, o.IgnoreWarnings = true, true
	out, err := deploy.Run(ctx, r.client, p, o)
	if err != nil {
		return err
	}
	if out.Running() || out.Result.Success {
		return nil
	}
	for _, f := range deploy.Failures(out.Result) {
		if text := strings.ToLower(f.Problem); f.Kind == "Error" && !strings.Contains(text, "duplicate") && !strings.Contains(text, "already") {
			return refusal("checking "+a.Name, out.Result)
		}
	}
	return nil
}

// core are the components of an app that have to come together, and first: the
// header, and its OAuth settings of both kinds.
func core(b *spec.Built) []*metadata.Component {
	var list []*metadata.Component
	for _, c := range b.Components() {
		if c.Type == metadata.TypeApp || c.Type == "ExtlClntAppOauthSettings" || c.Type == typeGlobal {
			list = append(list, &metadata.Component{Type: c.Type, Name: c.Name, Root: c.Root.Clone()})
		}
	}
	return list
}

// create makes an app, with the key and secret of before.
func (r *restore) create(ctx context.Context, a *App, b *spec.Built) error {
	list := core(b)
	if held := r.options.Secrets.find(a.Name); held != nil {
		for _, c := range list {
			if c.Type != typeGlobal {
				continue
			}
			put := func(field, value string) {
				if value != "" {
					c.Root.Remove(field)
					c.Root.Add(&metadata.Element{Name: field, Text: value})
				}
			}
			put("consumerKey", held.Key)
			put("consumerSecret", held.Secret.Reveal())
			metadata.Schema().Sort(c.Root, metadata.Schema().Type(c.Type))
		}
	}
	p, err := plan.Raw(b.Version(), plan.Create, list...)
	if err != nil {
		return err
	}
	return r.send(ctx, "creating "+a.Name, p)
}
