package org

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// A Check is one line of what Doctor found.
type Check struct {
	ID    string
	Title string
	State string // "ok", "warn", "fail", or "unknown" where it could not be read
	Found string
	Fix   string
}

// Doctor checks what a login and an org need for apps. What cannot be read is
// unknown and says why; it is never ok.
func Doctor(ctx context.Context, c *Client) []Check {
	d := &doctor{client: c}
	for _, check := range []func(context.Context){d.versions, d.session, d.clock, d.types, d.permissions, d.switches, d.limits} {
		if check(ctx); ctx.Err() != nil {
			break
		}
	}
	return d.checks
}

type doctor struct {
	client *Client
	checks []Check
	lost   bool // there is no session, so nothing else can be read
}

func (d *doctor) add(id, title, state, found, fix string) {
	if state == "ok" {
		fix = ""
	}
	d.checks = append(d.checks, Check{id, title, state, found, fix})
}

func (d *doctor) unknown(id, title string, err error, fix string) {
	d.add(id, title, "unknown", reason(err), fix)
}

// reason is an error in one line.
func reason(err error) string {
	if p, ok := errors.AsType[*diag.Problem](err); ok {
		return p.Message
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

func (d *doctor) versions(ctx context.Context) {
	const id, title = "api-version", "API version"
	list, err := d.client.Versions(ctx)
	if err != nil || len(list) == 0 {
		if err == nil {
			err = errors.New("the org lists none")
		}
		d.unknown(id, title, err, "check the address of the org")
		return
	}
	newest, ours := slices.Max(list), d.client.Version()
	found := fmt.Sprintf("the org speaks %s to %s, and %s is used", slices.Min(list), newest, ours)
	if !slices.Contains(list, ours) {
		d.add(id, title, "fail", found, "pass --api-version "+newest.String())
		return
	}
	d.add(id, title, "ok", found, "")
}

func (d *doctor) session(ctx context.Context) {
	const id, title = "session", "Session"
	u, err := d.client.User(ctx)
	var said *Error
	switch {
	case err == nil:
		d.add(id, title, "ok", fmt.Sprintf("%s in the org %s", u.Username, u.OrgID), "")
	case errors.As(err, &said) && said.sessionOver():
		d.lost = true
		d.add(id, title, "fail", reason(err), "log in again: ecactl login")
	default:
		d.unknown(id, title, err, "the token needs an identity scope (id, openid, api or full)")
	}
}

// skew is how far apart clocks may be: a JWT is good for three minutes.
const skew = time.Minute

func (d *doctor) clock(context.Context) {
	const id, title = "clock", "Clock"
	offset, ok := d.client.ClockOffset()
	switch {
	case !ok:
		d.unknown(id, title, errors.New("the org's answers have no date"), "")
	case offset.Abs() > skew:
		d.add(id, title, "fail", fmt.Sprintf("this machine is %s off", offset.Abs().Round(time.Second)), "set the clock: JWT logins are refused beyond three minutes")
	default:
		d.add(id, title, "ok", "within a minute of the org's", "")
	}
}

// types asks whether the org has External Client Apps at all at this version.
func (d *doctor) types(ctx context.Context) {
	const id, title = "metadata-types", "Metadata types of External Client Apps"
	if d.lost {
		d.unknown(id, title, errors.New("there is no session"), "")
		return
	}
	described, err := d.client.Describe(ctx)
	if err != nil {
		d.unknown(id, title, err, "the Metadata API needs Modify Metadata Through Metadata API Functions")
		return
	}
	have := 0
	for _, t := range described.Types {
		if t.Name == metadata.TypeApp || strings.HasPrefix(t.Name, "ExtlClntApp") {
			have++
		}
	}
	if have == 0 {
		d.add(id, title, "fail", "the org has none at API "+d.client.Version().String(), "Setup > External Client Apps > Settings: opt in, or pass a newer --api-version")
		return
	}
	d.add(id, title, "ok", fmt.Sprintf("%d at API %s", have, d.client.Version()), "")
}

// wanted are permissions by their labels, for their API names are in no
// reference; the describe of UserPermissionAccess has both.
var wanted = []struct {
	id, label, state string // state where it is missing
	names            []string
	why              string
}{
	{"modify-metadata", "Modify Metadata Through Metadata API Functions", "fail", []string{"PermissionsModifyMetadata"}, "deploy, plan and retrieve use the Metadata API"},
	{"edit-apps", "Create, edit, and delete External Client Apps", "fail", nil, "deploys create and change apps"},
	{"view-apps", "View all External Client Apps, view their settings, and edit their policies", "warn", nil, "policies are changed with it"},
	{"view-secrets", "View External Client Apps Consumer Secrets in Metadata", "warn", nil, "only reading consumer secrets needs it"},
	{"view-setup", "View Setup and Configuration", "warn", []string{"PermissionsViewSetup"}, "audits read setup objects"},
}

func (d *doctor) permissions(ctx context.Context) {
	fields, err := d.permissionFields(ctx)
	held := Row{}
	if err == nil {
		held, err = d.heldPermissions(ctx, fields)
	}
	for _, w := range wanted {
		field := fields[strings.ToLower(w.label)]
		for _, name := range w.names {
			if field == "" && slices.Contains(fieldsOf(fields), name) {
				field = name
			}
		}
		title := "Permission " + w.label
		fix := "assign a permission set with it: " + w.why
		switch {
		case err != nil:
			d.unknown(w.id, title, err, fix)
		case field == "":
			d.unknown(w.id, title, errors.New("the org has no permission of this label"), fix)
		case held.Bool(field):
			d.add(w.id, title, "ok", "held", "")
		default:
			d.add(w.id, title, w.state, "not held", fix)
		}
	}
}

// permissionFields maps the labels of permissions, in lower case, to fields.
func (d *doctor) permissionFields(ctx context.Context) (map[string]string, error) {
	if d.lost {
		return nil, errors.New("there is no session")
	}
	var describe struct {
		Fields []struct {
			Name  string `json:"name"`
			Label string `json:"label"`
		} `json:"fields"`
	}
	if err := d.client.Do(ctx, http.MethodGet, "sobjects/UserPermissionAccess/describe", nil, &describe); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for _, f := range describe.Fields {
		if strings.HasPrefix(f.Name, "Permissions") {
			fields[strings.ToLower(f.Label)] = f.Name
		}
	}
	return fields, nil
}

func fieldsOf(fields map[string]string) []string {
	var list []string
	for _, name := range fields {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func (d *doctor) heldPermissions(ctx context.Context, fields map[string]string) (Row, error) {
	var ask []string
	for _, w := range wanted {
		if f := fields[strings.ToLower(w.label)]; f != "" {
			ask = append(ask, f)
		}
		for _, name := range w.names {
			if slices.Contains(fieldsOf(fields), name) {
				ask = append(ask, name)
			}
		}
	}
	held := Row{}
	if len(ask) == 0 {
		return held, nil
	}
	slices.Sort(ask)
	err := d.client.Query(ctx, "SELECT "+strings.Join(slices.Compact(ask), ", ")+" FROM UserPermissionAccess", func(r Row) error {
		held = r
		return nil
	})
	return held, err
}

// orgSwitches are settings of the org that decide about apps.
var orgSwitches = []struct {
	id, title, typ, name, field string
	want                        string // "" only says what it is
	state, fix                  string
}{
	{"eca", "External Client Apps", "ExternalClientAppSettings", "ExternalClientApp", "enableExternalClientApps", "true", "warn", "Setup > External Client Apps > Settings: opt in; newer orgs have no such switch"},
	{"rest-secrets", "Consumer secrets over REST", "ExternalClientAppSettings", "ExternalClientApp", "enableClientSecretInRestApiAccess", "", "", ""},
	{"metadata-secrets", "Consumer secrets over the Metadata API", "ExternalClientAppSettings", "ExternalClientApp", "enableConsumerSecretApiAccess", "false", "warn", "switch it off: it is deprecated, and REST takes its place"},
	{"username-password", "Username-password flow blocked", "OauthOidcSettings", "OauthOidc", "blockOAuthUnPwFlow", "true", "warn", "Setup > OAuth and OpenID Connect Settings: block it, before 20 February 2027 does"},
	{"user-agent", "User-agent flow blocked", "OauthOidcSettings", "OauthOidc", "blockOAuthUsrAgtFlow", "true", "warn", "Setup > OAuth and OpenID Connect Settings: block it"},
	{"code-credentials", "Authorization Code and Credentials flow", "OauthOidcSettings", "OauthOidc", "oAuthCdCrdtFlowEnable", "", "", ""},
	{"api-access", "API access for admin-approved apps alone", "ConnectedAppSettings", "ConnectedApp", "enableAdminApprovedAppsOnly", "", "", ""},
}

func (d *doctor) switches(ctx context.Context) {
	read := map[string]*metadata.Component{}
	failed := map[string]error{}
	for _, s := range orgSwitches {
		if _, done := read[s.typ]; done || failed[s.typ] != nil {
			continue
		}
		if d.lost {
			failed[s.typ] = errors.New("there is no session")
			continue
		}
		list, err := d.client.Read(ctx, s.typ, []string{s.name})
		switch {
		case err != nil:
			failed[s.typ] = err
		case len(list) == 0:
			failed[s.typ] = errors.New("the org does not hand its settings out")
		default:
			read[s.typ] = list[0]
		}
	}
	for _, s := range orgSwitches {
		title := "Switch " + s.title
		if err := failed[s.typ]; err != nil {
			d.unknown(s.id, title, err, "look at it in Setup")
			continue
		}
		value, ok := read[s.typ].Text(s.field)
		switch {
		case !ok:
			d.unknown(s.id, title, errors.New("the org does not say it"), s.fix)
		case s.want == "" || value == s.want:
			d.add(s.id, title, "ok", value, "")
		default:
			d.add(s.id, title, s.state, value, s.fix)
		}
	}
	d.add("creation", "Creation of Connected Apps", "unknown", "no API tells; it is off since Spring '26 unless Salesforce Support has switched it on", "External Client Apps take their place: ecactl init")
}

func (d *doctor) limits(ctx context.Context) {
	const id, title = "limits", "API requests of the day"
	if d.lost {
		d.unknown(id, title, errors.New("there is no session"), "")
		return
	}
	limits, err := d.client.Limits(ctx)
	l, ok := limits["DailyApiRequests"]
	switch {
	case err != nil:
		d.unknown(id, title, err, "")
	case !ok:
		d.unknown(id, title, errors.New("the org does not say it"), "")
	case l.Remaining*10 < l.Max:
		d.add(id, title, "warn", fmt.Sprintf("%d of %d left", l.Remaining, l.Max), "Setup > System Overview says who uses them")
	default:
		d.add(id, title, "ok", fmt.Sprintf("%d of %d left", l.Remaining, l.Max), "")
	}
}
