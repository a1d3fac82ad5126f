package org_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/orgtest"
	"github.com/ecactl/ecactl/metadata/secret"
)

// pausing is a client that keeps its pauses and makes none.
func pausing(t *testing.T, url, token string) (*org.Client, *[]time.Duration) {
	t.Helper()
	var pauses []time.Duration
	c, err := org.New(org.Config{
		Session: org.Session{InstanceURL: url, Token: secret.New(token)},
		Sleep: func(_ context.Context, d time.Duration) error {
			pauses = append(pauses, d)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, &pauses
}

// A deploy is looked at at once, after 250 ms, and then ever less often.
func TestPollingBeginsEarly(t *testing.T) {
	o := orgtest.New(t, orgtest.Config{PendingPolls: 12})
	c, pauses := pausing(t, o.URL(), o.Token())
	id, err := c.Deploy(t.Context(), emptyZip(t), org.DeployOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context(), id, org.WaitOptions{}); err != nil {
		t.Fatal(err)
	}
	if p := *pauses; len(p) != 12 || p[0] != 250*time.Millisecond || !slices.IsSorted(p) || p[11] != 2*time.Second {
		t.Errorf("pauses: %v", p)
	}
	if n := len(o.Requests()); n != 14 {
		t.Errorf("%d requests for a deploy and 13 looks", n)
	}
}

// What an answer asks for is waited for, and not what nobody would wait for.
func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]struct {
		least time.Duration
		again bool
	}{
		"7":    {7 * time.Second, true},
		"0":    {250 * time.Millisecond, true},
		"junk": {250 * time.Millisecond, true},
		"-3":   {250 * time.Millisecond, true},
		"3600": {0, false},
		time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat): {15 * time.Second, true},
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):       {250 * time.Millisecond, true},
	} {
		for _, status := range []int{503, 429, 420} {
			n := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n++; n == 1 {
					w.Header().Set("Retry-After", value)
					w.WriteHeader(status)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"DailyApiRequests":{"Max":10,"Remaining":3}}`)
			}))
			c, pauses := pausing(t, s.URL, "00D000000000000!token")
			_, err := c.Limits(t.Context())
			s.Close()
			if again := err == nil; again != want.again || again && ((*pauses)[0] < want.least || (*pauses)[0] > want.least+6*time.Second) {
				t.Errorf("%d with Retry-After %q: %v after pauses of %v", status, value, err, *pauses)
			}
		}
	}
}

// What an org says of its daily limit is read, whatever stands beside it.
func TestUsage(t *testing.T) {
	for header, want := range map[string][2]int{
		"api-usage=18/5000": {18, 5000},
		"api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)": {25, 5000},
		"per-app-api-usage=17/250(appName=x)":                                       {},
		"api-usage=x/y":                                                             {},
		"":                                                                          {},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Sforce-Limit-Info", header)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
		}))
		c, _ := pausing(t, s.URL, "00D000000000000!token")
		if _, err := c.Limits(t.Context()); err != nil {
			t.Error(err)
		}
		s.Close()
		if used, limit, ok := c.Usage(); used != want[0] || limit != want[1] || ok != (limit > 0) {
			t.Errorf("%q: %d of %d, %v", header, used, limit, ok)
		}
	}
}

// Answers come compressed, and are bounded by what they unpack to.
func TestCompressedAnswers(t *testing.T) {
	size := 100
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("no compressed answer is asked for")
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"DailyApiRequests":{"Max":10,"Remaining":3}}`)
		for range size {
			_, _ = io.WriteString(z, strings.Repeat(" ", 1<<16))
		}
		_ = z.Close()
	}))
	defer s.Close()
	c, _ := pausing(t, s.URL, "00D000000000000!token")
	if l, err := c.Limits(t.Context()); err != nil || l["DailyApiRequests"].Remaining != 3 {
		t.Errorf("%v, %v", l, err)
	}
	size = 2000 // 130 MB in a few hundred kilobytes
	if _, err := c.Limits(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a bomb: %v", err)
	}
}
