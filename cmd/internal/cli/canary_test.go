package cli_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/orgtest"
)

// hidden is the Connected App of a folder, with a secret that nobody took out.
const hidden = `<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>admin@example.com</contactEmail>
    <label>Old Sync</label>
    <oauthConfig>
        <callbackUrl>https://old.example.com/cb</callbackUrl>
        <consumerKey>3MVG9old_sync_key</consumerKey>
        <consumerSecret>` + writtenSecret + `</consumerSecret>
        <scopes>Api</scopes>
    </oauthConfig>
</ConnectedApp>
`

// writtenSecret is a consumer secret that somebody has left in files.
const writtenSecret = "0D15EA5ECAFE4DEAD0BEEF0FACADE0DECADE0123456789ABCDEF"

// canaryRuns are command lines of every command, in an order in which they can
// be. The formats of a command are tried by themselves.
func canaryRuns(w *terminal) [][]string {
	app, ci := w.path("app.yaml"), w.path("ci.yaml")
	source, snapshot := w.path("source"), w.path("snapshot")
	validation := idOf(w, "deploy", ci, app, "--dry-run", "--test-level", "RunLocalTests")
	return [][]string{
		jwtArgs(w), secretArgs(w), webArgs(w),
		{"login", "sfdx-url", "--url-file", w.path("url.txt"), "--alias", "refreshed"},
		{"login", "access-token", "--instance-url", w.org.URL(), "--token-file", w.path("token.txt"), "--alias", "token"},
		{"login", "client-credentials", "--instance-url", w.org.URL(), "--client-id", "3MVG9wrong", "--client-secret-file", w.path("secret.txt")},
		{"login", "jwt", "--instance-url", w.org.URL(), "--client-id", "3MVG9wrong", "--username", "a@example.com", "--key-file", w.path("ci.key")},
		{"login", "jwt", "--instance-url", w.org.URL(), "--client-id", "3MVG9wrong", "--username", "a@example.com", "--key-file", w.path("token.txt")},
		{"login", "sfdx-url", "--url-file", w.path("ci.key")},
		{"login", "access-token", "--instance-url", w.org.URL(), "--token-file", w.path("url.txt")},
		{"orgs"},
		{"doctor"},
		{"doctor", "--target-org", "token"},
		{"init", "New_App", "--dir", w.path("new")},
		{"lint", app, ci, w.path("secret.yaml")},
		{"generate", app, ci, "--dir", w.path("generated")},
		{"generate", app, ci, "--zip", w.path("generated.zip")},
		{"import", source, "--dir", w.path("imported")},
		{"import", "--target-org", "token", "--dir", w.path("specs"), "--keep-org-values"},
		{"plan", app, w.path("more.yaml"), "--out", w.path("plan.json")},
		{"plan", app, "--target-org", "refreshed"},
		{"deploy", app, w.path("more.yaml"), "--transport", "soap"},
		{"deploy", app, "--dry-run"},
		{"deploy", w.path("refused.yaml")},
		{"deploy", "--plan", w.path("plan.json")},
		{"deploy", "status", "--recent"},
		{"deploy", "status", validation},
		{"deploy", "resume", validation},
		{"deploy", "cancel", validation},
		{"deploy", "quick", validation},
		{"retrieve", "--dir", w.path("retrieved"), "--keep-org-values"},
		{"retrieve", "--dir", w.path("mdapi"), "--layout", "mdapi"},
		{"audit", "--source-dir", source},
		{"audit", "--target-org", "token", "--snapshot", snapshot},
		{"audit", "--target-org", "refreshed"},
		{"audit", "--from-snapshot", snapshot},
		{"audit", "--fleet", w.path("fleet.yaml"), "--snapshot", w.path("snapshots")},
		{"audit", "--all"},
		{"audit", "merge", w.path("audit.json"), w.path("audit.json")},
		{"convert", source, "--dir", w.path("converted")},
		{"convert", source, "--diff", "--like-setup"},
		{"convert", "--target-org", "token", "--dir", w.path("converted-org")},
		{"migrate", "plan", "--target-org", "token", "--out", w.path("migration.json")},
		{"migrate", "status", w.path("migration.json"), "--target-org", "token", "--dir", w.path("migrated")},
		{"migrate", "verify", ci, app, "--no-input"},
		{"deploy", w.path("open.yaml")}, // from here on the org hands secrets out
		{"migrate", "verify", ci, "--key-file", w.path("ci.key"), "--username", w.org.Username()},
		{"migrate", "verify", ci, "--client-id", "3MVG9wrong", "--client-secret-file", w.path("secret.txt")},
		{"credentials", "show", "Ci"},
		{"credentials", "show", "Ci", "--reveal"},
		{"credentials", "show", "Ci", "--to-file", w.path("handed.env")},
		{"credentials", "snippet", "Ci", "--client", "curl"},
		{"credentials", "stage", "Ci"},
		{"migrate", "verify", ci, "--staged"},
		{"credentials", "rotate", "Ci", "--yes"},
		{"credentials", "history", "Ci"},
		{"credentials", "revoke", "Ci", "--yes"},
		{"refresh", "save", "--dir", w.path("kept"), "--app", "Ci"},
		{"refresh", "restore", "--dir", w.path("kept"), "--yes"},
		{"migrate", "retire", "Ci", "--plan", w.path("migration.json"), "--yes"},
		{"migrate", "rollback", "Ci", "--plan", w.path("migration.json"), "--yes"},
		{"explain", "CA-SEC-001"},
		{"schema", "plan"},
		{"version"},
		{"demo"},
		{"logout", "token"},
		{"logout", "refreshed"},
	}
}

