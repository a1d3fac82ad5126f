package migrate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ecactl/ecactl/migrate"
)

// What stops is told by the day, for sandboxes and production each, and with the
// days that are left by the calendar, whatever the hour.
func TestTimeline(t *testing.T) {
	org := func(id, kind string) *migrate.Report {
		ev := evidence(t, migrate.Example{
			{Name: "Order_Sync.connectedApp", XML: "<label>Order Sync</label><oauthConfig><scopes>RefreshToken</scopes></oauthConfig><oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy>"},
			{Name: migrate.SrcLogins + ".json", XML: `[{"Application":"Order Sync","LoginType":"Remote Access 2.0","LoginSubType":"OauthUsernamePassword","n":"2","latest":"2026-11-20T08:00:00.000+0000"}]`},
		})
		ev.Org.ID, ev.Org.Type, ev.Org.Alias = id, kind, kind
		late := time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC)
		return migrate.Audit(migrate.FromEvidence(ev), migrate.Options{Version: "test", Now: late})
	}
	r := migrate.Merge([]*migrate.Report{org("00D5g0000000001EAA", "production"), org("00D5g0000000002EAA", "sandbox")})
	var got strings.Builder
	for _, b := range r.Timeline() {
		fmt.Fprintf(&got, "%s|%s|%s|%d\n", b.When(), b.LeftInWords(), b.Deadline.ID, len(b.Apps))
	}
	want := `21 Oct 2026|33 days ago|idle-refresh|1
4 Nov 2026|19 days ago|idle-refresh|1
20 Feb 2027|in 89 days|username-password|2
Summer '27||connected-app-support|2
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	why := "x"
	for i := range r.Apps {
		for j := range r.Apps[i].Findings {
			r.Apps[i].Findings[j].Suppressed = &why
		}
	}
	if left := r.Timeline(); len(left) > 0 {
		t.Errorf("suppressed findings are in it: %+v", left)
	}
	for days, want := range map[int]string{0: "today", 1: "tomorrow", -1: "yesterday", 2: "in 2 days", -2: "2 days ago"} {
		if got := migrate.LeftInWords(days); got != want {
			t.Errorf("%d: %s", days, got)
		}
	}
}
