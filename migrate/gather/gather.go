// Package gather reads what an audit needs of one org, in as few calls as the
// org's API allows, and never more because something is denied: each source says
// for itself whether it was read.
package gather

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate"
)

// Options say what is read.
type Options struct {
	Days     int // how far back use is looked at
	Now      time.Time
	Progress func(string) // is told what is being done; nil is told nothing
}

// Gather reads an org. An error is one that ends the audit: the session, the
// network or the caller; what the org does not let one read is in the evidence.
func Gather(ctx context.Context, c *org.Client, o Options) (*migrate.Evidence, error) {
	g := &gatherer{client: c, options: o, tables: map[string][]migrate.Row{}, states: map[string]migrate.Source{}}
	if o.Progress == nil {
		g.options.Progress = func(string) {}
	}
	g.options.Progress("reading metadata and records")
	if err := g.first(ctx); err != nil {
		return nil, err
	}
	g.options.Progress("reading tokens and permissions")
	if err := g.second(ctx); err != nil {
		return nil, err
	}
	if err := g.third(ctx); err != nil {
		return nil, err
	}
	return g.evidence(), nil
}

type gatherer struct {
	client  *org.Client
	options Options

	tables map[string][]migrate.Row
	states map[string]migrate.Source
	files  []metadata.File

	retrieval *retrieval

	tokens      int            // how many the org counts
	tokenErr    error          // why they cannot be counted
	byApp       map[string]int // tokens by app; nil if the org does not group them
	permissions map[string]string
	eventLog    string // id of the newest file
}

// read notes that a source was read.
func (g *gatherer) read(source string, rows []migrate.Row) {
	g.tables[source] = rows
	g.states[source] = migrate.Source{Name: source, State: migrate.SourceOK, Rows: len(rows)}
}

func (g *gatherer) partly(source, note string) {
	s := g.states[source]
	s.State, s.Note = migrate.SourceTruncated, note+"; it leaves open "+migrate.FindSource(source).Leaves
	g.states[source] = s
}

// unread notes that a source was not read, and what that leaves open.
func (g *gatherer) unread(source string, state migrate.SourceState, why string) {
	info := migrate.FindSource(source)
	note := why + "; it leaves open " + info.Leaves
	if state == migrate.SourceDenied {
		note += "; it needs " + info.Needs
	}
	g.states[source] = migrate.Source{Name: source, State: state, Note: note}
}

// refused notes what an org said instead of an answer.
func (g *gatherer) refused(source string, err error) {
	state := migrate.SourceDenied
	var said *org.Error
	if errors.As(err, &said) && slices.Contains([]string{"INVALID_TYPE", "NOT_FOUND", "INVALID_FIELD", "MALFORMED_QUERY"}, said.Code) {
		// An org says the same of an object that it does not have and of one that
		// the user may not see.
		state = migrate.SourceUnavailable
	}
	g.unread(source, state, line(err))
}

// line is an error on one line.
func line(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 300 {
		text = text[:300] + " …"
	}
	return text
}

// fatal tells errors that end an audit from those of one source.
func fatal(ctx context.Context, err error) error {
	var said *org.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &said) && (said.Code == "INVALID_SESSION_ID" || said.Code == "REQUEST_LIMIT_EXCEEDED"):
		return err
	case said == nil:
		return err // the network, not the org
	}
	return nil
}

// first is everything that can be asked at once.
func (g *gatherer) first(ctx context.Context) error {
	reads := make([]org.Read, 0, len(queries)+3)
	for _, q := range queries {
		reads = append(reads, org.Read{Query: g.text(q), Tooling: q.tooling})
	}
	reads = append(reads, org.Read{Query: countTokens}, org.Read{Query: groupTokens}, org.Read{Path: describe})
	var results []org.ReadResult
	work, wctx := errgroup.WithContext(ctx)
	work.Go(func() (err error) {
		results, err = g.client.ReadAll(wctx, reads)
		return err
	})
	var listed []org.FileProperties
	var listErr error
	work.Go(func() error {
		listed, listErr = g.client.List(wctx, metadata.TypeConnectedApp, metadata.TypeApp)
		return fatal(wctx, listErr)
	})
	work.Go(func() error { return g.beginRetrieve(wctx) })
	if err := work.Wait(); err != nil {
		return err
	}
	for _, r := range results {
		if err := fatal(ctx, r.Err); err != nil {
			return err
		}
	}
	if err := g.nothing(results, listErr); err != nil {
		return err
	}
	for i, q := range queries {
		if err := g.answered(ctx, q, results[i]); err != nil {
			return err
		}
	}
	g.list(listed, listErr)
	g.countedTokens(results[len(queries)], results[len(queries)+1])
	g.described(results[len(queries)+2])
	return nil
}

