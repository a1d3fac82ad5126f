package login

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/cli/browser"
	"github.com/zalando/go-keyring"

	"github.com/ecactl/ecactl/metadata/org"
)

// System is the machine as this package sees it, so that a test can be another.
// The zero value of a field is the machine itself.
type System struct {
	LookupEnv func(string) (string, bool)
	Now       func() time.Time
	HTTP      *http.Client                               // its Transport is used
	Sleep     func(context.Context, time.Duration) error // between retries; nil sleeps
	Run       func(ctx context.Context, name string, args ...string) (stdout []byte, exit int, err error)
	Open      func(url string) error // a browser
	Keyring   Keyring
}

// A Keyring keeps secrets by name.
type Keyring interface {
	Set(name, value string) error
	Get(name string) (string, error) // ErrNoSecret if there is none
	Delete(name string) error
}

// ErrNoSecret is a name that a keyring does not have.
var ErrNoSecret = errors.New("no such secret")

func (s System) filled() System {
	if s.LookupEnv == nil {
		s.LookupEnv = os.LookupEnv
	}
	if s.Now == nil {
		s.Now = time.Now //nolint:forbidigo // where none is injected
	}
	if s.Run == nil {
		s.Run = run
	}
	if s.Open == nil {
		s.Open = openBrowser
	}
	if s.Sleep == nil {
		s.Sleep = org.Sleep
	}
	if s.Keyring == nil {
		s.Keyring = systemKeyring{}
	}
	return s
}

func (s System) env(name string) string {
	v, _ := s.LookupEnv(name)
	return v
}

// home is the user's folder.
func (s System) home() string {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if v := s.env(name); v != "" {
			return v
		}
	}
	return "."
}

// config is the program's own folder.
func (s System) config() string {
	if dir := s.env("ECACTL_CONFIG_DIR"); dir != "" {
		return dir
	}
	if dir := s.env("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "ecactl")
	}
	if dir := s.env("AppData"); dir != "" {
		return filepath.Join(dir, "ecactl")
	}
	return filepath.Join(s.home(), ".config", "ecactl")
}

// What is waited for and read of another program: sf starts in seconds, and says
// little.
const (
	programWait = time.Minute
	programSays = 4 << 20 // bytes
)

// A boundedBuffer takes no more than it has room for. It has no ReadFrom, which would
// go round the bound.
type boundedBuffer struct {
	said bytes.Buffer
	room int
	err  error // that there is no more room
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.said.Len()+len(p) > b.room {
		b.err = fmt.Errorf("it says more than %d MB", b.room>>20)
		return 0, b.err
	}
	return b.said.Write(p)
}

// run starts a program and reads what it says, both within bounds.
func run(ctx context.Context, name string, args ...string) ([]byte, int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, programWait, fmt.Errorf("%s has not ended within %s", name, programWait))
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the name is a constant, and no shell reads it
	cmd.WaitDelay = time.Second
	out := boundedBuffer{room: programSays}
	cmd.Stdout = &out
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, 0, context.Cause(ctx)
	case out.err != nil:
		return nil, 0, out.err
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.said.Bytes(), exit.ExitCode(), nil
	}
	return out.said.Bytes(), 0, err
}

// openBrowser opens a page, without what the browser says on the way.
func openBrowser(url string) error {
	browser.Stdout, browser.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return browser.OpenURL(url)
}

// systemKeyring is that of the operating system. It may ask its user, or hang,
// so each call is bounded.
type systemKeyring struct{}

const (
	keyringService = "ecactl"
	keyringWait    = 3 * time.Second
)

var errKeyringSilent = errors.New("the keyring does not answer")

func bounded[T any](call func() (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	done := make(chan answer, 1)
	go func() {
		v, err := call()
		done <- answer{v, err}
	}()
	select {
	case a := <-done:
		return a.v, a.err
	case <-time.After(keyringWait):
		var none T
		return none, errKeyringSilent
	}
}

func (systemKeyring) Set(name, value string) error {
	_, err := bounded(func() (struct{}, error) { return struct{}{}, keyring.Set(keyringService, name, value) })
	return err
}

func (systemKeyring) Get(name string) (string, error) {
	v, err := bounded(func() (string, error) { return keyring.Get(keyringService, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return "", ErrNoSecret
	}
	return v, err
}

func (systemKeyring) Delete(name string) error {
	_, err := bounded(func() (struct{}, error) { return struct{}{}, keyring.Delete(keyringService, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return err
}
