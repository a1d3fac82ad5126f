package orginput_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate/convert"
	"github.com/ecactl/ecactl/migrate/convert/orginput"
)

// An org gives its apps, the permission sets and custom scopes that name them,
// and those of others by name alone.
func TestRead(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{})
	ca, _, err := metadata.Decode("Order_Sync", []byte(`<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata"><contactEmail>a@example.com</contactEmail><label>L</label>
		<oauthConfig><callbackUrl>https://a.example.com</callbackUrl><consumerKey>3MVG9canary</consumerKey><isDeviceFlowEnabled>true</isDeviceFlowEnabled><scopes>Api</scopes></oauthConfig>
		<permissionSetName>Order Sync Users</permissionSetName></ConnectedApp>`))
	if err != nil {
		t.Fatal(err)
	}
	ca.Name = "Order_Sync"
	other := metadata.NewComponent(metadata.TypeConnectedApp, "Other")
	other.Root.Add(&metadata.Element{Name: "contactEmail", Text: "b@example.com"})
	other.Root.Add(&metadata.Element{Name: "label", Text: "Other"})
	if err := o.Put(ca, other); err != nil {
		t.Fatal(err)
	}
	o.PutVendor("acme", "Feed", "Feed")
	o.PutVendor("", "Elsewhere", "Elsewhere")
	for object, row := range map[string]map[string]any{
		"PermissionSet":            {"Name": "Order_Sync_Users", "Label": "Order Sync Users", "NamespacePrefix": "acme", "IsOwnedByProfile": false},
		"OauthCustomScope":         {"DeveloperName": "Read_Orders"},
		"OauthTokenExchHandlerApp": {"ConnectedApplicationId": "@ConnectedApp:Order_Sync", "OauthTokenExchangeHandlerId": "0xS000000000001AAA"},
	} {
		if err := o.Add(object, row); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Add("OauthCustomScopeApp", map[string]any{"ApplicationId": "@ConnectedApp:Order_Sync", "OauthCustomScopeId": "@OauthCustomScope:Read_Orders"}); err != nil {
		t.Fatal(err)
	}
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, APIVersion: 68,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := orginput.Read(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Apps) != 2 || in.ReadAt != 68 || len(in.Problems) > 0 {
		t.Fatalf("%+v", in)
	}
	slices.Sort(in.Vendors)
	if got := strings.Join(in.Vendors, " "); got != "Elsewhere acme__Feed" {
		t.Errorf("vendors: %s", got)
	}
	out := convert.All(in, convert.Options{ContactEmail: "a@example.com"})
	if len(out.Apps) != 2 || len(out.Refused) != 2 {
		t.Fatalf("%+v", out)
	}
	spec, _ := convert.Spec(out.Apps[0])
	for _, want := range []string{"permissionSets: [acme__Order_Sync_Users]", "customScopes: [Read_Orders]", "device:\n      enabled: true"} {
		if !strings.Contains(string(spec), want) {
			t.Errorf("no %q in\n%s", want, spec)
		}
	}
	if len(out.Problems) != 1 || out.Problems[0].Code != "ECA718" {
		t.Errorf("of the token exchange handler it says %v", out.Problems)
	}
	one, err := orginput.Read(t.Context(), c, []string{"Other"})
	if err != nil || len(one.Apps) != 1 || len(one.Vendors) != 0 {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := orginput.Read(t.Context(), c, []string{"Othr"}); err == nil {
		t.Error("an app that is not there is no error")
	}
}
