package cli_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/cmd/internal/cli"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/spec"
)

// documentation lists the pages whose commands are run.
func documentation(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"} {
		pages = append(pages, filepath.Join(root, name))
	}
	return pages
}

// migrations are the pages for which the org has apps to be moved: the sample's.
var migrations = []string{"README.md", "migrate.md", "refresh.md", "admins.md", "engineers.md"}

// emulatedFor is the org that a page's commands speak to.
func emulatedFor(page string) orgtest.Config {
	if !slices.Contains(migrations, filepath.Base(page)) {
		return orgtest.Config{}
	}
	return orgtest.Config{Kind: "sandbox", Seed: []string{filepath.Join(root, "templates", "sample")}}
}

// commands returns the lines of a page's console blocks.
func commands(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	inside := false
	for line := range strings.SplitSeq(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside:
			list = append(list, line)
		}
	}
	return list
}

// Every command that a page shows works, in the order in which it shows them. A
// command that is meant to fail says so: "exits with N". The one that runs the
// tests is this one's own. Every page has an emulated org in its environment.
func TestDocumentedCommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pages are written for a Unix shell")
	}
	if raced {
		t.Skip("a program under the race detector takes a second to start, and these are a hundred")
	}
	for _, page := range documentation(t) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			dir := t.TempDir()
			emulated := orgtest.New(t, emulatedFor(page))
			for _, line := range commands(t, page) {
				if line == "go test ./..." {
					continue
				}
				cmd := exec.Command("sh", "-c", line)
				cmd.Dir = dir
				if strings.HasPrefix(line, "go ") {
					cmd.Dir = root
				}
				cmd.Env = append(os.Environ(), "GOBIN="+t.TempDir(), "SOURCE_DATE_EPOCH=1796126400", "TMPDIR="+t.TempDir(),
					"ECACTL_CONFIG_DIR="+filepath.Join(dir, "config"), "ECACTL_KEYRING=off", "CI=true", "SF_ORG_INSTANCE_URL="+emulated.URL(), "SF_ACCESS_TOKEN="+emulated.Token())
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", line, err, out)
				}
			}
		})
	}
}

// The commands of the example pipelines are ones that the program has, with flags
// that it has, and the files are YAML.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "examples", "*.y*ml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples, %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if tree, problems := spec.ReadTree(file, src); tree == nil || tree.Null {
			t.Error(problems)
		}
		found := 0
		for line := range strings.SplitSeq(string(src), "\n") {
			at := strings.Index(line, "ecactl ")
			if at < 0 || strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			found++
			words := strings.Fields(regexp.MustCompile(`\$\{\{[^}]*\}\}|\$[A-Z_]+`).ReplaceAllString(strings.Split(line[at:], "||")[0], "1"))
			var out, errOut bytes.Buffer
			if code := cli.Run(context.Background(), append(words[1:], "--help"), nil, &out, &errOut, cli.System()); code != 0 {
				t.Errorf("%s: %s: %s", filepath.Base(file), line[at:], &errOut)
			}
		}
		if found == 0 {
			t.Errorf("%s has no command", file)
		}
	}
}

// The README sets up a newcomer with two commands, which CI runs too.
func TestReadmeCommands(t *testing.T) {
	page := filepath.Join(root, "README.md")
	if got := commands(t, page)[:2]; !slices.Equal(got, []string{"go run ./cmd/ecactl demo", "go test ./..."}) {
		t.Errorf("the first two commands are %q", got)
	}
}

// docs/reference is printed by the program: -update writes it, and CI sees that
// nothing is left to be written. It is no test of its own, so that a change of
// the type table is whole by itself.
func TestReferencePages(t *testing.T) {
	if !*update {
		t.Skip("written with -update")
	}
	for _, group := range []string{"keys", "codes", "rules", "fields", "scopes", "dates", "errors", "mapping"} {
		var out bytes.Buffer
		if code := cli.Run(context.Background(), []string{"explain", group, "-o", "markdown"}, nil, &out, os.Stderr, cli.System()); code != 0 {
			t.Fatalf("explain %s ends with %d", group, code)
		}
		want := append([]byte("# "+strings.ToUpper(group[:1])+group[1:]+"\n\n"), bytes.TrimRight(out.Bytes(), "\n")...)
		want = append(want, '\n')
		name := filepath.Join(root, "docs", "reference", group+".md")
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
