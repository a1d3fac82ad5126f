//go:build linux

package cli_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
)

// What a bad input may cost at most.
const (
	maxTime   = 2 * time.Second
	maxMemory = 200 << 20
)

const goodSpec = "apiVersion: ecactl/v1\nkind: ExternalClientApp\nname: A\ncontact: {email: admin@example.com}\n"

const goodECA = `<ExternalClientApplication xmlns="http://soap.sforce.com/2006/04/metadata"><label>A</label></ExternalClientApplication>`

// Each bad input gives one clear error, exit code 1 or 2, in bounded time and
// memory, and nothing is written. W is the folder of the case.
func TestBadInput(t *testing.T) {
	deep := func(open, shut string) string { return strings.Repeat(open, 10_000) + strings.Repeat(shut, 10_000) }
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	huge := strings.Repeat("a", 100<<20)
	wide := string(utf16be(goodSpec))
	tests := map[string]struct {
		files map[string]string // below W; a name that ends in / is a folder, a text "-> X" a link
		args  string
		stdin string
		want  string // in what is printed, once
	}{
		"empty spec":                {files: file("a.yaml", ""), args: "generate W/a.yaml --dir W/out", want: "a.yaml: the file holds no document (ECA002)"},
		"empty metadata":            {files: file("A.eca-meta.xml", ""), args: "import W/A.eca-meta.xml --dir W/out", want: "A.eca-meta.xml: the file is empty (ECA201)"},
		"empty app":                 {files: file("A.connectedApp-meta.xml", ""), args: "audit --source-dir W", want: "A.connectedApp-meta.xml: the file is empty (ECA201)"},
		"folder for a spec":         {files: file("a.yaml/", ""), args: "lint W/a.yaml", want: "a.yaml: no specs found (ECA018)"},
		"folder for metadata":       {files: file("A.eca-meta.xml/", ""), args: "import W/A.eca-meta.xml --dir W/out", want: "no External Client App among the files"},
		"binary spec":               {files: file("a.yaml", "\x7fELF\x02\x01\x01\x00\x00\xff\xfe"), args: "generate W/a.yaml --dir W/out", want: "a.yaml: the file holds a NUL byte, so it is not text (ECA001)"},
		"binary metadata":           {files: file("A.eca-meta.xml", "\x7fELF\x02\x01\x01\x00\x00\xff\xfe"), args: "import W --dir W/out", want: "A.eca-meta.xml: the file holds a NUL byte, so it is not text (ECA208)"},
		"Latin-1 spec":              {files: file("a.yaml", goodSpec+"label: Caf\xe9\n"), args: "generate W/a.yaml --dir W/out", want: "a.yaml: the file is not UTF-8 (ECA001)"},
		"Latin-1 metadata":          {files: file("A.eca-meta.xml", strings.Replace(goodECA, ">A<", ">Caf\xe9<", 1)), args: "import W --dir W/out", want: "A.eca-meta.xml:1:86: the file is not UTF-8 (ECA208)"},
		"100 MB spec":               {files: file("a.yaml", huge), args: "generate W/a.yaml --dir W/out", want: "a.yaml: cannot be read: it has 104857600 bytes, more than the 1048576 that are due at most (ECA001)"},
		"100 MB from stdin":         {stdin: huge, args: "lint -", want: "-: has more than the 1048576 bytes that a spec has at most (ECA001)"},
		"100 MB metadata":           {files: file("A.connectedApp-meta.xml", huge), args: "audit --source-dir W", want: "A.connectedApp-meta.xml: has 104857600 bytes, and a metadata file at most 5242880 (ECA231)"},
		"100 MB variables":          {files: files("a.yaml", goodSpec, "v.env", huge), args: "generate W/a.yaml --dir W/out --var-file W/v.env", want: "v.env: cannot be read: it has 104857600 bytes, more than the 1048576 that are due at most (ECA012)"},
		"alias bomb":                {files: file("a.yaml", bomb), args: "generate W/a.yaml --dir W/out", want: "a.yaml:1:4: anchors are not supported (ECA005)"},
		"10,000-deep spec":          {files: file("a.yaml", goodSpec+"metadata: "+deep("[", "]")+"\n"), args: "generate W/a.yaml --dir W/out", want: "a.yaml"},
		"10,000-deep blocks":        {files: file("a.yaml", blocks(1000)), args: "lint W/a.yaml", want: "values nest deeper than 32 (ECA004)"},
		"10,000-deep metadata":      {files: file("A.eca-meta.xml", deep("<a>", "</a>")), args: "import W --dir W/out", want: "A.eca-meta.xml:1:193: elements nest deeper than 64 (ECA205)"},
		"10,000-deep app":           {files: file("A.connectedApp-meta.xml", `<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">`+deep("<a>", "</a>")+"</ConnectedApp>"), args: "audit --source-dir W", want: "elements nest deeper than 64 (ECA205)"},
		"key twice":                 {files: file("a.yaml", goodSpec+"name: B\n"), args: "generate W/a.yaml --dir W/out", want: `a.yaml:5:1: key "name" is already set on line 3 (ECA006)`},
		"second document cut off":   {files: file("a.yaml", goodSpec+"---\nkind: [\n"), args: "generate W/a.yaml --dir W/out", want: "not YAML: did not find expected node content (ECA003)"},
		"metadata cut off":          {files: files("A.eca-meta.xml", goodECA[:90], "B.eca-meta.xml/", ""), args: "import W --dir W/out", want: "the file ends inside <label>, which opens on line 1 (ECA202)"},
		"UTF-16 spec":               {files: file("a.yaml", "\xfe\xff"+wide), args: "generate W/a.yaml --dir W/out", want: "a.yaml: the file is UTF-16 (ECA001)"},
		"UTF-16 spec, no mark":      {files: file("a.yaml", wide), args: "generate W/a.yaml --dir W/out", want: "a.yaml: the file holds a NUL byte, so it is not text (ECA001)"},
		"UTF-16 metadata":           {files: file("A.eca-meta.xml", "\xfe\xff"+string(utf16be(goodECA))), args: "import W --dir W/out", want: "A.eca-meta.xml: the file is UTF-16 (ECA208)"},
		"NUL in a spec":             {files: file("a.yaml", goodSpec+"label: a\x00b\n"), args: "generate W/a.yaml --dir W/out", want: "NUL byte"},
		"NUL in metadata":           {files: file("A.eca-meta.xml", strings.Replace(goodECA, ">A<", ">A\x00<", 1)), args: "import W --dir W/out", want: "NUL byte"},
		"folder that is a file":     {files: files("a.yaml", goodSpec, "out", "mine"), args: "generate W/a.yaml --dir W/out/deeper", want: "not a directory"},
		"folder of the system":      {files: file("a.yaml", goodSpec), args: "generate W/a.yaml --dir /proc/ecactl", want: "/proc/ecactl: cannot be made: no such file or directory (ECA304)"},
		"full disk, zip":            {files: file("a.yaml", goodSpec), args: "generate W/a.yaml --zip /dev/full", want: "/dev/full: cannot be written: no space left on device (ECA304)"},
		"full disk, report":         {files: file("A.connectedApp-meta.xml", strings.ReplaceAll(goodECA, "ExternalClientApplication", "ConnectedApp")), args: "audit --source-dir W -o json=/dev/full", want: "/dev/full: cannot be written: no space left on device (ECA304)"},
		"somebody else's file":      {files: files("a.yaml", goodSpec, "out/externalClientApps/A.eca-meta.xml", "mine"), args: "generate W/a.yaml --dir W/out", want: "A.eca-meta.xml: is there, and was not written by ecactl (ECA305)"},
		"folder in the way":         {files: files("a.yaml", goodSpec, "out/externalClientApps/A.eca-meta.xml/", ""), args: "generate W/a.yaml --dir W/out", want: "A.eca-meta.xml: is in the way: not a regular file (ECA304)"},
		"somebody else's spec":      {files: files("A.eca-meta.xml", goodECA, "out/A.yaml", "mine"), args: "import W/A.eca-meta.xml --dir W/out", want: "A.yaml: is there, and was not written by ecactl (ECA305)"},
		"link out of the output":    {files: files("a.yaml", goodSpec, "out/externalClientApps", "-> ../../elsewhere", "../elsewhere/", ""), args: "generate W/a.yaml --dir W/out", want: "cannot be written to: path escapes from parent (ECA304)"},
		"link out of the input":     {files: files("A.eca-meta.xml", "-> /etc/passwd"), args: "import W --dir W/out", want: "A.eca-meta.xml: cannot be read: path escapes from parent (ECA231)"},
		"link out of an audit":      {files: files("A.connectedApp-meta.xml", "-> /etc/passwd"), args: "audit --source-dir W", want: "A.connectedApp-meta.xml: cannot be read: path escapes from parent (ECA231)"},
		"zip with ../x":             {files: file("a.zip", zipOf("../x.eca", goodECA)), args: "import W/a.zip --dir W/out", want: `the entry "../x.eca" is not a plain path below the zip's root (ECA241)`},
		"zip bomb":                  {files: file("a.zip", zipOf("externalClientApps/A.eca", strings.Repeat(" ", 200<<20))), args: "import W/a.zip --dir W/out", want: "times its size (ECA241)"},
		"zip that is none":          {files: file("a.zip", "PK\x03\x04 and then nothing"), args: "import W/a.zip --dir W/out", want: "is not a zip file that can be read"},
		"certificate is a pipe":     {files: files("a.yaml", goodSpec+"oauth: {flows: {jwtBearer: {certificateFile: pipe}}}\n", "pipe", "| "), args: "generate W/a.yaml --dir W/out", want: "pipe cannot be read: it is not a regular file (ECA012)"},
		"metadata is a pipe":        {files: files("A.eca-meta.xml", "| "), args: "import W --dir W/out", want: "A.eca-meta.xml: is not a regular file (ECA231)"},
		"100,000 keys":              {files: file("a.yaml", goodSpec+manyKeys(60_000)), args: "lint W/a.yaml", want: "unknown key"},
		"document type declaration": {files: file("A.eca-meta.xml", `<!DOCTYPE x [<!ENTITY a "aaaa">]>`+goodECA), args: "import W --dir W/out", want: "A.eca-meta.xml:1:1: a document type declaration (ECA204)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := filepath.Join(t.TempDir(), "w")
			place(t, w, tt.files)
			before := tree(t, w)
			out, code := run(t, strings.Fields(strings.ReplaceAll(tt.args, "W", w)), tt.stdin)
			if code != 1 && code != 2 {
				t.Errorf("exit code %d", code)
			}
			if n := strings.Count(out, tt.want); n < 1 || n > 2 && name != "100,000 keys" {
				t.Errorf("printed %s\nwant %s", cut(out), tt.want)
			}
			if after := tree(t, w); !slices.Equal(before, after) {
				t.Errorf("before %v\nafter  %v", before, after)
			}
		})
	}
}

