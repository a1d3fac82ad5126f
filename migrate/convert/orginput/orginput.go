// Package orginput reads from an org what apps are converted from: its Connected
// Apps, and what of the rest of the org names them.
package orginput

import (
	"context"
	"fmt"
	"slices"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate/convert"
)

// Read retrieves the Connected Apps of these names, or all if there are none.
// Keys are read, for they are accounted for; no result ever shows one.
func Read(ctx context.Context, c *org.Client, names []string) (*convert.Input, error) {
	listed, err := c.List(ctx, metadata.TypeConnectedApp)
	if err != nil {
		return nil, fmt.Errorf("listing the Connected Apps: %w", err)
	}
	wanted := deploy.Wanted{ConnectedApps: true, KeepOrgValues: true}
	got, err := deploy.Retrieve(ctx, c, wanted)
	if err != nil {
		return nil, err
	}
	in := &convert.Input{Apps: got.Components, ReadAt: c.Version()}
	ids := map[string]string{}
	for _, f := range listed {
		ids[short(f.ID)] = f.FullName
		if !slices.ContainsFunc(in.Apps, func(ca *metadata.Component) bool { return ca.Name == f.FullName }) {
			in.Vendors = append(in.Vendors, f.FullName)
		}
	}
	in.Problems = slices.DeleteFunc(got.Problems, func(p *diag.Problem) bool { return p.Code == "ECA514" }) // each is a vendor's app by now
	if err := in.Only(names); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(in.Apps, func(ca *metadata.Component) bool { return ca.First("permissionSetName") != nil }) {
		if in.Sets, err = permissionSets(ctx, c); err != nil {
			return nil, err
		}
	}
	readScopes(ctx, c, in, ids)
	readHandlers(ctx, c, in, ids)
	return in, nil
}

// short is the part of an id that every API agrees on.
func short(id string) string { return id[:min(len(id), 15)] }

// permissionSets reads names and labels. Those that a profile owns are nobody's
// to name.
func permissionSets(ctx context.Context, c *org.Client) ([]convert.PermissionSet, error) {
	var list []convert.PermissionSet
	err := c.Query(ctx, "SELECT Name, Label, NamespacePrefix FROM PermissionSet WHERE IsOwnedByProfile = false ORDER BY Name", func(r org.Row) error {
		name := r.Text("Name")
		if ns := r.Text("NamespacePrefix"); ns != "" {
			name = ns + "__" + name
		}
		list = append(list, convert.PermissionSet{Name: name, Label: r.Text("Label")})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the permission sets: %w", err)
	}
	return list, nil
}

// readScopes reads which custom scopes are assigned to the apps. Not every org
// answers; that is said and ends nothing.
func readScopes(ctx context.Context, c *org.Client, in *convert.Input, ids map[string]string) {
	related(ctx, c, in, ids, reading{
		typ: convert.TypeCustomScope, what: "custom scopes", block: "assignedTo", app: "ApplicationId", name: "OauthCustomScope.DeveloperName",
		soql: "SELECT ApplicationId, OauthCustomScope.DeveloperName FROM OauthCustomScopeApp",
	})
}

func readHandlers(ctx context.Context, c *org.Client, in *convert.Input, ids map[string]string) {
	related(ctx, c, in, ids, reading{
		typ: convert.TypeHandler, what: "token exchange handlers", block: "enablements", app: "ConnectedApplicationId", name: "OauthTokenExchangeHandlerId",
		soql: "SELECT ConnectedApplicationId, OauthTokenExchangeHandlerId FROM OauthTokenExchHandlerApp",
	})
}

// A reading is a query for what names apps, and where a file of its type has
// the app.
type reading struct{ typ, what, block, app, name, soql string }

func related(ctx context.Context, c *org.Client, in *convert.Input, ids map[string]string, r reading) {
	byName := map[string]*metadata.Component{}
	err := c.Query(ctx, r.soql, func(row org.Row) error {
		name, app := row.Text(r.name), ids[short(row.Text(r.app))]
		if name == "" || app == "" {
			return nil
		}
		if byName[name] == nil {
			byName[name] = metadata.NewComponent(r.typ, name)
			in.Related = append(in.Related, byName[name])
		}
		block := byName[name].Root.Add(&metadata.Element{Name: r.block})
		block.Add(&metadata.Element{Name: "connectedApp", Text: app})
		return nil
	})
	if err != nil {
		in.Problems = append(in.Problems, &diag.Problem{
			Level: diag.Note, Code: "ECA719", Message: fmt.Sprintf("the org does not say which %s name its apps: %s", r.what, err), Hint: "look in Setup",
		})
	}
}
