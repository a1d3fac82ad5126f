package waves

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems of plans of migrations.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA751", Title: "a file that is no plan of a migration", Why: "status, rollback and retire go by what migrate plan --out wrote, whole and of this version.", Fix: "make the plan again: ecactl migrate plan AUDIT.json --out FILE"},
		{Code: "ECA752", Title: "two apps of one name in one org", Why: "They could not be told apart afterwards.", Fix: "audit the org again, or take one of the two files away"},
		{Code: "ECA753", Title: "an org that the plan knows nothing of", Why: "A plan says of each app which org it is in.", Fix: "choose one of its orgs with --target-org, or make a plan of an audit of this one"},
	}
}
