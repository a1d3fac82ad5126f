package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/fleet"
	"github.com/ecactl/ecactl/templates"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const whole = `concurrency: 4
orgs:
  - prod
  - alias: uat
    group: sandboxes
    ignore:
      - {rule: CA-SEC-001, app: Order_*, reason: an internal app, expires: 2027-01-31}
  - {alias: ci, instanceUrl: "https://acme--ci.sandbox.my.salesforce.com", username: ci@example.com, clientId: 3MVG9, keyFile: certs/ci.key}
  - {alias: job, instanceUrl: "https://acme.my.salesforce.com", clientId: 3MVG9, clientSecretEnv: JOB_SECRET}
`

func TestRead(t *testing.T) {
	f, problems := fleet.Read("fleet.yaml", []byte(whole), now)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if f.Concurrency != 4 || len(f.Orgs) != 4 {
		t.Fatalf("%+v", f)
	}
	var aliases []string
	for _, m := range f.Orgs {
		aliases = append(aliases, m.Alias)
	}
	if !slices.Equal(aliases, []string{"prod", "uat", "ci", "job"}) {
		t.Errorf("orgs %v", aliases)
	}
	if uat := f.Orgs[1]; uat.Group != "sandboxes" || len(uat.Ignore) != 1 || uat.Ignore[0].App != "Order_*" || uat.LogsIn() {
		t.Errorf("%+v", uat)
	}
	if ci := f.Orgs[2]; ci.KeyFile != "certs/ci.key" || !ci.LogsIn() {
		t.Errorf("%+v", ci)
	}
}

