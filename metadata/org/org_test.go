package org_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
)

func TestCheckURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://example.my.salesforce.com":              "https://example.my.salesforce.com",
		" https://Example.My.Salesforce.com/ ":           "https://example.my.salesforce.com",
		"https://login.salesforce.com:443/services":      "https://login.salesforce.com",
		"https://example--uat.sandbox.my.salesforce.com": "https://example--uat.sandbox.my.salesforce.com",
		"https://gov.my.salesforce.mil":                  "https://gov.my.salesforce.mil",
		"https://example.crmforce.mil":                   "https://example.crmforce.mil",
		"http://127.0.0.1:7777/":                         "http://127.0.0.1:7777",
		"http://localhost:7777":                          "http://localhost:7777",
		"http://[::1]:7777":                              "http://[::1]:7777",

		"https://acme.my.salesforce.com@evil.example/":   "",
		"https://salesforce.com.evil.example":            "",
		"https://evilcrmforce.mil":                       "",
		"https://evilsalesforce.com":                     "",
		"https://salesforce.com":                         "",
		"https://169.254.169.254/":                       "",
		"http://example.my.salesforce.com":               "",
		"https://example.my.salesforce.com:8443":         "",
		"ftp://127.0.0.1":                                "",
		"http://10.0.0.1:7777":                           "",
		"http://127.0.0.1.evil.example":                  "",
		"https://example.my.salesforce.com/?x=1":         "",
		"javascript:alert(1)":                            "",
		"":                                               "",
		"https://":                                       "",
		"https://example.my.salesforce.com%00.evil.com/": "",
	} {
		u, err := org.CheckURL(raw)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is taken for %s", raw, u)
		case want != "" && (err != nil || u.String() != want):
			t.Errorf("%q: %v, %v", raw, u, err)
		}
	}
}

func TestKindOfHost(t *testing.T) {
	for address, want := range map[string]org.Kind{
		"https://example--uat.sandbox.my.salesforce.com":    org.Sandbox,
		"https://test.salesforce.com":                       org.Sandbox,
		"https://data-energy-123.scratch.my.salesforce.com": org.Scratch,
		"https://example-dev-ed.develop.my.salesforce.com":  org.Developer,
		"https://example.my.salesforce.com":                 org.Production,
		"https://login.salesforce.com":                      "",
		"http://127.0.0.1:7777":                             "",
	} {
		if got := org.KindOfHost(address); got != want {
			t.Errorf("%s is %q, wanted %q", address, got, want)
		}
	}
}

func TestRetry(t *testing.T) {
	tests := map[string]struct {
		org.Attempt
		again bool
	}{
		"no connection":             {org.Attempt{Arrival: org.NotSent, Number: 1}, true},
		"no connection, at last":    {org.Attempt{Arrival: org.NotSent, Number: 6}, false},
		"lost answer of a read":     {org.Attempt{Idempotent: true, Arrival: org.Maybe, Number: 1}, true},
		"lost answer of a deploy":   {org.Attempt{Arrival: org.Maybe, Number: 1}, false},
		"503 to a read":             {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 503, Code: "HTTP_503", Number: 1}, true},
		"503 to a deploy":           {org.Attempt{Arrival: org.Answered, Status: 503, Code: "HTTP_503", Number: 1}, true},
		"502 to a deploy":           {org.Attempt{Arrival: org.Answered, Status: 502, Code: "HTTP_502", Number: 1}, false},
		"502 to a read":             {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 502, Code: "HTTP_502", Number: 1}, true},
		"limit":                     {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 403, Code: "REQUEST_LIMIT_EXCEEDED", Number: 1}, false},
		"a fault of SOAP":           {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 500, Code: "INVALID_TYPE", Number: 1}, false},
		"an unknown fault of SOAP":  {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 500, Code: "FIELD_INTEGRITY_EXCEPTION", Number: 1}, false},
		"unavailable over SOAP":     {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 500, Code: "SERVER_UNAVAILABLE", Number: 1}, true},
		"not found":                 {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 404, Code: "NOT_FOUND", Number: 1}, false},
		"asked to wait":             {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 429, Code: "HTTP_429", Number: 1, RetryAfter: 10 * time.Second}, true},
		"asked to wait for an hour": {org.Attempt{Idempotent: true, Arrival: org.Answered, Status: 429, Code: "HTTP_429", Number: 1, RetryAfter: time.Hour}, false},
	}
	for name, tt := range tests {
		pause, again := org.Retry(tt.Attempt)
		if again != tt.again || again && pause < max(250*time.Millisecond, tt.RetryAfter) || pause > time.Minute {
			t.Errorf("%s: %v after %s", name, again, pause)
		}
	}
	last := time.Duration(0)
	for n := 1; n < 6; n++ {
		pause, _ := org.Retry(org.Attempt{Arrival: org.NotSent, Number: n})
		if pause <= last {
			t.Errorf("the pause after attempt %d is %s", n, pause)
		}
		last = pause
	}
}

