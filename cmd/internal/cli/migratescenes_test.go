package cli_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// What a Connected App of the scenes has.
const sceneApp = `<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>owner@example.com</contactEmail><label>%s</label>
<oauthConfig><callbackUrl>https://%s.example.com/cb</callbackUrl><consumerKey>%s</consumerKey><isAdminApproved>true</isAdminApproved><isPkceRequired>true</isPkceRequired><scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig>
<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy></oauthPolicy><permissionSetName>Orders</permissionSetName>%s</ConnectedApp>`

const sceneCanvas = `<canvasConfig><accessMethod>Post</accessMethod><canvasUrl>https://canvas.example.com</canvasUrl><locations>Visualforce</locations></canvasConfig>`

// connected puts a Connected App into the org.
func connected(t *testing.T, w *terminal, name, more string) {
	t.Helper()
	label := strings.ReplaceAll(name, "_", " ")
	host := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	c, _, err := metadata.Decode(name+".connectedApp", fmt.Appendf(nil, sceneApp, label, host, "KEPTKEY"+strings.ReplaceAll(name, "_", ""), more))
	if err != nil {
		t.Fatal(err)
	}
	c.Name = name
	if err := w.org.Put(c); err != nil {
		t.Fatal(err)
	}
}

// sceneSpec is what convert makes of Sales_Canvas.
const sceneSpec = `apiVersion: ecactl/v1
kind: ExternalClientApp
name: Sales_Canvas_ECA
label: Sales Canvas ECA
contact: {email: owner@example.com}
oauth:
  callbackUrls: [https://sales-canvas.example.com/cb]
  scopes: [api, refresh_token]
policies: {enabled: true, permittedUsers: admin-approved, permissionSets: [Orders], refreshToken: {inactivity: 30d}}
`

// migration plants three apps, each of another way, and makes the plan.
func migration(t *testing.T, w *terminal) {
	t.Helper()
	connected(t, w, "Order_Sync", "")
	connected(t, w, "Sales_Canvas", sceneCanvas)
	connected(t, w, "Forgotten", "")
	use := func(app string) {
		if err := w.org.Add("OauthToken", map[string]any{"AppName": app, "UserId": "0055g00000USER1AAA", "UseCount": 3, "LastUsedDate": killDay.AddDate(0, 0, -40).UTC().Format("2006-01-02T15:04:05.000+0000"), "CreatedDate": killDay.AddDate(0, 0, -50).UTC().Format("2006-01-02T15:04:05.000+0000")}); err != nil {
			t.Fatal(err)
		}
	}
	use("Order Sync")
	use("Sales Canvas")
	if err := w.org.Add("LoginHistory", map[string]any{"Application": "Browser", "LoginType": "Application", "UserId": "0055g00000USER1AAA", "Status": "Success", "LoginTime": killDay.AddDate(0, 0, -1).UTC().Format("2006-01-02T15:04:05.000+0000")}); err != nil {
		t.Fatal(err)
	}
	w.must(0, "migrate", "plan", "--out", w.path("m.json"))
}

