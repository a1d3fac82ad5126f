// Package secret keeps what must not be seen out of everything that is printed.
//
// A [String] holds a token, a consumer secret, a key or a password. However it
// is printed, encoded or logged, what appears is a mask.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask stands wherever a secret would have been printed.
const Mask = "[secret]"

// A String prints as [Mask] with every verb of fmt, and in JSON, YAML and slog.
// The zero value holds nothing.
//
// The value sits behind a pointer because fmt calls no methods on unexported
// fields: a struct that hides a String then shows an address and not the value.
type String struct{ value *string }

// New wraps a secret.
func New(value string) String {
	if value == "" {
		return String{}
	}
	return String{&value}
}

// Reveal returns the secret. It is the one way out, and easy to search for.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero tells whether there is nothing to keep.
func (s String) IsZero() bool { return s.value == nil }

// Format prints the mask.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// String prints the mask.
func (s String) String() string { return Mask }

// MarshalText writes the mask.
func (s String) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// LogValue logs the mask.
func (s String) LogValue() slog.Value { return slog.StringValue(Mask) }
