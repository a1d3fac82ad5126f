package login

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A program that says too much, or does not end, is given up.
func TestRunIsBounded(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell here")
	}
	if _, _, err := run(t.Context(), "sh", "-c", "exec yes"); err == nil || !strings.Contains(err.Error(), "more than 4 MB") {
		t.Errorf("a program that says too much: %v", err)
	}
	late := errors.New("late")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, late)
	defer cancel()
	if _, _, err := run(ctx, "sh", "-c", "exec sleep 60"); !errors.Is(err, late) {
		t.Errorf("a program that does not end: %v", err)
	}
	out, code, err := run(t.Context(), "sh", "-c", "echo said; exit 3")
	if string(out) != "said\n" || code != 3 || err != nil {
		t.Errorf("%q, %d, %v", out, code, err)
	}
}
