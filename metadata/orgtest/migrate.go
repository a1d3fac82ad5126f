package orgtest

import (
	"net/http"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// migrated says where the button puts each value of a Connected App, and which
// values it adds. From a pair of a Connected App and its successor in a public
// repository, and the reference of the mapping.
var migrated = []struct {
	typ, suffix string
	fields      map[string]string // of the new component, by the path in the old one
	adds        map[string]string
}{
	{
		metadata.TypeApp, "",
		map[string]string{"label": "label", "contactEmail": "contactEmail", "contactPhone": "contactPhone", "description": "description", "iconUrl": "iconUrl", "infoUrl": "infoUrl", "logoUrl": "logoUrl"},
		map[string]string{"distributionState": "Local", "isProtected": "false"},
	},
	{
		typeOauth, "_defOauthSet",
		map[string]string{"oauthConfig.singleLogoutUrl": "singleLogoutUrl"},
		map[string]string{"isFirstPartyAppEnabled": "false"},
	},
	{
		typeGlobal, "_defGlblOauthSet",
		map[string]string{
			"oauthConfig.callbackUrl": "callbackUrl", "oauthConfig.certificate": "certificate", "oauthConfig.isClientCredentialEnabled": "isClientCredentialsFlowEnabled",
			"oauthConfig.isCodeCredentialEnabled": "isCodeCredFlowEnabled", "oauthConfig.isCodeCredentialPostOnly": "isCodeCredPostOnly",
			"oauthConfig.isConsumerSecretOptional": "isConsumerSecretOptional", "oauthConfig.isIntrospectAllTokens": "isIntrospectAllTokens",
			"oauthConfig.isNamedUserJwtEnabled": "isNamedUserJwtEnabled", "oauthConfig.isPkceRequired": "isPkceRequired",
			"oauthConfig.isRefreshTokenRotationEnabled": "isRefreshTokenRotationEnabled", "oauthConfig.isSecretRequiredForRefreshToken": "isSecretRequiredForRefreshToken",
			"oauthConfig.isSecretRequiredForTokenExchange": "isSecretRequiredForTokenExchange", "oauthConfig.isTokenExchangeEnabled": "isTokenExchangeEnabled",
		},
		map[string]string{"isPkceRequired": "false"},
	},
	{
		typePolicy, "_defOauthPlcy",
		map[string]string{"oauthConfig.oauthClientCredentialUser": "clientCredentialsFlowUser", "oauthConfig.isClientCredentialEnabled": "isClientCredentialsFlowEnabled", "startUrl": "startUrl"},
		map[string]string{"guestJwtSessionTimeoutType": "Custom", "namedUserJwtSessionTimeoutType": "Custom", "requiredSessionLevel": "STANDARD"},
	},
	{"ExtlClntAppOauthSecuritySettings", "_defOauthSecuritySet", nil, nil},
	{typeAccess, "_defPlcy", nil, map[string]string{"isEnabled": "true", "isOauthPluginEnabled": "true", "startPage": "OAuth"}},
}

// ipRelaxations are the words of a Connected App, and those of its successor.
var ipRelaxations = map[string]string{"ENFORCE": "Enforce", "BYPASS": "Bypass", "BYPASS_2FACTOR": "Bypass_2factor", "ENFORCE_RELAXREFRESH": "Enforce_relaxrefresh"}

// serveMigrate is Setup's button. No org has it as an API; it is there so that
// what comes after it can be tried.
func (o *Org) serveMigrate(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	name := r.URL.Query().Get("app")
	ca := o.state.Components[key(metadata.TypeConnectedApp, name)]
	switch {
	case o.tokens[bearer(r)] == nil:
		restFail(w, http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
		return
	case ca == nil || ca.Namespace != "" || ca.Vendor:
		restFail(w, http.StatusNotFound, "NOT_FOUND", "no local connected app "+name)
		return
	case ca.Migrated || o.state.Components[key(metadata.TypeApp, name)] != nil:
		restFail(w, http.StatusConflict, "DUPLICATE_VALUE", "an external client app "+name+" exists already")
		return
	}
	held := o.state.Consumers["ca:"+name]
	if held != nil {
		own := *held
		own.ID = o.newID("consumer")
		o.state.Consumers[name] = &own
	}
	old := &metadata.Component{Type: ca.Type, Name: ca.Name, Root: ca.content()}
	var made []string
	for _, m := range migrated {
		if held == nil && m.typ != metadata.TypeApp || !o.table.Type(m.typ).Has(o.cfg.NewestVersion) {
			continue
		}
		c := o.successor(old, m.typ, name+m.suffix, m.fields, m.adds)
		o.complete(&stored{Type: c.Type, Name: c.Name, root: c.Root}, c.Root)
		o.put(c)
		made = append(made, c.Type+" "+c.Name)
	}
	ca.Migrated = true
	writeJSON(w, http.StatusCreated, map[string]any{"app": name, "components": made})
}

func (o *Org) successor(old *metadata.Component, typ, name string, fields, adds map[string]string) *metadata.Component {
	c := metadata.NewComponent(typ, name)
	put := func(field, value string) {
		c.Root.Remove(field)
		c.Root.Add(&metadata.Element{Name: field, Text: value})
	}
	for field, value := range adds {
		put(field, value)
	}
	for from, to := range fields {
		if v, ok := old.Text(from); ok {
			put(to, v)
		}
	}
	if typ != metadata.TypeApp {
		put(metadata.FieldApp, old.Name)
	}
	if typ == typeOauth {
		var scopes []string
		for _, s := range old.All("oauthConfig.scopes") {
			scopes = append(scopes, strings.Replace(strings.TrimSpace(s.Text), "SFAP", "SFApiPlatform", 1))
		}
		put("commaSeparatedOauthScopes", strings.Join(scopes, ", "))
	}
	if typ == typePolicy {
		o.carryPolicies(old, put)
	}
	return c
}

// carryPolicies carries over the policies that change their form.
func (o *Org) carryPolicies(old *metadata.Component, put func(field, value string)) {
	users := "AllSelfAuthorized"
	if v, _ := old.Text("oauthConfig.isAdminApproved"); v == "true" {
		users = "AdminApprovedPreAuthorized"
	}
	put("permittedUsersPolicyType", users)
	if v, _ := old.Text("oauthPolicy.ipRelaxation"); ipRelaxations[v] != "" {
		put("ipRelaxationPolicyType", ipRelaxations[v])
	}
	if v, _ := old.Text("oauthPolicy.refreshTokenPolicy"); v != "" {
		parts := strings.Split(v, ":")
		kinds := map[string]string{"infinite": "Infinite", "zero": "Zero", "specific_lifetime": "SpecificLifetime", "specific_inactivity": "SpecificInactivity"}
		put("refreshTokenPolicyType", kinds[parts[0]])
		if len(parts) == 3 {
			put("refreshTokenValidityPeriod", parts[1])
			put("refreshTokenValidityUnit", map[string]string{"HOURS": "Hours", "DAYS": "Days", "MONTHS": "Months"}[parts[2]])
		}
	}
	var profiles []string
	for _, p := range old.All("profileName") {
		profiles = append(profiles, strings.TrimSpace(p.Text))
	}
	if len(profiles) > 0 {
		put("commaSeparatedProfile", strings.Join(profiles, ","))
	}
	var sets []string
	for _, p := range old.All("permissionSetName") { // labels, where the successor has API names
		sets = append(sets, strings.ReplaceAll(strings.TrimSpace(p.Text), " ", "_"))
	}
	if len(sets) > 0 {
		put("commaSeparatedPermissionSet", strings.Join(sets, ","))
	}
}
