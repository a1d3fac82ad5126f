package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/secret"
)

const canary = "not-to-be-seen-anywhere"

type holder struct {
	Public secret.String
	hidden secret.String
}

func TestStringPrintsAsMask(t *testing.T) {
	s := secret.New(canary)
	h := holder{s, s}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", s, h, &h)
	}
	data, err := json.Marshal(map[string]any{"s": s, "h": h, "p": &h})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(data)
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "s", s, "h", h)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "s", s, "h", h)
	out.Write(logged.Bytes())
	if text := out.String(); strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) || !strings.Contains(text, secret.Mask) {
		t.Errorf("printed:\n%s", text)
	}
	if s.Reveal() != canary || s.IsZero() || !secret.New("").IsZero() || (secret.String{}).Reveal() != "" {
		t.Error("what was put in does not come out")
	}
	_ = h.hidden
}

// token is in the form of an access token; it opens nothing.
const token = "00D5g0000000001!AQ.abcDEF_123"

func TestRedactor(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"plain":          {"deploy 0Af5g0000000004CAA\n", "deploy 0Af5g0000000004CAA\n"},
		"known":          {"secret " + canary + "!\n", "secret [secret]!\n"},
		"access token":   {"token=" + token + "\n", "token=[secret]\n"},
		"JWT":            {"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl end", "[secret] end"},
		"auth URL":       {"force://PlatformCLI::5Aep861abc@example.my.salesforce.com\n", "[secret]\n"},
		"refresh token":  {"r 5Aep861abcdefghijklmnopqrstuvwxyz\n", "r [secret]\n"},
		"private key":    {"-----BEGIN RSA PRIVATE KEY-----\nQUJD\nREVG\n-----END RSA PRIVATE KEY-----\nrest\n", "[secret]\nrest\n"},
		"an org's id":    {"00D5g0000000001EAA\n", "00D5g0000000001EAA\n"},
		"a long line":    {strings.Repeat("x", 40_000), strings.Repeat("x", 40_000)},
		"a rewrite":      {"\r\x1b[KPending  0 of 5 components", "\r\x1b[KPending  0 of 5 components"},
		"short is known": {"abc\n", "abc\n"},
	} {
		var out strings.Builder
		r := secret.NewRedactor(&out)
		r.Add(secret.New(canary))
		r.Add(secret.New("abc"))
		if _, err := r.Write([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		if out.String() != tt.want {
			t.Errorf("%s: %.200q, wanted %.200q", name, out.String(), tt.want)
		}
	}
}

// A line that is rewritten is seen at once, and not when the next one comes.
func TestRedactorHoldsNothingBackInVain(t *testing.T) {
	var out strings.Builder
	r := secret.NewRedactor(&out)
	for _, line := range []string{"\r\x1b[KPending  0 of 5 components  1s", "\r\x1b[KInProgress  3 of 5 components  2s"} {
		if _, err := r.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), line) {
			t.Errorf("after %q there is %q", line, out.String())
		}
	}
}

// However a text is cut up, no secret in it comes out.
func FuzzRedactor(f *testing.F) {
	f.Add("before ", " after", uint8(3))
	f.Add("-----BEGIN PRIVATE KEY-----\n", "\n", uint8(1))
	f.Fuzz(func(t *testing.T, before, after string, size uint8) {
		if strings.Contains(before+after, "not-to") || len(before)+len(after) > 8<<10 {
			return
		}
		var out strings.Builder
		r := secret.NewRedactor(&out)
		r.Add(secret.New(canary))
		text := before + canary + after + "\n" + token + "\n"
		n := int(size)%17 + 1
		for len(text) > 0 {
			k := min(n, len(text))
			if _, err := r.Write([]byte(text[:k])); err != nil {
				t.Fatal(err)
			}
			text = text[k:]
		}
		if err := r.Flush(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), canary) || strings.Contains(out.String(), "AQ.abcDEF_123") {
			t.Errorf("out comes %q", out.String())
		}
	})
}
