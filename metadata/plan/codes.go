package plan

import "github.com/ecactl/ecactl/metadata/diag"

// Codes documents the problems that this package reports.
func Codes() []diag.Entry {
	return []diag.Entry{
		{Code: "ECA501", Title: "an app both wanted and to be deleted", Why: "A spec describes it, and --delete names it.", Fix: "leave one of the two out"},
		{Code: "ECA502", Title: "an app that the org does not have", Why: "Only what is there can be deleted, and an app of a managed package only by uninstalling the package.", Fix: "check the API name, and the org"},
		{Code: "ECA503", Title: "not a plan", Why: "The file was not written by this version's plan --out, or was cut off or changed.", Fix: "make the plan again"},
	}
}
