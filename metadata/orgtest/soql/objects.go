package soql

import (
	"encoding/json"
	"strings"
	"sync"
	"unicode"
)

// An Object is an sObject as the describe has it.
type Object struct {
	Name      string
	KeyPrefix string
	Tooling   bool // only of the Tooling API
	DataOnly  bool // only of the REST API
	Seeded    bool // only of orgs that have records of it
	MaxRows   int  // beyond which an org cuts off without a word; 0 for none
	Fields    []Field
	Children  []Child
	byName    map[string]*Field
	byParent  map[string]*Field
}

// A Field is one of an object.
type Field struct {
	Name         string
	Label        string
	Type         string // string, boolean, int, double, datetime, id, reference
	Relationship string // of a reference: "Parent" for ParentId
	ReferenceTo  string
	NoFilter     bool // an org refuses it in WHERE
	NoGroup      bool
}

// A Child is a relationship to the records that refer to an object.
type Child struct{ Relationship, Object, Field string }

// Field finds a field by its name in any case, or returns nil.
func (o *Object) Field(name string) *Field {
	if f := o.byName[name]; f != nil {
		return f
	}
	return o.byName[strings.ToLower(name)]
}

// Parent finds the reference of a relationship, or returns nil.
func (o *Object) Parent(relationship string) *Field { return o.byParent[strings.ToLower(relationship)] }

