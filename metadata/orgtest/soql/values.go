package soql

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// textOf writes a value of a record as a text.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000+0000")
	}
	return fmt.Sprint(v)
}

// fold makes texts that an org takes for the same the same: case does not count,
// and an id of 18 characters is that of 15.
func fold(s string) string {
	if isID(s) {
		return s[:15]
	}
	return strings.ToLower(s)
}

func isID(s string) bool {
	if len(s) != 15 && len(s) != 18 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s[0] >= '0' && s[0] <= '9' || s[0] == 'a' || s[0] == 'e' || s[0] == 'm'
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil
	}
	return 0, false
}

func compareValues(a, b any) int {
	if ta, ok := timeOf(a); ok {
		if tb, ok := timeOf(b); ok {
			return ta.Compare(tb)
		}
	}
	_, textA := a.(string)
	_, textB := b.(string)
	if !textA || !textB {
		if na, ok := number(a); ok {
			if nb, ok := number(b); ok {
				return cmp.Compare(na, nb)
			}
		}
	}
	return cmp.Compare(strings.ToLower(textOf(a)), strings.ToLower(textOf(b)))
}

func timeOf(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case string:
		return parseTime(v)
	}
	return time.Time{}, false
}
