package cli_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// openSecrets has the org hand out secrets over REST.
func openSecrets(t *testing.T, o *orgtest.Org) {
	t.Helper()
	c := metadata.NewComponent("ExternalClientAppSettings", "ExternalClientApp")
	c.Root.Add(&metadata.Element{Name: "enableClientSecretInRestApiAccess", Text: "true"})
	if err := o.Put(c); err != nil {
		t.Fatal(err)
	}
}

// Tokens and consumer secrets that go through the commands of a migration come out
// nowhere but in the store that the user names.
func TestMigrationCanary(t *testing.T) {
	w := sceneTerminal(t)
	openSecrets(t, w.org)
	press(t, w.org, "Order_Sync")
	w.file("specs/Sales_Canvas_ECA.yaml", sceneSpec)
	w.must(0, "deploy", w.path("specs/Sales_Canvas_ECA.yaml"), "--yes")
	secrets := map[string]string{"the access token": w.org.Token()}
	for _, app := range []string{"Order_Sync", "Sales_Canvas_ECA"} {
		_, secrets["the secret of "+app] = w.org.Consumer(app)
	}
	plan, specs := w.path("m.json"), w.path("specs")
	var said strings.Builder
	for _, args := range [][]string{
		{"audit", "-o", "json=" + w.path("audit.json"), "--snapshot", w.path("snapshot")},
		{"migrate", "plan", w.path("audit.json"), "--out", w.path("again.json"), "-o", "html=" + w.path("m.html"), "-o", "csv=" + w.path("m.csv"), "-o", "markdown=" + w.path("m.md")},
		{"migrate", "status", plan, "--dir", specs, "-o", "json"},
		{"migrate", "status", plan, "--dir", specs, "-o", "html=" + w.path("s.html"), "-o", "csv"},
		{"refresh", "save", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"), "-o", "json"},
		{"refresh", "save", "--dir", w.path("other"), "--secrets-to", "tee " + w.path("piped.json")}, // the command says all of it aloud
		{"refresh", "restore", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"), "--yes", "-o", "json"},
		{"migrate", "rollback", "Order_Sync", "--plan", plan, "--dir", specs, "--yes", "-o", "json"},
		{"refresh", "restore", "--dir", w.path("kept"), "--secrets-from", "cat " + w.path("keys.json"), "--yes"},
		{"refresh", "restore", "--dir", w.path("kept"), "--secrets-from", "cat " + w.path("keys.json") + "; exit 1", "--yes"},
		{"migrate", "rollback", "Sales_Canvas", "--plan", plan, "--dir", specs, "--yes"},
		{"migrate", "retire", "Forgotten", "--plan", plan, "--dir", specs, "--yes"},
	} {
		_, out, errOut := w.run(append(args, "--verbose")...)
		said.WriteString(out + errOut)
	}
	places := map[string]string{"what was printed": said.String()}
	for _, r := range w.org.Requests() {
		places["a URL"] += r.Path + "\n"
	}
	err := filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(p, "piped.json") {
			return err
		}
		if strings.HasSuffix(p, "keys.json") {
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
	if kept := string(w.read("keys.json")); !strings.Contains(kept, secrets["the secret of Order_Sync"]) || !strings.Contains(kept, secrets["the secret of Sales_Canvas_ECA"]) {
		t.Error("the store does not have the secrets")
	}
	if len(places) < 20 {
		t.Errorf("only %d places were searched", len(places))
	}
	for place, text := range places {
		for what, canary := range secrets {
			if strings.Contains(text, canary) {
				t.Errorf("%s is in %s", what, place)
			}
		}
	}
	if info := must(os.Stat(w.path("again.json"))); info.Mode().Perm() != 0o600 {
		t.Errorf("the plan has the mode %v", info.Mode())
	}
}

// A sandbox whose apps are put back after a refresh has the keys and secrets of
// before, the Connected App of the same name out of the way, and grants that stood
// in permission sets alone.
func TestRefreshKeepsKeys(t *testing.T) {
	w := sceneTerminal(t)
	openSecrets(t, w.org)
	press(t, w.org, "Order_Sync")
	key, value := w.org.Consumer("Order_Sync")
	if err := w.org.Add("PermissionSet", map[string]any{"Id": "0PS5g0000000077", "Name": "Extra", "Label": "Extra", "IsOwnedByProfile": false}); err != nil {
		t.Fatal(err)
	}
	if err := w.org.Add("SetupEntityAccess", map[string]any{"ParentId": "0PS5g0000000077", "SetupEntityId": w.org.ID(metadata.TypeApp, "Order_Sync"), "SetupEntityType": "ExternalClientApplication", "Parent": map[string]any{"Name": "Extra", "IsOwnedByProfile": false}}); err != nil {
		t.Fatal(err)
	}
	w.must(0, "refresh", "save", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"))
	w.must(0, "migrate", "rollback", "Order_Sync", "--plan", w.path("m.json"), "--dir", w.path("specs"), "--yes")
	if _, errOut := w.must(64, "refresh", "restore", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json")); !strings.Contains(errOut, "--yes") || !w.has(metadata.TypeConnectedApp, "Order_Sync") {
		t.Errorf("nobody was asked:\n%s", errOut)
	}
	out, _ := w.must(0, "refresh", "restore", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"), "--yes", "--json")
	checkJSON(t, "refresh-restore", out)
	if k, v := w.org.Consumer("Order_Sync"); k != key || v != value || w.has(metadata.TypeConnectedApp, "Order_Sync") {
		t.Errorf("key kept: %t, secret kept: %t\n%s", k == key, v == value, out)
	}
	if !strings.Contains(out, `"replaced": true`) || !strings.Contains(out, `"key": "kept"`) || !strings.Contains(out, `"secret": "kept"`) {
		t.Error(out)
	}
	policy := w.org.Component("ExtlClntAppOauthConfigurablePolicies", "Order_Sync_defOauthPlcy")
	if policy == nil {
		policy = w.org.Component("ExtlClntAppOauthConfigurablePolicies", "Order_Sync_defOauthSet_defaultPolicy")
	}
	if policy == nil {
		t.Fatal("no policy")
	}
	if sets, _ := policy.Text("commaSeparatedPermissionSet"); !strings.Contains(sets, "Extra") || !strings.Contains(sets, "Orders") {
		t.Errorf("the grants are %q", sets)
	}
	w.must(0, "plan", w.path("kept/apps/Order_Sync.yaml"))

	// A Connected App that was not there stays, unless it is named.
	w.must(0, "deploy", "--delete", "Order_Sync", "--yes")
	index := strings.Replace(string(w.read("kept/refresh.json")), `"twin": true`, `"twin": false`, 1)
	w.file("kept/refresh.json", index)
	connected(t, w, "Order_Sync", "")
	if out, _ := w.must(68, "refresh", "restore", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"), "--yes"); !strings.Contains(out, "ECA775") || !w.has(metadata.TypeConnectedApp, "Order_Sync") {
		t.Error(out)
	}
	w.must(0, "refresh", "restore", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"), "--yes", "--replace", "Order_Sync")
}

// Nothing is put back into production.
func TestRefreshRefusesProduction(t *testing.T) {
	w := newTerminal(t, orgtest.Config{Kind: "production"})
	w.must(0, "deploy", w.path("app.yaml"), "--yes")
	w.must(0, "refresh", "save", "--dir", w.path("kept"))
	if _, errOut := w.must(1, "refresh", "restore", "--dir", w.path("kept"), "--yes"); !strings.Contains(errOut, "ECA774") {
		t.Error(errOut)
	}
}
