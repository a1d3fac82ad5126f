package org

import (
	"strings"
	"time"
)

// A Time is a moment as Salesforce writes it; the zero value is none.
type Time struct{ time.Time }

// layouts in which times arrive, over SOAP and over REST.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05-0700"}

// UnmarshalText reads a moment. What is none of the layouts is no moment rather
// than an error: no decision depends on it.
func (t *Time) UnmarshalText(text []byte) error {
	for _, layout := range layouts {
		if parsed, err := time.Parse(layout, strings.TrimSpace(string(text))); err == nil {
			t.Time = parsed
			return nil
		}
	}
	t.Time = time.Time{}
	return nil
}

// UnmarshalJSON reads a moment or null.
func (t *Time) UnmarshalJSON(data []byte) error {
	return t.UnmarshalText([]byte(strings.Trim(string(data), `"`)))
}

// DeployOptions are those of the Metadata API that the tool uses.
type DeployOptions struct {
	CheckOnly       bool   `json:"checkOnly"`
	IgnoreWarnings  bool   `json:"ignoreWarnings"`
	PurgeOnDelete   bool   `json:"purgeOnDelete"`
	RollbackOnError bool   `json:"rollbackOnError"`
	SinglePackage   bool   `json:"singlePackage"`
	TestLevel       string `json:"testLevel,omitempty"`
}

// A DeployResult is how far a deploy is, or how it ended. Statuses change with
// releases: whether it is over says Done alone.
type DeployResult struct {
	ID                       string        `xml:"id" json:"id"`
	Status                   string        `xml:"status" json:"status"`
	StateDetail              string        `xml:"stateDetail" json:"stateDetail"`
	Done                     bool          `xml:"done" json:"done"`
	Success                  bool          `xml:"success" json:"success"`
	CheckOnly                bool          `xml:"checkOnly" json:"checkOnly"`
	IgnoreWarnings           bool          `xml:"ignoreWarnings" json:"ignoreWarnings"`
	RollbackOnError          bool          `xml:"rollbackOnError" json:"rollbackOnError"`
	RunTestsEnabled          bool          `xml:"runTestsEnabled" json:"runTestsEnabled"`
	CanceledBy               string        `xml:"canceledBy" json:"canceledBy"`
	CanceledByName           string        `xml:"canceledByName" json:"canceledByName"`
	CreatedBy                string        `xml:"createdBy" json:"createdBy"` // 15 characters
	CreatedByName            string        `xml:"createdByName" json:"createdByName"`
	CreatedDate              Time          `xml:"createdDate" json:"createdDate"`
	StartDate                Time          `xml:"startDate" json:"startDate"`
	CompletedDate            Time          `xml:"completedDate" json:"completedDate"`
	ErrorMessage             string        `xml:"errorMessage" json:"errorMessage"`
	ErrorStatusCode          string        `xml:"errorStatusCode" json:"errorStatusCode"`
	NumberComponentErrors    int           `xml:"numberComponentErrors" json:"numberComponentErrors"`
	NumberComponentsDeployed int           `xml:"numberComponentsDeployed" json:"numberComponentsDeployed"`
	NumberComponentsTotal    int           `xml:"numberComponentsTotal" json:"numberComponentsTotal"`
	NumberTestErrors         int           `xml:"numberTestErrors" json:"numberTestErrors"`
	NumberTestsCompleted     int           `xml:"numberTestsCompleted" json:"numberTestsCompleted"`
	NumberTestsTotal         int           `xml:"numberTestsTotal" json:"numberTestsTotal"`
	Details                  DeployDetails `xml:"details" json:"details"`
}

// DeployDetails are what an org says of each component and test.
type DeployDetails struct {
	ComponentFailures  []DeployMessage `xml:"componentFailures" json:"componentFailures"`
	ComponentSuccesses []DeployMessage `xml:"componentSuccesses" json:"componentSuccesses"`
	RunTestResult      RunTestResult   `xml:"runTestResult" json:"runTestResult"`
}

// A DeployMessage is about one component. After a rollback, what would have been
// saved still says success: only the status of the whole tells.
type DeployMessage struct {
	ComponentType string `xml:"componentType" json:"componentType"`
	FullName      string `xml:"fullName" json:"fullName"`
	FileName      string `xml:"fileName" json:"fileName"`
	ID            string `xml:"id" json:"id"`
	Success       bool   `xml:"success" json:"success"`
	Changed       bool   `xml:"changed" json:"changed"`
	Created       bool   `xml:"created" json:"created"`
	Deleted       bool   `xml:"deleted" json:"deleted"`
	Problem       string `xml:"problem" json:"problem"`
	ProblemType   string `xml:"problemType" json:"problemType"` // Error, Warning, Info or ""
	LineNumber    int    `xml:"lineNumber" json:"lineNumber"`
	ColumnNumber  int    `xml:"columnNumber" json:"columnNumber"`
}

// RunTestResult is what became of Apex tests.
type RunTestResult struct {
	NumFailures int           `xml:"numFailures" json:"numFailures"`
	NumTestsRun int           `xml:"numTestsRun" json:"numTestsRun"`
	Failures    []TestFailure `xml:"failures" json:"failures"`
}

// A TestFailure is an Apex test that failed.
type TestFailure struct {
	Name       string `xml:"name" json:"name"`
	MethodName string `xml:"methodName" json:"methodName"`
	Message    string `xml:"message" json:"message"`
	StackTrace string `xml:"stackTrace" json:"stackTrace"`
}

// FileProperties say what an org lists of a component.
type FileProperties struct {
	Type               string `xml:"type" json:"type"`
	FullName           string `xml:"fullName" json:"fullName"`
	FileName           string `xml:"fileName" json:"fileName"`
	ID                 string `xml:"id" json:"id"`
	NamespacePrefix    string `xml:"namespacePrefix" json:"namespacePrefix,omitempty"`
	ManageableState    string `xml:"manageableState" json:"manageableState,omitempty"`
	CreatedByName      string `xml:"createdByName" json:"createdByName"`
	CreatedDate        Time   `xml:"createdDate" json:"createdDate"`
	LastModifiedByName string `xml:"lastModifiedByName" json:"lastModifiedByName"`
	LastModifiedDate   Time   `xml:"lastModifiedDate" json:"lastModifiedDate"`
}

// A DeployRequest is a deploy as the org's history has it.
type DeployRequest struct {
	ID                    string    `json:"id"`
	Status                string    `json:"status"`
	CheckOnly             bool      `json:"checkOnly"`
	CreatedDate           time.Time `json:"createdDate"`
	NumberComponentsTotal int       `json:"numberComponentsTotal"`
}
