package verify

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems of verifying, and of handing credentials over.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA725", Title: "a secret into a file that exists", Why: "Others may be able to read a file that is there already, or have it open.", Fix: "name a new file, or delete the old one first"},
		{Code: "ECA726", Title: "the login's own app", Why: "Rotating or ending the credentials of the app by which one is logged in cuts oneself off.", Fix: "log in by another app: ecactl login uses that of sf"},
		{Code: "ECA727", Title: "a login that does not say of which app it is", Why: "An access token from elsewhere does not name its app, and it may be the one whose credentials are to be changed.", Fix: "log in by ecactl login; or pass --yes if you know that it is another"},
		{Code: "ECA728", Title: "a place that is taken", Why: "Beside the pair in force there is one place, for a staged pair or the one that was replaced last.", Fix: "rotate or revoke what is there; stage --replace ends it"},
		{Code: "ECA729", Title: "no staged pair", Why: "Only a pair that was staged can be handed over before it is in force, and promoted.", Fix: "ecactl credentials stage APP"},
		{Code: "ECA730", Title: "no old pair", Why: "A pair that was replaced ends after 30 days, or was ended.", Fix: "ecactl credentials history APP shows what there is"},
		{Code: "ECA731", Title: "a command that cannot be run", Why: "The command after -- takes the secret.", Fix: "check that it is installed, and its spelling"},
		{Code: "ECA732", Title: "an app that is not in the org", Why: "What is verified is what the org has.", Fix: "deploy it: ecactl deploy SPEC; check --target-org"},
		{Code: "ECA733", Title: "no app to verify", Why: "The specs describe no External Client App with OAuth, and without it there is no flow.", Fix: "name a spec with oauth"},
		{Code: "ECA734", Title: "a callback that is none", Why: "What is pasted has to be the address to which the browser was sent: the app's callback, with a code.", Fix: "copy the whole address from the browser, also if the page itself does not load"},
	}
}
