package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/orgtest/planted"
	"github.com/ecactl/ecactl/migrate/waves"
)

// press is Setup's button, which the emulated org has at an address of its own.
func press(t *testing.T, o *orgtest.Org, app string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, o.URL()+"/emulator/migrate?app="+app, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.Token())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // its status is all that is asked
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("the button answers %d for %s", answer.StatusCode, app)
	}
}

// A journey is an emulated org of many apps, of which it is known what an admin
// would do to each.
type journey struct {
	*terminal
	planted  *planted.Org
	finished atomic.Bool // clients of old apps have been changed over
	pushes   string      // the app that is unknown until somebody has looked
}

// newJourney plants an org with apps of every verdict.
func newJourney(t *testing.T, size planted.Size) *journey {
	t.Helper()
	j := &journey{pushes: "Field_Push"}
	old := map[string]bool{"OauthUsernamePassword": true, "OauthHybridUserAgent": true, "OAuthDevice": true}
	p, err := planted.New(size, time.Now(), func(cfg *orgtest.Config) {
		// Once clients are changed over, nobody logs in by the old flows, nor by the
		// apps that were made anew.
		whole := cfg.Rows["LoginHistory"]
		cfg.Rows["LoginHistory"] = j.without(whole, func(row map[string]any) bool { return old[fmt.Sprint(row["LoginSubType"])] })
		cfg.Rows["OauthToken"] = j.without(cfg.Rows["OauthToken"], nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	j.planted = p
	push, _, err := metadata.Decode(j.pushes+".connectedApp", []byte(`<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>field@planted.example</contactEmail><description>Planted</description><label>Field Push</label><mobileAppConfig><devicePlatform>ios</devicePlatform></mobileAppConfig></ConnectedApp>`))
	if err != nil {
		t.Fatal(err)
	}
	push.Name = j.pushes
	if err := p.Put(push); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	j.terminal = &terminal{t, p.Org, dir, map[string]string{
		"SF_ORG_INSTANCE_URL": p.URL(), "SF_ACCESS_TOKEN": p.Token(), "HOME": dir, "ECACTL_CONFIG_DIR": filepath.Join(dir, "config"), "ECACTL_KEYRING": "off",
	}}
	return j
}

// without leaves records of recreated apps and those that match out, once clients
// are changed over.
func (j *journey) without(rows iter.Seq[map[string]any], match func(map[string]any) bool) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for row := range rows {
			if j.finished.Load() {
				label := fmt.Sprint(row["Application"], row["AppName"])
				if match != nil && match(row) || j.recreated(label) {
					continue
				}
			}
			if !yield(row) {
				return
			}
		}
	}
}

// recreated tells the labels of planted apps that are made anew.
func (j *journey) recreated(label string) bool {
	return slices.ContainsFunc(j.planted.Apps, func(a *planted.App) bool { return a.Route == "recreate" && strings.Contains(label, a.Label) })
}

func (j *journey) decode(name string, into any) {
	j.t.Helper()
	if err := json.Unmarshal(must(os.ReadFile(j.path(name))), into); err != nil {
		j.t.Fatal(err)
	}
}

func (j *journey) plan() *waves.Plan {
	j.t.Helper()
	p, err := waves.Decode("m.json", must(os.ReadFile(j.path("m.json"))))
	if err != nil {
		j.t.Fatal(err)
	}
	return p
}

func (j *journey) status() *waves.Status {
	j.t.Helper()
	out, _ := j.must(0, "migrate", "status", j.path("m.json"), "--dir", j.path("specs"), "--json")
	var s waves.Status
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		j.t.Fatal(err)
	}
	checkJSON(j.t, "migration-status", out)
	return &s
}

// standing finds an app in a status.
func standing(t *testing.T, s *waves.Status, app string) *waves.Standing {
	t.Helper()
	i := slices.IndexFunc(s.Apps, func(a waves.Standing) bool { return a.Name == app })
	if i < 0 {
		t.Fatalf("the status has no %s", app)
	}
	return &s.Apps[i]
}