// nothing tells an org of which no answer can be used from one that denies some:
// what is wrong is then not a permission, and a report would say nothing.
func (g *gatherer) nothing(results []org.ReadResult, listErr error) error {
	if listErr == nil || g.retrieval.err == nil || slices.ContainsFunc(results, func(r org.ReadResult) bool { return r.Err == nil }) {
		return nil
	}
	return fmt.Errorf("nothing of the org could be read: %w", listErr)
}

func (g *gatherer) text(q query) string {
	return strings.ReplaceAll(q.soql, "{days}", strconv.Itoa(g.options.Days))
}

// answered takes the answer to a query, and asks again where an org does not know
// a column or does not aggregate as asked.
func (g *gatherer) answered(ctx context.Context, q query, r org.ReadResult) error {
	var missing []string
	for r.Err != nil {
		again, column := without(q, r.Err)
		if column == "" {
			break
		}
		missing = append(missing, column)
		q = again
		results, err := g.client.ReadAll(ctx, []org.Read{{Query: g.text(q), Tooling: q.tooling}})
		if err != nil {
			return err
		}
		if r = results[0]; fatal(ctx, r.Err) != nil {
			return r.Err
		}
	}
	var said *org.Error
	if errors.As(r.Err, &said) && q.fallback != "" && (said.Code == "MALFORMED_QUERY" || said.Code == "INVALID_FIELD") {
		return g.inWindows(ctx, q)
	}
	if errors.As(r.Err, &said) && strings.Contains(q.soql, "LoginHistory") && tooMany(said) {
		return g.inHalves(ctx, q)
	}
	if r.Err != nil {
		if q.source == migrate.SrcDevHub {
			g.read(q.source, nil) // no Dev Hub has no such object
			return nil
		}
		g.refused(q.source, r.Err)
		return nil
	}
	g.read(q.source, rowsOf(r.Rows))
	if len(missing) > 0 {
		s := g.states[q.source]
		s.Note = "the org does not have " + strings.Join(missing, ", ")
		g.states[q.source] = s
	}
	if q.source == migrate.SrcEventLog {
		g.foundEventLog()
	}
	if q.source == migrate.SrcDevHub && (len(r.Rows) == 0 || r.Rows[0].Int("n") == 0) {
		g.read(q.source, nil)
	}
	return nil
}

// without leaves out the column that an org says it does not have; column is ""
// if that is not what the error says, or if the column is needed.
func without(q query, err error) (next query, column string) {
	var said *org.Error
	if !errors.As(err, &said) || said.Code != "INVALID_FIELD" {
		return q, ""
	}
	for i, c := range q.optional {
		last := c[strings.LastIndexByte(c, '.')+1:]
		relation, _, _ := strings.Cut(c, ".")
		if !strings.Contains(said.Message, "'"+last+"'") && !strings.Contains(said.Message, "'"+relation+"'") {
			continue
		}
		head, rest, _ := strings.Cut(q.soql, " FROM ")
		columns := strings.Split(strings.TrimPrefix(head, "SELECT "), ", ")
		columns = slices.DeleteFunc(columns, func(s string) bool { return s == c })
		q.soql = "SELECT " + strings.Join(columns, ", ") + " FROM " + rest
		q.optional = slices.Delete(slices.Clone(q.optional), i, i+1)
		return q, c
	}
	return q, ""
}

// rowsOf flattens records: relationships become paths, nulls "".
func rowsOf(rows []org.Row) []migrate.Row {
	out := make([]migrate.Row, len(rows))
	for i, r := range rows {
		out[i] = migrate.Row{}
		flatten(out[i], "", r)
	}
	return out
}

func flatten(into migrate.Row, prefix string, r org.Row) {
	for name, v := range r {
		switch v := v.(type) {
		case map[string]any:
			if name != "attributes" {
				flatten(into, prefix+name+".", v)
			}
		default:
			if text := r.Text(name); text != "" {
				into[prefix+name] = text
			}
		}
	}
}

func (g *gatherer) list(listed []org.FileProperties, err error) {
	if err != nil {
		g.refused(migrate.SrcList, err)
		return
	}
	rows := make([]migrate.Row, len(listed))
	for i, f := range listed {
		rows[i] = migrate.Row{
			"type": f.Type, "fullName": f.FullName, "id": f.ID, "namespacePrefix": f.NamespacePrefix, "manageableState": f.ManageableState,
			"createdDate": instant(f.CreatedDate.Time), "lastModifiedDate": instant(f.LastModifiedDate.Time),
		}
	}
	slices.SortFunc(rows, func(a, b migrate.Row) int {
		return strings.Compare(a["type"]+"/"+a["fullName"], b["type"]+"/"+b["fullName"])
	})
	g.read(migrate.SrcList, rows)
}

