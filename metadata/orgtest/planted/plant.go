package planted

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// plant puts the apps and their records into the org.
func (o *Org) plant() error {
	add := func(object string, row map[string]any) error { return o.Add(object, row) }
	for _, set := range []string{"Integration", "Everybody"} {
		if err := add("PermissionSet", map[string]any{"Name": set, "Label": set, "Id": permissionSetID(set), "IsOwnedByProfile": false}); err != nil {
			return err
		}
	}
	if err := add("InstalledSubscriberPackage", map[string]any{"SubscriberPackage": map[string]any{"Name": "Acme Package", "NamespacePrefix": "acme"}}); err != nil {
		return err
	}
	for i, a := range o.Apps {
		var err error
		switch {
		case strings.HasPrefix(a.Name, "App_") && a.Kind == "ConnectedApp":
			err = o.plantLocal(i, a)
		case a.Kind == "ExternalClientApp":
			err = o.plantECA(a)
		case a.Verdict == "vendor" && a.Name != a.Label: // what is only in tokens is called by its label
			namespace, name, packaged := strings.Cut(a.Name, "__")
			if !packaged {
				namespace, name = "", a.Name
			}
			o.PutVendor(namespace, name, a.Label)
			err = o.Date(metadata.TypeConnectedApp, a.Name, o.Now.AddDate(-1, 0, 0), time.Time{})
		}
		if err != nil {
			return fmt.Errorf("planting %s: %w", a.Name, err)
		}
	}
	return nil
}

func permissionSetID(name string) string { return fmt.Sprintf("0PS5g%010d", len(name)) }

func (o *Org) plantLocal(i int, a *App) error {
	config, more := a.trait.config, a.trait.xml
	text := fmt.Sprintf(clean, a.Label, strings.ToLower(strings.ReplaceAll(a.Name, "_", "-")), config, more)
	if a.trait.replace[0] != "" {
		text = strings.Replace(text, a.trait.replace[0], a.trait.replace[1], 1)
	}
	if a.trait.name == "jwt-without-use" {
		text = strings.Replace(text, "<isAdminApproved>", "<certificate>${CERTIFICATE}</certificate><isAdminApproved>", 1)
	}
	if err := o.put(a.Name+".connectedApp", text); err != nil {
		return err
	}
	created, modified := o.Now.AddDate(-2, 0, 0).Add(time.Duration(i)*time.Minute), time.Time{}
	switch a.trait.name {
	case "changed":
		modified = o.Now.AddDate(0, 0, -3)
	case "stale-tokens":
		modified = o.Now.AddDate(0, 0, -40)
	}
	if err := o.Date(metadata.TypeConnectedApp, a.Name, created, modified); err != nil {
		return err
	}
	ref := "@ConnectedApp:" + a.Name
	id := o.ID(metadata.TypeConnectedApp, a.Name)
	switch a.trait.name {
	case "provisioning":
		if err := o.Add("UserProvisioningConfig", map[string]any{"ConnectedAppId": ref, "DeveloperName": "Provision_" + a.Name, "Enabled": true}); err != nil {
			return err
		}
	case "for-many":
		if err := o.Add("SetupEntityAccess", map[string]any{"ParentId": permissionSetID("Everybody"), "SetupEntityId": id[:15], "SetupEntityType": "ConnectedApplication"}); err != nil {
			return err
		}
	case "clean":
		if err := o.Add("UserProvisioningConfig", map[string]any{"ConnectedAppId": ref, "DeveloperName": "Off_" + a.Name, "Enabled": false}); err != nil {
			return err
		}
		return o.Add("SetupEntityAccess", map[string]any{"ParentId": permissionSetID("Integration"), "SetupEntityId": id, "SetupEntityType": "ConnectedApplication"})
	}
	if i%2 == 0 || strings.HasPrefix(a.trait.name, "twin") { // half of the apps have a menu item, whose application id has 15 characters
		item := fmt.Sprintf("0DS5gM%09d", i)
		a.id = item
		return o.Add("AppMenuItem", map[string]any{"Id": item, "ApplicationId": id[:15], "Name": a.Name, "Label": a.Label, "Type": "ConnectedApplication"})
	}
	return nil
}

