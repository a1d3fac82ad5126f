package deploy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecactl/ecactl/metadata"
	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/plan"
)

// DefaultWait is how long a deploy is watched: sf's own default.
const DefaultWait = 33 * time.Minute

// Options say how a plan is carried out.
type Options struct {
	DryRun         bool // the org checks everything and saves nothing
	Async          bool // do not watch it
	IgnoreWarnings bool
	TestLevel      string        // "" leaves it to the org
	Wait           time.Duration // how long to watch; 0 is DefaultWait
	Notify         func(id string, r *org.DeployResult)
	Now            func() time.Time

	// After is when the newest deploy was created that the org had before, by the
	// org's clock; see [org.Client.LastDeploy]. What is not after it is not this
	// deploy, however much it is like it. Without it clocks have to do.
	After time.Time
}

// An Outcome is what became of a deploy.
type Outcome struct {
	ID     string
	Result *org.DeployResult // as it was seen last; nil if it was not watched
	Found  bool              // the connection broke, and the deploy was found again
	Again  bool              // the first one did not arrive, and it was sent again
}

// Running tells whether the deploy was not over when it was seen last.
func (o *Outcome) Running() bool { return o.Result == nil || !o.Result.Done }

// An Interrupted error is the end of watching, and not of the deploy.
type Interrupted struct {
	ID  string // "" if the org may or may not have the deploy
	Err error
}

func (e *Interrupted) Error() string {
	if e.ID == "" {
		return "interrupted while the deploy was sent; the org may have it"
	}
	return "interrupted; the org goes on with the deploy " + e.ID
}

// Unwrap gives the cause.
func (e *Interrupted) Unwrap() error { return e.Err }

// grace is how long an interrupted program waits for the answer that has the
// deploy's id.
const grace = 3 * time.Second

// Run deploys a plan that is not empty. An error is a deploy of which nothing is
// known but what the error says; a deploy that fails is an Outcome. A deletion
// that fails only over the parts of apps is tried once more by the apps alone.
func Run(ctx context.Context, c *org.Client, p *plan.Plan, o Options) (*Outcome, error) {
	out, err := run(ctx, c, p, p.Files(), o)
	if err != nil || out.Running() || !overParts(out.Result) {
		return out, err
	}
	files, differs, err := p.HeadersOnly()
	if err != nil || !differs {
		return out, err
	}
	return run(ctx, c, p, files, o)
}

// overParts tells whether a deploy failed, and over nothing but the deletion of
// parts of apps.
func overParts(r *org.DeployResult) bool {
	if r.Success || r.Status != "Failed" || len(r.Details.ComponentFailures) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.Details.ComponentFailures, func(m org.DeployMessage) bool {
		return !strings.Contains(m.FileName, "destructiveChanges") || m.ComponentType == metadata.TypeApp
	})
}

// run sends one deploy and watches it.
func run(ctx context.Context, c *org.Client, p *plan.Plan, files []metadata.File, o Options) (*Outcome, error) {
	var zip bytes.Buffer
	zip.Grow(zipSize(files))
	if err := metadata.WriteZip(&zip, files); err != nil {
		return nil, err
	}
	s := &sending{
		client: c, options: o,
		content: func(context.Context) (map[part]bool, error) { return contentOf(p), nil },
		post: func(ctx context.Context) (string, error) {
			return c.Deploy(ctx, zip.Bytes(), org.DeployOptions{
				CheckOnly: o.DryRun, IgnoreWarnings: o.IgnoreWarnings, RollbackOnError: true, SinglePackage: true, TestLevel: o.TestLevel,
			})
		},
	}
	out, err := s.send(ctx)
	if err != nil {
		return out, err
	}
	if o.Notify != nil {
		o.Notify(out.ID, nil)
	}
	if o.Async {
		return out, nil
	}
	out.Result, err = Watch(ctx, c, out.ID, o)
	return out, err
}

// zipSize is about what a zip of files has, so that it need not grow: names are
// there twice, and what is longer than most files deflates to less than half.
func zipSize(files []metadata.File) int {
	const headers, most = 128, 512 // bytes
	size := 0
	for _, f := range files {
		size += headers + 2*len(f.Path) + min(len(f.Data), most+len(f.Data)/2)
	}
	return size
}