// Each entry is found by what it says that Salesforce says.
func client(t *testing.T, o *orgtest.Org, change func(*org.Config)) *org.Client {
	t.Helper()
	cfg := org.Config{
		Session: org.Session{InstanceURL: o.URL(), Token: secret.New(o.Token())},
		Sleep:   func(context.Context, time.Duration) error { return nil },
	}
	if change != nil {
		change(&cfg)
	}
	c, err := org.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// seeded is an org with records, on several pages.
func seeded(t *testing.T) *orgtest.Org {
	t.Helper()
	return orgtest.New(t, orgtest.Config{Seed: []string{"testdata/org"}})
}

func TestQueryPagesAndText(t *testing.T) {
	c := client(t, seeded(t), nil)
	rows := 0
	err := c.Query(t.Context(), "SELECT Id, Name, CreatedBy.Name, OptionsAllowAdminApprovedUsersOnly FROM ConnectedApplication WHERE Name LIKE "+org.Quote(`O'Brien\ %`), func(r org.Row) error {
		rows++
		if r.Text("Name") != `O'Brien\ App` || r.Bool("OptionsAllowAdminApprovedUsersOnly") {
			t.Errorf("a row is %v", r)
		}
		return nil
	})
	if err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	stop := errors.New("enough")
	if err := c.Query(t.Context(), "SELECT Id FROM User", func(org.Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller is %v", err)
	}
	var said *org.Error
	if err := c.Query(t.Context(), "SELECT Nonsense FROM User", nil); !errors.As(err, &said) || said.Code != "INVALID_FIELD" {
		t.Errorf("a query of nonsense: %v", err)
	}
}

func TestListReadRetrieve(t *testing.T) {
	o := seeded(t)
	c := client(t, o, nil)
	listed, err := c.List(t.Context(), "ConnectedApp", "ExternalClientApplication", "NoSuchType", "ExtlClntAppOauthSettings")
	if err != nil || len(listed) != 2 || listed[0].Type != "ConnectedApp" || listed[0].CreatedDate.IsZero() {
		t.Fatalf("listed: %+v, %v", listed, err)
	}
	read, err := c.Read(t.Context(), "ConnectedApp", []string{"Missing", "OBrien"})
	if err != nil || len(read) != 1 || read[0].Name != "OBrien" {
		t.Fatalf("read: %v, %v", read, err)
	}
	if v, _ := read[0].Text("oauthConfig.callbackUrl"); v != "https://obrien.example.com/cb?a=1&b=2" {
		t.Errorf("a nested value is %q", v)
	}
	m := &metadata.Manifest{}
	m.AddName("ConnectedApp", "*")
	m.AddName("ConnectedApp", "Missing")
	m.AddName("Settings", "OauthOidc")
	got, err := c.Retrieve(t.Context(), m)
	if err != nil || len(got.Components) != 3 || len(got.Messages) != 1 {
		t.Fatalf("retrieved: %+v, %v", got, err)
	}
	if !read[0].Root.Equal(got.Components[0].Root) {
		t.Error("what is read and what is retrieved differ")
	}
}

func TestDescribe(t *testing.T) {
	d, err := client(t, seeded(t), nil).Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Types, func(m org.MetadataType) bool { return m.Name == "ExtlClntAppOauthSettings" })
	if i < 0 || d.Types[i].Suffix != "ecaOauth" || d.Types[i].Directory != "extlClntAppOauthSettings" || !d.PartialSaveAllowed {
		t.Errorf("%+v", d)
	}
}

func TestDoctorSaysWhatItCannotSee(t *testing.T) {
	o := seeded(t)
	states := func(c *org.Client) map[string]string {
		found := map[string]string{}
		for _, check := range org.Doctor(t.Context(), c) {
			found[check.ID] = check.State
			if check.State != "ok" && check.State != "unknown" && check.Fix == "" {
				t.Errorf("%s is %s, and has no fix", check.ID, check.State)
			}
		}
		return found
	}
	if s := states(client(t, o, nil)); s["session"] != "ok" || s["modify-metadata"] != "ok" || s["edit-apps"] != "ok" || s["limits"] != "ok" || s["creation"] != "unknown" {
		t.Errorf("a sound org: %v", s)
	}
	if s := states(client(t, o, func(cfg *org.Config) { cfg.Token = secret.New("00D000000000000!gone") })); s["session"] != "fail" || s["modify-metadata"] != "unknown" || s["limits"] != "unknown" {
		t.Errorf("without a session: %v", s)
	}
	if s := states(client(t, o, func(cfg *org.Config) { cfg.Now = func() time.Time { return time.Now().Add(time.Hour) } })); s["clock"] != "fail" {
		t.Errorf("with a wrong clock: %v", s)
	}
}

// A session that has ended is begun again once, whoever is waiting for it.
func TestRefreshOnce(t *testing.T) {
	o := seeded(t)
	var asked atomic.Int32
	c := client(t, o, func(cfg *org.Config) {
		cfg.Token = secret.New("00D000000000000!old")
		cfg.Refresh = func(context.Context) (secret.String, error) {
			asked.Add(1)
			time.Sleep(10 * time.Millisecond)
			return secret.New(o.Token()), nil
		}
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.User(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := c.List(t.Context(), "ConnectedApp"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if asked.Load() != 1 {
		t.Errorf("a new session was asked for %d times", asked.Load())
	}
}

// answering is a server that answers each request with the next of some answers,
// and the last one for ever.
func answering(t *testing.T, answers ...func(http.ResponseWriter)) (*org.Client, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		i := min(int(n.Add(1))-1, len(answers)-1)
		answers[i](w)
	}))
	t.Cleanup(s.Close)
	c, err := org.New(org.Config{Session: org.Session{InstanceURL: s.URL, Token: secret.New("00D000000000000!token")}, Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c, &n
}

func text(status int, kind, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func emptyZip(t *testing.T) []byte {
	t.Helper()
	var b strings.Builder
	if err := metadata.WriteZip(&b, []metadata.File{{Path: "package.xml", Data: []byte("<Package/>")}}); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

// What is and is not sent twice.
func TestDeployIsSentOnce(t *testing.T) {
	created := text(201, "application/json", `{"id":"0Af000000000001AAA","deployResult":{}}`)
	tests := map[string]struct {
		answers   []func(http.ResponseWriter)
		requests  int32
		ambiguous bool
	}{
		"taken":               {[]func(http.ResponseWriter){created}, 1, false},
		"turned away":         {[]func(http.ResponseWriter){text(503, "text/html", "<html>"), created}, 2, false},
		"lost in a gateway":   {[]func(http.ResponseWriter){text(504, "text/html", "<html>")}, 1, true},
		"not JSON":            {[]func(http.ResponseWriter){text(201, "application/json", `{"id":`)}, 1, true},
		"without an id":       {[]func(http.ResponseWriter){text(201, "application/json", `{}`)}, 1, true},
		"a page of HTML":      {[]func(http.ResponseWriter){text(200, "text/html", "<html>")}, 1, true},
		"a broken answer":     {[]func(http.ResponseWriter){func(http.ResponseWriter) { panic(http.ErrAbortHandler) }}, 1, true},
		"refused":             {[]func(http.ResponseWriter){text(403, "application/json", `[{"message":"no","errorCode":"INSUFFICIENT_ACCESS"}]`)}, 1, false},
		"an error of the org": {[]func(http.ResponseWriter){text(500, "application/json", `[{"message":"no","errorCode":"UNKNOWN_EXCEPTION"}]`)}, 1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, n := answering(t, tt.answers...)
			_, err := c.Deploy(t.Context(), emptyZip(t), org.DeployOptions{})
			if n.Load() != tt.requests || errors.Is(err, org.ErrAmbiguous) != tt.ambiguous {
				t.Errorf("%d requests, %v", n.Load(), err)
			}
		})
	}
}

func TestDeployLimits(t *testing.T) {
	c, n := answering(t, text(500, "text/plain", ""))
	files := make([]metadata.File, 10_001)
	for i := range files {
		files[i] = metadata.File{Path: fmt.Sprintf("a/%d", i)}
	}
	var many strings.Builder
	if err := metadata.WriteZip(&many, files); err != nil {
		t.Fatal(err)
	}
	for name, zip := range map[string][]byte{"files": []byte(many.String()), "bytes": make([]byte, 40<<20)} {
		if _, err := c.Deploy(t.Context(), zip, org.DeployOptions{}); err == nil || !strings.Contains(err.Error(), "the Metadata API takes") {
			t.Errorf("too many %s: %v", name, err)
		}
	}
	if n.Load() != 0 {
		t.Error("a deploy that is too large was sent")
	}
}

// Statuses that do not exist yet, and shapes that differ, are read.
func TestDeployStatusReadsAll(t *testing.T) {
	for name, body := range map[string]string{
		"nulls":   `{"deployResult":{"id":"0Af000000000001AAA","status":"Someday","done":true,"success":true,"canceledBy":null,"completedDate":null,"details":{"componentFailures":[],"componentSuccesses":null,"runTestResult":null},"numberFiles":7,"new":{}}}`,
		"no more": `{"deployResult":{"status":"Someday","done":true,"success":true,"createdDate":"2026-11-23T16:56:46.000+0000"}}`,
	} {
		c, _ := answering(t, text(200, "application/json", body))
		r, err := c.DeployStatus(t.Context(), "0Af000000000001AAA", true)
		if err != nil || r.Status != "Someday" || !r.Done {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	c, n := answering(t, text(200, "application/json", `{}`))
	if _, err := c.DeployStatus(t.Context(), "../../limits", true); err == nil || n.Load() != 0 {
		t.Errorf("an id that is a path: %v after %d requests", err, n.Load())
	}
	if _, err := c.DeployStatus(t.Context(), "0Af000000000001AAA", true); err == nil {
		t.Error("an answer without a result is taken")
	}
}

// An answer without an end does not fill the memory.
func TestBoundedAnswers(t *testing.T) {
	endless := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			chunk := []byte(strings.Repeat("x", 1<<20))
			for range 40 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}
	}
	c, _ := answering(t, endless(200))
	if _, err := c.Limits(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
	c, _ = answering(t, endless(400))
	if _, err := c.Limits(t.Context()); err == nil || len(err.Error()) > 1000 {
		t.Errorf("%.200v", err)
	}
}

// An org that takes requests and never answers is not waited for without end.
func TestSilentOrg(t *testing.T) {
	var n atomic.Int32
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		n.Add(1)
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(end)
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: s.URL, Token: secret.New("00D000000000000!token")}, Timeout: 40 * time.Millisecond,
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Limits(t.Context()); err == nil || !strings.Contains(err.Error(), "no whole answer within 40ms") || n.Load() > 3 {
		t.Errorf("%d requests, %v", n.Load(), err)
	}
	n.Store(0)
	if _, err := c.Deploy(t.Context(), emptyZip(t), org.DeployOptions{}); !errors.Is(err, org.ErrAmbiguous) || n.Load() != 1 {
		t.Errorf("a deploy is sent %d times, %v", n.Load(), err)
	}
}

func TestRedirectsStayOnTheHost(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	c, n := answering(t, func(w http.ResponseWriter) {
		w.Header().Set("Location", elsewhere.URL+"/services/data")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	_, err := c.Limits(t.Context())
	_, err2 := c.Deploy(t.Context(), emptyZip(t), org.DeployOptions{})
	for _, err := range []error{err, err2} {
		if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(elsewhere.URL, "http://")) || errors.Is(err, org.ErrAmbiguous) {
			t.Errorf("%v", err)
		}
	}
	if reached || n.Load() != 2 {
		t.Errorf("the other host was reached: %v; %d requests", reached, n.Load())
	}
}

func TestJWTTokensAndSOAP(t *testing.T) {
	o := seeded(t)
	old := client(t, o, func(cfg *org.Config) { cfg.Token, cfg.Transport = secret.New("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), "soap" })
	if _, err := old.List(t.Context(), "ConnectedApp"); err == nil || !strings.Contains(err.Error(), "JWT") {
		t.Errorf("SOAP with a token in JWT form: %v", err)
	}
	o.ForgetRequests()
	_, _ = old.Deploy(t.Context(), emptyZip(t), org.DeployOptions{}) // the org does not know the token
	if r := o.Requests(); len(r) == 0 || slices.ContainsFunc(r, func(r orgtest.Request) bool { return strings.Contains(r.Path, "Soap") }) {
		t.Errorf("a deploy goes over %v", r)
	}
}

// Whatever an org answers, nothing panics and an error is an error.
func FuzzAnswers(f *testing.F) {
	f.Add(200, "text/xml", `<?xml version="1.0"?><e:Envelope xmlns:e="x"><e:Body><listMetadataResponse><result><type>ConnectedApp</type><fullName>A</fullName></result></listMetadataResponse></e:Body></e:Envelope>`)
	f.Add(500, "text/xml", `<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultcode>sf:INVALID_TYPE</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>`)
	f.Add(200, "application/json", `{"deployResult":{"done":true}}`)
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		if status < 200 || status > 599 || strings.ContainsAny(kind, "\r\n\x00") {
			return
		}
		c, err := org.New(org.Config{
			Session: org.Session{InstanceURL: "http://127.0.0.1:1", Token: secret.New("00D000000000000!token")}, Sleep: func(context.Context, time.Duration) error { return nil },
			HTTP: &http.Client{Transport: canned{status, kind, body}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.List(t.Context(), "ConnectedApp")
		_, _ = c.Read(t.Context(), "ConnectedApp", []string{"A"})
		if r, err := c.DeployStatus(t.Context(), "0Af000000000001AAA", true); err == nil && r == nil {
			t.Error("neither a result nor an error")
		}
		if id, err := c.Deploy(t.Context(), emptyZip(t), org.DeployOptions{}); err == nil && len(id) != 15 && len(id) != 18 {
			t.Errorf("the id %q is taken", id)
		}
		_ = c.Query(t.Context(), "SELECT Id FROM User", func(org.Row) error { return errors.New("enough") })
	})
}

type canned struct {
	status     int
	kind, body string
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}, Body: io.NopCloser(strings.NewReader(c.body))}, nil
}
