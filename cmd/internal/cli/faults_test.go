package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/cmd/internal/cli"
	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// faults are the kinds that strike a request, and how.
var faults = map[string]orgtest.Fault{
	"latency":            {Kind: "latency", For: 30 * time.Millisecond},
	"slow":               {Kind: "slow", For: 60 * time.Millisecond},
	"503":                {Kind: "503"},
	"503 for long":       {Kind: "503", Count: -1},
	"session over":       {Kind: "401"},
	"limit":              {Kind: "403", Count: -1},
	"reset before":       {Kind: "reset-before"},
	"reset after":        {Kind: "reset-after"},
	"truncated":          {Kind: "truncated"},
	"redirect":           {Kind: "redirect", Count: -1},
	"wrong content type": {Kind: "content-type"},
}

// fatal faults end a command, whatever it is: a session that nothing renews, a
// limit that is final, an org that is elsewhere or down. Everything else passes.
var fatal = []string{"503 for long", "session over", "limit", "redirect"}

// lost faults cost an answer that cannot be had twice.
var lost = []string{"reset before", "reset after", "truncated", "wrong content type"}

// A struckCommand is a command of which requests are struck, one a test.
type struckCommand struct {
	ops   []string
	setup func(w *terminal) // nil for none
	args  func(w *terminal) []string
	also  []string // faults that end it, too
	not   []string // fatal faults that do not end it
	codes []int    // of a success; nil is 0
	sends bool     // it is to bring one deploy about, and not two
}

func fixed(args ...string) func(*terminal) []string {
	return func(w *terminal) []string {
		list := slices.Clone(args)
		for i, a := range list {
			if strings.HasPrefix(a, "./") {
				list[i] = w.path(a[2:])
			}
		}
		return list
	}
}

func deployed(w *terminal) { w.must(0, "deploy", w.path("app.yaml")) }

// idOf runs a deploy that prints JSON, and returns its id.
func idOf(w *terminal, args ...string) string {
	out, _ := w.must(0, append(args, "-o", "json")...)
	var r struct{ ID string }
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		w.t.Fatal(err)
	}
	return r.ID
}

// about makes a command of a deploy that another run has begun.
func about(verb string, begin ...string) func(*terminal) []string {
	return func(w *terminal) []string {
		if verb != "quick" {
			w.org.Inject(orgtest.Fault{Kind: "pending", Count: 2})
		}
		return []string{"deploy", verb, idOf(w, append([]string{"deploy", w.path("app.yaml")}, begin...)...)}
	}
}

// withKey is a terminal whose org has an app for logins, and the key for it.
func withKey(w *terminal) {
	pair := keyPair()
	w.write("ci.key", pair.key)
	w.write("ci.crt", pair.certificate)
	w.write("ci.yaml", `apiVersion: ecactl/v1
kind: ExternalClientApp
name: Ci
contact: {email: admin@example.com}
oauth:
  callbackUrls: [https://ci.example.com/cb]
  scopes: [api, refresh_token]
  flows:
    jwtBearer: {certificateFile: ci.crt}
    clientCredentials: {enabled: true, runAs: integration@emulated.example}
policies: {enabled: true, permittedUsers: admin-approved, permissionSets: [Ci], refreshToken: until-revoked}
`)
	w.must(0, "deploy", w.path("ci.yaml"))
	_, consumerSecret := w.org.Consumer("Ci")
	w.write("secret.txt", consumerSecret)
}

var keyPair = sync.OnceValue(func() (pair struct{ key, certificate string }) {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der := must(x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key))
	pair.key = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	pair.certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pair
})

func jwtArgs(w *terminal) []string {
	key, _ := w.org.Consumer("Ci")
	return []string{"login", "jwt", "--username", w.org.Username(), "--client-id", key, "--key-file", w.path("ci.key"), "--instance-url", w.org.URL(), "--alias", "kept"}
}

func secretArgs(w *terminal) []string {
	key, _ := w.org.Consumer("Ci")
	return []string{"login", "client-credentials", "--client-id", key, "--client-secret-file", w.path("secret.txt"), "--instance-url", w.org.URL(), "--alias", "kept"}
}

func webArgs(w *terminal) []string {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	return []string{"login", "web", "--no-browser", "--instance-url", w.org.URL(), "--alias", "kept", "--port", strconv.Itoa(l.Addr().(*net.TCPAddr).Port)}
}

