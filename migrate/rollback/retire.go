package rollback

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/track"
	"github.com/ecactl/ecactl/migrate/waves"
)

// demands are the steps that have to be seen to be done before an old app goes, by
// its route. What only might be done does not do.
var demands = map[migrate.Route][]string{
	migrate.RouteRecreate: {"deploy", "grant", "verify", "silent"},
	migrate.RouteRetire:   {"silent"},
}

// Retire deletes a Connected App that nobody needs any more. status is what was
// seen of the org just now.
func Retire(ctx context.Context, c *org.Client, p *waves.Plan, status *waves.Status, name string, o Options) (*Result, error) {
	r, err := begin(ctx, c, p, name, o)
	if err != nil {
		return nil, err
	}
	if r.app.Verdict == migrate.VerdictVendor {
		return nil, &diag.Problem{Code: "ECA766", Message: r.app.Name + " is not this org's own, and cannot be deleted", Hint: "uninstall it in Setup > Connected Apps OAuth Usage, or its package"}
	}
	s, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	if !s.listed && demands[r.app.Route] != nil {
		r.result.Outcome = Retired // an earlier run has done it
		return r.result, nil
	}
	if err := r.mayGo(status, s); err != nil {
		return nil, err
	}
	if err := r.backup(s); err != nil {
		return nil, err
	}
	if yes, err := r.ask("Delete the Connected App " + r.app.Name + "? It cannot be created again."); err != nil || !yes {
		return r.result, err
	}
	removal, err := plan.Removal(r.client.Version(), metadata.TypeConnectedApp, r.app.Name)
	if err != nil {
		return nil, err
	}
	if err := r.send(ctx, "deleting "+r.app.Name, removal); err != nil {
		return r.result, err
	}
	r.result.Outcome = Retired
	return r.result, nil
}

// mayGo refuses an app that is still needed.
func (r *run) mayGo(status *waves.Status, s *state) error {
	refuse := func(hint, message string) error {
		return &diag.Problem{Code: "ECA766", Message: message, Hint: hint}
	}
	wanted, ok := demands[r.app.Route]
	if !ok {
		return refuse("leave it: as long as it is there, rollback can bring it back", r.app.Name+" goes the way "+string(r.app.Route)+", on which the Connected App stays")
	}
	if r.app.Successor != "" && s.new == nil {
		return refuse("deploy its successor first", "the org does not have "+r.app.Successor+", which takes the place of "+r.app.Name)
	}
	i := slices.IndexFunc(status.Apps, func(a waves.Standing) bool { return a.Name == r.app.Name })
	if i < 0 {
		return refuse("", "nothing was seen of "+r.app.Name)
	}
	steps := status.Apps[i].Steps
	if s.old == nil {
		return refuse("uninstall it in Setup > Connected Apps OAuth Usage", r.app.Name+" is listed, and the org does not hand it out: it is not its own")
	}
	var open []string
	for _, step := range steps {
		if slices.Contains(wanted, step.ID) && step.State != waves.Done {
			text := strings.ToLower(step.Title) + " is " + string(step.State)
			if step.Note != "" {
				text += " (" + step.Note + ")"
			}
			open = append(open, text)
		}
	}
	if len(open) > 0 {
		return refuse("ecactl migrate status "+waves.Quote(r.plan.Settings.File)+" --dir "+waves.Quote(r.options.Dir)+" says what is open", r.app.Name+" cannot go yet: "+strings.Join(open, "; "))
	}
	return nil
}

// backup keeps the settings of a Connected App in a file, unless they are.
func (r *run) backup(s *state) error {
	name := track.BackupFile(r.options.Dir, r.app.Name)
	metadata.Sweep(filepath.Dir(name))
	switch _, err := os.Stat(name); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA231", Message: "cannot be read: " + err.Error(), Err: err}
	}
	kept := &metadata.Component{Type: s.old.Type, Name: s.old.Name, Root: s.old.Root.Clone()}
	if config := kept.Root.Child("oauthConfig"); config != nil {
		config.Remove("consumerSecret")
	}
	data, err := metadata.Schema().Encode(kept)
	if err != nil {
		return err
	}
	if _, err := metadata.WriteTree(filepath.Dir(name), []metadata.File{{Path: filepath.Base(name), Data: data}}, metadata.WriteOptions{NoLedger: true}); err != nil {
		return err
	}
	r.result.Exported = filepath.ToSlash(name)
	r.options.Say("wrote %s", name)
	return nil
}
