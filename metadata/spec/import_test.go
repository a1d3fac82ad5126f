package spec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/spec"
)

const ns = ` xmlns="http://soap.sforce.com/2006/04/metadata"`

// component decodes a metadata file that is written as its inner XML.
func component(t testing.TB, typ, name, inner string) *metadata.Component {
	t.Helper()
	c, _, err := metadata.Decode(name, []byte("<"+typ+ns+` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+inner+"</"+typ+">"))
	if err != nil {
		t.Fatal(err)
	}
	c.Name = name
	return c
}

const (
	ofA          = "<externalClientApplication>A</externalClientApplication>"
	globalType   = "ExtlClntAppGlobalOauthSettings"
	policyType   = "ExtlClntAppOauthConfigurablePolicies"
	appType      = "ExternalClientApplication"
	securityType = "ExtlClntAppOauthSecuritySettings"
	oauthType    = "ExtlClntAppOauthSettings"
	settingType  = "ExternalClientAppSettings"
)

// What import makes of single files: the part of the spec below its head.
func TestImport(t *testing.T) {
	tests := map[string]struct {
		typ, inner, want string
	}{
		"inverted switch":            {globalType, "<isConsumerSecretOptional>true</isConsumerSecretOptional>", "oauth:\n  security:\n    requireSecretForWebServerFlow: false\n"},
		"scopes in platform order":   {oauthType, "<commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes>", "oauth:\n  scopes: [api, refresh_token]\n"},
		"scopes in another order":    {oauthType, "<commaSeparatedOauthScopes>RefreshToken, Api</commaSeparatedOauthScopes>", "oauth:\n  scopes: [refresh_token, api]\n  scopeOrder: given\n"},
		"scope of another name":      {oauthType, "<commaSeparatedOauthScopes>Api, SFApiPlatform</commaSeparatedOauthScopes>", "oauth:\n  scopes: [api, sfap_api]\n"},
		"scopes without blanks":      {oauthType, "<commaSeparatedOauthScopes>Api,Web</commaSeparatedOauthScopes>", verbatim(oauthType, "commaSeparatedOauthScopes: Api,Web")},
		"unknown scope":              {oauthType, "<commaSeparatedOauthScopes>Api, Brandnew</commaSeparatedOauthScopes>", verbatim(oauthType, "commaSeparatedOauthScopes: Api, Brandnew")},
		"unknown element":            {globalType, "<isShinyEnabled>true</isShinyEnabled>", verbatim(globalType, `isShinyEnabled: "true"`)},
		"unknown value":              {appType, "<distributionState>Orbital</distributionState><label>A</label>", "label: A\n" + verbatim(appType, "distributionState: Orbital")},
		"null":                       {policyType, `<startUrl xsi:nil="true"/>`, verbatim(policyType, "startUrl: null")},
		"header without a label":     {appType, "<contactPhone></contactPhone><distributionState>Local</distributionState>", "contact:\n  phone: \"\"\ndistribution: Local\nlabel: \"\"\n"},
		"shell":                      {securityType, "", "components:\n  oauthSecuritySettings: A_oauthSecurity\n"},
		"text like a variable":       {appType, "<description>${A} $${B} $C</description><distributionState>Local</distributionState><label>A</label>", "label: A\ndescription: $${A} $$${B} $C\ndistribution: Local\n"},
		"text like a number":         {appType, "<description>1.10</description><distributionState>Local</distributionState><label>yes</label>", "label: yes\ndescription: \"1.10\"\ndistribution: Local\n"},
		"several callbacks":          {globalType, "<callbackUrl>https://a.example.com/cb\nhttps://b.example.com/cb</callbackUrl>", "oauth:\n  callbackUrls: ['https://a.example.com/cb', 'https://b.example.com/cb']\n"},
		"callbacks with CR LF":       {globalType, "<callbackUrl>https://a.example.com\r\nhttps://b.example.com</callbackUrl><label>x</label>\n", "components:\n  globalOauthSettings:\n    label: x\n" + verbatim(globalType, `callbackUrl: "https://a.example.com\r\nhttps://b.example.com"`)},
		"refresh lifetime":           {policyType, "<refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType><refreshTokenValidityPeriod>12</refreshTokenValidityPeriod><refreshTokenValidityUnit>Months</refreshTokenValidityUnit>", "policies:\n  refreshToken: {lifetime: 12mo}\n"},
		"refresh at once, with a 0":  {policyType, "<refreshTokenPolicyType>Zero</refreshTokenPolicyType><refreshTokenValidityPeriod>0</refreshTokenValidityPeriod>", verbatim(policyType, "refreshTokenPolicyType: Zero\nrefreshTokenValidityPeriod: \"0\"")},
		"refresh without a unit":     {policyType, "<refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType><refreshTokenValidityPeriod>5</refreshTokenValidityPeriod>", verbatim(policyType, "refreshTokenPolicyType: SpecificLifetime\nrefreshTokenValidityPeriod: \"5\"")},
		"JWT timeout":                {policyType, "<namedUserJwtSessionTimeoutType>Custom</namedUserJwtSessionTimeoutType><namedUserJwtTimeout>30</namedUserJwtTimeout>", "policies:\n  namedUserJwt:\n    timeout: 30m\n"},
		"JWT type alone":             {policyType, "<guestJwtSessionTimeoutType>Custom</guestJwtSessionTimeoutType>", "policies:\n  guestJwt:\n    timeout: custom\n"},
		"spelling of the guide":      {policyType, "<ipRelaxationPolicyType>Enforce_RelaxRefresh</ipRelaxationPolicyType>", verbatim(policyType, "ipRelaxationPolicyType: Enforce_RelaxRefresh")},
		"profile with a blank":       {policyType, "<commaSeparatedProfile>System Administrator, Sales</commaSeparatedProfile>", verbatim(policyType, "commaSeparatedProfile: System Administrator, Sales")},
		"attributes":                 {oauthType, "<customAttributes><formula>User.Country</formula><key>c</key></customAttributes>", "oauth:\n  customAttributes:\n    c: User.Country\n"},
		"attribute twice":            {oauthType, "<customAttributes><formula>a</formula><key>c</key></customAttributes><customAttributes><formula>b</formula><key>c</key></customAttributes>", verbatim(oauthType, "customAttributes:\n  - formula: a\n    key: c\n  - formula: b\n    key: c")},
		"certificate of no use":      {globalType, "<certificate>MIIF_YourCertificateHere</certificate>", verbatim(globalType, "certificate: MIIF_YourCertificateHere")},
		"policies' old switch":       {policyType, "<isNamedUserJwtEnabled>false</isNamedUserJwtEnabled>", "policies:\n  namedUserJwt:\n    enabled: false\n"},
		"element twice":              {globalType, "<isPkceRequired>true</isPkceRequired><isPkceRequired>false</isPkceRequired>", verbatim(globalType, "isPkceRequired:\n  - \"true\"\n  - \"false\"")},
		"no truth value":             {globalType, "<isPkceRequired>TRUE</isPkceRequired>", verbatim(globalType, "isPkceRequired: \"TRUE\"")},
		"empty ID token block":       {globalType, "<idTokenConfig></idTokenConfig>", verbatim(globalType, "idTokenConfig: \"\"")},
		"half-known ID token block":  {globalType, "<idTokenConfig><idTokenAudience>x</idTokenAudience><idTokenNew>1</idTokenNew></idTokenConfig>", verbatim(globalType, "idTokenConfig:\n  idTokenAudience: x\n  idTokenNew: \"1\"")},
		"switch of the settings off": {settingType, `<enableExternalClientApps xsi:nil="true"/><enableClientSecretInRestApiAccess>true</enableClientSecretInRestApiAccess>`, "consumerSecretsInRestApi: true\n" + verbatim(settingType, "enableExternalClientApps: null")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			table := metadata.Schema()
			typ := table.Type(tt.typ)
			full := "A"
			if tt.typ != appType && tt.typ != settingType {
				full = "A_" + map[string]string{globalType: "glbloauth", policyType: "oauthPlcy", securityType: "oauthSecurity", oauthType: "oauth"}[tt.typ]
				if !strings.Contains(tt.inner, "<label>") {
					tt.inner += "<label>" + full + "</label>"
				}
				tt.inner = ofA + tt.inner
			}
			c := component(t, tt.typ, full, strings.ReplaceAll(tt.inner, "\n", "\n"))
			if typ.IsSettings() {
				c.Name = typ.SettingsName()
			}
			imported, problems := spec.Import([]*metadata.Component{c}, spec.ImportOptions{KeepOrgValues: true})
			if err := problems.Err(); err != nil || len(imported) != 1 {
				t.Fatal(err)
			}
			if got := body(string(imported[0].YAML)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			sameAgain(t, c, imported[0])
		})
	}
}

// body drops the lines of a spec that every import has.
func body(text string) string {
	var kept []string
	skipHead := []string{"apiVersion:", "kind:", "name:", "metadataApiVersion:"}
	lines := strings.SplitAfter(text, "\n")
	for _, line := range lines {
		skip := false
		for _, h := range skipHead {
			skip = skip || strings.HasPrefix(line, h)
		}
		skip = skip || line == "  application: false\n" || line == "  oauthSettings: false\n" || line == "  globalOauthSettings: false\n"
		if !skip {
			kept = append(kept, line)
		}
	}
	out := strings.Join(kept, "")
	out = strings.Replace(out, "components:\n# ", "# ", 1)
	return strings.TrimSuffix(strings.Replace(out, "components:\nmetadata", "metadata", 1), "components:\n")
}

func verbatim(typ, lines string) string {
	text := "# as it stands in the file, for no key above says quite this\nmetadata:\n  " + typ + ":\n"
	for line := range strings.SplitSeq(lines, "\n") {
		text += "    " + line + "\n"
	}
	return text
}

// sameAgain builds an imported spec and compares it with the file.
func sameAgain(t testing.TB, c *metadata.Component, im spec.Imported) {
	t.Helper()
	table := metadata.Schema()
	specs, problems := spec.Parse("x.yaml", im.YAML, spec.Options{})
	if err := problems.Err(); err != nil {
		t.Fatalf("%v\n%s", err, im.YAML)
	}
	built, problems := specs[0].Build()
	if built == nil {
		if onlySchema(problems) {
			return // generate refuses what the file had wrong, and says so
		}
		t.Fatalf("%v\n%s", problems, im.YAML)
	}
	for _, again := range built.Components() {
		if again.Type != c.Type {
			t.Errorf("%s comes out of nothing", again.Type)
			continue
		}
		was := &metadata.Component{Type: c.Type, Root: c.Root.Clone()}
		table.Sort(was.Root, table.Type(c.Type))
		if !again.Root.Equal(was.Root) {
			a, _ := table.Encode(again)
			b, _ := table.Encode(was)
			t.Errorf("got\n%s\nwant\n%s", a, b)
		}
	}
}

// onlySchema tells whether all errors are about values that the schema of the
// type refuses, in the file as in the spec.
func onlySchema(ps diag.Problems) bool {
	for _, p := range ps {
		if p.Level == diag.Error && (p.Code < "ECA213" || p.Code > "ECA216") {
			return false
		}
	}
	return true
}

func TestImportApp(t *testing.T) {
	header := component(t, appType, "A", "<contactEmail>admin@example.com</contactEmail><distributionState>Local</distributionState><label>A</label><orgScopedExternalApp>00D000000000001:A</orgScopedExternalApp>")
	oauth := component(t, oauthType, "A_oauth", "<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes>"+ofA+"<label>A_oauth</label><oauthLink>00D000000000001:888000000000001</oauthLink>")
	global := component(t, globalType, "Global", "<callbackUrl>https://localhost</callbackUrl><consumerKey>3MVG9x</consumerKey><consumerSecret>hush</consumerSecret>"+ofA+"<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled><label>Human words</label>")
	policy := component(t, policyType, "A_oauthPlcy", ofA+"<isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled><label>A_oauthPlcy</label>")
	tests := map[string]struct {
		parts []*metadata.Component
		keep  bool
		want  string
	}{
		"org values go": {[]*metadata.Component{header, oauth, global}, false, head + `name: A
label: A
contact:
  email: admin@example.com
distribution: Local
oauth:
  callbackUrls: ['https://localhost']
  scopes: [api]
  flows:
    clientCredentials:
      enabled: true
components:
  globalOauthSettings:
    name: Global
    label: Human words
`},
		"org values stay, switches disagree": {[]*metadata.Component{header, oauth, global, policy}, true, head + `name: A
label: A
contact:
  email: admin@example.com
distribution: Local
oauth:
  callbackUrls: ['https://localhost']
  scopes: [api]
  flows:
    clientCredentials:
      settingsEnabled: true
      policyEnabled: false
components:
  globalOauthSettings:
    name: Global
    label: Human words
orgBound:
  orgScopedExternalApp: 00D000000000001:A
  oauthLink: 00D000000000001:888000000000001
  consumerKey: 3MVG9x
`},
		"a part kept elsewhere": {[]*metadata.Component{header, oauth}, false, head + `name: A
label: A
contact:
  email: admin@example.com
distribution: Local
oauth:
  scopes: [api]
components:
  globalOauthSettings: false
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			imported, problems := spec.Import(tt.parts, spec.ImportOptions{KeepOrgValues: tt.keep})
			if len(imported) != 1 || string(imported[0].YAML) != tt.want {
				t.Errorf("got %d\n%s\nwant\n%s", len(imported), imported[0].YAML, tt.want)
			}
			if strings.Contains(fmt.Sprint(problems)+string(imported[0].YAML), "hush") {
				t.Error("the secret is shown")
			}
		})
	}
}

// Two components of a type make two documents; names of files stay apart.
func TestImportDuplicates(t *testing.T) {
	parts := []*metadata.Component{
		component(t, oauthType, "Z", ofA+"<commaSeparatedOauthScopes>Web</commaSeparatedOauthScopes><label>Z</label>"),
		component(t, oauthType, "A_oauth", ofA+"<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes><label>A_oauth</label>"),
		component(t, appType, "A", "<label>A</label>"),
		component(t, appType, "../../etc/A", "<label>A</label>"),
	}
	imported, _ := spec.Import(parts, spec.ImportOptions{})
	var names []string
	for _, im := range imported {
		names = append(names, im.Name)
	}
	if got := strings.Join(names, " "); got != "etc_A A A-2" {
		t.Errorf("got %s", got)
	}
	if !strings.Contains(string(imported[1].YAML), "scopes: [api]") {
		t.Errorf("the first document has not the usual name:\n%s", imported[1].YAML)
	}
}
