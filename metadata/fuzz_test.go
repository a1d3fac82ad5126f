package metadata_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// seeds are the inputs of the fuzz targets: nearly right, and nearly wrong.
func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		"", "<", " <\n", "<a", "<a/>", "<a></b>", "<a/><b/>", "x<a/>", "</a>",
		header, oauth, policy,
		strings.ReplaceAll(header, "\n", "\r\n"),
		strings.ReplaceAll(header, "\n", "\r"),
		"\uFEFF" + header,
		"<a>R & D</a>", "<a>&&#13;&#x;&amp&lt;</a>", "<a>&\r\n<b>&</b>\n&<c/></d></a>",
		"<a><![CDATA[&]]>&<!-- & -->&</a>",
		"<a>\r<b>x\r\n</b></a>", "<a b='&#13;&#10;\r\n\t'/>", `<a b="<" c='>'>x</a>`,
		"<a" + xmlns + xmlnsXSI + `><b xsi:nil="true"/><c xsi:type="d">e</c></a>`,
		`<m:a xmlns:m="` + metadata.Namespace + `"><m:b/></m:a>`,
		"<?xml version='1.0' encoding='latin1'?><a/>", "<!DOCTYPE a><a/>", "<a><!ENTITY b></a>",
		"<ConnectedApp><zeta/><label/><alpha/><oauthConfig><b/><a/></oauthConfig></ConnectedApp>",
		strings.Repeat("<a>", 65), "<a>\xff</a>", "<a>\x00</a>", "<a>\u0085\u00a0\uFFFD</a>",
	} {
		f.Add([]byte(s))
	}
	_ = filepath.WalkDir(corpusDir, func(p string, d os.DirEntry, err error) error { // it need not be there
		if err != nil || d.IsDir() {
			return nil
		}
		if data, err := os.ReadFile(p); err == nil {
			f.Add(data)
		}
		return nil
	})
}

// placed checks that a place is one of the file, of which text has the lines.
func placed(t *testing.T, text []string, pos diag.Pos) {
	t.Helper()
	if pos.File != "app.xml" {
		t.Errorf("the place %q names another file", pos)
	}
	if pos.Line == 0 {
		return
	}
	if pos.Line > len(text) || pos.Col < 1 || pos.Col > len(text[pos.Line-1])+1 {
		t.Errorf("the place %s is not in the file", pos)
	}
}

// Decode never panics, and whatever it says has a place in the file.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before, text := slices.Clone(data), strings.Split(string(data), "\n")
		c, problems, err := metadata.Decode("app.xml", data)
		if !slices.Equal(data, before) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			p, ok := errors.AsType[*diag.Problem](err)
			if !ok || p.Code == "" || p.Message == "" || c != nil {
				t.Fatalf("got %+v, %v, want a problem alone", c, err)
			}
			placed(t, text, p.Pos)
			return
		}
		for _, p := range append(problems, metadata.Schema().Check(c, 0)...) {
			placed(t, text, p.Pos)
		}
		var walk func(e *metadata.Element, depth int)
		walk = func(e *metadata.Element, depth int) {
			placed(t, text, e.Pos)
			if e.Name == "" || depth > metadata.MaxDepth || len(e.Children) > 0 && e.Text != "" {
				t.Fatalf("at depth %d: %+v", depth, e)
			}
			for _, child := range e.Children {
				walk(child, depth+1)
			}
		}
		walk(c.Root, 1)
	})
}

// What was written is read as what it was, without a warning, and written again
// as the same bytes.
func FuzzRewrite(f *testing.F) {
	seeds(f)
	table := metadata.Schema()
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := metadata.Decode("app.xml", data)
		if err != nil {
			return
		}
		before := c.Root.Clone()
		first, err := table.Encode(c)
		if err != nil {
			if p, ok := errors.AsType[*diag.Problem](err); !ok || p.Code != "ECA301" {
				t.Fatalf("no problem reported, err = %v", err)
			}
			return
		}
		if !c.Root.Equal(before) {
			t.Fatal("encoding changed the component")
		}
		again, problems, err := metadata.Decode("app.xml", first)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%v %v\n%s", err, problems, first)
		}
		second, err := table.Encode(again)
		if err != nil || string(second) != string(first) {
			t.Fatalf("%v\nfirst  %q\nsecond %q", err, first, second)
		}
		table.Sort(c.Root, table.Type(c.Type))
		valueless(c.Root)
		if len(c.Root.Children) == 0 {
			c.Root.Text = "" // Check warns of it
		}
		if !again.Root.Equal(c.Root) {
			t.Fatalf("the content changed\n%q\n%q", data, first)
		}
	})
}

// valueless drops the text of null elements, which says nothing.
func valueless(e *metadata.Element) {
	if e.Nil {
		e.Text = ""
	}
	for _, c := range e.Children {
		valueless(c)
	}
}

// Whatever is called a zip, Read answers with components or a problem, and
// what it returns is bounded.
func FuzzZip(f *testing.F) {
	whole := zipOf(f, entry{name: "unpackaged/externalClientApps/A.eca", data: header}, entry{name: "package.xml", data: doc("Package")})
	for _, s := range []string{
		"", "PK", whole, whole[:len(whole)-30], whole[40:],
		zipOf(f), zipOf(f, entry{name: "../A.eca", data: header}), zipOf(f, entry{name: "A.eca/", data: ""}),
		zipOf(f, entry{"A.eca", zeros(f, 2), 2 << 20}), zipOf(f, entry{"A.eca", zeros(f, 1), 10}),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "app.zip")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := metadata.Schema().Read(file)
		if err != nil {
			if p, ok := errors.AsType[*diag.Problem](err); !ok || p.Code != "ECA241" || p.File != file || c != nil {
				t.Fatalf("got %+v, %v, want a problem alone", c, err)
			}
			return
		}
		if c.Files > 10_000 || len(c.Components)+len(c.Unreadable) > c.Files {
			t.Fatalf("%d components of %d files", len(c.Components), c.Files)
		}
		for _, p := range c.Problems {
			if !strings.HasPrefix(p.File, file+":") {
				t.Fatalf("the place %q is not in the zip", p.Pos)
			}
		}
	})
}
