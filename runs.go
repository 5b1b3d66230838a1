package insights

import (
	"strings"

	"github.com/sauceinsights/insights/internal/wire"
)

// scanList reads the answer of [Client.Tests].
func scanList(s *wire.Scanner, list *TestList) bool {
	var seen struct{ meta, items bool } // twice is not for the scanner to decide
	return s.Object(func(name []byte) bool {
		switch string(name) {
		case "meta":
			first := !seen.meta
			seen.meta = true
			return first && scanMeta(s, &list.Meta)
		case "items":
			first := !seen.items
			seen.items = true
			return first && scanRuns(s, &list.Items)
		case "has_more":
			list.saidMore = !s.Null()
			list.HasMore = false
			return !list.saidMore || s.Bool(&list.HasMore)
		}
		return s.Skip()
	}) && (seen.items || seen.meta)
}

func scanMeta(s *wire.Scanner, meta *Meta) bool {
	if s.Literal(`{"status":200}`) {
		meta.Status = 200
		return true
	}
	return s.Object(func(name []byte) bool {
		isStatus := string(name) == "status"
		value, ok := s.Raw()
		if ok && isStatus {
			meta.Status = wire.Int(value)
		}
		return ok
	})
}

func scanRuns(s *wire.Scanner, runs *[]Test) bool {
	if s.Null() {
		return true
	}
	if !s.Accept('[') {
		return false
	}
	if s.Accept(']') {
		*runs = []Test{}
		return true
	}
	most := s.CountLeft('{') // runs there are
	if most > wire.MaxElements {
		return false
	}
	list := make([]Test, min(most, s.Left()/minRun+1))
	for n := 0; ; n++ {
		if n == len(list) {
			list = append(list, make([]Test, most-n)...) // once
		}
		if n == most || !scanRun(s, &list[n]) {
			return false
		}
		if !s.Accept(',') {
			*runs = list[:n+1]
			return s.Accept(']')
		}
	}
}

// minRun is less than any run of use takes. It keeps the room for runs of an
// answer that says otherwise in proportion to the answer.
const minRun = 256

// scanRun reads a run. Its ID is most often the end of its address, and then
// the two share their memory.
func scanRun(s *wire.Scanner, t *Test) bool {
	s.LetGo()
	ok := s.Accept('{') && (s.Accept('}') || scanFields(s, t))
	if t.ID == "" {
		t.ID = string(s.Held())
	}
	return ok
}

// scanFields reads the members of a run up to its end.
func scanFields(s *wire.Scanner, t *Test) bool {
	i, ok := scanName(s, 0)
	for ok && scanField(s, i, t) {
		usual := i + 1
		if usual < len(runFields) && s.Literal(runFields[usual].name) {
			i = usual
			continue
		}
		if !s.Accept(',') {
			return s.Accept('}')
		}
		i, ok = scanName(s, usual)
	}
	return false
}

// runField is a member of a run.
type runField struct {
	name string // with comma, quotes and colon, as it comes in an answer
	scan func(*wire.Scanner, *Test) bool
}

// runFields are in their usual order.
var runFields = []runField{
	{`,"id":`, scanID},
	{`,"owner":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.Owner) }},
	{`,"ancestor":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.Ancestor) }},
	{`,"name":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.Name) }},
	{`,"build":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.Build) }},
	{`,"creation_time":`, func(s *wire.Scanner, t *Test) bool { return s.Time(&t.CreationTime) }},
	{`,"start_time":`, func(s *wire.Scanner, t *Test) bool { return s.Time(&t.StartTime) }},
	{`,"end_time":`, func(s *wire.Scanner, t *Test) bool { return s.Time(&t.EndTime) }},
	{`,"duration":`, func(s *wire.Scanner, t *Test) bool { return s.Float((*float64)(&t.Duration)) }},
	{`,"status":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated((*string)(&t.Status)) }},
	{`,"error":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.Error) }},
	{`,"os":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.OS) }},
	{`,"os_normalized":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.OSNormalized) }},
	{`,"browser":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.Browser) }},
	{`,"browser_normalized":`, func(s *wire.Scanner, t *Test) bool { return s.Repeated(&t.BrowserNormalized) }},
	{`,"details_url":`, scanDetailsURL},
}

// scanName reads the name of a member, which is most likely that of the usual
// one. It returns the member's place among runFields, or the number of them
// for one that is not there.
func scanName(s *wire.Scanner, usual int) (int, bool) {
	if usual < len(runFields) && s.Literal(runFields[usual].name[len(`,`):]) {
		return usual, true
	}
	name, ok := s.Text()
	if !ok || !s.Accept(':') {
		return 0, false
	}
	for i, f := range runFields {
		if f.name[len(`,"`):len(f.name)-len(`":`)] == string(name) {
			return i, true
		}
	}
	return len(runFields), true
}

func scanField(s *wire.Scanner, i int, t *Test) bool {
	if i == len(runFields) {
		return s.Skip()
	}
	return runFields[i].scan(s, t)
}

// scanID leaves the ID in the answer, until it is clear what it can share.
func scanID(s *wire.Scanner, t *Test) bool {
	t.ID = ""
	return s.Hold()
}

func scanDetailsURL(s *wire.Scanner, t *Test) bool {
	text, ok := s.TextOrNull()
	t.DetailsURL = string(text)
	if id := s.Held(); len(id) > 0 && strings.HasSuffix(t.DetailsURL, string(id)) {
		t.ID = t.DetailsURL[len(t.DetailsURL)-len(id):]
	}
	return ok
}
