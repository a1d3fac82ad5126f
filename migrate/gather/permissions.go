package gather

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
)

// described finds permissions by their labels.
func (g *gatherer) described(r org.ReadResult) {
	var d struct {
		Fields []struct {
			Name  string `json:"name"`
			Label string `json:"label"`
		} `json:"fields"`
	}
	if r.Err == nil {
		r.Err = json.Unmarshal(r.Body, &d)
	}
	if r.Err != nil {
		g.refused(migrate.SrcCaller, r.Err)
		g.refused(migrate.SrcHolders, r.Err)
		return
	}
	g.permissions = map[string]string{}
	for _, f := range d.Fields {
		if strings.HasPrefix(f.Name, "Permissions") {
			g.permissions[strings.ToLower(f.Label)] = f.Name
		}
	}
}

// permAllTokens lets one see the tokens of all users, and not only one's own.
const permAllTokens = "Customize Application"

// readPermissions asks what the caller may do, and who may use any app.
func (g *gatherer) readPermissions(ctx context.Context) (func(), error) {
	if g.permissions == nil {
		return func() {}, nil
	}
	var reads []org.Read
	var asked []string
	if field := g.permissions[strings.ToLower(migrate.PermCreateApps)]; field != "" {
		if all := g.permissions[strings.ToLower(permAllTokens)]; all != "" {
			field += ", " + all
		}
		reads, asked = append(reads, org.Read{Query: "SELECT " + field + " FROM UserPermissionAccess"}), append(asked, migrate.PermCreateApps)
	}
	for _, label := range []string{migrate.PermAnyClient, migrate.PermApproveUninstalled} {
		if field := g.permissions[strings.ToLower(label)]; field != "" {
			reads = append(reads, org.Read{Query: "SELECT AssigneeId, Assignee.Username, Assignee.IsActive FROM PermissionSetAssignment WHERE PermissionSet." + field + " = true"})
			asked = append(asked, label)
		}
	}
	results, err := g.client.ReadAll(ctx, reads)
	if err != nil {
		return nil, err
	}
	return func() { g.permissionsRead(asked, results) }, nil
}

func (g *gatherer) permissionsRead(asked []string, results []org.ReadResult) {
	if !slices.Contains(asked, migrate.PermCreateApps) {
		g.unread(migrate.SrcCaller, migrate.SourceUnavailable, "the org has no permission "+migrate.PermCreateApps)
	}
	var holders []migrate.Row
	var refused error
	for i, label := range asked {
		r := results[i]
		if label == migrate.PermCreateApps {
			if r.Err != nil {
				g.refused(migrate.SrcCaller, r.Err)
				continue
			}
			held := "false"
			if field := g.permissions[strings.ToLower(label)]; len(r.Rows) > 0 && r.Rows[0].Bool(field) {
				held = "true"
			}
			g.read(migrate.SrcCaller, []migrate.Row{{"permission": label, "held": held}})
			if all := g.permissions[strings.ToLower(permAllTokens)]; all != "" && len(r.Rows) > 0 && !r.Rows[0].Bool(all) && g.states[migrate.SrcTokens].State == migrate.SourceOK {
				g.partly(migrate.SrcTokens, "without "+permAllTokens+" an org shows nothing but one's own tokens")
			}
			continue
		}
		if r.Err != nil {
			refused = r.Err
			continue
		}
		for _, row := range rowsOf(r.Rows) {
			row["permission"] = label
			holders = append(holders, row)
		}
	}
	if refused != nil {
		g.refused(migrate.SrcHolders, refused)
		return
	}
	g.read(migrate.SrcHolders, holders)
	if !slices.Contains(asked, migrate.PermAnyClient) || !slices.Contains(asked, migrate.PermApproveUninstalled) {
		g.partly(migrate.SrcHolders, "the org does not have both permissions, by their English labels")
	}
}