// file writes a file below the terminal's folder.
func (w *terminal) file(name, text string) {
	w.t.Helper()
	dir := w.path(name)
	if err := os.MkdirAll(dir[:strings.LastIndexByte(dir, '/')], 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.write(name, text)
}

// proof writes what migrate verify -o json would.
func (w *terminal) proof(app string) {
	w.file("specs/verified/"+app+".json", fmt.Sprintf(`{"schemaVersion":1,"generatedAt":%q,"org":{"id":%q},"apps":[{"name":%q,"checks":[{"id":"code.login","title":"a user gets in","state":"passed"}]}]}`,
		killDay.AddDate(0, 0, 1).UTC().Format("2006-01-02T15:04:05Z"), w.org.OrgID(), app))
}

func (w *terminal) has(typ, name string) bool { return w.org.Component(typ, name) != nil }

func (w *terminal) isFile(name string) bool {
	info, err := os.Stat(w.path(name))
	return err == nil && info.Size() > 0
}

// kept says what is lost of an app whose successor is taken away.
func kept(old, successor string) func(*terminal) string {
	return func(w *terminal) string {
		switch {
		case !w.has(metadata.TypeConnectedApp, old):
			return "the Connected App is gone"
		case !w.has(metadata.TypeApp, successor) && !w.isFile("specs/rollback/"+successor+".yaml"):
			return "the successor is gone, and no file keeps it"
		}
		return ""
	}
}

// scenes are the commands that change an org or files, each where it begins.
func scenes() []scene {
	return []scene{
		{
			name: "status imports", args: []string{"migrate", "status", "m.json", "--dir", "specs", "-q"},
			setup: func(t *testing.T, w *terminal) { migration(t, w); press(t, w.org, "Order_Sync") },
			holds: func(w *terminal) string { return "" },
		},
		{
			name: "deploy", args: []string{"deploy", "specs/Sales_Canvas_ECA.yaml", "--yes", "-q"},
			setup: func(t *testing.T, w *terminal) { migration(t, w); w.file("specs/Sales_Canvas_ECA.yaml", sceneSpec) },
			holds: func(w *terminal) string {
				if !w.has(metadata.TypeConnectedApp, "Sales_Canvas") {
					return "the Connected App is gone"
				}
				return ""
			},
		},
		{
			name: "rollback of the button", args: []string{"migrate", "rollback", "Order_Sync", "--plan", "m.json", "--dir", "specs", "--yes", "-q"},
			setup: func(t *testing.T, w *terminal) {
				migration(t, w)
				press(t, w.org, "Order_Sync")
			},
			holds: kept("Order_Sync", "Order_Sync"),
		},
		{
			name: "rollback of a re-creation", args: []string{"migrate", "rollback", "Sales_Canvas", "--plan", "m.json", "--dir", "specs", "--yes", "-q"},
			setup: func(t *testing.T, w *terminal) {
				migration(t, w)
				w.file("specs/Sales_Canvas_ECA.yaml", sceneSpec)
				w.must(0, "deploy", w.path("specs/Sales_Canvas_ECA.yaml"), "--yes")
			},
			holds: kept("Sales_Canvas", "Sales_Canvas_ECA"),
		},
		{
			name: "retire", args: []string{"migrate", "retire", "Sales_Canvas", "--plan", "m.json", "--dir", "specs", "--yes", "-q"},
			setup: func(t *testing.T, w *terminal) {
				migration(t, w)
				w.file("specs/Sales_Canvas_ECA.yaml", sceneSpec)
				w.must(0, "deploy", w.path("specs/Sales_Canvas_ECA.yaml"), "--yes")
				w.proof("Sales_Canvas_ECA")
			},
			holds: func(w *terminal) string {
				if w.has(metadata.TypeConnectedApp, "Sales_Canvas") {
					return ""
				}
				if !w.has(metadata.TypeApp, "Sales_Canvas_ECA") || !w.isFile("specs/verified/Sales_Canvas_ECA.json") || !w.isFile("specs/before/connectedApps/Sales_Canvas.connectedApp") {
					return "the old app is gone before its successor was there, verified, and its settings in a file"
				}
				return ""
			},
		},
		{
			name: "save", args: []string{"refresh", "save", "--dir", "kept", "--secrets-file", "keys.json", "-q"},
			setup: func(t *testing.T, w *terminal) { migration(t, w); press(t, w.org, "Order_Sync") },
			holds: func(w *terminal) string {
				if w.isFile("kept/refresh.json") && !w.isFile("keys.json") {
					return "there is a save, and its keys are nowhere"
				}
				return ""
			},
		},
		{
			name: "restore", args: []string{"refresh", "restore", "--dir", "kept", "--secrets-file", "keys.json", "--yes", "-q"},
			setup: func(t *testing.T, w *terminal) {
				migration(t, w)
				press(t, w.org, "Order_Sync")
				w.must(0, "refresh", "save", "--dir", w.path("kept"), "--secrets-file", w.path("keys.json"))
				w.must(0, "migrate", "rollback", "Order_Sync", "--plan", w.path("m.json"), "--dir", w.path("gone"), "--yes") // what a refresh leaves: the Connected App alone
			},
			holds: func(w *terminal) string {
				if !w.isFile("kept/apps/Order_Sync.yaml") || !w.isFile("keys.json") {
					return "the save is gone"
				}
				return ""
			},
		},
	}
}

func (w *terminal) read(name string) []byte { return must(os.ReadFile(w.path(name))) }
