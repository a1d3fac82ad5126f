package migrate

import (
	"slices"

	"github.com/ecactl/ecactl/metadata"
)

// A Row is a record that was read of an org: fields by their names, all as text,
// "" for null. Dates are as the org writes them.
type Row = map[string]string

// Evidence is what was read of one org. It holds no token and no secret, so that
// it can be saved and handed to somebody else.
type Evidence struct {
	Org    Org              // who it is, and the state of every source
	Tables map[string][]Row // by source
	Files  []metadata.File  // metadata, in mdapi layout
}

// Sources of evidence, by the names that reports use.
const (
	SrcList         = "listMetadata"
	SrcRetrieve     = "retrieve"
	SrcSettings     = "Settings"
	SrcOrganization = "Organization"
	SrcConnected    = "ConnectedApplication"
	SrcApps         = "ExternalClientApplication"
	SrcPolicies     = "ExtlClntAppOauthPlcyCnfg"
	SrcTokens       = "OauthToken"
	SrcLogins       = "LoginHistory"
	SrcLoginUsers   = "LoginHistory by user"
	SrcLoginURLs    = "LoginHistory by address"
	SrcSOAPLogins   = "LoginHistory of SOAP"
	SrcGrants       = "SetupEntityAccess"
	SrcAssignments  = "PermissionSetAssignment"
	SrcMenu         = "AppMenuItem"
	SrcProvisioning = "UserProvisioningConfig"
	SrcCustomScopes = "OauthCustomScopeApp"
	SrcExchange     = "OauthTokenExchHandlerApp"
	SrcPackages     = "InstalledSubscriberPackage"
	SrcCertificates = "Certificate"
	SrcHolders      = "holders of risky permissions"
	SrcCaller       = "UserPermissionAccess"
	SrcRunAs        = "User"
	SrcDevHub       = "ScratchOrgInfo"
	SrcEventLog     = "EventLogFile"
)

// A SourceInfo says what a source is asked for, and what it leaves open when it
// cannot be read.
type SourceInfo struct {
	Name   string
	Asks   string
	Needs  string // the permission
	Leaves string
}

// SourceInfos lists the sources in the order of reports.
var SourceInfos = []SourceInfo{
	{SrcList, "which apps there are, and whose", "Modify Metadata Through Metadata API Functions", "apps that are listed and not handed out: those of vendors"},
	{SrcRetrieve, "the settings and policies of every app", "Modify Metadata Through Metadata API Functions", "everything that stands in an app's settings: scopes, callbacks, flows, policies"},
	{SrcSettings, "the org's OAuth, Connected App and External Client App settings", "Modify Metadata Through Metadata API Functions", "whether the org blocks flows, and who may read secrets"},
	{SrcOrganization, "which org this is", "API Enabled", "whether it is a sandbox, and so which dates hold"},
	{SrcConnected, "the apps that are installed", "View Setup and Configuration", "which apps are installed, and which are only authorised"},
	{SrcApps, "the External Client Apps", "View all External Client Apps", "ids and labels of External Client Apps"},
	{SrcPolicies, "their policies", "View all External Client Apps", "policies of External Client Apps whose files are not handed out"},
	{SrcTokens, "who has approved which app, and when it was used last", "Customize Application", "users, tokens and last use of apps"},
	{SrcLogins, "which flows log in, by app", "Manage Users, or Monitor Login History", "which flows are in use, and last logins"},
	{SrcLoginUsers, "how many users log in by an app", "Manage Users, or Monitor Login History", "the number of users of apps without tokens"},
	{SrcLoginURLs, "which addresses clients log in at", "Manage Users, or Monitor Login History", "logins at instanced addresses"},
	{SrcSOAPLogins, "logins by SOAP login(), by API version", "Manage Users, or Monitor Login History", "SOAP logins"},
	{SrcGrants, "which permission sets and profiles have an app", "View Setup and Configuration", "to whom apps are granted"},
	{SrcAssignments, "how many users those have", "View Setup and Configuration", "to how many users apps are granted"},
	{SrcMenu, "API names and namespaces of installed apps, and canvas", "any", "which record belongs to which app where labels are equal"},
	{SrcProvisioning, "user provisioning", "View Setup and Configuration", "whether user provisioning keeps the button away"},
	{SrcCustomScopes, "custom scopes of apps", "View Setup and Configuration", "custom scopes"},
	{SrcExchange, "token exchange handlers of apps", "View Setup and Configuration", "token exchange handlers"},
	{SrcPackages, "installed packages", "View Setup and Configuration", "the names of packages"},
	{SrcCertificates, "the org's certificates", "View Setup and Configuration", "when the org's own certificates end"},
	{SrcCaller, "what you may do", "any", "whether you may migrate apps"},
	{SrcHolders, "who may use apps that nobody installed", "View Setup and Configuration", "who has Use Any API Client and Approve Uninstalled Connected Apps"},
	{SrcRunAs, "the users that apps run as", "View Setup and Configuration", "whether the users that apps run as are active"},
	{SrcDevHub, "whether the org is a Dev Hub", "any", "whether sf creates scratch orgs here"},
	{SrcEventLog, "API use by SOAP login(), of the newest log", "View Event Log Files", "which API versions SOAP logins have"},
}

// FindSource returns what is known of a source, or nil.
func FindSource(name string) *SourceInfo {
	if i := slices.IndexFunc(SourceInfos, func(s SourceInfo) bool { return s.Name == name }); i >= 0 {
		return &SourceInfos[i]
	}
	return nil
}

// state is whether a source was read.
func (e *Evidence) state(name string) SourceState {
	for _, s := range e.Org.Sources {
		if s.Name == name {
			return s.State
		}
	}
	return SourceUnavailable
}
