package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
)

// running are the states of deploys that are not over.
var running = []string{"Pending", "InProgress", "Finalizing", "FinalizingDeploy", "FinalizingSuccess", "FinalizingFailed", "Canceling"}

// longAgo is how far back deploys are looked for that may still run.
const longAgo = 24 * time.Hour

// Settle waits for the deploys of the same user that are under way. A program that
// reads what an org has to find out what is left to be done does so first: one of
// them may be what it sent before it was killed.
func Settle(ctx context.Context, c *org.Client, now time.Time, o Options, say func(format string, args ...any)) error {
	recent, err := c.RecentDeploys(ctx, c.OrgTime(now).Add(-longAgo))
	if err != nil {
		return fmt.Errorf("looking for deploys that are under way: %w", err)
	}
	for _, d := range recent {
		if d.CheckOnly || !slices.Contains(running, d.Status) {
			continue
		}
		say("waiting for the deploy %s, which is under way", d.ID)
		if _, err := Watch(ctx, c, d.ID, o); err != nil {
			return err
		}
	}
	return nil
}