// instant writes a time as evidence has it, "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000+0000")
}

// second is what the first round has told to ask for.
func (g *gatherer) second(ctx context.Context) error {
	work, wctx := errgroup.WithContext(ctx)
	work.Go(func() error { return g.readTokens(wctx) })
	var permissions, eventLog func()
	work.Go(func() (err error) {
		permissions, err = g.readPermissions(wctx)
		return err
	})
	work.Go(func() (err error) {
		eventLog, err = g.readEventLog(wctx)
		return err
	})
	work.Go(func() error { return g.endRetrieve(wctx) })
	if err := work.Wait(); err != nil {
		return err
	}
	permissions()
	eventLog()
	g.settings()
	return nil
}

// evidence puts everything together, in the order of the table of sources.
func (g *gatherer) evidence() *migrate.Evidence {
	now := g.options.Now.UTC().Truncate(time.Second)
	e := &migrate.Evidence{Tables: g.tables, Files: g.files}
	e.Org = migrate.Org{
		InstanceURL: g.client.InstanceURL(), APIVersion: g.client.Version().String(), User: g.client.Username(), ReadAt: &now, Days: g.options.Days,
		Findings: []migrate.FindingReport{}, Sources: []migrate.Source{},
	}
	for _, r := range g.tables[migrate.SrcOrganization] {
		e.Org.ID, e.Org.Name, e.Org.Edition = org.LongID(r["Id"]), r["Name"], r["OrganizationType"]
		e.Org.Type = string(org.KindOf(r["IsSandbox"] == "true", r["TrialExpirationDate"] != "", r["OrganizationType"], e.Org.InstanceURL))
	}
	if e.Org.ID == "" {
		e.Org.ID, e.Org.Type = g.client.OrgID(), string(org.KindOfHost(e.Org.InstanceURL))
	}
	if e.Org.Name == "" {
		e.Org.Name = strings.TrimPrefix(strings.TrimPrefix(e.Org.InstanceURL, "https://"), "http://")
	}
	for _, info := range migrate.SourceInfos {
		if s, ok := g.states[info.Name]; ok {
			e.Org.Sources = append(e.Org.Sources, s)
		}
	}
	return e
}

// third asks for what the metadata names: the users that apps run as.
func (g *gatherer) third(ctx context.Context) error {
	if g.states[migrate.SrcRetrieve].State != migrate.SourceOK {
		g.unread(migrate.SrcRunAs, migrate.SourceUnavailable, "which users apps run as is not known")
		return nil
	}
	names := g.runAsUsers()
	if len(names) == 0 {
		g.read(migrate.SrcRunAs, nil)
		return nil
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = org.Quote(n)
	}
	in := "(" + strings.Join(quoted, ", ") + ")"
	results, err := g.client.ReadAll(ctx, []org.Read{
		{Query: "SELECT Username, IsActive FROM User WHERE Username IN " + in},
		{Query: "SELECT Assignee.Username FROM PermissionSetAssignment WHERE PermissionSet.PermissionsModifyAllData = true AND Assignee.Username IN " + in},
		{Query: "SELECT Assignee.Username FROM PermissionSetAssignment WHERE PermissionSet.PermissionsApiUserOnly = true AND Assignee.Username IN " + in},
	})
	if err != nil {
		return err
	}
	if results[0].Err != nil {
		g.refused(migrate.SrcRunAs, results[0].Err)
		return nil
	}
	rows := rowsOf(results[0].Rows)
	for i, field := range []string{"admin", "apiOnly"} {
		held := results[i+1]
		for _, row := range rows {
			if held.Err == nil {
				row[field] = strconv.FormatBool(slices.ContainsFunc(held.Rows, func(r org.Row) bool { return strings.EqualFold(r.Text("Assignee.Username"), row["Username"]) }))
			}
		}
	}
	g.read(migrate.SrcRunAs, rows)
	return nil
}

// runAsUsers are the users that apps name, each once.
func (g *gatherer) runAsUsers() []string {
	var names []string
	for _, c := range metadata.Schema().ReadFiles("", g.files).Components {
		for _, path := range []string{"oauthConfig.oauthClientCredentialUser", "pluginExecutionUser", "clientCredentialsFlowUser", "executeHandlerAs"} {
			if text, _ := c.Text(path); strings.Contains(text, "@") && !slices.Contains(names, text) {
				names = append(names, text)
			}
		}
	}
	slices.Sort(names)
	return names
}
