package insights

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads runs, and lists of them, straight from the bytes of an answer.
// It knows the forms in which they usually come. Of anything else it says that
// it can't tell, and json/v2 reads the same bytes again: so it may be faster
// than json/v2, but never of another opinion.
//
// Every method that returns a bool reports whether it could tell. What follows
// once it could not is without meaning.
type scanner struct {
	data     []byte
	at       int
	depth    int       // of the value that is skipped
	skipped  int       // values so far
	texts    *interned // lives on between answers
	plain    []byte    // a text without its escapes, until the next one
	id       []byte    // of the run that is being read
	day      string    // of the time before, with its T
	midnight int64     // at which that day began, in Unix seconds
}

var scanners = sync.Pool{New: func() any { return &scanner{texts: newInterned()} }}

// scan reads all of data. Only if it reports true is into written to.
func scan[T any](data []byte, into *T, read func(*scanner, *T) bool) bool {
	if bytes.Count(data, []byte{'{'}) > maxElements {
		return false
	}
	s := scanners.Get().(*scanner)
	s.data, s.at, s.depth, s.skipped = data, 0, 0, 0
	var value T
	ok := read(s, &value) && s.atEnd()
	if ok {
		*into = value
	}
	s.data, s.id = nil, nil // a pooled scanner keeps no answer
	if cap(s.plain) > largestPooled {
		s.plain = nil
	}
	scanners.Put(s)
	return ok
}

// testList reads the answer of [Client.Tests].
func (s *scanner) testList(list *TestList) bool {
	var seen struct{ meta, items bool } // twice is not for this scanner to decide
	return s.object(func(name []byte) bool {
		switch string(name) {
		case "meta":
			first := !seen.meta
			seen.meta = true
			return first && s.meta(&list.Meta)
		case "items":
			first := !seen.items
			seen.items = true
			return first && s.runs(&list.Items)
		case "has_more":
			return s.boolean(&list.HasMore)
		}
		return s.skip()
	}) && (seen.items || seen.meta)
}

func (s *scanner) meta(meta *Meta) bool {
	if s.literal(`{"status":200}`) {
		meta.Status = 200
		return true
	}
	return s.object(func(name []byte) bool {
		isStatus := string(name) == "status"
		s.space()
		start := s.at
		ok := s.skip()
		if isStatus {
			meta.Status = statusOf(s.data[start:s.at])
		}
		return ok
	})
}

func (s *scanner) runs(runs *[]Test) bool {
	if s.null() {
		return true
	}
	if !s.accept('[') {
		return false
	}
	if s.accept(']') {
		*runs = []Test{}
		return true
	}
	*runs = make([]Test, 0, s.estimate())
	for {
		if len(*runs) == cap(*runs) {
			*runs = slices.Grow(*runs, s.mostRuns()) // once: there are no more to come
		}
		*runs = append(*runs, Test{})
		if !s.run(&(*runs)[len(*runs)-1]) {
			return false
		}
		if !s.accept(',') {
			return s.accept(']')
		}
	}
}

// leastRun is less than any run of use takes. It keeps the estimate of an
// answer that says otherwise in proportion to the answer.
const leastRun = 256

// estimate is how many runs there seem to be.
func (s *scanner) estimate() int {
	return min(s.mostRuns(), (len(s.data)-s.at)/leastRun+1)
}

// mostRuns is how many runs there are at most from here on, by the braces.
func (s *scanner) mostRuns() int {
	return bytes.Count(s.data[s.at:], []byte{'{'})
}

// run reads a run. Its ID is most often the end of its address, and then the
// two share their memory.
func (s *scanner) run(t *Test) bool {
	s.id = nil
	ok := s.accept('{') && (s.accept('}') || s.fields(t))
	if t.ID == "" {
		t.ID = string(s.id)
	}
	return ok
}

// fields reads the members of a run up to its end.
func (s *scanner) fields(t *Test) bool {
	for usual := 0; ; {
		i, ok := s.fieldName(usual)
		if !ok || !s.field(i, t) {
			return false
		}
		usual = i + 1
		if !s.accept(',') {
			return s.accept('}')
		}
	}
}

