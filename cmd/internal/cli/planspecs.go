package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/deploy"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
	"github.com/ecactl/ecactl/metadata/spec"
	"github.com/ecactl/ecactl/migrate"
	"github.com/ecactl/ecactl/migrate/report"
)

// planned is a plan for an org that can be reached.
type planned struct {
	*plan.Plan
	client *org.Client
	last   time.Time // when the org's newest deploy was created; see deploy.Options
}

// planSpecs reads specs and the org, and compares them. Apps to be deleted need
// no spec.
func (p *program) planSpecs(ctx context.Context, args []string, sf *specFlags, of *orgFlags, remove []string, deploys bool) (*planned, error) {
	o, err := p.specOptions(sf)
	if err != nil {
		return nil, err
	}
	var built []*spec.Built
	if len(args) > 0 {
		if built, err = p.buildSpecs(args, o); err != nil {
			return nil, err
		}
	}
	version := o.APIVersion
	for _, b := range built {
		version = max(version, b.Version())
	}
	client, session, err := p.connect(ctx, of, max(version, metadata.DefaultVersion))
	if err != nil {
		return nil, err
	}
	s := deploy.Selection{Version: client.Version(), Apps: slices.Clone(remove), Likely: map[string][]string{}}
	for _, b := range built {
		for _, c := range b.Components() {
			s.Likely[c.Type] = append(s.Likely[c.Type], c.Name)
		}
		if b.Settings != nil {
			s.Settings = append(s.Settings, b.Settings.Type)
		} else {
			s.Apps = append(s.Apps, b.App.Name)
		}
	}
	if s.Apps == nil {
		s.Apps = []string{}
	}
	actual, about, err := readOrg(ctx, client, session, s, deploys)
	if err != nil {
		return nil, err
	}
	p.remarkOnUsage(client)
	o.Sandbox = o.Sandbox || about.Type == string(org.Sandbox)
	p.remarkOnLint(built, o)
	made, problems := plan.Make(built, actual, plan.Options{Org: about.Org, Delete: remove})
	if made == nil {
		writeProblems(p.errOut, problems, nil, report.Theme{})
		return nil, failed{}
	}
	return &planned{made, client, about.last}, nil
}

// buildSpecs makes the components of specs; what is wrong with their shape ends
// the command.
func (p *program) buildSpecs(args []string, o spec.Options) ([]*spec.Built, error) {
	set, err := p.loadSpecs(args, o)
	if err != nil {
		return nil, err
	}
	if set.Problems.Err() != nil {
		return nil, p.refuse(set.Problems, set)
	}
	built, problems := spec.BuildSet(set.Specs)
	if built == nil {
		return nil, p.refuse(problems, set)
	}
	if !p.quiet {
		writeProblems(p.errOut, problems, nil, report.Theme{})
	}
	return built, nil
}

// remarkOnLint prints the errors that lint finds. The org has the last word, so
// they end nothing.
func (p *program) remarkOnLint(built []*spec.Built, o spec.Options) {
	if p.quiet {
		return
	}
	var errors diag.Problems
	for _, q := range spec.Check(built, o) {
		if q.Level == diag.Error {
			errors = append(errors, q)
		}
	}
	if len(errors) > 0 {
		writeProblems(p.errOut, errors, nil, report.Theme{})
		p.say("lint finds %s; the org may refuse this", migrate.Plural(len(errors), "error"))
	}
}

// orgOf is what a login says of its org.
func orgOf(c *org.Client, session org.Session) plan.Org {
	return plan.Org{
		ID: c.OrgID(), Alias: session.Alias, Username: session.Username,
		InstanceURL: session.InstanceURL, APIVersion: c.Version().String(),
	}
}

// aboutOrg is an org, and when its newest deploy was created.
type aboutOrg struct {
	plan.Org
	last time.Time
}

// readOrg asks, side by side, who the org is and what it has, and before a deploy
// which was the newest.
func readOrg(ctx context.Context, c *org.Client, session org.Session, s deploy.Selection, deploys bool) (*plan.Actual, aboutOrg, error) {
	about := aboutOrg{Org: orgOf(c, session)}
	var actual *plan.Actual
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		o, err := c.Organization(ctx)
		if err != nil {
			return fmt.Errorf("asking which org this is: %w", err)
		}
		about.ID, about.Name, about.Type = o.ID, o.Name, string(o.Kind)
		return nil
	})
	if deploys {
		g.Go(func() error {
			about.last, _ = c.LastDeploy(ctx) // without it clocks have to do
			return nil
		})
	}
	g.Go(func() (err error) {
		actual, err = deploy.Actual(ctx, c, s)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, about, err
	}
	return actual, about, nil
}
