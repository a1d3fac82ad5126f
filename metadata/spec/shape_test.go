package spec_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

func mustTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Every code of reading a spec comes with a file that has the problem and one
// that nearly has it.
func TestShapeExamples(t *testing.T) {
	for _, e := range spec.Codes() {
		if e.Code >= "ECA100" || e.Bad == "" {
			continue
		}
		t.Run(e.Code, func(t *testing.T) {
			bad := lint(e.Bad, spec.Options{})
			if !slices.Contains(codes(bad), e.Code) {
				t.Errorf("the bad example has %v", bad)
			}
			for _, p := range bad {
				if p.File != "app.yaml" {
					t.Errorf("a problem without its file: %v", p)
				}
			}
			if good := lint(e.Good, spec.Options{}); e.Good != "" && slices.Contains(codes(good), e.Code) {
				t.Errorf("the good example has %v", good)
			}
		})
	}
}

func TestParseProblems(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	tests := map[string]struct{ in, want, hint string }{
		"typo":              {head + "name: A\noauth:\n  scopse: [api]\n", `app.yaml:5:3: unknown key "scopse" (ECA015)`, `did you mean "scopes"?`},
		"key in its place":  {head + "name: A\nrequirePkce: true\n", `app.yaml:4:1: unknown key "requirePkce" (ECA015)`, `there is "oauth.security.requirePkce"`},
		"metadata name":     {head + "name: A\noauth: {security: {isPkceRequired: true}}\n", `app.yaml:4:20: unknown key "isPkceRequired" (ECA015)`, `its key is "oauth.security.requirePkce"`},
		"twice":             {head + "name: A\nname: B\n", `app.yaml:4:1: key "name" is already set on line 3 (ECA006)`, "delete one of the two"},
		"alias":             {head + "name: &n A\nlabel: *n\n", "app.yaml:3:7: anchors are not supported (ECA005)", "write the value out where it is needed"},
		"merge key":         {head + "name: A\ncontact: {<<: {email: a}}\n", "app.yaml:4:11: merge keys are not supported (ECA005)", "write the values out"},
		"tag":               {head + "name: !!binary QQ==\n", "app.yaml:3:7: the tag !!binary is not supported (ECA005)", "delete it"},
		"list as a key":     {head + "? [a]\n: b\n", "app.yaml:3:3: a key is a plain word (ECA004)", ""},
		"too deep":          {head + "name: A\nmetadata: " + deep + "\n", "app.yaml:4:43: values nest deeper than 32 (ECA004)", ""},
		"list for a text":   {head + "name: [A]\n", `app.yaml:3:7: wrong type for "name": a list where a text is due (ECA007)`, ""},
		"nothing for text":  {head + "name: A\nlabel:\n", `app.yaml:4:7: "label" has no value (ECA007)`, "delete the key, or give it a value"},
		"text for a block":  {head + "name: A\noauth: yes\n", `app.yaml:4:8: wrong type for "oauth": "yes" where a mapping is due (ECA007)`, ""},
		"yes for a truth":   {head + "name: A\nprotected: yes\n", `app.yaml:4:12: wrong type for "protected": "yes" where true or false is due (ECA007)`, ""},
		"quoted truth":      {head + "name: A\nprotected: \"true\"\n", `app.yaml:4:12: wrong type for "protected": a text where true or false is due (ECA007)`, ""},
		"octal":             {head + "name: A\noauth: {assetToken: {validity: 0123}}\n", `app.yaml:4:32: wrong type for "oauth.assetToken.validity": "0123" where a whole number is due (ECA007)`, ""},
		"bare minutes":      {head + "name: A\npolicies: {session: {timeout: 15}}\n", `app.yaml:4:31: "15" has no unit (ECA008)`, "write 15m for minutes"},
		"wrong unit":        {head + "name: A\npolicies: {session: {timeout: 15d}}\n", `app.yaml:4:31: "15d" has the unit "d" (ECA008)`, "write minutes as 120m, hours as 2h"},
		"scope":             {head + "name: A\noauth: {scopes: [refresh-token]}\n", `app.yaml:4:18: unknown scope "refresh-token" (ECA109)`, `did you mean "refresh_token"?`},
		"enum":              {head + "name: A\ndistribution: Pakaged\n", `app.yaml:4:15: "Pakaged" is not a value of "distribution" (ECA009)`, `did you mean "Packaged"?`},
		"lifetime unit":     {head + "name: A\npolicies: {refreshToken: {lifetime: 90}}\n", `app.yaml:4:37: the refresh token lifetime "90" has no unit (ECA119)`, "h is hours, d days, mo months: 90d"},
		"secret":            {head + "name: A\noauth: {consumer_secret: abc}\n", `app.yaml:4:9: "consumer_secret" is a secret, and secrets have no place in a spec (ECA014)`, "the org mints it; read it in Setup under Consumer Key and Secret"},
		"push certificate":  {head + "name: A\npush: {service: Apple, apple: {environment: Sandbox, certificate: abc}}\n", `app.yaml:4:54: "certificate" is a secret, and secrets have no place in a spec (ECA014)`, "enter the certificate in Setup"},
		"secret verbatim":   {head + "name: A\nmetadata: {ExtlClntAppPushSettings: {applePushConfig: {password: x}}}\n", `app.yaml:4:38: applePushConfig.password is a secret, and secrets have no place in a spec (ECA014)`, "enter the password in Setup"},
		"said twice":        {head + "name: A\noauth: {security: {requirePkce: true}}\nmetadata: {ExtlClntAppGlobalOauthSettings: {isPkceRequired: true}}\n", "app.yaml:5:45: ExtlClntAppGlobalOauthSettings.isPkceRequired is said twice: on line 4 and here (ECA019)", "delete one of the two"},
		"newer field":       {head + "name: A\noauth: {security: {dpop: true}}\n", "app.yaml:4:26: ExtlClntAppGlobalOauthSettings.isDPopEnabled exists since API 68.0, and the target is 66.0 (ECA213)", "pass --api-version 68.0"},
		"newer type":        {head + "name: A\ncomponents: {oauthSecuritySettings: A_sec}\n", "app.yaml:4:37: ExtlClntAppOauthSecuritySettings exists since API 67.0, and the target is 66.0 (ECA213)", "pass --api-version 67.0"},
		"newer value":       {head + "name: A\npolicies: {session: {action: step-up-mfa}}\n", `app.yaml:4:30: ExtlClntAppOauthConfigurablePolicies.policyAction is "StepUpMFA", which exists since API 67.0, and the target is 66.0 (ECA213)`, "pass --api-version 67.0"},
		"newer scope":       {head + "name: A\noauth: {scopes: [a2a_api]}\n", "app.yaml:4:18: the scope a2a_api exists since API 68.0, and the target is 66.0 (ECA213)", "pass --api-version 68.0"},
		"component name":    {head + "name: A\ncomponents: {oauthSettings: A__oauth_}\n", `app.yaml:4:29: "A__oauth_" cannot be an API name: it ends in an underscore (ECA129)`, "letters, digits and single underscores, beginning with a letter: A_oauth"},
		"unknown component": {head + "name: A\ncomponents: {oauthSetting: A_oauth}\n", `app.yaml:4:14: unknown key "oauthSetting" (ECA015)`, `did you mean "oauthSettings"?`},
		"left-out type":     {head + "name: A\nmetadata: {ExtlClntAppSampleSettings: {label: x}}\n", `app.yaml:4:12: "ExtlClntAppSampleSettings" is not a type that a spec of this kind becomes (ECA015)`, "Salesforce's internal sample plugin, withdrawn in API 67.0"},
		"version too old":   {head + "name: A\nmetadataApiVersion: 59.0\n", `app.yaml:4:21: "59.0" is not an API version that ecactl writes, for "metadataApiVersion" (ECA009)`, "60.0 to 68.0"},
		"kind":              {"apiVersion: ecactl/v1\nkind: ExternalClientapp\nname: A\n", `app.yaml:2:7: unknown kind "ExternalClientapp" (ECA016)`, `did you mean "ExternalClientApp"?`},
		"no range end":      {head + "name: A\noauth: {trustedIpRanges: [{start: 10.0.0.1}]}\n", `app.yaml:4:27: a range without "end" in "oauth.trustedIpRanges" (ECA013)`, "one address is a range that ends where it starts"},
		"second cut off":    {sound + "---\napiVersion: ecactl/v1\nkind: [", "app.yaml:19:1: not YAML: did not find expected node content (ECA003)", ""},
		"tabs":              {head + "name: A\noauth:\n\tscopes: [api]\n", "app.yaml:5:1: not YAML: found character that cannot start any token (ECA003)", "YAML indents with blanks, not with tabs"},
		"private key":       {head + "name: A\noauth: {flows: {jwtBearer: {certificate: \"-----BEGIN PRIVATE KEY-----\\nQUJD\\n-----END PRIVATE KEY-----\\n\"}}}\n", "app.yaml:4:42: the certificate cannot be used: it is a private key and not a certificate (ECA139)", "export it as PEM: openssl x509 -in FILE -out ci.crt"},
		"environment":       {over(sound, "kind: ExternalClientAppSettings"), `app.yaml:19:5: "kind" is the same in every environment (ECA015)`, "delete it here"},
		"environment's key": {over(sound, "policies: {permitedUsers: admin-approved}"), `app.yaml:19:16: unknown key "permitedUsers" (ECA015)`, `did you mean "permittedUsers"?`},
		"settings key":      {"apiVersion: ecactl/v1\nkind: ExternalClientAppSettings\nconsumerSecretsInRestAPI: true\n", `app.yaml:3:1: unknown key "consumerSecretsInRestAPI" (ECA015)`, `did you mean "consumerSecretsInRestApi"?`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ps := lint(tt.in, spec.Options{})
			if len(ps) == 0 {
				t.Fatal("no problem is reported")
			}
			i := slices.IndexFunc(ps, func(p *diag.Problem) bool { return p.Level == diag.Error })
			if i < 0 || ps[i].Error() != tt.want || ps[i].Hint != tt.hint {
				t.Errorf("got  %v (%s)\nwant %s (%s)", ps, ps[max(i, 0)].Hint, tt.want, tt.hint)
			}
		})
	}
}

