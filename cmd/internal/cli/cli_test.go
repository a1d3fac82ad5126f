package cli_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ecactl/ecactl/cmd/internal/cli"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ecactl": func() {
			code := cli.Run(cli.Interruptible(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, cli.System())
			tellMemory()
			os.Exit(code)
		},
	})
}

// memoryFile names, in the environment, the file into which the program under
// test writes the most memory that it had. What the system says of a process
// that has ended includes its parent's memory before exec.
const memoryFile = "ECACTL_TEST_MEMORY"

func tellMemory() {
	name := os.Getenv(memoryFile)
	status, err := os.ReadFile("/proc/self/status")
	if name == "" || err != nil {
		return
	}
	if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); m != nil {
		_ = os.WriteFile(name, m[1], 0o600) // the test sees that it is missing
	}
}

// now is the day of every script, so that certificates do not age.
var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func TestScripts(t *testing.T) {
	if raced {
		t.Skip("a program under the race detector takes a second to start, and these are hundreds")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(now.Unix()))
			e.Setenv("TMPDIR", e.WorkDir+"/tmp")
			e.Setenv("HOME", e.WorkDir+"/home")
			e.Setenv("ECACTL_KEYRING", "off")
			e.Setenv("CI", "true")
			return os.Mkdir(filepath.Join(e.WorkDir, "tmp"), 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"valid":     valid,
			"normalize": normalize,
			"filled":    filled,
			"emulated":  emulated,
		},
	})
}

// valid SCHEMA FILE checks a JSON document against the schema that the program
// publishes for it. FILE may be stdout.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: valid SCHEMA FILE")
	}
	var schema bytes.Buffer
	if code := cli.Run(context.Background(), []string{"schema", args[0]}, nil, &schema, os.Stderr, cli.System()); code != 0 {
		ts.Fatalf("there is no schema %s", args[0])
	}
	err := validate(schema.Bytes(), []byte(ts.ReadFile(args[1])))
	if (err != nil) != neg {
		ts.Fatalf("%s against the schema of %s: %v", args[1], args[0], err)
	}
}

func validate(schema, doc []byte) error {
	s, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", s); err != nil {
		return err
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return compiled.Validate(v)
}

// normalize FROM TO copies an output with what differs from run to run taken
// out: the folder of the script, names of temporary folders, ports, seconds.
func normalize(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	text = regexp.MustCompile(`ecactl-demo-\d+`).ReplaceAllString(text, "ecactl-demo-N")
	text = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "127.0.0.1:PORT")
	text = regexp.MustCompile(`(components  )\d+s`).ReplaceAllString(text, "${1}Ns")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// emulated [SEED] starts an emulated org for the rest of the script, and puts its
// address and token into the environment. Each is an org of its own.
func emulated(ts *testscript.TestScript, _ bool, args []string) {
	var seed []string
	for _, a := range args {
		seed = append(seed, ts.MkAbs(a))
	}
	ts.Setenv("EMULATED_ORGS", ts.Getenv("EMULATED_ORGS")+"x")
	o, err := orgtest.Start(orgtest.Config{Seed: seed, Now: func() time.Time { return now }, OrgNumber: len(ts.Getenv("EMULATED_ORGS"))})
	ts.Check(err)
	ts.Defer(func() { _ = o.Close() })
	ts.Setenv("SF_ORG_INSTANCE_URL", o.URL())
	ts.Setenv("SF_ACCESS_TOKEN", o.Token())
}

// filled FILE SIZE TEXT writes a file of that many bytes of one text.
func filled(ts *testscript.TestScript, _ bool, args []string) {
	var size int
	_, err := fmt.Sscan(args[1], &size)
	ts.Check(err)
	text := strings.NewReplacer(`\n`, "\n", `\0`, "\x00").Replace(args[2])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte(text), size/len(text)), 0o600))
}
