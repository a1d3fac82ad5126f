package org

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// data is the path of a REST resource of the client's version.
func (c *Client) data(parts ...string) string {
	return "/services/data/v" + c.cfg.APIVersion.String() + "/" + strings.Join(parts, "/")
}

// Do calls a REST resource: path is below /services/data/vXX.0/, body and into
// are JSON, and either may be nil. Only GET, PUT and DELETE are sent twice.
func (c *Client) Do(ctx context.Context, method, path string, body, into any) error {
	path, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r := request{
		op: strings.ToLower(method) + " " + path, method: method, path: c.data(path), query: values,
		idempotent: method == http.MethodGet || method == http.MethodPut || method == http.MethodDelete,
	}
	return c.json(ctx, r, body, into)
}

// json sends and reads JSON.
func (c *Client) json(ctx context.Context, r request, body, into any) error {
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("%s: %w", r.op, err)
		}
		r.contentType = "application/json"
		r.body = func(string) [][]byte { return [][]byte{data} }
	}
	if r.unmarshal == nil {
		r.unmarshal = json.Unmarshal
	}
	resp, err := c.send(ctx, r)
	if err != nil || into == nil || len(bytes.TrimSpace(resp.body)) == 0 {
		return err
	}
	if err := r.unmarshal(resp.body, into); err != nil {
		err = &Error{Op: r.op, Status: resp.status, Code: "HTTP_UNREADABLE", Message: "the answer is not the JSON that was expected: " + err.Error()}
		if !r.idempotent {
			return fmt.Errorf("%w: %w", ErrAmbiguous, err)
		}
		return err
	}
	return nil
}

// A Row is a record of a query; relationships are rows in it.
type Row map[string]any

// Text is the value of a field, of a relationship too ("CreatedBy.Name"), as
// text; "" if it is null or not there.
func (r Row) Text(field string) string {
	name, rest, deeper := strings.Cut(field, ".")
	switch v := r[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		if deeper {
			return Row(v).Text(rest)
		}
	}
	return ""
}

// Bool tells whether a field is true.
func (r Row) Bool(field string) bool { return r.Text(field) == "true" }

// Int is the value of a field as a number, 0 if it is none.
func (r Row) Int(field string) int {
	n, _ := strconv.Atoi(r.Text(field)) // 0 is what is promised
	return n
}

// Quote writes a text as a SOQL literal.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
}

// Query runs SOQL and hands over each record, page by page.
func (c *Client) Query(ctx context.Context, soql string, each func(Row) error) error {
	return c.query(ctx, c.data("query"), soql, each)
}

// ToolingQuery is Query for objects of the Tooling API.
func (c *Client) ToolingQuery(ctx context.Context, soql string, each func(Row) error) error {
	return c.query(ctx, c.data("tooling", "query"), soql, each)
}

func (c *Client) query(ctx context.Context, path, soql string, each func(Row) error) error {
	r := request{op: "query", method: http.MethodGet, path: path, query: url.Values{"q": {soql}}, idempotent: true}
	return c.eachPage(ctx, r, each)
}

// follow gets the pages from an address that an earlier one named.
func (c *Client) follow(ctx context.Context, r request, next string, each func(Row) error) error {
	if !strings.HasPrefix(next, "/services/data/") {
		return &Error{Op: r.op, Code: "HTTP_UNREADABLE", Message: fmt.Sprintf("the next page is said to be at %q", shorten(next))}
	}
	r.path, r.query = next, nil
	return c.eachPage(ctx, r, each)
}

func (c *Client) eachPage(ctx context.Context, r request, each func(Row) error) error {
	resp, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	page, err := decodePage(resp.body, resp.status)
	if err != nil {
		return err
	}
	for _, row := range page.Records {
		if err := each(row); err != nil {
			return err
		}
	}
	if page.Done || page.NextRecordsURL == "" {
		return nil
	}
	return c.follow(ctx, r, page.NextRecordsURL, each)
}

// Organization says which org this is.
type Organization struct {
	ID        string // 18 characters
	Name      string
	Kind      Kind
	Instance  string
	Edition   string
	Namespace string
}

// Organization asks the org who it is.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	var o Organization
	err := c.Query(ctx, "SELECT Id, Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType FROM Organization", func(r Row) error {
		o = Organization{ID: LongID(r.Text("Id")), Name: r.Text("Name"), Instance: r.Text("InstanceName"), Edition: r.Text("OrganizationType"), Namespace: r.Text("NamespacePrefix")}
		o.Kind = KindOf(r.Bool("IsSandbox"), r.Text("TrialExpirationDate") != "", r.Text("OrganizationType"), c.base.String())
		return nil
	})
	if err == nil && o.ID == "" {
		err = &Error{Op: "organization", Code: "NOT_FOUND", Message: "the org does not say who it is"}
	}
	return o, err
}

// KindOf tells what an org is for, by its record and address. A scratch org says
// that it is a sandbox, with a day on which it ends.
func KindOf(sandbox, ends bool, edition, address string) Kind {
	switch {
	case sandbox && ends:
		return Scratch
	case sandbox:
		return Sandbox
	case edition == "Developer Edition" || KindOfHost(address) == Developer:
		return Developer
	}
	return Production
}

// A User is who is logged in.
type User struct {
	ID       string `json:"user_id"`
	OrgID    string `json:"organization_id"`
	Username string `json:"preferred_username"`
	Name     string `json:"name"`
}

// User asks who is logged in.
func (c *Client) User(ctx context.Context) (User, error) {
	var u User
	err := c.json(ctx, request{op: "userinfo", method: http.MethodGet, path: "/services/oauth2/userinfo", idempotent: true}, nil, &u)
	return u, err
}

// Versions lists the API versions of the org, ascending. It needs no session.
func (c *Client) Versions(ctx context.Context) ([]metadata.Version, error) {
	var list []struct {
		Version string `json:"version"`
	}
	err := c.json(ctx, request{op: "versions", method: http.MethodGet, path: "/services/data", idempotent: true, anonymous: true}, nil, &list)
	if err != nil {
		return nil, err
	}
	var versions []metadata.Version
	for _, v := range list {
		if parsed, err := metadata.ParseVersion(v.Version); err == nil {
			versions = append(versions, parsed)
		}
	}
	return versions, nil
}

// A Limit is a limit of the org and what is left of it.
type Limit struct {
	Max       int `json:"Max"`
	Remaining int `json:"Remaining"`
}

// Limits asks for the org's limits, by name.
func (c *Client) Limits(ctx context.Context) (map[string]Limit, error) {
	var limits map[string]Limit
	return limits, c.json(ctx, request{op: "limits", method: http.MethodGet, path: c.data("limits"), idempotent: true}, nil, &limits)
}

// LongID gives an id its case-safe form of 18 characters. What is no id of 15
// characters is returned as it is.
func LongID(id string) string {
	if len(id) != 15 {
		return id
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	for block := range 3 {
		bits := 0
		for i := range 5 {
			if ch := id[block*5+i]; ch >= 'A' && ch <= 'Z' {
				bits |= 1 << i
			}
		}
		id += string(alphabet[bits])
	}
	return id
}

// checkID refuses what is no id, before it becomes part of a path.
func checkID(what, id string) error {
	ok := len(id) == 15 || len(id) == 18
	for _, r := range id {
		ok = ok && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}
	if !ok {
		return &diag.Problem{Code: "ECA525", Message: fmt.Sprintf("%q is not the id of %s", shorten(id), what), Hint: "ids have 15 or 18 letters and digits"}
	}
	return nil
}