func TestReadProblems(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":           {"", "f.yaml"},
		"no orgs":         {"concurrency: 3\n", "f.yaml:1:1: the fleet has no orgs (ECA621)"},
		"not a list":      {"orgs: uat\n", "f.yaml:1:7: orgs has to be a list (ECA621)"},
		"unknown key":     {"orgs: [uat]\nconcurency: 3\n", `f.yaml:2:1: unknown key "concurency" (ECA621)`},
		"unknown of org":  {"orgs:\n  - {alias: a, urll: x}\n", `f.yaml:2:16: unknown key "urll" (ECA621)`},
		"no alias":        {"orgs:\n  - {group: a}\n", "f.yaml:2:5: the org has no alias; reports call it by that (ECA621)"},
		"twice":           {"orgs:\n  - uat\n  - {alias: UAT}\n", "f.yaml:3:5: the org UAT is there twice, first at f.yaml:2:5 (ECA621)"},
		"too many":        {"concurrency: 1000\norgs: [a]\n", "f.yaml:1:14: concurrency has to be a number from 1 to 100 (ECA621)"},
		"a secret":        {"orgs:\n  - {alias: a, clientSecret: x}\n", "f.yaml:2:16: a fleet holds no secret (ECA621)"},
		"half a JWT":      {"orgs:\n  - {alias: a, keyFile: k, clientId: c}\n", "f.yaml:2:5: a login by JWT needs username, clientId and keyFile (ECA621)"},
		"half a client":   {"orgs:\n  - {alias: a, clientSecretEnv: E, clientId: c}\n", "f.yaml:2:5: a login by client credentials needs instanceUrl, clientId and clientSecretEnv (ECA621)"},
		"neither":         {"orgs:\n  - {alias: a, clientId: c}\n", "f.yaml:2:5: clientId needs keyFile (JWT) or clientSecretEnv (client credentials) (ECA621)"},
		"a list":          {"orgs:\n  - [a]\n", "f.yaml:2:5: an org has to be an alias, or a mapping with one (ECA621)"},
		"a nested value":  {"orgs:\n  - {alias: {a: b}}\n", "f.yaml:2:13: alias has to be a text (ECA621)"},
		"ignore, no why":  {"orgs:\n  - alias: a\n    ignore:\n      - {rule: CA-SEC-001}\n", "f.yaml:4:9: an ignore without a reason (ECA613)"},
		"ignore, no rule": {"orgs:\n  - alias: a\n    ignore:\n      - {rule: CA-SEC-999, reason: x}\n", "f.yaml:4:16: there is no rule CA-SEC-999 (ECA612)"},
		"not YAML":        {"orgs: [a\n", "f.yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems := fleet.Read("f.yaml", []byte(tt.in), now)
			if len(problems) == 0 || !strings.HasPrefix(problems[0].Error(), tt.want) {
				t.Errorf("got %v, want %s", problems, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("orgs:\n  - {alias: a, ignore: [{rule: x}]}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		read, problems := fleet.Read("f.yaml", src, now)
		if problems.Err() == nil && (read == nil || len(read.Orgs) == 0) {
			t.Error("neither orgs nor a problem")
		}
		for _, p := range problems {
			if p.File == "" {
				t.Errorf("a problem without a place: %v", p)
			}
		}
	})
}

// Every org is in one shard, and shards differ by one org at most.
func TestShards(t *testing.T) {
	for n := range 23 {
		members := make([]fleet.Member, n)
		for i := range members {
			members[i].Alias = fmt.Sprint(i)
		}
		for of := 1; of <= 9; of++ {
			seen, least, most := map[string]int{}, n, 0
			for i := 1; i <= of; i++ {
				own := fleet.Shard(members, i, of)
				least, most = min(least, len(own)), max(most, len(own))
				for _, m := range own {
					seen[m.Alias]++
				}
			}
			if len(seen) != n || most-least > 1 {
				t.Errorf("%d orgs in %d shards: %v, %d to %d", n, of, seen, least, most)
			}
		}
	}
	for in, ok := range map[string]bool{"1/1": true, "3/8": true, "8/8": true, "0/8": false, "9/8": false, "/8": false, "3": false, "a/b": false, "-1/2": false, "1/0": false} {
		if _, _, err := fleet.ParseShard(in); (err == nil) != ok {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// started are orgs of the sample, by alias.
func started(t *testing.T, aliases ...string) map[string]*orgtest.Org {
	t.Helper()
	seed := t.TempDir()
	if err := os.CopyFS(seed, templates.Sample()); err != nil {
		t.Fatal(err)
	}
	orgs := map[string]*orgtest.Org{}
	for i, alias := range aliases {
		orgs[alias] = orgtest.New(t, orgtest.Config{Seed: []string{seed}, Now: func() time.Time { return now }, OrgNumber: i + 1})
	}
	return orgs
}

// One org's failure costs the report one line; no more orgs than allowed are read
// at a time; an ignore of one org is no other's.
func TestAudit(t *testing.T) {
	orgs := started(t, "a", "b", "c", "d", "e", "f")
	var members []fleet.Member
	for _, alias := range []string{"f", "e", "d", "gone", "c", "b", "a"} {
		members = append(members, fleet.Member{Alias: alias, Group: map[bool]string{true: "first"}[alias < "c"]})
	}
	members[6].Ignore = []migrate.Ignore{{Rule: "CA-SEC-*", Reason: "looked at"}}
	var at, most atomic.Int32
	told := 0
	r, err := fleet.Audit(t.Context(), members, fleet.Options{
		Concurrency: 2, Days: 90, Audit: migrate.Options{Version: "test", Now: now},
		Connect: func(_ context.Context, m fleet.Member) (*org.Client, error) {
			if n := at.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer at.Add(-1)
			time.Sleep(5 * time.Millisecond)
			o := orgs[m.Alias]
			if o == nil {
				return nil, errors.New("no such\nhost")
			}
			return org.New(org.Config{Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}})
		},
		Done: func(fleet.Member, *migrate.Report, error) { told++ }, // one at a time: the race detector sees it otherwise
	})
	if err != nil {
		t.Fatal(err)
	}
	if most.Load() > 2 || told != len(members) {
		t.Errorf("%d at a time, told of %d", most.Load(), told)
	}
	if failed := fleet.Failed(r); !slices.Equal(failed, []string{"gone"}) {
		t.Errorf("failed: %v", failed)
	}
	var titles []string
	suppressed := map[string]int{}
	byID := map[string]string{}
	for _, o := range r.Orgs {
		titles = append(titles, o.Title())
		byID[o.ID] = o.Title()
		if o.Title() == "gone" && o.Error != "no such host" {
			t.Errorf("gone: %q", o.Error)
		}
	}
	if !slices.Equal(titles, []string{"c", "d", "e", "f", "gone", "a", "b"}) {
		t.Errorf("orgs in the order %v", titles)
	}
	for _, a := range r.Apps {
		for _, f := range a.Findings {
			if f.Suppressed != nil {
				suppressed[byID[a.Org]]++
			}
		}
	}
	if len(suppressed) != 1 || suppressed["a"] == 0 {
		t.Errorf("suppressed findings: %v", suppressed)
	}
	for _, m := range r.Matrix() {
		n := 0
		for i, c := range m.Cells {
			if c != nil {
				n++
				if c.Org != r.Orgs[i].ID {
					t.Errorf("%s: a cell of %s is under %s", m.Name, c.Org, r.Orgs[i].ID)
				}
			}
		}
		if n != 6 {
			t.Errorf("%s is in %d orgs", m.Name, n)
		}
	}
}

// Shards merged are the fleet, and in any order.
func TestMergedShards(t *testing.T) {
	orgs := started(t, "a", "b", "c", "d", "e")
	var members []fleet.Member
	for _, alias := range []string{"a", "b", "c", "d", "e", "gone"} {
		members = append(members, fleet.Member{Alias: alias})
	}
	audit := func(members []fleet.Member) *migrate.Report {
		r, err := fleet.Audit(t.Context(), members, fleet.Options{
			Concurrency: 3, Days: 90, Audit: migrate.Options{Version: "test", Now: now},
			Connect: func(_ context.Context, m fleet.Member) (*org.Client, error) {
				if o := orgs[m.Alias]; o != nil {
					return org.New(org.Config{Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}})
				}
				return nil, errors.New("no such host")
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	all := audit(members)
	one, two := audit(fleet.Shard(members, 1, 2)), audit(fleet.Shard(members, 2, 2))
	for _, merged := range []*migrate.Report{migrate.Merge([]*migrate.Report{one, two}), migrate.Merge([]*migrate.Report{two, one, two})} {
		if got, want := summary(merged), summary(all); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func summary(r *migrate.Report) string {
	var out strings.Builder
	fmt.Fprintln(&out, r.Summary, len(r.Deadlines))
	for _, o := range r.Orgs {
		fmt.Fprintln(&out, o.ID, o.Alias, o.Error)
	}
	for _, a := range r.Apps {
		fmt.Fprintln(&out, a.Org, a.Kind, a.Name, a.Verdict, len(a.Findings))
	}
	return out.String()
}

// A fleet that is interrupted ends with that, and not with a report of failures.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := fleet.Audit(ctx, []fleet.Member{{Alias: "a"}, {Alias: "b"}}, fleet.Options{
		Concurrency: 1, Connect: func(ctx context.Context, _ fleet.Member) (*org.Client, error) {
			cancel()
			return nil, ctx.Err()
		},
	})
	if !errors.Is(err, context.Canceled) || r != nil {
		t.Errorf("%v, a report: %t", err, r != nil)
	}
}
