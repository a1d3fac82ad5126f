package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/ecactl/ecactl/metadata/diag"
)

// shell runs a command line of the user's as the system's shell does.
func shell(ctx context.Context, command string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.CommandContext(ctx, "cmd", "/C", command) //nolint:gosec // it is the user's own
	}
	return exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // it is the user's own
}

// feed hands a secret document to the input of a command: it never stands in a
// file, an argument or the environment. What the command says goes to stderr, which
// lets no secret through.
func (p *program) feed(ctx context.Context, command string, data []byte) error {
	c := shell(ctx, command)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(data), p.errOut, p.errOut
	if err := c.Run(); err != nil {
		return storeProblem(command, "did not take keys and secrets", err)
	}
	return nil
}

// fetch reads a secret document from the output of a command.
func (p *program) fetch(ctx context.Context, command string) ([]byte, error) {
	var out bytes.Buffer
	c := shell(ctx, command)
	c.Stdout, c.Stderr = &out, p.errOut
	if err := c.Run(); err != nil {
		return nil, storeProblem(command, "did not give keys and secrets", err)
	}
	return out.Bytes(), nil
}

// storeProblem names the program alone: what follows may hold a password.
func storeProblem(command, what string, err error) error {
	name, _, _ := strings.Cut(strings.TrimSpace(command), " ")
	return &diag.Problem{
		Code: "ECA778", Message: fmt.Sprintf("the command %s %s: %v", name, what, err), Err: err,
		Hint: "run it by itself first; it gets, or prints, one JSON document",
	}
}

// onlyOwner refuses a file of secrets that others can read.
func onlyOwner(name string) error {
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" {
		return nil //nolint:nilerr // whoever reads it says so
	}
	if info.Mode().Perm()&0o077 != 0 {
		return &diag.Problem{Pos: diag.Pos{File: name}, Code: "ECA777", Message: fmt.Sprintf("can be read by others (mode %04o)", info.Mode().Perm()), Hint: "chmod 600 " + name}
	}
	return nil
}
