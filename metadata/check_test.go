package metadata_test

import (
	"errors"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// The types of the tests, by short names.
const (
	app       = "ExternalClientApplication"
	oauthSet  = "ExtlClntAppOauthSettings"
	globalSet = "ExtlClntAppGlobalOauthSettings"
	oauthPlcy = "ExtlClntAppOauthConfigurablePolicies"
	ref       = "<externalClientApplication>Order_Sync</externalClientApplication>"
)

// Check says what is odd about a file, for any API version or for one. All of
// it are warnings, because an org may know more than the table.
func TestCheck(t *testing.T) {
	connected := func(ls ...string) string {
		return doc("ConnectedApp", append([]string{"<contactEmail>a@example.com</contactEmail>", "<label>x</label>"}, ls...)...)
	}
	oauthConfig := func(l string) string {
		return connected("<oauthConfig><callbackUrl>https://example.com/cb</callbackUrl>" + l + "</oauthConfig>")
	}
	tests := map[string]struct {
		in      string
		version metadata.Version
		want    []string
	}{
		"nothing":            {in: header},
		"nothing at 60.0":    {in: header, version: 60},
		"nested":             {in: oauthConfig("<scopes>Api</scopes><scopes>Web</scopes>")},
		"unknown type":       {doc("Certificate", "<x>1</x>"), 0, []string{"warning: app.xml:2:1: Certificate is not a metadata type that ecactl knows (ECA211)"}},
		"nested type":        {doc("CanvasMetadata"), 0, []string{"warning: app.xml:2:1: CanvasMetadata is not a metadata type that ecactl knows (ECA211)"}},
		"unknown element":    {doc(app, "<lable>x</lable>"), 0, []string{`warning: app.xml:3:5: <lable> is not an element of ExternalClientApplication that ecactl knows; it is kept (ECA212) | did you mean "label"?`}},
		"no such element":    {doc(app, "<parcelRoute>x</parcelRoute>"), 0, []string{`warning: app.xml:3:5: <parcelRoute> is not an element of ExternalClientApplication that ecactl knows; it is kept (ECA212)`}},
		"unknown below":      {oauthConfig("<isPkceRequird>true</isPkceRequird>"), 0, []string{`warning: app.xml:5:67: <isPkceRequird> is not an element of ConnectedAppOauthConfig that ecactl knows; it is kept (ECA212) | did you mean "isPkceRequired"?`}},
		"twice":              {doc(app, "<label>a</label>", "<label>b</label>", "<label>c</label>"), 0, []string{"warning: app.xml:4:5: <label> occurs twice in ExternalClientApplication, which takes one (ECA215)", "warning: app.xml:5:5: <label> occurs twice in ExternalClientApplication, which takes one (ECA215)"}},
		"required":           {doc("ConnectedApp", "<label>x</label>"), 0, []string{"warning: app.xml:2:1: ConnectedApp has no <contactEmail>, which is required (ECA214)"}},
		"required below":     {connected("<samlConfig><acsUrl>https://example.com</acsUrl><entityUrl>x</entityUrl></samlConfig>"), 0, []string{"warning: app.xml:5:5: ConnectedAppSamlConfig has no <samlSubjectType>, which is required (ECA214)"}},
		"required since":     {doc("ExtlClntAppMobileSettings", ref), 58, []string{"warning: app.xml:2:1: ExtlClntAppMobileSettings has no <devicePlatform>, which is required (ECA214)", "warning: app.xml:2:1: ExtlClntAppMobileSettings has no <deviceType>, which is required (ECA214)"}},
		"required until":     {doc("ExtlClntAppMobileSettings", ref), 59, []string{"warning: app.xml:2:1: ExtlClntAppMobileSettings has no <isScreenLockEnabled>, which is required (ECA214)"}},
		"no boolean":         {doc(app, "<isProtected>yes</isProtected>"), 0, []string{`warning: app.xml:3:5: ExternalClientApplication.isProtected is "yes", and takes true or false (ECA216)`}},
		"True":               {doc(app, "<isProtected>True</isProtected>"), 0, []string{`warning: app.xml:3:5: ExternalClientApplication.isProtected is "True", and takes true or false (ECA216)`}},
		"empty boolean":      {doc(app, "<isProtected></isProtected>"), 0, []string{`warning: app.xml:3:5: ExternalClientApplication.isProtected is "", and takes true or false (ECA216)`}},
		"blanks around":      {in: doc(app, "<isProtected>", "  true", "</isProtected>")},
		"null boolean":       {in: doc(app+xmlnsXSI, `<isProtected xsi:nil="true"/>`)},
		"no number":          {doc(oauthPlcy, ref, "<sessionTimeoutInMinutes>1.5</sessionTimeoutInMinutes>"), 0, []string{`warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.sessionTimeoutInMinutes is "1.5", and takes a whole number (ECA216)`}},
		"large number":       {doc(oauthPlcy, ref, "<sessionTimeoutInMinutes>2147483648</sessionTimeoutInMinutes>"), 0, []string{`warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.sessionTimeoutInMinutes is "2147483648", and takes a whole number (ECA216)`}},
		"negative number":    {in: doc(oauthPlcy, ref, "<sessionTimeoutInMinutes>-2147483648</sessionTimeoutInMinutes>")},
		"elements in value":  {doc(app, "<label><b>x</b></label>"), 0, []string{"warning: app.xml:3:5: ExternalClientApplication.label holds elements, and is a plain value (ECA216)"}},
		"value in elements":  {connected("<oauthPolicy>x</oauthPolicy>"), 0, []string{"warning: app.xml:5:5: ConnectedAppOauthPolicy has no <ipRelaxation>, which is required (ECA214)", "warning: app.xml:5:5: ConnectedAppOauthPolicy has no <refreshTokenPolicy>, which is required (ECA214)", "warning: app.xml:5:5: ConnectedApp.oauthPolicy holds text, and is made of elements (ECA216)"}},
		"null elements":      {in: doc("ConnectedApp"+xmlnsXSI, "<contactEmail>a@example.com</contactEmail>", "<label>x</label>", `<oauthPolicy xsi:nil="true"/>`)},
		"text in the root":   {"<ExternalClientApplication>Order Sync</ExternalClientApplication>", 0, []string{"warning: app.xml:1:1: ExternalClientApplication holds text, and is made of elements (ECA216)"}},
		"unknown value":      {doc(app, "<distributionState>local</distributionState>"), 0, []string{`warning: app.xml:3:5: ExternalClientApplication.distributionState has the value "local", which ecactl does not know; it is kept (ECA212) | did you mean "Local"?`}},
		"no such value":      {doc(app, "<distributionState>Elsewhere</distributionState>"), 0, []string{`warning: app.xml:3:5: ExternalClientApplication.distributionState has the value "Elsewhere", which ecactl does not know; it is kept (ECA212) | known are Local, Packaged, Managed, AutoInstalled`}},
		"value at 60.0":      {doc(app, "<distributionState>Elsewhere</distributionState>"), 60, []string{`warning: app.xml:3:5: ExternalClientApplication.distributionState has the value "Elsewhere", which ecactl does not know; it is kept (ECA212) | known are Local, Packaged, Managed`}},
		"unknown word":       {doc(oauthPlcy, ref, "<ipRelaxationPolicyType>Enforce_RelaxRefresh</ipRelaxationPolicyType>"), 0, []string{`warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.ipRelaxationPolicyType has the value "Enforce_RelaxRefresh", which ecactl does not know; it is kept (ECA212) | did you mean "Enforce_relaxrefresh"?`}},
		"no such word":       {doc(oauthPlcy, ref, "<refreshTokenValidityUnit>Fortnights</refreshTokenValidityUnit>"), 0, []string{`warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.refreshTokenValidityUnit has the value "Fortnights", which ecactl does not know; it is kept (ECA212) | known are Hours, Days, Months`}},
		"a grammar":          {in: connected("<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>specific_lifetime:90:DAYS</refreshTokenPolicy></oauthPolicy>")},
		"newer type":         {doc("ExtlClntAppOauthSecuritySettings", ref), 66, []string{"warning: app.xml:2:1: ExtlClntAppOauthSecuritySettings exists since API 67.0, not at 66.0 (ECA213)", "warning: app.xml:3:5: ExtlClntAppOauthSecuritySettings.externalClientApplication exists since API 67.0, and the target is 66.0 (ECA213) | pass --api-version 67.0"}},
		"newer field":        {doc(globalSet, ref, "<isDPopEnabled>false</isDPopEnabled>"), 67, []string{"warning: app.xml:4:5: ExtlClntAppGlobalOauthSettings.isDPopEnabled exists since API 68.0, and the target is 67.0 (ECA213) | pass --api-version 68.0"}},
		"ended field":        {doc(oauthPlcy, ref, "<isNamedUserJwtEnabled>false</isNamedUserJwtEnabled>"), 64, []string{"warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.isNamedUserJwtEnabled exists in API 61.0 to 63.0 only, and the target is 64.0 (ECA213)"}},
		"ended field, any":   {in: doc(oauthPlcy, ref, "<isNamedUserJwtEnabled>false</isNamedUserJwtEnabled>")},
		"newer value":        {doc(oauthPlcy, ref, "<policyAction>StepUpMFA</policyAction>"), 66, []string{`warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.policyAction is "StepUpMFA", which exists since API 67.0, and the target is 66.0 (ECA213) | pass --api-version 67.0`}},
		"newer value, at 67": {in: doc(oauthPlcy, ref, "<policyAction>StepUpMFA</policyAction>"), version: 67},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			same(t, "problems", lines(metadata.Schema().Check(decode(t, tt.in), tt.version).Sort()), tt.want)
		})
	}
}

