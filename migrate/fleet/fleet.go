// Package fleet audits many orgs: a few at a time, each for itself, so that what
// one org refuses costs the report one line.
package fleet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/gather"
)

// DefaultConcurrency is how many orgs are read at a time.
const DefaultConcurrency = 8

// A Fleet is a list of orgs.
type Fleet struct {
	Orgs        []Member
	Concurrency int
}

// A Member is one org of a fleet: a login that is there already, by its alias, or
// one by JWT or client credentials.
type Member struct {
	Alias string
	Group string

	InstanceURL     string
	Username        string
	ClientID        string
	KeyFile         string // of JWT
	ClientSecretEnv string // the variable that holds the consumer secret

	Ignore []migrate.Ignore
}

// LogsIn tells whether a member says how to log in, and is no login that is there.
func (m *Member) LogsIn() bool { return m.ClientID != "" }

// Read reads a fleet's file.
func Read(file string, src []byte, now time.Time) (*Fleet, diag.Problems) {
	root, problems := spec.ReadTree(file, src)
	if root == nil {
		return nil, problems
	}
	r := &reader{now: now, fleet: &Fleet{Concurrency: DefaultConcurrency}}
	for _, e := range root.Keys {
		switch e.Key {
		case "concurrency":
			n, err := strconv.Atoi(e.Value.Text)
			if err != nil || n < 1 || n > 100 {
				r.fail(e.Value.Pos, "", "concurrency has to be a number from 1 to 100")
				continue
			}
			r.fleet.Concurrency = n
		case "orgs":
			r.orgs(e.Value)
		default:
			r.unknown(e, []string{"orgs", "concurrency"})
		}
	}
	if len(r.fleet.Orgs) == 0 && len(r.problems) == 0 {
		r.fail(root.Pos, "orgs:\n  - alias: uat", "the fleet has no orgs")
	}
	return r.fleet, r.problems.Sort()
}

type reader struct {
	now      time.Time
	fleet    *Fleet
	problems diag.Problems
}