// Secrets that go through every command under --verbose, in every format, come
// out nowhere: a token that works and one that does not, a consumer secret, a
// refresh token, a private key, and a secret in files that were read.
func TestCanary(t *testing.T) {
	w := newTerminal(t, orgtest.Config{PendingPolls: 1})
	withKey(w)
	refreshed(w)
	w.write("token.txt", w.org.Token())
	if err := w.org.Add("LoginHistory", map[string]any{"Application": "Ci", "LoginType": "Remote Access 2.0", "UserId": "@User:" + w.org.Username(), "LoginTime": "2026-11-20T08:00:00.000+0000"}); err != nil {
		t.Fatal(err)
	}
	w.write("more.yaml", strings.ReplaceAll(orderSync, "Order_Sync", "More_Sync"))
	w.write("refused.yaml", strings.ReplaceAll(orderSync, "Order_Sync", "Refused")+"metadata: {ExternalClientApplication: {nonsense: \"1\"}}\n")
	w.write("secret.yaml", strings.ReplaceAll(orderSync, "Order_Sync", "Secret_Sync")+"metadata: {ExtlClntAppGlobalOauthSettings: {consumerSecret: "+writtenSecret+"}}\n")
	w.write("open.yaml", "apiVersion: ecactl/v1\nkind: ExternalClientAppSettings\nconsumerSecretsInRestApi: true\n")
	w.write("fleet.yaml", "orgs:\n  - {alias: token}\n  - {alias: refreshed}\n")
	w.write("audit.json", "{}")
	if err := os.MkdirAll(w.path("source/connectedApps"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.write("source/connectedApps/Old_Sync.connectedApp", hidden)

	_, consumerSecret := w.org.Consumer("Ci")
	refresh := w.fileText("url.txt")
	refresh = refresh[strings.Index(refresh, "5Aep861"):strings.Index(refresh, "@")]
	canaries := map[string]string{
		"the access token": w.org.Token(), "the consumer secret": consumerSecret, "the refresh token": refresh,
		"the private key": strings.Split(keyPair().key, "\n")[3], "the secret of a file": writtenSecret, "another token": "not.a.session",
	}
	for what, canary := range canaries {
		if len(canary) < 10 {
			t.Fatalf("%s is %q", what, canary)
		}
	}

	var said strings.Builder
	ran := map[string]bool{}
	run := func(args []string) {
		_, out, errOut := w.run(append(args, "--verbose")...)
		said.WriteString(out + errOut)
	}
	for _, args := range canaryRuns(w) {
		command := w.commandOf(args)
		ran[command] = true
		run(args)
		for _, format := range w.formats(command) {
			run(append(slices.Clone(args), "-o", format+"="+w.path("outputs/"+strings.ReplaceAll(command, " ", "-")+"."+format)))
			run(append(slices.Clone(args), "-o", format))
		}
	}
	w.env["SF_ACCESS_TOKEN"] = "00D000000000000!not.a.session"
	for _, args := range [][]string{{"plan", w.path("app.yaml")}, {"doctor"}, {"retrieve", "--dir", w.path("none")}, {"audit", "--target-org", ""}} {
		run(args)
	}
	for _, command := range w.commands() {
		if !ran[command] && command != "emulator" { // whose purpose it is to print a token
			t.Errorf("%q is not among canaryRuns", command)
		}
	}

	places := map[string]string{"what was printed": said.String()}
	for _, r := range w.org.Requests() {
		plain, err := url.QueryUnescape(r.Query)
		if err != nil {
			t.Error(err)
		}
		places["URLs"] += r.Path + "?" + r.Query + " " + plain + "\n"
	}
	for name, text := range w.files(t) {
		places[name] = text
	}
	t.Logf("%d commands, %d places searched", len(ran), len(places))
	for place, text := range places {
		for what, canary := range canaries {
			if strings.Contains(text, canary) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(canary))[:12]) {
				t.Errorf("%s is in %s", what, place)
			}
		}
	}
	if len(places) < 100 {
		t.Errorf("only %d places were searched", len(places))
	}
}

