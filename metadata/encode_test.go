package metadata_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

// component builds what a program would, without positions.
func component(typ string, children ...*metadata.Element) *metadata.Component {
	c := metadata.NewComponent(typ, "Order_Sync")
	c.Root.Children = children
	return c
}

func value(name, text string) *metadata.Element { return &metadata.Element{Name: name, Text: text} }

func block(name string, children ...*metadata.Element) *metadata.Element {
	return &metadata.Element{Name: name, Children: children}
}

// The expected files are written out in full: the bytes are what counts.
func TestEncode(t *testing.T) {
	tests := map[string]struct {
		in   *metadata.Component
		want string
	}{
		"empty root":     {component("ExternalClientAppSettings"), declaration + `<ExternalClientAppSettings xmlns="http://soap.sforce.com/2006/04/metadata"/>` + "\n"},
		"empty value":    {component("ConnectedApp", value("label", "")), doc("ConnectedApp", "<label></label>")},
		"empty block":    {component("ConnectedApp", block("oauthConfig")), doc("ConnectedApp", "<oauthConfig></oauthConfig>")},
		"null":           {component("ConnectedApp", &metadata.Element{Name: "contactEmail", Nil: true}), declaration + `<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n" + `    <contactEmail xsi:nil="true"/>` + "\n</ConnectedApp>\n"},
		"null below":     {component("ConnectedApp", block("oauthConfig", &metadata.Element{Name: "certificate", Nil: true})), doc("ConnectedApp"+xmlnsXSI, "<oauthConfig>", `    <certificate xsi:nil="true"/>`, "</oauthConfig>")},
		"escapes":        {component("ConnectedApp", value("label", `R & D's "<b>"`)), doc("ConnectedApp", "<label>R &amp; D&apos;s &quot;&lt;b&gt;&quot;</label>")},
		"an escape":      {component("ConnectedApp", value("label", "&amp;")), doc("ConnectedApp", "<label>&amp;amp;</label>")},
		"end of CDATA":   {component("ConnectedApp", value("label", "]]>")), doc("ConnectedApp", "<label>]]&gt;</label>")},
		"newline":        {component("ConnectedApp", value("label", "a\nb\n")), doc("ConnectedApp", "<label>a\nb\n</label>")},
		"CR":             {component("ConnectedApp", value("label", "a\r\nb\rc")), doc("ConnectedApp", "<label>a\r\nb\rc</label>")},
		"tab and blanks": {component("ConnectedApp", value("label", " a\tb ")), doc("ConnectedApp", "<label> a\tb </label>")},
		"not ASCII":      {component("ConnectedApp", value("label", "é🔷\uFFFD\u00A0")), doc("ConnectedApp", "<label>é🔷\uFFFD\u00A0</label>")},
		"attributes": {
			component("ConnectedApp", &metadata.Element{Name: "label", Text: "x", Attrs: []metadata.Attr{{"order", "a\r\n\t\"b\" <&>'"}, {"xsi:type", "xsd:string"}}}),
			doc("ConnectedApp"+xmlnsXSI, `<label order="a&#xD;&#xA;&#x9;&quot;b&quot; &lt;&amp;>'" xsi:type="xsd:string">x</label>`),
		},
		"root attribute": {
			&metadata.Component{Type: "ConnectedApp", Root: &metadata.Element{Name: "ConnectedApp", Attrs: []metadata.Attr{{"order", "1"}}}},
			declaration + `<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata" order="1"/>` + "\n",
		},
		"levels": {
			component("ConnectedApp", block("oauthConfig", block("idTokenConfig", value("idTokenValidity", "2")))),
			doc("ConnectedApp", "<oauthConfig>", "    <idTokenConfig>", "        <idTokenValidity>2</idTokenValidity>", "    </idTokenConfig>", "</oauthConfig>"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := encode(t, metadata.Schema(), tt.in); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

// Children come in the order of the table, which is that of an org.
func TestEncodeOrder(t *testing.T) {
	tests := map[string]struct{ typ, in, want string }{
		"ASCII":    {"ExtlClntAppGlobalOauthSettings", "label isDeviceFlowEnabled isDPopEnabled callbackUrl", "callbackUrl isDPopEnabled isDeviceFlowEnabled label"},
		"unknown":  {"ExtlClntAppGlobalOauthSettings", "zeta label isDeviceFlowEnabled isDXEnabled alpha isDPopEnabled", "alpha isDPopEnabled isDXEnabled isDeviceFlowEnabled label zeta"},
		"unknowns": {"ExtlClntAppGlobalOauthSettings", "labels labelA callbackUrl Label", "Label callbackUrl labelA labels"},
		"ended":    {"ExtlClntAppOauthConfigurablePolicies", "label isTokenExchangeFlowEnabled isNamedUserJwtEnabled isGuestCodeCredFlowEnabled", "isGuestCodeCredFlowEnabled isNamedUserJwtEnabled isTokenExchangeFlowEnabled label"},
		"no type":  {"Certificate", "masterLabel keySize caSigned", "caSigned keySize masterLabel"},
		"sorted":   {"ConnectedApp", "contactEmail label startUrl", "contactEmail label startUrl"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := component(tt.typ)
			for name := range strings.FieldsSeq(tt.in) {
				c.Root.Add(value(name, "x"))
			}
			var got []string
			for _, e := range decode(t, encode(t, metadata.Schema(), c)).Root.Children {
				got = append(got, e.Name)
			}
			same(t, "order", got, strings.Fields(tt.want))
		})
	}
}

func TestEncodeOrderBelow(t *testing.T) {
	scopes := []*metadata.Element{value("scopes", "Web"), value("scopes", "Api"), value("scopes", "Basic")}
	tests := map[string]struct{ in, want *metadata.Component }{
		"repeated elements keep their order": {
			component("ConnectedApp", block("oauthConfig", scopes[0], value("callbackUrl", "x"), scopes[1], scopes[2])),
			component("ConnectedApp", block("oauthConfig", value("callbackUrl", "x"), scopes[0], scopes[1], scopes[2])),
		},
		"below an only child": {
			component("ConnectedApp", block("oauthConfig", block("idTokenConfig", value("idTokenValidity", "2"), value("idTokenAudience", "x")))),
			component("ConnectedApp", block("oauthConfig", block("idTokenConfig", value("idTokenAudience", "x"), value("idTokenValidity", "2")))),
		},
		"below an unknown element": {
			component("ConnectedApp", block("parcel", value("b", ""), value("a", ""))),
			component("ConnectedApp", block("parcel", value("a", ""), value("b", ""))),
		},
		"in each of several": {
			component("ConnectedApp", block("ipRanges", value("start", "192.0.2.1"), value("end", "192.0.2.9")), block("ipRanges", value("end", "192.0.2.3"), value("description", "x"))),
			component("ConnectedApp", block("ipRanges", value("end", "192.0.2.9"), value("start", "192.0.2.1")), block("ipRanges", value("description", "x"), value("end", "192.0.2.3"))),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := tt.in.Root.Clone()
			got := decode(t, encode(t, metadata.Schema(), tt.in))
			if !got.Root.Equal(tt.want.Root) {
				t.Errorf("got\n%s\nwant\n%s", encode(t, metadata.Schema(), got), encode(t, metadata.Schema(), tt.want))
			}
			if !tt.in.Root.Equal(before) {
				t.Error("encoding changed the component")
			}
		})
	}
}

// What XML has no way to write is refused with its place; nothing is replaced.
func TestEncodeRefuses(t *testing.T) {
	at := func(e *metadata.Element) *metadata.Component {
		e.Pos = diag.Pos{File: "app.xml", Line: 4, Col: 5}
		return component("ConnectedApp", value("contactEmail", "a@example.com"), e)
	}
	with := func(name, value string) *metadata.Element {
		return &metadata.Element{Name: "label", Attrs: []metadata.Attr{{name, value}}}
	}
	tests := map[string]struct {
		in   *metadata.Component
		want string
	}{
		"control character":  {at(value("label", "a\x01")), "app.xml:4:5: the value of label holds the character U+0001, which XML cannot carry (ECA301)"},
		"NUL":                {at(value("label", "\x00")), "app.xml:4:5: the value of label holds the character U+0000, which XML cannot carry (ECA301)"},
		"escape":             {at(value("label", "\x1b]8;;")), "app.xml:4:5: the value of label holds the character U+001B, which XML cannot carry (ECA301)"},
		"no character":       {at(value("label", "\uFFFE")), "app.xml:4:5: the value of label holds the character U+FFFE, which XML cannot carry (ECA301)"},
		"broken UTF-8":       {at(value("label", "caf\xE9")), "app.xml:4:5: the value of label holds the character U+FFFD, which XML cannot carry (ECA301)"},
		"below":              {at(block("oauthConfig", value("consumerKey", "\x02"))), "the value of consumerKey holds the character U+0002, which XML cannot carry (ECA301)"},
		"tag in a name":      {at(value("label><evil", "x")), `app.xml:4:5: "label><evil" cannot be the name of an XML element (ECA301)`},
		"blank in a name":    {at(value("a b", "x")), `app.xml:4:5: "a b" cannot be the name of an XML element (ECA301)`},
		"prefix in a name":   {at(value("a:b", "x")), `app.xml:4:5: "a:b" cannot be the name of an XML element (ECA301)`},
		"digit first":        {at(value("1a", "x")), `app.xml:4:5: "1a" cannot be the name of an XML element (ECA301)`},
		"no name":            {at(value("", "x")), `app.xml:4:5: "" cannot be the name of an XML element (ECA301)`},
		"attribute name":     {at(with("a b", "x")), `app.xml:4:5: "a b" cannot be the name of an attribute of label (ECA301)`},
		"attribute prefix":   {at(with("md:a", "x")), `app.xml:4:5: "md:a" cannot be the name of an attribute of label (ECA301)`},
		"bare prefix":        {at(with("xsi:", "x")), `app.xml:4:5: "xsi:" cannot be the name of an attribute of label (ECA301)`},
		"attribute value":    {at(with("a", "\x0b")), `app.xml:4:5: the attribute a of label holds the character U+000B, which XML cannot carry (ECA301)`},
		"file without place": {&metadata.Component{File: "new.xml", Root: &metadata.Element{Name: "9"}}, `new.xml: "9" cannot be the name of an XML element (ECA301)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			data, err := metadata.Schema().Encode(tt.in)
			p, ok := errors.AsType[*diag.Problem](err)
			if !ok {
				t.Fatalf("no problem reported, err = %v", err)
			}
			if p.Error() != tt.want || data != nil {
				t.Errorf("got  %s, %q\nwant %s", p, data, tt.want)
			}
		})
	}
	ok := component("ConnectedApp", value("_a-b.c1", "\t\n\r \u0085\uD7FF\uE000\U0010FFFF"))
	if _, err := metadata.Schema().Encode(ok); err != nil {
		t.Error(err)
	}
}
