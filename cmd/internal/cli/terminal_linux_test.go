package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/ecactl/ecactl/cmd/internal/cli"
	"github.com/ecactl/ecactl/metadata/orgtest"
)

// A screen is a pseudo-terminal with somebody before it.
type screen struct {
	master, slave *os.File
	mu            sync.Mutex
	seen          bytes.Buffer
}

func newScreen(t *testing.T) *screen {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine has no pseudo-terminals: ", err)
	}
	var unlock, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Skip("this machine has no pseudo-terminals: ", errno)
		}
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine has no pseudo-terminals: ", err)
	}
	s := &screen{master: master, slave: slave}
	t.Cleanup(func() { _, _ = slave.Close(), master.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			s.mu.Lock()
			s.seen.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.seen.String(), "\r\n", "\n")
}

// await waits until a text has been shown so many times.
func (s *screen) await(t *testing.T, text string, times int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); strings.Count(s.text(), text) < times; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q is not shown:\n%s", text, s.text())
		}
	}
}

// at runs the program at a terminal.
func (w *terminal) at(s *screen, args ...string) int {
	return cli.Run(context.Background(), args, s.slave, s.slave, s.slave, w.host())
}

func TestReveal(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "deploy", w.write("app.yaml", withSecrets))
	_, consumerSecret := w.org.Consumer("Order_Sync")
	s := newScreen(t)
	if code := w.at(s, "credentials", "show", "Order_Sync", "--reveal"); code != 0 {
		t.Fatalf("exit %d\n%s", code, s.text())
	}
	s.await(t, consumerSecret, 1)
	quiet := newScreen(t)
	for _, args := range [][]string{
		{"credentials", "show", "Order_Sync"}, {"credentials", "show", "Order_Sync", "--reveal", "-o", "json"},
		{"credentials", "show", "Order_Sync", "--reveal", "--output-file", w.path("out.txt")}, {"credentials", "history", "Order_Sync", "--verbose"},
	} {
		w.at(quiet, args...)
	}
	quiet.await(t, "reveal", 1)
	if strings.Contains(quiet.text(), consumerSecret) {
		t.Errorf("the secret is shown:\n%s", quiet.text())
	}
	// A pipe beside a terminal is a pipe.
	var out bytes.Buffer
	if code := cli.Run(context.Background(), []string{"credentials", "show", "Order_Sync", "--reveal"}, s.slave, &out, s.slave, w.host()); code != cli.ExitUsage || strings.Contains(out.String(), consumerSecret) {
		t.Errorf("exit %d, %s", code, out.String())
	}
}

// What cannot be undone is asked about.
func TestRotateAsks(t *testing.T) {
	w := newTerminal(t, orgtest.Config{})
	w.must(0, "deploy", w.write("app.yaml", withSecrets))
	w.must(0, "credentials", "stage", "Order_Sync")
	before, _ := w.org.Consumer("Order_Sync")
	for answer, want := range map[string]bool{"n": false, "y": true} {
		s := newScreen(t)
		_, _ = io.WriteString(s.master, answer+"\n")
		code := w.at(s, "credentials", "rotate", "Order_Sync")
		s.await(t, "[y/N]", 1)
		now, _ := w.org.Consumer("Order_Sync")
		if changed := now != before; answer == "n" && changed || want && (!changed || code != 0) || !want && code == 0 {
			t.Errorf("the answer %q: exit %d, rotated %v\n%s", answer, code, changed, s.text())
		}
		if want {
			break
		}
	}
}

// browse is what a browser does with the page of a login: it lets the app in,
// and returns the address that it is sent to.
func browse(t *testing.T, page string) string {
	t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		t.Error(err)
		return ""
	}
	q := u.Query()
	q.Set("decision", "allow")
	u.RawQuery = ""
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(u.String(), q)
	if err != nil {
		t.Error(err)
		return ""
	}
	_ = resp.Body.Close()
	return resp.Header.Get("Location")
}

var pageOf = func(text string) []string {
	return regexp.MustCompile(`http://127\.0\.0\.1:\d+/services/oauth2/authorize\?\S+`).FindAllString(text, -1)
}

// Where the callback is elsewhere, the page is printed and the address pasted.
func TestVerifyPasted(t *testing.T) {
	w := newTerminal(t, orgtest.Config{AskLogin: true})
	w.must(0, "deploy", w.write("app.yaml", withSecrets))
	s := newScreen(t)
	done := make(chan int, 1)
	go func() { done <- w.at(s, "migrate", "verify", w.path("app.yaml"), "--no-browser") }()
	_ = paste(t, s, done)
	if !strings.Contains(s.text(), "a user gets in") || !strings.Contains(s.text(), "0 failed") {
		t.Errorf("%s", s.text())
	}
	if live := w.org.LiveTokens(""); len(live) > 0 {
		t.Errorf("%d tokens are left", len(live))
	}
}

// paste answers every page until the program ends; the first answer is wrong.
func paste(t *testing.T, s *screen, done chan int) int {
	t.Helper()
	answered := 0
	for {
		select {
		case code := <-done:
			if code != 0 || answered < 3 {
				t.Errorf("exit %d after %d pages\n%s", code, answered, s.text())
			}
			time.Sleep(20 * time.Millisecond) // what was written arrives at the screen
			return code
		case <-time.After(5 * time.Millisecond):
		}
		pages := pageOf(s.text())
		if len(pages) > answered && strings.Count(s.text(), "\n> ") > answered {
			if answered == 0 {
				_, _ = io.WriteString(s.master, "https://elsewhere.example.com/?code=x\n")
				s.await(t, "That is another address.", 1)
			}
			_, _ = io.WriteString(s.master, browse(t, pages[answered])+"\n")
			answered++
		}
	}
}

// Where the app has a callback on this machine, the browser comes back to it.
func TestVerifyInBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // there is no browser, so the page is printed as well
	port := freePort(t)
	w := newTerminal(t, orgtest.Config{AskLogin: true})
	w.must(0, "deploy", w.write("app.yaml", strings.Replace(withSecrets, "https://erp.example.com/cb", fmt.Sprintf(`"http://localhost:%d/cb"`, port), 1)))
	s := newScreen(t)
	done := make(chan int, 1)
	go func() { done <- w.at(s, "migrate", "verify", w.path("app.yaml")) }()
	opened := 0
	for {
		select {
		case code := <-done:
			if code != 0 || opened < 3 {
				t.Errorf("exit %d after %d pages\n%s", code, opened, s.text())
			}
			if live := w.org.LiveTokens(""); len(live) > 0 {
				t.Errorf("%d tokens are left", len(live))
			}
			return
		case <-time.After(5 * time.Millisecond):
		}
		if pages := pageOf(s.text()); len(pages) > opened && strings.HasSuffix(strings.TrimRight(s.text(), " \r\x1b[K"), "\n") {
			resp, err := http.Get(browse(t, pages[opened]))
			if err != nil {
				t.Error(err)
			} else {
				_ = resp.Body.Close()
			}
			opened++
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().(*net.TCPAddr).Port
}
