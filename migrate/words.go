package migrate

import (
	"fmt"
	"time"
)

// Plural gives "1 app", "2 apps".
func Plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// day writes the day of a time, by UTC.
func day(t time.Time) string {
	if t.IsZero() {
		return "an unknown day"
	}
	return t.UTC().Format(time.DateOnly)
}