// refreshed is a terminal with a login that has a refresh token, and its auth URL
// in a file.
func refreshed(w *terminal) {
	w.must(0, webArgs(w)...)
	var kept map[string]string
	var c struct{ RefreshToken string }
	if err := json.Unmarshal(must(os.ReadFile(w.path("config/secrets.json"))), &kept); err != nil {
		w.t.Fatal(err)
	}
	for _, text := range kept {
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			w.t.Fatal(err)
		}
	}
	w.write("url.txt", "force://PlatformCLI::"+c.RefreshToken+"@"+strings.TrimPrefix(w.org.URL(), "http://"))
}

var struck = map[string]struckCommand{
	"plan":             {ops: []string{"listMetadata", "query"}, args: fixed("plan", "./app.yaml")},
	"plan of what is":  {ops: []string{"listMetadata", "readMetadata", "query"}, setup: deployed, args: fixed("plan", "./app.yaml")},
	"plan of many":     {ops: []string{"retrieve", "checkRetrieveStatus"}, setup: many, args: fixed("plan", "./many.yaml")},
	"deploy":           {ops: []string{"listMetadata", "query", "deploy", "status"}, args: fixed("deploy", "./app.yaml"), sends: true},
	"deploy over SOAP": {ops: []string{"deploy", "checkDeployStatus"}, args: fixed("deploy", "./app.yaml", "--transport", "soap"), sends: true},
	"dry run":          {ops: []string{"deploy", "status"}, args: fixed("deploy", "./app.yaml", "--dry-run"), sends: true},
	"deploy of a plan": {
		ops:   []string{"listMetadata", "query", "deploy", "status"},
		setup: func(w *terminal) { w.must(0, "plan", w.path("app.yaml"), "--out", w.path("plan.json")) },
		args:  fixed("deploy", "--plan", "./plan.json"), sends: true,
	},
	"deletion":         {ops: []string{"readMetadata", "deploy", "status"}, setup: deployed, args: fixed("deploy", "--delete", "Order_Sync", "--yes"), sends: true},
	"quick":            {ops: []string{"deploy", "status"}, args: about("quick", "--dry-run", "--test-level", "RunLocalTests"), sends: true},
	"resume":           {ops: []string{"status"}, args: about("resume", "--async")},
	"cancel":           {ops: []string{"status"}, args: about("cancel", "--async")},
	"cancel over SOAP": {ops: []string{"cancelDeploy", "checkDeployStatus"}, args: func(w *terminal) []string { return append(about("cancel", "--async")(w), "--transport", "soap") }},
	"status":           {ops: []string{"status"}, args: about("status", "--async"), codes: []int{69}},
	"recent":           {ops: []string{"userinfo", "query"}, args: fixed("deploy", "status", "--recent")},
	"retrieve":         {ops: []string{"listMetadata", "retrieve", "checkRetrieveStatus"}, setup: deployed, args: fixed("retrieve", "--dir", "./out")},
	"import":           {ops: []string{"listMetadata", "retrieve", "checkRetrieveStatus"}, setup: deployed, args: fixed("import", "--target-org", "", "--dir", "./out")},
	"doctor":           {ops: []string{"userinfo", "describeMetadata", "query", "readMetadata", "limits"}, args: fixed("doctor"), codes: []int{0, 2}, not: fatal},
	"audit":            {ops: []string{"listMetadata", "composite", "retrieve", "checkRetrieveStatus"}, setup: deployed, args: fixed("audit", "--target-org", ""), codes: []int{0, 1, 2, 4}, not: fatal},

	"login access-token": {
		ops: []string{"userinfo"}, setup: func(w *terminal) { w.write("token.txt", w.org.Token()) },
		args: fixed("login", "access-token", "--token-file", "./token.txt"),
	},
	"login jwt":                {ops: []string{"token", "userinfo"}, setup: withKey, args: jwtArgs},
	"login client-credentials": {ops: []string{"token", "userinfo"}, setup: withKey, args: secretArgs},
	// A code is good once: what is lost with its answer is begun again by a person.
	"login web":      {ops: []string{"token"}, args: webArgs, also: lost},
	"login sfdx-url": {ops: []string{"token"}, setup: refreshed, args: fixed("login", "sfdx-url", "--url-file", "./url.txt"), also: lost},
	"plan by jwt": {
		ops: []string{"token"}, setup: func(w *terminal) { withKey(w); w.must(0, jwtArgs(w)...) },
		args: fixed("plan", "./app.yaml", "--target-org", "kept"),
	},
	"plan by jwt, later": { // a session that has ended is begun again
		ops: []string{"listMetadata", "query"}, setup: func(w *terminal) { withKey(w); w.must(0, jwtArgs(w)...) },
		args: fixed("plan", "./app.yaml", "--target-org", "kept"), not: []string{"session over"},
	},
	"deploy by client credentials": {
		ops: []string{"deploy", "status"}, setup: func(w *terminal) { withKey(w); w.must(0, secretArgs(w)...) },
		args: fixed("deploy", "./app.yaml", "--target-org", "kept"), not: []string{"session over"}, sends: true,
	},
	"plan by refresh token": {ops: []string{"token"}, setup: refreshed, args: fixed("plan", "./app.yaml", "--target-org", "kept"), also: lost},
	"logout": { // the login is forgotten, whatever the org says
		ops: []string{"revoke"}, setup: refreshed, args: fixed("logout", "kept"), codes: []int{0, 1}, not: fatal,
	},

	"credentials show":    {ops: []string{"apps"}, setup: opened, args: fixed("credentials", "show", "Order_Sync", "--to-file", "./pair.env")},
	"credentials history": {ops: []string{"apps"}, setup: opened, args: fixed("credentials", "history", "Order_Sync")},
	"credentials stage":   {ops: []string{"apps"}, setup: opened, args: fixed("credentials", "stage", "Order_Sync")},
	"credentials rotate": {
		ops: []string{"apps"}, setup: func(w *terminal) { opened(w); w.must(0, "credentials", "stage", "Order_Sync") },
		args: fixed("credentials", "rotate", "Order_Sync", "--yes"),
	},
	// What a flow answers is a finding; without the secret, flows are skipped.
	"verify": {
		ops: []string{"authorize", "token", "userinfo", "introspect", "revoke", "apps"}, setup: opened,
		args: fixed("migrate", "verify", "./app.yaml"), codes: []int{0, 2}, not: fatal,
	},
	"verify, and read before": {ops: []string{"listMetadata", "readMetadata"}, setup: opened, args: fixed("migrate", "verify", "./app.yaml")},
}

