package gather_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/gather"
)

// refusing is an org that does not understand some queries: those for which says
// has an error, as a code and a message.
type refusing struct {
	says func(soql string) (code, message string)
}

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/composite") {
		return http.DefaultTransport.RoundTrip(req)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var asked struct {
		CompositeRequest []struct{ URL string }
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, err
	}
	again := req.Clone(req.Context())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	again.Header.Del("Accept-Encoding")
	resp, err := http.DefaultTransport.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		CompositeResponse []map[string]any `json:"compositeResponse"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	for i, sub := range asked.CompositeRequest {
		u, err := url.Parse(sub.URL)
		if err != nil {
			return nil, err
		}
		if code, message := r.says(u.Query().Get("q")); code != "" {
			answer.CompositeResponse[i]["httpStatusCode"] = 400
			answer.CompositeResponse[i]["body"] = []map[string]string{{"errorCode": code, "message": message}}
		}
	}
	data, err := json.Marshal(answer)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	resp.Header.Set("Content-Length", strconv.Itoa(len(data)))
	return resp, err
}

func gathered(t *testing.T, o *orgtest.Org, says func(soql string) (code, message string)) *migrate.Evidence {
	t.Helper()
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())}, HTTP: &http.Client{Transport: refusing{says}}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := gather.Gather(t.Context(), c, gather.Options{Days: 90, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func source(e *migrate.Evidence, name string) migrate.Source {
	for _, s := range e.Org.Sources {
		if s.Name == name {
			return s
		}
	}
	return migrate.Source{}
}

// Orgs differ in what they answer. Whatever an org refuses of a query, what is read
// by other ways decides the same.
func TestOrgsDiffer(t *testing.T) {
	whole := audit(evidence(t, start(t, small, nil).Org))
	tests := map[string]struct {
		says   func(soql string) (code, message string)
		source string
		state  migrate.SourceState
		note   string
		less   []string // rules that find less, for the audit knows less
	}{
		"no MAX of a time": {
			func(q string) (string, string) {
				if strings.Contains(q, "MAX(LoginTime)") {
					return "MALFORMED_QUERY", "field LoginTime does not support aggregate operator MAX"
				}
				return "", ""
			},
			migrate.SrcLogins, migrate.SourceOK, "known to a day, a week or a month", nil,
		},
		"a column that is not there": {
			func(q string) (string, string) {
				if strings.Contains(q, "FROM ConnectedApplication") && strings.Contains(q, "StartUrl") {
					return "INVALID_FIELD", "No such column 'StartUrl' on entity 'ConnectedApplication'."
				}
				return "", ""
			},
			migrate.SrcConnected, migrate.SourceOK, "does not have StartUrl", nil,
		},
		"tokens that cannot be grouped": {
			func(q string) (string, string) {
				if strings.Contains(q, "FROM OauthToken") && strings.Contains(q, "GROUP BY") {
					return "MALFORMED_QUERY", "field AppName can not be grouped in a query call"
				}
				return "", ""
			},
			migrate.SrcTokens, migrate.SourceOK, "", nil,
		},
		"tokens without their users' state": {
			func(q string) (string, string) {
				if strings.Contains(q, "User.IsActive") && strings.Contains(q, "FROM OauthToken") {
					return "INVALID_FIELD", "Didn't understand relationship 'User' in field path."
				}
				return "", ""
			},
			migrate.SrcTokens, migrate.SourceOK, "", []string{"CA-USE-004"},
		},
		"too many groups of logins": {
			func(q string) (string, string) {
				if strings.Contains(q, "FROM LoginHistory") && strings.Contains(q, "LAST_N_DAYS") && strings.Contains(q, "LoginSubType") {
					return "EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
				}
				return "", ""
			},
			migrate.SrcLogins, migrate.SourceOK, "", nil,
		},
		"no object of a newer release": {
			func(q string) (string, string) {
				if strings.Contains(q, "FROM OauthTokenExchHandlerApp") {
					return "INVALID_TYPE", "sObject type 'OauthTokenExchHandlerApp' is not supported."
				}
				return "", ""
			},
			migrate.SrcExchange, migrate.SourceUnavailable, "leaves open token exchange handlers", nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := gathered(t, start(t, small, nil).Org, tt.says)
			if s := source(e, tt.source); s.State != tt.state || !strings.Contains(s.Note, tt.note) {
				t.Errorf("%s is %s: %q", s.Name, s.State, s.Note)
			}
			if tt.source == migrate.SrcTokens && len(e.Tables[migrate.SrcTokens]) != small.Tokens {
				t.Errorf("%d tokens were read of %d", len(e.Tables[migrate.SrcTokens]), small.Tokens)
			}
			r := audit(e)
			for i, want := range whole.Apps {
				a := r.Apps[i]
				for _, id := range rulesOf(want) {
					if got := strings.Contains(strings.Join(rulesOf(a), " "), id); !got && !strings.Contains(strings.Join(tt.less, " "), id) {
						t.Errorf("%s: %s is not found", want.Name, id)
					}
				}
				if a.Verdict != want.Verdict || a.Route != want.Route {
					t.Errorf("%s: is %s, %s and not %s, %s", want.Name, a.Verdict, a.Route, want.Verdict, want.Route)
				}
			}
		})
	}
}

const logHeading = `"EVENT_TYPE","API_FAMILY","API_VERSION","API_RESOURCE","CONNECTED_APP_ID","CONNECTED_APP_NAME"` + "\n"

// The newest log of API use tells SOAP logins by app and version; those that no app
// is named for are the org's.
func TestEventLog(t *testing.T) {
	tests := map[string]struct {
		log   string
		size  float64
		state migrate.SourceState
		rows  int
		app   string // answers of CA-FLOW-004
	}{
		"none":         {"", 0, migrate.SourceUnavailable, 0, ""},
		"logins":       {logHeading + `"ApiTotalUsage","SOAP","52.0","login","","Application 000"` + "\n" + `"ApiTotalUsage","SOAP","66.0","query","","Application 000"` + "\n", 200, migrate.SourceOK, 1, "App_000"},
		"of no app":    {logHeading + `"ApiTotalUsage","SOAP","41.0","login","",""` + "\n", 200, migrate.SourceOK, 1, "(org)"},
		"none of them": {logHeading + `"ApiTotalUsage","REST","66.0","query","","Application 000"` + "\n", 200, migrate.SourceOK, 0, ""},
		"too large":    {logHeading, 1 << 30, migrate.SourceTruncated, 0, ""},
		"cut off":      {logHeading + `"ApiTotalUsage","SOAP","52.0","log`, 200, migrate.SourceTruncated, 0, ""},
		"not a table":  {"<html>", 6, migrate.SourceTruncated, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := start(t, small, nil)
			if tt.log != "" {
				row := map[string]any{"EventType": "ApiTotalUsage", "LogDate": "2026-11-22T00:00:00.000+0000", "LogFileLength": tt.size, "LogFile": tt.log}
				if err := o.Add("EventLogFile", row); err != nil {
					t.Fatal(err)
				}
			}
			e := evidence(t, o.Org)
			if s := source(e, migrate.SrcEventLog); s.State != tt.state || s.Rows != tt.rows {
				t.Errorf("is %s with %d rows: %s", s.State, s.Rows, s.Note)
			}
			r := audit(e)
			found := ""
			for _, a := range r.Apps {
				if a.Name == "App_000" && strings.Contains(strings.Join(rulesOf(a), " "), "CA-FLOW-004") {
					found = a.Name
				}
			}
			for _, f := range r.Orgs[0].Findings {
				if f.Rule == "CA-FLOW-004" {
					found = "(org)"
				}
			}
			if found != tt.app {
				t.Errorf("SOAP logins are found for %q and not for %q", found, tt.app)
			}
		})
	}
}

// What ends an audit is an error that says why, and not a report.
func TestFatal(t *testing.T) {
	for name, fault := range map[string]orgtest.Fault{
		"session over": {Kind: "401", Count: -1}, "limit used up": {Kind: "403", Count: -1}, "another host": {Kind: "redirect", Count: -1},
		"cut off": {Kind: "truncated", Count: -1}, "no answer": {Kind: "reset-before", Count: -1}, "a page of HTML": {Kind: "content-type", Count: -1},
	} {
		t.Run(name, func(t *testing.T) {
			o := start(t, small, func(c *orgtest.Config) { c.Faults = []orgtest.Fault{fault} })
			e, err := gather.Gather(t.Context(), client(t, o.Org), gather.Options{Days: 90, Now: now})
			if err == nil || e != nil {
				t.Fatalf("no error, and evidence: %t", e != nil)
			}
			if strings.Contains(err.Error(), o.Token()) {
				t.Errorf("the error holds the token: %v", err)
			}
			t.Log(err)
		})
	}
}
