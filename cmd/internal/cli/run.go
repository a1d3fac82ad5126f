// Package cli is the command line: flags in, one library call, a printer out.
// It holds no logic of its own.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/metadata/org"
	"github.com/ecactl/ecactl/metadata/org/login"
	"github.com/ecactl/ecactl/metadata/secret"
	"github.com/ecactl/ecactl/migrate/report"
)

// Exit codes. The help topic exit-codes lists them.
const (
	ExitOK          = 0
	ExitError       = 1
	ExitFindings    = 2
	ExitNotLoggedIn = 4
	ExitUsage       = 64
	ExitPartly      = 68
	ExitRunning     = 69
	ExitInterrupted = 130
)

// A Host is what the program knows of the machine that it runs on, so that a
// test can be another one.
type Host struct {
	LookupEnv func(string) (string, bool)
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error // between retries and looks; nil sleeps
}

// System returns the machine itself. SOURCE_DATE_EPOCH stops its clock, as it
// does for other tools whose output is to be the same twice.
func System() Host {
	return Host{LookupEnv: os.LookupEnv, Now: func() time.Time {
		if s, ok := os.LookupEnv("SOURCE_DATE_EPOCH"); ok {
			if sec, err := strconv.ParseInt(s, 10, 64); err == nil {
				return time.Unix(sec, 0).UTC()
			}
		}
		return time.Now()
	}}
}

// Run is the whole program, short of the process. It returns the exit code.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, host Host) int {
	redactor := secret.NewRedactor(stderr)
	defer redactor.Flush() //nolint:errcheck // nobody is left to be told
	p := &program{
		host: host, in: stdin, stdout: stdout, out: bufio.NewWriter(stdout), errOut: redactor, redactor: redactor,
		terminal: isTerminal(stdout), errTerminal: isTerminal(stderr),
	}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(p.out)
	root.SetErr(stderr)

	err := root.ExecuteContext(ctx)
	switch full := p.out.Flush(); {
	case full == nil:
		return p.exitCode(ctx, err)
	case errors.Is(full, syscall.EPIPE):
		return ExitOK // whoever reads has seen enough
	default:
		fmt.Fprintf(stderr, "ecactl: writing the output: %v\n", full)
		return ExitError
	}
}

// program is one run: where it reads and writes, and the flags that hold for
// every command.
type program struct {
	host     Host
	in       io.Reader
	stdout   io.Writer // for commands that are run; everything else writes to out
	out      *bufio.Writer
	errOut   io.Writer
	redactor *secret.Redactor // before stderr

	terminal    bool // stdout is one
	errTerminal bool // stderr is one

	quiet   bool
	verbose bool
	noColor bool
	noInput bool
}

// usageError is a command line that cannot be understood.
type usageError struct {
	err  error
	hint string
}

func (e usageError) Error() string { return e.err.Error() }

func usagef(hint, format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...), hint}
}

// findings is the outcome of a command that has found what it was asked to look
// for: its report is printed, and only the exit code is left to say.
type findings struct{}

func (findings) Error() string { return "there are findings" }

// failed is the same for a command that printed a report and could not do all
// of its work.
type failed struct{}

func (failed) Error() string { return "not everything could be done" }

// partly is a deploy of which a part was saved.
type partly struct{}

func (partly) Error() string { return "a part was deployed" }

// stillRunning is a deploy that was not over when it was seen last.
type stillRunning struct{}

func (stillRunning) Error() string { return "the deploy is still running" }

// outcomes are the errors whose report is printed already, with their codes.
var outcomes = map[error]int{findings{}: ExitFindings, failed{}: ExitError, partly{}: ExitPartly, stillRunning{}: ExitRunning}

func (p *program) exitCode(ctx context.Context, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return ExitOK
	case ctx.Err() != nil:
		fmt.Fprintln(p.errOut, "ecactl: interrupted")
		return ExitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(p.errOut, "ecactl: %s\n", report.Plain(err.Error()))
		if usage.hint != "" {
			fmt.Fprintf(p.errOut, "  hint: %s\n", report.Plain(usage.hint))
		}
		fmt.Fprintln(p.errOut, `run "ecactl --help" for usage`)
		return ExitUsage
	}
	if child, ok := errors.AsType[childFailed](err); ok {
		return child.code
	}
	for outcome, code := range outcomes {
		if errors.Is(err, outcome) {
			return code
		}
	}
	p.explainFailure(err)
	var said *org.Error
	if errors.Is(err, login.ErrNotLoggedIn) || errors.As(err, &said) && said.Code == "INVALID_SESSION_ID" {
		return ExitNotLoggedIn
	}
	return ExitError
}

// explainFailure prints an error with what to do about it.
func (p *program) explainFailure(err error) {
	for _, problem := range diag.From(err) {
		fmt.Fprintf(p.errOut, "ecactl: %s\n", report.Plain(problem.Error()))
		if problem.Hint != "" {
			fmt.Fprintf(p.errOut, "  hint: %s\n", report.Plain(problem.Hint))
		}
	}
	p.advise(err)
}

