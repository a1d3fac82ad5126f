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
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ecactl/ecactl/cmd/internal/cli"
	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/migrate/verify"
)

// everyFlow is an app that takes every flow, and an org that hands out secrets.
const everyFlow = `apiVersion: ecactl/v1
kind: ExternalClientApp
name: Order_Sync
contact: {email: admin@example.com}
oauth:
  callbackUrls: ["http://localhost:1717/cb"]
  scopes: [api, refresh_token]
  flows:
    authorizationCodeCredentials: {enabled: true}
    clientCredentials: {enabled: true, runAs: ada@example.com}
    jwtBearer: {certificateFile: ci.crt}
    device: {enabled: true}
    tokenExchange: {enabled: true, requireSecret: true}
  security: {requirePkce: true, rotateRefreshTokens: true}
policies: {enabled: true, permittedUsers: admin-approved, permissionSets: [Orders], refreshToken: {inactivity: 30d}}
---
apiVersion: ecactl/v1
kind: ExternalClientAppSettings
consumerSecretsInRestApi: true
`

// withSecrets is an app of an org that hands out secrets.
const withSecrets = orderSync + `---
apiVersion: ecactl/v1
kind: ExternalClientAppSettings
consumerSecretsInRestApi: true
`

// handedOut is whatever an emulated org hands out: access and refresh tokens,
// authorization codes, and assertions in JWT form.
var handedOut = regexp.MustCompile(`00D\w{12,15}!AQ\w+|5Aep861\w+|aPrx\w{20,}|eyJ[\w-]{10,}\.[\w-]+`)

