package convert_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/convert/orginput"
)

// press is Setup's button.
func press(t *testing.T, o *orgtest.Org, app string) (status int, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/emulator/migrate?app="+app, nil)
	r.Header.Set("Authorization", "Bearer "+o.Token())
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// asPressed holds what convert --like-setup makes of an org's Connected Apps
// against what the org's button makes of them, at an API version. It returns how
// many apps the button took.
func asPressed(t *testing.T, o *orgtest.Org, v metadata.Version) int {
	t.Helper()
	in, err := orginput.Read(t.Context(), clientOf(t, o, metadata.Schema().Newest()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if in.MyDomain, err = convert.MyDomain(o.URL()); err != nil {
		t.Fatal(err)
	}
	out := convert.All(in, convert.Options{Target: v, LikeSetup: true, Now: now})
	made := map[string]*convert.Result{}
	for _, r := range out.Apps {
		status, body := press(t, o, r.Name)
		refused := slices.ContainsFunc(out.Problems, func(p *diag.Problem) bool {
			return p.Code == "ECA717" && strings.Contains(p.Message, " "+r.Name+":")
		})
		if (status != http.StatusCreated) != refused {
			t.Errorf("the button answers %d %s, and convert says %v", status, body, refused)
		}
		if status == http.StatusCreated {
			made[r.Name] = r
		}
	}
	actual, err := deploy.Actual(t.Context(), clientOf(t, o, v), deploy.Selection{Version: v})
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]*metadata.Component{}
	for _, c := range actual.Components {
		for _, own := range []string{"orgScopedExternalApp", "oauthLink", "consumerKey"} {
			c.Root.Remove(own)
		}
		parts[c.App()] = append(parts[c.App()], c)
	}
	planned(t, made, actual.Components, v)
	for name, r := range made {
		if !slices.ContainsFunc(r.Fields, tooNewForAText) { // an org of today names it at any version
			same(t, parts[name], r.Components, v)
		}
	}
	return len(made)
}

// planned holds the specs of what the button made against the org: there is
// nothing to be done.
func planned(t *testing.T, made map[string]*convert.Result, actual []*metadata.Component, v metadata.Version) {
	t.Helper()
	var specs []*spec.Spec
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if slices.ContainsFunc(made[name].Fields, tooNewForAText) {
			continue
		}
		text, _ := convert.Spec(made[name])
		parsed, problems := spec.Parse(name+".yaml", text, spec.Options{APIVersion: v})
		if problems.Err() != nil {
			t.Fatalf("%v\n%s", problems, text)
		}
		specs = append(specs, parsed...)
	}
	built, problems := spec.BuildSet(specs)
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	p, problems := plan.Make(built, &plan.Actual{Components: actual}, plan.Options{})
	if problems.Err() != nil || !p.Empty() {
		t.Errorf("API %s: a plan of what the button made is not empty: %v %+v", v, problems, p.Summary)
	}
}

// tooNewForAText tells a value that the target does not have yet, of a field
// that it has.
func tooNewForAText(f convert.Field) bool {
	return f.How == convert.Lost && (strings.HasPrefix(f.Note, "the scope ") || strings.HasPrefix(f.Note, "the value "))
}

// What --like-setup writes is what the button writes, over the real apps.
func TestLikeSetupCorpus(t *testing.T) {
	in := corpus(t)
	for _, v := range []metadata.Version{60, 66, 68} {
		o, _ := emulated(t, in.Apps)
		seedSets(t, o, in.Apps)
		apps := slices.DeleteFunc(slices.Clone(in.Apps), func(ca *metadata.Component) bool { e, _ := ca.Text("contactEmail"); return e == "" })
		if err := o.Put(apps...); err != nil {
			t.Fatal(err)
		}
		t.Logf("API %s: %d of %d apps", v, asPressed(t, o, v), len(apps))
	}
}

func seedSets(t *testing.T, o *orgtest.Org, apps []*metadata.Component) {
	t.Helper()
	for label, name := range labels(apps) {
		if err := o.Add("PermissionSet", map[string]any{"Name": name, "Label": label, "IsOwnedByProfile": false}); err != nil {
			t.Fatal(err)
		}
	}
}

// The same over random apps of what an org would hold.
func TestLikeSetupRandom(t *testing.T) {
	m := newMaker(77)
	m.sane = true
	for _, v := range versions() {
		if raced && v%3 != 0 {
			continue
		}
		var apps []*metadata.Component
		for n := range 40 {
			apps = append(apps, m.app(fmt.Sprintf("App_%d", n)))
		}
		o, _ := emulated(t, apps)
		seedSets(t, o, apps)
		if err := o.Put(apps...); err != nil {
			t.Fatal(err)
		}
		if taken := asPressed(t, o, v); taken < 15 {
			t.Errorf("API %s: the button took %d", v, taken)
		}
	}
}

// The values that the reference says that Setup's migration writes, names
// included: of a pair of a Connected App and its successor.
func TestLikeSetupReference(t *testing.T) {
	ca := app(t, oauth(
		"<isAdminApproved>true</isAdminApproved><isClientCredentialEnabled>false</isClientCredentialEnabled><isCodeCredentialEnabled>true</isCodeCredentialEnabled>"+
			"<isCodeCredentialPostOnly>false</isCodeCredentialPostOnly><isConsumerSecretOptional>false</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens>"+
			"<isSecretRequiredForRefreshToken>false</isSecretRequiredForRefreshToken><isSecretRequiredForTokenExchange>true</isSecretRequiredForTokenExchange>"+
			"<scopes>RefreshToken</scopes><scopes>SFAP</scopes>",
		"<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><isTokenExchangeFlowEnabled>false</isTokenExchangeFlowEnabled><refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy>"+
			"<profileName>System Administrator</profileName><profileName>Informatica Cloud Integration User</profileName>"))
	r, problems := convert.Convert(ca, convert.Options{LikeSetup: true, Now: now})
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	var names []string
	for _, c := range r.Components {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "Order_Sync Order_Sync_defPlcy Order_Sync_defGlblOauthSet Order_Sync_defOauthPlcy Order_Sync_defOauthSet" {
		t.Errorf("names: %s", got)
	}
	for where, want := range map[string]string{
		"eca.label": "L", "eca.contactEmail": "a@example.com", "eca.distributionState": "Local", "eca.isProtected": "false",
		"oauth.commaSeparatedOauthScopes": "Api, RefreshToken, SFApiPlatform", "oauth.isFirstPartyAppEnabled": "false", "oauth.label": "Order_Sync_defOauthSet",
		"global.callbackUrl": "https://a.example.com/cb", "global.isPkceRequired": "false", "global.isCodeCredFlowEnabled": "true", "global.isCodeCredPostOnly": "false",
		"global.isSecretRequiredForRefreshToken": "false", "global.isSecretRequiredForTokenExchange": "true", "global.isClientCredentialsFlowEnabled": "false", "global.consumerKey": "-",
		"policy.guestJwtSessionTimeoutType": "Custom", "policy.namedUserJwtSessionTimeoutType": "Custom", "policy.namedUserJwtTimeout": "-", "policy.requiredSessionLevel": "STANDARD",
		"policy.permittedUsersPolicyType": "AdminApprovedPreAuthorized", "policy.ipRelaxationPolicyType": "Enforce", "policy.refreshTokenPolicyType": "Infinite",
		"policy.commaSeparatedProfile": "System Administrator,Informatica Cloud Integration User", "policy.isClientCredentialsFlowEnabled": "false",
		"access.isEnabled": "true", "access.isOauthPluginEnabled": "true", "access.startPage": "OAuth", "access.startUrl": "-",
	} {
		if got := holds(r, where); got != want {
			t.Errorf("%s is %q, want %q", where, got, want)
		}
	}
	if r, _ := convert.Convert(ca, convert.Options{LikeSetup: true, Target: 67, Now: now}); holds(r, "secure.label") != "Order_Sync_oauthSecurity" {
		t.Errorf("API 67.0 has the security settings %q", holds(r, "secure.label"))
	}
}

// The button refuses what the real one does, and keeps key and secret.
func TestButton(t *testing.T) {
	tests := map[string]struct{ xml, want string }{
		"sound":       {oauth("<consumerKey>3MVG9sound</consumerKey>"), ""},
		"canvas":      {oauth("", canvas), "canvas"},
		"handler":     {oauth("", "<plugin>H</plugin>"), "handler"},
		"Triple DES":  {saml("<encryptionType>Triple_Des</encryptionType>"), "Triple DES"},
		"SAML":        {saml(""), ""},
		"link":        {head + "<startUrl>/x</startUrl>", ""},
		"provisioned": {oauth(""), "provisioning"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, _ := emulated(t, nil)
			if err := o.Put(app(t, tt.xml)); err != nil {
				t.Fatal(err)
			}
			if name == "provisioned" {
				if err := o.Add("UserProvisioningConfig", map[string]any{"ConnectedAppId": "@ConnectedApp:Order_Sync", "Enabled": true}); err != nil {
					t.Fatal(err)
				}
			}
			status, body := press(t, o, "Order_Sync")
			if tt.want != "" {
				if status != http.StatusBadRequest || !strings.Contains(body, "isn't eligible") || !strings.Contains(body, tt.want) || len(o.Names(metadata.TypeApp)) > 0 {
					t.Errorf("%d %s, %v", status, body, o.Names(metadata.TypeApp))
				}
				return
			}
			if status != http.StatusCreated {
				t.Fatalf("%d %s", status, body)
			}
			if name == "sound" {
				if key, secret := o.Consumer("Order_Sync"); key != "3MVG9sound" || secret == "" {
					t.Errorf("the key is %q", key)
				}
			}
			if status, _ := press(t, o, "Order_Sync"); status != http.StatusConflict {
				t.Errorf("pressed again: %d", status)
			}
		})
	}
	o, _ := emulated(t, nil)
	o.PutVendor("", "Feed", "Feed")
	if status, _ := press(t, o, "Feed"); status != http.StatusNotFound {
		t.Errorf("a vendor's app: %d", status)
	}
}

// Consequences are told for whom they concern, each of the table for some app.
func TestConsequences(t *testing.T) {
	seen := map[string]bool{}
	look := func(xml string, o convert.Options) map[string]convert.Consequence {
		r, _ := convert.Convert(app(t, xml), o)
		found := map[string]convert.Consequence{}
		for _, c := range r.Consequences() {
			if _, twice := found[c.ID]; twice || c.Was == "" || c.Now == "" || c.Was == c.Now && c.ID != "pkce-on" || strings.Contains(c.Now, "%!") {
				t.Errorf("%+v", c)
			}
			seen[c.ID], found[c.ID] = true, c
		}
		return found
	}
	o := convert.Options{Now: now, MyDomain: "https://acme.my.salesforce.com", Labels: map[string]string{"A B": "A_B"}}
	plain := look(oauth(""), o)
	for _, id := range []string{"key", "tokens", "approve", "pkce", "password", "device-unknown", "idle"} {
		if _, ok := plain[id]; !ok {
			t.Errorf("nothing is said of %s", id)
		}
	}
	if _, ok := look(oauth(""), convert.Options{LikeSetup: true})["key"]; ok {
		t.Error("Setup's migration is said to make a new key")
	}
	closed := look(oauth("<isAdminApproved>true</isAdminApproved>", "<permissionSetName>A B</permissionSetName><profileName>P</profileName>"), o)
	if got := closed["closed"].Now; got != "the same users, by the app's own list: A_B, P; everybody else is refused" {
		t.Errorf("got %q", got)
	}
	look(oauth("<isPkceRequired>true</isPkceRequired><isClientCredentialEnabled>true</isClientCredentialEnabled><oauthClientCredentialUser>u</oauthClientCredentialUser><certificate>"+certificate+"</certificate><scopes>RefreshToken</scopes><scopes>A2A</scopes><isDeviceFlowEnabled>true</isDeviceFlowEnabled><isIpBindingEnabled>true</isIpBindingEnabled><assetTokenConfig><assetAudiences>x</assetAudiences></assetTokenConfig>",
		"<startUrl>/x</startUrl><mobileStartUrl>a://</mobileStartUrl><plugin>H</plugin><mobileAppConfig><version>1</version></mobileAppConfig>", canvas, attribute("a", "1+1")), o)
	look(oauth("<certificate>x</certificate>", "<startUrl>/x</startUrl>"), convert.Options{Now: now})
	look(saml("<encryptionType>Triple_Des</encryptionType>"), o)
	look(head+"<oauthConfig><callbackUrl>http://a.example.com</callbackUrl></oauthConfig>", o)
	for _, id := range convert.ConsequenceIDs() {
		if !seen[id] {
			t.Errorf("no app has the consequence %s", id)
		}
	}
}
