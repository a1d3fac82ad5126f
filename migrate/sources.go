package migrate

import "strings"

const (
	helpPage    = "https://help.salesforce.com/s/articleView?type=5&id="
	helpArticle = "https://help.salesforce.com/s/articleView?type=1&id="
	docs        = "https://developer.salesforce.com/docs/"
	benchmark   = "https://github.com/Salesforce-Security-Benchmark/docs-site"
)

// links are where the sources of rules and dates can be read, by how their names
// begin. What came of real files, and pages whose address is not known, have none.
var links = []struct{ source, url string }{
	{"help: Migrate a Connected App to an External Client App", helpPage + "xcloud.migrate_connected_app_to_external_client_app.htm"},
	{"help: Limit Idle Refresh Token TTL", helpPage + "xcloud.connected_app_limit_idle_ttl.htm"},
	{"help: Security Health Review", helpPage + "xcloud.shr_external_client_apps.htm"},
	{"help: Comparison of Connected Apps and External Client Apps Features", helpPage + "xcloud.connected_apps_and_external_client_apps_features.htm"},
	{"help: OAuth 2.0 Client Credentials Flow", helpPage + "xcloud.remoteaccess_oauth_client_credentials_flow.htm"},
	{"help: OAuth endpoints", helpPage + "xcloud.remoteaccess_oauth_endpoints.htm"},
	{"help article 005132110", helpArticle + "005132110"},
	{"help article 005132365", helpArticle + "005132365"},
	{"help article 005225370", helpArticle + "005225370"},
	{"help article 005226734", helpArticle + "005226734"},
	{"help article 005228017", helpArticle + "005228017"},
	{"help article 005228838", helpArticle + "005228838"},
	{"Winter '27 release notes: rn_security_unpw_flow_retirement", helpPage + "release-notes.rn_security_unpw_flow_retirement.htm&release=264"},
	{"Winter '27 release notes", helpPage + "release-notes.salesforce_release_notes.htm&release=264"},
	{"Spring '26 release notes", helpPage + "release-notes.salesforce_release_notes.htm&release=260"},
	{"Metadata API guide: ExtlClntAppGlobalOauthSettings", docs + "atlas.en-us.api_meta.meta/api_meta/meta_extlclntappglobaloauthsettings.htm"},
	{"Metadata API guide", docs + "atlas.en-us.api_meta.meta/api_meta/meta_connectedapp.htm"},
	{"Tooling API guide: Certificate", docs + "atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_certificate.htm"},
	{"Object reference: OauthToken", docs + "atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_oauthtoken.htm"},
	{"Salesforce DX guide: sfdx_dev_auth_eca", docs + "atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_auth_eca.htm"},
	{"ISVforce guide, secure-code-ac-eca", docs + "platform/isvforce/guide/secure-code-ac-eca"},
	{"SBS-", benchmark},
	{"RFC 6749", "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2.1"},
	{"RFC 8252", "https://www.rfc-editor.org/rfc/rfc8252#section-8.1"},
	{"RFC 9700", "https://www.rfc-editor.org/rfc/rfc9700#section-2.1"},
	{"forcedotcom/cli issue 336", "https://github.com/forcedotcom/cli/issues/336"},
	{"forcedotcom/cli issue 3515", "https://github.com/forcedotcom/cli/issues/3515"},
	{"sfdx-hardis", "https://github.com/hardisgroupcom/sfdx-hardis"},
	{"Google Threat Intelligence: UNC6040", "https://cloud.google.com/blog/topics/threat-intelligence/voice-phishing-data-extortion"},
}

// Links lists where a source can be read. A source may name several, with
// semicolons between them.
func Links(source string) []string {
	var list []string
	for part := range strings.SplitSeq(source, ";") {
		part = strings.TrimSpace(part)
		best := -1
		for i, l := range links {
			if strings.HasPrefix(part, l.source) && (best < 0 || len(l.source) > len(links[best].source)) {
				best = i
			}
		}
		if best >= 0 {
			list = append(list, links[best].url)
		}
	}
	return list
}