// Secrets that go through verify and credentials, under --verbose and with an org
// that fails now and then, come out where they were asked for and nowhere else.
func TestCanaryOfCredentials(t *testing.T) {
	w := newTerminal(t, orgtest.Config{Users: []orgtest.User{
		{Username: "ada@example.com", Name: "Ada", Password: "canary-password-of-ada", PermissionSets: []string{"Orders"}},
		{Username: "eve@example.com", Name: "Eve", Password: "canary-password-of-eve", PermissionSets: []string{"Other"}},
	}})
	key, certificate := testKeyPair(t)
	w.write("ci.key", key)
	w.write("ci.crt", certificate)
	w.must(0, "deploy", w.write("app.yaml", everyFlow))
	settings := w.org.Component("OauthOidcSettings", "OauthOidc")
	settings.Root.Remove("oAuthCdCrdtFlowEnable")
	settings.Root.Add(&metadata.Element{Name: "oAuthCdCrdtFlowEnable", Text: "true"})
	if err := w.org.Put(settings); err != nil {
		t.Fatal(err)
	}
	_, first := w.org.Consumer("Order_Sync")
	given := map[string]string{
		"pw.txt": "canary-password-of-ada", "pw2.txt": "canary-password-of-eve", "subject.txt": "emulated-idp:ada@example.com", "secret.txt": first,
		"wrong.txt": "canary-secret-of-nobody",
	}
	for name, text := range given {
		w.write(name, text)
	}
	verifyArgs := []string{
		"migrate", "verify", w.path("app.yaml"), "--username", "ada@example.com", "--password-file", w.path("pw.txt"), "--key-file", w.path("ci.key"),
		"--refused-user", "eve@example.com", "--refused-password-file", w.path("pw2.txt"), "--subject-token-file", w.path("subject.txt"),
	}
	clientID, _ := w.org.Consumer("Order_Sync")
	var said strings.Builder
	do := func(want int, args ...string) {
		t.Helper()
		at := len(args)
		for i, a := range args {
			if a == "--" {
				at = i
				break
			}
		}
		args = append(append(append([]string{}, args[:at]...), "--verbose"), args[at:]...)
		code, out, errOut := w.run(args...)
		if code != want {
			t.Errorf("ecactl %v: exit %d, wanted %d\n%s\n%s", args, code, want, out, errOut)
		}
		said.WriteString(out + errOut)
	}
	with := func(more ...string) []string { return append(append([]string{}, verifyArgs...), more...) }
	do(0, verifyArgs...)
	do(0, with("-o", "json="+w.path("verify.json"), "-o", "junit="+w.path("verify.xml"), "-o", "markdown")...)
	do(2, with("--client-id", clientID, "--client-secret-file", w.path("wrong.txt"))...)
	do(0, with("--client-id", clientID, "--client-secret-file", w.path("secret.txt"))...)
	do(0, "credentials", "show", "Order_Sync")
	do(0, "credentials", "show", "Order_Sync", "-o", "json")
	do(64, "credentials", "show", "Order_Sync", "--reveal")
	do(64, "credentials", "show", "Order_Sync", "--format", "dotenv")
	do(0, "credentials", "show", "Order_Sync", "--to-file", w.path("first.private"))
	do(1, "credentials", "show", "Order_Sync", "--to-file", w.path("first.private"))
	do(0, "credentials", "show", "Order_Sync", "--", "sh", "-c", `echo "the child says $SALESFORCE_CLIENT_SECRET" >&2`)
	do(0, "credentials", "show", "Order_Sync", "--format", "kubernetes", "--", "sh", "-c", `cat >&2`)
	do(0, "credentials", "stage", "Order_Sync", "--to-file", w.path("staged.private"))
	do(0, "credentials", "history", "Order_Sync", "-o", "yaml")
	do(0, with("--staged")...)
	do(0, "credentials", "rotate", "Order_Sync", "--yes")
	_, second := w.org.Consumer("Order_Sync")
	do(0, "credentials", "revoke", "Order_Sync", "--yes")
	do(0, "credentials", "stage", "Order_Sync")
	for _, client := range []string{"nango", "named-credential", "sf", "curl"} {
		do(0, "credentials", "snippet", "Order_Sync", "--client", client)
	}
	for _, fault := range []orgtest.Fault{
		{Kind: "503", Op: "token", Count: 3}, {Kind: "redirect", Op: "token", Count: 2}, {Kind: "content-type", Op: "token", Count: 2}, {Kind: "truncated", Op: "token", Count: 2},
		{Kind: "reset-after", Op: "authorize", Count: 2}, {Kind: "503", Op: "revoke", Count: 5}, {Kind: "elsewhere", Op: "token", Count: 4}, {Kind: "truncated", Op: "apps", Count: 1},
	} {
		w.org.Inject(fault)
		_, out, errOut := w.run(with("--verbose")...)
		said.WriteString(out + errOut)
	}
	places := map[string]string{"what was printed": said.String()}
	for _, r := range w.org.Requests() {
		places["a URL"] += r.Path + "?" + r.Query + "\n"
	}
	err := filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		_, isGiven := given[filepath.Base(p)]
		switch {
		case err != nil || d.IsDir() || isGiven || strings.HasSuffix(p, "ci.key"):
			return err
		case strings.HasSuffix(p, ".private"):
			if info, err := d.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has the mode %v", p, info.Mode())
			}
			return nil
		}
		places[p] = string(must(os.ReadFile(p)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) < 6 || len(places["a URL"]) < 10000 || len(said.String()) < 20000 {
		t.Errorf("%d places, %d bytes of URLs, %d bytes printed", len(places), len(places["a URL"]), said.Len())
	}
	canaries := map[string]string{
		"the access token": w.org.Token(), "the first secret": first, "the second secret": second, "the private key": strings.Split(key, "\n")[3], "a password": "canary-password", "a wrong secret": "canary-secret",
		"the staged secret": valueIn(t, w.path("staged.private")),
	}
	for place, text := range places {
		for what, canary := range canaries {
			if strings.Contains(text, canary) {
				t.Errorf("%s is in %s", what, place)
			}
		}
		if found := handedOut.FindString(text); found != "" {
			t.Errorf("%s… is in %s", found[:12], place)
		}
	}
	if live := w.org.LiveTokens(""); len(live) > 0 {
		t.Logf("%d tokens of runs whose answers were lost are left, as they said", len(live))
	}
}

// valueIn is the secret of a file that was handed over.
func valueIn(t *testing.T, name string) string {
	t.Helper()
	m := regexp.MustCompile(`_CLIENT_SECRET=(\S+)`).FindSubmatch(must(os.ReadFile(name)))
	if m == nil {
		t.Fatalf("%s has no secret", name)
	}
	return string(m[1])
}

// What a command that takes a secret ends with is what the program ends with,
// and the secret is in its environment alone.
func TestCommandWithSecret(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "deploy", w.write("app.yaml", withSecrets))
	if code, _, errOut := w.run("credentials", "show", "Order_Sync", "--", "sh", "-c", "exit 7"); code != 7 || errOut != "" {
		t.Errorf("exit %d, %s", code, errOut)
	}
	var out, errOut bytes.Buffer
	in := strings.NewReader("what the user types")
	code := cli.Run(context.Background(), []string{"credentials", "show", "Order_Sync", "--", "cat"}, in, &out, &errOut, w.host())
	if code != 0 || out.String() != "what the user types" {
		t.Errorf("exit %d, %q, %s", code, out.String(), errOut.String())
	}
}

