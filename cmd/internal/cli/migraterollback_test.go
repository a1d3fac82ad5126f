package cli_test

import (
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// appXML is what the org has of a Connected App.
func (w *terminal) appXML(name string) string {
	c := w.org.Component(metadata.TypeConnectedApp, name)
	if c == nil {
		return ""
	}
	return string(must(metadata.Schema().Encode(c)))
}

// sceneTerminal is an org of the scenes, with its plan.
func sceneTerminal(t *testing.T) *terminal {
	t.Helper()
	w := newTerminal(t, orgtest.Config{Kind: "sandbox", AllowConnectedApps: true})
	migration(t, w)
	return w
}

func (w *terminal) back(want int, app string, more ...string) (out, errOut string) {
	w.t.Helper()
	return w.must(want, append([]string{"migrate", "rollback", app, "--plan", w.path("m.json"), "--dir", w.path("specs")}, more...)...)
}

// A button migration is taken back at every step: what is there is exported, what
// was changed since is said to be lost, and the Connected App is as it was.
func TestRollbackOfButton(t *testing.T) {
	w := sceneTerminal(t)
	was := w.appXML("Order_Sync")
	if out, _ := w.back(0, "Order_Sync"); !strings.Contains(out, "is back") || w.isFile("specs/rollback/Order_Sync.yaml") {
		t.Errorf("before it was pressed:\n%s", out)
	}
	press(t, w.org, "Order_Sync")
	if _, errOut := w.back(64, "Order_Sync"); !strings.Contains(errOut, "--yes") || !w.has(metadata.TypeApp, "Order_Sync") {
		t.Errorf("without --yes:\n%s", errOut)
	}
	out, _ := w.back(0, "Order_Sync", "--yes", "--json")
	checkJSON(t, "rollback", out)
	if w.has(metadata.TypeApp, "Order_Sync") || w.org.Migrated("Order_Sync") || w.appXML("Order_Sync") != was {
		t.Error("the Connected App is not what it was")
	}

	press(t, w.org, "Order_Sync")
	w.must(0, "migrate", "status", w.path("m.json"), "--dir", w.path("specs"))
	spec := strings.Replace(string(w.read("specs/Order_Sync.yaml")), "order-sync.example.com", "changed.example.com", 1)
	w.must(0, "deploy", w.write("specs/changed.yaml", spec), "--yes")
	out, _ = w.back(0, "Order_Sync", "--yes")
	if !strings.Contains(out, "lost: ExtlClntAppGlobalOauthSettings.callbackUrl was https://changed.example.com/cb") {
		t.Errorf("what is lost is not said:\n%s", out)
	}
	if !w.isFile("specs/rollback/Order_Sync-2.yaml") || strings.Contains(string(w.read("specs/rollback/Order_Sync.yaml")), "changed.example.com") {
		t.Error("the earlier export is gone")
	}
	w.must(0, "lint", w.path("specs/rollback/Order_Sync-2.yaml"))
}

// A re-creation is taken back at every step, and no longer once the old app is
// gone.
func TestRollbackOfRecreation(t *testing.T) {
	w := sceneTerminal(t)
	w.file("specs/Sales_Canvas_ECA.yaml", sceneSpec)
	deploy := func() { w.must(0, "deploy", w.path("specs/Sales_Canvas_ECA.yaml"), "--yes") }
	w.back(0, "Sales_Canvas", "--yes") // nothing is there yet
	deploy()
	out, _ := w.back(0, "Sales_Canvas", "--yes")
	grants, removal := strings.Index(out, "taking the grants"), strings.Index(out, "deleting Sales_Canvas_ECA")
	if grants < 0 || removal < grants || !strings.Contains(out, "by hand: put the old key and secret back") {
		t.Errorf("it is not undone in reverse:\n%s", out)
	}
	if w.has(metadata.TypeApp, "Sales_Canvas_ECA") || !w.has(metadata.TypeConnectedApp, "Sales_Canvas") {
		t.Error("it is not back")
	}
	deploy()
	w.proof("Sales_Canvas_ECA")
	w.back(0, "Sales_Canvas", "--yes")
	deploy()
	w.must(0, "migrate", "retire", "Sales_Canvas", "--plan", w.path("m.json"), "--dir", w.path("specs"), "--yes")
	if _, errOut := w.back(1, "Sales_Canvas", "--yes"); !strings.Contains(errOut, "ECA762") || !w.has(metadata.TypeApp, "Sales_Canvas_ECA") {
		t.Errorf("after the old app is gone:\n%s", errOut)
	}
	if _, errOut := w.back(1, "Forgotten", "--yes"); !strings.Contains(errOut, "ECA763") {
		t.Errorf("a route without a way back:\n%s", errOut)
	}
	if _, errOut := w.back(1, "Order_Snyc", "--yes"); !strings.Contains(errOut, `did you mean "Order_Sync"?`) {
		t.Errorf("a name that the plan does not have:\n%s", errOut)
	}
	if _, errOut := w.must(1, "migrate", "retire", "Order_Sync", "--plan", w.path("m.json"), "--dir", w.path("specs"), "--yes"); !strings.Contains(errOut, "ECA766") {
		t.Errorf("retiring the way back:\n%s", errOut)
	}
}

// An old app that is in use, or whose successor is not proven, does not go.
func TestRetireRefuses(t *testing.T) {
	w := sceneTerminal(t)
	retire := func(app string) string {
		_, errOut := w.must(1, "migrate", "retire", app, "--plan", w.path("m.json"), "--dir", w.path("specs"), "--yes")
		if !w.has(metadata.TypeConnectedApp, app) {
			t.Errorf("%s is gone", app)
		}
		return errOut
	}
	if got := retire("Sales_Canvas"); !strings.Contains(got, "does not have Sales_Canvas_ECA") {
		t.Error(got)
	}
	w.file("specs/Sales_Canvas_ECA.yaml", strings.Replace(sceneSpec, ", permissionSets: [Orders]", "", 1))
	w.must(0, "deploy", w.path("specs/Sales_Canvas_ECA.yaml"), "--yes")
	if got := retire("Sales_Canvas"); !strings.Contains(got, "granted to nobody") || !strings.Contains(got, "prove that it works is open") {
		t.Error(got)
	}
	w.file("specs/Sales_Canvas_ECA.yaml", sceneSpec)
	w.must(0, "deploy", w.path("specs/Sales_Canvas_ECA.yaml"), "--yes")
	w.proof("Sales_Canvas_ECA")
	w.file("specs/verified/Sales_Canvas_ECA.json", strings.Replace(string(w.read("specs/verified/Sales_Canvas_ECA.json")), `"passed"`, `"failed"`, 1))
	if got := retire("Sales_Canvas"); !strings.Contains(got, "a user gets in failed") {
		t.Error(got)
	}
	w.proof("Sales_Canvas_ECA")
	w.org.Alter("OauthToken", func(row map[string]any) {
		row["LastUsedDate"] = killDay.AddDate(0, 0, -2).UTC().Format("2006-01-02T15:04:05.000+0000")
	})
	if got := retire("Sales_Canvas"); !strings.Contains(got, "has to be silent until") {
		t.Error(got)
	}
	w.org.Inject(orgtest.Fault{Kind: "denied", Op: "LoginHistory", Count: -1})
	w.org.Alter("OauthToken", func(row map[string]any) {
		row["LastUsedDate"] = killDay.AddDate(0, 0, -70).UTC().Format("2006-01-02T15:04:05.000+0000")
	})
	if got := retire("Sales_Canvas"); !strings.Contains(got, "is unclear (tokens or logins were not to be read)") {
		t.Error(got)
	}
}
