package soql_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/orgtest/soql"
)

// tables are a few records of each object.
type tables map[string][]soql.Row

func (t tables) Rows(object string, _ bool) (iter.Seq[soql.Row], bool) {
	return slices.Values(t[object]), true
}

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func sample() tables {
	ada := soql.Row{"Id": "0055g00000000AAAAA", "Name": "Ada", "Username": "ada@example.com", "IsActive": true}
	bob := soql.Row{"Id": "0055g00000000BBAAA", "Name": "Bob", "Username": "bob@example.com", "IsActive": false}
	login := func(n int, app, kind, when string, u soql.Row) soql.Row {
		return soql.Row{"Id": fmt.Sprintf("0Ya5g%010d", n), "Application": app, "LoginType": kind, "LoginTime": when, "UserId": u["Id"], "User": u}
	}
	return tables{
		"User": {ada, bob},
		"LoginHistory": {
			login(1, "Loader", "Oauth2", "2026-11-24T08:00:00.000+0000", ada), login(2, "Loader", "Oauth2", "2026-11-23T08:00:00.000+0000", bob),
			login(3, "Portal", "SAML", "2026-10-01T08:00:00.000+0000", ada), login(4, "", "SAML", "2025-11-24T08:00:00.000+0000", ada),
		},
		"PermissionSet":           {{"Id": "0PS5g00000000AAAAA", "Name": "Orders", "Label": "100% _Orders_"}, {"Id": "0PS5g00000000BBAAA", "Name": "Other", "Label": "It's other"}, {"Id": "0PS5g00000000CCAAA", "Name": "None"}},
		"PermissionSetAssignment": {{"Id": "0Pa5g00000000AAAAA", "PermissionSetId": "0PS5g00000000AA", "AssigneeId": "0055g00000000AAAAA", "Assignee": ada}},
	}
}