// runField is a member of a run.
type runField struct {
	name string // with quotes and colon, as it comes in an answer
	read func(*scanner, *Test) bool
}

// runFields are in their usual order.
var runFields = []runField{
	{`"id":`, (*scanner).runID},
	{`"owner":`, func(s *scanner, t *Test) bool { return s.repeated(&t.Owner) }},
	{`"ancestor":`, func(s *scanner, t *Test) bool { return s.repeated(&t.Ancestor) }},
	{`"name":`, func(s *scanner, t *Test) bool { return s.repeated(&t.Name) }},
	{`"build":`, func(s *scanner, t *Test) bool { return s.repeated(&t.Build) }},
	{`"creation_time":`, func(s *scanner, t *Test) bool { return s.time(&t.CreationTime) }},
	{`"start_time":`, func(s *scanner, t *Test) bool { return s.time(&t.StartTime) }},
	{`"end_time":`, func(s *scanner, t *Test) bool { return s.time(&t.EndTime) }},
	{`"duration":`, func(s *scanner, t *Test) bool { return s.seconds(&t.Duration) }},
	{`"status":`, func(s *scanner, t *Test) bool { return s.repeated((*string)(&t.Status)) }},
	{`"error":`, func(s *scanner, t *Test) bool { return s.repeated(&t.Error) }},
	{`"os":`, func(s *scanner, t *Test) bool { return s.repeated(&t.OS) }},
	{`"os_normalized":`, func(s *scanner, t *Test) bool { return s.repeated(&t.OSNormalized) }},
	{`"browser":`, func(s *scanner, t *Test) bool { return s.repeated(&t.Browser) }},
	{`"browser_normalized":`, func(s *scanner, t *Test) bool { return s.repeated(&t.BrowserNormalized) }},
	{`"details_url":`, (*scanner).detailsURL},
}

// fieldName reads the name of a member, which is most likely that of the usual
// one. It returns the member's place among runFields, or the number of them
// for one that is not there.
func (s *scanner) fieldName(usual int) (int, bool) {
	if usual < len(runFields) && s.literal(runFields[usual].name) {
		return usual, true
	}
	name, ok := s.text()
	if !ok || !s.accept(':') {
		return 0, false
	}
	for i, f := range runFields {
		if f.name[1:len(f.name)-len(`":`)] == string(name) {
			return i, true
		}
	}
	return len(runFields), true
}

func (s *scanner) field(i int, t *Test) bool {
	if i == len(runFields) {
		return s.skip()
	}
	return runFields[i].read(s, t)
}

// runID leaves the ID in the answer, until it is clear what it can share.
func (s *scanner) runID(t *Test) (ok bool) {
	t.ID = ""
	s.space()
	start := s.at
	s.id, ok = s.textOrNull()
	return ok && s.at-start == len(s.id)+len(`""`) // without escapes, which are no part of the answer
}

func (s *scanner) detailsURL(t *Test) bool {
	text, ok := s.textOrNull()
	t.DetailsURL = string(text)
	if len(s.id) > 0 && strings.HasSuffix(t.DetailsURL, string(s.id)) {
		t.ID = t.DetailsURL[len(t.DetailsURL)-len(s.id):]
	}
	return ok
}

// repeated reads a text that other runs are likely to have as well.
func (s *scanner) repeated(into *string) bool {
	text, ok := s.textOrNull()
	if ok {
		*into = s.texts.text(text)
	}
	return ok
}

func (s *scanner) time(into *time.Time) bool {
	text, ok := s.textOrNull()
	if !ok {
		return false
	}
	if *into, ok = s.usualTime(text); ok {
		return true
	}
	var err error
	*into, err = parseTime(text)
	return err == nil
}

func (s *scanner) seconds(into *Seconds) bool {
	if s.null() {
		*into = 0
		return true
	}
	number, ok := s.number()
	if !ok {
		return false
	}
	f, err := parseNumber(number)
	*into = Seconds(f)
	return err == nil
}

func (s *scanner) boolean(into *bool) bool {
	*into = s.literal("true")
	return *into || s.literal("false") || s.null()
}

