package report_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/ecactl/ecactl/metadata/diag"
	"github.com/ecactl/ecactl/migrate/report"
)

func TestJUnit(t *testing.T) {
	var out strings.Builder
	err := report.JUnit(&out, now, []report.Suite{{Name: "deploy", Cases: []report.Case{
		{Name: "Good", Class: "ExternalClientApplication"},
		{Name: "Bad]]>", Class: "ExternalClientApplication", Kind: "Error", Failure: "no <good>\x1b[31m", Detail: "first\nsecond"},
		{Name: "Unseen", Class: "flow", Skipped: "nobody <there>"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	want := xml.Header + `<testsuites>
  <testsuite id="0" package="ecactl" name="deploy" timestamp="2026-11-23T12:00:00" hostname="localhost" tests="3" failures="1" errors="0" skipped="1" time="0">
    <properties></properties>
    <testcase name="Good" classname="ExternalClientApplication" time="0"></testcase>
    <testcase name="Bad]]&gt;" classname="ExternalClientApplication" time="0">
      <failure message="no &lt;good&gt;[31m" type="Error">first&#xA;second</failure>
    </testcase>
    <testcase name="Unseen" classname="flow" time="0">
      <skipped message="nobody &lt;there&gt;"></skipped>
    </testcase>
    <system-out></system-out>
    <system-err></system-err>
  </testsuite>
</testsuites>
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestGitHub(t *testing.T) {
	var out strings.Builder
	err := report.GitHub(&out, []report.Annotation{
		{Level: diag.Error, Pos: diag.Pos{File: "a,b:c.yaml", Line: 3, Col: 7}, Title: "Bad", Message: "100% wrong\n::error::forged"},
		{Level: diag.Note, Message: "fine"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=Bad::100%25 wrong%0A::error::forged\n::notice::fine\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