// Quick deploys what a validation has checked, and does not watch it. One whose
// answer is lost is looked for like any other: it has the validation's content.
func Quick(ctx context.Context, c *org.Client, validation string, o Options) (*Outcome, error) {
	o.DryRun = false
	s := &sending{client: c, options: o}
	s.content = func(ctx context.Context) (map[part]bool, error) {
		r, err := c.DeployStatus(ctx, validation, true)
		if err != nil {
			return nil, fmt.Errorf("asking what the validation holds: %w", err)
		}
		s.options.After = r.CompletedDate.Time // a quick deploy comes after its validation
		return contentOfResult(r), nil
	}
	s.post = func(ctx context.Context) (string, error) { return c.QuickDeploy(ctx, validation) }
	return s.send(ctx)
}

// Cancel asks the org to end a deploy. One that was asked to before, such as by a
// request whose answer was lost, is none that was over already.
func Cancel(ctx context.Context, c *org.Client, id string) error {
	err := c.CancelDeploy(ctx, id)
	var said *org.Error
	if !errors.As(err, &said) || said.Code != "INVALID_ID_FIELD" {
		return err
	}
	if r, lookErr := c.DeployStatus(ctx, id, false); lookErr == nil && strings.HasPrefix(r.Status, "Cancel") {
		return nil
	}
	return err
}

// Watch waits for the end of a deploy, no longer than the options say. A nil
// error and a result that is not done is a deploy that takes longer.
func Watch(ctx context.Context, c *org.Client, id string, o Options) (*org.DeployResult, error) {
	var last *org.DeployResult
	r, err := c.Wait(ctx, id, org.WaitOptions{
		Max: cmp.Or(o.Wait, DefaultWait),
		Notify: func(r *org.DeployResult) {
			last = r
			if o.Notify != nil {
				o.Notify(id, r)
			}
		},
	})
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil:
		return last, &Interrupted{ID: id, Err: err}
	}
	return last, fmt.Errorf("watching the deploy %s: %w", id, err)
}

// sending is one deploy on its way.
type sending struct {
	client  *org.Client
	options Options
	content func(context.Context) (map[part]bool, error) // by which it is recognised
	post    func(context.Context) (string, error)        // hands it to the org
}

// send hands a deploy to the org, once.
func (s *sending) send(ctx context.Context) (*Outcome, error) {
	now := s.options.Now
	if now == nil {
		now = time.Now //nolint:forbidigo // where none is injected
	}
	start := now()
	id, err := s.patiently(ctx)
	switch {
	case err == nil:
		return &Outcome{ID: id}, nil
	case ctx.Err() != nil:
		return nil, &Interrupted{Err: err}
	case !errors.Is(err, org.ErrAmbiguous):
		return nil, err
	}
	found, lookErr := s.find(ctx, start)
	switch {
	case lookErr != nil && ctx.Err() != nil:
		return nil, &Interrupted{Err: lookErr}
	case lookErr != nil:
		return nil, lost(err, lookErr)
	}
	if found != "" {
		return &Outcome{ID: found, Found: true}, nil
	}
	if id, err = s.patiently(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, &Interrupted{Err: err}
		}
		return nil, lost(err, nil)
	}
	return &Outcome{ID: id, Again: true}, nil
}

// patiently sends the deploy. An interruption does not break the connection at
// once: the answer has the id by which the deploy can be resumed.
func (s *sending) patiently(ctx context.Context) (string, error) {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	return s.post(sending)
}

// lost is the error of a deploy that may or may not have arrived.
func lost(err, look error) error {
	p := &diag.Problem{
		Code:    "ECA511",
		Message: "the connection broke while the deploy was sent, and whether the org has it cannot be told",
		Hint:    "look at Setup > Deployment Status, or  ecactl deploy status --recent; send it again only if it is not there",
		Err:     err,
	}
	if look != nil {
		p.Message += ": " + look.Error()
	} else {
		p.Message += ": " + err.Error()
	}
	return p
}