// table writes the objects down: a line each, "Name prefix [tooling|data|seeded]
// [max=N]", and its fields "Name:type", with ">Object" for a reference, "!" for
// one that WHERE refuses, and "#" for one that GROUP BY does. Fields and traps
// are those of the reference of what audits read.
const table = `
Organization 00D data: Id:id Name:string InstanceName:string IsSandbox:boolean TrialExpirationDate:datetime NamespacePrefix:string OrganizationType:string LanguageLocaleKey:string CreatedDate:datetime
User 005 data: Id:id Username:string Name:string FirstName:string LastName:string Email:string IsActive:boolean ProfileId:reference>Profile UserType:string LastLoginDate:datetime CreatedDate:datetime
Profile 00e data: Id:id Name:string UserType:string UserLicenseId:id
PermissionSet 0PS data: Id:id Name:string Label:string IsOwnedByProfile:boolean ProfileId:reference>Profile NamespacePrefix:string IsCustom:boolean Type:string PermissionsUseAnyApiClient:boolean PermissionsApproveUninstalledConnectedApps:boolean PermissionsModifyAllData:boolean PermissionsApiUserOnly:boolean PermissionsModifyMetadata:boolean PermissionsApiEnabled:boolean
PermissionSetAssignment 0Pa data: Id:id AssigneeId:reference>User PermissionSetId:reference>PermissionSet IsActive:boolean
UserPermissionAccess 000 data: Id:id PermissionsModifyMetadata:boolean PermissionsViewSetup:boolean PermissionsApiEnabled:boolean PermissionsCustomizeApplication:boolean PermissionsManageUsers:boolean PermissionsCreateExternalClientApps:boolean PermissionsViewAllExternalClientApps:boolean PermissionsViewExternalClientAppSecrets:boolean PermissionsUseAnyApiClient:boolean PermissionsApproveUninstalledConnectedApps:boolean
ConnectedApplication 0H4: Id:id Name:string CreatedById:reference>User CreatedDate:datetime LastModifiedById:reference>User LastModifiedDate:datetime SystemModstamp:datetime MobileSessionTimeout:string MobileStartUrl:string OptionsAllowAdminApprovedUsersOnly:boolean OptionsCodeCredentialGuestEnabled:boolean OptionsFullContentPushNotifications:boolean OptionsHasSessionLevelPolicy:boolean OptionsIsInternal:boolean OptionsRefreshTokenValidityMetric:boolean OptionsTokenExchangeManageBitEnabled:boolean PinLength:string RefreshTokenValidityPeriod:int StartUrl:string UvidTimeout:int NamedUserUvidTimeout:int
ExternalClientApplication 0xI data: Id:id DeveloperName:string MasterLabel:string Description:string ContactEmail:string DistributionState:string NamespacePrefix:string CreatedById:reference>User CreatedDate:datetime LastModifiedDate:datetime
ExtlClntAppOauthPlcyCnfg 0xP data: Id:id DeveloperName:string ExternalClientApplicationId:reference>ExternalClientApplication PermittedUsersPolicyType:string IpRelaxationPolicyType:string RefreshTokenPolicyType:string RefreshTokenValidityPeriod:int RefreshTokenValidityUnit:string RequiredSessionLevel:string SessionTimeoutInMinutes:int IsGuestCodeCredFlowEnabled:boolean ClientCredentialsFlowUser:string
ExtlClntAppOauthSettings 0xO data: Id:id DeveloperName:string ExternalClientApplicationId:reference>ExternalClientApplication SingleLogoutUrl:string
OauthToken 0CQ data max=2500: Id:id AppName:string AppMenuItemId:reference>AppMenuItem UserId:reference>User UseCount:int LastUsedDate:datetime# CreatedDate:datetime# DeleteToken:string AccessToken:string RequestToken:string
LoginHistory 0Ya data: Id:id UserId:reference>User LoginTime:datetime LoginType:string LoginSubType:string! LoginUrl:string Application:string! SourceIp:string! Status:string! ApiType:string! ApiVersion:string! Browser:string! Platform:string! ClientVersion:string! CountryIso:string TlsProtocol:string CipherSuite:string
SetupEntityAccess 0J0 data: Id:id ParentId:reference>PermissionSet SetupEntityId:id SetupEntityType:string
AppMenuItem 0DS data: Id:id ApplicationId:id Name:string Label:string NamespacePrefix:string Type:string IsAccessible:boolean IsVisible:boolean IsUsingAdminAuthorization:boolean CanvasEnabled:boolean CanvasAccessMethod:string CanvasOptions:string CanvasSelectedLocations:string CanvasUrl:string MobileStartUrl:string StartUrl:string
UserProvisioningConfig 0Je: Id:id ConnectedAppId:reference>ConnectedApplication Enabled:boolean EnabledOperations:string NamedCredentialId:id NamespacePrefix:string DeveloperName:string
OauthCustomScope 0gN: Id:id DeveloperName:string MasterLabel:string Description:string
OauthCustomScopeApp 0gO data: Id:id ApplicationId:id OauthCustomScopeId:reference>OauthCustomScope
OauthTokenExchHandlerApp 0xT data: Id:id ConnectedApplicationId:reference>ConnectedApplication OauthTokenExchangeHandlerId:id IsDefault:boolean ApexExecutionUserId:reference>User
InstalledSubscriberPackage 0A3 tooling: Id:id SubscriberPackageId:reference>SubscriberPackage SubscriberPackageVersionId:id
SubscriberPackage 033 tooling: Id:id Name:string NamespacePrefix:string Description:string
Certificate 0P1 tooling: Id:id DeveloperName:string MasterLabel:string ExpirationDate:datetime KeySize:int OptionsIsCaSigned:boolean
ScratchOrgInfo 2SR seeded: Id:id Status:string Edition:string SignupUsername:string CreatedDate:datetime
EventLogFile 0AT data: Id:id EventType:string LogDate:datetime LogFileLength:int Interval:string Sequence:int
SetupAuditTrail 0Ym data: Id:id Action:string Section:string! Display:string! CreatedById:reference>User CreatedDate:datetime DelegateUser:string CreatedByContext:string
DeployRequest 0Af tooling: Id:id Status:string CheckOnly:boolean CreatedById:reference>User CreatedDate:datetime StartDate:datetime CompletedDate:datetime LastModifiedDate:datetime NumberComponentsTotal:int NumberComponentsDeployed:int NumberComponentErrors:int NumberTestsTotal:int NumberTestsCompleted:int NumberTestErrors:int ErrorMessage:string ErrorStatusCode:string CanceledById:reference>User
SourceMember 0MZ tooling: Id:id MemberIdOrName:string MemberType:string MemberName:string IsNameObsolete:boolean RevisionCounter:int RevisionNum:int IsNewMember:boolean ChangedBy:string LastModifiedDate:datetime
ApexClass 01p: Id:id Name:string NamespacePrefix:string ApiVersion:double Status:string
CustomPermission 0CP: Id:id DeveloperName:string MasterLabel:string NamespacePrefix:string
`

// relationships whose name is not that of the field without Id.
var children = map[string][]Child{
	"PermissionSet": {{"Assignments", "PermissionSetAssignment", "PermissionSetId"}, {"SetupEntityAccessItems", "SetupEntityAccess", "ParentId"}},
	"User":          {{"PermissionSetAssignments", "PermissionSetAssignment", "AssigneeId"}},
	"Profile":       {{"Users", "User", "ProfileId"}},
}