// An output that cannot be finished is an error; a reader that has gone is none.
func TestFullOutput(t *testing.T) {
	w := t.TempDir()
	place(t, w, file("a.yaml", goodSpec))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd := command(context.Background(), t, "schema")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &said
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "ecactl: writing the output: write /dev/stdout: no space left on device") {
		t.Errorf("%v, %s", err, said.String())
	}

	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer pipe.Close()
	cmd = command(context.Background(), t, "schema")
	said.Reset()
	cmd.Stdout, cmd.Stderr = pipe, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Errorf("%v, %s", err, said.String())
	}
}

// A folder that may not be written to: everything stays as it is.
func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is read-only for root")
	}
	w := filepath.Join(t.TempDir(), "w")
	place(t, w, files("a.yaml", goodSpec, "out/mine", "x"))
	if err := os.Chmod(filepath.Join(w, "out"), 0o555); err != nil {
		t.Fatal(err)
	}
	before := tree(t, w)
	out, code := run(t, []string{"generate", w + "/a.yaml", "--dir", w + "/out"}, "")
	if code != 1 || strings.Count(out, "permission denied") != 1 || !slices.Equal(before, tree(t, w)) {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func file(name, text string) map[string]string { return map[string]string{name: text} }

func files(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func blocks(n int) string {
	var out strings.Builder
	out.WriteString(goodSpec + "metadata:\n")
	for i := range n {
		out.WriteString(strings.Repeat(" ", i%500+1) + "a:\n")
	}
	return out.String()
}

func manyKeys(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "k%d: 1\n", i)
	}
	return out.String()
}

