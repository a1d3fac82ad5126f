package refresh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/spec"
)

// SaveOptions say what is saved, and where.
type SaveOptions struct {
	Now     time.Time
	Version string // of the program
	Dir     string
	Names   []string        // of apps; nil saves all
	Head    []byte          // what each spec begins with
	Beside  []metadata.File // what stands beside the specs, such as their schema
	// Store takes keys and secrets, before anything is written. Nil saves none.
	Store func(context.Context, *Secrets) error
}

// Save writes the External Client Apps of an org into a folder.
func Save(ctx context.Context, c *org.Client, o SaveOptions) (*Saved, error) {
	if err := mayHold(o.Dir); err != nil {
		return nil, err
	}
	here, err := c.Organization(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking which org this is: %w", err)
	}
	got, err := deploy.Retrieve(ctx, c, deploy.Wanted{Apps: true, Settings: true, Names: o.Names, KeepOrgValues: true})
	if err != nil {
		return nil, err
	}
	connected, err := c.List(ctx, metadata.TypeConnectedApp)
	if err != nil {
		return nil, fmt.Errorf("listing the Connected Apps: %w", err)
	}
	s := &Saved{
		SchemaVersion: 1, Tool: Tool{"ecactl", o.Version}, SavedAt: o.Now.UTC().Truncate(time.Second),
		Org: Org{org.LongID(here.ID), here.Name, c.InstanceURL(), string(here.Kind)}, Apps: []App{}, Warnings: []string{},
	}
	assembled, _ := metadata.Schema().Assemble(got.Components) // its remarks are for import
	secrets := &Secrets{SchemaVersion: 1, Org: s.Org.ID}
	for _, a := range assembled {
		if a.Header == nil || metadata.NamespaceOf(a.Name) != "" {
			continue // of a package: its install brings it back
		}
		s.Apps = append(s.Apps, describe(a, connected))
		if key := keyOf(a); key != "" {
			secrets.Apps = append(secrets.Apps, Secret{Name: a.Name, Key: key})
		}
	}
	if err := grants(ctx, c, s); err != nil {
		return nil, err
	}
	files, err := s.specs(got.Components, o.Head)
	if err != nil {
		return nil, err
	}
	for _, f := range o.Beside {
		files = append(files, metadata.File{Path: specs + "/" + f.Path, Data: f.Data})
	}
	if o.Store != nil {
		if err := s.store(ctx, c, secrets, o.Store); err != nil {
			return nil, err
		}
	}
	return s, s.write(o.Dir, files)
}

const (
	typeGlobal = "ExtlClntAppGlobalOauthSettings"
	typePolicy = "ExtlClntAppOauthConfigurablePolicies"
	typeAccess = "ExtlClntAppConfigurablePolicies"
)

func keyOf(a *metadata.App) string {
	if g := a.Part(typeGlobal); g != nil {
		key, _ := g.Text("consumerKey")
		return strings.TrimSpace(key)
	}
	return ""
}

func describe(a *metadata.App, connected []org.FileProperties) App {
	out := App{Name: a.Name, Spec: specs + "/" + a.Name + ".yaml", PermissionSets: []string{}, Profiles: []string{}}
	out.Twin = slices.ContainsFunc(connected, func(f org.FileProperties) bool { return strings.EqualFold(f.FullName, a.Name) })
	if g := a.Part(typeGlobal); g != nil {
		text, _ := g.Text("certificate")
		out.Certificate = strings.TrimSpace(text) != ""
	}
	if p := a.Part(typePolicy); p != nil {
		sets, _ := p.Text("commaSeparatedPermissionSet")
		profiles, _ := p.Text("commaSeparatedProfile")
		out.PermissionSets, out.Profiles = nonNil(spec.SplitList(sets)), nonNil(spec.SplitList(profiles))
	}
	return out
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// grants adds those that stand in permission sets alone, and not in a policy.
func grants(ctx context.Context, c *org.Client, s *Saved) error {
	names := map[string]string{} // by the first 15 characters of an id
	err := c.Query(ctx, "SELECT Id, DeveloperName FROM ExternalClientApplication", func(r org.Row) error {
		if id := r.Text("Id"); len(id) >= 15 {
			names[id[:15]] = r.Text("DeveloperName")
		}
		return nil
	})
	if err == nil {
		err = c.Query(ctx, "SELECT SetupEntityId, Parent.Name, Parent.IsOwnedByProfile, Parent.Profile.Name FROM SetupEntityAccess WHERE SetupEntityType = 'ExternalClientApplication'", func(r org.Row) error {
			id := r.Text("SetupEntityId")
			i := slices.IndexFunc(s.Apps, func(a App) bool { return len(id) >= 15 && a.Name == names[id[:15]] })
			if i < 0 {
				return nil
			}
			list, name := &s.Apps[i].PermissionSets, r.Text("Parent.Name")
			if r.Bool("Parent.IsOwnedByProfile") {
				list, name = &s.Apps[i].Profiles, r.Text("Parent.Profile.Name")
			}
			if name != "" && !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
			return nil
		})
	}
	var said *org.Error
	if errors.As(err, &said) && said.Code != "INVALID_SESSION_ID" && said.Code != "REQUEST_LIMIT_EXCEEDED" {
		s.Warnings = append(s.Warnings, "which permission sets hold the apps was not to be read ("+said.Code+"); what the policies say is saved")
		return nil
	}
	return err
}

// specs makes the files of a save.
func (s *Saved) specs(components []*metadata.Component, head []byte) ([]metadata.File, error) {
	imported, problems := spec.Import(components, spec.ImportOptions{})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	var files []metadata.File
	for _, im := range imported {
		name := specs + "/" + im.Name + ".yaml"
		files = append(files, metadata.File{Path: name, Data: append(slices.Clone(head), im.YAML...)})
		if im.Kind == spec.KindSettings {
			s.Settings = name
		}
	}
	for _, a := range s.Apps {
		if !slices.ContainsFunc(files, func(f metadata.File) bool { return f.Path == a.Spec }) {
			return nil, &diag.Problem{Code: "ECA771", Message: "no spec came of the app " + a.Name, Hint: "ecactl import --target-org ORG says why"}
		}
	}
	return files, nil
}

// store reads the secrets, and hands them over with the keys.
func (s *Saved) store(ctx context.Context, c *org.Client, secrets *Secrets, to func(context.Context, *Secrets) error) error {
	apps, err := consumers(ctx, c)
	if err != nil && !denied(err) {
		return err
	}
	if err != nil {
		s.warn("ECA779", "secrets were not to be read: "+err.Error())
	}
	for i := range secrets.Apps {
		a := &secrets.Apps[i]
		at := slices.IndexFunc(s.Apps, func(app App) bool { return app.Name == a.Name })
		if app := apps[a.Name]; app.ID != "" {
			key, value, err := pair(ctx, c, app)
			if err != nil && !denied(err) {
				return err
			}
			a.Key, a.Secret = cmp.Or(key, a.Key), value
		}
		s.Apps[at].Key, s.Apps[at].Secret = a.Key != "", a.Secret.Reveal() != ""
		if !s.Apps[at].Secret {
			s.warn("ECA779", "the org does not hand out the secret of "+a.Name+": its clients need a new one after the refresh")
		}
	}
	if err := to(ctx, secrets); err != nil {
		return err
	}
	s.Keys = true
	return nil
}

func (s *Saved) warn(code, message string) {
	s.Warnings = append(s.Warnings, (&diag.Problem{Code: code, Message: message}).Error())
}
