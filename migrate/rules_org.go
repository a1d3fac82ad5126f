package migrate

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

var onlyOrg = []string{KindOrg}

// orgSetting is an example of one of an org's settings.
func orgSetting(typ, xml string) Example {
	return inOrg(Example{{strings.TrimSuffix(typ, "Settings") + ".settings", xml}})
}

// orgRules are asked of the org itself.
var orgRules = []Rule{
	{
		ID: "CA-ELIG-013", Level: levelWarning, Title: "who reads may not migrate", Kinds: onlyOrg,
		Why: "The button is there only for who may make External Client Apps, and in editions that have them.", Source: helpMigrate,
		Fix:   "assign a permission set with Create, edit, and delete External Client Apps",
		Needs: []string{SrcCaller, SrcOrganization}, Question: "permission to migrate",
		check: func(q *question) {
			for _, r := range q.inventory.evidence.Tables[SrcCaller] {
				if r["permission"] == PermCreateApps && r["held"] == "false" {
					q.find("", "you do not have %s", PermCreateApps)
				}
			}
			for _, r := range q.inventory.evidence.Tables[SrcOrganization] {
				if e := r["OrganizationType"]; e != "" && !slices.ContainsFunc(editions, func(known string) bool { return strings.Contains(e, known) }) {
					q.find("", "the edition, %s, is in no list of editions with the button", e)
				}
			}
		},
		Bad:  inOrg(Example{}, SrcCaller, `[{"permission":"`+PermCreateApps+`","held":"false"}]`),
		Good: inOrg(Example{}, SrcCaller, `[{"permission":"`+PermCreateApps+`","held":"true"}]`),
	},
	{
		ID: "CA-SEC-052", Level: levelWarning, Title: "certificate of the org that ends soon", Kinds: onlyOrg,
		Why: "SAML and JWT logins that are signed with it fail when it ends.", Source: "Tooling API guide: Certificate",
		Fix:   "make a new certificate in Setup > Certificate and Key Management, and give it to the other side",
		Needs: []string{SrcCertificates}, Question: "certificates of the org", check: checkOrgCertificates,
		Bad:  inOrg(Example{}, SrcCertificates, `[{"DeveloperName":"Signing","ExpirationDate":"2026-12-01T00:00:00.000+0000","KeySize":"2048"}]`),
		Good: inOrg(Example{}, SrcCertificates, `[{"DeveloperName":"Signing","ExpirationDate":"2027-12-01T00:00:00.000+0000","KeySize":"4096"}]`),
	},
	{
		ID: "CA-SEC-072", Level: levelWarning, Title: "consumer secrets can be read by API", Kinds: onlyOrg,
		Why: "Whoever has the permission reads every app's secret; Health Check looks at it since Spring '26.", Source: "help: Security Health Review, REST API Secret Masking",
		Fix:   "switch it off in Setup > External Client Apps > Settings, except while secrets are rotated",
		Needs: []string{SrcSettings}, Question: "settings of the org",
		check: func(q *question) {
			for field, what := range map[string]string{"enableConsumerSecretApiAccess": "the Metadata API", "enableClientSecretInRestApiAccess": "REST"} {
				if q.orgSwitch("ExternalClientAppSettings", field) == On {
					q.setting("ExternalClientAppSettings", field, "consumer secrets can be read over %s", what)
				}
			}
			slices.SortFunc(q.findings, func(a, b Finding) int { return strings.Compare(a.Message, b.Message) })
		},
		Bad:  orgSetting("ExternalClientAppSettings", "<enableConsumerSecretApiAccess>true</enableConsumerSecretApiAccess>"),
		Good: orgSetting("ExternalClientAppSettings", "<enableConsumerSecretApiAccess>false</enableConsumerSecretApiAccess>"),
	},
	{
		ID: "CA-SEC-073", Level: levelWarning, Title: "users who may use any app", Kinds: onlyOrg, Benchmark: "SBS-ACS-003, SBS-ACS-006",
		Why: "Use Any API Client and Approve Uninstalled Connected Apps let users past what admins have approved.", Source: "help article 005228838; help article 005132365",
		Fix:   "take the permissions away from all but the few who need them",
		Needs: []string{SrcHolders}, Question: "holders of risky permissions",
		check: func(q *question) {
			by := map[string][]string{}
			for _, r := range q.inventory.evidence.Tables[SrcHolders] {
				if user := r["Assignee.Username"]; r["Assignee.IsActive"] != "false" && !slices.Contains(by[r["permission"]], user) {
					by[r["permission"]] = append(by[r["permission"]], user)
				}
			}
			for _, p := range []string{PermAnyClient, PermApproveUninstalled} {
				if users := by[p]; len(users) > 0 {
					slices.Sort(users)
					q.find("", "%s may %s", Plural(len(users), "active user"), p)
					q.note("users", strconv.Itoa(len(users)))
					q.note("names", join(users[:min(len(users), 20)]))
				}
			}
		},
		Bad:  inOrg(Example{}, SrcHolders, `[{"permission":"`+PermAnyClient+`","Assignee.Username":"integration@example.com","Assignee.IsActive":"true"}]`),
		Good: inOrg(Example{}, SrcHolders, `[{"permission":"`+PermAnyClient+`","Assignee.Username":"integration@example.com","Assignee.IsActive":"false"}]`),
	},
	{
		ID: "CA-SEC-074", Level: levelNote, Title: "API access is open to every app", Kinds: onlyOrg,
		Why: "API Access Control lets only apps in that admins have approved; it has to be asked of Salesforce Support, and orgs with External Client Apps alone do not need it.", Source: "help: API Access Control; help: Comparison of Connected Apps and External Client Apps Features",
		Fix:   "ask Salesforce Support for API Access Control, or move every app",
		Needs: []string{SrcSettings}, Question: "settings of the org",
		check: func(q *question) {
			if q.orgSwitch("ConnectedAppSettings", "enableAdminApprovedAppsOnly") == Off {
				q.setting("ConnectedAppSettings", "enableAdminApprovedAppsOnly", "any app may be approved by users")
			}
		},
		Bad:  orgSetting("ConnectedAppSettings", "<enableAdminApprovedAppsOnly>false</enableAdminApprovedAppsOnly>"),
		Good: orgSetting("ConnectedAppSettings", "<enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>"),
	},
}

