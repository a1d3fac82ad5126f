package secret

import (
	"bytes"
	"cmp"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A Redactor is a writer that lets no secret through: neither those that it was
// told of, nor what looks like a token of Salesforce. It is the last line of
// defence, behind code that prints none.
//
// It holds back the end of what it is given for as long as a secret might go on
// there, and at most until the line ends: a token may be cut in two by the
// writes that bring it. Flush lets it go.
type Redactor struct {
	mu    sync.Mutex
	w     io.Writer
	known []string // the longest first
	held  []byte
}

// maxHeld is how much of a line without an end is held back. It is longer than
// any secret.
const maxHeld = 16 << 10

// NewRedactor returns a redactor that writes to w.
func NewRedactor(w io.Writer) *Redactor { return &Redactor{w: w} }

// patterns of what Salesforce hands out: access tokens, tokens in JWT form, auth
// URLs of sf, refresh tokens, and private keys.
var patterns = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`00D\w{12,15}![.\w]+|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*|force://[^\s"']+|5Aep861[.\w]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?`)
})

// Add tells the redactor of a secret.
func (r *Redactor) Add(s String) {
	v := s.Reveal()
	if len(v) < 6 {
		return // so short a text would be found in words that are none
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.known, v) {
		r.known = append(r.known, v)
		slices.SortFunc(r.known, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	}
}

// Write lets whole lines through, without their secrets. What follows the last
// line, such as a line that a terminal rewrites, is let through as far as no
// secret can begin in it.
func (r *Redactor) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = append(r.held, p...)
	cut := bytes.LastIndexAny(r.held, "\n\r") + 1
	if len(r.held)-cut > maxHeld {
		cut = len(r.held)
	}
	if begins := bytes.LastIndexByte(r.held, ' ') + 1; begins > cut && !r.mayGoOn(r.held[begins:]) {
		cut = len(r.held)
	}
	if key := bytes.LastIndex(r.held[:cut], []byte("-----BEGIN")); key >= 0 && !bytes.Contains(r.held[key:cut], []byte("-----END")) && len(r.held)-key < maxHeld {
		cut = key // a key has many lines
	}
	if err := r.pass(cut); err != nil {
		return 0, err
	}
	return len(p), nil
}

// mayGoOn tells whether the beginning of a secret may stand at the end of what
// was written.
func (r *Redactor) mayGoOn(word []byte) bool {
	s := string(word)
	for _, known := range append([]string{"00D", "eyJ", "force://", "5Aep861", "-----BEGIN"}, r.known...) {
		n := min(len(s), len(known))
		if s != "" && (strings.Contains(s, known[:min(3, len(known))]) || strings.HasPrefix(known, s[len(s)-n:])) {
			return true
		}
		for k := 1; k < n; k++ {
			if strings.HasSuffix(s, known[:k]) {
				return true
			}
		}
	}
	return false
}

func (r *Redactor) pass(n int) error {
	if n == 0 {
		return nil
	}
	text := r.redact(string(r.held[:n]))
	r.held = append(r.held[:0], r.held[n:]...)
	_, err := io.WriteString(r.w, text)
	return err
}

// Flush writes what was held back.
func (r *Redactor) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pass(len(r.held))
}

// Redact returns a text without secrets.
func (r *Redactor) Redact(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.redact(s)
}

func (r *Redactor) redact(s string) string {
	for _, known := range r.known {
		s = strings.ReplaceAll(s, known, Mask)
	}
	if !strings.ContainsAny(s, "!.:-") && !strings.Contains(s, "5Aep861") {
		return s
	}
	return patterns().ReplaceAllString(s, Mask)
}
