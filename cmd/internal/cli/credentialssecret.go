package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/migrate/handover"
)

// secretFlags say where a secret goes. Without any of them it goes nowhere, and
// is not even read.
type secretFlags struct {
	reveal  bool
	file    string
	format  string
	prefix  string
	command []string // after --

	opened *os.File // of file, until the secret is in it
}

func (f *secretFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVar(&f.reveal, "reveal", false, "print the secret, at a terminal and nowhere else")
	fl.StringVar(&f.file, "to-file", "", "write key and secret to the new `FILE`, which you alone can read")
	fl.StringVar(&f.format, "format", "", "write them in the `FORM` of a secret store: "+strings.Join(handover.Formats(), ", ")+"; with a command, to its standard input")
	fl.StringVar(&f.prefix, "prefix", "SALESFORCE", "begin the variables' names with `WORD`")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(handover.Formats(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// take separates an app's name from the command after "--", and checks what goes
// together, before the org is asked.
func (f *secretFlags) take(cmd *cobra.Command, args []string) (app string, err error) {
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		args, f.command = args[:n], args[n:]
		if len(f.command) == 0 {
			return "", usagef(cmd.CommandPath()+" APP -- COMMAND", "there is no command after --")
		}
	}
	if len(args) != 1 {
		return "", usagef(usageOf(cmd), "%s takes the API name of an app", cmd.Name())
	}
	ways := 0
	for _, given := range []bool{f.reveal, f.file != "", len(f.command) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return "", usagef("", "choose one of --reveal, --to-file and -- COMMAND")
	case f.format != "" && !slices.Contains(handover.Formats(), f.format):
		return "", usagef(diag.DidYouMean(f.format, handover.Formats()), "unknown format %q (%s)", f.format, strings.Join(handover.Formats(), ", "))
	case f.format != "" && f.file == "" && len(f.command) == 0:
		return "", usagef("ecactl credentials show APP --format "+f.format+" --to-file FILE, or -- COMMAND", "--format needs a place: a secret is not printed")
	case !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(f.prefix):
		return "", usagef("", "--prefix %q: a variable's name has letters, digits and underscores", f.prefix)
	}
	return args[0], nil
}

func (f *secretFlags) wanted() bool { return f.reveal || f.file != "" || len(f.command) > 0 }

// openPlace makes sure, before the org is asked, that the secret has a place: the
// terminal, the new file, or the command. close gives the file up again if
// nothing has come into it.
func (p *program) openPlace(f *secretFlags, targets []target) (err error) {
	switch {
	case f.reveal && (!p.terminal || len(targets) != 1 || targets[0].file != "" || targets[0].format != "table"):
		return usagef("--to-file FILE writes it where you alone can read it; -- COMMAND gives it to a command", "--reveal prints a secret at a terminal alone, as a table")
	case len(f.command) > 0:
		if _, err := exec.LookPath(f.command[0]); err != nil {
			return noCommand(f.command[0], err)
		}
	case f.file != "":
		// From the first byte on its owner alone can read it, and it was not there.
		f.opened, err = os.OpenFile(f.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return existsAlready(f.file)
		}
		if err != nil {
			return fmt.Errorf("writing the secret: %w", err)
		}
	}
	return nil
}

func (f *secretFlags) close() {
	if f.opened != nil {
		_, _ = f.opened.Close(), os.Remove(f.file) // it is empty
	}
}

func noCommand(name string, err error) error {
	return &diag.Problem{Code: "ECA731", Message: fmt.Sprintf("%s cannot be run: %v", name, err), Hint: "check that it is installed; the secret went nowhere else", Err: err}
}

func existsAlready(file string) error {
	return &diag.Problem{Pos: diag.Pos{File: file}, Code: "ECA725", Message: "the file exists already, and others may be able to read it", Hint: "choose another, or delete it first"}
}

// handOver gives a secret to where it was asked to go.
func (p *program) handOver(ctx context.Context, f *secretFlags, c *credentialsRun, pair org.Pair) error {
	if !f.wanted() {
		return nil
	}
	if pair.Secret.IsZero() {
		return &diag.Problem{
			Code: "ECA722", Message: "the org handed out the key of " + c.App.Name + " and not the secret",
			Hint: "Setup > External Client App Settings: allow access to External Client App consumer secrets via REST API; and give the user View Client Secret",
		}
	}
	v := handover.Values{App: c.App.Name, ClientID: pair.Key, Secret: pair.Secret, InstanceURL: c.session.InstanceURL, Prefix: f.prefix}
	form := f.format
	if form == "" {
		form = "dotenv"
	}
	text, err := handover.Format(form, v)
	if err != nil {
		return err
	}
	switch {
	case f.file != "":
		if err := f.write(text); err != nil {
			return err
		}
		p.say("wrote key and secret to %s, which you alone can read", f.file)
		return nil
	case f.format != "":
		return p.runWith(ctx, f.command, text, nil)
	case len(f.command) > 0:
		return p.runWith(ctx, f.command, nil, v.Variables())
	}
	return nil // --reveal is the printer's
}

// write puts the secret into the file that was opened for it.
func (f *secretFlags) write(data []byte) error {
	_, err := f.opened.Write(data)
	if err == nil {
		err = f.opened.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the secret: %w", err) // close takes the file away
	}
	err = f.opened.Close()
	f.opened = nil
	if err != nil {
		return fmt.Errorf("writing the secret: %w", errors.Join(err, os.Remove(f.file)))
	}
	return nil
}

// childWait is how long a command has to end after an interruption.
const childWait = 5 * time.Second

// childFailed is a command that ended with a code of its own.
type childFailed struct{ code int }

func (e childFailed) Error() string { return fmt.Sprintf("the command ended with %d", e.code) }

// runWith runs a command with a secret in its environment or on its standard
// input, and nowhere else: it is no argument, and no shell sees it.
func (p *program) runWith(ctx context.Context, command []string, stdin []byte, variables [][2]string) error {
	if err := p.out.Flush(); err != nil {
		return nil // Run reports what stdout does not take
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // it is what the user asked for, and no shell reads it
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = childWait
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.in, p.stdout, p.errOut
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	cmd.Env = os.Environ()
	for _, v := range variables {
		cmd.Env = append(cmd.Env, v[0]+"="+v[1])
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && ctx.Err() == nil:
		return childFailed{exit.ExitCode()}
	case err != nil && !errors.Is(err, io.ErrClosedPipe):
		return noCommand(command[0], err)
	}
	return nil
}