// object reads an object, whose values are read by member.
func (s *scanner) object(member func(name []byte) bool) bool {
	if !s.accept('{') {
		return false
	}
	if s.accept('}') {
		return true
	}
	for {
		name, ok := s.text()
		if !ok || !s.accept(':') || !member(name) {
			return false
		}
		if !s.accept(',') {
			return s.accept('}')
		}
	}
}

// maxSkippedDepth bounds the recursion of skip. json/v2 goes deeper.
const maxSkippedDepth = 50

// skip reads a value of whatever kind.
func (s *scanner) skip() bool {
	s.depth++
	defer func() { s.depth-- }()
	if s.skipped++; s.depth > maxSkippedDepth || s.skipped > maxElements {
		return false
	}
	s.space()
	if s.at == len(s.data) {
		return false
	}
	switch c := s.data[s.at]; c {
	case '"':
		_, ok := s.text()
		return ok
	case '{':
		return s.object(func([]byte) bool { return s.skip() })
	case '[':
		return s.skipArray()
	case 't', 'f', 'n':
		return s.boolean(new(bool))
	}
	_, ok := s.number()
	return ok
}

func (s *scanner) skipArray() bool {
	s.at++
	if s.accept(']') {
		return true
	}
	for s.skip() {
		if !s.accept(',') {
			return s.accept(']')
		}
	}
	return false
}

func (s *scanner) space() {
	for s.at < len(s.data) && s.data[s.at] <= ' ' && isSpace(s.data[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

func (s *scanner) atEnd() bool {
	s.space()
	return s.at == len(s.data)
}

// accept reads c if it comes next.
func (s *scanner) accept(c byte) bool {
	s.space()
	if s.at == len(s.data) || s.data[s.at] != c {
		return false
	}
	s.at++
	return true
}

// literal reads a word if it comes next.
func (s *scanner) literal(word string) bool {
	s.space()
	if end := s.at + len(word); end <= len(s.data) && string(s.data[s.at:end]) == word {
		s.at = end
		return true
	}
	return false
}

func (s *scanner) null() bool {
	return s.literal("null")
}

// number reads a number, as it stands there.
func (s *scanner) number() ([]byte, bool) {
	s.space()
	start := s.at
	s.at += count(s.data[s.at:], '-')
	whole := digits(s.data[s.at:])
	if whole == 0 || whole > 1 && s.data[s.at] == '0' {
		return nil, false
	}
	s.at += whole
	if s.at < len(s.data) && s.data[s.at] == '.' {
		fraction := digits(s.data[s.at+1:])
		if fraction == 0 {
			return nil, false
		}
		s.at += 1 + fraction
	}
	return s.data[start:s.at], true // an exponent is left, for nobody to accept
}

// count is 1 if b begins with c, and otherwise 0.
func count(b []byte, c byte) int {
	if len(b) > 0 && b[0] == c {
		return 1
	}
	return 0
}

// digits is how many digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	return n
}

func (s *scanner) textOrNull() ([]byte, bool) {
	if s.space(); s.at < len(s.data) && s.data[s.at] == '"' {
		return s.text()
	}
	return nil, s.null()
}

// text reads a text. What it returns is part of the answer, or of the scanner
// and then good until the next text.
func (s *scanner) text() ([]byte, bool) {
	if !s.accept('"') {
		return nil, false
	}
	start, ascii := s.at, true
	for {
		s.at += plainLength(s.data[s.at:])
		if s.at == len(s.data) {
			return nil, false
		}
		switch c := s.data[s.at]; {
		case c == '"':
			text := s.data[start:s.at]
			s.at++
			return text, ascii || utf8.Valid(text)
		case c == '\\':
			s.plain = append(s.plain[:0], s.data[start:s.at]...)
			return s.escapedText()
		case c < ' ':
			return nil, false
		}
		ascii = false
		s.at++
	}
}

// escapedText reads the rest of a text from its first escape on.
func (s *scanner) escapedText() ([]byte, bool) {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return s.plain, utf8.Valid(s.plain)
		case c == '\\':
			if !s.escape() {
				return nil, false
			}
		case c < ' ':
			return nil, false
		default:
			n := max(1, plainLength(s.data[s.at:]))
			s.plain = append(s.plain, s.data[s.at:s.at+n]...)
			s.at += n
		}
	}
	return nil, false
}

