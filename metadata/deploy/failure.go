package deploy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ecactl/ecactl/metadata/org"
)

// A Failure is what an org has against one component of a deploy.
type Failure struct {
	Type    string // "" if it is about the deploy as a whole
	Name    string
	File    string // below the package
	Line    int
	Column  int
	Field   string // if the text names one
	Problem string // what Salesforce said
	Kind    string // "Error" or "Warning"
	Advice  *org.Advice
}

// Failures lists what went wrong, errors first, and the warnings of those that
// went well: none of them is lost.
func Failures(r *org.DeployResult) []Failure {
	var list []Failure
	for _, messages := range [][]org.DeployMessage{r.Details.ComponentFailures, r.Details.ComponentSuccesses} {
		for _, m := range messages {
			if m.Problem == "" {
				continue
			}
			list = append(list, Failure{
				Type: m.ComponentType, Name: m.FullName, File: m.FileName, Line: m.LineNumber, Column: m.ColumnNumber,
				Field: fieldIn(m.Problem), Problem: m.Problem, Kind: cmp.Or(m.ProblemType, "Error"), Advice: org.Advise("deploy", m.Problem),
			})
		}
	}
	for _, f := range r.Details.RunTestResult.Failures {
		list = append(list, Failure{Type: "ApexClass", Name: f.Name, Field: f.MethodName, Problem: f.Message, Kind: "Error"})
	}
	if r.ErrorMessage != "" {
		list = append(list, Failure{Problem: strings.TrimPrefix(r.ErrorStatusCode+": "+r.ErrorMessage, ": "), Kind: "Error", Advice: org.Advise("deploy", r.ErrorMessage)})
	}
	slices.SortStableFunc(list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// markers are the texts after which Salesforce names a field, and what ends the
// name.
var markers = []struct{ before, after string }{
	{"In field: ", " - "},
	{"Element {http://soap.sforce.com/2006/04/metadata}", " "},
	{"Required field is missing: ", " "},
}

// fieldIn finds the field that a message is about, or returns "".
func fieldIn(problem string) string {
	for _, m := range markers {
		if _, rest, ok := strings.Cut(problem, m.before); ok {
			name, _, _ := strings.Cut(rest, m.after)
			return strings.TrimSpace(name)
		}
	}
	return ""
}
