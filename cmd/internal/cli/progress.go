package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/ecactl/ecactl/metadata/org"
)

// A progress tells how far a deploy is: on a terminal in one line that rewrites
// itself, elsewhere in a line for every change of state, and one now and then.
type progress struct {
	w        io.Writer
	flush    func() error // lets go of what the redactor holds back of a line without an end
	terminal bool
	quiet    bool
	now      func() time.Time
	start    time.Time
	said     time.Time
	state    string
	open     bool // the line on the terminal has no end yet
}

// every is how often a deploy that does not change is remarked upon where there
// is no terminal: often enough for a CI server that ends what is silent.
const every = 30 * time.Second

func (p *program) newProgress() *progress {
	return &progress{w: p.errOut, flush: p.redactor.Flush, terminal: p.errTerminal, quiet: p.quiet, now: time.Now, start: time.Now()}
}

// deploy takes what an org says; nil is a deploy that was just sent.
func (g *progress) deploy(id string, r *org.DeployResult) {
	if g.quiet {
		return
	}
	if r == nil {
		fmt.Fprintf(g.w, "deploy %s\n", id)
		return
	}
	state := r.Status
	if r.StateDetail != "" {
		state += ", " + r.StateDetail
	}
	line := fmt.Sprintf("%s  %d of %d components", r.Status, r.NumberComponentsDeployed+r.NumberComponentErrors, r.NumberComponentsTotal)
	if r.NumberTestsTotal > 0 {
		line += fmt.Sprintf(", %d of %d tests", r.NumberTestsCompleted, r.NumberTestsTotal)
	}
	now := g.now()
	line += fmt.Sprintf("  %s", now.Sub(g.start).Round(time.Second))
	switch {
	case g.terminal:
		fmt.Fprintf(g.w, "\r\x1b[K%s", line)
		_ = g.flush() // nobody is left to be told
		g.open = true
	case state != g.state || now.Sub(g.said) >= every:
		fmt.Fprintln(g.w, line)
		g.said = now
	}
	g.state = state
}

// end gives the line on a terminal back.
func (g *progress) end() {
	if g.open {
		fmt.Fprint(g.w, "\r\x1b[K")
		_ = g.flush() // before the result is printed over it
		g.open = false
	}
}
