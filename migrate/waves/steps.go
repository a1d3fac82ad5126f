package waves

import "github.com/ecactl/ecactl/migrate"

// A template is a step of runbooks. Placeholders in braces are filled in for each
// app; see words. Adding a step means adding an element.
type template struct {
	id       string
	title    string
	who      Who
	routes   []migrate.Route
	when     string // a condition by name, "" for always; see conditions
	each     string // what it is repeated for, "" for once: "blocker" or "break"
	do       string
	commands []string
	link     string // a page of Setup by name; see pages
	before   string
	after    string
	rollback string
	seen     string
}

var (
	button   = []migrate.Route{migrate.RouteButton}
	recreate = []migrate.Route{migrate.RouteRecreate}
	moves    = []migrate.Route{migrate.RouteButton, migrate.RouteRecreate}
	vendor   = []migrate.Route{migrate.RouteVendor}
	retire   = []migrate.Route{migrate.RouteRetire}
)

// templates are the steps of all routes, in the order in which they are taken.
var templates = []template{
	{
		id: "look", title: "Look at what could not be read", who: Admin, routes: moves, when: "unknown", link: "app",
		do:    "Open the app's page in Setup and see: {unknown}. Dynamic client registration and user provisioning keep the button away; switch them off if nobody needs them.",
		after: "Audit again: the app is no longer unknown, or you have seen the switch with your own eyes.", seen: SignHand,
	},
	{
		id: "fix", title: "Fix: {rule-title}", who: Admin, routes: button, each: "blocker", link: "app",
		do:       "{finding}. {fix}.",
		commands: []string{"ecactl explain {rule}", "ecactl migrate status {plan}{target}"},
		before:   "Whoever owns the client knows of it.", after: "status no longer shows {rule} for the app.",
		rollback: "Put back what you have changed; nothing has moved yet.", seen: SignFixed,
	},
	{
		id: "mend", title: "Before {due}: {rule-title}", who: ClientOwner, routes: moves, each: "break",
		do:       "{finding}. {fix}. The date is {due}, whether the app moves or not.",
		commands: []string{"ecactl explain {rule}"},
		after:    "status no longer shows {rule} for the app.", rollback: "Go back to the flow of before, as long as it is there.", seen: SignFixed,
	},
	{
		id: "announce", title: "Tell those who use it", who: Admin, routes: button,
		do:    "Tell {contact} and the owners of its clients: {label} moves between {begins} and {ends}. Key, secret and sessions stay; nobody has to log in again.",
		after: "They have answered, or had a week to.", seen: SignHand,
	},
	{
		id: "announce", title: "Tell those who use it", who: Admin, routes: recreate,
		do:    "Tell {contact} and the owners of its clients: {label} gets a new key between {begins} and {ends}. Every client needs the new key and secret, and users approve the new app once.",
		after: "Each client has an owner who knows the day.", seen: SignHand,
	},
	{
		id: "announce", title: "Ask whether anybody needs it", who: Admin, routes: retire,
		do:    "Ask {contact} whether {label} is needed. Nobody was seen to use it: {use}. A client that runs once a year leaves no trace in so short a time.",
		after: "Its owner agrees, or nobody has claimed it for a week.", seen: SignHand,
	},
	{
		id: "backup", title: "Keep its settings", who: Engineer, routes: []migrate.Route{migrate.RouteButton, migrate.RouteRecreate, migrate.RouteRetire}, when: "local",
		do:       "Write the Connected App's metadata into a file and commit it. Nobody can create a Connected App again, so this is what there is to look things up in.",
		commands: []string{"ecactl retrieve {app}{target} --only connected-apps --layout mdapi --dir {specs}/before --overwrite"},
		after:    "{specs}/before/connectedApps/{app}.connectedApp is there.", seen: SignBackup,
	},
	{
		id: "press", title: "Press Migrate to External Client App", who: Admin, routes: button, link: "app",
		do:       "Open the app in Setup > App Manager, press Migrate to External Client App, and confirm. No API presses it.",
		before:   "No fix is open, and you have the permission Create, edit, and delete External Client Apps.",
		commands: []string{"ecactl migrate status {plan}{target}"},
		after:    "status shows the External Client App {successor}. The Connected App stays, read only.",
		rollback: "ecactl migrate rollback {app} --plan {plan}{target} --dir {specs}", seen: SignSuccessor,
	},
	{
		id: "import", title: "Take it into a spec", who: Engineer, routes: button,
		do:       "Have status write {specs}/{successor}.yaml, and commit it: from here on the spec is what the app should be.",
		commands: []string{"ecactl migrate status {plan}{target} --dir {specs}"},
		after:    "{specs}/{successor}.yaml is there.", rollback: "Delete the file.", seen: SignSpec,
	},
	{
		id: "compare", title: "Look at what has changed on the way", who: Engineer, routes: button,
		do:       "Look at the drift that status shows between what the Connected App had and what its successor got, and at what the spec and the org differ in.",
		commands: []string{"ecactl migrate status {plan}{target} --dir {specs}", "ecactl plan {specs}/{successor}.yaml{target} --detailed-exitcode"},
		after:    "Nothing has changed that should not have, and the plan is empty.", rollback: "Correct the spec and deploy it.", seen: SignNoDrift,
	},
	{
		id: "convert", title: "Convert it into a spec", who: Engineer, routes: recreate,
		do:       "Write {specs}/{successor}.yaml, with the account of every field, and read what is lost. The name differs from the old one, because both are there for a while.",
		commands: []string{"ecactl convert{org} --app {app} --name-suffix {suffix} --label {new-label} --dir {specs}"},
		before:   "Its settings are in a file.", after: "{specs}/{successor}.yaml is there.", rollback: "Delete the file.", seen: SignSpec,
	},
	{
		id: "check", title: "Check it against the org", who: Engineer, routes: recreate,
		do:       "Check the spec, and have the org check it without saving anything.",
		commands: []string{"ecactl lint {specs}/{successor}.yaml", "ecactl deploy {specs}/{successor}.yaml{target} --dry-run"},
		after:    "Both end without an error.", seen: SignHand,
	},
	{
		id: "deploy", title: "Deploy it", who: Engineer, routes: recreate,
		do:       "Create the External Client App {successor} beside the old one. Nothing changes for anybody.",
		commands: []string{"ecactl deploy {specs}/{successor}.yaml{target} --yes"},
		before:   "The check has passed.", after: "status shows {successor}.",
		rollback: "ecactl migrate rollback {app} --plan {plan}{target} --dir {specs}", seen: SignSuccessor,
	},
	{
		id: "grant", title: "Let its users in", who: Engineer, routes: recreate, link: "permissionSets",
		do:       "See that policies.permissionSets and policies.profiles of the spec name all who used the old app, and deploy again if you add some. Assign the permission sets to users who lack them.",
		commands: []string{"ecactl deploy {specs}/{successor}.yaml{target} --yes"},
		before:   "You know who used the old app: {use}.", after: "status says to whom {successor} is granted.",
		rollback: "ecactl migrate rollback {app} --plan {plan}{target} --dir {specs}", seen: SignGranted,
	},
	{
		id: "verify", title: "Prove that it works", who: Engineer, routes: moves,
		do:       "Log in by every flow that the spec enables, and keep the result: retire asks for it.",
		commands: []string{"ecactl migrate verify {specs}/{successor}.yaml{target} -o table -o json={specs}/verified/{successor}.json"},
		before:   "It is deployed and granted.", after: "Every flow passes.", rollback: "Nothing is left behind: tokens are revoked.", seen: SignVerified,
	},
	{
		id: "handover", title: "Hand the new credentials over", who: Admin, routes: recreate, link: "externalApps",
		do:       "Give each client's owner the new consumer key, and the secret by a way that keeps it secret: a secret store, never a mail or a ticket.",
		commands: []string{"ecactl credentials show {successor}{target}"},
		before:   "The app is verified.", after: "Each owner has confirmed.", rollback: "ecactl credentials rotate {successor}{target}, should a secret have gone astray", seen: SignHand,
	},
	{
		id: "switch", title: "Change the clients over", who: ClientOwner, routes: recreate,
		do:    "Put the new key and secret into the client, and use the instance_url of the token response. Users approve the new app once.",
		after: "status sees logins by {new-label}.", rollback: "Put the old key and secret back: the old app is still there.", seen: SignInUse,
	},
	{
		id: "watch", title: "Watch its logins", who: Admin, routes: button, link: "logins",
		do:       "Watch for a week that clients go on logging in: {use}.",
		commands: []string{"ecactl migrate status {plan}{target}"},
		after:    "status sees it used since it moved.", rollback: "ecactl migrate rollback {app} --plan {plan}{target} --dir {specs}", seen: SignInUse,
	},
	{
		id: "close", title: "Leave the old one alone", who: Admin, routes: button,
		do:    "Leave the read-only Connected App where it is: deleting the External Client App brings it back, and so it is the way back. What Notification Delivery Settings and Briefcase had of it has to be set anew.",
		after: "Whoever looks after the org knows that the External Client App must not be deleted.", seen: SignHand,
	},
	{
		id: "silent", title: "Wait until the old one is silent", who: Admin, routes: recreate, link: "usage",
		do:       "Watch both apps until nobody has used the old one for {quiet} days. Who still does is in Setup > Connected Apps OAuth Usage.",
		commands: []string{"ecactl migrate status {plan}{target}"},
		after:    "status says so.", rollback: "There is nothing to be taken back.", seen: SignSilent,
	},
	{
		id: "block", title: "Block the old one", who: Admin, routes: []migrate.Route{migrate.RouteRecreate, migrate.RouteRetire}, link: "usage",
		do:     "Press Block beside {label}. Its tokens end at once; no API does it, and none tells that it was done.",
		before: "It is silent.", after: "Nobody complains for a week.", rollback: "Press Unblock on the same page.", seen: SignHand,
	},
	{
		id: "silent", title: "Wait", who: Admin, routes: retire, link: "usage",
		do:       "Wait until nobody has used it for {quiet} days, with it blocked.",
		commands: []string{"ecactl migrate status {plan}{target}"},
		after:    "status says so.", rollback: "Press Unblock in Setup > Connected Apps OAuth Usage.", seen: SignSilent,
	},
	{
		id: "retire", title: "Delete the old one", who: Engineer, routes: []migrate.Route{migrate.RouteRecreate, migrate.RouteRetire}, when: "local",
		do:       "Delete the Connected App. It cannot be created again; retire refuses as long as it is in use, or its successor is not verified.",
		commands: []string{"ecactl migrate retire {app} --plan {plan}{target} --dir {specs}"},
		before:   "It is silent, its settings are in a file, and its successor, if it has one, is verified.", after: "The org no longer lists it.",
		rollback: "None: Salesforce no longer creates Connected Apps.", seen: SignGone,
	},
	{
		id: "uninstall", title: "Uninstall it", who: Admin, routes: retire, when: "foreign", link: "usage",
		do:     "Uninstall it there, or its package in Setup > Installed Packages. It is not this org's to delete.",
		before: "It is silent and blocked.", after: "The org no longer lists it.", rollback: "Install it again.", seen: SignGone,
	},
	{
		id: "ask", title: "Ask the vendor", who: VendorOwner, routes: vendor,
		do: "Write to the vendor of {label}: \"We use your app {label} in our Salesforce org. Connected Apps lose their support in Summer '27{due-words}. When will there be an External Client App, " +
			"do key, tokens and sessions stay, and what do we have to do? Vendors can migrate packaged apps since Winter '27.\"",
		after: "You have a date, and know whether users have to log in again.", seen: SignHand,
	},
	{
		id: "install", title: "Install what the vendor gives", who: Admin, routes: vendor, link: "packages",
		do:       "Upgrade the package, or install the vendor's External Client App, in a sandbox first; set its policies and grant it.",
		commands: []string{"ecactl audit{target}"},
		before:   "The vendor has answered.", after: "The app is among the org's External Client Apps.", rollback: "Ask the vendor: a package cannot be downgraded.", seen: SignHand,
	},
	{
		id: "silent", title: "Wait until the old one is silent", who: Admin, routes: vendor, link: "usage",
		do:       "Watch until nobody has used the old one for {quiet} days.",
		commands: []string{"ecactl migrate status {plan}{target}"},
		after:    "status says so.", rollback: "There is nothing to be taken back.", seen: SignSilent,
	},
	{
		id: "block", title: "Block and uninstall the old one", who: Admin, routes: vendor, link: "usage",
		do:     "Press Block beside {label}, and after a week uninstall it.",
		before: "It is silent.", after: "The org no longer lists it.", rollback: "Press Unblock, or install it again.", seen: SignGone,
	},
}

// fixers says who mends what a rule finds, where that is not whom the template
// names.
var fixers = map[string]Who{
	"CA-ELIG-006": Engineer, "CA-ELIG-007": ClientOwner, "CA-ELIG-009": ClientOwner, "CA-ELIG-012": Engineer, "CA-ELIG-014": Engineer,
	"CA-FLOW-005": Admin, "CA-READ-001": Engineer,
}

// pages are those of Setup, by the names that templates use.
var pages = map[string]string{
	"usage":          "/lightning/setup/ConnectedAppsUsage/home",
	"logins":         "/lightning/setup/OrgLoginHistory/home",
	"permissionSets": "/lightning/setup/PermSets/home",
	"externalApps":   "/lightning/setup/ManageExternalClientApplication/home",
	"packages":       "/lightning/setup/ImportedPackage/home",
}
