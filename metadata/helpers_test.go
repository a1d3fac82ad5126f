package metadata_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

const (
	declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	xmlns       = ` xmlns="` + metadata.Namespace + `"`
	xmlnsXSI    = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
)

// doc writes a metadata file as an org does; each line is indented once. The
// type may be followed by attributes for the root element.
func doc(typ string, lines ...string) string {
	var b strings.Builder
	typ, attrs, _ := strings.Cut(typ, " ")
	if attrs != "" {
		attrs = " " + attrs
	}
	b.WriteString(declaration + "<" + typ + xmlns + attrs + ">\n")
	for _, l := range lines {
		b.WriteString("    " + l + "\n")
	}
	b.WriteString("</" + typ + ">\n")
	return b.String()
}

// The files of one app, with the invented names that its satellites have.
var (
	header = doc("ExternalClientApplication",
		"<contactEmail>admin@example.com</contactEmail>",
		"<distributionState>Local</distributionState>",
		"<label>Order Sync</label>")
	oauth  = satellite("ExtlClntAppOauthSettings", "Order_Sync")
	policy = satellite("ExtlClntAppOauthConfigurablePolicies", "Order_Sync")
)

// satellite writes a component that names its app and says no more.
func satellite(typ, app string) string {
	return doc(typ, "<externalClientApplication>"+app+"</externalClientApplication>")
}

// decode reads what is expected to be readable.
func decode(t testing.TB, src string) *metadata.Component {
	t.Helper()
	c, _, err := metadata.Decode("app.xml", []byte(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return c
}

// encode writes what is expected to be writable.
func encode(t testing.TB, table *metadata.Table, c *metadata.Component) string {
	t.Helper()
	data, err := table.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// lines puts each problem into one line: "warning: place: message (code) | hint".
func lines(ps diag.Problems) []string {
	var out []string
	for _, p := range ps {
		s := p.Level.String() + ": " + p.Error()
		if p.Hint != "" {
			s += " | " + p.Hint
		}
		out = append(out, s)
	}
	return out
}

// same compares lists and prints them below each other.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\ngot\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// tree makes a folder with files in it and returns its path.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		place(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	return dir
}

// place writes one file and the folders above it.
func place(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// link makes a symbolic link, where the system lets a test do so.
func link(t testing.TB, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

// read reads paths that are expected to be readable as a whole.
func read(t testing.TB, paths ...string) *metadata.Collection {
	t.Helper()
	c, err := metadata.Schema().Read(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// names gives "type name" of each component.
func names(cs []*metadata.Component) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Type+" "+c.Name)
	}
	return out
}

// below replaces a temporary folder's path in messages by a dot, and the
// separator by a slash.
func below(dir string, ss []string) []string {
	var out []string
	for _, s := range ss {
		s = strings.ReplaceAll(s, dir+string(filepath.Separator), "")
		out = append(out, filepath.ToSlash(strings.ReplaceAll(s, dir, ".")))
	}
	return out
}

// onCores runs f with so many processors.
func onCores(n int, f func()) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	f()
}
