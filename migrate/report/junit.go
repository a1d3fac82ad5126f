package report

import (
	"cmp"
	"encoding/xml"
	"io"
	"strings"
	"time"
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

// What follows is the schema of Ant's reports, which is what most servers take for
// JUnit's: every attribute that it requires is there, and none that it lacks. A
// suite's time and host have no meaning here, and are always the same.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	ID         int         `xml:"id,attr"`
	Package    string      `xml:"package,attr"`
	Name       string      `xml:"name,attr"`
	Timestamp  string      `xml:"timestamp,attr"` // in UTC, without a zone
	Host       string      `xml:"hostname,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Skipped    int         `xml:"skipped,attr"`
	Time       string      `xml:"time,attr"`
	Properties struct{}    `xml:"properties"`
	Cases      []junitCase `xml:"testcase"`
	Out        string      `xml:"system-out"`
	Err        string      `xml:"system-err"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
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

// JUnit writes suites, checked at a time, in the format that CI servers read.
func JUnit(w io.Writer, at time.Time, suites []Suite) error {
	all := junitSuites{}
	for i, s := range suites {
		name := cmp.Or(strings.TrimSpace(Plain(s.Name)), "ecactl")
		out := junitSuite{
			ID: i, Package: "ecactl", Name: name, Timestamp: at.UTC().Format("2006-01-02T15:04:05"), Host: "localhost", Time: "0",
			Tests: len(s.Cases), Cases: []junitCase{},
		}
		for _, c := range s.Cases {
			one := junitCase{Name: Plain(c.Name), Class: Plain(c.Class), Time: "0"}
			if c.Failure != "" {
				one.Failure = &junitFailure{Message: Plain(c.Failure), Type: Plain(c.Kind), Text: PlainLines(c.Detail)}
				out.Failures++
			} else if c.Skipped != "" {
				one.Skipped = &junitSkipped{Plain(c.Skipped)}
				out.Skipped++
			}
			out.Cases = append(out.Cases, one)
		}
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
