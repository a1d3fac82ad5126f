package deploy

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems of plans that are carried out.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA511", Title: "a deploy that may or may not be in the org", Why: "The connection broke after the deploy was sent and before the answer was back, and the org could not be asked, or has several like it.", Fix: "look at Setup > Deployment Status, or ecactl deploy status --recent, before sending it again"},
		{Code: "ECA512", Title: "a plan for another org", Why: "A plan says what changes in one org; names and keys differ in others.", Fix: "choose the org that it was made for, or make a plan for this one"},
		{Code: "ECA513", Title: "an org that has changed since the plan", Why: "Somebody has changed one of the apps, and the plan was made without knowing it.", Fix: "make the plan again, and look at it"},
		{Code: "ECA514", Level: diag.Warning, Title: "something that the org could not give", Why: "What the org said is quoted.", Fix: "check the name and your permissions"},
	}
}
