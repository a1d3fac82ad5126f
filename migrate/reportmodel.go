package migrate

import (
	"time"

	"github.com/ecactl/ecactl/metadata/diag"
)

// A Report is what an audit found: the JSON contract. It changes only with
// SchemaVersion; "ecactl schema audit" prints its schema.
type Report struct {
	SchemaVersion int              `json:"schemaVersion"`
	Tool          Tool             `json:"tool"`
	GeneratedAt   time.Time        `json:"generatedAt"`
	Deadlines     []DeadlineReport `json:"deadlines"` // those that findings refer to, the earliest first
	Orgs          []Org            `json:"orgs"`
	Apps          []AppReport      `json:"apps"`
	Summary       Summary          `json:"summary"`
}

// Tool says what made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Rules   string `json:"rules"`
}

// A DeadlineReport is a day on which something stops. A season without a day has
// neither Sandbox nor Production.
type DeadlineReport struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	What       string `json:"what"`
	Sandbox    string `json:"sandbox,omitempty"`    // YYYY-MM-DD
	Production string `json:"production,omitempty"` // YYYY-MM-DD
	When       string `json:"when"`                 // in words
	Source     string `json:"source"`
}

// An Org is where apps were read from: an org, or a folder of files.
type Org struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	InstanceURL string          `json:"instanceUrl"`
	Type        string          `json:"type"` // "production", "sandbox", …; "source" for files
	APIVersion  string          `json:"apiVersion"`
	Alias       string          `json:"alias,omitempty"`
	Group       string          `json:"group,omitempty"`
	Edition     string          `json:"edition,omitempty"`
	User        string          `json:"user,omitempty"`   // as whom it was read
	ReadAt      *time.Time      `json:"readAt,omitempty"` // when; nil for files
	Days        int             `json:"days,omitempty"`   // how far back use was looked at
	Snapshot    string          `json:"snapshot,omitempty"`
	Error       string          `json:"error,omitempty"` // why it could not be audited
	Sources     []Source        `json:"sources"`
	Findings    []FindingReport `json:"findings"` // about the org itself
}

// A Source is one place that evidence comes from, and whether it was read.
type Source struct {
	Name  string      `json:"name"`
	State SourceState `json:"state"`
	Rows  int         `json:"rows"`
	Note  string      `json:"note"`
}

// A SourceState says whether a source was read.
type SourceState string

// The states of a source.
const (
	SourceOK          SourceState = "ok"
	SourceDenied      SourceState = "denied"
	SourceTruncated   SourceState = "truncated"
	SourceUnavailable SourceState = "unavailable"
)

// An AppReport is one app of a report.
type AppReport struct {
	Org      string          `json:"org"`
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Label    string          `json:"label"`
	ID       string          `json:"id,omitempty"` // in the org, 18 characters
	File     string          `json:"file"`
	Setup    string          `json:"setup,omitempty"` // the address of its page in Setup
	Verdict  Verdict         `json:"verdict"`
	Route    Route           `json:"route"`
	Why      string          `json:"why"`      // what led to verdict and route, a sentence
	Due      *string         `json:"due"`      // YYYY-MM-DD; null if nothing is dated
	Activity *Activity       `json:"activity"` // null where only files were read
	Scopes   []string        `json:"scopes"`   // OAuth names
	Flows    []string        `json:"flows"`    // in words
	Ties     *Ties           `json:"ties,omitempty"`
	Unknown  []string        `json:"unknown"`
	Findings []FindingReport `json:"findings"`
}

// Activity is how much an app is used.
type Activity struct {
	LastUsed *time.Time `json:"lastUsed"`
	Users    int        `json:"users"`
	Tokens   int        `json:"tokens"`
	Logins   int        `json:"logins"`
}

// A FindingReport is one finding of a report.
type FindingReport struct {
	Rule       string            `json:"rule"`
	Level      diag.Level        `json:"level"`
	Message    string            `json:"message"`
	Evidence   map[string]string `json:"evidence"` // "file", "line" and "column" where it has a place
	Fix        string            `json:"fix"`
	Due        *string           `json:"due"`
	Deadline   string            `json:"deadline,omitempty"` // the id of one of the report's deadlines
	Suppressed *string           `json:"suppressed"`         // the reason, if it is; null if not
}

// Summary counts a report. Levels count what is not suppressed.
type Summary struct {
	Apps       int             `json:"apps"`
	Verdicts   map[Verdict]int `json:"verdicts"`
	Routes     map[Route]int   `json:"routes"`
	Levels     map[string]int  `json:"levels"`
	Suppressed int             `json:"suppressed"`
}
