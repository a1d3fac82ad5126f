package migrate

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// salesforceApps are apps that Salesforce owns, which every org has and nobody
// need use. From public lists of such apps.
var salesforceApps = []string{
	"ant migration tool", "chatter desktop", "chatter mobile for blackberry", "dataloader bulk", "dataloader partner", "force.com ide", "force.com migration tool",
	"salesforce cli", "salesforce files", "salesforce for android", "salesforce for ios", "salesforce for outlook", "salesforce mobile dashboards",
	"salesforce touch", "salesforcea", "salesforcea for android", "salesforcea for ios", "salesforceiq", "visual studio code", "workbench", "platformcli",
	"salesforce chatter", "salesforce marketing cloud", "dev hub", "devops center",
}

// impersonated are names that attackers gave to apps of theirs in 2025.
var impersonated = []string{"data loader", "dataloader", "my ticket portal", "dataloader.io"}

func salesforceOwned(a *App) bool {
	label := strings.ToLower(a.Label)
	if a.row["OptionsIsInternal"] == "true" {
		return true
	}
	return slices.ContainsFunc(salesforceApps, func(name string) bool { return label == name || strings.HasPrefix(label, name+" ") })
}

// freemail are domains at which anybody may have an address.
var freemail = []string{"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "aol.com", "qq.com"}

const oldToken = `[{"AppName":"Order_Sync","UserId":"0055g0000000001AAA","User.IsActive":"%s","UseCount":"0","CreatedDate":"2026-01-01T08:00:00.000+0000"}]`

// hygiene is about apps that nobody looks after.
var hygiene = []Rule{
	{
		ID: "CA-USE-001", Level: levelWarning, Title: "nobody uses the app", Kinds: onlyConnected, Unused: true, Benchmark: "SBS-OAUTH-003",
		Why: "An app that nobody uses needs no migration, and is a door that nobody watches.", Source: "sfdx-hardis, unused Connected Apps; SBS-OAUTH-003",
		Fix:   "ask its owner, block it for a while, then delete it",
		Needs: []string{SrcTokens, SrcLogins}, Question: "use", NoFile: true, check: checkUnused,
		Bad:  inOrg(oauth("", "<label>Order_Sync</label>")),
		Good: inOrg(oauth("", "<label>Order_Sync</label>"), SrcTokens, freshToken),
	},
	{
		ID: "CA-USE-002", Level: levelNote, Title: "tokens that were never used",
		Why: "Somebody approved the app and it never came back.", Source: "Object reference: OauthToken",
		Fix:   "revoke them",
		Needs: []string{SrcTokens}, Question: "tokens", NoFile: true,
		check: func(q *question) {
			q.tokens("never used in the %d days since they were made or longer", q.inventory.Limits.NeverUsedDays, func(t tokenUse) bool {
				return t.uses == 0 && t.used.IsZero() && q.now.Sub(t.created) > days(q.inventory.Limits.NeverUsedDays)
			})
		},
		Bad:  inOrg(oauth(""), SrcTokens, strings.ReplaceAll(oldToken, "%s", "true")),
		Good: inOrg(oauth(""), SrcTokens, freshToken),
	},
	{
		ID: "CA-USE-003", Level: levelWarning, Title: "tokens from before the app was tightened",
		Why: "Tokens that users approved by themselves stay good after an admin takes over.", Source: "sfdx-hardis, stale tokens",
		Fix:   "revoke them; who is entitled approves anew",
		Needs: []string{SrcTokens}, Question: "tokens",
		check: func(q *question) {
			if q.selfAuthorize() != Off || q.modified.IsZero() || !q.modified.After(q.created.Add(time.Minute)) {
				return
			}
			q.tokens("older than the app's last change, on "+day(q.modified)+", and so perhaps than admin approval", 0, func(t tokenUse) bool {
				return !t.created.IsZero() && t.created.Before(q.modified)
			})
		},
		Bad: inOrg(oauth("<isAdminApproved>true</isAdminApproved>"), SrcTokens, idleToken,
			SrcList, `[{"type":"ConnectedApp","fullName":"Order_Sync","createdDate":"2025-01-01T08:00:00.000Z","lastModifiedDate":"2026-06-01T08:00:00.000Z"}]`),
		Good: inOrg(oauth("<isAdminApproved>true</isAdminApproved>"), SrcTokens, idleToken,
			SrcList, `[{"type":"ConnectedApp","fullName":"Order_Sync","createdDate":"2025-01-01T08:00:00.000Z","lastModifiedDate":"2025-06-01T08:00:00.000Z"}]`),
	},
	{
		ID: "CA-USE-004", Level: levelWarning, Title: "tokens of inactive users",
		Why: "An integration that runs as somebody who has left stops with the next cleaning up.", Source: "sfdx-hardis; Object reference: OauthToken",
		Fix:   "move the client to a user of its own, then revoke the tokens",
		Needs: []string{SrcTokens}, Question: "tokens", NoFile: true,
		check: func(q *question) {
			q.tokens("and nobody of them is active", 0, func(t tokenUse) bool { return t.active == Off })
			if len(q.findings) == 0 && slices.ContainsFunc(q.use.tokens, func(t tokenUse) bool { return t.active == Unknown }) {
				q.missing("whether the users of tokens are active")
			}
		},
		Bad:  inOrg(oauth(""), SrcTokens, strings.ReplaceAll(oldToken, "%s", "false")),
		Good: inOrg(oauth(""), SrcTokens, strings.ReplaceAll(oldToken, "%s", "true")),
	},
	{
		ID: "CA-USE-005", Level: levelWarning, Title: "tokens of an app that is not there", Kinds: onlyConnected, Benchmark: "SBS-OAUTH-001",
		Why: "Users have approved an app that the org has no record of: it was never installed, or has been deleted.", Source: "sfdx-hardis, phantom apps; SBS-OAUTH-001",
		Fix:   "find out what it is; revoke the tokens or install the app",
		Needs: []string{SrcTokens, SrcConnected, SrcApps}, Question: "use without installation", Fileless: true,
		check: func(q *question) {
			if q.phantom() && len(q.use.tokens) > 0 {
				q.find("", "%s of %s, and no app of this name", Plural(len(q.use.tokens), "token"), Plural(q.use.users(), "user"))
			}
		},
		Bad:  inOrg(Example{}, SrcTokens, freshToken),
		Good: inOrg(oauth(""), SrcTokens, freshToken),
	},
	{
		ID: "CA-OWN-001", Level: levelNote, Title: "no contact, or a private one", Benchmark: "SBS-OAUTH-003",
		Why: "Nobody can be asked, or the answer goes where the company does not read.", Source: "SBS-OAUTH-003",
		Fix: "enter the e-mail address of a team", check: checkContact,
		Bad:  connected("<contactEmail>order.sync@gmail.com</contactEmail>"),
		Good: connected("<contactEmail>integrations@example.com</contactEmail>"),
	},
	{
		ID: "CA-OWN-002", Level: levelNote, Title: "no description", Benchmark: "SBS-OAUTH-003",
		Why: "An inventory says for what an app is, and who needs it.", Source: "SBS-OAUTH-003",
		Fix: "say what the app does, and for whom",
		check: func(q *question) {
			root := q.header()
			if root == nil {
				return
			}
			if text, _ := root.Text("description"); strings.TrimSpace(text) == "" {
				q.findElement(root.Root, "the app has no description")
			}
		},
		Bad: connected("<description> </description>"), Good: connected("<description>Sends orders</description>"),
	},
	{
		ID: "CA-OWN-003", Level: levelNote, Title: "changed recently",
		Why: "Somebody is at work on the app, and may not have finished.", Source: "Metadata API guide: FileProperties",
		Fix:   "ask who changed it before it is migrated",
		Needs: []string{SrcList}, Question: "last change", NoFile: true,
		check: func(q *question) {
			limit := q.inventory.Limits.ChangedDays
			if !q.modified.IsZero() && q.now.Sub(q.modified) < days(limit) {
				q.find("", "changed on %s, less than %d days ago", day(q.modified), limit)
			}
		},
		Bad:  inOrg(oauth(""), SrcList, `[{"type":"ConnectedApp","fullName":"Order_Sync","lastModifiedDate":"2026-11-20T08:00:00.000Z"}]`),
		Good: inOrg(oauth(""), SrcList, `[{"type":"ConnectedApp","fullName":"Order_Sync","lastModifiedDate":"2026-10-20T08:00:00.000Z"}]`),
	},
	{
		ID: "CA-OWN-004", Level: levelWarning, Title: "name of a well-known tool", Kinds: onlyConnected,
		Why: "In 2025 attackers talked users into approving apps of these names.", Source: "Google Threat Intelligence: UNC6040; help article 005226734",
		Fix: "make sure that it is what it says; block it otherwise", NoFile: true,
		check: func(q *question) {
			label := strings.ToLower(strings.TrimSpace(q.Label))
			if label == "" {
				label = strings.ToLower(strings.ReplaceAll(q.Name, "_", " "))
			}
			if slices.Contains(impersonated, label) && q.row["OptionsIsInternal"] != "true" {
				q.find("", "the app is called %s", label)
			}
		},
		Bad: connected("<label>My Ticket Portal</label>"), Good: connected("<label>Ticket Portal</label>"),
	},
}

// phantom tells apps that nothing in the org knows but tokens and logins.
func (a *App) phantom() bool {
	return a.Kind == KindConnectedApp && !a.listed && !a.registered && !a.handed && a.parts == nil && a.Unreadable == nil
}

// tokens finds those of an app for which a test holds.
func (q *question) tokens(what string, n int, test func(tokenUse) bool) {
	count, users := 0, map[string]bool{}
	for _, t := range q.use.tokens {
		if test(t) {
			count++
			users[t.user] = true
		}
	}
	if count == 0 {
		return
	}
	if strings.Contains(what, "%d") {
		what = strings.ReplaceAll(what, "%d", strconv.Itoa(n))
	}
	q.find("", "%s of %s, %s", Plural(count, "token"), Plural(len(users), "user"), what)
	q.note("tokens", strconv.Itoa(count))
	q.note("users", strconv.Itoa(len(users)))
}

func checkUnused(q *question) {
	switch {
	case salesforceOwned(q.App) || q.inventory.successor(q.App) != nil:
	case q.intensity() == useDormant:
		last := q.use.lastUsed()
		if last.IsZero() {
			q.find("", "no login and no token in use in %s", q.window())
			return
		}
		q.find("", "used last on %s, %d days ago", day(last), int(q.now.Sub(last).Hours()/24))
	case q.intensity() == useUnknown:
		q.missing(q.rule.Question)
	}
}

func checkContact(q *question) {
	root := q.header()
	if root == nil {
		return
	}
	text, _ := root.Text("contactEmail")
	e := root.First("contactEmail")
	if e == nil {
		e = root.Root
	}
	text = strings.TrimSpace(text)
	if placeholder(text) && text != "" {
		return
	}
	address, err := mail.ParseAddress(text)
	switch {
	case text == "":
		q.findElement(e, "nobody is named as contact")
	case err != nil:
		q.findElement(e, "the contact %s is no e-mail address", text)
	default:
		domain := strings.ToLower(address.Address[strings.LastIndexByte(address.Address, '@')+1:])
		if slices.Contains(freemail, domain) {
			q.findElement(e, "the contact is at %s, where anybody may have an address", domain)
		}
	}
}
