package verify

import "slices"

// A State is how a check ended.
type State string

// The states of checks.
const (
	Passed  State = "passed"
	Failed  State = "failed"
	Skipped State = "skipped" // it could not be seen; Found says why
)

// A Check is one thing that was looked at.
type Check struct {
	ID     string   `json:"id"`
	Flow   string   `json:"flow"`
	Title  string   `json:"title"`
	State  State    `json:"state"`
	Found  string   `json:"found"`
	Means  string   `json:"means,omitempty"`  // what an error of Salesforce means
	Do     []string `json:"do,omitempty"`     // what helps, most often first
	Advice string   `json:"advice,omitempty"` // for explain
}

// An App is what was found of one app.
type App struct {
	Name    string  `json:"name"`
	File    string  `json:"file"`
	Staged  bool    `json:"staged"` // the pair that waits to be promoted was tried
	Checks  []Check `json:"checks"`
	Revoked int     `json:"revoked"` // tokens that were obtained and given back
	// Left is what could not be given back, without its value.
	Left []string `json:"left"`
}

// Summary counts checks.
type Summary struct {
	Checks  int `json:"checks"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// Summarize counts the checks of apps.
func Summarize(apps []*App) Summary {
	var s Summary
	for _, a := range apps {
		for _, c := range a.Checks {
			s.Checks++
			switch c.State {
			case Passed:
				s.Passed++
			case Failed:
				s.Failed++
			case Skipped:
				s.Skipped++
			}
		}
	}
	return s
}

// Check finds a check by its id, or returns nil.
func (a *App) Check(id string) *Check {
	i := slices.IndexFunc(a.Checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Checks[i]
}
