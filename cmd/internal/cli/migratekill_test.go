package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// everyKill names the variable that has every kill point tried, and not a sample
// of them. A number is that of the apps of the org: 150, for one.
const everyKill = "ECACTL_TEST_EVERY_KILL"

// A scene is an org and a folder in which one command is run and killed.
type scene struct {
	name  string
	args  []string
	setup func(t *testing.T, w *terminal) // brings org and folder to where the command begins
	// holds checks, right after a kill, that nothing is lost; it returns what is.
	holds func(w *terminal) string
}

// A stage is a scene that was set up once, to be put up again for every kill.
type stage struct {
	scene
	state []byte // of the org
	dir   string // as it was
	want  string // what org and folder are after a run that nobody killed
	calls int    // that such a run makes
}

// program makes the program under test one that can be killed: this test, called
// by the program's name.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "ecactl")
	if err := os.Symlink(self, name); err != nil {
		t.Skip("no symbolic links here")
	}
	return name
}

// A show is one performance of a stage.
type show struct {
	*terminal
	mu     sync.Mutex
	calls  int
	strike int  // the request that kills; 0 kills never
	before bool // the org does not do what it is asked for
	kill   func()
}

// put puts a stage up: an org of its own, and a folder.
func (s *stage) put(t *testing.T, dir string) (*show, error) {
	w := &show{}
	if err := copyFolder(dir, s.dir); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "..", filepath.Base(dir)+".state")
	if err := os.WriteFile(file, s.state, 0o600); err != nil {
		return nil, err
	}
	var o *orgtest.Org
	o, err := orgtest.Start(orgtest.Config{StateFile: file, Kind: "sandbox", PendingPolls: 1, Log: func(orgtest.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls++
		if w.calls == w.strike {
			w.kill()
			if w.before {
				o.Inject(orgtest.Fault{Kind: "reset-before"})
			}
		}
	}})
	if err != nil {
		return nil, err
	}
	w.terminal = &terminal{t, o, dir, map[string]string{"SF_ORG_INSTANCE_URL": o.URL(), "SF_ACCESS_TOKEN": o.Token()}}
	return w, nil
}

// copyFolder copies files with their modes.
func copyFolder(to, from string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, info.Mode().Perm())
	})
}

// start runs the command in a process of its own, and waits for its end.
func (w *show) start(ecactl string, args []string) (output string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, ecactl, args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"SF_ORG_INSTANCE_URL=" + w.org.URL(), "SF_ACCESS_TOKEN=" + w.org.Token(), "HOME=" + w.dir, "ECACTL_CONFIG_DIR=" + filepath.Join(w.dir, "..", "config"), "ECACTL_KEYRING=off", "CI=true",
		"PATH=" + os.Getenv("PATH"), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", killDay.Unix()),
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	w.mu.Lock()
	if err = cmd.Start(); err == nil {
		w.kill = func() { _ = cmd.Process.Kill() } // it may be over already
	}
	w.mu.Unlock()
	if err != nil {
		return "", err
	}
	err = cmd.Wait()
	return out.String(), err
}

// killDay is the program's clock; the org's goes on.
var killDay = time.Now()

// picture is all that an org has and a folder holds.
func (w *show) picture() (string, error) {
	var out strings.Builder
	types := []string{metadata.TypeConnectedApp}
	for _, t := range metadata.Schema().AppTypes() {
		types = append(types, t.Name)
	}
	for _, typ := range types {
		for _, name := range w.org.Names(typ) {
			data, err := metadata.Schema().Encode(w.org.Component(typ, name))
			if err != nil {
				return "", err
			}
			text := string(data)
			if !strings.Contains(text, "KEPTKEY") {
				text = regexp.MustCompile(`(?s)<consumerKey>.*?</consumerKey>`).ReplaceAllString(text, "") // the org made it by itself
			}
			text = regexp.MustCompile(`(?s)<oauthLink>.*?</oauthLink>`).ReplaceAllString(text, "") // it has a running number
			fmt.Fprintf(&out, "%s %s migrated=%t\n%s", typ, name, w.org.Migrated(name), text)
		}
	}
	err := filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(w.dir, p)
		data = bytes.ReplaceAll(data, []byte(w.org.URL()), []byte("http://org"))
		fmt.Fprintf(&out, "%s\n%s\n", rel, data)
		return err
	})
	return out.String(), err
}

