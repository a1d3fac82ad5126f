package login

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems that this package reports.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA541", Title: "an accounts.json that cannot be read", Why: "It holds the logins. It is not replaced, for it may be only damaged.", Fix: "mend it, or move it away and log in again"},
		{Code: "ECA542", Title: "a file of tokens that is not safe, or cannot be read", Why: "Whoever can read it can use your orgs.", Fix: "chmod 600, and end the tokens if others may have read them; or delete it and log in again"},
		{Code: "ECA543", Title: "not logged in", Why: "There is no login for the org, or it has ended. The exit code is 4.", Fix: "ecactl login; ecactl orgs lists what there is"},
		{Code: "ECA544", Title: "not a private key that can be used", Why: "The JWT bearer flow takes an RSA key in PEM, without a passphrase.", Fix: "make one: openssl req -x509 -newkey rsa:4096 -nodes -keyout ci.key -out ci.crt -days 365 -subj /CN=ci"},
		{Code: "ECA545", Title: "client credentials at the wrong host", Why: "login.salesforce.com and test.salesforce.com do not take this flow.", Fix: "pass the org's own My Domain"},
		{Code: "ECA546", Title: "not an sfdx auth URL", Why: "It is force://CLIENT:SECRET:REFRESH@HOST.", Fix: "take it from sf org auth show-sfdx-auth-url"},
		{Code: "ECA547", Title: "a port that is taken", Why: "The browser comes back to a port of this machine, which is among the app's callback URLs.", Fix: "end the other login, or pass --port"},
		{Code: "ECA548", Title: "an sf that prints no JSON", Why: "It is too old, or broken.", Fix: "npm install --global @salesforce/cli"},
		{Code: "ECA549", Title: "not an access token", Why: "A token is one word of letters, digits and a few marks. A file with several lines, or a JSON document, is none.", Fix: "pass the token alone"},
	}
}
