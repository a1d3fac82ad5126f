package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/spec"
)

func TestVariables(t *testing.T) {
	lookup := func(name string) (string, bool) {
		v, ok := map[string]string{"HOST": "orders.example.com", "ON": "true", "EMPTY": "", "NESTED": "${HOST}"}[name]
		return v, ok
	}
	tests := map[string]struct{ in, want string }{
		"in a text":          {"description: https://${HOST}/cb", "https://orders.example.com/cb"},
		"twice":              {`description: "${HOST} ${HOST}"`, "orders.example.com orders.example.com"},
		"empty":              {`description: "a${EMPTY}b"`, "ab"},
		"escaped":            {"description: $${HOST}", "${HOST}"},
		"escaped and not":    {"description: $${HOST}${HOST}", "${HOST}orders.example.com"},
		"not expanded again": {"description: ${NESTED}", "${HOST}"},
		"no name":            {`description: "${} ${a b} $ ${"`, "${} ${a b} $ ${"},
		"dollar alone":       {"description: $HOST", "$HOST"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			built := mustBuild(t, head+"name: A\n"+tt.in+"\n", spec.Options{Lookup: lookup})
			if got := element(t, built, appType, "description"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	built := mustBuild(t, head+"name: A\nprotected: ${ON}\n", spec.Options{Lookup: lookup})
	if got := element(t, built, appType, "isProtected"); got != "true" {
		t.Errorf("a truth value from a variable is %q", got)
	}
	ps := lint(head+"name: A\nlabel: ${NO} ${NEITHER}\nmetadata: {ExternalClientApplication: {x: [\"${DEEP}\"]}}\n", spec.Options{Lookup: lookup})
	for i, want := range []string{
		"app.yaml:4:8: the variable ${NEITHER} has no value (ECA010)",
		"app.yaml:4:8: the variable ${NO} has no value (ECA010)",
		"app.yaml:5:44: the variable ${DEEP} has no value (ECA010)",
	} {
		if i >= len(ps) || ps[i].Error() != want {
			t.Errorf("got %v, want %s", ps, want)
			break
		}
	}
}

func TestParseVariables(t *testing.T) {
	tests := map[string]struct{ in, name, want, err string }{
		"lines":        {"# who\nA=1\n\nexport B = two words \n", "B", "two words", ""},
		"quotes":       {"A='x y'\n", "A", "x y", ""},
		"equals sign":  {"A=b=c\n", "A", "b=c", ""},
		"YAML":         {"A: 1\nB: two\n", "B", "two", ""},
		"JSON":         {`{"A": "1"}`, "A", "1", ""},
		"not a name":   {"A=1\n1A=2\n", "", "", "v.env:2:1: not a variable (ECA007)"},
		"no value":     {"A\nB=1", "", "", "v.env:1:1: not a variable (ECA007)"},
		"list in YAML": {"A: [1]\n", "", "", "v.env:1:4: a variable is a text, not a list or a mapping (ECA007)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			vars, err := spec.ParseVariables("v.env", []byte(tt.in))
			if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err || vars[tt.name] != tt.want {
				t.Errorf("got %q, %v", vars, err)
			}
		})
	}
}

func TestEnvironments(t *testing.T) {
	src := sound + `environments:
  uat:
    label: UAT
    oauth: {callbackUrls: [https://uat.example.com/cb], customAttributes: {env: '"uat"'}}
    policies: {refreshToken: immediately, permissionSets: null}
  prod: {distribution: Packaged, description: "${UNSET}"}
`
	built := mustBuild(t, src, spec.Options{Environment: "uat"})
	for path, want := range map[string]string{
		appType + ".label":                          "UAT",
		globalType + ".callbackUrl":                 "https://uat.example.com/cb",
		globalType + ".isPkceRequired":              "true",
		policyType + ".refreshTokenPolicyType":      "Zero",
		policyType + ".refreshTokenValidityUnit":    "(none)",
		policyType + ".commaSeparatedPermissionSet": "(none)",
		oauthType + ".customAttributes.key":         "env",
	} {
		typ, path, _ := strings.Cut(path, ".")
		if got := element(t, built, typ, path); got != want {
			t.Errorf("%s.%s is %q, want %q", typ, path, got, want)
		}
	}
	if got := element(t, mustBuild(t, src, spec.Options{}), appType, "label"); got != "Order Sync" {
		t.Errorf("without an environment the label is %q", got)
	}
	_, ps := spec.Parse("app.yaml", []byte(src), spec.Options{Environment: "uta"})
	if len(ps) != 1 || ps[0].Error() != `app.yaml:18:3: the document has no environment "uta" (ECA017)` || ps[0].Hint != `did you mean "uat"?` {
		t.Errorf("got %v", ps)
	}
	mustBuild(t, sound, spec.Options{Environment: "uat"}) // a spec without environments is the same everywhere
}

func TestCertificateFile(t *testing.T) {
	dir := t.TempDir()
	pem := armour(t, certificates()["CERT"])
	der := strings.Join(strings.Fields(strings.NewReplacer("-----BEGIN CERTIFICATE-----", "", "-----END CERTIFICATE-----", "").Replace(pem)), "")
	for name, data := range map[string]string{
		"a.pem": pem, "a.b64": der, "narrow.txt": strings.Join(chunks(der, 10), "\r\n"), "key.pem": "-----BEGIN RSA PRIVATE KEY-----\nQUJD\n-----END RSA PRIVATE KEY-----\n",
		"garbage": "no certificate", "huge": strings.Repeat("a", 1<<17), "empty": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := element(t, mustBuild(t, head+"name: A\noauth: {flows: {jwtBearer: {certificate: "+certificates()["CERT"]+"}}}\n", spec.Options{}), globalType, "certificate")
	for i, line := range strings.Split(want, "\n") {
		if len(line) > 64 || i < strings.Count(want, "\n") && len(line) != 64 {
			t.Errorf("line %d has %d characters", i, len(line))
		}
	}
	tests := map[string]string{
		"a.pem": "", "a.b64": "", "narrow.txt": "",
		"key.pem": "key.pem cannot be used: it is a rsa private key and not a certificate (ECA139)",
		"garbage": "garbage cannot be used: it is neither PEM nor base64 (ECA139)",
		"empty":   "empty cannot be used: x509: malformed certificate (ECA139)",
		"huge":    "huge cannot be read: it has 131072 bytes, more than the 65536 that are due at most (ECA012)",
		"none":    "none cannot be read: no such file or directory (ECA012)",
		".":       ". cannot be read: it is not a regular file (ECA012)",
	}
	for name, problem := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "app.yaml")
			specs, ps := spec.Parse(file, []byte(head+"name: A\noauth: {flows: {jwtBearer: {certificateFile: "+name+"}}}\n"), spec.Options{})
			if len(specs) != 1 {
				t.Fatal(ps)
			}
			built, ps := specs[0].Build()
			switch {
			case problem == "" && (built == nil || element(t, built, globalType, "certificate") != want):
				t.Errorf("got %v", ps)
			case problem != "" && (len(ps) != 1 || ps[0].Error() != file+":4:46: "+problem):
				t.Errorf("got  %v\nwant %s", ps, problem)
			}
		})
	}
}

func chunks(s string, n int) []string {
	var list []string
	for len(s) > n {
		list, s = append(list, s[:n]), s[n:]
	}
	return append(list, s)
}