// Permissions by the labels that Setup has for them; their API names are in no
// reference.
const (
	PermCreateApps         = "Create, edit, and delete External Client Apps"
	PermAnyClient          = "Use Any API Client"
	PermApproveUninstalled = "Approve Uninstalled Connected Apps"
)

// editions in which the migration is offered, by help page and release notes,
// which do not agree about Enterprise.
var editions = []string{"Group", "Team", "Professional", "Enterprise", "Performance", "Unlimited", "Developer"}

// setting finds a switch of the org and points at it.
func (q *question) setting(typ, field, format string, args ...any) {
	c := q.inventory.org.parts[typ]
	q.findElement(c.First(field), format, args...)
	q.note("element", typ+"."+field)
}

func checkOrgCertificates(q *question) {
	rows := slices.Clone(q.inventory.evidence.Tables[SrcCertificates])
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a["DeveloperName"], b["DeveloperName"]) })
	for _, r := range rows {
		ends := moment(r["ExpirationDate"])
		left := ends.Sub(q.now)
		switch {
		case ends.IsZero() || left >= days(q.inventory.Limits.CertificateDays):
		case left < 0:
			q.findAt(levelError, "", "the certificate %s has expired on %s", r["DeveloperName"], day(ends))
		case left < days(q.inventory.Limits.CertificateErrorDays):
			q.findAt(levelError, "", "the certificate %s ends in %d days, on %s", r["DeveloperName"], int(left/(24*time.Hour)), day(ends))
		default:
			q.find("", "the certificate %s ends in %d days, on %s", r["DeveloperName"], int(left/(24*time.Hour)), day(ends))
		}
		if bits := number(r["KeySize"]); bits > 0 && bits < minKeyBits {
			q.find("", "the certificate %s has a key of %d bits", r["DeveloperName"], bits)
		}
	}
}
