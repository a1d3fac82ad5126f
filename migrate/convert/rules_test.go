package convert_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate/convert"
)

// app decodes what stands in a Connected App's root.
func app(t testing.TB, xml string) *metadata.Component {
	t.Helper()
	c, _, err := metadata.Decode("Order_Sync.connectedApp", []byte(`<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+xml+"</ConnectedApp>"))
	if err != nil {
		t.Fatal(err)
	}
	c.Name = "Order_Sync"
	return c
}

const (
	head     = "<contactEmail>a@example.com</contactEmail><label>L</label>"
	callback = "<callbackUrl>https://a.example.com/cb</callbackUrl>"
)

func oauth(config string, more ...string) string {
	return head + "<oauthConfig>" + callback + "<scopes>Api</scopes>" + config + "</oauthConfig>" + strings.Join(more, "")
}

func saml(config string) string {
	return head + "<samlConfig><acsUrl>https://sp.example.com/acs</acsUrl><entityUrl>sp</entityUrl><samlSubjectType>Username</samlSubjectType>" + config + "</samlConfig>"
}

// short names of types, for tables.
var short = map[string]string{
	"eca": "ExternalClientApplication", "oauth": "ExtlClntAppOauthSettings", "global": "ExtlClntAppGlobalOauthSettings", "policy": "ExtlClntAppOauthConfigurablePolicies",
	"access": "ExtlClntAppConfigurablePolicies", "saml": "ExtlClntAppSamlConfigurablePolicies", "canvas": "ExtlClntAppCanvasSettings", "secure": "ExtlClntAppOauthSecuritySettings",
}

// holds tells what a field "global.callbackUrl" of a result has: its values with
// " | ", or "-" if it is not there.
func holds(r *convert.Result, field string) string {
	typ, path, _ := strings.Cut(field, ".")
	var values []string
	for _, c := range r.Components {
		if c.Type == short[typ] {
			for _, e := range c.All(path) {
				values = append(values, e.Text)
			}
		}
	}
	if len(values) == 0 {
		return "-"
	}
	return strings.Join(values, " | ")
}

// field finds what is said of a path.
func field(r *convert.Result, from string) convert.Field {
	for _, f := range r.Fields {
		if f.From == from {
			return f
		}
	}
	return convert.Field{}
}

// Each rule of the mapping that is more than a copy: the input, and what a field
// of the result is then. from=how says what is said of an element.
func TestRules(t *testing.T) {
	tests := map[string]struct {
		xml  string
		o    convert.Options
		want string // "field=value; …", or "from:how"
	}{
		"PKCE absent":          {oauth(""), convert.Options{}, "global.isPkceRequired=false; oauthConfig.isPkceRequired:defaulted"},
		"PKCE on":              {oauth("<isPkceRequired>true</isPkceRequired>"), convert.Options{}, "global.isPkceRequired=true; oauthConfig.isPkceRequired:copied"},
		"PKCE empty":           {oauth("<isPkceRequired/>"), convert.Options{}, "global.isPkceRequired=false; oauthConfig.isPkceRequired:defaulted"},
		"PKCE null":            {oauth(`<isPkceRequired xsi:nil="true"/>`), convert.Options{}, "global.isPkceRequired=false; oauthConfig.isPkceRequired:defaulted"},
		"PKCE 1":               {oauth("<isPkceRequired>1</isPkceRequired>"), convert.Options{}, "global.isPkceRequired=true; oauthConfig.isPkceRequired:transformed"},
		"device flow absent":   {oauth(""), convert.Options{}, "global.isDeviceFlowEnabled=false; oauthConfig.isDeviceFlowEnabled:defaulted"},
		"device flow":          {oauth("<isDeviceFlowEnabled>true</isDeviceFlowEnabled>"), convert.Options{}, "global.isDeviceFlowEnabled=true; oauthConfig.isDeviceFlowEnabled:copied"},
		"device flow too late": {oauth("<isDeviceFlowEnabled>true</isDeviceFlowEnabled>"), convert.Options{Now: now.AddDate(0, 1, 0)}, "global.isDeviceFlowEnabled=-; oauthConfig.isDeviceFlowEnabled:lost"},
		"idle limit at 66":     {oauth("<isEnforceRefreshTokenTTL>true</isEnforceRefreshTokenTTL>"), convert.Options{}, "global.isEnforceRefreshTokenTTL=-; oauthConfig.isEnforceRefreshTokenTTL:lost"},
		"idle limit at 67":     {oauth("<isEnforceRefreshTokenTTL>true</isEnforceRefreshTokenTTL>"), convert.Options{Target: 67}, "global.isEnforceRefreshTokenTTL=true; oauthConfig.isEnforceRefreshTokenTTL:copied"},
		"off and too new":      {oauth("<isDPopEnabled>false</isDPopEnabled>"), convert.Options{}, "global.isDPopEnabled=-; oauthConfig.isDPopEnabled:left-out"},
		"mutual TLS":           {oauth("<isPKImTLSEnabled>true</isPKImTLSEnabled>"), convert.Options{Target: 68}, "global.isMtlsEnabled=true; oauthConfig.isPKImTLSEnabled:renamed"},
		"IP binding":           {oauth("<isIpBindingEnabled>true</isIpBindingEnabled>"), convert.Options{Target: 68}, "secure.tokenIpRanges=-; oauthConfig.isIpBindingEnabled:lost"},
		"IP binding off":       {oauth("<isIpBindingEnabled>false</isIpBindingEnabled>"), convert.Options{Target: 68}, "oauthConfig.isIpBindingEnabled:left-out"},

		"client credentials in two places": {oauth("<isClientCredentialEnabled>true</isClientCredentialEnabled><oauthClientCredentialUser>i@example.com</oauthClientCredentialUser>"), convert.Options{}, "global.isClientCredentialsFlowEnabled=true; policy.isClientCredentialsFlowEnabled=true; policy.clientCredentialsFlowUser=i@example.com"},
		"token exchange, one switch":       {oauth("<isTokenExchangeEnabled>true</isTokenExchangeEnabled>"), convert.Options{}, "global.isTokenExchangeEnabled=true; policy.isTokenExchangeFlowEnabled=true; oauthPolicy.isTokenExchangeFlowEnabled:defaulted"},
		"token exchange, two switches":     {oauth("<isTokenExchangeEnabled>true</isTokenExchangeEnabled>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><isTokenExchangeFlowEnabled>false</isTokenExchangeFlowEnabled><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>"), convert.Options{}, "global.isTokenExchangeEnabled=true; policy.isTokenExchangeFlowEnabled=false"},

		"who may use it, not said":        {oauth(""), convert.Options{}, "policy.permittedUsersPolicyType=AllSelfAuthorized; oauthConfig.isAdminApproved:defaulted"},
		"not said, and somebody is named": {oauth("", "<profileName>P</profileName>"), convert.Options{}, "policy.permittedUsersPolicyType=AdminApprovedPreAuthorized; oauthConfig.isAdminApproved:defaulted"},
		"said, and somebody is named":     {oauth("<isAdminApproved>false</isAdminApproved>", "<profileName>P</profileName>"), convert.Options{}, "policy.permittedUsersPolicyType=AllSelfAuthorized; policy.commaSeparatedProfile=P"},

		"infinite":            {policy("infinite"), convert.Options{}, "policy.refreshTokenPolicyType=Infinite; policy.refreshTokenValidityPeriod=-"},
		"zero":                {policy("zero"), convert.Options{}, "policy.refreshTokenPolicyType=Zero; policy.refreshTokenValidityPeriod=-"},
		"lifetime":            {policy("specific_lifetime:90:DAYS"), convert.Options{}, "policy.refreshTokenPolicyType=SpecificLifetime; policy.refreshTokenValidityPeriod=90; policy.refreshTokenValidityUnit=Days"},
		"hours":               {policy("specific_lifetime:1:HOURS"), convert.Options{}, "policy.refreshTokenValidityPeriod=1; policy.refreshTokenValidityUnit=Hours"},
		"inactivity":          {policy("specific_inactivity:12:MONTHS"), convert.Options{}, "policy.refreshTokenPolicyType=SpecificInactivity; policy.refreshTokenValidityPeriod=12; policy.refreshTokenValidityUnit=Months"},
		"weeks":               {policy("specific_lifetime:2:WEEKS"), convert.Options{}, "policy.refreshTokenPolicyType=-; oauthPolicy.refreshTokenPolicy:lost"},
		"no policy":           {oauth(""), convert.Options{}, "policy.refreshTokenPolicyType=Infinite; policy.ipRelaxationPolicyType=Enforce; oauthPolicy.refreshTokenPolicy:defaulted"},
		"relaxed for refresh": {strings.Replace(policy("zero"), "ENFORCE", "ENFORCE_RELAXREFRESH", 1), convert.Options{}, "policy.ipRelaxationPolicyType=Enforce_relaxrefresh"},
		"relaxed for devices": {strings.Replace(policy("zero"), "ENFORCE", "BYPASS_2FACTOR", 1), convert.Options{}, "policy.ipRelaxationPolicyType=Bypass_2factor"},
		"relaxed somehow":     {strings.Replace(policy("zero"), "ENFORCE", "SOMETIMES", 1), convert.Options{}, "policy.ipRelaxationPolicyType=-; oauthPolicy.ipRelaxation:lost"},

		"SFAP":               {oauth("<scopes>SFAP</scopes><scopes>RefreshToken</scopes>"), convert.Options{}, "oauth.commaSeparatedOauthScopes=Api, RefreshToken, SFApiPlatform"},
		"a scope of later":   {oauth("<scopes>A2A</scopes>"), convert.Options{}, "oauth.commaSeparatedOauthScopes=Api; oauthConfig.scopes[1]:lost"},
		"a scope of nowhere": {oauth("<scopes>ChatterApi</scopes>"), convert.Options{}, "oauthConfig.scopes[1]:lost"},
		"no scope":           {head + "<oauthConfig>" + callback + "</oauthConfig>", convert.Options{}, "oauth.commaSeparatedOauthScopes=Basic; oauthConfig.scopes:defaulted"},

		"absolute start URL":        {oauth("", "<startUrl>https://a.example.com/x</startUrl>"), convert.Options{}, "policy.startUrl=https://a.example.com/x; access.startPage=OAuth; access.startUrl=-"},
		"relative start URL":        {oauth("", "<startUrl>/apex/X</startUrl>"), convert.Options{MyDomain: "https://acme.my.salesforce.com"}, "policy.startUrl=https://acme.my.salesforce.com/apex/X; startUrl:transformed"},
		"relative without a domain": {oauth("", "<startUrl>/apex/X</startUrl>"), convert.Options{}, "policy.startUrl=-; access.startPage=-; startUrl:lost"},
		"a link":                    {head + "<startUrl>https://a.example.com</startUrl>", convert.Options{}, "access.startPage=Custom; access.startUrl=https://a.example.com; access.isOauthPluginEnabled=false"},
		"a relative link":           {head + "<startUrl>/sf_devops/DevOpsCenter.app</startUrl>", convert.Options{MyDomain: "https://acme.my.salesforce.com"}, "access.startUrl=https://acme.my.salesforce.com/sf_devops/DevOpsCenter.app"},
		"SAML with a start URL":     {saml("") + "<startUrl>https://a.example.com</startUrl>", convert.Options{}, "access.startPage=Custom; access.startUrl=https://a.example.com; access.isSamlPluginEnabled=true"},
		"mobile start URL":          {oauth("", "<mobileStartUrl>app://x</mobileStartUrl>"), convert.Options{}, "mobileStartUrl:lost"},
		"mobile app":                {oauth("", "<mobileAppConfig><devicePlatform>ios</devicePlatform><version>1</version></mobileAppConfig>"), convert.Options{}, "mobileAppConfig.devicePlatform:lost; mobileAppConfig.version:lost"},

		"attribute with $":    {oauth("", attribute("c", "$User.Country")), convert.Options{}, "oauth.customAttributes.formula=User.Country; attributes[0].formula:transformed; attributes[0].key:copied"},
		"attribute without":   {oauth("", attribute("c", "User.Country")), convert.Options{}, "oauth.customAttributes.formula=User.Country; attributes[0].formula:copied"},
		"attribute of SAML":   {saml("") + attribute("c", "User.Country"), convert.Options{}, "saml.customAttributes.formula=$User.Country; attributes[0].formula:transformed"},
		"constant":            {oauth("", attribute("c", "&quot;true&quot;")), convert.Options{}, "oauth.customAttributes.formula=-; attributes[0].formula:lost; attributes[0].key:lost"},
		"expression":          {oauth("", attribute("c", "IF($User.IsActive, 1, 2)")), convert.Options{}, "attributes[0].formula:lost"},
		"attribute of a link": {head + attribute("c", "User.Country"), convert.Options{}, "attributes[0].formula:lost"},
		"IP range":            {oauth("", "<ipRanges><description>Office</description><end>10.0.0.9</end><start>10.0.0.1</start></ipRanges>"), convert.Options{}, "oauth.trustedIpRanges.startIpAddress=10.0.0.1; oauth.trustedIpRanges.endIpAddress=10.0.0.9; oauth.trustedIpRanges.description=Office"},
		"IP range backwards":  {oauth("", "<ipRanges><end>10.0.0.1</end><start>10.0.0.9</start></ipRanges>"), convert.Options{}, "oauth.trustedIpRanges.startIpAddress=10.0.0.1; ipRanges[0].start:transformed"},

		"Triple DES":              {saml("<encryptionCertificate>" + certificate + "</encryptionCertificate><encryptionType>Triple_Des</encryptionType>"), convert.Options{}, "saml.encryptionType=-; saml.encryptionCertificate=-; samlConfig.encryptionType:lost; samlConfig.encryptionCertificate:lost"},
		"AES":                     {saml("<encryptionCertificate>" + certificate + "</encryptionCertificate><encryptionType>AES_256</encryptionType>"), convert.Options{}, "saml.encryptionType=AES_256; samlConfig.encryptionCertificate:copied"},
		"SAML at 62":              {saml(""), convert.Options{Target: 62}, "saml.acsUrl=-; samlConfig.acsUrl:lost"},
		"permission sets of SAML": {saml("") + "<permissionSetName>A B</permissionSetName><profileName>P</profileName>", convert.Options{Labels: map[string]string{"A B": "A_B"}}, "saml.commaSeparatedPermissionSet=A_B; saml.commaSeparatedProfile=P"},

		"canvas":           {oauth("", canvas), convert.Options{}, "canvas.canvasLocationOptions=Visualforce; canvas.canvasOptions=HideHeader; canvas.lifeCycleHandler=H; canvasConfig.locations[1]:lost; canvasConfig.options[1]:lost; canvasConfig.lifecycleClass:renamed"},
		"canvas at 65":     {oauth("", canvas), convert.Options{Target: 65}, "canvas.canvasUrl=-; canvasConfig.canvasUrl:lost"},
		"canvas of old":    {oauth("", "<canvas><accessMethod>Get</accessMethod><canvasUrl>https://c</canvasUrl></canvas>"), convert.Options{}, "canvas.canvasUrl=-; canvas.canvasUrl:lost"},
		"handler":          {oauth("", "<plugin>H</plugin><pluginExecutionUser>u@example.com</pluginExecutionUser>"), convert.Options{}, "policy.apexHandler=H; policy.executeHandlerAs=u@example.com; plugin:renamed"},
		"handler's user":   {oauth("", "<pluginExecutionUser>u@example.com</pluginExecutionUser>"), convert.Options{}, "policy.executeHandlerAs=-; pluginExecutionUser:left-out"},
		"session":          {oauth("", "<sessionPolicy><policyAction>Block</policyAction><sessionLevel>HIGH_ASSURANCE</sessionLevel><sessionTimeout>15</sessionTimeout></sessionPolicy>"), convert.Options{}, "policy.policyAction=Block; policy.requiredSessionLevel=HIGH_ASSURANCE; policy.sessionTimeoutInMinutes=15"},
		"step-up at 66":    {oauth("", "<sessionPolicy><policyAction>StepUpMFA</policyAction></sessionPolicy>"), convert.Options{}, "policy.policyAction=-; sessionPolicy.policyAction:lost"},
		"step-up at 67":    {oauth("", "<sessionPolicy><policyAction>StepUpMFA</policyAction></sessionPolicy>"), convert.Options{Target: 67}, "policy.policyAction=StepUpMFA"},
		"ID token":         {oauth("<idTokenConfig><idTokenAudience>x</idTokenAudience><idTokenIncludeCustomPerms>true</idTokenIncludeCustomPerms><idTokenValidity>2</idTokenValidity></idTokenConfig>"), convert.Options{}, "global.idTokenConfig.idTokenIncludeCustomPermissions=true; global.idTokenConfig.idTokenValidityInMinutes=2; oauthConfig.idTokenConfig.idTokenAudience:copied"},
		"asset token":      {oauth("<assetTokenConfig><assetAudiences>x</assetAudiences><assetSigningCertId>0P1</assetSigningCertId></assetTokenConfig>"), convert.Options{}, "oauth.assetTokenAudiences=x; oauth.assetTokenSigningCertificate=0P1"},
		"two log-out URLs": {oauth("<singleLogoutUrl>https://a/1</singleLogoutUrl>", "<oauthPolicy><singleLogoutUrl>https://a/2</singleLogoutUrl></oauthPolicy>"), convert.Options{}, "oauth.singleLogoutUrl=https://a/1; policy.singleLogoutUrl=https://a/2"},

		"certificate":              {oauth("<certificate>" + flat(certificate) + "</certificate><scopes>RefreshToken</scopes>"), convert.Options{}, "global.certificate=" + certificate + "; oauthConfig.certificate:transformed"},
		"certificate that is none": {oauth("<certificate>MIIF_Your</certificate><scopes>RefreshToken</scopes>"), convert.Options{}, "global.certificate=-; oauthConfig.certificate:lost"},
		"JWT that cannot work":     {oauth("<certificate>" + certificate + "</certificate>"), convert.Options{}, "global.certificate=-; oauthConfig.certificate:lost"},
		"callbacks, CRLF":          {head + "<oauthConfig><callbackUrl>https://a.example.com/1&#13;\nhttps://a.example.com/2</callbackUrl></oauthConfig>", convert.Options{}, "global.callbackUrl=https://a.example.com/1\nhttps://a.example.com/2; oauthConfig.callbackUrl:transformed"},
		"callback without TLS":     {head + "<oauthConfig><callbackUrl>http://a.example.com\nhttps://b.example.com</callbackUrl></oauthConfig>", convert.Options{}, "global.callbackUrl=https://b.example.com; oauthConfig.callbackUrl:transformed"},
		"no callback is left":      {head + "<oauthConfig><callbackUrl>https://*.example.com</callbackUrl></oauthConfig>", convert.Options{}, "global.callbackUrl=https://localhost; oauthConfig.callbackUrl:lost"},
		"profile with a comma":     {oauth("", "<profileName>A, B</profileName><profileName>C</profileName>"), convert.Options{}, "policy.commaSeparatedProfile=C; profileName[0]:lost"},
		"profiles at 61":           {oauth("<isAdminApproved>false</isAdminApproved>", "<profileName>C</profileName>"), convert.Options{Target: 61}, "policy.commaSeparatedProfile=-; profileName[0]:lost"},
		"an element of tomorrow":   {oauth("<isQuantumSafe>true</isQuantumSafe>"), convert.Options{}, "oauthConfig.isQuantumSafe:lost"},
		"a label twice":            {oauth("") + "<label>M</label>", convert.Options{}, "eca.label=L; label[1]:lost"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.o.Now.IsZero() {
				tt.o.Now = now
			}
			ca := app(t, tt.xml)
			r, problems := convert.Convert(ca, tt.o)
			if problems.Err() != nil {
				t.Fatal(problems)
			}
			accounted(t, ca, r.Fields)
			for want := range strings.SplitSeq(tt.want, "; ") {
				if where, value, ok := strings.Cut(want, "="); ok {
					if got := holds(r, where); got != value {
						t.Errorf("%s is %q, want %q", where, got, value)
					}
					continue
				}
				from, how, _ := strings.Cut(want, ":")
				if got := field(r, from); string(got.How) != how {
					t.Errorf("%s: %+v, want %s", from, got, how)
				}
			}
		})
	}
}

func policy(refresh string) string {
	return oauth("", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>"+refresh+"</refreshTokenPolicy></oauthPolicy>")
}

func attribute(key, formula string) string {
	return "<attributes><formula>" + formula + "</formula><key>" + key + "</key></attributes>"
}

const canvas = "<canvasConfig><accessMethod>Post</accessMethod><canvasUrl>https://c.example.com</canvasUrl><lifecycleClass>H</lifecycleClass>" +
	"<locations>Visualforce</locations><locations>OpenCTI</locations><options>HideHeader</options><options>PersonalEnabled</options></canvasConfig>"

// An element that is absent was not read at the file's API version; an org that
// was read with one that has it does not say it.
func TestAbsence(t *testing.T) {
	for v, want := range map[metadata.Version]string{
		0: "absent means not read at that API version (it exists since API 68.0), not that it is off", 66: "absent means not read at that API version", 68: "the org does not say it",
	} {
		r, _ := convert.Convert(app(t, oauth("")), convert.Options{ReadAt: v})
		if f := field(r, "oauthConfig.isDeviceFlowEnabled"); !strings.Contains(f.Note, want) {
			t.Errorf("read at %d: %q", v, f.Note)
		}
	}
}

// Labels of permission sets: found, found twice, not found.
func TestPermissionSets(t *testing.T) {
	sets := []convert.PermissionSet{{Name: "Orders_A", Label: "Orders"}, {Name: "Orders_B", Label: "Orders"}, {Name: "Billing_Admin", Label: "Billing - Admin"}}
	tests := map[string]struct {
		label string
		sets  []convert.PermissionSet
		said  map[string]string
		want  string
		hint  string
	}{
		"found":            {"Billing - Admin", sets, nil, "Billing_Admin", ""},
		"its API name":     {"Billing_Admin", sets, nil, "Billing_Admin", ""},
		"said":             {"Orders", sets, map[string]string{"Orders": "Orders_B"}, "Orders_B", ""},
		"twice":            {"Orders", sets, nil, `2 permission sets have the label "Orders"`, "candidates are Orders_A, Orders_B; say which"},
		"mistyped":         {"Biling - Admin", sets, nil, `no permission set has the label "Biling - Admin"`, "candidates are Billing_Admin (Billing - Admin), "},
		"case differs":     {"billing - admin", sets, nil, "no permission set has the label", "candidates are Billing_Admin"},
		"none was read":    {"Orders", nil, nil, "no permission set has the label", "no permission set was read"},
		"label with =":     {"a=b", nil, map[string]string{"a=b": "A_B"}, "A_B", ""},
		"a label too long": {strings.Repeat("é", 5000), sets, nil, "no permission set has the label", "candidates are"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, problems := convert.Convert(app(t, oauth("", "<permissionSetName>"+tt.label+"</permissionSetName>")), convert.Options{PermissionSets: tt.sets, Labels: tt.said})
			if problems.Err() == nil {
				if got := holds(r, "policy.commaSeparatedPermissionSet"); got != tt.want {
					t.Errorf("got %s", got)
				}
				return
			}
			if p := problems[0]; p.Code != "ECA703" || !strings.Contains(p.Message, tt.want) || !strings.Contains(p.Hint, tt.hint) || p.Line == 0 {
				t.Errorf("got %v (%s)", p, p.Hint)
			}
		})
	}
}

// What nobody could use is refused, and what mends it converts it.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		xml  string
		code string
		mend convert.Options
	}{
		"no e-mail":        {strings.Replace(oauth(""), head, "<label>L</label>", 1), "ECA702", convert.Options{ContactEmail: "a@example.com"}},
		"null e-mail":      {strings.Replace(oauth(""), head, `<contactEmail xsi:nil="true"/><label>L</label>`, 1), "ECA702", convert.Options{ContactEmail: "a@example.com"}},
		"nobody":           {oauth("<isAdminApproved>true</isAdminApproved>"), "ECA704", convert.Options{Approve: []string{"S"}}},
		"nobody at 61":     {oauth("<isAdminApproved>true</isAdminApproved>", "<profileName>P</profileName>"), "ECA704", convert.Options{Target: 62}},
		"no user":          {oauth("<isClientCredentialEnabled>true</isClientCredentialEnabled>"), "ECA705", convert.Options{RunAs: "u@example.com"}},
		"long callbacks":   {head + "<oauthConfig><callbackUrl>https://a.example.com/" + strings.Repeat("a", 2000) + "</callbackUrl></oauthConfig>", "ECA706", convert.Options{LikeSetup: true}},
		"link to nowhere":  {head + "<startUrl>/x</startUrl>", "ECA707", convert.Options{MyDomain: "https://a.my.salesforce.com"}},
		"label of nowhere": {oauth("", "<permissionSetName>X</permissionSetName>"), "ECA703", convert.Options{Labels: map[string]string{"X": "Y"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ca := app(t, tt.xml)
			var before convert.Options
			if name == "nobody at 61" {
				before.Target = 61
			}
			r, problems := convert.Convert(ca, before)
			if problems.Err() == nil || problems[0].Code != tt.code || problems[0].Hint == "" || len(r.Components) > 0 {
				t.Fatalf("got %v, and %d components", problems, len(r.Components))
			}
			whole(t, ca, r, problems)
			r, problems = convert.Convert(ca, tt.mend)
			if problems.Err() != nil {
				t.Errorf("mended: %v", problems)
			}
			whole(t, ca, r, problems)
		})
	}
}

// Apps of others, and names that no app can have.
func TestForeign(t *testing.T) {
	for name, want := range map[string]string{"acme__Feed": "ECA700", "Bad-Name": "ECA701", "Bad_": "ECA701", strings.Repeat("a", 81): "ECA701", "mine__App": "", "Good_1": ""} {
		ca := app(t, oauth(""))
		ca.Name = name
		r, problems := convert.Convert(ca, convert.Options{Namespace: "mine"})
		got := ""
		if problems.Err() != nil {
			got = problems[0].Code
		} else if holds(r, "oauth.externalClientApplication") != metadata.BareName(name) {
			t.Errorf("%s becomes %s", name, holds(r, "oauth.externalClientApplication"))
		}
		if got != want {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// Custom scopes and token exchange handlers name apps from outside.
func TestRelated(t *testing.T) {
	other := func(typ, name, xml string) *metadata.Component {
		c, _, err := metadata.Decode(name, []byte("<"+typ+` xmlns="http://soap.sforce.com/2006/04/metadata">`+xml+"</"+typ+">"))
		if err != nil {
			t.Fatal(err)
		}
		c.Name = name
		return c
	}
	r, problems := convert.Convert(app(t, oauth("")), convert.Options{Related: []*metadata.Component{
		other("OauthCustomScope", "Read_Orders", "<assignedTo><connectedApp>Other</connectedApp></assignedTo><assignedTo><connectedApp>Order_Sync</connectedApp></assignedTo>"),
		other("OauthCustomScope", "All_Orders", "<assignedTo><connectedApp>Order_Sync</connectedApp></assignedTo>"),
		other("OauthTokenExchangeHandler", "Swap", "<enablements><connectedApp>Order_Sync</connectedApp></enablements>"),
	}})
	if got := holds(r, "oauth.commaSeparatedCustomScopes"); got != "All_Orders, Read_Orders" {
		t.Errorf("custom scopes: %s", got)
	}
	if f := field(r, "OauthCustomScope:Read_Orders.assignedTo[1].connectedApp"); f.How != convert.Transformed {
		t.Errorf("%+v", f)
	}
	if f := field(r, "OauthTokenExchangeHandler:Swap.enablements[0].connectedApp"); f.How != convert.Transformed || !strings.Contains(f.Note, "Order_Sync") {
		t.Errorf("%+v", f)
	}
	if len(problems) != 1 || problems[0].Code != "ECA718" || problems[0].Level != diag.Warning {
		t.Errorf("%v", problems)
	}
}

// Secrets do not show, whatever they are called.
func TestSecretsAreMasked(t *testing.T) {
	ca := app(t, oauth("<consumerKey>canary</consumerKey><consumerSecret>canary</consumerSecret><newClientSecret>canary</newClientSecret><certificate>-----BEGIN PRIVATE KEY-----canary</certificate>"))
	r, problems := convert.Convert(ca, convert.Options{Now: now})
	text, more := convert.Spec(r)
	if all := fmt.Sprintf("%+v %v %v %s %+v", r.Fields, problems, more, text, r.Consequences()); strings.Contains(all, "canary") {
		t.Errorf("a secret shows: %s", all)
	}
}

// Names with a suffix, for an org in which the Connected App stays.
func TestNameSuffix(t *testing.T) {
	r, problems := convert.Convert(app(t, oauth("")), convert.Options{NameSuffix: "_ECA"})
	if problems.Err() != nil || r.App != "Order_Sync_ECA" || holds(r, "oauth.externalClientApplication") != "Order_Sync_ECA" {
		t.Errorf("%s, %v", r.App, problems)
	}
	for _, c := range r.Components {
		if !strings.HasPrefix(c.Name, "Order_Sync_ECA") {
			t.Errorf("%s %s", c.Type, c.Name)
		}
	}
}

func TestMyDomain(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "acme": "https://acme.my.salesforce.com", "acme--uat.sandbox.my.salesforce.com/": "https://acme--uat.sandbox.my.salesforce.com",
		"https://acme.my.salesforce.com": "https://acme.my.salesforce.com", "http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"http://acme.my.salesforce.com": "error", "https://u:p@acme.my.salesforce.com": "error", "https://acme.my.salesforce.com/x": "error", "https://a b": "error", "ftp://x": "error",
	} {
		got, err := convert.MyDomain(in)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// What is read beside Connected Apps, and what of a project is passed over.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, xml := range map[string]string{
		"connectedApps/Order_Sync.connectedApp-meta.xml":                     "<ConnectedApp>" + oauth("", "<permissionSetName>Order Sync Users</permissionSetName>") + "</ConnectedApp>",
		"connectedApps/Broken.connectedApp-meta.xml":                         "<ConnectedApp>",
		"permissionsets/Order_Sync_Users.permissionset-meta.xml":             "<PermissionSet><label>Order Sync Users</label><userPermissions><name>ApiEnabled</name></userPermissions></PermissionSet>",
		"permissionsets/Broken.permissionset-meta.xml":                       "<PermissionSet>",
		"oauthcustomscopes/Read_Orders.oauthcustomscope-meta.xml":            "<OauthCustomScope><assignedTo><connectedApp>Order_Sync</connectedApp></assignedTo></OauthCustomScope>",
		"oauthtokenexchangehandlers/Swap.oauthtokenexchangehandler-meta.xml": "<OauthTokenExchangeHandler><enablements><connectedApp>Order_Sync</connectedApp></enablements></OauthTokenExchangeHandler>",
		"externalClientApps/Other.eca-meta.xml":                              "<ExternalClientApplication><inventedElement>x</inventedElement></ExternalClientApplication>",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		root, rest, _ := strings.Cut(xml, ">")
		if err := os.WriteFile(file, []byte(root+` xmlns="http://soap.sforce.com/2006/04/metadata">`+rest), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in, err := convert.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Apps) != 1 || len(in.Related) != 3 || len(in.Unreadable) != 1 || len(in.Problems) != 1 || !strings.Contains(in.Problems[0].File, "Broken.permissionset") {
		t.Fatalf("%+v", in)
	}
	out := convert.All(in, convert.Options{Now: now})
	if len(out.Apps) != 1 || len(out.Refused) != 1 || out.Refused[0].Name != "Broken" {
		t.Fatalf("%+v", out)
	}
	if got := holds(out.Apps[0], "policy.commaSeparatedPermissionSet") + " " + holds(out.Apps[0], "oauth.commaSeparatedCustomScopes"); got != "Order_Sync_Users Read_Orders" {
		t.Errorf("got %s", got)
	}
}
