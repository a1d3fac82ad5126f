package rollback

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems of taking migrations back.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA761", Title: "an app that the plan does not have", Why: "A rollback goes by the plan: it says what an app was before.", Fix: "name an app of the plan, and the org that it is in"},
		{Code: "ECA762", Title: "a successor that cannot go, because the old app is gone", Why: "Deleting the External Client App would leave its clients with nothing: a Connected App cannot be created again.", Fix: "mend the External Client App instead: edit its spec and deploy it"},
		{Code: "ECA763", Title: "a route without a way back", Why: "Nothing was put into the org for apps of vendors, or for apps that are retired.", Fix: "unblock the app in Setup > Connected Apps OAuth Usage"},
		{Code: "ECA764", Title: "a deletion that the org refused", Why: "What the org said is quoted. Nothing has changed: a deploy is one transaction.", Fix: "do what the message says, and run it again"},
		{Code: "ECA765", Title: "a Connected App that is not active again", Why: "Its successor is gone, and the org does not give the Connected App back yet.", Fix: "look at its page in Setup > App Manager; run rollback again to look once more"},
		{Code: "ECA766", Title: "an old app that cannot be retired yet", Why: "A Connected App cannot be created again, so it goes only when its successor is verified and nobody uses it any more.", Fix: "ecactl migrate status PLAN --dir DIR says what is open"},
		{Code: "ECA767", Level: diag.Warning, Title: "an org that did not say whether the Connected App is active", Why: "No API tells; a validation of its own metadata did not succeed, for the reason that is quoted.", Fix: "look at its page in Setup > App Manager"},
	}
}