// tokenOps are the operations whose errors are those of the token endpoint.
var tokenOps = map[string]bool{"token": true, "authorize": true}

// advise says what an error of Salesforce means, and what to do about it.
func (p *program) advise(err error) {
	var said *org.Error
	if !errors.As(err, &said) {
		return
	}
	where := "api"
	if tokenOps[said.Op] {
		where = "token"
	}
	a := org.Advise(where, said.Code+": "+said.Message)
	if a == nil {
		return
	}
	fmt.Fprintf(p.errOut, "  %s\n", a.Means)
	for _, do := range a.Do {
		fmt.Fprintf(p.errOut, "    - %s\n", do)
	}
	fmt.Fprintf(p.errOut, "  more:  ecactl explain %s\n", a.ID)
}

// say writes a remark: to stderr, and not at all under --quiet.
func (p *program) say(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.errOut, format+"\n", args...)
	}
}

// theme decides about colour by what gh and clig.dev agree upon.
func (p *program) theme() report.Theme {
	env := func(name string) string { v, _ := p.host.LookupEnv(name); return v }
	_, never := p.host.LookupEnv("NO_COLOR")
	forced := env("CLICOLOR_FORCE") != "" && env("CLICOLOR_FORCE") != "0"
	switch {
	case p.noColor || never || env("TERM") == "dumb" || env("CLICOLOR") == "0":
		return report.Theme{}
	}
	return report.Theme{Colour: p.terminal || forced}
}

// errTheme is the theme of what goes to stderr.
func (p *program) errTheme() report.Theme {
	t := p.theme()
	t.Colour = t.Colour && p.errTerminal
	return t
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// interactive tells whether somebody is there to be asked.
func (p *program) interactive() bool {
	ci, _ := p.host.LookupEnv("CI")
	return !p.noInput && ci == "" && isTerminal(p.in) && p.errTerminal
}

// root builds the tree of commands, anew for every run.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "ecactl",
		Short: "Salesforce External Client Apps as code",
		Long: `ecactl describes Salesforce External Client Apps in YAML, writes their metadata,
deploys it, and audits the Connected Apps that they replace.`,
		Example: `  ecactl demo
  ecactl init Order_Sync --template web-server
  ecactl lint Order_Sync.yaml
  ecactl generate Order_Sync.yaml --dir force-app/main/default
  ecactl plan Order_Sync.yaml --target-org uat
  ecactl deploy Order_Sync.yaml --target-org uat
  ecactl audit --source-dir .`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{err, flagHint(cmd, err)} })
	root.SetHelpCommand(helpCommand(root))
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	f := root.PersistentFlags()
	f.BoolVarP(&p.quiet, "quiet", "q", false, "print results and errors alone")
	f.BoolVarP(&p.verbose, "verbose", "v", false, "print notes as well")
	f.BoolVar(&p.noInput, "no-input", false, "never ask anything; CI in the environment does the same")
	f.BoolVar(&p.noColor, "no-color", false, "print without colours; NO_COLOR in the environment does the same")
	root.AddCommand(
		p.newInit(), p.newLint(), p.newGenerate(), p.newImport(), p.newConvert(), p.newAudit(),
		p.newLogin(), p.newOrgs(), p.newLogout(), p.newDoctor(),
		p.newPlan(), p.newDeploy(), p.newRetrieve(), p.newEmulator(),
		p.newCredentials(), p.newMigrate(), p.newRefresh(),
		p.newExplain(), p.newSchema(), p.newDemo(), p.newVersion(),
	)
	root.AddCommand(topics()...)
	return root
}

func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usagef(diag.DidYouMean(name, names), "unknown command %q", name)
}

// flagHint corrects a mistyped flag.
func flagHint(cmd *cobra.Command, err error) string {
	_, name, ok := strings.Cut(err.Error(), "unknown flag: --")
	if !ok {
		return ""
	}
	var flags []string
	for word := range strings.FieldsSeq(cmd.Flags().FlagUsages() + cmd.InheritedFlags().FlagUsages()) {
		if flag, isFlag := strings.CutPrefix(word, "--"); isFlag {
			flags = append(flags, flag)
		}
	}
	if hint := diag.DidYouMean(name, flags); hint != "" {
		return strings.Replace(hint, `"`, `"--`, 1)
	}
	return ""
}

// helpCommand is cobra's, but that an unknown topic is an error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command or topic]",
		Short: "Help about a command or a topic",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range root.Commands() {
				names = append(names, c.Name())
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// usageOf is how a command is called, with the commands above it.
func usageOf(cmd *cobra.Command) string {
	return cmd.CommandPath() + strings.TrimPrefix(cmd.Use, cmd.Name())
}

// atLeast and its like are cobra's validators with the exit code of usage.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usagef(usageOf(cmd), "%s needs %s", cmd.Name(), what)
		}
		return nil
	}
}

func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef(usageOf(cmd), "%s takes %s", cmd.Name(), what)
		}
		return nil
	}
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("", "%s takes no argument, and %q is one", cmd.Name(), args[0])
	}
	return nil
}
