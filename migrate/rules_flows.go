package migrate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// Login subtypes by the flows that stop.
var (
	subPassword  = []string{"OauthUsernamePassword"}
	subUserAgent = []string{"OauthUserAgent", "OauthUserAgentIdToken", "OauthHybridUserAgent"}
	subDevice    = []string{"OAuthDevice"}
)

// inOrg is an example of an org: metadata, and records by source.
func inOrg(e Example, records ...string) Example {
	e = slices.Clone(e)
	for i := 0; i+1 < len(records); i += 2 {
		e = append(e, ExampleFile{records[i] + ".json", records[i+1]})
	}
	if len(records) == 0 {
		e = append(e, ExampleFile{SrcOrganization + ".json", "[]"})
	}
	return e
}

const (
	passwordLogin = `[{"Application":"Order_Sync","LoginType":"Remote Access 2.0","LoginSubType":"OauthUsernamePassword","n":"12","latest":"2026-11-20T08:00:00.000+0000"}]`
	webLogin      = `[{"Application":"Order_Sync","LoginType":"Remote Access 2.0","LoginSubType":"OauthWebServer","n":"12","latest":"2026-11-20T08:00:00.000+0000"}]`
	idleToken     = `[{"AppName":"Order_Sync","UserId":"0055g0000000001AAA","UseCount":"4","LastUsedDate":"2026-10-20T08:00:00.000+0000","CreatedDate":"2026-01-01T08:00:00.000+0000"}]`
	freshToken    = `[{"AppName":"Order_Sync","UserId":"0055g0000000001AAA","UseCount":"4","LastUsedDate":"2026-11-20T08:00:00.000+0000","CreatedDate":"2026-01-01T08:00:00.000+0000"}]`
)

// flows are what stops on a day.
var flows = []Rule{
	{
		ID: "CA-FLOW-001", Level: levelError, Title: "username-password flow in use", Kinds: onlyConnected, Deadline: "username-password",
		Why: "The flow stops, and External Client Apps never had it.", Source: "Winter '27 release notes: rn_security_unpw_flow_retirement",
		Fix:   "move the client to client credentials (an API-only Run As user, and the My Domain address) or to JWT bearer",
		Needs: []string{SrcLogins}, Question: "username-password use", NoFile: true, OAuth: true,
		check: func(q *question) {
			q.logins(subPassword, "username-password flow", "blockOAuthUnPwFlow")
		},
		Bad:  inOrg(oauth(""), SrcLogins, passwordLogin),
		Good: inOrg(oauth(""), SrcLogins, webLogin),
	},
	{
		ID: "CA-FLOW-002", Level: levelError, Title: "user-agent flow in use", Deadline: "user-agent",
		Why: "The user-agent and hybrid user-agent flows stop.", Source: "Winter '27 release notes, security",
		Fix:   "move the client to the web server flow, or the hybrid one, with PKCE",
		Needs: []string{SrcLogins}, Question: "user-agent use", NoFile: true, OAuth: true,
		check: func(q *question) {
			q.logins(subUserAgent, "user-agent flow", "blockOAuthUsrAgtFlow")
		},
		Bad:  inOrg(oauth(""), SrcLogins, strings.ReplaceAll(passwordLogin, "OauthUsernamePassword", "OauthHybridUserAgent")),
		Good: inOrg(oauth(""), SrcLogins, webLogin),
	},
	{
		ID: "CA-FLOW-003", Level: levelError, Title: "device flow that will be refused", Deadline: "device-flow",
		Why: "The device flow is left to local External Client Apps with a localhost callback.", Source: "Winter '27 release notes: Restrict the OAuth 2.0 Device Flow to Local External Client Apps",
		Fix:  "make a local External Client App with a localhost callback for the device, or move the client to another flow",
		Also: []string{SrcLogins}, NoFile: true, OAuth: true, check: checkDevice,
		Bad:  global("<callbackUrl>https://example.com/cb</callbackUrl><isDeviceFlowEnabled>true</isDeviceFlowEnabled>"),
		Good: global("<callbackUrl>http://localhost:1717/OauthRedirect</callbackUrl><isDeviceFlowEnabled>true</isDeviceFlowEnabled>"),
	},
	{
		ID: "CA-FLOW-004", Level: levelError, Title: "SOAP login() in use", Deadline: "soap-login", Kinds: []string{KindConnectedApp, KindECA, KindOrg},
		Why: "SOAP login() of API versions 31.0 to 64.0 stops; 65.0 and later do not have it.", Source: "help article 005132110",
		Fix:   "log in by OAuth: client credentials or JWT bearer for servers, the web server flow for people",
		Needs: []string{SrcSOAPLogins}, Question: "SOAP login() use", NoFile: true, check: checkSOAP,
		Bad:  inOrg(oauth(""), SrcSOAPLogins, `[{"Application":"Order_Sync","LoginType":"Partner","ApiVersion":"52.0","n":"3","latest":"2026-11-20T08:00:00.000+0000"}]`),
		Good: inOrg(oauth(""), SrcLogins, webLogin),
	},
	{
		ID: "CA-FLOW-005", Level: levelError, Title: "refresh tokens that end after 30 days without use", Deadline: "idle-refresh", OAuth: true,
		Why: "Refresh tokens that idle for more than 30 days end, whatever the policy says; metadata is not changed.", Source: "Winter '27 release notes; help: Limit Idle Refresh Token TTL",
		Fix:  "let clients refresh at least every 30 days, or log in again; say 30 days of inactivity in the policy, so that it is what happens",
		Also: []string{SrcTokens}, check: checkIdle,
		Bad:  oauth("<scopes>RefreshToken</scopes>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>specific_inactivity:45:DAYS</refreshTokenPolicy></oauthPolicy>"),
		Good: oauth("<scopes>RefreshToken</scopes>", "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy></oauthPolicy>"),
	},
	{
		ID: "CA-FLOW-006", Level: levelError, Title: "instanced address", Deadline: "instanced-url",
		Why: "Addresses such as na30.salesforce.com stop answering.", Source: "Winter '27 release notes",
		Fix:  "use the org's My Domain address, or the instance_url of the token response",
		Also: []string{SrcLoginURLs}, NoFile: true, check: checkInstanced,
		Bad:  oauth("<callbackUrl>https://na30.salesforce.com/services/oauth2/success</callbackUrl>"),
		Good: oauth("<callbackUrl>https://acme.my.salesforce.com/services/oauth2/success</callbackUrl>"),
	},
	{
		ID: "CA-FLOW-007", Level: levelWarning, Title: "Connected App that has to move", Kinds: onlyConnected, Deadline: "connected-app-support",
		Why: "Connected Apps keep working, and Salesforce no longer fixes or supports what uses them.", Source: "Winter '27 release notes",
		Fix: "migrate it, in the way that the report says",
		check: func(q *question) {
			if next := q.inventory.successor(q.App); next == nil || differentKeys(q.App, next) {
				q.find("", "the app is a Connected App still")
			}
		},
		Bad: connected(""), Good: Example{{"Order_Sync.connectedApp", ""}, {"Order_Sync.eca", ""}},
	},
	{
		ID: "CA-FLOW-008", Level: levelError, Title: "app that is used and not installed", Kinds: onlyConnected, Benchmark: "SBS-OAUTH-001",
		Why: "Since September 2025 users who have not approved an app before cannot approve one that is not installed, and its device flow is blocked for everybody.", Source: kaInstalled,
		Fix:   "install the app (Setup > Connected Apps OAuth Usage) if it is to be used, else block it",
		Needs: []string{SrcTokens, SrcConnected, SrcApps}, Question: "use without installation", Fileless: true,
		check: func(q *question) {
			if use := q.intensity(); q.phantom() && (use == useActive || use == useQuiet) {
				q.find("", "approved by %s and not installed; nobody else can approve it", Plural(q.use.users(), "user"))
			}
		},
		Bad:  inOrg(Example{}, SrcTokens, freshToken),
		Good: inOrg(oauth(""), SrcTokens, freshToken),
	},
}

