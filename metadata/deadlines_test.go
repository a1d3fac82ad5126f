package metadata_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/metadata"
)

// Each deadline has either days, which are days, or a season; and the list is
// in the order in which they come.
func TestDeadlines(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	for _, d := range metadata.Deadlines {
		if seen[d.ID] {
			t.Errorf("%s is there twice", d.ID)
		}
		seen[d.ID] = true
		if got := metadata.FindDeadline(d.ID); got == nil || *got != d {
			t.Errorf("%s is not found by its id", d.ID)
		}
		if d.ID == "" || d.Title == "" || d.What == "" || d.Source == "" {
			t.Errorf("%q says too little: %+v", d.ID, d)
		}
		if !strings.HasSuffix(d.What, ".") || strings.HasSuffix(d.Title, ".") || strings.ToLower(d.ID) != d.ID {
			t.Errorf("%s: What is a sentence, Title a phrase, ID in lower case", d.ID)
		}
		if (d.Production == "") == (d.Season == "") || (d.Production == "") != (d.Sandbox == "") {
			t.Errorf("%s has both a day and a season, or neither: %q, %q, %q", d.ID, d.Sandbox, d.Production, d.Season)
		}
		for _, day := range []string{d.Sandbox, d.Production} {
			if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
				t.Errorf("%s: %v", d.ID, err)
			}
		}
		if d.Sandbox > d.Production {
			t.Errorf("%s comes to production before sandboxes", d.ID)
		}
		order := d.Production
		if order == "" {
			order = "a season" // after every day
		}
		if order < last {
			t.Errorf("%s is out of order", d.ID)
		}
		last = order
	}
	if len(seen) == 0 {
		t.Error("there are none")
	}
	if metadata.FindDeadline("never") != nil {
		t.Error("a deadline that is not there was found")
	}
}

func TestDeadlineWhen(t *testing.T) {
	tests := map[string]struct {
		in   metadata.Deadline
		when string
		day  time.Time
	}{
		"one day":  {metadata.Deadline{Sandbox: "2027-02-20", Production: "2027-02-20"}, "20 Feb 2027", time.Date(2027, 2, 20, 0, 0, 0, 0, time.UTC)},
		"two days": {metadata.Deadline{Sandbox: "2026-10-21", Production: "2026-11-04"}, "sandboxes 21 Oct 2026, production 4 Nov 2026", time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC)},
		"a season": {metadata.Deadline{Season: "Summer '27"}, "Summer '27", time.Time{}},
		"no day":   {metadata.Deadline{Sandbox: "soon", Production: "soon"}, "soon", time.Time{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.in.When(); got != tt.when {
				t.Errorf("got %q, want %q", got, tt.when)
			}
			if got := tt.in.Day(); !got.Equal(tt.day) {
				t.Errorf("got %s, want %s", got, tt.day)
			}
		})
	}
}