// answer runs a query and writes each record as its values.
func answer(t *testing.T, q string) string {
	t.Helper()
	r, err := soql.New(sample(), func() time.Time { return now }).Query(q, false)
	if err != nil {
		return err.Error()
	}
	if r.CountOnly {
		return fmt.Sprint(r.Count)
	}
	var lines []string
	for _, rec := range r.Records {
		var v map[string]any
		if err := json.Unmarshal(rec.JSON("/base"), &v); err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, n := range rec.Names {
			if inner, ok := v[n].(map[string]any); ok {
				delete(inner, "attributes")
				v[n] = fmt.Sprint(inner)
			}
			cells = append(cells, fmt.Sprint(v[n]))
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, ";")
}

func TestQuery(t *testing.T) {
	for q, want := range map[string]string{
		"SELECT Name FROM User":                                                                                                              "Ada;Bob",
		"select name from user where isactive = true":                                                                                        "Ada",
		"SELECT User.Name FROM User":                                                                                                         "Ada;Bob",
		"SELECT Name FROM User WHERE NOT IsActive = true":                                                                                    "Bob",
		"SELECT Name FROM User WHERE Id = '0055g00000000AA'":                                                                                 "Ada",
		"SELECT Name FROM User WHERE Id IN ('0055g00000000AA', 'x')":                                                                         "Ada",
		"SELECT Name FROM User WHERE Id NOT IN ('0055g00000000AAAAA')":                                                                       "Bob",
		"SELECT Name FROM User WHERE (Name = 'Ada' OR Name = 'bob') AND IsActive = false":                                                    "Bob",
		"SELECT Id FROM User WHERE IsActive = 'x'":                                                                                           "INVALID_FIELD: value of filter criterion for field 'IsActive' must be of type boolean and should not be enclosed in quotes",
		"SELECT Id FROM User WHERE Name = 5":                                                                                                 "INVALID_FIELD: value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
		"SELECT Id FROM User WHERE CreatedDate > '2026-01'":                                                                                  "INVALID_FIELD: value of filter criterion for field 'CreatedDate' must be of type datetime and should not be enclosed in quotes",
		"SELECT Name FROM User WHERE Name = 'Ada' OR IsActive = false AND Name = 'x'":                                                        "MALFORMED_QUERY: unexpected token: AND; use parentheses to group AND and OR",
		"SELECT Name FROM PermissionSet WHERE Label LIKE '100\\%%'":                                                                          "Orders",
		"SELECT Name FROM PermissionSet WHERE Label LIKE '%\\_'":                                                                             "Orders",
		"SELECT Name FROM PermissionSet WHERE Label LIKE '%_rders%'":                                                                         "Orders",
		"SELECT Name FROM PermissionSet WHERE Label = 'It\\'s other'":                                                                        "Other",
		"SELECT Name FROM PermissionSet WHERE Label = null":                                                                                  "None",
		"SELECT Name FROM PermissionSet WHERE Label != null ORDER BY Name DESC":                                                              "Other;Orders",
		"SELECT Name FROM PermissionSet ORDER BY Label NULLS LAST LIMIT 1 OFFSET 2":                                                          "None",
		"SELECT Name FROM PermissionSet ORDER BY Label":                                                                                      "None;Orders;Other",
		"SELECT COUNT() FROM LoginHistory":                                                                                                   "4",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime = TODAY":                                                                           "1",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime = YESTERDAY":                                                                       "1",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:90":                                                                  "3",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime < LAST_N_DAYS:90":                                                                  "1",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime = LAST_YEAR":                                                                       "1",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime >= 2026-11-23T08:00:00Z":                                                           "2",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime > 2026-11-23T08:00:00Z":                                                            "1",
		"SELECT COUNT() FROM LoginHistory WHERE LoginTime = N_DAYS_AGO:1":                                                                    "1",
		"SELECT Application, COUNT(Id) n, MAX(LoginTime) latest FROM LoginHistory GROUP BY Application ORDER BY COUNT(Id) DESC, Application": "Loader,2,2026-11-24T08:00:00.000+0000;,1,2025-11-24T08:00:00.000+0000;Portal,1,2026-10-01T08:00:00.000+0000",
		"SELECT LoginType, COUNT(Id) FROM LoginHistory GROUP BY LoginType HAVING COUNT(Id) > 1 ORDER BY LoginType":                           "Oauth2,2;SAML,2",
		"SELECT LoginType, COUNT_DISTINCT(UserId) FROM LoginHistory GROUP BY LoginType ORDER BY LoginType":                                   "Oauth2,2;SAML,1",
		"SELECT COUNT(Id), MIN(LoginTime) FROM LoginHistory WHERE LoginType = 'none'":                                                        "0,<nil>",
		"SELECT User.Name, User.IsActive FROM LoginHistory WHERE User.Name = 'Bob'":                                                          "map[IsActive:false Name:Bob]",
		"SELECT Name FROM User WHERE Id IN (SELECT AssigneeId FROM PermissionSetAssignment)":                                                 "Ada",
		"SELECT Name, (SELECT AssigneeId FROM Assignments) FROM PermissionSet WHERE Name = 'Orders'":                                         "Orders,map[done:true records:[map[AssigneeId:0055g00000000AAAAA attributes:map[type:PermissionSetAssignment]]] totalSize:1]",

		"SELECT Nothing FROM User":                            "No such column 'Nothing' on entity 'User'",
		"SELECT User.Nothing FROM LoginHistory":               "No such column 'Nothing' on entity 'User'",
		"SELECT Nobody.Name FROM LoginHistory":                "Didn't understand relationship 'Nobody'",
		"SELECT Id FROM Nothing":                              "sObject type 'Nothing' is not supported.",
		"SELECT Id FROM DeployRequest":                        "sObject type 'DeployRequest' is not supported.",
		"SELECT Id FROM LoginHistory WHERE Application = 'x'": "can not be filtered in a query call",
		"SELECT Name, COUNT(Id) FROM User":                    "",
		"SELECT Name, COUNT(Id) FROM User GROUP BY Username":  "Field must be grouped or aggregated: Name",
		"SELECT Id FROM User WHERE Name = 'unclosed":          "MALFORMED_QUERY",
		"SELECT Id FROM User LIMIT -1":                        "MALFORMED_QUERY",
		"SELECT FROM User":                                    "MALFORMED_QUERY",
		"DELETE FROM User":                                    "MALFORMED_QUERY",
		"SELECT Id FROM User; SELECT Id FROM User":            "MALFORMED_QUERY",
		"": "MALFORMED_QUERY",
		strings.Repeat("SELECT Id FROM User WHERE Id IN (", 100):        "nests too deep",
		"SELECT Id FROM User WHERE " + strings.Repeat("(", 1000) + "Id": "nests too deep",
	} {
		got := answer(t, q)
		if want == "" {
			continue // what an org says of it is not known; it must only not panic
		}
		if got != want && !(strings.Contains(got, want) && strings.Contains(got, ": ")) {
			t.Errorf("%.120s\ngot  %s\nwant %s", q, got, want)
		}
	}
}

// OauthToken is cut off without a word, as in an org.
func TestSilentCut(t *testing.T) {
	rows := make([]soql.Row, 3000)
	for i := range rows {
		rows[i] = soql.Row{"Id": fmt.Sprintf("0CQ5g%010d", i), "AppName": "App", "UserId": fmt.Sprint(i % 2)}
	}
	e := soql.New(tables{"OauthToken": rows}, func() time.Time { return now })
	r, err := e.Query("SELECT Id FROM OauthToken", false)
	if err != nil || len(r.Records) != 2500 {
		t.Errorf("%d records, %v", len(r.Records), err)
	}
	if r, _ := e.Query("SELECT COUNT() FROM OauthToken", false); r.Count != 3000 {
		t.Errorf("counted %d", r.Count)
	}
	if r, _ := e.Query("SELECT Id FROM OauthToken LIMIT 2500 OFFSET 2500", false); len(r.Records) != 500 {
		t.Errorf("%d records at the offset", len(r.Records))
	}
}

func TestDescribe(t *testing.T) {
	for _, o := range soql.Objects() {
		var d struct {
			Name   string
			Fields []struct{ Name, Label, Type string }
		}
		if err := json.Unmarshal(o.Describe("/base"), &d); err != nil || d.Name != o.Name || len(d.Fields) == 0 || d.Fields[0].Name != "Id" || d.Fields[0].Type != "id" {
			t.Errorf("%s: %+v, %v", o.Name, d, err)
		}
		for _, f := range o.Fields {
			if f.ReferenceTo != "" && soql.Find(f.ReferenceTo) == nil {
				t.Errorf("%s.%s refers to %s, which there is not", o.Name, f.Name, f.ReferenceTo)
			}
		}
		for _, c := range o.Children {
			if child := soql.Find(c.Object); child == nil || child.Field(c.Field) == nil {
				t.Errorf("%s has children %+v, which there are not", o.Name, c)
			}
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("SELECT Name, (SELECT Id FROM Assignments) FROM PermissionSet WHERE Name LIKE 'a%' AND (Id != null OR NOT Id IN ('x')) ORDER BY Name DESC NULLS LAST LIMIT 1 OFFSET 1")
	f.Add("SELECT LoginType, COUNT(Id) c FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:3 GROUP BY LoginType HAVING MAX(LoginTime) > 2026-01-01T00:00:00Z")
	e := soql.New(sample(), func() time.Time { return now })
	f.Fuzz(func(t *testing.T, q string) {
		r, err := e.Query(q, false)
		var said *soql.Error
		if err != nil && (!errors.As(err, &said) || said.Code == "" || said.Message == "") {
			t.Errorf("the error %v has no code", err)
		}
		if err == nil {
			for _, rec := range r.Records {
				if !json.Valid(rec.JSON("/base")) {
					t.Errorf("not JSON: %s", rec.JSON("/base"))
				}
			}
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	rows := make([]soql.Row, 200_000)
	for i := range rows {
		rows[i] = soql.Row{"Id": fmt.Sprintf("0Ya5g%010d", i), "Application": fmt.Sprintf("App %d", i%500), "LoginType": "Oauth2", "LoginTime": "2026-11-20T08:00:00.000+0000"}
	}
	e := soql.New(tables{"LoginHistory": rows}, func() time.Time { return now })
	for b.Loop() {
		if _, err := e.Query("SELECT Application, LoginType, COUNT(Id) n, MAX(LoginTime) latest FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:90 GROUP BY Application, LoginType", false); err != nil {
			b.Fatal(err)
		}
	}
}