// A component that was not read has no places, and its problems name its file.
func TestCheckWithoutPlaces(t *testing.T) {
	c := component("ConnectedApp", value("label", "x"))
	c.File = "order.yaml"
	problems := metadata.Schema().Check(c, 66)
	same(t, "problems", lines(problems), []string{"warning: order.yaml: ConnectedApp has no <contactEmail>, which is required (ECA214)"})
	missing, ok := errors.AsType[*metadata.MissingError](problems[0])
	if !ok || missing.Type != "ConnectedApp" || missing.Field != "contactEmail" || missing.Error() != "ConnectedApp.contactEmail is required" {
		t.Errorf("got %+v, want the field that is missing", missing)
	}
}

// Conform drops what the target no longer has, and refuses what it does not
// have yet or cannot take.
func TestConform(t *testing.T) {
	jwt := doc(oauthPlcy, ref, "<isNamedUserJwtEnabled>true</isNamedUserJwtEnabled>")
	idToken := doc(globalSet, ref, "<idTokenConfig><idTokenValidity>2</idTokenValidity></idTokenConfig>")
	tests := map[string]struct {
		in      string
		version metadata.Version
		want    string
		errors  []string
	}{
		"removed at 64.0": {jwt, 64, doc(oauthPlcy, ref), []string{"warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.isNamedUserJwtEnabled exists in API 61.0 to 63.0 only and is left out at 64.0 (ECA302)"}},
		"removed at 68.0": {jwt, 68, doc(oauthPlcy, ref), []string{"warning: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.isNamedUserJwtEnabled exists in API 61.0 to 63.0 only and is left out at 68.0 (ECA302)"}},
		"kept at 63.0":    {jwt, 63, jwt, nil},
		"too new at 60.0": {jwt, 60, jwt, []string{"error: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.isNamedUserJwtEnabled exists in API 61.0 to 63.0 only, and the target is 60.0 (ECA213) | pass --api-version 61.0"}},
		"removed below":   {idToken, 66, doc(globalSet, ref, "<idTokenConfig></idTokenConfig>"), []string{"warning: app.xml:4:20: ExtlClntAppGlobalOauthSettings.idTokenConfig.idTokenValidity exists in API 56.0 to 57.0 only and is left out at 66.0 (ECA302)"}},
		"newer field":     {doc(globalSet, ref, "<isMtlsEnabled>true</isMtlsEnabled>"), 66, doc(globalSet, ref, "<isMtlsEnabled>true</isMtlsEnabled>"), []string{"error: app.xml:4:5: ExtlClntAppGlobalOauthSettings.isMtlsEnabled exists since API 68.0, and the target is 66.0 (ECA213) | pass --api-version 68.0"}},
		"newer type":      {doc("ExtlClntAppOauthSecuritySettings", ref), 66, doc("ExtlClntAppOauthSecuritySettings", ref), []string{"error: app.xml:2:1: ExtlClntAppOauthSecuritySettings exists since API 67.0, and the target is 66.0 (ECA213) | pass --api-version 67.0"}},
		"ended type":      {doc("ExtlClntAppAttestSettings", ref), 67, doc("ExtlClntAppAttestSettings", ref), []string{"error: app.xml:2:1: ExtlClntAppAttestSettings exists in API 66.0 only, and the target is 67.0 (ECA213) | pass --api-version 66.0"}},
		"newer value":     {doc(oauthPlcy, ref, "<policyAction>StepUpMFA</policyAction>"), 66, doc(oauthPlcy, ref, "<policyAction>StepUpMFA</policyAction>"), []string{`error: app.xml:4:5: ExtlClntAppOauthConfigurablePolicies.policyAction is "StepUpMFA", which exists since API 67.0, and the target is 66.0 (ECA213) | pass --api-version 67.0`}},
		"ended value":     {doc(app, "<distributionState>Global</distributionState>"), 66, doc(app, "<distributionState>Global</distributionState>"), []string{`error: app.xml:3:5: ExternalClientApplication.distributionState is "Global", which exists in API 57.0 only, and the target is 66.0 (ECA213)`}},
		"missing":         {doc(oauthSet), 66, doc(oauthSet), []string{"error: app.xml:2:1: ExtlClntAppOauthSettings has no <externalClientApplication>, which is required (ECA214)"}},
		"twice":           {doc(app, "<label>a</label>", "<label>b</label>"), 66, doc(app, "<label>a</label>", "<label>b</label>"), []string{"error: app.xml:4:5: <label> occurs twice in ExternalClientApplication, which takes one (ECA215)"}},
		"no boolean":      {doc(app, "<isProtected>no</isProtected>"), 66, doc(app, "<isProtected>no</isProtected>"), []string{`error: app.xml:3:5: ExternalClientApplication.isProtected is "no", and takes true or false (ECA216)`}},
		"unknown stays":   {doc(app, "<parcel>1</parcel>"), 66, doc(app, "<parcel>1</parcel>"), []string{"warning: app.xml:3:5: <parcel> is not an element of ExternalClientApplication that ecactl knows; it is kept (ECA212)"}},
		"unknown type":    {doc("Certificate"), 66, doc("Certificate"), []string{"warning: app.xml:2:1: Certificate is not a metadata type that ecactl knows (ECA211)"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := decode(t, tt.in)
			same(t, "problems", lines(metadata.Schema().Conform(c, tt.version)), tt.errors)
			if !c.Root.Equal(decode(t, tt.want).Root) {
				t.Errorf("got\n%s\nwant\n%s", encode(t, metadata.Schema(), c), tt.want)
			}
		})
	}
}
