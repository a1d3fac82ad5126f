package metadata_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// in16 is what an editor makes of a text that it saves as UTF-16.
func in16(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

// What is refused, with its place. Every file but those of one line has the
// mistake where it is easy to place wrongly.
func TestDecodeRefuses(t *testing.T) {
	const open, shut = "<ConnectedApp" + xmlns + ">", "</ConnectedApp>"
	deep := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	tests := map[string]struct{ in, want, hint string }{
		"nothing":               {"", "app.xml: the file is empty (ECA201)", ""},
		"blanks":                {" \r\n\t\n", "app.xml: the file is empty (ECA201)", ""},
		"a mark":                {"\uFEFF\n", "app.xml: the file is empty (ECA201)", ""},
		"a declaration":         {declaration, "app.xml: no XML element in the file (ECA201)", ""},
		"a comment":             {"<!-- <ConnectedApp/> -->", "app.xml: no XML element in the file (ECA201)", ""},
		"text alone":            {"\n label: Order Sync\n", "app.xml:2:2: text outside the root element (ECA203)", ""},
		"text before":           {declaration + "  x" + open + shut, "app.xml:2:3: text outside the root element (ECA203)", ""},
		"text after":            {open + shut + "\n\n  x\n", "app.xml:3:3: text outside the root element (ECA203)", ""},
		"text behind":           {open + shut + " x", "app.xml:1:79: text outside the root element (ECA203)", ""},
		"two roots":             {open + shut + "\n <ConnectedApp/>", "app.xml:2:2: a second root element <ConnectedApp> (ECA203)", ""},
		"an end alone":          {open + shut + "\n" + shut, "app.xml:2:1: </ConnectedApp> closes nothing (ECA202)", ""},
		"open":                  {open + "\n  <label>Order Sync</label>\n", "app.xml:3:1: the file ends inside <ConnectedApp>, which opens on line 1 (ECA202)", "the file is cut off"},
		"open child":            {open + "\n  <label>Order", "app.xml:2:15: the file ends inside <label>, which opens on line 2 (ECA202)", "the file is cut off"},
		"cut tag":               {open + "\n  <lab", "app.xml:2:7: the file ends inside <ConnectedApp>, which opens on line 1 (ECA202)", "the file is cut off"},
		"cut end":               {open + "\n  <label></lab", "app.xml:2:15: the file ends inside <label>, which opens on line 2 (ECA202)", "the file is cut off"},
		"cut comment":           {open + "<!-- x", "app.xml:1:69: the file ends inside <ConnectedApp>, which opens on line 1 (ECA202)", "the file is cut off"},
		"cut comment, &":        {open + "<a>&</a><!-- x", "app.xml:1:77: the file ends inside <ConnectedApp>, which opens on line 1 (ECA202)", "the file is cut off"},
		"cut CDATA, &":          {open + "<a>&<![CDATA[x</a>", "app.xml:1:81: the file ends inside <a>, which opens on line 1 (ECA202)", "the file is cut off"},
		"cut tag, &":            {open + "<a>&</a><b c=\"", "app.xml:1:77: the file ends inside <ConnectedApp>, which opens on line 1 (ECA202)", "the file is cut off"},
		"cut root":              {"<ConnectedApp", "app.xml:1:14: not well-formed XML: unexpected EOF (ECA202)", ""},
		"mismatch":              {open + "\n  <label>x</Label>" + shut, "app.xml:2:11: </Label> where </label> is due, which closes line 2 (ECA202)", ""},
		"crossed":               {open + "\n<a>\n<b></a></b>" + shut, "app.xml:3:4: </a> where </b> is due, which closes line 3 (ECA202)", ""},
		"prefix in end":         {open + "\n<a>x</md:a>" + shut, "app.xml:2:5: </md:a> where </a> is due, which closes line 2 (ECA202)", ""},
		"bare <":                {open + "<a>1 < 2</a>" + shut, "app.xml:1:69: not well-formed XML: expected element name after < (ECA202)", ""},
		"attribute twice":       {open + "\n<a b='1' c='2' b='1'/>" + shut, "app.xml:2:1: <a> has the attribute b twice (ECA202)", ""},
		"namespace twice":       {"<a" + xmlns + xmlns + "/>", "app.xml:1:1: <a> has the attribute xmlns twice (ECA202)", ""},
		"bare < at end of line": {open + "\nab <\n" + shut, "app.xml:2:5: not well-formed XML: expected element name after < (ECA202)", ""},
		"no quotes":             {open + "\n<a b=c/>" + shut, "app.xml:2:7: not well-formed XML: unquoted or missing attribute value in element (ECA202)", ""},
		"bare & in a tag": {
			open + "\n<a b=\"R & D\"/>" + shut,
			"app.xml:2:10: not well-formed XML: invalid character entity & (no semicolon) (ECA202)", "",
		},
		"bad number":      {open + "<a>&#xFFFE;</a>" + shut, "app.xml:1:74: not well-formed XML: illegal character code U+FFFE (ECA202)", ""},
		"control":         {open + "\n<a>\x01</a>" + shut, "app.xml:2:5: not well-formed XML: illegal character code U+0001 (ECA202)", ""},
		"XML 1.1":         {`<?xml version="1.1"?><a/>`, `app.xml:1:22: not well-formed XML: xml: unsupported version "1.1"; only version 1.0 is supported (ECA202)`, ""},
		"DOCTYPE":         {declaration + "<!DOCTYPE ConnectedApp>\n" + open + shut, "app.xml:2:1: a document type declaration (ECA204)", ""},
		"DOCTYPE, entity": {declaration + ` <!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + open + "&e;" + shut, "app.xml:2:2: a document type declaration (ECA204)", ""},
		"DOCTYPE inside":  {open + "\n  <!DOCTYPE a>" + shut, "app.xml:2:3: a document type declaration (ECA204)", ""},
		"DOCTYPE after":   {open + shut + "\n<!DOCTYPE a>", "app.xml:2:1: a document type declaration (ECA204)", ""},
		"65 deep":         {deep(65), "app.xml:1:193: elements nest deeper than 64 (ECA205)", ""},
		"10,000 deep":     {deep(10_000), "app.xml:1:193: elements nest deeper than 64 (ECA205)", ""},
		"open and deep":   {strings.Repeat("<a>", 1_000_000), "app.xml:1:193: elements nest deeper than 64 (ECA205)", ""},
		"text, element":   {open + "\n  <a>x<b/></a>" + shut, "app.xml:2:3: <a> holds text beside elements (ECA206)", ""},
		"element, text":   {open + "\n  <a/>x\n" + shut, "app.xml:1:1: <ConnectedApp> holds text beside elements (ECA206)", ""},
		"namespace":       {`<a xmlns="urn:example"/>`, `app.xml:1:1: <a> is in the namespace "urn:example" (ECA207)`, "metadata files have the namespace " + metadata.Namespace},
		"no namespace":    {`<a xmlns=""/>`, `app.xml:1:1: <a> is in the namespace "" (ECA207)`, "metadata files have the namespace " + metadata.Namespace},
		"root prefix":     {`<md:a/>`, `app.xml:1:1: <a> is in the namespace "" (ECA207)`, "metadata files have the namespace " + metadata.Namespace},
		"child namespace": {open + "\n" + `<a xmlns="urn:example"/>` + shut, `app.xml:2:1: <a> is in the namespace "urn:example" (ECA207)`, ""},
		"child prefix":    {open + "\n<x:a/>" + shut, "app.xml:2:1: <x:a> is not in the metadata namespace (ECA207)", ""},
		"attribute":       {open + "\n" + `<a x:b="c"/>` + shut, "app.xml:2:1: the attribute x:b of <a> is of another namespace (ECA207)", ""},
		"undeclared nil":  {open + "\n" + `<a xsi:nil="true"/>` + shut, "app.xml:2:1: the attribute xsi:nil of <a> is of another namespace (ECA207)", ""},
		"says Latin-1":    {`<?xml version="1.0" encoding="ISO-8859-1"?>` + open + shut, "app.xml:1:1: the file says that it is encoded as ISO-8859-1 (ECA208)", "save it as UTF-8"},
		"says UTF-16":     {`<?xml version='1.0' encoding='UTF-16'?>` + open + shut, "app.xml:1:1: the file says that it is encoded as UTF-16 (ECA208)", "save it as UTF-8"},
		"UTF-16 LE":       {in16(binary.LittleEndian, open+shut), "app.xml: the file is UTF-16 (ECA208)", "save it as UTF-8"},
		"UTF-16 BE":       {in16(binary.BigEndian, open+shut), "app.xml: the file is UTF-16 (ECA208)", "save it as UTF-8"},
		"UTF-16 LE, mark": {in16(binary.LittleEndian, "\uFEFF"+open+shut), "app.xml: the file is UTF-16 (ECA208)", "save it as UTF-8"},
		"UTF-16 BE, mark": {in16(binary.BigEndian, "\uFEFF"+open+shut), "app.xml: the file is UTF-16 (ECA208)", "save it as UTF-8"},
		"NUL":             {open + "\x00" + shut, "app.xml: the file holds a NUL byte, so it is not text (ECA208)", ""},
		"Latin-1 bytes":   {open + "\n<a>caf\xE9</a>" + shut, "app.xml:2:7: the file is not UTF-8 (ECA208)", "save it as UTF-8"},
		"half a rune":     {"<!-- é\n\xC3", "app.xml:2:1: the file is not UTF-8 (ECA208)", "save it as UTF-8"},
		"5 MB and a byte": {open + strings.Repeat(" ", metadata.MaxFileSize+1-len(open+shut)) + shut, "app.xml: the file has 5242881 bytes, and a metadata file at most 5242880 (ECA209)", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, problems, err := metadata.Decode("app.xml", []byte(tt.in))
			p, ok := errors.AsType[*diag.Problem](err)
			if !ok {
				t.Fatalf("no problem reported, err = %v", err)
			}
			if p.Error() != tt.want || p.Hint != tt.hint {
				t.Errorf("got  %s (%s)\nwant %s (%s)", p, p.Hint, tt.want, tt.hint)
			}
			if p.Level != diag.Error || c != nil || problems != nil {
				t.Errorf("got %s, %v, %v, want an error and nothing else", p.Level, c, problems)
			}
		})
	}
}

// What is just allowed is read. Of 5 MB only the first tag is, which is wrong:
// that the size is not what is said of it is enough, and takes no time.
func TestDecodeLimits(t *testing.T) {
	if _, _, err := metadata.Decode("app.xml", []byte(strings.Repeat("<a>", 64)+strings.Repeat("</a>", 64))); err != nil {
		t.Error(err)
	}
	_, _, err := metadata.Decode("app.xml", append([]byte("</a>"), bytes.Repeat([]byte(" "), metadata.MaxFileSize-4)...))
	if want := "app.xml:1:1: </a> closes nothing (ECA202)"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Files of an allowed size whose shape a careless reader answers with minutes:
// what one line of them costs must not grow with the lines before it. What is
// read and what it takes is counted, because a clock is no test.
func TestDecodeHostileShapes(t *testing.T) {
	const n = 30_000
	tests := map[string]struct {
		in       string
		children int
		text     int
		warnings int
	}{
		"children": {in: "<a>" + strings.Repeat("<b/>\n", n) + "</a>", children: n},
		"comments": {in: "<a>" + strings.Repeat("x<!---->", n) + "</a>", text: n},
		"bare &":   {in: "<a>" + strings.Repeat("&", 2*n) + "</a>", text: 2 * n, warnings: 100},
		"& & tags": {in: "<a>" + strings.Repeat("<b>&</b>", n) + "</a>", children: n, warnings: 100},
		"CR":       {in: "<a>\n" + strings.Repeat("\r", n) + "</a>", text: n + 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c, problems, err := metadata.Decode("app.xml", []byte(tt.in))
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
				t.Errorf("%d bytes took %d MB", len(tt.in), used>>20)
			}
			if len(c.Root.Children) != tt.children || len(c.Root.Text) != tt.text || len(problems) != tt.warnings {
				t.Errorf("got %d children, %d bytes, %d warnings, want %d, %d, %d",
					len(c.Root.Children), len(c.Root.Text), len(problems), tt.children, tt.text, tt.warnings)
			}
		})
	}
}
