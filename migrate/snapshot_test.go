package migrate_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

func saved(t *testing.T, dir string) *migrate.Evidence {
	t.Helper()
	ev := evidence(t, migrate.Example{
		{Name: "Order_Sync.connectedApp", XML: "<label>Order Sync</label><oauthConfig><isAdminApproved>false</isAdminApproved></oauthConfig>"},
		{Name: "OauthOidc.settings", XML: "<blockOAuthUnPwFlow>true</blockOAuthUnPwFlow>"},
		{Name: migrate.SrcTokens + ".json", XML: `[{"AppName":"Order Sync","UserId":"0055g0000000001AAA","UseCount":"4","LastUsedDate":"2026-11-20T08:00:00.000+0000"}]`},
	})
	at := now
	ev.Org.ReadAt = &at
	if err := ev.Save(dir, migrate.Tool{Name: "ecactl", Version: "test", Rules: migrate.RulesVersion}); err != nil {
		t.Fatal(err)
	}
	return ev
}

// What is saved is audited as what was read, in files that only their owner reads.
func TestSnapshot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "snapshot")
	ev := saved(t, dir)
	again, err := migrate.LoadSnapshot(dir)
	if err != nil {
		t.Fatal(err)
	}
	var before, after bytes.Buffer
	for out, e := range map[*bytes.Buffer]*migrate.Evidence{&before: ev, &after: again} {
		if err := report.JSON(out, auditOrg(t, e)); err != nil {
			t.Fatal(err)
		}
	}
	if before.String() != after.String() {
		t.Errorf("got\n%s\nwant\n%s", &after, &before)
	}
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A snapshot replaces a snapshot, as a whole, and nothing else.
func TestSnapshotReplaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "snapshot")
	saved(t, dir)
	stale := filepath.Join(dir, "connectedApps", "Gone.connectedApp")
	if err := os.WriteFile(stale, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	saved(t, dir)
	if _, err := os.Stat(stale); err == nil {
		t.Error("a file of the earlier snapshot is left")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".snapshot-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "mine.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ev := evidence(t, migrate.Example{})
	if err := ev.Save(other, migrate.Tool{}); err == nil || !strings.Contains(err.Error(), "ECA601") {
		t.Errorf("err = %v", err)
	}
	if _, err := os.Stat(filepath.Join(other, "mine.txt")); err != nil {
		t.Error("what was in the folder is gone")
	}
}

func TestLoadSnapshotProblems(t *testing.T) {
	tests := map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"no folder":   {func(t *testing.T, dir string) { remove(t, dir) }, "is no snapshot"},
		"no file":     {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, migrate.SnapshotFile)) }, "is no snapshot"},
		"empty":       {func(t *testing.T, dir string) { rewrite(t, dir, func([]byte) []byte { return nil }) }, "is no snapshot that can be read"},
		"cut off":     {func(t *testing.T, dir string) { rewrite(t, dir, func(b []byte) []byte { return b[:len(b)/2] }) }, "is no snapshot that can be read"},
		"other data":  {func(t *testing.T, dir string) { rewrite(t, dir, func([]byte) []byte { return []byte("[]") }) }, "is no snapshot that can be read"},
		"an older":    {func(t *testing.T, dir string) { change(t, dir, "schemaVersion", 7) }, "is a snapshot of version 7"},
		"other types": {func(t *testing.T, dir string) { change(t, dir, "records", 7) }, "is no snapshot that can be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "snapshot")
			saved(t, dir)
			tt.spoil(t, dir)
			_, err := migrate.LoadSnapshot(dir)
			p, ok := err.(*diag.Problem)
			if !ok || p.Code != "ECA602" || p.Hint == "" || !strings.Contains(p.Message, tt.want) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// A file of metadata that is cut off is an app of which nothing is known, and the
// rest is audited.
func TestSnapshotWithBrokenFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "snapshot")
	saved(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "connectedApps", "Half.connectedApp"), []byte("<ConnectedApp><label>"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := migrate.LoadSnapshot(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := auditOrg(t, e)
	if a := app(t, r, migrate.KindConnectedApp, "Half"); a.Verdict != migrate.VerdictUnknown {
		t.Errorf("Half is %s", a.Verdict)
	}
	app(t, r, migrate.KindConnectedApp, "Order_Sync")
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

func rewrite(t *testing.T, dir string, f func([]byte) []byte) {
	t.Helper()
	name := filepath.Join(dir, migrate.SnapshotFile)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, f(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func change(t *testing.T, dir, key string, to any) {
	t.Helper()
	rewrite(t, dir, func(data []byte) []byte {
		var doc map[string]any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		doc[key] = to
		out, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return out
	})
}
