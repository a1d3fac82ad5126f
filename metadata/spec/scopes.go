package spec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata"
)

// A Scope is an OAuth scope with its names in every place where one is met.
type Scope struct {
	Token        string   // in the metadata of an External Client App: "SFApiPlatform"
	ConnectedApp string   // in that of a Connected App: "SFAP"
	OAuth        []string // on the wire, the usual one first: "sfap_api"
	Labels       []string // in Setup, today's first
	Inferred     bool     // the OAuth name was inferred and is not documented
	metadata.Span
}

// scopeNames holds what the type table cannot: how a scope is called outside
// metadata. A scope of the table without an entry here still works under its
// metadata name. Source: the table of scopes in Salesforce Help, and the list of
// valid values that the deploy validator prints.
var scopeNames = map[string]Scope{
	"Full":                  {OAuth: []string{"full"}, Labels: []string{"Full access (full)"}},
	"Api":                   {OAuth: []string{"api"}, Labels: []string{"Manage user data via APIs (api)", "Access and manage your data (api)"}},
	"Web":                   {OAuth: []string{"web"}, Labels: []string{"Manage user data via Web browsers (web)", "Provide access to your data via the Web (web)"}},
	"RefreshToken":          {OAuth: []string{"refresh_token"}, Labels: []string{"Perform requests at any time (refresh_token, offline_access)", "Perform requests on your behalf at any time (refresh_token, offline_access)"}},
	"OfflineAccess":         {OAuth: []string{"offline_access"}},
	"Basic":                 {OAuth: []string{"id"}, Labels: []string{"Access the identity URL service (id, profile, email, address, phone)"}},
	"Profile":               {OAuth: []string{"profile"}},
	"Email":                 {OAuth: []string{"email"}},
	"Address":               {OAuth: []string{"address"}},
	"Phone":                 {OAuth: []string{"phone"}},
	"OpenID":                {OAuth: []string{"openid"}, Labels: []string{"Access unique user identifiers (openid)", "Allow access to your unique identifier (openid)"}},
	"CustomPermissions":     {OAuth: []string{"custom_permissions"}, Labels: []string{"Access custom permissions (custom_permissions)"}},
	"Chatter":               {OAuth: []string{"chatter_api"}, Labels: []string{"Access Connect REST API resources (chatter_api)"}},
	"CustomApplications":    {OAuth: []string{"visualforce"}, Labels: []string{"Access Visualforce applications (visualforce)"}},
	"Wave":                  {OAuth: []string{"wave_api"}, Labels: []string{"Access Analytics REST API resources (wave_api)"}},
	"Eclair":                {OAuth: []string{"eclair_api"}, Labels: []string{"Access Analytics REST API Charts Geodata resources (eclair_api)"}},
	"Lightning":             {OAuth: []string{"lightning"}, Labels: []string{"Access Lightning applications (lightning)"}},
	"Content":               {OAuth: []string{"content"}, Labels: []string{"Access content resources (content)"}},
	"Pardot":                {OAuth: []string{"pardot_api"}, Labels: []string{"Manage Pardot services (pardot_api)"}},
	"CDP":                   {OAuth: []string{"cdp_api"}, Labels: []string{"Access all Data Cloud API resources (cdp_api)"}},
	"CDPIngest":             {OAuth: []string{"cdp_ingest_api"}, Labels: []string{"Manage Data Cloud Ingestion API data (cdp_ingest_api)"}},
	"CDPProfile":            {OAuth: []string{"cdp_profile_api"}, Labels: []string{"Manage Data Cloud profile data (cdp_profile_api)"}},
	"CDPQuery":              {OAuth: []string{"cdp_query_api"}, Labels: []string{"Perform ANSI SQL queries on Data Cloud data (cdp_query_api)"}},
	"CDPSegment":            {OAuth: []string{"cdp_segment_api"}, Labels: []string{"Perform segmentation on Data Cloud data (cdp_segment_api)"}},
	"CDPIdentityResolution": {OAuth: []string{"cdp_identityresolution_api"}, Labels: []string{"Manage Data Cloud Identity Resolution (cdp_identityresolution_api)"}},
	"CDPCalculatedInsight":  {OAuth: []string{"cdp_calculated_insight_api"}, Labels: []string{"Manage Data Cloud Calculated Insight data (cdp_calculated_insight_api)"}},
	"Chatbot":               {OAuth: []string{"chatbot_api"}, Labels: []string{"Access chatbot services (chatbot_api)"}},
	"ForgotPassword":        {OAuth: []string{"forgot_password"}, Labels: []string{"Access Headless Forgot Password API (forgot_password)"}},
	"UserRegistration":      {OAuth: []string{"user_registration_api"}, Labels: []string{"Access Headless Registration API (user_registration_api)"}},
	"PwdlessLogin":          {OAuth: []string{"pwdless_login_api"}, Labels: []string{"Access Headless Passwordless Login API (pwdless_login_api)"}},
	"Interaction":           {OAuth: []string{"interaction_api"}, Labels: []string{"Access Interaction API resources (interaction_api)"}},
	"SFAP":                  {Token: "SFApiPlatform", OAuth: []string{"sfap_api"}, Labels: []string{"Access the Salesforce API Platform (sfap_api)"}},
	"EinsteinGPT":           {OAuth: []string{"einstein_gpt_api"}, Labels: []string{"Access Einstein GPT services (einstein_gpt_api)"}},
	"MCP":                   {OAuth: []string{"mcp_api"}, Labels: []string{"Access Salesforce hosted MCP servers (mcp_api)"}},
	"SCRT":                  {OAuth: []string{"scrt_api"}},
	"DataCloudUserClaims":   {OAuth: []string{"data_cloud_user_claims"}},
	"A2A":                   {OAuth: []string{"a2a_api"}, Inferred: true},
	"CmdbDiscovery":         {OAuth: []string{"cmdb_discovery_api"}, Inferred: true},
	"SemanticLayer":         {OAuth: []string{"semantic_layer_api"}, Inferred: true},
}

