package gather

import (
	"github.com/ecactl/ecactl/migrate"
)

// A query says what a source is asked.
type query struct {
	source  string
	soql    string // {days} is the window
	tooling bool
	// optional are columns that not every org has; one that an org does not know
	// is left out, and the source says so.
	optional []string
	// fallback is asked where an org refuses the query for what it aggregates.
	fallback string
}

// queries are the sources that are records. What they ask and the traps that they
// go around are those of the reference of what an audit can read: no token is
// selected, LoginHistory is filtered by LoginTime and LoginType alone and grouped
// by the rest, and no alias is a word of SOQL.
var queries = []query{
	{source: migrate.SrcOrganization, soql: "SELECT Id, Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType FROM Organization"},
	{
		source: migrate.SrcConnected,
		soql:   "SELECT Id, Name, CreatedDate, LastModifiedDate, OptionsAllowAdminApprovedUsersOnly, OptionsIsInternal, OptionsRefreshTokenValidityMetric, RefreshTokenValidityPeriod, StartUrl FROM ConnectedApplication",
		optional: []string{
			"OptionsIsInternal", "OptionsRefreshTokenValidityMetric", "RefreshTokenValidityPeriod", "StartUrl", "OptionsAllowAdminApprovedUsersOnly",
		},
	},
	{
		source:   migrate.SrcApps,
		soql:     "SELECT Id, DeveloperName, MasterLabel, NamespacePrefix, DistributionState, CreatedDate, LastModifiedDate FROM ExternalClientApplication",
		optional: []string{"CreatedDate", "LastModifiedDate", "DistributionState"},
	},
	{
		source:   migrate.SrcPolicies,
		soql:     "SELECT ExternalClientApplicationId, PermittedUsersPolicyType, IpRelaxationPolicyType, RefreshTokenPolicyType, RefreshTokenValidityPeriod, RefreshTokenValidityUnit, RequiredSessionLevel FROM ExtlClntAppOauthPlcyCnfg",
		optional: []string{"RequiredSessionLevel", "RefreshTokenValidityPeriod", "RefreshTokenValidityUnit"},
	},
	{
		source:   migrate.SrcMenu,
		soql:     "SELECT ApplicationId, Name, Label, NamespacePrefix, Type, CanvasEnabled, CanvasAccessMethod, CanvasSelectedLocations FROM AppMenuItem",
		optional: []string{"CanvasEnabled", "CanvasAccessMethod", "CanvasSelectedLocations"},
	},
	{
		source:   migrate.SrcGrants,
		soql:     "SELECT ParentId, Parent.Name, Parent.Label, Parent.IsOwnedByProfile, Parent.Profile.Name, SetupEntityId, SetupEntityType FROM SetupEntityAccess WHERE SetupEntityType IN ('ConnectedApplication', 'ExternalClientApplication')",
		optional: []string{"Parent.Profile.Name"},
	},
	{
		source: migrate.SrcAssignments,
		soql:   "SELECT PermissionSetId, COUNT(Id) n FROM PermissionSetAssignment WHERE PermissionSetId IN (SELECT ParentId FROM SetupEntityAccess WHERE SetupEntityType IN ('ConnectedApplication', 'ExternalClientApplication')) GROUP BY PermissionSetId",
	},
	{source: migrate.SrcProvisioning, soql: "SELECT Id, ConnectedAppId, DeveloperName, Enabled FROM UserProvisioningConfig", optional: []string{"DeveloperName"}},
	{source: migrate.SrcCustomScopes, soql: "SELECT ApplicationId, OauthCustomScopeId, OauthCustomScope.DeveloperName FROM OauthCustomScopeApp", optional: []string{"OauthCustomScope.DeveloperName"}},
	{source: migrate.SrcExchange, soql: "SELECT ConnectedApplicationId, OauthTokenExchangeHandlerId, IsDefault, ApexExecutionUserId FROM OauthTokenExchHandlerApp"},
	{
		source:   migrate.SrcLogins,
		soql:     "SELECT Application, LoginType, LoginSubType, COUNT(Id) n, MAX(LoginTime) latest FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:{days} GROUP BY Application, LoginType, LoginSubType",
		fallback: "SELECT Application, LoginType, LoginSubType, COUNT(Id) n FROM LoginHistory WHERE {window} GROUP BY Application, LoginType, LoginSubType",
	},
	{source: migrate.SrcLoginUsers, soql: "SELECT Application, COUNT_DISTINCT(UserId) people FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:{days} GROUP BY Application"},
	{source: migrate.SrcLoginURLs, soql: "SELECT Application, LoginUrl, COUNT(Id) n FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:{days} GROUP BY Application, LoginUrl"},
	{
		source:   migrate.SrcSOAPLogins,
		soql:     "SELECT Application, LoginType, ApiVersion, COUNT(Id) n, MAX(LoginTime) latest FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:{days} AND LoginType IN ('OtherApi', 'Other Apex API', 'Partner', 'Partner Product') GROUP BY Application, LoginType, ApiVersion",
		fallback: "SELECT Application, LoginType, ApiVersion, COUNT(Id) n FROM LoginHistory WHERE {window} AND LoginType IN ('OtherApi', 'Other Apex API', 'Partner', 'Partner Product') GROUP BY Application, LoginType, ApiVersion",
	},
	{source: migrate.SrcDevHub, soql: "SELECT COUNT(Id) n FROM ScratchOrgInfo"},
	{source: migrate.SrcEventLog, soql: "SELECT Id, LogDate, LogFileLength FROM EventLogFile WHERE EventType = 'ApiTotalUsage' ORDER BY LogDate DESC LIMIT 1"},
	{source: migrate.SrcPackages, soql: "SELECT SubscriberPackage.Name, SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage", tooling: true},
	{
		source:   migrate.SrcCertificates,
		soql:     "SELECT DeveloperName, MasterLabel, ExpirationDate, KeySize FROM Certificate",
		tooling:  true,
		optional: []string{"KeySize"},
	},
}

// The tokens are counted and grouped in the first round, and read in the second:
// an org cuts a query of them off at 2,500 rows without a word.
const (
	countTokens = "SELECT COUNT() FROM OauthToken"
	groupTokens = "SELECT AppName, COUNT(UserId) n FROM OauthToken GROUP BY AppName"
	describe    = "sobjects/UserPermissionAccess/describe"
)