// logins finds what logged in by a flow that stops. An org that blocks the flow
// already has let the breakage happen.
func (q *question) logins(subs []string, name, blocks string) {
	l := q.use.bySub(subs...)
	if l.count == 0 {
		return
	}
	q.find("", "%s by the %s in %s, the last on %s", Plural(l.count, "login"), name, q.window(), day(l.latest))
	q.noteUse(l)
	if q.orgSwitch("OauthOidcSettings", blocks) == On {
		q.note("blocked", "the org blocks the flow now")
	}
}

// noteUse adds what logins tell to the last finding.
func (q *question) noteUse(l loginUse) {
	q.note("logins", strconv.Itoa(l.count))
	q.note("lastLogin", day(l.latest))
	if l.sub != "" {
		q.note("subtype", l.sub)
	}
	if n := q.use.users(); n > 0 {
		q.note("users", strconv.Itoa(n))
	}
	if len(q.use.shared) > 0 {
		q.note("sharedLabel", "logins are counted by label, and "+join(q.use.shared)+" has the same")
	}
}

func (q *question) window() string {
	if q.inventory.evidence == nil {
		return "the time that was looked at"
	}
	return Plural(q.inventory.evidence.Org.Days, "day")
}

// orgSwitch is a setting of the org.
func (q *question) orgSwitch(typ, field string) Flag {
	if q.inventory.org == nil || q.inventory.org.parts[typ] == nil {
		return Unknown
	}
	switch text, _ := q.inventory.org.parts[typ].Text(field); text {
	case "true":
		return On
	case "false":
		return Off
	}
	return Unknown
}

