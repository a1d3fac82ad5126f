package gather_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/orgtest/planted"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/gather"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// small is an org with every trait and every trap, and few logins.
var small = planted.Size{Apps: 60, Vendors: 12, ECAs: 8, Logins: 6_000, Tokens: 4_000}

func start(t testing.TB, size planted.Size, configure func(*orgtest.Config)) *planted.Org {
	t.Helper()
	o, err := planted.New(size, now, configure)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() }) // a test has read what it needs
	return o
}

func client(t testing.TB, o *orgtest.Org) *org.Client {
	t.Helper()
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token()), Username: o.Username()}, Now: func() time.Time { return now },
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func evidence(t testing.TB, o *orgtest.Org) *migrate.Evidence {
	t.Helper()
	e, err := gather.Gather(t.Context(), client(t, o), gather.Options{Days: 90, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func audit(e *migrate.Evidence) *migrate.Report {
	return migrate.Audit(migrate.FromEvidence(e), migrate.Options{Version: "test", Now: now})
}

func rulesOf(a migrate.AppReport) []string {
	var ids []string
	for _, f := range a.Findings {
		if !slices.Contains(ids, f.Rule) {
			ids = append(ids, f.Rule)
		}
	}
	slices.Sort(ids)
	return ids
}

// The audit finds what was planted, and nothing else: every rule of every app, its
// verdict and its route, each token once, and each login of the window.
func TestPlanted(t *testing.T) {
	size := planted.Full
	if testing.Short() || raced {
		size = small
	}
	o := start(t, size, nil)
	e := evidence(t, o.Org)
	for _, s := range e.Org.Sources {
		if s.State != migrate.SourceOK && s.Name != migrate.SrcEventLog {
			t.Errorf("%s is %s: %s", s.Name, s.State, s.Note)
		}
	}
	if len(e.Org.Sources) != len(migrate.SourceInfos) {
		t.Errorf("%d sources of %d", len(e.Org.Sources), len(migrate.SourceInfos))
	}
	if got := len(e.Tables[migrate.SrcTokens]); got != size.Tokens {
		t.Errorf("%d tokens were read of %d", got, size.Tokens)
	}
	checkPlanted(t, o, audit(e))
}

func checkPlanted(t *testing.T, o *planted.Org, r *migrate.Report) {
	t.Helper()
	got := map[string]migrate.AppReport{}
	for _, a := range r.Apps {
		got[a.Kind+" "+a.Name] = a
	}
	if len(r.Apps) != len(o.Apps) {
		t.Errorf("%d apps were planted, and %d found", len(o.Apps), len(r.Apps))
	}
	logins := map[string]int{}
	for _, a := range o.Apps {
		logins[a.Label] += a.Logins
	}
	for _, want := range o.Apps {
		a, ok := got[want.Kind+" "+want.Name]
		if !ok {
			t.Errorf("%s %s was not found", want.Kind, want.Name)
			continue
		}
		delete(got, want.Kind+" "+want.Name)
		if ids := rulesOf(a); !slices.Equal(ids, want.Rules) {
			t.Errorf("%s: found %v, planted %v", want.Name, ids, want.Rules)
		}
		if string(a.Verdict) != want.Verdict || string(a.Route) != want.Route {
			t.Errorf("%s: is %s, %s and not %s, %s: %s", want.Name, a.Verdict, a.Route, want.Verdict, want.Route, a.Why)
		}
		if want.Kind == migrate.KindConnectedApp && (a.Activity == nil || a.Activity.Tokens != want.Tokens || a.Activity.Logins != logins[want.Label]) {
			t.Errorf("%s: %+v, and it has %d tokens and %d logins", want.Name, a.Activity, want.Tokens, logins[want.Label])
		}
	}
	for name := range got {
		t.Errorf("%s is in no org", name)
	}
}

// At most 15 calls and five round trips for 500 apps and 2,500 tokens; only more
// tokens make more calls.
func TestCalls(t *testing.T) {
	for _, tt := range []struct {
		size planted.Size
		most int
	}{
		{planted.Size{Apps: 500, Vendors: 40, ECAs: 30, Logins: 3000, Tokens: 2500}, 15},
		{planted.Size{Apps: 40, Vendors: 4, ECAs: 3, Logins: 300, Tokens: 100}, 15},
		{planted.Size{Apps: 500, Vendors: 40, ECAs: 30, Logins: 3000, Tokens: 12_000}, 24},
	} {
		if raced && tt.size.Tokens > small.Tokens {
			continue
		}
		o := start(t, tt.size, nil)
		o.ForgetRequests()
		evidence(t, o.Org)
		if got := len(o.Requests()); got > tt.most {
			var list strings.Builder
			for _, r := range o.Requests() {
				fmt.Fprintf(&list, "%s %s %s\n", r.Method, r.Path, r.Op)
			}
			t.Errorf("%+v: %d calls, and at most %d are allowed\n%s", tt.size, got, tt.most, list.String())
		} else {
			t.Logf("%+v: %d calls", tt.size, got)
		}
	}
}

// trips counts how many answers wait for each other: a request that begins after
// an answer has come is one deeper than that answer's.
type trips struct {
	mu      sync.Mutex
	deepest int // of the answers that have come
}

func (r *trips) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	depth := r.deepest + 1
	r.mu.Unlock()
	resp, err := http.DefaultTransport.RoundTrip(req)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deepest = max(r.deepest, depth)
	return resp, err
}

// At most five round trips wait for each other. The org takes a moment for every
// answer, so that requests that are sent side by side begin before one is over.
func TestRoundTrips(t *testing.T) {
	o := start(t, planted.Size{Apps: 30, Vendors: 4, ECAs: 3, Logins: 300, Tokens: 2500}, func(c *orgtest.Config) { c.Latency = 200 * time.Millisecond })
	var count trips
	c, err := org.New(org.Config{Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, HTTP: &http.Client{Transport: &count}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gather.Gather(t.Context(), c, gather.Options{Days: 90, Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d round trips", count.deepest)
	if count.deepest > 5 || count.deepest < 2 {
		t.Errorf("%d round trips wait for each other, and at most five are allowed", count.deepest)
	}
}

// What is denied is unknown, and nothing else changes: an app loses findings only
// of rules that need the source, and gains none.
func TestDenied(t *testing.T) {
	whole := audit(evidence(t, start(t, small, nil).Org))
	objects := map[string][]string{
		migrate.SrcConnected: {migrate.SrcConnected}, migrate.SrcApps: {migrate.SrcApps}, migrate.SrcPolicies: {migrate.SrcPolicies}, migrate.SrcTokens: {migrate.SrcTokens},
		"LoginHistory":            {migrate.SrcLogins, migrate.SrcLoginUsers, migrate.SrcLoginURLs, migrate.SrcSOAPLogins},
		migrate.SrcGrants:         {migrate.SrcGrants, migrate.SrcAssignments},
		migrate.SrcMenu:           {migrate.SrcMenu},
		"PermissionSetAssignment": {migrate.SrcAssignments, migrate.SrcHolders}, migrate.SrcProvisioning: {migrate.SrcProvisioning},
		migrate.SrcCustomScopes: {migrate.SrcCustomScopes}, migrate.SrcExchange: {migrate.SrcExchange}, migrate.SrcPackages: {migrate.SrcPackages},
		migrate.SrcCertificates: {migrate.SrcCertificates}, migrate.SrcOrganization: {migrate.SrcOrganization}, migrate.SrcRunAs: {migrate.SrcRunAs},
		migrate.SrcCaller: {migrate.SrcCaller}, "listMetadata": {migrate.SrcList}, "retrieve": {migrate.SrcRetrieve, migrate.SrcSettings},
	}
	for object, sources := range objects {
		t.Run(object, func(t *testing.T) {
			o := start(t, small, func(c *orgtest.Config) { c.Faults = []orgtest.Fault{{Kind: "denied", Op: object}} })
			e := evidence(t, o.Org)
			for _, s := range e.Org.Sources {
				if slices.Contains(sources, s.Name) != (s.State == migrate.SourceDenied || s.State == migrate.SourceUnavailable) && s.Name != migrate.SrcEventLog && s.State != migrate.SourceTruncated && !(object == "retrieve" && s.Name == migrate.SrcRunAs) {
					t.Errorf("%s is %s: %s", s.Name, s.State, s.Note)
				}
				if s.State == migrate.SourceDenied && s.Note == "" {
					t.Errorf("%s does not say what it leaves open", s.Name)
				}
			}
			compare(t, whole, audit(e), sources)
		})
	}
}

// compare checks that a report differs from the whole one only in what some
// sources decide.
func compare(t *testing.T, whole, part *migrate.Report, sources []string) {
	t.Helper()
	got := map[string]migrate.AppReport{}
	for _, a := range part.Apps {
		got[a.Kind+" "+a.Name] = a
	}
	byFile := slices.Contains(sources, migrate.SrcRetrieve)
	for _, want := range whole.Apps {
		a, ok := got[want.Kind+" "+want.Name]
		if !ok {
			continue // nothing else tells of it: which sources those are is checked by the sizes
		}
		for _, id := range rulesOf(a) {
			if !slices.Contains(rulesOf(want), id) {
				t.Errorf("%s: %s is found only without %v", want.Name, id, sources)
			}
		}
		for _, id := range rulesOf(want) {
			r := migrate.FindRule(id)
			needed := byFile && !slices.Contains(rulesOf(a), id) || slices.ContainsFunc(r.Needs, func(n string) bool { return slices.Contains(sources, n) })
			if !slices.Contains(rulesOf(a), id) && !needed && !joined(sources, id) {
				t.Errorf("%s: %s is lost without %v", want.Name, id, sources)
			}
			if !slices.Contains(rulesOf(a), id) && len(a.Unknown) == 0 {
				t.Errorf("%s: %s is lost without %v, and nothing is unknown", want.Name, id, sources)
			}
		}
		if a.Verdict != want.Verdict && a.Verdict != migrate.VerdictUnknown {
			t.Errorf("%s: is %s instead of %s without %v", want.Name, a.Verdict, want.Verdict, sources)
		}
	}
}

// joined tells rules that lose what they found with the source that brings it to
// the app: they need it for that, and say so by a verdict or question of their own.
func joined(sources []string, rule string) bool {
	for source, rules := range map[string][]string{
		migrate.SrcConnected: {"CA-SEC-001", "CA-SEC-003", "CA-USE-001", "CA-OWN-003", "CA-ELIG-001", "CA-ELIG-002"},
		migrate.SrcGrants:    {"CA-SEC-002", "CA-SEC-003"}, migrate.SrcAssignments: {"CA-SEC-003"}, migrate.SrcMenu: {"CA-ELIG-001"},
		migrate.SrcLogins: {"CA-FLOW-003", "CA-FLOW-006", "CA-FLOW-008"}, migrate.SrcLoginURLs: {"CA-FLOW-006"}, migrate.SrcTokens: {"CA-FLOW-005", "CA-FLOW-008"},
		migrate.SrcRunAs: {"CA-SEC-024", "CA-USE-004"}, migrate.SrcList: {"CA-OWN-003", "CA-ELIG-002", "CA-USE-003"},
	} {
		if slices.Contains(sources, source) && slices.Contains(rules, rule) {
			return true
		}
	}
	return false
}

// The evidence does not grow with logins, and the whole of it stays small.
func TestMemory(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("a large org")
	}
	heap := func(logins int) uint64 {
		o := start(t, planted.Size{Apps: 100, Vendors: 10, ECAs: 5, Logins: logins, Tokens: 500}, nil)
		e := evidence(t, o.Org)
		_ = o.Close()
		n := 0
		for _, rows := range e.Tables {
			n += len(rows)
		}
		runtime.KeepAlive(e)
		return uint64(n)
	}
	if few, many := heap(4_000), heap(40_000); few != many {
		t.Errorf("%d rows of evidence with few logins, %d with many", few, many)
	}
}
