package metadata_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

func manifest(version metadata.Version) *metadata.Manifest {
	m := &metadata.Manifest{Version: version}
	for _, c := range []*metadata.Component{
		part(oauthSet, "Stock_Sync_oauth", ""),
		part(app, "Stock_Sync", ""),
		part("ExternalClientAppSettings", "whatever", ""),
		part(app, "Order_Sync", ""),
		part(app, "Order_Sync", ""),
		part("ConnectedAppSettings", "", ""),
		part("ApexClass", "Handler", ""), // a type that the table does not have
	} {
		m.Add(metadata.Schema(), c)
	}
	return m
}

const packageTypes = `    <types>
        <members>Handler</members>
        <name>ApexClass</name>
    </types>
    <types>
        <members>Order_Sync</members>
        <members>Stock_Sync</members>
        <name>ExternalClientApplication</name>
    </types>
    <types>
        <members>Stock_Sync_oauth</members>
        <name>ExtlClntAppOauthSettings</name>
    </types>
    <types>
        <members>ConnectedApp</members>
        <members>ExternalClientApp</members>
        <name>Settings</name>
    </types>
`

func TestManifestEncode(t *testing.T) {
	const head = declaration + `<Package xmlns="http://soap.sforce.com/2006/04/metadata">` + "\n"
	tests := map[string]struct {
		in   *metadata.Manifest
		want string
	}{
		"deploy":      {manifest(66), head + packageTypes + "    <version>66.0</version>\n</Package>\n"},
		"destructive": {manifest(0), head + packageTypes + "</Package>\n"},
		"nothing":     {&metadata.Manifest{Version: 66}, head + "    <version>66.0</version>\n</Package>\n"},
		"empty":       {&metadata.Manifest{}, strings.TrimSuffix(head, ">\n") + "/>\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			data, err := tt.in.Encode()
			if err != nil || string(data) != tt.want {
				t.Errorf("got  %v\n%s\nwant\n%s", err, data, tt.want)
			}
			marked, err := tt.in.EncodeMarked()
			want := strings.Replace(tt.want, "?>\n", "?>\n<!-- written by ecactl generate -->\n", 1)
			if err != nil || string(marked) != want {
				t.Errorf("got  %v\n%s\nwant\n%s", err, marked, want)
			}
			for _, file := range [][]byte{data, marked} {
				read, err := metadata.DecodeManifest("package.xml", file)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := read.Encode(); err != nil || string(again) != tt.want || read.Version != tt.in.Version {
					t.Errorf("read again: %v, %s\n%s", err, read.Version, again)
				}
			}
		})
	}
}

func TestManifestMembers(t *testing.T) {
	m := manifest(66)
	same(t, "types", m.Types(), []string{"ApexClass", app, oauthSet, "Settings"})
	same(t, "apps", m.Members(app), []string{"Order_Sync", "Stock_Sync"})
	same(t, "settings", m.Members("Settings"), []string{"ConnectedApp", "ExternalClientApp"})
	same(t, "none", m.Members("Layout"), nil)
	same(t, "empty", (&metadata.Manifest{}).Types(), nil)
}

// A name that XML cannot carry is refused, in a manifest too.
func TestManifestEncodeRefuses(t *testing.T) {
	var m metadata.Manifest
	m.Add(metadata.Schema(), part(app, "Order\x01Sync", ""))
	want := "package.xml: the value of members holds the character U+0001, which XML cannot carry (ECA301)"
	for _, encode := range []func() ([]byte, error){m.Encode, m.EncodeMarked} {
		if data, err := encode(); err == nil || err.Error() != want || data != nil {
			t.Errorf("got  %v, %q\nwant %s", err, data, want)
		}
	}
}

func TestDecodeManifest(t *testing.T) {
	tests := map[string]struct {
		in, err string
		types   []string
		members []string // of ExternalClientApplication
		version metadata.Version
	}{
		"all":          {in: doc("Package", "<types><members>*</members><name>ExternalClientApplication</name></types>", "<version>60.0</version>"), types: []string{app}, members: []string{"*"}, version: 60},
		"name first":   {in: doc("Package", "<types><name>ExternalClientApplication</name><members>B</members><members>A</members></types>"), types: []string{app}, members: []string{"A", "B"}},
		"type twice":   {in: doc("Package", "<types><members>B</members><name>ExternalClientApplication</name></types>", "<types><members>A</members><name>ExternalClientApplication</name></types>"), types: []string{app}, members: []string{"A", "B"}},
		"blanks":       {in: doc("Package", "<types>\n<members>\n A\n</members><name>\n  ExternalClientApplication\n</name></types>", "<version> 66.0\n</version>"), types: []string{app}, members: []string{"A"}, version: 66},
		"other fields": {in: doc("Package", "<fullName>Orders</fullName>", "<apiAccessLevel>Unrestricted</apiAccessLevel>", "<version>66.0</version>"), version: 66},
		"no members":   {in: doc("Package", "<types><name>ExternalClientApplication</name></types>")},
		"another root": {in: header, err: "package.xml:2:1: the root element is <ExternalClientApplication>, and that of a manifest <Package> (ECA235)"},
		"no name":      {in: doc("Package", "<version>66.0</version>", "<types><members>*</members></types>"), err: "package.xml:4:5: <types> without <name> (ECA235)"},
		"empty name":   {in: doc("Package", "<types><members>*</members><name> </name></types>"), err: "package.xml:3:5: <types> without <name> (ECA235)"},
		"bad version":  {in: doc("Package", "<version>sixty</version>"), err: `package.xml:3:5: "sixty" is not an API version such as "66.0" (ECA235)`},
		"no version":   {in: doc("Package", "<version/>"), err: `package.xml:3:5: "" is not an API version such as "66.0" (ECA235)`},
		"not XML":      {in: "<Package>", err: "package.xml:1:10: the file ends inside <Package>, which opens on line 1 (ECA202)"},
		"empty":        {in: "", err: "package.xml: the file is empty (ECA201)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := metadata.DecodeManifest("package.xml", []byte(tt.in))
			if tt.err != "" {
				p, ok := errors.AsType[*diag.Problem](err)
				if !ok || p.Error() != tt.err || m != nil {
					t.Errorf("got  %v\nwant %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			same(t, "types", m.Types(), tt.types)
			same(t, "members", m.Members(app), tt.members)
			if m.Version != tt.version {
				t.Errorf("got version %s, want %s", m.Version, tt.version)
			}
		})
	}
}
