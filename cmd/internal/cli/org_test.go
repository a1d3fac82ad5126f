package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecactl/ecactl/cmd/internal/cli"
	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// A terminal is one user at an emulated org: a folder, an environment, and the
// program.
type terminal struct {
	t   *testing.T
	org *orgtest.Org
	dir string
	env map[string]string
}

const orderSync = `apiVersion: ecactl/v1
kind: ExternalClientApp
name: Order_Sync
label: Order Sync
contact: {email: admin@example.com}
oauth:
  callbackUrls: [https://erp.example.com/cb]
  scopes: [api, refresh_token]
policies: {enabled: true, permittedUsers: admin-approved, permissionSets: [Orders], refreshToken: until-revoked}
`

func newTerminal(t *testing.T, cfg orgtest.Config) *terminal {
	t.Helper()
	o := orgtest.New(t, cfg)
	dir := t.TempDir()
	w := &terminal{t, o, dir, map[string]string{
		"SF_ORG_INSTANCE_URL": o.URL(), "SF_ACCESS_TOKEN": o.Token(), "HOME": dir, "ECACTL_CONFIG_DIR": filepath.Join(dir, "config"), "ECACTL_KEYRING": "off",
	}}
	w.write("app.yaml", orderSync)
	return w
}

// hurried sleeps a hundredth of what it should, so that retries take no minutes.
func hurried(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d / 100):
		return nil
	}
}

func (w *terminal) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *terminal) write(name, text string) string {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.path(name)
}

func (w *terminal) host() cli.Host {
	return cli.Host{
		LookupEnv: func(name string) (string, bool) { v, ok := w.env[name]; return v, ok },
		Now:       time.Now,
		Sleep:     hurried,
	}
}

// run runs the program and returns its exit code and what it printed.
func (w *terminal) run(args ...string) (code int, out, errOut string) {
	return w.runIn(context.Background(), args...)
}

// must runs the program for a command that has to end with a code.
func (w *terminal) must(want int, args ...string) (out, errOut string) {
	w.t.Helper()
	code, out, errOut := w.run(args...)
	if code != want {
		w.t.Fatalf("ecactl %v: exit %d, wanted %d\n%s\n%s", args, code, want, out, errOut)
	}
	return out, errOut
}

// A second plan after a deploy is empty, and what is retrieved becomes the spec
// again.
func TestPlanDeployPlan(t *testing.T) {
	w := newTerminal(t, orgtest.Config{PendingPolls: 1})
	spec := w.path("app.yaml")
	w.must(2, "plan", spec, "--detailed-exitcode", "--out", w.path("plan.json"))
	w.must(0, "deploy", "--plan", w.path("plan.json"))
	out, _ := w.must(0, "plan", spec, "--detailed-exitcode")
	if !strings.Contains(out, "No changes") {
		t.Errorf("the second plan:\n%s", out)
	}
	if out, errOut := w.must(1, "deploy", "--plan", w.path("plan.json")); !strings.Contains(errOut, "the org has changed since the plan was made (ECA513)") {
		t.Errorf("a plan that is old: %s%s", out, errOut)
	}
	if out, _ := w.must(0, "deploy", spec); !strings.Contains(out, "Nothing to deploy") {
		t.Errorf("a deploy without changes:\n%s", out)
	}
	if n := w.org.Deploys(); n != 1 {
		t.Errorf("the org has had %d deploys", n)
	}
	w.must(0, "import", "--target-org", "", "--dir", w.path("specs"))
	w.must(0, "plan", w.path("specs"), "--detailed-exitcode")
}

