package metadata_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata"
)

// Every code that the package reports is documented, once, and every code that
// is documented is reported.
func TestCodes(t *testing.T) {
	var documented []string
	for _, e := range metadata.Codes() {
		documented = append(documented, e.Code)
		if e.Title == "" || e.Why == "" || e.Fix == "" {
			t.Errorf("%s is documented in part: %+v", e.Code, e)
		}
		if strings.HasSuffix(e.Title, ".") || strings.HasSuffix(e.Fix, ".") || !strings.HasSuffix(e.Why, ".") {
			t.Errorf("%s: Why is a sentence, Title and Fix are phrases", e.Code)
		}
	}
	if !slices.IsSorted(documented) || len(slices.Compact(slices.Clone(documented))) != len(documented) {
		t.Errorf("not sorted, or twice: %s", documented)
	}
	here := reported(t, "*.go")
	for _, code := range here {
		if !slices.Contains(documented, code) {
			t.Errorf("%s is reported and not documented", code)
		}
	}
	everywhere := append(here, reported(t, "spec/*.go")...) // which generates files, and documents its other codes itself
	for _, code := range documented {
		if !slices.Contains(everywhere, code) {
			t.Errorf("%s is documented and not reported", code)
		}
	}
}

// reported finds the codes in source files.
func reported(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "codes.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, regexp.MustCompile(`"ECA\d{3}"`).FindAllString(string(src), -1)...)
	}
	for i, c := range codes {
		codes[i] = strings.Trim(c, `"`)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