// One document in error does not hide another.
func TestParseKeepsSoundDocuments(t *testing.T) {
	specs, problems := spec.Parse("app.yaml", []byte(sound+"---\n"+head+"nam: B\n---\n"+strings.Replace(sound, "Order_Sync", "Other", 1)), spec.Options{})
	if len(specs) != 2 || specs[1].Name != "Other" || len(problems) != 1 {
		t.Errorf("got %d specs, %v", len(specs), problems)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("b.yaml", sound)
	write("sub/a.yml", strings.Replace(sound, "Order_Sync", "Other", 1))
	write("ci.yaml", "on: push\n")
	write(".hidden/c.yaml", sound)
	write("readme.md", sound)
	set, err := spec.Load([]string{dir, filepath.Join(dir, "b.yaml")}, nil, spec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range set.Specs {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, []string{"Order_Sync", "Other", "Order_Sync"}) || len(set.Skipped) != 1 {
		t.Errorf("got %v, skipped %v", names, set.Skipped)
	}
	if set, err = spec.Load([]string{"-"}, strings.NewReader(sound), spec.Options{}); err != nil || len(set.Specs) != 1 {
		t.Errorf("from stdin: %v, %v", set, err)
	}
	if _, err = spec.Load([]string{filepath.Join(dir, ".hidden", "no")}, nil, spec.Options{}); err == nil {
		t.Error("a path that does not exist is read")
	}
	if _, err = spec.Load([]string{t.TempDir()}, nil, spec.Options{}); err == nil || diag.From(err)[0].Code != "ECA018" {
		t.Errorf("an empty folder: %v", err)
	}
}
