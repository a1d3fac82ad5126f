// Package diag holds the one shape in which every part of the tool reports a
// problem: to a person at a terminal, to a CI annotation and to an editor.
//
// A [Problem] says where it is, what is wrong and what to do about it. It is
// an error, so a function that can only fail once returns it as such; a
// function that should report everything it finds returns [Problems].
package diag

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Level says how bad a problem is.
type Level int8

// The zero value is Error: forgetting to set a level fails the build.
const (
	Error   Level = iota // cannot be done, or Salesforce refuses it, or it can never work
	Warning              // works, and is probably not meant
	Note                 // worth knowing
)

var levelNames = [...]string{Error: "error", Warning: "warning", Note: "note"}

// String returns "error", "warning" or "note", the words of SARIF.
func (l Level) String() string { return levelNames[l] }

// MarshalText writes the word, so that JSON and YAML carry "error" and not 0.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the word.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLevel(string(text))
	return err
}

// ParseLevel reads the word that String writes.
func ParseLevel(s string) (Level, error) {
	if i := slices.Index(levelNames[:], s); i >= 0 {
		return Level(i), nil
	}
	return Error, fmt.Errorf("unknown level %q (%s)", s, strings.Join(levelNames[:], ", "))
}

// A Pos is a place in a file. Line and Col count from 1, Col in bytes; 0 means
// that it is not known.
type Pos struct {
	File string
	Line int
	Col  int
}

// String gives "apps.yaml:14:7", "apps.yaml:14", "apps.yaml" or "".
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// A Problem is one thing that is wrong in one place.
type Problem struct {
	Pos
	Level   Level
	Code    string // stable and documented, such as "ECA012"; see [Entry]
	Message string // what is wrong: lower case, no full stop
	Hint    string // what to do about it; may be empty
	Err     error  // the cause, if another error led here
}

// Error gives "place: message (code)"; the hint is left to the renderer.
func (p *Problem) Error() string {
	s := p.Message
	if at := p.Pos.String(); at != "" {
		s = at + ": " + s
	}
	if p.Code != "" {
		s += " (" + p.Code + ")"
	}
	return s
}

// Unwrap gives errors.Is and errors.As the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Problems is a list of findings that can travel as one error.
type Problems []*Problem

// Error joins the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns nil unless at least one problem is an [Error], which spares
// callers the trap of a non-nil error holding an empty list.
func (ps Problems) Err() error {
	if ps.Count(Error) > 0 {
		return ps
	}
	return nil
}

// Count returns how many problems have the level.
func (ps Problems) Count(l Level) int {
	n := 0
	for _, p := range ps {
		if p.Level == l {
			n++
		}
	}
	return n
}

// Sort orders problems by file, line, column, code and message, so that the
// same findings print in the same order whatever found them first, and drops
// exact repetitions.
func (ps Problems) Sort() Problems {
	slices.SortStableFunc(ps, func(a, b *Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(ps, func(a, b *Problem) bool {
		return a.Pos == b.Pos && a.Code == b.Code && a.Message == b.Message
	})
}

// From turns an error into problems: those that it carries, or one without a
// place for an error that carries none. From(nil) is nil.
func From(err error) Problems {
	if err == nil {
		return nil
	}
	if ps, ok := errors.AsType[Problems](err); ok {
		return ps
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return Problems{p}
	}
	return Problems{{Message: err.Error(), Err: err}}
}

// An Entry documents a code: what "explain" and the reference pages print.
type Entry struct {
	Code  string
	Level Level
	Title string // a phrase, lower case: "callback with a fragment"
	Why   string // why it matters, and where that is known from
	Fix   string // what to do about it
	Bad   string // an input that has the problem, nearly right
	Good  string // an input that does not, nearly wrong
}

// maxDistance is how many edits a typing mistake may be away from what was
// meant: terraform's threshold, and one more for long words.
const maxDistance = 2

// DidYouMean returns a hint that names the candidate nearest to word, or "" if
// none is near enough. Upper and lower case count as the same letter, so a
// spelling that differs in case alone is always found.
func DidYouMean(word string, candidates []string) string {
	best, bestAt := "", maxDistance+1+len(word)/12
	word = strings.ToLower(word)
	runes := utf8.RuneCountInString(word)
	for _, c := range candidates {
		// The distance is at least the difference in length. The word comes
		// from a file and may be as long as one; a candidate is not.
		if n := runes - utf8.RuneCountInString(c); max(n, -n) >= bestAt {
			continue
		}
		if d := levenshtein.ComputeDistance(word, strings.ToLower(c)); d < bestAt && d < len(c) {
			best, bestAt = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}
