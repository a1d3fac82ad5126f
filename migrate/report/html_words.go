package report

import (
	"strings"
	"sync"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
)

// verdictNames and routeNames are the words of a report for what its machine
// formats have as "fix-first".
var verdictNames = map[migrate.Verdict]string{
	migrate.VerdictEligible: "Eligible", migrate.VerdictFixFirst: "Fix first", migrate.VerdictVendor: "Vendor",
	migrate.VerdictMigrated: "Migrated", migrate.VerdictUnknown: "Unknown",
}

var routeNames = map[migrate.Route]string{
	migrate.RouteButton: "Button", migrate.RouteRecreate: "Recreate", migrate.RouteVendor: "Vendor",
	migrate.RouteRetire: "Retire", migrate.RouteDone: "Done", migrate.RouteNone: "None yet",
}

// verdictWords say beside a number what it counts.
var verdictWords = map[migrate.Verdict]string{
	migrate.VerdictEligible: "ready: Setup's button takes them now",
	migrate.VerdictFixFirst: "after the fixes that are named below",
	migrate.VerdictVendor:   "blocked: the owner has to move them",
	migrate.VerdictMigrated: "External Client Apps already",
	migrate.VerdictUnknown:  "somebody has to look",
}

var routeWords = map[migrate.Route]string{
	migrate.RouteButton:   "keeping consumer key, secret and sessions",
	migrate.RouteRecreate: "as new apps, with new keys",
	migrate.RouteVendor:   "when the vendor moves them",
	migrate.RouteRetire:   "without users, and free to go",
	migrate.RouteDone:     "moved already",
	migrate.RouteNone:     "not readable",
}

// changes say what users will notice, by the way an app goes.
var changes = map[migrate.Route]string{
	migrate.RouteButton: "Nothing, by the move itself: the button keeps the consumer key, the secret and the sessions, so clients go on as they are and nobody " +
		"approves anything anew. The Connected App stays, read-only; deleting the External Client App brings it back.",
	migrate.RouteRecreate: "They will notice. The new app has a new consumer key and secret: whoever runs the client has to enter them, and every user " +
		"approves the new app unless an admin does so for all. Run both apps side by side until nobody logs in by the old one.",
	migrate.RouteVendor: "That is up to the vendor. If the app moves inside its package, logins and tokens stay valid; if it is a new app, users approve it once.",
	migrate.RouteRetire: "Nobody has been seen using it. Block it before you delete it: if somebody does miss it, unblocking brings it back at once.",
	migrate.RouteDone:   "Nothing more: the move is behind them.",
	migrate.RouteNone:   "That cannot be told before its settings are read.",
}

// firstLook goes before what the button changes while it is not known whether it
// takes the app, and firstFix while it does not.
const (
	firstLook = "Not known yet: somebody has to look first. If the button takes it: "
	firstFix  = "The fixes come first, and may ask for a change of the client. After that: "
)

// flowWords say how a login looks, by the words that a report has for its flow.
var flowWords = map[string]string{
	"authorization code, with PKCE":         "a person logs in by a browser; a stolen code is of no use",
	"authorization code, PKCE not required": "a person logs in by a browser; a stolen code can be used by others",
	"refresh token":                         "the client stays logged in while the person is away",
	"client credentials":                    "a server logs in with the app's secret, as one fixed user",
	"JWT bearer":                            "a server logs in with a certificate, as a user that has approved it",
	"authorization code and credentials":    "a person logs in on the client's own page",
	"token exchange":                        "a token of another identity provider is exchanged for one of the org",
	"device":                                "a person types a code from a device that has no browser",
	"SAML":                                  "single sign-on from the org into the service",
	"canvas":                                "the service is shown inside Salesforce pages",
	"username-password, in use":             "the client holds somebody's password and sends it",
	"user-agent, in use":                    "the token is handed to the browser in an address",
	"device, in use":                        "a person types a code from a device that has no browser; it was seen",
}

var stateWords = map[migrate.SourceState]string{
	migrate.SourceOK: "read", migrate.SourceDenied: "denied", migrate.SourceTruncated: "truncated", migrate.SourceUnavailable: "not available",
}

var kindWords = map[string]string{migrate.KindConnectedApp: "Connected App", migrate.KindECA: "External Client App"}

var orgTypes = map[string]string{"source": "files"}

// scopeWords are Setup's words for a scope, by its OAuth name.
var scopeWords = sync.OnceValue(func() map[string]string {
	words := map[string]string{}
	for _, s := range spec.Scopes(metadata.Schema()) {
		if len(s.Labels) > 0 {
			words[s.Name()], _, _ = strings.Cut(s.Labels[0], " (") // the name stands beside it
		}
	}
	words["offline_access"] = words["refresh_token"] // two names of one scope
	return words
})

// A cite is a source, with the address at which it can be read if that is known.
type cite struct{ Text, URL string }

// cites takes a source apart: it may name several.
func cites(source string) []cite {
	var list []cite
	for part := range strings.SplitSeq(Plain(source), ";") {
		c := cite{Text: strings.TrimSpace(part)}
		if at := migrate.Links(c.Text); len(at) > 0 {
			c.URL = link(at[0])
		}
		list = append(list, c)
	}
	return list
}