func utf16be(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

func zipOf(name, text string) string {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err != nil || z.Close() != nil {
		panic(err)
	}
	return out.String()
}

func place(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		full := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		switch target, isLink := strings.CutPrefix(text, "-> "); {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(full, 0o755)
		case isLink:
			err = os.Symlink(target, full)
		case text == "| ":
			err = syscall.Mkfifo(full, 0o600)
		default:
			err = os.WriteFile(full, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tree lists what is in a folder, with sizes.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.Walk(filepath.Dir(dir), func(p string, info os.FileInfo, err error) error {
		if err == nil {
			list = append(list, fmt.Sprintf("%s %s %d", p, info.Mode(), sizeOf(info)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func sizeOf(info os.FileInfo) int64 {
	if info.IsDir() {
		return 0
	}
	return info.Size()
}

func command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0] = "ecactl" // by which TestMain knows what to be
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", now.Unix()))
	return cmd
}

// run runs the program and checks what it costs. Time is that of the processor,
// so that a busy machine is no failure; a program that hangs is ended.
func run(t *testing.T, args []string, stdin string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := command(ctx, t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	memory := filepath.Join(t.TempDir(), "memory")
	cmd.Env = append(cmd.Env, memoryFile+"="+memory)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Error("it hangs")
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); took > maxTime && !raced {
		t.Errorf("it takes %s", took)
	}
	kilobytes := 0
	if text, err := os.ReadFile(memory); err != nil {
		t.Error(err)
	} else if _, err := fmt.Sscan(string(text), &kilobytes); err != nil || kilobytes<<10 > maxMemory && !raced {
		t.Errorf("it takes %d MB (%v)", kilobytes>>10, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func cut(s string) string { return s[:min(len(s), 2000)] }
