package report

import (
	"encoding/xml"
	"io"
)

// A Suite is a group of things that were checked, as CI servers show them.
type Suite struct {
	Name  string
	Cases []Case
}

// A Case is one of them. An empty Failure is a success.
type Case struct {
	Name    string // what was checked
	Class   string // what kind of thing it is
	Failure string // what is wrong, in one line
	Detail  string // the same at length
	Kind    string // of the failure: "Error", "Warning"
	Skipped string // why it was not checked; "" if it was
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes suites in the format that CI servers read.
func JUnit(w io.Writer, suites []Suite) error {
	all := junitSuites{}
	for _, s := range suites {
		out := junitSuite{Name: Plain(s.Name), Tests: len(s.Cases), Cases: []junitCase{}}
		for _, c := range s.Cases {
			one := junitCase{Name: Plain(c.Name), Class: Plain(c.Class)}
			if c.Failure != "" {
				one.Failure = &junitFailure{Message: Plain(c.Failure), Type: Plain(c.Kind), Text: PlainLines(c.Detail)}
				out.Failures++
			} else if c.Skipped != "" {
				one.Skipped = &junitSkipped{Plain(c.Skipped)}
				out.Skipped++
			}
			out.Cases = append(out.Cases, one)
		}
		all.Tests += out.Tests
		all.Failures += out.Failures
		all.Suites = append(all.Suites, out)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