// put decodes a file as an org would have it.
func (o *Org) put(file, text string) error {
	c, _, err := metadata.Decode(file, []byte(text))
	if err != nil {
		return err
	}
	c.Name, _, _ = strings.Cut(file, ".")
	return o.Put(c)
}

func (o *Org) plantECA(a *App) error {
	host := strings.ToLower(strings.ReplaceAll(a.Name, "_", "-"))
	flow := ""
	if a.trait.name == "eca-device" {
		flow = "<isDeviceFlowEnabled>true</isDeviceFlowEnabled>"
	}
	ns := `xmlns="http://soap.sforce.com/2006/04/metadata"`
	app := "<externalClientApplication>" + a.Name + "</externalClientApplication><label>x</label>"
	for file, text := range map[string]string{
		a.Name + ".eca": "<ExternalClientApplication " + ns + "><contactEmail>integrations@planted.example</contactEmail><description>Planted</description><distributionState>Local</distributionState><isProtected>false</isProtected><label>" + a.Label + "</label></ExternalClientApplication>",
		a.Name + "_glbl.ecaGlblOauth": "<ExtlClntAppGlobalOauthSettings " + ns + "><callbackUrl>https://" + host + ".new.example.com/cb</callbackUrl>" + app + flow +
			"<isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled><isConsumerSecretOptional>false</isConsumerSecretOptional><isIntrospectAllTokens>false</isIntrospectAllTokens><isPkceRequired>true</isPkceRequired><isRefreshTokenRotationEnabled>true</isRefreshTokenRotationEnabled><isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken><isTokenExchangeEnabled>false</isTokenExchangeEnabled></ExtlClntAppGlobalOauthSettings>",
		a.Name + "_oauth.ecaOauth": "<ExtlClntAppOauthSettings " + ns + "><commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes>" + app + "</ExtlClntAppOauthSettings>",
		a.Name + "_plcy.ecaOauthPlcy": "<ExtlClntAppOauthConfigurablePolicies " + ns + "><commaSeparatedPermissionSet>Integration</commaSeparatedPermissionSet>" + app +
			"<ipRelaxationPolicyType>Enforce</ipRelaxationPolicyType><isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled><isGuestCodeCredFlowEnabled>false</isGuestCodeCredFlowEnabled><isTokenExchangeFlowEnabled>false</isTokenExchangeFlowEnabled><permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>" +
			"<refreshTokenPolicyType>SpecificInactivity</refreshTokenPolicyType><refreshTokenValidityPeriod>30</refreshTokenValidityPeriod><refreshTokenValidityUnit>Days</refreshTokenValidityUnit><requiredSessionLevel>STANDARD</requiredSessionLevel><sessionTimeoutInMinutes>15</sessionTimeoutInMinutes></ExtlClntAppOauthConfigurablePolicies>",
	} {
		if err := o.put(file, text); err != nil {
			return err
		}
	}
	return o.Date(metadata.TypeApp, a.Name, o.Now.AddDate(-1, 0, 0), time.Time{})
}