// fix does what the runbook says about one finding.
func (j *journey) fix(a *waves.App, rule string) {
	j.t.Helper()
	edit := func(change func(root *metadata.Element)) {
		c := j.org.Component(metadata.TypeConnectedApp, a.Name)
		change(c.Root)
		if err := j.org.Put(c); err != nil {
			j.t.Fatal(err)
		}
	}
	switch rule {
	case "CA-ELIG-005":
		j.org.Alter("UserProvisioningConfig", func(row map[string]any) {
			if row["DeveloperName"] == "Provision_"+a.Name {
				row["Enabled"] = false
			}
		})
	case "CA-ELIG-006":
		edit(func(root *metadata.Element) { root.Remove("plugin") })
	case "CA-ELIG-007":
		edit(func(root *metadata.Element) { root.Child("samlConfig").Child("encryptionType").Text = "AES_256" })
	case "CA-ELIG-009": // the clients stop using the flow; see without
	default:
		j.t.Fatalf("%s is blocked by %s, which nobody fixes", a.Name, rule)
	}
}

var journeySize = planted.Size{Apps: 150, Vendors: 12, ECAs: 8, Logins: 1500, Tokens: 600}

// The plan of an org with every verdict: each app exactly once, no wave too large,
// none that ends after a date without saying so, and commands that the program
// understands.
func TestMigrationPlan(t *testing.T) {
	j := newJourney(t, journeySize)
	j.must(0, "audit", "-o", "json="+j.path("audit.json"))
	out, _ := j.must(0, "migrate", "plan", j.path("audit.json"), "--out", j.path("m.json"), "--max-per-wave", "12", "--json")
	checkJSON(t, "migration", out)
	if again, _ := j.must(0, "migrate", "plan", j.path("audit.json"), "--out", j.path("m.json"), "--max-per-wave", "12", "--json"); again != out {
		// the day is the same, and with it the bytes but for the second
		if strip(again) != strip(out) {
			t.Error("two plans of one audit differ")
		}
	}
	if bytes.Contains([]byte(out), []byte(j.org.Token())) {
		t.Error("the plan holds the token")
	}
	var audit struct {
		Apps []struct{ Kind, Name, Route string }
	}
	j.decode("audit.json", &audit)
	p := j.plan()
	seen := map[string]int{}
	for w, a := range p.All() {
		seen["ConnectedApp/"+a.Name]++
		if len(w.Apps) > 12 {
			t.Errorf("wave %d has %d apps", w.Number, len(w.Apps))
		}
		if a.Due != nil && *a.Due <= w.Ends && a.Late == "" {
			t.Errorf("%s is due on %s, its wave ends on %s, and nothing says so", a.Name, *a.Due, w.Ends)
		}
		if len(a.Steps) == 0 {
			t.Errorf("%s has no runbook", a.Name)
		}
	}
	for _, l := range p.Left {
		seen[l.Kind+"/"+l.Name]++
	}
	for _, a := range audit.Apps {
		if seen[a.Kind+"/"+a.Name] != 1 {
			t.Errorf("%s %s is %d times in the plan", a.Kind, a.Name, seen[a.Kind+"/"+a.Name])
		}
	}
	if len(seen) != len(audit.Apps) {
		t.Errorf("the plan has %d apps, the audit %d", len(seen), len(audit.Apps))
	}
	checkCommands(t, j.terminal, p)
}

// strip takes the moment out of a plan.
func strip(plan string) string {
	at := strings.Index(plan, `"madeAt"`)
	return plan[:at] + plan[at+40:]
}

// checkCommands has the program read every kind of command that runbooks give: an
// unknown command or flag ends with 64.
func checkCommands(t *testing.T, w *terminal, p *waves.Plan) {
	t.Helper()
	kinds := map[string]bool{}
	for _, a := range p.All() {
		for _, s := range a.Steps {
			lines := slices.Clone(s.Commands)
			if strings.HasPrefix(s.Rollback, "ecactl ") {
				line, _, _ := strings.Cut(s.Rollback, ", ")
				lines = append(lines, line)
			}
			for _, line := range lines {
				kind := s.ID + ":" + strings.Join(strings.Fields(line)[:2], " ")
				if kinds[kind] {
					continue
				}
				kinds[kind] = true
				args := append(strings.Fields(line)[1:], "--help")
				if code, _, errOut := w.run(args...); code != 0 {
					t.Errorf("%s: exit %d\n%s", line, code, errOut)
				}
			}
		}
	}
	if len(kinds) < 15 {
		t.Errorf("only %d kinds of commands were read", len(kinds))
	}
}
