package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
)

// A part is one component of a deploy, by which it is recognised.
type part struct {
	typ, name string
	gone      bool // it is deleted
}

// contentOf lists what a plan deploys and deletes.
func contentOf(p *plan.Plan) map[part]bool {
	content := map[part]bool{}
	for _, c := range p.Sent() {
		content[part{settingsType(c.Type), c.Name, c.Action == plan.Delete}] = true
	}
	return content
}

// looks are the pauses before each look for a deploy: an org lists it at once,
// and yet not always within the same moment.
var looks = []time.Duration{0, time.Second, 3 * time.Second}

// find looks for a deploy that was sent since start and whose answer was lost.
// It returns "" if the org surely has none, and an error if that cannot be told.
func (s *sending) find(ctx context.Context, start time.Time) (string, error) {
	content, err := s.content(ctx)
	if err != nil {
		return "", err
	}
	since := s.client.OrgTime(start).Add(-2 * time.Second)
	for _, pause := range looks {
		if err := s.client.Sleep(ctx, pause); err != nil {
			return "", err
		}
		recent, err := s.client.RecentDeploys(ctx, since)
		if err != nil {
			return "", fmt.Errorf("looking for it: %w", err)
		}
		var ours []string
		for _, r := range recent {
			if !r.CreatedDate.After(s.options.After) {
				continue // it was there before
			}
			same, err := s.same(ctx, r, content)
			if err != nil {
				return "", fmt.Errorf("looking at the deploy %s: %w", r.ID, err)
			}
			if same {
				ours = append(ours, r.ID)
			}
		}
		switch len(ours) {
		case 0:
		case 1:
			return ours[0], nil
		default:
			return "", fmt.Errorf("the org has %d deploys of the same content: %v", len(ours), ours)
		}
	}
	return "", nil
}

// leastLook is how long a deploy that may be ours is waited for at least, however
// short the user wants to wait: else nothing could be told of it.
const leastLook = time.Minute

// same tells whether a deploy has the content that was sent. An org says what a
// deploy holds once it is over, so it is waited for.
func (s *sending) same(ctx context.Context, r org.DeployRequest, sent map[part]bool) (bool, error) {
	if r.CheckOnly != s.options.DryRun {
		return false, nil
	}
	result, err := s.client.Wait(ctx, r.ID, org.WaitOptions{Max: max(cmp.Or(s.options.Wait, DefaultWait), leastLook)})
	if err != nil {
		return false, err
	}
	if !result.Done {
		return false, errors.New("it is still running, and says what it holds when it is over")
	}
	return maps.Equal(contentOfResult(result), sent), nil
}

// contentOfResult lists what a deploy that is over has held.
func contentOfResult(result *org.DeployResult) map[part]bool {
	content := map[part]bool{}
	for _, list := range [][]org.DeployMessage{result.Details.ComponentSuccesses, result.Details.ComponentFailures} {
		for _, m := range list {
			if m.ComponentType != "" && m.ComponentType != "Package" {
				gone := m.Deleted || strings.Contains(m.FileName, "destructiveChanges")
				content[part{settingsType(m.ComponentType), m.FullName, gone}] = true
			}
		}
	}
	return content
}

// settingsType gives what a deploy calls the settings of an org: they are all of
// one type there.
func settingsType(typ string) string {
	if t := metadata.Schema().Type(typ); t != nil && t.IsSettings() {
		return "Settings"
	}
	return typ
}
