// Command audit measures ecactl audit on emulated orgs, in one run: the memory for
// a large org with few and with many login records, and the time for 200 orgs that
// take 100 ms for every answer, beside what the critical path of one org allows.
//
//	go run ./testdata/bench/audit
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/orgtest/planted"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ecactl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears it as well
	b := &bench{dir: dir, program: filepath.Join(dir, "ecactl")}
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.program, "./cmd/ecactl").CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, out)
	}
	if err := b.large(ctx); err != nil {
		return err
	}
	return b.fleet(ctx)
}

type bench struct{ dir, program string }

// audit runs the program, and tells how long it took and how much memory it had.
func (b *bench) audit(ctx context.Context, env []string, args ...string) (time.Duration, int64, error) {
	cmd := exec.CommandContext(ctx, b.program, append([]string{"audit", "-o", "json=" + filepath.Join(b.dir, "report.json")}, args...)...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), append(env, "ECACTL_CONFIG_DIR="+filepath.Join(b.dir, "config"), "ECACTL_KEYRING=off", "CI=true")...)
	began := time.Now() //nolint:forbidigo // it is what is measured
	out, err := cmd.CombinedOutput()
	took := time.Since(began) //nolint:forbidigo // as above
	if err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, out)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return took, usage.Maxrss, nil
}

func session(o *orgtest.Org) []string {
	return []string{"SF_ORG_INSTANCE_URL=" + o.URL(), "SF_ACCESS_TOKEN=" + o.Token()}
}

// large audits the org of the tests with few and with many login records.
func (b *bench) large(ctx context.Context) error {
	fmt.Println("one org of 500 Connected Apps, 40 vendor apps, 30 External Client Apps, 12,000 tokens")
	for _, logins := range []int{2_000, 20_000, 200_000} {
		size := planted.Full
		size.Logins = logins
		o, err := planted.New(size, time.Now(), nil) //nolint:forbidigo // the org is of today
		if err != nil {
			return err
		}
		o.ForgetRequests()
		took, kB, err := b.audit(ctx, session(o.Org))
		if err != nil {
			return err
		}
		fmt.Printf("  %7d logins   %6.2f s   %5.1f MB   %d calls\n", logins, took.Seconds(), float64(kB)/1024, len(o.Requests()))
		if err := o.Close(); err != nil {
			return err
		}
	}
	return nil
}

const (
	orgs        = 200
	concurrency = 8
	latency     = 100 * time.Millisecond
)

// fleet audits many orgs that take their time.
func (b *bench) fleet(ctx context.Context) error {
	size := planted.Size{Apps: 30, Vendors: 3, ECAs: 3, Logins: 300, Tokens: 200}
	var list strings.Builder
	fmt.Fprintf(&list, "concurrency: %d\norgs:\n", concurrency)
	logins := errgroup.Group{}
	logins.SetLimit(concurrency)
	for i := range orgs {
		o, err := planted.New(size, time.Now(), func(c *orgtest.Config) { c.Latency, c.OrgNumber = latency, i+1 }) //nolint:forbidigo // the org is of today
		if err != nil {
			return err
		}
		defer o.Close() //nolint:errcheck // it has no state to save
		alias := fmt.Sprintf("org-%03d", i)
		logins.Go(func() error { return b.login(ctx, o.Org, alias) })
		fmt.Fprintf(&list, "  - alias: %s\n", alias)
	}
	if err := logins.Wait(); err != nil {
		return err
	}
	file := filepath.Join(b.dir, "fleet.yaml")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		return err
	}
	one := time.Duration(1 << 62)
	for range 3 {
		took, _, err := b.audit(ctx, nil, "--target-org", "org-000")
		if err != nil {
			return err
		}
		one = min(one, took)
	}
	all, kB, err := b.audit(ctx, nil, "--fleet", file)
	if err != nil {
		return err
	}
	var report struct{ Orgs []struct{ Error string } }
	data, err := os.ReadFile(filepath.Join(b.dir, "report.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return err
	}
	if len(report.Orgs) != orgs {
		return fmt.Errorf("the report has %d orgs of %d", len(report.Orgs), orgs)
	}
	for _, o := range report.Orgs {
		if o.Error != "" {
			return fmt.Errorf("an org was not read: %s", o.Error)
		}
	}
	bound := one * orgs / concurrency
	fmt.Printf("%d orgs, %d at a time, %v for every answer\n", orgs, concurrency, latency)
	fmt.Printf("  one org          %6.2f s\n", one.Seconds())
	fmt.Printf("  orgs / %d × one   %6.2f s\n", concurrency, bound.Seconds())
	fmt.Printf("  the fleet        %6.2f s   %5.1f MB   %.2f times\n", all.Seconds(), float64(kB)/1024, all.Seconds()/bound.Seconds())
	return nil
}

func (b *bench) login(ctx context.Context, o *orgtest.Org, alias string) error {
	cmd := exec.CommandContext(ctx, b.program, "login", "access-token", "--alias", alias)
	cmd.Env = append(os.Environ(), append(session(o), "ECACTL_CONFIG_DIR="+filepath.Join(b.dir, "config"), "ECACTL_KEYRING=off", "CI=true")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("logging in: %w\n%s", err, out)
	}
	return nil
}