// escape reads an escape. Half a pair of surrogates is not for this scanner.
func (s *scanner) escape() bool {
	if s.at+1 == len(s.data) {
		return false
	}
	c := s.data[s.at+1]
	if c == 'u' {
		return s.escapedRune()
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return false
	}
	s.plain = append(s.plain, "\"\\/\b\f\n\r\t"[i])
	s.at += 2
	return true
}

func (s *scanner) escapedRune() bool {
	r, ok := s.codeUnit()
	if ok && utf16.IsSurrogate(r) {
		low, isPair := s.codeUnit()
		r, ok = utf16.DecodeRune(r, low), isPair
		ok = ok && r != utf8.RuneError
	}
	s.plain = utf8.AppendRune(s.plain, r)
	return ok
}

// codeUnit reads \uXXXX.
func (s *scanner) codeUnit() (rune, bool) {
	const start = `\u`
	if !bytes.HasPrefix(s.data[s.at:], []byte(start)) {
		return 0, false
	}
	unit, ok := hexRune(s.data[s.at+len(start):], 4)
	if ok {
		s.at += len(`\uXXXX`)
	}
	return unit, ok
}

// plainLength is how many bytes b begins with that stand for themselves in a
// text: ASCII without control characters, quotes and backslashes. It looks at
// eight at a time.
func plainLength(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		if found := notPlain(binary.LittleEndian.Uint64(b[n:])); found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] < utf8.RuneSelf && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

// notPlain sets the top bit of the first byte that is not plain, and perhaps
// of some behind it.
func notPlain(word uint64) uint64 {
	const (
		ones = 0x0101010101010101
		tops = 0x8080808080808080
	)
	quote, backslash := word^ones*'"', word^ones*'\\'
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (word-ones*' ')&^word | word) & tops
}

// usualTime reads 2006-01-02T15:04:05Z, also with a fraction. It gives what
// parseTime gives.
func (s *scanner) usualTime(text []byte) (time.Time, bool) {
	const day, second = len("2006-01-02T"), len("2006-01-02T15:04:05")
	if len(text) <= second || text[len(text)-1] != 'Z' || !s.usualDay(text[:day]) {
		return time.Time{}, false
	}
	seconds, ok := secondsOf(text[day:second])
	nanos, isFraction := fractionOf(text[second : len(text)-1])
	return time.Unix(s.midnight+seconds, nanos).UTC(), ok && isFraction
}

// usualDay reads 2006-01-02T, which is most likely that of the time before.
func (s *scanner) usualDay(text []byte) bool {
	if s.day == string(text) {
		return true
	}
	day, err := time.Parse("2006-01-02T", string(text))
	if err != nil {
		return false
	}
	s.day, s.midnight = string(text), day.Unix()
	return true
}

// secondsOf reads 15:04:05 as seconds since midnight.
func secondsOf(b []byte) (int64, bool) {
	hour, isHour := two(b)
	minute, isMinute := two(b[3:])
	second, isSecond := two(b[6:])
	return 3600*hour + 60*minute + second,
		isHour && isMinute && isSecond && b[2] == ':' && b[5] == ':' && hour < 24 && minute < 60 && second < 60
}

// two is the number of the two digits that b begins with.
func two(b []byte) (int64, bool) {
	tens, ones := b[0]-'0', b[1]-'0'
	return 10*int64(tens) + int64(ones), tens <= 9 && ones <= 9
}

// fractionOf reads a fraction of a second, with its point, in nanoseconds.
func fractionOf(b []byte) (nanos int64, ok bool) {
	const longest = len(".000000000")
	if len(b) == 0 {
		return 0, true
	}
	if len(b) == 1 || len(b) > longest || b[0] != '.' || digits(b[1:]) != len(b)-1 {
		return 0, false
	}
	for i := 1; i < longest; i++ {
		nanos *= 10
		if i < len(b) {
			nanos += int64(b[i] - '0')
		}
	}
	return nanos, true
}

// hexRune is the number that b begins with, in so many digits.
func hexRune(b []byte, digits int) (rune, bool) {
	if len(b) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:digits]), 16, 16)
	return rune(n), err == nil
}