// opened is an org that hands out secrets.
func opened(w *terminal) { w.must(0, "deploy", w.write("app.yaml", withSecrets)) }

// many is an org with more components than are read one by one.
func many(w *terminal) {
	var docs []string
	for i := range 20 {
		docs = append(docs, strings.ReplaceAll(orderSync, "Order_Sync", fmt.Sprintf("App_%d", i)))
	}
	w.write("many.yaml", strings.Join(docs, "---\n"))
	w.must(0, "deploy", w.path("many.yaml"))
}

// Every fault, during every command: the right end, nothing lost and nothing
// twice, in a bounded time, and no secret in what is said.
func TestFaults(t *testing.T) {
	cells := 0
	var g errgroup.Group
	g.SetLimit(16) // most of a cell is waiting
	for command, c := range struck {
		for _, op := range c.ops {
			for name, fault := range faults {
				cells++
				fault.Op = op
				if raced && cells%4 != 0 {
					continue // a part of it shows every race; the rest is run without the detector
				}
				g.Go(func() error {
					t.Run(command+"/"+op+"/"+name, func(t *testing.T) { strike(t, c, name, fault) })
					return nil
				})
			}
		}
	}
	_ = g.Wait() // a cell reports to its test
	t.Logf("%d faults during %d requests of %d commands: %d cells", len(faults), cells/len(faults), len(struck), cells)
}

func strike(t *testing.T, c struckCommand, name string, fault orgtest.Fault) {
	w := newTerminal(t, orgtest.Config{})
	if c.setup != nil {
		c.setup(w)
	}
	args := c.args(w)
	before, apps := w.org.Deploys(), w.org.Names(metadata.TypeApp)
	w.org.ForgetRequests()
	w.org.Inject(fault)
	start := time.Now()
	code, out, errOut := w.run(args...)
	took, said := time.Since(start), out+errOut
	if took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if !slices.ContainsFunc(w.org.Requests(), func(r orgtest.Request) bool { return r.Op == fault.Op }) {
		t.Errorf("it asks for no %s", fault.Op)
	}
	ends := (slices.Contains(fatal, name) || slices.Contains(c.also, name)) && !slices.Contains(c.not, name)
	want := c.codes
	switch {
	case ends:
		want = []int{1, 4}
	case want == nil:
		want = []int{0}
	}
	if !slices.Contains(want, code) {
		t.Errorf("exit %d, wanted one of %v\n%s", code, want, said)
	}
	if ends && !strings.Contains(errOut, "ecactl: ") {
		t.Errorf("no error is said:\n%s", said)
	}
	deploys := w.org.Deploys() - before
	if c.sends && (deploys > 1 || code == 0 && deploys != 1) || !c.sends && deploys != 0 {
		t.Errorf("the org has had %d deploys\n%s", deploys, said)
	}
	if now := w.org.Names(metadata.TypeApp); code != 0 && deploys == 0 && !slices.Equal(now, apps) {
		t.Errorf("the org has %v, and had %v", now, apps)
	}
	silent(t, w, said)
}