// labels of permissions, for those who know no more than what Setup calls them.
var labels = map[string]string{
	"PermissionsModifyMetadata":                  "Modify Metadata Through Metadata API Functions",
	"PermissionsViewSetup":                       "View Setup and Configuration",
	"PermissionsApiEnabled":                      "API Enabled",
	"PermissionsCustomizeApplication":            "Customize Application",
	"PermissionsManageUsers":                     "Manage Internal Users",
	"PermissionsCreateExternalClientApps":        "Create, edit, and delete External Client Apps",
	"PermissionsViewAllExternalClientApps":       "View all External Client Apps, view their settings, and edit their policies",
	"PermissionsViewExternalClientAppSecrets":    "View External Client Apps Consumer Secrets in Metadata",
	"PermissionsUseAnyApiClient":                 "Use Any API Client",
	"PermissionsApproveUninstalledConnectedApps": "Approve Uninstalled Connected Apps",
	"PermissionsModifyAllData":                   "Modify All Data",
	"PermissionsApiUserOnly":                     "Api Only User",
}

// objects reads the table, once.
var objects = sync.OnceValue(func() []Object {
	var list []Object
	for line := range strings.Lines(table) {
		head, fields, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		words := strings.Fields(head)
		o := Object{Name: words[0], KeyPrefix: words[1], Children: children[words[0]], byName: map[string]*Field{}, byParent: map[string]*Field{}}
		for _, w := range words[2:] {
			switch {
			case w == "tooling":
				o.Tooling = true
			case w == "data":
				o.DataOnly = true
			case w == "seeded":
				o.Seeded = true
			case w == "max=2500":
				o.MaxRows = 2500
			}
		}
		for f := range strings.FieldsSeq(fields) {
			o.Fields = append(o.Fields, parseField(f))
		}
		for i := range o.Fields {
			f := &o.Fields[i]
			o.byName[f.Name], o.byName[strings.ToLower(f.Name)] = f, f
			if f.Relationship != "" {
				o.byParent[strings.ToLower(f.Relationship)] = f
			}
		}
		list = append(list, o)
	}
	return list
})

func parseField(s string) Field {
	name, typ, _ := strings.Cut(s, ":")
	f := Field{Name: name, NoFilter: strings.HasSuffix(typ, "!"), NoGroup: strings.HasSuffix(typ, "#")}
	typ, f.ReferenceTo, _ = strings.Cut(strings.TrimRight(typ, "!#"), ">")
	f.Type = typ
	if typ == "reference" {
		f.Relationship = strings.TrimSuffix(name, "Id")
	}
	if f.Label = labels[name]; f.Label == "" {
		f.Label = spaced(name)
	}
	return f
}

// spaced puts blanks between the words of a name.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Objects lists the objects that there are.
func Objects() []Object { return objects() }

// Find finds an object by its name in any case, or returns nil.
func Find(name string) *Object {
	for i := range objects() {
		if strings.EqualFold(objects()[i].Name, name) {
			return &objects()[i]
		}
	}
	return nil
}

// Describe writes an object as the REST resource describe does.
func (o *Object) Describe(base string) json.RawMessage {
	fields := []map[string]any{}
	for _, f := range o.Fields {
		references := []string{}
		var relationship any
		if f.ReferenceTo != "" {
			references, relationship = []string{f.ReferenceTo}, f.Relationship
		}
		fields = append(fields, map[string]any{
			"name": f.Name, "label": f.Label, "type": f.Type, "filterable": !f.NoFilter, "groupable": !f.NoGroup, "sortable": true, "nillable": f.Name != "Id",
			"referenceTo": references, "relationshipName": relationship, "custom": false, "createable": false, "updateable": false,
		})
	}
	kids := []map[string]any{}
	for _, c := range o.Children {
		kids = append(kids, map[string]any{"childSObject": c.Object, "field": c.Field, "relationshipName": c.Relationship})
	}
	data, err := json.Marshal(map[string]any{
		"name": o.Name, "label": spaced(o.Name), "labelPlural": spaced(o.Name) + "s", "keyPrefix": o.KeyPrefix, "custom": false, "queryable": true,
		"createable": false, "updateable": false, "deletable": false, "retrieveable": true, "fields": fields, "childRelationships": kids,
		"urls": map[string]string{"sobject": base + "/sobjects/" + o.Name, "describe": base + "/sobjects/" + o.Name + "/describe"},
	})
	if err != nil {
		return json.RawMessage("{}") // strings and booleans always encode
	}
	return data
}