// A saved plan is readable by its owner alone, and holds no secret.
func TestSavedPlan(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "plan", w.path("app.yaml"), "--out", w.path("plan.json"))
	info, err := os.Stat(w.path("plan.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the plan has the mode %v, %v", info.Mode(), err)
	}
	other := newTerminal(t, orgtest.Config{OrgNumber: 2})
	other.org.ForgetRequests()
	if err := os.WriteFile(other.path("plan.json"), must(os.ReadFile(w.path("plan.json"))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut := other.must(1, "deploy", "--plan", other.path("plan.json")); !strings.Contains(errOut, "ECA512") {
		t.Errorf("a plan for another org: %s", errOut)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A deploy asks twice before the first status answer: what the org has, all of it
// side by side, and then for the deploy; whether the app is new, or there, or in a
// saved plan.
func TestCriticalPath(t *testing.T) {
	const latency = 500 * time.Millisecond // what is asked within it has waited for no answer
	changed := strings.Replace(orderSync, "refreshToken: until-revoked", "refreshToken: {inactivity: 30d}", 1)
	if changed == orderSync {
		t.Fatal("nothing is changed")
	}
	for name, args := range map[string]func(w *terminal) []string{
		"a new app": func(w *terminal) []string { return []string{"deploy", w.write("new.yaml", orderSync)} },
		"a change": func(w *terminal) []string {
			w.must(0, "deploy", w.write("old.yaml", orderSync))
			return []string{"deploy", w.write("new.yaml", changed)}
		},
		"a saved plan": func(w *terminal) []string {
			w.must(0, "deploy", w.write("old.yaml", orderSync))
			w.must(0, "plan", w.write("new.yaml", changed), "--out", w.path("plan.json"))
			return []string{"deploy", "--plan", w.path("plan.json")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var rounds [][]string
			var began time.Time
			w := newTerminal(t, orgtest.Config{Log: func(r orgtest.Request) {
				mu.Lock()
				defer mu.Unlock()
				if now := time.Now(); len(rounds) == 0 || now.Sub(began) >= latency {
					rounds, began = append(rounds, nil), now
				}
				rounds[len(rounds)-1] = append(rounds[len(rounds)-1], r.Op)
			}})
			list := args(w)
			mu.Lock()
			rounds = nil
			mu.Unlock()
			w.org.Inject(orgtest.Fault{Kind: "latency", For: latency, Count: -1})
			w.must(0, list...)
			if len(rounds) != 3 || !slices.Equal(rounds[1], []string{"deploy"}) || !slices.Equal(rounds[2], []string{"status"}) {
				t.Errorf("requests: %q", rounds)
			}
			for _, op := range rounds[0] {
				if op != "listMetadata" && op != "readMetadata" && op != "query" {
					t.Errorf("%s is asked before a deploy", op)
				}
			}
		})
	}
}

// Deploys end with the codes that scripts go by.
func TestDeployOutcomes(t *testing.T) {
	bad := strings.Replace(orderSync, "refreshToken: until-revoked}", "refreshToken: until-revoked}\nmetadata: {ExternalClientApplication: {nonsense: \"1\"}}", 1)
	tests := map[string]struct {
		spec   string
		faults []orgtest.Fault
		args   []string
		code   int
		says   string
	}{
		"sound":            {orderSync, nil, nil, 0, "Succeeded, 5 components."},
		"dry run":          {orderSync, nil, []string{"--dry-run"}, 0, "nothing was saved"},
		"refused":          {bad, nil, nil, 1, "invalid at this location in type ExternalClientApplication"},
		"failed whole":     {orderSync, []orgtest.Fault{{Kind: "failed"}}, nil, 1, "UNKNOWN_EXCEPTION"},
		"cancelled":        {orderSync, []orgtest.Fault{{Kind: "canceled"}}, nil, 1, "Canceled by Somebody Else"},
		"never over":       {orderSync, []orgtest.Fault{{Kind: "pending", Count: -1}}, []string{"--wait", "0.001"}, 69, "not over yet"},
		"finalizing":       {orderSync, []orgtest.Fault{{Kind: "finalizing", Count: 2}}, nil, 0, "Succeeded"},
		"not waited for":   {orderSync, []orgtest.Fault{{Kind: "pending", Count: -1}}, []string{"--async"}, 0, "not over yet"},
		"delete, not yes":  {orderSync, nil, []string{"--delete", "Other"}, 1, "the org has no External Client App Other"},
		"SOAP":             {orderSync, nil, []string{"--transport", "soap"}, 0, "Succeeded, 5 components."},
		"JUnit":            {bad, nil, []string{"-o", "junit"}, 1, `<testcase name="Order_Sync" classname="ExternalClientApplication" time="0">`},
		"GitHub":           {bad, nil, []string{"-o", "github"}, 1, "::error file=externalClientApps/Order_Sync.eca"},
		"JUnit, cancelled": {orderSync, []orgtest.Fault{{Kind: "canceled"}}, []string{"-o", "junit"}, 1, `failures="1"`},
		"JSON":             {bad, nil, []string{"-o", "json"}, 1, `"field": "nonsense"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newTerminal(t, orgtest.Config{Faults: tt.faults})
			code, out, errOut := w.run(append([]string{"deploy", w.write("app.yaml", tt.spec)}, tt.args...)...)
			if code != tt.code || !strings.Contains(out+errOut, tt.says) {
				t.Errorf("exit %d, wanted %d and %q\n%s\n%s", code, tt.code, tt.says, out, errOut)
			}
			saved := w.org.Component(metadata.TypeApp, "Order_Sync") != nil
			if want := tt.code == 0 && !slices.Contains(tt.args, "--dry-run") && !slices.Contains(tt.args, "--async"); saved != want {
				t.Errorf("the app is in the org: %v, wanted %v", saved, want)
			}
			if slices.Contains(tt.args, "json") {
				checkJSON(t, "deploy", out)
			}
		})
	}
}

// A deploy that fails over warnings alone fails for a CI server, too.
func TestWarningsFailAndAreKept(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	deployed(w)
	w.write("app.yaml", strings.Replace(orderSync, "  scopes:", "  rotateOnDeploy: {consumerSecret: true}\n  scopes:", 1))
	for _, format := range []string{"table", "junit", "github", "json", "markdown"} {
		if out, _ := w.must(1, "deploy", w.path("app.yaml"), "-o", format); !strings.Contains(out, "shouldRotateConsumerSecret is true") || format == "junit" && !strings.Contains(out, `failures="1"`) {
			t.Errorf("%s:\n%s", format, out)
		}
	}
	if out, _ := w.must(0, "deploy", w.path("app.yaml"), "--ignore-warnings"); !strings.Contains(out, "shouldRotateConsumerSecret is true") {
		t.Errorf("the warning is lost:\n%s", out)
	}
}

// checkJSON checks a document against the schema that the program publishes.
func checkJSON(t *testing.T, name, doc string) {
	t.Helper()
	var schema bytes.Buffer
	if code := cli.Run(context.Background(), []string{"schema", name}, nil, &schema, os.Stderr, cli.System()); code != 0 {
		t.Fatalf("there is no schema %s", name)
	}
	if err := validate(schema.Bytes(), []byte(doc)); err != nil {
		t.Errorf("%s: %v\n%s", name, err, doc)
	}
}

// Every document of the commands that speak to an org is as its schema says.
func TestOrgDocuments(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	withKey(w)
	w.must(0, jwtArgs(w)...)
	for name, args := range map[string][]string{
		"plan":     {"plan", w.path("app.yaml")},
		"deploy":   {"deploy", w.path("app.yaml")},
		"retrieve": {"retrieve", "--dir", w.path("out")},
		"doctor":   {"doctor"},
		"orgs":     {"orgs"},
	} {
		code, out, errOut := w.run(append(args, "-o", "json")...)
		if code != 0 && name != "doctor" {
			t.Errorf("%s: exit %d, %s", name, code, errOut)
		}
		checkJSON(t, name, out)
	}
}

func TestDelete(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "deploy", w.path("app.yaml"))
	if _, errOut := w.must(64, "deploy", "--delete", "Order_Sync"); !strings.Contains(errOut, "--yes") {
		t.Errorf("deleting without being asked: %s", errOut)
	}
	if _, errOut := w.must(0, "deploy", "--delete", "Order_Sync", "--yes"); !strings.Contains(errOut, "ends its consumer key") {
		t.Errorf("what deleting means is not said: %s", errOut)
	}
	for _, typ := range []string{metadata.TypeApp, "ExtlClntAppOauthSettings", "ExtlClntAppOauthConfigurablePolicies"} {
		if names := w.org.Names(typ); len(names) > 0 {
			t.Errorf("left of %s: %v", typ, names)
		}
	}
}

// An org that has made policies by itself keeps their names.
func TestDeployTakesOverNames(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	bare, _, _ := strings.Cut(orderSync, "policies:")
	w.must(0, "deploy", w.write("app.yaml", bare))
	if got := w.org.Names("ExtlClntAppOauthConfigurablePolicies"); !slices.Equal(got, []string{"Order_Sync_oauth_defaultPolicy"}) {
		t.Fatalf("the org has made %v", got)
	}
	w.must(0, "deploy", w.write("app.yaml", orderSync))
	if got := w.org.Names("ExtlClntAppOauthConfigurablePolicies"); !slices.Equal(got, []string{"Order_Sync_oauth_defaultPolicy"}) {
		t.Errorf("after a deploy with policies the org has %v", got)
	}
	if v, _ := w.org.Component("ExtlClntAppOauthConfigurablePolicies", "Order_Sync_oauth_defaultPolicy").Text("refreshTokenPolicyType"); v != "Infinite" {
		t.Errorf("the policy says %q", v)
	}
	w.must(0, "plan", w.path("app.yaml"), "--detailed-exitcode")
}

// Status, resume, cancel and quick speak of a deploy that another run has sent.
func TestDeployLater(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.org.Inject(orgtest.Fault{Kind: "pending", Count: 4})
	out, _ := w.must(0, "deploy", w.path("app.yaml"), "--async", "-o", "json")
	var r struct{ ID string }
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	w.must(69, "deploy", "status", r.ID)
	w.must(0, "deploy", "resume", r.ID)
	if _, errOut := w.must(1, "deploy", "cancel", r.ID); !strings.Contains(errOut, "Deployment already completed") {
		t.Errorf("cancelling too late: %s", errOut)
	}
	if out, _ := w.must(0, "deploy", "status", "--recent"); !strings.Contains(out, r.ID) {
		t.Errorf("recent deploys:\n%s", out)
	}
	changed := strings.Replace(orderSync, "scopes: [api, refresh_token]", "scopes: [api, refresh_token, web]", 1)
	out, _ = w.must(0, "deploy", w.write("app.yaml", changed), "--dry-run", "--test-level", "RunLocalTests", "-o", "json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	w.must(0, "deploy", "quick", r.ID)
	w.must(0, "plan", w.path("app.yaml"), "--detailed-exitcode")
	w.must(1, "deploy", "status", "../../limits")
	out, _ = w.must(0, "deploy", "status", "--recent", "-o", "json")
	checkJSON(t, "deploys", out)
}

// A deploy that is cancelled on request is what was asked for, and not a failure.
func TestCancel(t *testing.T) {
	for _, transport := range []string{"rest", "soap"} {
		w := newTerminal(t, orgtest.Config{})
		w.org.Inject(orgtest.Fault{Kind: "pending", Count: 3})
		out, _ := w.must(0, "deploy", w.path("app.yaml"), "--async", "-o", "json")
		var r struct{ ID string }
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if out, _ := w.must(0, "deploy", "cancel", r.ID, "--transport", transport); !strings.Contains(out, "Canceled by") {
			t.Errorf("%s: %s", transport, out)
		}
		w.must(1, "deploy", "status", r.ID)
		if w.org.Component(metadata.TypeApp, "Order_Sync") != nil {
			t.Error("a cancelled deploy has saved an app")
		}
	}
}

// --wait is a number of minutes from 0 on, and 0 looks once.
func TestWait(t *testing.T) {
	w := newTerminal(t, orgtest.Config{Faults: []orgtest.Fault{{Kind: "pending", Count: -1}}})
	out, _ := w.must(0, "deploy", w.path("app.yaml"), "--async", "-o", "json")
	var r struct{ ID string }
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	w.org.ForgetRequests()
	w.must(69, "deploy", "resume", r.ID, "--wait", "0")
	if n := len(w.org.Requests()); n != 1 {
		t.Errorf("%d requests for one look", n)
	}
	for _, bad := range []string{"-1", "NaN", "-Inf"} {
		w.must(64, "deploy", "resume", r.ID, "--wait="+bad)
		w.must(64, "deploy", w.path("app.yaml"), "--wait="+bad)
	}
}

// A quick deploy whose answer is lost is looked for, and not sent twice.
func TestQuickDeployIsSentOnce(t *testing.T) {
	for kind, deploys := range map[string]int{"reset-after": 2, "reset-before": 2, "truncated": 2} {
		w := newTerminal(t, orgtest.Config{})
		out, _ := w.must(0, "deploy", w.path("app.yaml"), "--dry-run", "--test-level", "RunLocalTests", "-o", "json")
		var r struct{ ID string }
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		w.org.Inject(orgtest.Fault{Kind: kind, Op: "deploy"})
		_, errOut := w.must(0, "deploy", "quick", r.ID)
		if w.org.Deploys() != deploys || w.org.Component(metadata.TypeApp, "Order_Sync") == nil {
			t.Errorf("%s: %d deploys\n%s", kind, w.org.Deploys(), errOut)
		}
	}
}

// A command that is interrupted leaves the org's work alone, and says how to go
// on.
func TestInterrupted(t *testing.T) {
	w := newTerminal(t, orgtest.Config{Faults: []orgtest.Fault{{Kind: "pending", Count: -1}}})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for w.org.Deploys() == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		cancel()
	}()
	code, _, errOut := w.runIn(ctx, "deploy", w.path("app.yaml"))
	if code != cli.ExitInterrupted || !strings.Contains(errOut, "ecactl deploy resume 0Af") || !strings.Contains(errOut, "ecactl deploy cancel 0Af") {
		t.Errorf("exit %d\n%s", code, errOut)
	}
	for _, r := range w.org.Requests() {
		if r.Method == "PATCH" {
			t.Error("the deploy was cancelled")
		}
	}
}

// A deploy that may be in the org, and of which nothing can be found out, is not
// sent again.
func TestDeployThatCannotBeTold(t *testing.T) {
	w := newTerminal(t, orgtest.Config{Faults: []orgtest.Fault{
		{Kind: "reset-after", Op: "deploy", Count: -1},
		{Kind: "403", Op: "query", After: 2, Count: -1}, // the first ask which org this is, and which deploys it has had
	}})
	_, errOut := w.must(1, "deploy", w.path("app.yaml"))
	if !strings.Contains(errOut, "ECA511") || !strings.Contains(errOut, "deploy status --recent") || w.org.Deploys() != 1 {
		t.Errorf("%d deploys\n%s", w.org.Deploys(), errOut)
	}
}

// Of two deploys that are lost, none is sent a third time.
func TestDeployLostTwice(t *testing.T) {
	w := newTerminal(t, orgtest.Config{Faults: []orgtest.Fault{{Kind: "reset-before", Op: "deploy", Count: -1}}})
	_, errOut := w.must(1, "deploy", w.path("app.yaml"))
	sent := 0
	for _, r := range w.org.Requests() {
		if r.Op == "deploy" {
			sent++
		}
	}
	if !strings.Contains(errOut, "ECA511") || sent != 2 || w.org.Deploys() != 0 {
		t.Errorf("sent %d times, %d deploys\n%s", sent, w.org.Deploys(), errOut)
	}
}

// A deploy that is not over is no success in what CI servers read, and how to go on
// is said even to those who want to hear little.
func TestRunningDeployIsTold(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.org.Inject(orgtest.Fault{Kind: "pending", Count: -1})
	_, errOut := w.must(69, "deploy", w.path("app.yaml"), "--quiet", "--wait", "0.002", "-o", "junit="+w.path("d.xml"), "-o", "github="+w.path("d.txt"))
	if !strings.Contains(errOut, "ecactl deploy resume 0Af") {
		t.Errorf("how to go on is not said: %s", errOut)
	}
	if junit := string(must(os.ReadFile(w.path("d.xml")))); !strings.Contains(junit, "not over yet") || strings.Contains(junit, ` failures="0"`) {
		t.Errorf("JUnit:\n%s", junit)
	}
	if github := string(must(os.ReadFile(w.path("d.txt")))); !strings.HasPrefix(github, "::warning ") {
		t.Errorf("GitHub:\n%s", github)
	}
}

// What was sent is reported, even if it can be watched no longer.
func TestLostWatchIsReported(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.org.Inject(orgtest.Fault{Kind: "403", Op: "status", Count: -1})
	_, errOut := w.must(1, "deploy", w.path("app.yaml"), "--quiet", "-o", "json="+w.path("d.json"))
	if data := string(must(os.ReadFile(w.path("d.json")))); !strings.Contains(data, `"id": "0Af`) || !strings.Contains(data, `"done": false`) {
		t.Errorf("the report:\n%s", data)
	}
	if !strings.Contains(errOut, "ecactl deploy resume 0Af") {
		t.Errorf("how to go on is not said: %s", errOut)
	}
}