func (r *reader) fail(at diag.Pos, hint, format string, args ...any) {
	r.problems = append(r.problems, &diag.Problem{Pos: at, Code: "ECA621", Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *reader) unknown(e spec.TreeEntry, known []string) {
	hint := diag.DidYouMean(e.Key, known)
	if hint == "" {
		hint = "it may be " + strings.Join(known, ", ")
	}
	r.fail(e.Pos, hint, "unknown key %q", e.Key)
}

func (r *reader) orgs(t *spec.Tree) {
	if t.Items == nil {
		r.fail(t.Pos, "orgs:\n  - alias: uat", "orgs has to be a list")
		return
	}
	seen := map[string]diag.Pos{}
	for _, item := range t.Items {
		m, ok := r.member(item)
		if !ok {
			continue
		}
		k := strings.ToLower(m.Alias)
		if other, twice := seen[k]; twice {
			r.fail(item.Pos, "", "the org %s is there twice, first at %s", m.Alias, other)
			continue
		}
		seen[k] = item.Pos
		r.fleet.Orgs = append(r.fleet.Orgs, m)
	}
}

func (r *reader) member(t *spec.Tree) (m Member, ok bool) {
	if t.Keys == nil {
		if t.Text != "" {
			return Member{Alias: t.Text}, true // a list of aliases is a fleet too
		}
		r.fail(t.Pos, "- alias: uat", "an org has to be an alias, or a mapping with one")
		return m, false
	}
	before := len(r.problems)
	texts := map[string]*string{
		"alias": &m.Alias, "group": &m.Group, "instanceUrl": &m.InstanceURL, "username": &m.Username, "clientId": &m.ClientID, "keyFile": &m.KeyFile,
		"clientSecretEnv": &m.ClientSecretEnv,
	}
	known := []string{"alias", "group", "instanceUrl", "username", "clientId", "keyFile", "clientSecretEnv", "ignore"}
	for _, e := range t.Keys {
		into := texts[e.Key]
		switch {
		case e.Key == "ignore":
			ignores, problems := migrate.ReadIgnores(e.Value, r.now)
			m.Ignore, r.problems = ignores, append(r.problems, problems...)
		case slices.Contains([]string{"clientSecret", "password", "token"}, e.Key):
			r.fail(e.Pos, "name a variable of the environment:  clientSecretEnv: UAT_SECRET", "a fleet holds no secret")
		case into == nil:
			r.unknown(e, known)
		case e.Value.Keys != nil || e.Value.Items != nil:
			r.fail(e.Value.Pos, "", "%s has to be a text", e.Key)
		default:
			*into = e.Value.Text
		}
	}
	switch {
	case len(r.problems) > before && r.problems[before:].Err() != nil:
		return m, false
	case m.Alias == "":
		r.fail(t.Pos, "- alias: uat", "the org has no alias; reports call it by that")
	case m.KeyFile != "" && (m.Username == "" || m.ClientID == ""):
		r.fail(t.Pos, "", "a login by JWT needs username, clientId and keyFile")
	case m.ClientSecretEnv != "" && (m.InstanceURL == "" || m.ClientID == ""):
		r.fail(t.Pos, "", "a login by client credentials needs instanceUrl, clientId and clientSecretEnv")
	case m.ClientID != "" && m.KeyFile == "" && m.ClientSecretEnv == "":
		r.fail(t.Pos, "", "clientId needs keyFile (JWT) or clientSecretEnv (client credentials)")
	default:
		return m, true
	}
	return m, false
}

// ParseShard reads "3/8".
func ParseShard(s string) (i, n int, err error) {
	a, b, ok := strings.Cut(s, "/")
	i, errI := strconv.Atoi(a)
	n, errN := strconv.Atoi(b)
	if !ok || errI != nil || errN != nil || i < 1 || n < 1 || i > n {
		return 0, 0, &diag.Problem{Code: "ECA622", Message: fmt.Sprintf("%q is no shard", s), Hint: "--shard 3/8 is the third of eight"}
	}
	return i, n, nil
}

// Shard is the i-th of n parts of a fleet, counted from 1. The parts differ by at
// most one org, and each org is in one of them.
func Shard(members []Member, i, n int) []Member {
	var own []Member
	for at, m := range members {
		if at%n == i-1 {
			own = append(own, m)
		}
	}
	return own
}

// Options say how a fleet is audited.
type Options struct {
	Connect     func(context.Context, Member) (*org.Client, error)
	Concurrency int
	Days        int
	Audit       migrate.Options
	Save        func(Member, *migrate.Evidence) error // nil saves nothing
	Done        func(Member, *migrate.Report, error)  // is told of every org, one at a time
}

// Audit audits every member. An org that cannot be read is an org of the report
// with an error. The error that is returned is that of ctx.
func Audit(ctx context.Context, members []Member, o Options) (*migrate.Report, error) {
	reports := make([]*migrate.Report, len(members))
	var g errgroup.Group
	g.SetLimit(max(1, o.Concurrency))
	turn := make(chan struct{}, 1) // Done is told one at a time
	for i, m := range members {
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			r, err := one(ctx, m, o)
			if err != nil {
				r = failedReport(m, err, o)
			}
			reports[i] = r
			if o.Done != nil && ctx.Err() == nil {
				turn <- struct{}{}
				o.Done(m, r, err)
				<-turn
			}
			return nil
		})
	}
	_ = g.Wait() // one reports its own errors
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	return migrate.Merge(reports), nil
}

func one(ctx context.Context, m Member, o Options) (*migrate.Report, error) {
	client, err := o.Connect(ctx, m)
	if err != nil {
		return nil, err
	}
	e, err := gather.Gather(ctx, client, gather.Options{Days: o.Days, Now: o.Audit.Now})
	if err != nil {
		return nil, err
	}
	e.Org.Alias, e.Org.Group = m.Alias, m.Group
	if o.Save != nil {
		if err := o.Save(m, e); err != nil {
			return nil, err
		}
	}
	options := o.Audit
	options.Policy.Ignore = slices.Concat(options.Policy.Ignore, m.Ignore)
	return migrate.Audit(migrate.FromEvidence(e), options), nil
}

// failedReport is the report of an org that could not be read.
func failedReport(m Member, err error, o Options) *migrate.Report {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return &migrate.Report{
		SchemaVersion: 1, Tool: migrate.Tool{Name: "ecactl", Version: o.Audit.Version, Rules: migrate.RulesVersion}, GeneratedAt: o.Audit.Now.UTC().Truncate(time.Second),
		Orgs: []migrate.Org{{
			Name: m.Alias, Alias: m.Alias, Group: m.Group, InstanceURL: m.InstanceURL, Type: "unknown", Error: text,
			Sources: []migrate.Source{}, Findings: []migrate.FindingReport{},
		}},
		Apps: []migrate.AppReport{},
	}
}

// Failed lists the orgs that could not be read.
func Failed(r *migrate.Report) []string {
	var list []string
	for _, o := range r.Orgs {
		if o.Error != "" {
			list = append(list, o.Title())
		}
	}
	return list
}