// silent demands that what was printed holds no secret, and no page of HTML.
func silent(t *testing.T, w *terminal, said string) {
	t.Helper()
	_, consumerSecret := w.org.Consumer("Ci")
	for what, text := range map[string]string{"the token": w.org.Token(), "the consumer secret": consumerSecret, "a page of HTML": "<html", "a refresh token": "5Aep861"} {
		if text != "" && strings.Contains(said, text) {
			t.Errorf("%s is in what was printed:\n%s", what, said)
		}
	}
}

// Faults of deploys themselves, during every command that looks at one.
func TestDeployFaults(t *testing.T) {
	faults := map[string]struct {
		fault orgtest.Fault
		code  int
		saved bool
	}{
		"pending for long":  {orgtest.Fault{Kind: "pending", Count: -1}, 69, false},
		"pending":           {orgtest.Fault{Kind: "pending", Count: 2}, 0, true},
		"failed":            {orgtest.Fault{Kind: "failed"}, 1, false},
		"canceled":          {orgtest.Fault{Kind: "canceled"}, 1, false},
		"finalizing":        {orgtest.Fault{Kind: "finalizing", Count: 2}, 0, true},
		"not known yet":     {orgtest.Fault{Kind: "not-found-yet", Op: "status"}, 0, true},
		"not known by SOAP": {orgtest.Fault{Kind: "not-found-yet", Op: "checkDeployStatus"}, 0, true},
	}
	commands := map[string]func(w *terminal) []string{
		"deploy":           fixed("deploy", "./app.yaml"),
		"deploy over SOAP": fixed("deploy", "./app.yaml", "--transport", "soap"),
		"resume": func(w *terminal) []string {
			return []string{"deploy", "resume", idOf(w, "deploy", w.path("app.yaml"), "--async")}
		},
		"quick": func(w *terminal) []string {
			return []string{"deploy", "quick", idOf(w, "deploy", w.path("app.yaml"), "--dry-run", "--test-level", "RunLocalTests")}
		},
	}
	for command, args := range commands {
		for name, tt := range faults {
			t.Run(command+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newTerminal(t, orgtest.Config{})
				list := args(w)
				w.org.Inject(tt.fault)
				wait := "1" // minute: more than any machine is busy for
				if tt.code == cli.ExitRunning {
					wait = "0.002"
				}
				code, out, errOut := w.run(append(list, "--wait", wait)...)
				if saved := w.org.Component(metadata.TypeApp, "Order_Sync") != nil; code != tt.code || saved != tt.saved {
					t.Errorf("exit %d, wanted %d; the app is in the org: %v\n%s%s", code, tt.code, saved, out, errOut)
				}
			})
		}
	}
	t.Logf("%d faults of deploys during %d commands: %d cells", len(faults), len(commands), len(faults)*len(commands))
}

// A browsing writer opens the page that a login prints, as a person would.
type browsing struct {
	said   bytes.Buffer // not embedded: io.WriteString would go past Write
	opened bool
}

func (b *browsing) Write(p []byte) (int, error) {
	n, err := b.said.Write(p)
	if _, page, ok := strings.Cut(b.said.String(), "Open this page:\n  "); ok && !b.opened && strings.Contains(page, "\n") {
		b.opened = true
		page, _, _ = strings.Cut(page, "\n")
		go func() {
			if resp, err := http.Get(page); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}()
	}
	return n, err
}

// runIn runs the program, with somebody at the browser.
func (w *terminal) runIn(ctx context.Context, args ...string) (code int, out, errOut string) {
	var o bytes.Buffer
	var e browsing
	code = cli.Run(ctx, args, strings.NewReader(""), &o, &e, w.host())
	return code, o.String(), e.said.String()
}

// A deploy like an earlier one, of the same apps by the same user a moment ago, is
// not taken for it when its answer is lost.
func TestLostDeployIsNotAnEarlierOne(t *testing.T) {
	for _, kind := range []string{"reset-before", "reset-after"} {
		w := newTerminal(t, orgtest.Config{})
		deployed(w)
		w.org.Inject(orgtest.Fault{Kind: kind, Op: "deploy"})
		changed := strings.Replace(orderSync, "scopes: [api, refresh_token]", "scopes: [api, refresh_token, web]", 1)
		w.must(0, "deploy", w.write("app.yaml", changed))
		if n := w.org.Deploys(); n != 2 {
			t.Errorf("%s: %d deploys", kind, n)
		}
		w.must(0, "plan", w.path("app.yaml"), "--detailed-exitcode")
	}
}