// scopeEnum is the enumeration of the type table that lists the scopes.
const scopeEnum = "ConnectedAppOauthAccessScope"

// placedBefore corrects the one place where the platform's order of an ECA's
// scopes differs from that of the enumeration.
var placedBefore = map[string]string{"ForgotPassword": "CDPCalculatedInsight"}

// Scopes lists the scopes of a table in the order in which a retrieve returns
// them.
func Scopes(t *metadata.Table) []Scope {
	var list []Scope
	for _, v := range t.Enums[scopeEnum] {
		s := scopeNames[v.Name]
		s.ConnectedApp, s.Span = v.Name, v.Span
		s.Token = cmp.Or(s.Token, v.Name)
		at := len(list)
		for i := range list {
			if placedBefore[s.Token] == list[i].Token {
				at = i
			}
		}
		list = slices.Insert(list, at, s)
	}
	return list
}

// spellings are all names under which the scope is accepted.
func (s Scope) spellings() []string {
	return slices.Concat([]string{s.Token, s.ConnectedApp}, s.OAuth, s.Labels)
}

// Name is the name that import writes: the OAuth name, else the token.
func (s Scope) Name() string {
	if len(s.OAuth) > 0 {
		return s.OAuth[0]
	}
	return s.Token
}

// scopeByToken finds a scope by its exact name in an ECA's metadata.
func scopeByToken(list []Scope, token string) (Scope, bool) {
	i := slices.IndexFunc(list, func(s Scope) bool { return s.Token == token })
	if i < 0 {
		return Scope{}, false
	}
	return list[i], true
}

// OAuthNames gives the scopes of a comma-separated value of a metadata file the
// names that they have on the wire. One that is not known keeps its own.
func OAuthNames(t *metadata.Table, value string) []string {
	all := Scopes(t)
	var names []string
	for _, token := range SplitList(value) {
		name := token
		if s, ok := scopeByToken(all, token); ok {
			name = s.Name()
		}
		names = append(names, name)
	}
	return names
}

// SplitList splits a comma-separated value of a metadata file.
func SplitList(s string) []string {
	var parts []string
	for p := range strings.SplitSeq(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// SplitLines splits a value that holds one entry a line, whatever the line
// ends: a list of callback URLs.
func SplitLines(s string) []string {
	var parts []string
	for p := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}
