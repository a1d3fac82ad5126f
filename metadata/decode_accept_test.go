package metadata_test

import (
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// What orgs and people really write is read, and comes out as an org writes it.
func TestDecodeAccepts(t *testing.T) {
	const label = "<label>Order Sync</label>"
	plain := doc("ConnectedApp", label)
	tests := map[string]struct {
		in, want string
		problems []string
	}{
		"as an org writes it":  {in: plain, want: plain},
		"no newline at end":    {in: strings.TrimSuffix(plain, "\n"), want: plain},
		"newlines at end":      {in: plain + "\n\n", want: plain},
		"no declaration":       {in: strings.TrimPrefix(plain, declaration), want: plain},
		"no namespace":         {in: "<ConnectedApp>" + label + "</ConnectedApp>", want: plain},
		"on one line":          {in: "<ConnectedApp" + xmlns + ">" + label + "</ConnectedApp>", want: plain},
		"mark":                 {in: "\uFEFF" + plain, want: plain},
		"says UTF-8":           {in: strings.Replace(plain, "UTF-8", "utf-8", 1), want: plain},
		"says ASCII":           {in: strings.Replace(plain, "UTF-8", "US-ASCII", 1), want: plain},
		"CR LF lines":          {in: strings.ReplaceAll(plain, "\n", "\r\n"), want: plain},
		"CR lines":             {in: strings.ReplaceAll(plain, "\n", "\r"), want: plain},
		"tabs":                 {in: strings.ReplaceAll(plain, "    ", "\t"), want: plain},
		"single quotes":        {in: strings.ReplaceAll(plain, `"`, `'`), want: plain},
		"instruction":          {in: strings.Replace(plain, "<label>", "<?order sync?><label><?x?>", 1), want: plain},
		"instruction before":   {in: strings.Replace(plain, "<Conn", "<?xml-stylesheet href=\"x\"?>\n<Conn", 1), want: plain},
		"no encoding":          {in: strings.Replace(plain, ` encoding="UTF-8"`, "", 1), want: plain},
		"comments, everywhere": {in: "<!-- <a> & -->" + strings.NewReplacer("<label>", "<!-- one --><label><!-- & -->", "Order ", "Order <!-- two -->").Replace(strings.TrimPrefix(plain, declaration)) + "<!-- three -->", want: plain},
		"a commented element":  {in: doc("ConnectedApp", "<!-- <oauthLink>00D000000000001:888000000000001</oauthLink> -->", label), want: plain},
		"breaks inside tags":   {in: "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<ConnectedApp\n  xmlns=\"" + metadata.Namespace + "\"\n>\n  <label\n    >Order Sync</label\n  >\n</ConnectedApp\n>\n", want: plain},
		"prefix":               {in: `<md:ConnectedApp xmlns:md="` + metadata.Namespace + `"><md:label>Order Sync</md:label></md:ConnectedApp>`, want: plain},
		"two prefixes":         {in: `<md:ConnectedApp xmlns:md="` + metadata.Namespace + `"` + xmlns + `><label>Order Sync</label></md:ConnectedApp>`, want: plain},
		"namespace again":      {in: strings.Replace(plain, "<label>", "<label"+xmlns+` xmlns:x="urn:example">`, 1), want: plain},
		"CDATA":                {in: doc("ConnectedApp", "<label><![CDATA[R & D <b>]]></label>"), want: doc("ConnectedApp", "<label>R &amp; D &lt;b&gt;</label>")},
		"CDATA and text":       {in: doc("ConnectedApp", "<label>R &amp; <![CDATA[&amp;]]> D</label>"), want: doc("ConnectedApp", "<label>R &amp; &amp;amp; D</label>")},
		"entities":             {in: doc("ConnectedApp", "<label>&lt;&gt;&amp;&quot;&apos;</label>"), want: doc("ConnectedApp", "<label>&lt;&gt;&amp;&quot;&apos;</label>")},
		"numbers":              {in: doc("ConnectedApp", "<label>&#65;&#x42;&#x1F537;&#x0010FFFF;</label>"), want: doc("ConnectedApp", "<label>AB\U0001F537\U0010FFFF</label>")},
		"not ASCII":            {in: doc("ConnectedApp", "<label>Bestellungen → 受注 🔷</label>"), want: doc("ConnectedApp", "<label>Bestellungen → 受注 🔷</label>")},
		"null":                 {in: doc("ConnectedApp"+xmlnsXSI, `<contactEmail xsi:nil="true"/>`), want: doc("ConnectedApp"+xmlnsXSI, `<contactEmail xsi:nil="true"/>`)},
		"null, open and shut":  {in: doc("ConnectedApp"+xmlnsXSI, `<contactEmail xsi:nil="1"></contactEmail>`), want: doc("ConnectedApp"+xmlnsXSI, `<contactEmail xsi:nil="true"/>`)},
		"null, other prefix":   {in: doc(`ConnectedApp xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`, `<contactEmail i:nil="true"/>`), want: doc("ConnectedApp"+xmlnsXSI, `<contactEmail xsi:nil="true"/>`)},
		"not null":             {in: doc("ConnectedApp"+xmlnsXSI, `<contactEmail xsi:nil="false">a@example.com</contactEmail>`), want: doc("ConnectedApp", `<contactEmail>a@example.com</contactEmail>`)},
		"type attribute":       {in: doc("ConnectedApp"+xmlnsXSI, `<label xsi:type="xsd:string">x</label>`), want: doc("ConnectedApp"+xmlnsXSI, `<label xsi:type="xsd:string">x</label>`)},
		"attribute":            {in: doc("ConnectedApp", `<label order="R &amp; D">x</label>`), want: doc("ConnectedApp", `<label order="R &amp; D">x</label>`)},
		"empty values":         {in: doc("ConnectedApp", "<contactPhone/>", "<label></label>"), want: doc("ConnectedApp", "<contactPhone></contactPhone>", "<label></label>")},
		"blanks in a value":    {in: doc("ConnectedApp", "<label>\n  Order\tSync </label>"), want: doc("ConnectedApp", "<label>\n  Order\tSync </label>")},
		"blanks are a value":   {in: doc("ConnectedApp", "<label> </label>"), want: doc("ConnectedApp", "<label> </label>")},
		"unknown elements":     {in: doc("ConnectedApp", "<zeta>1</zeta>", label, "<alpha><b>2</b></alpha>"), want: doc("ConnectedApp", "<alpha>", "    <b>2</b>", "</alpha>", label, "<zeta>1</zeta>")},
		"unknown root":         {in: doc("Certificate", "<masterLabel>Order Sync</masterLabel>"), want: doc("Certificate", "<masterLabel>Order Sync</masterLabel>")},
		"LF in a value":        {in: doc("ConnectedApp", "<label>a\nb</label>"), want: doc("ConnectedApp", "<label>a\nb</label>")},
		"CR LF in a value":     {in: doc("ConnectedApp", "<label>a\r\nb</label>"), want: doc("ConnectedApp", "<label>a\r\nb</label>")},
		"CR in a value":        {in: doc("ConnectedApp", "<label>a\rb</label>"), want: doc("ConnectedApp", "<label>a\rb</label>")},
		"CR LF value and file": {in: strings.ReplaceAll(doc("ConnectedApp", "<label>a\nb</label>"), "\n", "\r\n"), want: doc("ConnectedApp", "<label>a\nb</label>")},
		"LF in a CR LF file":   {in: strings.Replace(strings.ReplaceAll(doc("ConnectedApp", "<label>a|b</label>"), "\n", "\r\n"), "|", "\n", 1), want: doc("ConnectedApp", "<label>a\nb</label>")},
		"& in comment, CDATA":  {in: doc("ConnectedApp", "<!-- R & D --><label><![CDATA[R & D]]></label>"), want: doc("ConnectedApp", "<label>R &amp; D</label>")},
		"no entity of XML": {
			in:       doc("ConnectedApp", "<label>a&nbsp;b&#xZ;&#;&;</label>"),
			want:     doc("ConnectedApp", "<label>a&amp;nbsp;b&amp;#xZ;&amp;#;&amp;;</label>"),
			problems: bare("3:13", "3:20", "3:25", "3:28"),
		},
		"& in a bare &": {in: doc("ConnectedApp", "<label>&&amp;&</label>"), want: doc("ConnectedApp", "<label>&amp;&amp;&amp;</label>"), problems: bare("3:12", "3:18")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, problems, err := metadata.Decode("app.xml", []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := encode(t, metadata.Schema(), c); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
			same(t, "problems", lines(problems), tt.problems)
		})
	}
}

// bare lists the warnings for bare ampersands at these places.
func bare(places ...string) []string {
	var out []string
	for _, p := range places {
		out = append(out, "warning: app.xml:"+p+": a bare & in the text (ECA210) | XML writes it as &amp;; generate and import do so")
	}
	return out
}

// A place behind what was mended is told as it is in the file, and not as it
// is in the text that the parser saw.
func TestDecodePlacesBehindEdits(t *testing.T) {
	tests := map[string]struct {
		in, err  string
		problems []string
	}{
		"behind &":    {in: "<a><b>R & D</b><b>S & T & U</b><c></d></a>", err: "app.xml:1:35: </d> where </c> is due, which closes line 1 (ECA202)"},
		"behind CR":   {in: "<a>\n<b>x\r</b><b>y\r</b><c></d></a>", err: "app.xml:2:22: </d> where </c> is due, which closes line 2 (ECA202)"},
		"on the next": {in: "<a><b>R & D\n& E</b><c></d></a>", err: "app.xml:2:11: </d> where </c> is due, which closes line 2 (ECA202)"},
		"warnings":    {in: "<a><b>R & D</b><b>S & T & U\n & V</b></a>", problems: bare("1:9", "1:21", "1:25", "2:2")},
		"with a mark": {in: "\uFEFF<a><b>R & D</b></a>", problems: bare("1:9")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems, err := metadata.Decode("app.xml", []byte(tt.in))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || err.Error() != tt.err) {
				t.Errorf("got  %v\nwant %s", err, tt.err)
			}
			same(t, "problems", lines(problems), tt.problems)
		})
	}
	c := decode(t, "<a><b>R & D</b><c/>\n <d/></a>")
	var got []string
	for _, e := range c.Root.Children {
		got = append(got, e.Name+" "+e.Pos.String())
	}
	same(t, "elements", got, []string{"b app.xml:1:4", "c app.xml:1:16", "d app.xml:2:2"})
}