func (w *terminal) fileText(name string) string { return string(must(os.ReadFile(w.path(name)))) }

// given are files in which the canaries are to be; what is kept of logins has to
// be its owner's alone.
var given = []string{"ci.key", "token.txt", "secret.txt", "url.txt", "secret.yaml", "source/connectedApps/Old_Sync.connectedApp", "handed.env"}

// files reads everything below the folder, also what is in zips.
func (w *terminal) files(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := filepath.ToSlash(must(filepath.Rel(w.dir, p)))
		if slices.Contains(given, name) {
			return nil
		}
		if strings.HasSuffix(name, "secrets.json") {
			if info := must(d.Info()); info.Mode().Perm() != 0o600 {
				t.Errorf("%s has the mode %v", name, info.Mode())
			}
			return nil
		}
		data := must(os.ReadFile(p))
		texts[name] = string(data)
		if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
			for _, f := range z.File {
				r := must(f.Open())
				texts[name+":"+f.Name] = string(must(io.ReadAll(r)))
				_ = r.Close()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// commands lists what the program can be told to do: the ends of its tree.
func (w *terminal) commands(path ...string) []string {
	out, _ := w.must(0, append(slices.Clone(path), "--help")...)
	_, below, ok := strings.Cut(out, "Available Commands:\n")
	var list []string
	if command := strings.Join(path, " "); !ok || command == "deploy" || command == "audit" {
		list = []string{command} // these two do something by themselves, too
	}
	if !ok {
		return list
	}
	for line := range strings.Lines(below) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			break
		}
		if name != "completion" && name != "help" {
			list = append(list, w.commands(append(slices.Clone(path), name)...)...)
		}
	}
	return list
}

// commandOf is the command of a command line.
func (w *terminal) commandOf(args []string) string {
	command := ""
	for _, c := range w.commands() {
		if line := strings.Join(args, " ") + " "; strings.HasPrefix(line, c+" ") && len(c) > len(command) {
			command = c
		}
	}
	return command
}

var formatsInHelp = regexp.MustCompile(`several times if need be: ([\w, ]+)`)

// formats are those of a command's --output; none if it has no such flag.
func (w *terminal) formats(command string) []string {
	out, _ := w.must(0, append(strings.Fields(command), "--help")...)
	_, flags, _ := strings.Cut(out, "-o, --output")
	m := formatsInHelp.FindStringSubmatch(flags)
	if m == nil {
		return nil
	}
	return strings.Split(m[1], ", ")
}

// What is kept of a login is JSON of two files, of which only one has secrets.
func TestAccountsHoldNoSecret(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	withKey(w)
	w.must(0, secretArgs(w)...)
	var f struct{ Accounts []map[string]any }
	if err := json.Unmarshal([]byte(w.fileText("config/accounts.json")), &f); err != nil || len(f.Accounts) != 1 {
		t.Fatalf("%v, %v", f, err)
	}
	if _, consumerSecret := w.org.Consumer("Ci"); strings.Contains(w.fileText("config/accounts.json"), consumerSecret) {
		t.Error("the consumer secret is among the accounts")
	}
}
