package cli

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org/login"
)

// pastes is how often an address is asked for that is none.
const pastes = 3

// clearStage takes away the line that says what is being done.
func (p *program) clearStage() {
	if p.errTerminal && !p.quiet {
		fmt.Fprint(p.errOut, "\r\x1b[K")
	}
}

// askInBrowser has the person at the terminal log in: in a browser that comes
// back to this machine, if the app's callback is here, and else on a page whose
// address is pasted back.
func (p *program) askInBrowser(sys login.System, noBrowser bool) func(ctx context.Context, page, callback, state, why string) (url.Values, error) {
	lines := bufio.NewReader(p.in)
	return func(ctx context.Context, page, callback, state, why string) (url.Values, error) {
		p.clearStage()
		fmt.Fprintf(p.errOut, "%s\n", why)
		here, local := login.LocalCallback([]string{callback})
		if !local || noBrowser {
			return p.askForAddress(ctx, lines, page, callback)
		}
		code, err := login.Receive(ctx, here, state, func() {
			if sys.OpenBrowser(page) != nil {
				fmt.Fprintf(p.errOut, "Open this page:\n  %s\n", page)
				_ = p.redactor.Flush() // it has to be seen before it is opened
			}
		})
		if err != nil {
			return nil, err
		}
		return url.Values{"code": {code}, "state": {state}}, nil
	}
}

// askForAddress prints a page and reads the address to which it led.
func (p *program) askForAddress(ctx context.Context, lines *bufio.Reader, page, callback string) (url.Values, error) {
	fmt.Fprintf(p.errOut, "Open this page:\n  %s\n", page)
	for range pastes {
		fmt.Fprintf(p.errOut, "Paste the address to which it leads, which begins with %s\n> ", callback)
		_ = p.redactor.Flush() // the question has to be seen before it is answered
		line, err := readLine(ctx, lines)
		if err != nil {
			return nil, err
		}
		values, err := login.ReadCallback(line, callback)
		if err != nil || values != nil {
			return values, err
		}
		fmt.Fprintln(p.errOut, "That is another address.")
	}
	return nil, &diag.Problem{Code: "ECA734", Message: "no address of the app's callback was given", Hint: "copy the whole address from the browser, also if the page itself does not load"}
}

// readLine reads a line, for as long as nobody interrupts.
func readLine(ctx context.Context, lines *bufio.Reader) (string, error) {
	type answer struct {
		line string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		line, err := lines.ReadString('\n')
		done <- answer{strings.TrimSpace(line), err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-done:
		if a.err != nil && a.line == "" {
			return "", fmt.Errorf("reading the terminal: %w", a.err)
		}
		return a.line, nil
	}
}
