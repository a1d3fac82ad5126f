package diag_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/diag"
)

func TestLevel(t *testing.T) {
	for level, want := range map[diag.Level]string{diag.Error: "error", diag.Warning: "warning", diag.Note: "note"} {
		if got := level.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, err := diag.ParseLevel(want); got != level || err != nil {
			t.Errorf("%s: got %s, %v", want, got, err)
		}
		if got, err := json.Marshal(level); string(got) != `"`+want+`"` || err != nil {
			t.Errorf("got %s, %v, want %q", got, err, want)
		}
	}
	for _, word := range []string{"", "Error", "fatal"} {
		want := fmt.Sprintf("unknown level %q (error, warning, note)", word)
		if got, err := diag.ParseLevel(word); got != diag.Error || err == nil || err.Error() != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	var p diag.Problem
	if p.Level != diag.Error {
		t.Error("a problem without a level is not an error")
	}
}

func TestPos(t *testing.T) {
	tests := map[string]struct {
		in   diag.Pos
		want string
	}{
		"nothing":         {diag.Pos{}, ""},
		"file":            {diag.Pos{File: "apps.yaml"}, "apps.yaml"},
		"line":            {diag.Pos{File: "apps.yaml", Line: 14}, "apps.yaml:14"},
		"column":          {diag.Pos{File: "apps.yaml", Line: 14, Col: 7}, "apps.yaml:14:7"},
		"column, no line": {diag.Pos{File: "apps.yaml", Col: 7}, "apps.yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.in.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProblem(t *testing.T) {
	at := diag.Pos{File: "apps.yaml", Line: 2, Col: 1}
	tests := map[string]struct {
		in   diag.Problem
		want string
	}{
		"whole":    {diag.Problem{Pos: at, Code: "ECA002", Message: "unknown key", Hint: "did you mean it?", Level: diag.Warning}, "apps.yaml:2:1: unknown key (ECA002)"},
		"no code":  {diag.Problem{Pos: at, Message: "unknown key"}, "apps.yaml:2:1: unknown key"},
		"no place": {diag.Problem{Code: "ECA002", Message: "unknown key"}, "unknown key (ECA002)"},
		"bare":     {diag.Problem{Message: "unknown key"}, "unknown key"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.in.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	var err error = &diag.Problem{Message: "reading", Err: fmt.Errorf("the body: %w", io.ErrUnexpectedEOF)}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestProblemsErr(t *testing.T) {
	note, warning, failure := &diag.Problem{Level: diag.Note}, &diag.Problem{Level: diag.Warning}, &diag.Problem{Message: "no"}
	tests := map[string]struct {
		in   diag.Problems
		want bool
	}{
		"none":     {nil, false},
		"empty":    {diag.Problems{}, false},
		"mild":     {diag.Problems{note, warning, note}, false},
		"an error": {diag.Problems{note, failure, warning}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.in.Err()
			if got := err != nil; got != tt.want {
				t.Fatalf("got %v, want an error: %t", err, tt.want)
			}
			if all, ok := errors.AsType[diag.Problems](err); tt.want && (!ok || len(all) != len(tt.in)) {
				t.Errorf("got %v, want all of them", err)
			}
		})
	}
	ps := diag.Problems{note, warning, failure, note}
	if n, w, e := ps.Count(diag.Note), ps.Count(diag.Warning), ps.Count(diag.Error); n != 2 || w != 1 || e != 1 {
		t.Errorf("got %d notes, %d warnings, %d errors, want 2, 1, 1", n, w, e)
	}
	if got, want := (diag.Problems{{Message: "a"}, {Code: "ECA001", Message: "b"}}).Error(), "a\nb (ECA001)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProblemsSort(t *testing.T) {
	problem := func(file string, line, col int, code, message string) *diag.Problem {
		return &diag.Problem{Pos: diag.Pos{File: file, Line: line, Col: col}, Code: code, Message: message}
	}
	want := diag.Problems{
		problem("", 0, 0, "", "z"),
		problem("a", 0, 0, "ECA009", "z"),
		problem("a", 2, 0, "ECA009", "z"),
		problem("a", 2, 9, "ECA009", "z"),
		problem("a", 2, 10, "ECA001", "a"),
		problem("a", 2, 10, "ECA001", "b"),
		problem("a", 2, 10, "ECA002", "a"),
		problem("a", 10, 1, "ECA001", "a"),
		problem("b", 1, 1, "ECA001", "a"),
	}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	shuffled = append(shuffled, problem("a", 2, 10, "ECA001", "b"), problem("", 0, 0, "", "z")) // the same, found twice
	if got := shuffled.Sort(); got.Error() != want.Error() {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := diag.Problems(nil).Sort(); len(got) != 0 {
		t.Errorf("got %v", got)
	}

	// Of several that say the same, the first stays.
	first, second := &diag.Problem{Message: "a", Hint: "one"}, &diag.Problem{Message: "a", Hint: "two"}
	if got := (diag.Problems{first, second}).Sort(); len(got) != 1 || got[0] != first {
		t.Errorf("got %v, want the first alone", got)
	}
}

func TestFrom(t *testing.T) {
	p := &diag.Problem{Message: "one"}
	ps := diag.Problems{p, {Message: "two"}}
	tests := map[string]struct {
		in   error
		want string
	}{
		"nil":              {nil, ""},
		"a problem":        {p, "one"},
		"wrapped":          {fmt.Errorf("linting: %w", p), "one"},
		"several":          {ps, "one\ntwo"},
		"several, wrapped": {fmt.Errorf("linting: %w", ps), "one\ntwo"},
		"another error":    {fmt.Errorf("linting: %w", io.EOF), "linting: EOF"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := diag.From(tt.in).Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := diag.From(fmt.Errorf("x: %w", io.EOF)); !errors.Is(got[0], io.EOF) || got[0].Level != diag.Error {
		t.Errorf("got %+v, want an error with its cause", got[0])
	}
}

func TestDidYouMean(t *testing.T) {
	scopes := []string{"Api", "Web", "RefreshToken", "OpenID", "CustomApplications", "CustomPermissions"}
	long := "isSecretRequiredForTokenExchange"
	tests := map[string]struct {
		word       string
		candidates []string
		want       string
	}{
		"exact":            {"Web", scopes, `did you mean "Web"?`},
		"case":             {"refreshtoken", scopes, `did you mean "RefreshToken"?`},
		"case of all":      {"OPENID", scopes, `did you mean "OpenID"?`},
		"one letter":       {"RefreshTokn", scopes, `did you mean "RefreshToken"?`},
		"two letters":      {"OpenIDs_", scopes, `did you mean "OpenID"?`},
		"three letters":    {"OpenIDs__", scopes, ""},
		"two swapped":      {"Wbe", scopes, `did you mean "Web"?`},
		"the nearest":      {"CustomPermission", scopes, `did you mean "CustomPermissions"?`},
		"the first of two": {"ab", []string{"abc", "abd"}, `did you mean "abc"?`},
		"not all letters":  {"xy", []string{"ab"}, ""},
		"short":            {"x", []string{"y"}, ""},
		"long, four":       {strings.Replace(long, "quire", "q", 1), []string{long}, `did you mean "isSecretRequiredForTokenExchange"?`},
		"long, five":       {strings.Replace(long, "quire", "x", 1), []string{long}, ""},
		"none near":        {"zebra", scopes, ""},
		"no candidates":    {"Api", nil, ""},
		"an empty one":     {"ab", []string{""}, ""},
		"no word":          {"", scopes, ""},
		"far too long":     {strings.Repeat("Api", 1<<20), scopes, ""},
		"not ASCII":        {"größe", []string{"Grösse", "Größen"}, `did you mean "Größen"?`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := diag.DidYouMean(tt.word, tt.candidates); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
