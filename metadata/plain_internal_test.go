package metadata

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const plainHead = plainStart + "\n<A" + plainRoot + ">"

var plainCases = []struct {
	name  string
	text  string
	plain bool
}{
	{"as it is written", plainHead + "\n    <b>x</b>\n    <c>\n        <d>1</d>\n        <d>2</d>\n    </c>\n</A>\n", true},
	{"no declaration", "<A" + plainRoot + "><b>x</b></A>", true},
	{"empty root", plainHead[:len(plainHead)-1] + "/>", true},
	{"empty elements", plainHead + "<b/><c></c></A>", true},
	{"blanks that are a value", plainHead + "<b> \n </b></A>", true},
	{"entities", plainHead + "<b>&amp;lt; &lt;&gt;&apos;&quot;</b></A>", true},
	{"beyond ASCII", plainHead + "<b>Größe ✓</b></A>", true},
	{"a greater sign", plainHead + "<b>a > b /></b></A>", true},
	{"no namespace", "<A><b/></A>", false},
	{"xsi:nil", plainHead + `<b xsi:nil="true"/></A>`, false},
	{"a comment", plainHead + "<!-- x --><b/></A>", false},
	{"CDATA", plainHead + "<b><![CDATA[x]]></b></A>", false},
	{"a character's number", plainHead + "<b>&#13;</b></A>", false},
	{"an unknown entity", plainHead + "<b>&nbsp;</b></A>", false},
	{"CR", plainHead + "\r\n<b/></A>", false},
	{"a control character", plainHead + "<b>\x01</b></A>", false},
	{"U+FFFF", plainHead + "<b>\uFFFF</b></A>", false},
	{"the end of a section", plainHead + "<b>]]></b></A>", false},
	{"text beside elements", plainHead + "<b/>x</A>", false},
	{"text after an element", plainHead + "<b>x<c/></b></A>", false},
	{"text before the root", "x<A" + plainRoot + "/>", false},
	{"text after the root", "<A" + plainRoot + "/>x", false},
	{"a second root", "<A" + plainRoot + "/><A" + plainRoot + "/>", false},
	{"another end tag", plainHead + "<b></c></A>", false},
	{"a longer end tag", plainHead + "<b></bb></A>", false},
	{"a blank in a tag", plainHead + "<b ></b></A>", false},
	{"a name that is none", plainHead + "<1/></A>", false},
	{"a prefix", plainHead + "<m:b/></A>", false},
	{"cut off", plainHead + "<b>x", false},
	{"cut off in a tag", plainHead + "<b", false},
	{"nested as deep as allowed", nested(MaxDepth), true},
	{"nested deeper", nested(MaxDepth + 1), false},
	{"nothing", "", false},
}

func nested(depth int) string {
	return "<A" + plainRoot + ">" + strings.Repeat("<b>", depth-1) + strings.Repeat("</b>", depth-1) + "</A>"
}

// alike reads a file both ways, and tells whether it was plain.
func alike(t *testing.T, data []byte) bool {
	t.Helper()
	text, edits, problems, err := repair("app.xml", data)
	if err != nil || len(edits)+len(problems) > 0 {
		return false
	}
	plain := decodePlain("app.xml", text)
	if plain == nil {
		return false
	}
	whole, err := decodeXML("app.xml", text, nil)
	if err != nil {
		t.Fatalf("read as plain, and it is none: %v", err)
	}
	if !reflect.DeepEqual(plain, whole) {
		t.Fatalf("read as plain: %+v\nread as XML:   %+v", plain, whole)
	}
	return true
}

func TestPlain(t *testing.T) {
	for _, tt := range plainCases {
		t.Run(tt.name, func(t *testing.T) {
			if got := alike(t, []byte(tt.text)); got != tt.plain {
				t.Errorf("plain is %v, want %v", got, tt.plain)
			}
		})
	}
}

// TestPlainCorpus reads real files both ways; most of them are plain.
func TestPlainCorpus(t *testing.T) {
	plain, all := 0, 0
	err := filepath.WalkDir("../../shared/corpus", func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		all++
		if alike(t, data) {
			plain++
		}
		return nil
	})
	if err != nil {
		t.Skip("no corpus here")
	}
	t.Logf("%d of %d files are plain", plain, all)
	if plain < all/4 {
		t.Errorf("%d of %d files are plain; what is read fast is what there is most of", plain, all)
	}
}

func FuzzPlain(f *testing.F) {
	for _, tt := range plainCases {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { alike(t, data) })
}

func BenchmarkDecode(b *testing.B) {
	data := []byte(plainCases[0].text)
	for name, decode := range map[string]func() *Element{
		"plain": func() *Element { return decodePlain("app.xml", data) },
		"xml":   func() *Element { root, _ := decodeXML("app.xml", data, nil); return root },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if decode() == nil {
					b.Fatal("not read")
				}
			}
		})
	}
}