// An answer of the org that is lost is not asked for again, for it would make a
// second pair; how to look is said.
func TestStageLost(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "deploy", w.write("app.yaml", withSecrets))
	w.org.Inject(orgtest.Fault{Kind: "reset-after", Op: "apps", After: 4})
	_, errOut := w.must(1, "credentials", "stage", "Order_Sync")
	if !strings.Contains(errOut, "ecactl credentials history Order_Sync") {
		t.Errorf("%s", errOut)
	}
	out, _ := w.must(0, "credentials", "history", "Order_Sync")
	if strings.Count(out, "staged") != 1 {
		t.Errorf("%s", out)
	}
}

// testKeyPair makes a key and its certificate, in PEM.
func testKeyPair(t *testing.T) (key, certificate string) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Ctrl-C ends a verification with what it obtained given back, and says so.
func TestVerifyInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var tokens atomic.Int64
	w := newTerminal(t, orgtest.Config{Log: func(r orgtest.Request) {
		if r.Op == "token" && tokens.Add(1) == 3 {
			cancel()
		}
	}})
	w.must(0, "deploy", w.write("app.yaml", withSecrets))
	code, out, errOut := w.runIn(ctx, "migrate", "verify", w.path("app.yaml"))
	if code != cli.ExitInterrupted || out != "" || !strings.Contains(errOut, "token(s) were obtained, and are revoked") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
	if live := w.org.LiveTokens(""); len(live) > 0 {
		t.Errorf("%d tokens are left", len(live))
	}
}

// Two apps are verified one after the other, and an error of one ends it.
func TestVerifySeveral(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	second := strings.ReplaceAll(orderSync, "Order_Sync", "Other_Sync")
	w.must(0, "deploy", w.write("app.yaml", withSecrets+"---\n"+second))
	out, _ := w.must(0, "migrate", "verify", w.path("app.yaml"), "-o", "json")
	checkJSON(t, "verify", out)
	if strings.Count(out, `"name": "O`) != 2 {
		t.Errorf("%s", out)
	}
	w.must(64, "migrate", "verify", w.path("app.yaml"), "--client-id", "3MVG9x")
	w.must(1, "migrate", "verify", w.write("third.yaml", strings.ReplaceAll(orderSync, "Order_Sync", "Third_Sync")))
}

// Where the org hands out no secret, what needs none is proven all the same.
func TestVerifyWithoutSecret(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "deploy", w.path("app.yaml"))
	out, _ := w.must(0, "migrate", "verify", w.path("app.yaml"), "-o", "json")
	var r struct {
		Summary struct{ Passed, Failed, Skipped int }
		Apps    []*verify.App
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if c := r.Apps[0].Check("code.without-pkce"); c.State != verify.Passed || r.Summary.Skipped < 5 || r.Summary.Failed > 0 {
		t.Errorf("%s", out)
	}
	if !strings.Contains(out, "External Client App Settings") {
		t.Errorf("the reason has no remedy:\n%s", out)
	}
	// Without the Connect resources the key comes from the metadata, or is asked for.
	w.org.Inject(orgtest.Fault{Kind: "403", Op: "apps", Count: -1})
	code, out, errOut := w.run("migrate", "verify", w.path("app.yaml"))
	if code == 0 && !strings.Contains(out, "skipped") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
}

// Whatever strikes a verification, it leaves no token behind that it does not
// tell of.
func TestVerifyFaults(t *testing.T) {
	for _, op := range []string{"authorize", "token", "userinfo", "introspect", "revoke"} {
		for name, fault := range faults {
			for _, after := range []int{0, 2} {
				t.Run(fmt.Sprint(op, "/", name, "/", after), func(t *testing.T) {
					t.Parallel()
					w := newTerminal(t, orgtest.Config{})
					opened(w)
					f := fault
					f.Op, f.After = op, after
					w.org.Inject(f)
					code, out, errOut := w.run("migrate", "verify", w.path("app.yaml"))
					live := len(w.org.LiveTokens(""))
					told := code == 2 && strings.Contains(out, "failed   cleanup") && strings.Contains(out, "left:")
					if live > 0 && !told {
						t.Errorf("%d tokens are left, and it says\n%s%s", live, out, errOut)
					}
					silent(t, w, out+errOut)
				})
			}
		}
	}
}