// used are the apps with logins, and those with tokens.
func (o *Org) used() (logins, tokens []*App) {
	for _, a := range o.Apps {
		if !a.noUse {
			logins = append(logins, a)
		}
		if !a.noTok {
			tokens = append(tokens, a)
		}
	}
	return logins, tokens
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+0000") }

// logins makes the login history anew whenever it is asked for. One in ten is a
// person at a browser, and one in twelve is too long ago to count.
func (o *Org) logins(n int) iter.Seq[map[string]any] {
	apps, _ := o.used()
	for i := range n {
		if l, a := o.login(apps, i); l != nil && a != nil && !o.old(i) {
			a.Logins++
		}
	}
	return func(yield func(map[string]any) bool) {
		for i := range n {
			if row, _ := o.login(apps, i); !yield(row) {
				return
			}
		}
	}
}

func (o *Org) old(i int) bool { return i%12 == 11 }

func (o *Org) login(apps []*App, i int) (map[string]any, *App) {
	row := map[string]any{"Id": fmt.Sprintf("0Ya5g%010d", i), "UserId": userID(i), "Status": "Success", "LoginUrl": "login.salesforce.com", "ApiVersion": "N/A"}
	at := o.Now.Add(-time.Duration(i%80)*24*time.Hour - time.Hour)
	if o.old(i) {
		at = o.Now.AddDate(0, 0, -120)
	}
	if i%10 == 9 {
		row["Application"], row["LoginType"], row["LoginTime"] = "Browser", "Application", stamp(at)
		return row, nil
	}
	a := apps[i%len(apps)]
	if !o.old(i) && o.Now.Sub(at) < a.lastAt {
		at = o.Now.Add(-a.lastAt)
	}
	row["Application"], row["LoginTime"] = a.Label, stamp(at)
	row["LoginType"], row["LoginSubType"] = "Remote Access 2.0", a.subs[i/len(apps)%len(a.subs)]
	if a.url != "" {
		row["LoginUrl"] = a.url
	}
	if a.soap && i/len(apps)%2 == 0 {
		row["LoginType"], row["LoginSubType"], row["ApiVersion"] = "Partner Product", nil, "52.0"
	}
	return row, a
}

// tokens makes the tokens. They have no id; thousands were made in one second; one
// user has more than a query gives; half name their app's menu item and the others
// its label alone.
func (o *Org) tokens(n int) iter.Seq[map[string]any] {
	_, apps := o.used()
	for i := range n {
		apps[i%len(apps)].Tokens++
	}
	return func(yield func(map[string]any) bool) {
		for i := range n {
			if !yield(o.token(apps[i%len(apps)], i)) {
				return
			}
		}
	}
}

func (o *Org) token(a *App, i int) map[string]any {
	user := userID(i)
	if i < busy {
		user = userID(1)
	}
	created := o.Now.AddDate(0, 0, -30).Add(-time.Duration(i) * time.Hour / 4)
	if i%4 == 0 && i/4 < sameMoment {
		created = o.Now.AddDate(0, 0, -35)
	}
	row := map[string]any{"AppName": a.Label, "UserId": user, "UseCount": float64(1 + i%40), "LastUsedDate": stamp(o.Now.Add(-a.lastAt)), "CreatedDate": stamp(created), "AccessToken": "00D!not-to-be-read", "DeleteToken": "not-to-be-read"}
	if a.id != "" {
		row["AppMenuItemId"] = a.id
	}
	switch {
	case a.unused:
		row["UseCount"], row["LastUsedDate"], row["CreatedDate"] = 0.0, nil, stamp(o.Now.AddDate(0, 0, -60))
	case a.gone:
		row["UserId"] = goneUser
	case a.trait.name == "stale-tokens":
		row["CreatedDate"] = stamp(o.Now.AddDate(0, 0, -90))
	}
	return row
}

const goneUser = "0055gUGONE00001"

// people are the users beside those of the emulator.
func (o *Org) people() iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for i := range users {
			if !yield(map[string]any{"Id": userID(i), "Username": fmt.Sprintf("user%04d@planted.example", i), "Name": fmt.Sprintf("User %04d", i), "IsActive": true}) {
				return
			}
		}
		for id, name := range map[string]string{goneUser: "gone@planted.example", "0055gUGONE00002": "left@planted.example"} {
			if !yield(map[string]any{"Id": id, "Username": name, "Name": name, "IsActive": false}) {
				return
			}
		}
	}
}

// assignments give a permission set to many, and another to a few.
func (o *Org) assignments() iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for i := range many + 3 {
			set := "Everybody"
			if i >= many {
				set = "Integration"
			}
			if !yield(map[string]any{"Id": fmt.Sprintf("0Pa5g%010d", i), "AssigneeId": userID(i), "PermissionSetId": permissionSetID(set)}) {
				return
			}
		}
	}
}