// The values that people ask a component for.
func TestComponentValues(t *testing.T) {
	c := decode(t, doc("ConnectedApp"+xmlnsXSI,
		"<label>",
		"  Order Sync",
		"</label>",
		`<contactEmail xsi:nil="true"/>`,
		"<oauthConfig><scopes>Api</scopes><scopes>Web</scopes></oauthConfig>",
		"<oauthConfig><scopes>Full</scopes></oauthConfig>"))
	if got, ok := c.Text("label"); got != "Order Sync" || !ok {
		t.Errorf("got %q, %t", got, ok)
	}
	for _, path := range []string{"contactEmail", "contactPhone", "oauthConfig.scopes.x", ""} {
		if got, ok := c.Text(path); got != "" || ok {
			t.Errorf("%s: got %q, %t", path, got, ok)
		}
	}
	var scopes []string
	for _, e := range c.All("oauthConfig.scopes") {
		scopes = append(scopes, e.Text)
	}
	same(t, "scopes", scopes, []string{"Api", "Web", "Full"})
	if c.First("oauthConfig.scopes") != c.Root.Child("oauthConfig").Children[0] || c.First("startUrl") != nil || c.Root.Child("startUrl") != nil {
		t.Error("the first element is not the first")
	}

	copied := c.Root.Clone()
	copied.Children[2].Children[0].Text = "Wave"
	copied.Remove("label")
	if got := c.First("oauthConfig.scopes").Text; got != "Api" || c.Root.Child("label") == nil || c.Root.Equal(copied) {
		t.Error("a change of the copy changed the component")
	}
	if !c.Root.Equal(c.Root.Clone()) {
		t.Error("a copy differs")
	}
}
