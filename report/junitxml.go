package report

import (
	"encoding/xml"
	"io"
	"strconv"
	"time"
)

// The types below are the elements of a JUnit report, with their attributes
// and contents in the order of Surefire's schema.

type xmlReport struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     xmlSeconds `xml:"time,attr"`
	Suites   []xmlSuite `xml:"testsuite"`
}

type xmlSuite struct {
	Name       string         `xml:"name,attr"`
	Tests      int            `xml:"tests,attr"`
	Failures   int            `xml:"failures,attr"`
	Errors     int            `xml:"errors,attr"`
	Skipped    int            `xml:"skipped,attr"`
	Time       xmlSeconds     `xml:"time,attr"`
	Timestamp  xmlTime        `xml:"timestamp,attr,omitempty"` // of the first run
	Properties *xmlProperties `xml:"properties"`
	Cases      []xmlCase      `xml:"testcase"`
}

type xmlProperties struct {
	List []xmlProperty `xml:"property"`
}

type xmlProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

func newXMLSuite(name, build string) xmlSuite {
	suite := xmlSuite{Name: name}
	if build != "" {
		suite.Properties = &xmlProperties{[]xmlProperty{{"build", build}}}
	}
	return suite
}

type xmlCase struct {
	Name          string      `xml:"name,attr"`
	Class         string      `xml:"classname,attr"`
	Time          xmlSeconds  `xml:"time,attr"`
	Failure       *xmlFailure `xml:"failure"`
	RerunFailures []xmlRerun  `xml:"rerunFailure"`
	FlakyFailures []xmlRerun  `xml:"flakyFailure"`
	Skipped       *xmlSkipped `xml:"skipped"`
	Error         *xmlFailure `xml:"error"`
	RerunErrors   []xmlRerun  `xml:"rerunError"`
	FlakyErrors   []xmlRerun  `xml:"flakyError"`
	SystemOut     string      `xml:"system-out,omitempty"`
}

type xmlFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type xmlRerun struct {
	Message    string `xml:"message,attr"`
	Type       string `xml:"type,attr"`
	StackTrace string `xml:"stackTrace"`
}

type xmlSkipped struct {
	Message string `xml:"message,attr"`
}

// xmlTime is in UTC, without a zone, as the schema has it; empty: unknown.
type xmlTime string

func newXMLTime(t time.Time) xmlTime {
	if t.IsZero() {
		return ""
	}
	return xmlTime(t.UTC().Format("2006-01-02T15:04:05"))
}

// xmlSeconds has three decimals, as the schema has it.
type xmlSeconds float64

func (s xmlSeconds) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'f', 3, 64), nil
}

func newXMLReport(name string, suites []xmlSuite) xmlReport {
	r := xmlReport{Name: name, Suites: suites}
	for _, s := range suites {
		r.Tests += s.Tests
		r.Failures += s.Failures
		r.Errors += s.Errors
		r.Skipped += s.Skipped
		r.Time += s.Time
	}
	return r
}

func (r xmlReport) write(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add counts the testcase in, whose runs took so many seconds in all, and of
// which the first was created at that time.
func (s *xmlSuite) add(c xmlCase, seconds float64, first time.Time) {
	if at := newXMLTime(first); at != "" && (s.Timestamp == "" || at < s.Timestamp) {
		s.Timestamp = at
	}
	s.Cases = append(s.Cases, c)
	s.Time += xmlSeconds(seconds)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func (c *xmlCase) fail(run junitRun) {
	failure := &xmlFailure{Message: run.summary(), Type: string(run.status), Text: run.message}
	if run.status.IsError() {
		c.Error = failure
	} else {
		c.Failure = failure
	}
}
