package metadata_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
)

func TestPath(t *testing.T) {
	tests := map[string]struct {
		typ, name, source, mdapi string
	}{
		"an app":     {app, "Order_Sync", "externalClientApps/Order_Sync.eca-meta.xml", "externalClientApps/Order_Sync.eca"},
		"in a zip":   {globalSet, "Order_Sync_glbloauth", "extlClntAppGlobalOauthSets/Order_Sync_glbloauth.ecaGlblOauth-meta.xml", "extlClntAppGlobalOauthSets/Order_Sync_glbloauth.ecaGlblOauth"},
		"settings":   {"ExternalClientAppSettings", "anything", "settings/ExternalClientApp.settings-meta.xml", "settings/ExternalClientApp.settings"},
		"slashes":    {app, "../../Order Sync", "externalClientApps/..%2F..%2FOrder%20Sync.eca-meta.xml", "externalClientApps/..%2F..%2FOrder%20Sync.eca"},
		"nested":     {"ExtlClntAppOauthIpRange", "x", "", ""},
		"no type":    {"Certificate", "x", "", ""},
		"namespaced": {app, "w22loan__Order_Sync", "externalClientApps/w22loan__Order_Sync.eca-meta.xml", "externalClientApps/w22loan__Order_Sync.eca"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for layout, want := range map[metadata.Layout]string{metadata.Source: tt.source, metadata.MDAPI: tt.mdapi} {
				got, err := metadata.Schema().Path(metadata.NewComponent(tt.typ, tt.name), layout)
				if got != want || (err == nil) != (want != "") {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
	if got := metadata.Layouts(); !slices.Equal(got, []metadata.Layout{metadata.Source, metadata.MDAPI}) {
		t.Errorf("got %q", got)
	}
}

// Files are recognised by suffix and root element, wherever they are.
func TestRead(t *testing.T) {
	const settings = "ExternalClientAppSettings"
	orgSettings := doc(settings, "<enableConsumerSecretApiAccess>false</enableConsumerSecretApiAccess>")
	certificate := doc("Certificate", "<masterLabel>Order Sync</masterLabel>")
	tests := map[string]struct {
		files    map[string]string
		want     []string // type and name
		problems []string
	}{
		"source":   {map[string]string{"externalClientApps/Order_Sync.eca-meta.xml": header}, []string{app + " Order_Sync"}, nil},
		"mdapi":    {map[string]string{"externalClientApps/Order_Sync.eca": header}, []string{app + " Order_Sync"}, nil},
		"anywhere": {map[string]string{"a b/c/Order_Sync.eca-meta.xml": header, "connectedApps/Order_Sync_x.ecaOauth-meta.xml": oauth}, []string{app + " Order_Sync", oauthSet + " Order_Sync_x"}, nil},
		"a name that was escaped": {
			map[string]string{"Order%20Sync%2FEast.eca-meta.xml": header, "100%.eca": header},
			[]string{app + " 100%", app + " Order Sync/East"},
			nil,
		},
		"a name with dots": {map[string]string{"Order.Sync.v2.eca-meta.xml": header}, []string{app + " Order.Sync.v2"}, nil},
		"settings": {
			map[string]string{"settings/ExternalClientApp.settings-meta.xml": orgSettings, "settings/ConnectedApp.settings": doc("ConnectedAppSettings"), "settings/Security.settings": doc("SecuritySettings")},
			[]string{"ConnectedAppSettings ConnectedApp", settings + " ExternalClientApp"},
			nil,
		},
		"other files": {map[string]string{"README.md": "eca", "Order_Sync.cls-meta.xml": doc("ApexClass"), "Order_Sync.eca.txt": "x", ".eca": header, "package.xml": doc("Package"), "eca": header, "recap.xml": "x"}, nil, nil},
		"an invented suffix": {
			map[string]string{"apps/Order_Sync.externalClientApplication-meta.xml": header},
			[]string{app + " Order_Sync"},
			[]string{"warning: apps/Order_Sync.externalClientApplication-meta.xml: a ExternalClientApplication in a file with a suffix of its own (ECA233) | sf reads it as Order_Sync.eca-meta.xml only"},
		},
		"a certificate":      {map[string]string{"certs/Order_Sync.eca.crt-meta.xml": certificate}, nil, nil},
		"no metadata inside": {map[string]string{"Order_Sync.eca.xml": "not XML", "Order_Sync.extlClnt.xml": "<a>&;<"}, nil, nil},
		"another root": {
			map[string]string{"Order_Sync.ecaOauth-meta.xml": policy},
			[]string{oauthPlcy + " Order_Sync"},
			[]string{"warning: Order_Sync.ecaOauth-meta.xml:2:1: the suffix is that of ExtlClntAppOauthSettings, the content is ExtlClntAppOauthConfigurablePolicies (ECA233)"},
		},
		"a root of no type": {
			map[string]string{"Order_Sync.eca-meta.xml": certificate},
			[]string{"Certificate Order_Sync"},
			[]string{"warning: Order_Sync.eca-meta.xml:2:1: Certificate is not a metadata type that ecactl knows (ECA211)", "warning: Order_Sync.eca-meta.xml:2:1: the suffix is that of ExternalClientApplication, the content is Certificate (ECA233)"},
		},
		"both layouts, equal": {
			map[string]string{"Order_Sync.eca": header, "Order_Sync.eca-meta.xml": strings.ReplaceAll(header, "    ", "\t")},
			[]string{app + " Order_Sync"},
			[]string{"warning: Order_Sync.eca-meta.xml: ExternalClientApplication Order_Sync is in Order_Sync.eca too, with the same content; that file is used (ECA221) | delete one of the two"},
		},
		"both layouts, different": {
			map[string]string{"b/Order_Sync.eca": header, "a/Order_Sync.eca-meta.xml": doc(app, "<label>Other</label>")},
			[]string{app + " Order_Sync"},
			[]string{"warning: b/Order_Sync.eca: ExternalClientApplication Order_Sync is in a/Order_Sync.eca-meta.xml too, with other content; that file is used (ECA221) | delete one of the two"},
		},
		"left aside": {
			map[string]string{"node_modules/a/A.eca": header, ".git/B.eca": header, "x/.sfdx/C.eca": header, "x/node_modules/D.eca": header, ".E.eca": header, "D.eca": header},
			[]string{app + " .E", app + " D"},
			nil,
		},
		"odd elements": {
			map[string]string{"A.eca": doc(app, "<lable>R & D</lable>")},
			[]string{app + " A"},
			[]string{`warning: A.eca:3:5: <lable> is not an element of ExternalClientApplication that ecactl knows; it is kept (ECA212) | did you mean "label"?`, "warning: A.eca:3:14: a bare & in the text (ECA210) | XML writes it as &amp;; generate and import do so"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, tt.files)
			got := read(t, dir)
			same(t, "components", names(got.Components), tt.want)
			same(t, "problems", below(dir, lines(got.Problems)), tt.problems)
			if len(got.Unreadable) > 0 || got.Problems.Err() != nil {
				t.Errorf("got %v, %v, want nothing broken", got.Unreadable, got.Problems.Err())
			}
		})
	}
}

// A broken file is reported, with the component that it would have been, and
// the files beside it are read.
func TestReadBroken(t *testing.T) {
	dir := tree(t, map[string]string{
		"A.eca":          header,
		"B.eca-meta.xml": "<ExternalClientApplication>\n  <label>",
		"C.ecaOauth":     "",
		"D.eca":          header,
	})
	if err := os.Mkdir(filepath.Join(dir, "E.eca"), 0o755); err != nil { // a folder with the name of a file
		t.Fatal(err)
	}
	place(t, filepath.Join(dir, "E.eca", "F.eca"), header)
	huge := filepath.Join(dir, "G.ecaPlcy")
	place(t, huge, "")
	if err := os.Truncate(huge, 1<<40); err != nil { // a terabyte of nothing: reading it would not end
		t.Skipf("no sparse files here: %v", err)
	}

	got := read(t, dir)
	same(t, "components", names(got.Components), []string{app + " A", app + " D", app + " F"})
	same(t, "problems", below(dir, lines(got.Problems)), []string{
		"error: B.eca-meta.xml:2:10: the file ends inside <label>, which opens on line 2 (ECA202) | the file is cut off",
		"error: C.ecaOauth: the file is empty (ECA201)",
		"error: G.ecaPlcy: has 1099511627776 bytes, and a metadata file at most 5242880 (ECA231)",
	})
	var unreadable []string
	for _, u := range got.Unreadable {
		unreadable = append(unreadable, fmt.Sprintf("%s %s %s %s", u.Type, u.Name, filepath.Base(u.File), u.Problem.Code))
	}
	same(t, "unreadable", unreadable, []string{app + " B B.eca-meta.xml ECA202", oauthSet + " C C.ecaOauth ECA201", "ExtlClntAppConfigurablePolicies G G.ecaPlcy ECA231"})
	if got.Files != 6 {
		t.Errorf("%d files were opened, want 6", got.Files)
	}
}

// A path that is named is there and metadata, or that is an error.
func TestReadArguments(t *testing.T) {
	dir := tree(t, map[string]string{
		"Order_Sync.eca-meta.xml":                  header,
		"Order_Sync.externalClientApplication.xml": header,
		"README.md":     "x",
		"Broken.eca":    "<a>",
		"Broken.zip":    "PK",
		"Cert.eca.crt":  doc("Certificate"),
		"sub/Other.eca": header,
	})
	tests := map[string]struct {
		paths    []string
		want     []string
		problems []string
		err      string
	}{
		"a file":          {paths: []string{"Order_Sync.eca-meta.xml"}, want: []string{app + " Order_Sync"}},
		"an odd file":     {[]string{"Order_Sync.externalClientApplication.xml"}, []string{app + " Order_Sync"}, []string{"warning: Order_Sync.externalClientApplication.xml: a ExternalClientApplication in a file with a suffix of its own (ECA233) | sf reads it as Order_Sync.eca-meta.xml only"}, ""},
		"a text":          {[]string{"README.md"}, nil, []string{"error: README.md: is not a metadata file that ecactl knows (ECA232) | name it <name>.<suffix>-meta.xml, such as Order_Sync.eca-meta.xml"}, ""},
		"a certificate":   {[]string{"Cert.eca.crt"}, nil, []string{"error: Cert.eca.crt: is not a metadata file that ecactl knows (ECA232) | name it <name>.<suffix>-meta.xml, such as Order_Sync.eca-meta.xml"}, ""},
		"broken":          {[]string{"Broken.eca"}, nil, []string{"error: Broken.eca:1:4: the file ends inside <a>, which opens on line 1 (ECA202) | the file is cut off"}, ""},
		"nothing there":   {paths: []string{"sub", "None.eca"}, err: "None.eca: cannot be read: "},
		"no zip":          {paths: []string{"Broken.zip"}, err: "Broken.zip: is not a zip file that can be read: zip: not a valid zip file (ECA241)"},
		"a folder":        {paths: []string{"sub"}, want: []string{app + " Other"}},
		"a file twice":    {paths: []string{"sub", "sub/Other.eca", "sub/../sub/./Other.eca"}, want: []string{app + " Other"}},
		"folder in other": {paths: []string{"sub", ".", "Order_Sync.eca-meta.xml"}, want: []string{app + " Order_Sync", app + " Other"}, problems: []string{"error: Broken.eca:1:4: the file ends inside <a>, which opens on line 1 (ECA202) | the file is cut off", "warning: Order_Sync.externalClientApplication.xml: ExternalClientApplication Order_Sync is in Order_Sync.eca-meta.xml too, with the same content; that file is used (ECA221) | delete one of the two", "warning: Order_Sync.externalClientApplication.xml: a ExternalClientApplication in a file with a suffix of its own (ECA233) | sf reads it as Order_Sync.eca-meta.xml only"}},
		"no arguments":    {},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for _, p := range tt.paths {
				paths = append(paths, dir+string(filepath.Separator)+p) // Join would clean it
			}
			got, err := metadata.Schema().Read(paths...)
			if err != nil || tt.err != "" {
				p, ok := errors.AsType[*diag.Problem](err)
				if !ok || tt.err == "" || !strings.HasPrefix(below(dir, []string{p.Error()})[0], tt.err) || got != nil {
					t.Errorf("got  %v\nwant %s", err, tt.err)
				}
				return
			}
			same(t, "components", names(got.Components), tt.want)
			same(t, "problems", below(dir, lines(got.Problems)), tt.problems)
		})
	}
}

// The result does not depend on how many cores there are, nor on the order in
// which the paths are given.
func TestReadIsDeterministic(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		dir := string(rune('a' + i%7))
		files[fmt.Sprintf("%s/App_%03d.eca-meta.xml", dir, i%75)] = header
		files[fmt.Sprintf("%s/App_%03d.ecaOauth", dir, i)] = strings.Repeat(oauth, 1+i%2) // every other is broken
	}
	root := tree(t, files)
	for i := range 7 { // each part is a project with a namespace
		dir := filepath.Join(root, string(rune('a'+i)))
		place(t, filepath.Join(dir, metadata.ProjectFile), fmt.Sprintf(`{"namespace": "ns%d", "packageDirectories": [{"path": "."}]}`, (i+3)%7))
	}
	paths, err := filepath.Glob(filepath.Join(root, "*"))
	if err != nil {
		t.Fatal(err)
	}
	dump := func(paths []string) string {
		c := read(t, paths...)
		var b strings.Builder
		fmt.Fprintln(&b, c.Files, c.Namespace, len(c.Unreadable))
		for _, c := range c.Components {
			fmt.Fprintln(&b, c.Type, c.Name, c.File)
		}
		for _, u := range c.Unreadable {
			fmt.Fprintln(&b, u.Type, u.Name, u.File)
		}
		return b.String() + strings.Join(lines(c.Problems), "\n")
	}
	var want string
	onCores(1, func() { want = dump(paths) })
	if !strings.Contains(want, "ECA203") || !strings.Contains(want, "ECA221") {
		t.Fatalf("the files are too plain to tell anything:\n%s", want)
	}
	onCores(8, func() {
		for range paths {
			paths = append(paths[1:], paths[0])
			if got := dump(paths); got != want {
				t.Fatalf("the order of paths or the number of cores matters:\n%s\n\n%s", got, want)
			}
		}
	})
}
