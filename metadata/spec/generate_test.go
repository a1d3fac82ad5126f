package spec_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
)

// What is written does not hang on the order of files or the number of cores.
func TestGenerateIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for i := range 40 {
		name := filepath.Join(dir, fmt.Sprintf("app%02d.yaml", i))
		paths = append(paths, name)
		if err := os.WriteFile(name, fmt.Appendf(nil, benchSpec, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(cores int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		set, err := spec.Load(paths, nil, spec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g, problems := spec.Generate(set.Specs, metadata.Source, metadata.Schema())
		if g == nil {
			t.Fatal(problems)
		}
		slices.SortFunc(g.Files, func(a, b metadata.File) int { return strings.Compare(a.Path, b.Path) })
		return fmt.Sprintf("%s", g.Files)
	}
	want := run(1)
	for range 4 {
		rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		if got := run(8); got != want {
			t.Fatal("another order gives other bytes")
		}
	}
}

func TestGenerate(t *testing.T) {
	tests := map[string]struct {
		src    string
		layout metadata.Layout
		want   string // paths, then problems
	}{
		"source": {sound, metadata.Source, `externalClientApps/Order_Sync.eca-meta.xml
extlClntAppPolicies/Order_Sync_plcy.ecaPlcy-meta.xml
extlClntAppGlobalOauthSets/Order_Sync_glbloauth.ecaGlblOauth-meta.xml
extlClntAppOauthPolicies/Order_Sync_oauthPlcy.ecaOauthPlcy-meta.xml
extlClntAppOauthSettings/Order_Sync_oauth.ecaOauth-meta.xml
manifest/package.xml
`},
		"mdapi settings": {"apiVersion: ecactl/v1\nkind: ExternalClientAppSettings\nconsumerSecretsInRestApi: false\n", metadata.MDAPI, "settings/ExternalClientApp.settings\npackage.xml\n"},
		"no policies":    {head + "name: A\noauth: {callbackUrls: [https://localhost], scopes: [api]}\n", metadata.MDAPI, "externalClientApps/A.eca\nextlClntAppGlobalOauthSets/A_glbloauth.ecaGlblOauth\nextlClntAppOauthSettings/A_oauth.ecaOauth\npackage.xml\n"},
		"namespace":      {head + "name: acme__A\ncomponents: {application: false}\npolicies: {enabled: false}\n", metadata.MDAPI, "extlClntAppPolicies/A_plcy.ecaPlcy\npackage.xml\n"},
		"several versions": {
			head + "name: A\nmetadataApiVersion: 63.0\n---\n" + head + "name: B\n", metadata.MDAPI,
			"externalClientApps/A.eca\nexternalClientApps/B.eca\npackage.xml\napp.yaml:3:7: ExternalClientApplication A is written for API 63.0, and package.xml says 66.0 (ECA306)\n",
		},
		"placeholder": {
			head + "name: A\npush: {service: Android, android: {fcmProject: p}}\n", metadata.MDAPI,
			"externalClientApps/A.eca\nextlClntAppPushSettings/A_push.ecaPush\npackage.xml\napp.yaml:4:48: ExtlClntAppAndroidPushConfig needs a secret serviceAccount, and generate writes __SET_AT_DEPLOY__ in its place (ECA020)\n",
		},
		"two apps of a name": {sound + "---\n" + sound, metadata.MDAPI, "app.yaml:20:7: the app Order_Sync is described in app.yaml:3:7 too (ECA303)\n"},
		"control character":  {head + "name: A\ndescription: \"a\\x01b\"\n", metadata.MDAPI, "app.yaml:4:14: the value of description holds the character U+0001, which XML cannot carry (ECA301)\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			specs, problems := spec.Parse("app.yaml", []byte(tt.src), spec.Options{})
			if err := problems.Err(); err != nil {
				t.Fatal(err)
			}
			g, problems := spec.Generate(specs, tt.layout, metadata.Schema())
			got := ""
			if g != nil {
				for _, f := range g.Files {
					got += f.Path + "\n"
				}
			}
			for _, p := range problems {
				got += p.Error() + "\n"
			}
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestAdvice(t *testing.T) {
	local, packaged := sound, strings.NewReplacer("Order_Sync", "Other", "Local", "Packaged").Replace(sound)
	for src, want := range map[string]string{
		local:                      "",
		local + "---\n" + packaged: "**/*.ecaGlblOauth-meta.xml **/*.ecaOauthPlcy-meta.xml **/*.ecaPlcy-meta.xml",
		head + "name: A\ndistribution: Packaged\n": "",
	} {
		specs, _ := spec.Parse("app.yaml", []byte(src), spec.Options{})
		g, problems := spec.Generate(specs, metadata.Source, metadata.Schema())
		if g == nil {
			t.Fatal(problems)
		}
		if got := strings.Join(g.Advice(metadata.Schema()), " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
