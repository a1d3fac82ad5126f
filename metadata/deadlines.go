package metadata

import "time"

// A Deadline is a day on which Salesforce changes what apps may do. The days
// have moved before, so they are data, and each says where it is from.
type Deadline struct {
	ID         string
	Title      string
	Sandbox    string // YYYY-MM-DD; "" where the source names a season alone
	Production string // YYYY-MM-DD
	Season     string // what the source says where it names no day
	What       string // what happens then, one sentence
	Source     string
}

// Deadlines lists them, the earliest in production first.
var Deadlines = []Deadline{
	{
		ID: "idle-refresh", Title: "refresh tokens end after 30 days without use",
		Sandbox: "2026-10-21", Production: "2026-11-04",
		What:   "Salesforce revokes all access tokens and ends every refresh token that has been idle for more than 30 days; a policy of \"until revoked\" then acts as 30 days of inactivity.",
		Source: "Winter '27 release notes; help: Limit Idle Refresh Token TTL",
	},
	{
		ID: "device-flow", Title: "device flow for local apps with a localhost callback only",
		Sandbox: "2026-11-30", Production: "2026-11-30",
		What:   "The OAuth 2.0 device flow fails in Connected Apps, in packaged External Client Apps, and in local ones without a localhost callback.",
		Source: "Winter '27 release notes: Restrict the OAuth 2.0 Device Flow to Local External Client Apps",
	},
	{
		ID: "username-password", Title: "username-password flow retired",
		Sandbox: "2027-02-20", Production: "2027-02-20",
		What:   "The OAuth 2.0 username-password flow stops for Connected Apps; External Client Apps never had it.",
		Source: "Winter '27 release notes: rn_security_unpw_flow_retirement (postponed from Winter '27)",
	},
	{
		ID: "user-agent", Title: "user-agent flows retired",
		Sandbox: "2027-02-20", Production: "2027-02-20",
		What:   "The OAuth 2.0 user-agent and hybrid user-agent flows stop; the web server flow with PKCE takes their place.",
		Source: "Winter '27 release notes, security",
	},
	{
		ID: "instanced-url", Title: "instanced URLs in API traffic", Season: "Spring '27, in phases",
		What:   "Addresses such as na30.salesforce.com stop answering; the My Domain address of the token response is to be used.",
		Source: "Winter '27 release notes",
	},
	{
		ID: "soap-login", Title: "SOAP login() retired", Season: "Summer '27",
		What:   "The SOAP API call login() of versions 31.0 to 64.0 stops.",
		Source: "help article 005132110",
	},
	{
		ID: "connected-app-support", Title: "end of support for Connected Apps", Season: "Summer '27",
		What:   "Connected Apps keep working, and Salesforce no longer fixes or supports the integrations that use them. No day is known on which they stop.",
		Source: "Winter '27 release notes",
	},
}

// FindDeadline returns the deadline of that id, or nil.
func FindDeadline(id string) *Deadline {
	for i := range Deadlines {
		if Deadlines[i].ID == id {
			return &Deadlines[i]
		}
	}
	return nil
}

// Day returns the production day, or the zero time if only a season is known.
func (d *Deadline) Day() time.Time {
	day, _ := time.Parse(time.DateOnly, d.Production) // the table's test parses all of them
	return day
}

// When puts the day, or the days, into words.
func (d *Deadline) When() string {
	switch {
	case d.Production == "":
		return d.Season
	case d.Sandbox == d.Production:
		return written(d.Production)
	}
	return "sandboxes " + written(d.Sandbox) + ", production " + written(d.Production)
}

func written(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("2 Jan 2006")
}