// prepare sets a scene up, and sees how it ends if nobody kills.
func prepare(t *testing.T, ecactl string, s scene) *stage {
	t.Helper()
	root := t.TempDir()
	st := &stage{scene: s, dir: filepath.Join(root, "begin")}
	if err := os.MkdirAll(st.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "org.json")
	o, err := orgtest.Start(orgtest.Config{StateFile: file, Kind: "sandbox", AllowConnectedApps: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &terminal{t, o, st.dir, map[string]string{
		"SF_ORG_INSTANCE_URL": o.URL(), "SF_ACCESS_TOKEN": o.Token(), "HOME": root, "ECACTL_CONFIG_DIR": filepath.Join(root, "config"), "ECACTL_KEYRING": "off",
	}}
	s.setup(t, w)
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	st.state = must(os.ReadFile(file))
	show, err := st.put(t, filepath.Join(root, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	defer show.org.Close()
	if out, err := show.start(ecactl, s.args); err != nil {
		t.Fatalf("%s: %v\n%s", s.name, err, out)
	}
	st.calls, st.want = show.calls, must(show.picture())
	if out, err := show.start(ecactl, s.args); err != nil && s.name != "save" {
		t.Errorf("%s, run once more after its end: %v\n%s", s.name, err, out)
	} else if got := must(show.picture()); got != st.want {
		t.Errorf("%s, run once more after its end, changes something", s.name)
	}
	return st
}

// kill runs the command, kills it at one request, and runs it again to its end.
func (s *stage) kill(t *testing.T, ecactl, dir string, at int, before bool) error {
	w, err := s.put(t, dir)
	if err != nil {
		return err
	}
	defer w.org.Close()
	w.strike, w.before = at, before
	if _, err := w.start(ecactl, s.args); err == nil && at < s.calls {
		return fmt.Errorf("killed at request %d, it went on", at)
	}
	if lost := s.holds(w.terminal); lost != "" {
		return fmt.Errorf("killed at request %d (before: %t): %s", at, before, lost)
	}
	w.mu.Lock()
	w.strike = 0
	w.mu.Unlock()
	if out, err := w.start(ecactl, s.args); err != nil {
		return fmt.Errorf("killed at request %d (before: %t), and run again: %w\n%s", at, before, err, out)
	}
	got, err := w.picture()
	if err != nil {
		return err
	}
	if got != s.want {
		return fmt.Errorf("killed at request %d (before: %t), it ends otherwise:\n%s", at, before, difference(got, s.want))
	}
	return nil
}

// difference names the first lines in which two texts differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, strings.Join(a[i:min(i+6, len(a))], "\n     "), strings.Join(b[i:min(i+6, len(b))], "\n     "))
		}
	}
	return fmt.Sprintf("%d lines, wanted %d", len(a), len(b))
}

// Killed at any request, before the org has done what it was asked for and after,
// and run again: every command of a migration ends as if nobody had killed it, and
// at no moment is anything lost.
func TestKilled(t *testing.T) {
	ecactl := program(t)
	step := 8
	switch {
	case os.Getenv(everyKill) != "":
		step = 1
	case raced:
		step = 40 // what is killed is a process without the detector's help
	}
	points, all := 0, 0
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			st := prepare(t, ecactl, s)
			root := t.TempDir()
			var g errgroup.Group
			g.SetLimit(6)
			for at := 1; at <= st.calls; at++ {
				for _, before := range []bool{true, false} {
					all++
					if (2*at+map[bool]int{true: 0, false: 1}[before]+len(s.name))%step != 0 {
						continue
					}
					points++
					g.Go(func() error {
						return st.kill(t, ecactl, filepath.Join(root, fmt.Sprintf("%d-%t", at, before), "work"), at, before)
					})
				}
			}
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
			t.Logf("%s makes %d requests", s.name, st.calls)
		})
	}
	t.Logf("killed at %d of %d points (every request of %d commands, before and after the org's work)", points, all, len(scenes()))
}

// Killed at any moment while it writes files, and run again: nothing is left over.
func TestKilledWhileWriting(t *testing.T) {
	ecactl := program(t)
	moments := 2
	if os.Getenv(everyKill) != "" {
		moments = 60
	}
	points := 0
	for _, s := range scenes() {
		if s.name != "save" && s.name != "status imports" && s.name != "retire" {
			continue
		}
		st := prepare(t, ecactl, s)
		root := t.TempDir()
		began := time.Now()
		w, err := st.put(t, filepath.Join(root, "whole", "work"))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := w.start(ecactl, s.args); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_ = w.org.Close()
		whole := time.Since(began)
		for i := range moments {
			points++
			if err := st.killAt(t, ecactl, filepath.Join(root, fmt.Sprint(i), "work"), whole-whole*time.Duration(i)/time.Duration(3*moments)); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
	t.Logf("killed at %d moments", points)
}

// killAt is kill by the clock.
func (s *stage) killAt(t *testing.T, ecactl, dir string, after time.Duration) error {
	w, err := s.put(t, dir)
	if err != nil {
		return err
	}
	defer w.org.Close()
	armed := true // for the first run alone
	time.AfterFunc(after, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if armed && w.kill != nil {
			w.kill()
		}
	})
	_, first := w.start(ecactl, s.args)
	w.mu.Lock()
	armed = false
	w.mu.Unlock()
	if lost := s.holds(w.terminal); lost != "" {
		return fmt.Errorf("killed after %s: %s", after, lost)
	}
	whole := s.name == "save" && w.isFile("kept/refresh.json") // it is not written over
	if out, err := w.start(ecactl, s.args); err != nil && !whole {
		return fmt.Errorf("killed after %s (%v), and run again: %w\n%s", after, first, err, out)
	}
	got, err := w.picture()
	if err == nil && got != s.want {
		err = fmt.Errorf("killed after %s, it ends otherwise:\n%s", after, difference(got, s.want))
	}
	return err
}
