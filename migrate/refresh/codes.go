package refresh

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems of keeping apps over a refresh.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA771", Title: "a folder that holds no saved apps", Why: "refresh save writes refresh.json beside the specs; without it nobody knows what was there.", Fix: "name the folder that refresh save wrote"},
		{Code: "ECA772", Title: "a folder that holds something else, or an earlier save", Why: "A save is never written over another: it may be all that is left of a sandbox.", Fix: "name a new folder"},
		{Code: "ECA773", Title: "keys and secrets that would stand beside the specs", Why: "The folder is meant to be committed, and secrets are not.", Fix: "name a file outside of the folder, or hand them to a command with --secrets-to"},
		{Code: "ECA774", Title: "a production org", Why: "Restoring may delete Connected Apps that stand in the way; only a sandbox is made anew.", Fix: "choose the sandbox with --target-org"},
		{Code: "ECA775", Title: "a Connected App of the same name in the way", Why: "Two apps of one org cannot have the same name or key, and this one was not there when the apps were saved: somebody may need it.", Fix: "look at it, and name it with --replace if it may be deleted"},
		{Code: "ECA776", Level: diag.Warning, Title: "an app whose key is another than before", Why: "A key is set at creation alone: the app was there already, or no key was saved for it.", Fix: "hand the new key and secret to its clients: ecactl credentials show"},
		{Code: "ECA777", Title: "keys and secrets that cannot be read", Why: "They are the JSON that refresh save has handed over.", Fix: "hand exactly that back, by --secrets-file or --secrets-from"},
		{Code: "ECA778", Title: "a command that failed to take, or give, keys and secrets", Why: "What it said is quoted. Without it nothing is saved, so that no secret is lost unnoticed.", Fix: "run the command by itself first; it gets, or prints, one JSON document"},
		{Code: "ECA779", Level: diag.Warning, Title: "a secret that the org does not hand out", Why: "Secrets can be read over REST only if the org's settings allow it.", Fix: "Setup > External Client App Settings: allow access to consumer secrets via REST API; or hand new secrets out after the refresh"},
	}
}