func checkDevice(q *question) {
	const open = "device flow use"
	l := q.use.bySub(subDevice...)
	local := slices.ContainsFunc(q.list("callbacks"), func(raw string) bool {
		u := parseCallback(raw)
		return u != nil && loopback(u.Hostname())
	})
	switch {
	case q.Kind == KindConnectedApp && l.count > 0:
		q.find("", "%s by the device flow in %s, the last on %s", Plural(l.count, "login"), q.window(), day(l.latest))
		q.noteUse(l)
	case q.Kind == KindConnectedApp && !q.inventory.read(SrcLogins):
		q.missing(open) // a Connected App's metadata does not say whether the flow is on
	case q.Kind == KindECA && q.flag("device") == On && q.packaged():
		q.find("device", "the device flow is on, and the app is packaged")
	case q.Kind == KindECA && q.flag("device") == On && !local:
		q.find("device", "the device flow is on, and no callback is on localhost")
	case q.Kind == KindECA && l.count > 0 && (!local || q.packaged()) && q.parts != nil:
		q.find("", "%s by the device flow, which the app's callbacks do not allow", Plural(l.count, "login"))
		q.noteUse(l)
	case q.Kind == KindECA && q.oauth() && q.flag("device") == Unknown:
		q.missing(open)
	}
}

// packaged tells External Client Apps for packages.
func (a *App) packaged() bool {
	header := a.parts[metadata.TypeApp]
	if header == nil {
		return a.namespace != ""
	}
	state, _ := header.Text("distributionState")
	return state == "Packaged"
}

// SOAP login() is in these API versions; older ones are gone.
const firstSOAP, lastSOAP = 31, 64

func checkSOAP(q *question) {
	count, latest, versions := 0, time.Time{}, []string{}
	for _, s := range q.use.soap {
		v, err := strconv.ParseFloat(s.version, 64)
		if err == nil && (v < firstSOAP || v > lastSOAP) {
			continue
		}
		count += s.count
		if s.latest.After(latest) {
			latest = s.latest
		}
		if text := strings.TrimSuffix(s.version, ".0"); text != "" && !slices.Contains(versions, text) {
			versions = append(versions, text)
		}
	}
	if count == 0 {
		return
	}
	slices.Sort(versions)
	q.find("", "%s by SOAP login() in %s, the last on %s", Plural(count, "login"), q.window(), day(latest))
	q.note("logins", strconv.Itoa(count))
	q.note("lastLogin", day(latest))
	if len(versions) > 0 {
		q.note("apiVersions", join(versions))
	}
}

// idleDays is how long a refresh token may idle, and gapDays how long a lifetime
// policy's token has idled when it is close to that.
const idleDays, gapDays = 30, 25

func checkIdle(q *question) {
	if !q.refreshes() && q.refreshPolicy() == "" {
		return
	}
	switch policy := q.refreshPolicy(); policy {
	case "infinite":
		q.find("refreshPolicy", "the policy is until revoked, and acts as 30 days of inactivity")
	case "specific_inactivity":
		if n := q.refreshDays(); n > idleDays {
			q.find("refreshPolicy", "the policy is %d days of inactivity, and 30 are the most", n)
		}
	case "specific_lifetime":
		idle, longest := 0, 0
		for _, t := range q.use.tokens {
			if gap := int(q.now.Sub(t.used).Hours() / 24); !t.used.IsZero() && gap > gapDays {
				idle++
				longest = max(longest, gap)
			}
		}
		if idle > 0 {
			q.find("refreshPolicy", "%s idle for more than %d days, the longest for %d", Plural(idle, "token"), gapDays, longest)
			q.note("tokens", strconv.Itoa(idle))
		} else if q.inventory.evidence != nil && !q.inventory.read(SrcTokens) {
			q.missing("idle refresh tokens")
		}
	case "":
		if q.Kind == KindConnectedApp && q.refreshes() {
			q.find("refreshPolicy", "no refresh token policy is said, and the default, until revoked, acts as 30 days of inactivity")
		} else if q.Kind == KindECA {
			q.missing("refresh token policy")
		}
	}
}

// refreshDays is the length of a refresh token policy in days, rounded up.
func (a *App) refreshDays() int {
	units := map[string]float64{"DAYS": 1, "HOURS": 1.0 / 24, "MONTHS": 30, "MINUTES": 1.0 / 1440, "WEEKS": 7}
	n, unit := a.text("refreshPeriod"), a.text("refreshUnit")
	if parts := strings.Split(a.text("refreshPolicy"), ":"); a.Kind == KindConnectedApp && len(parts) == 3 {
		n, unit = parts[1], parts[2]
	}
	size, ok := units[strings.ToUpper(unit)]
	if !ok {
		size = 1
	}
	length := float64(number(n)) * size
	whole := int(length)
	if float64(whole) < length {
		whole++
	}
	return whole
}

// instanced are addresses of an instance and not of an org.
var instanced = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i)(https?://)?[a-z]{2,4}[0-9]+(-api)?\.salesforce\.com(/|$|:)`)
})

func checkInstanced(q *question) {
	for _, raw := range q.list("callbacks") {
		if instanced().MatchString(raw) {
			q.find("callbacks", "the callback %s is at an instance, and not at the org's own domain", raw)
		}
	}
	for _, u := range q.use.urls {
		if instanced().MatchString(u) {
			q.find("", "logins at %s, an instance, and not the org's own domain", u)
			q.note("loginUrl", u)
		}
	}
	if len(q.findings) == 0 && q.inventory.evidence != nil && !q.inventory.read(SrcLoginURLs) {
		q.missing("login addresses")
	}
}
