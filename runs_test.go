package insights

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/sauceinsights/insights/internal/wire"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// byFields is the shape of answers without the scanner.
func byFields(r *wire.Reader, into any) (bool, error) {
	switch into.(type) {
	case *Test, *[]Test:
		return false, nil
	}
	return shape(r, into)
}

// requireAgreement fails if the scanner can tell what data is and the reader is
// of another opinion. It reports whether the scanner can tell.
func requireAgreement(t *testing.T, data []byte) bool {
	t.Helper()
	isList := requireSame(t, data, scanList)
	return requireSame(t, data, scanRun) || isList
}

func requireSame[T any](t *testing.T, data []byte, scan func(*wire.Scanner, *T) bool) bool {
	t.Helper()
	var scanned, want T
	if !wire.Scan(data, &scanned, scan) {
		return false
	}
	unreadable, err := wire.Read(data, &want, byFields)
	require.NoError(t, err, "%q", data)
	require.Zero(t, unreadable, "%q", data)
	require.Equal(t, want, scanned, "%q", data)
	return true
}

func TestTestListScanner(t *testing.T) {
	t.Run("takes what services send", func(t *testing.T) {
		run := `{"id":"a1","owner":"mia","creation_time":"2026-02-28T23:59:59Z","status":"passed","details_url":"https://h.example/jobs/a1"}`
		for name, data := range map[string]string{
			"a run":                   run,
			"an empty run":            `{}`,
			"a list":                  `{"meta":{"status":200},"items":[` + run + `,` + run + `],"has_more":true}`,
			"an empty list":           `{"meta":{"status":200},"items":[],"has_more":false}`,
			"a null list":             `{"meta":{"status":200},"items":null,"has_more":null}`,
			"other order":             `{"has_more":false,"items":[{"status":"failed","id":"a1"}],"meta":{"status":200}}`,
			"indented":                "{\n\t\"items\" : [ {\r\n \"id\" : \"a\" } , { } ] }\n",
			"text instead of status":  `{"meta":{"status":"complete"},"items":[]}`,
			"further members":         `{"items":[{"id":"a","tags":["x",1,-2.5,true,null,{"deep":[[]]}],"org":{"a":{}}}],"count":7}`,
			"the last of a name":      `{"id":"a","id":"b","owner":"x","owner":null,"duration":2,"duration":null}`,
			"nulls":                   `{"owner":null,"creation_time":null,"duration":null,"details_url":null}`,
			"escapes":                 `{"error":"a\n\t\"\\\/\b\f\r\u00e9\ud83d\ude00z"}`,
			"letters of all kinds":    `{"name":"Zürich 東京 😀","error":"naïve"}`,
			"fractions of a second":   `{"creation_time":"2026-01-31T00:00:00.123Z","start_time":"2026-01-31T00:00:00.000000001Z"}`,
			"a leap day":              `{"creation_time":"2024-02-29T12:00:00Z"}`,
			"other times":             `{"creation_time":"2026-01-31T01:02:03+02:00","start_time":"2026-01-31 01:02:03","end_time":""}`,
			"decimals":                `{"duration":25.0}`,
			"a zero":                  `{"duration":0}`,
			"nines":                   `{"duration":99.9}`,
			"a negative length":       `{"duration":-1.5}`,
			"an address without ID":   `{"id":"a1","details_url":"https://h.example/jobs/"}`,
			"the ID behind it":        `{"details_url":"https://h.example/jobs/a1","id":"a1"}`,
			"a text of many kilobyte": `{"error":"` + strings.Repeat("12345678", 1000) + `"}`,
		} {
			t.Run(name, func(t *testing.T) { assert.True(t, requireAgreement(t, []byte(data))) })
		}
	})
	t.Run("leaves the rest to the reader", func(t *testing.T) {
		for name, data := range map[string]string{
			"no JSON":               `<html>`,
			"nothing":               ``,
			"half":                  `{"items":[{"id":"a"`,
			"half a text":           `{"id":"a`,
			"half an escape":        `{"id":"\`,
			"half a status":         `{"meta":{"status":"`,
			"half a status number":  `{"meta":{"status":2`,
			"half a number":         `{"duration":1.`,
			"two values":            `{"id":"a"}{"id":"b"}`,
			"a comma too many":      `{"items":[{"id":"a"},]}`,
			"a zero too many":       `{"duration":01}`,
			"an exponent":           `{"duration":1e3}`,
			"a number beyond range": `{"duration":` + strings.Repeat("9", 400) + `}`,
			"another kind":          `{"owner":7}`,
			"an ID with escapes":    `{"id":"\u0061"}`,
			"half a pair":           `{"error":"\ud83d"}`,
			"no pair":               `{"error":"\ud83dA"}`,
			"invalid UTF-8":         "{\"error\":\"\xff\"}",
			"and after an escape":   "{\"error\":\"\\n\xff\"}",
			"a control character":   "{\"error\":\"a\nb\"}",
			"and after an escape 2": "{\"error\":\"\\na\nb\"}",
			"an unknown escape":     `{"error":"\x41"}`,
			"an unknown word":       `{"has_more":yes,"items":[]}`,
			"a bad time":            `{"creation_time":"yesterday"}`,
			"no such day":           `{"creation_time":"2026-02-30T00:00:00Z"}`,
			"no such hour":          `{"creation_time":"2026-02-03T24:00:00Z"}`,
			"lists twice":           `{"items":[{"id":"a"}],"items":[{"id":"b"}]}`,
			"a null run":            `{"items":[null]}`,
			"something else":        `{"has_more":true}`,
			"a deep value":          `{"x":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `,"items":[]}`,
		} {
			t.Run(name, func(t *testing.T) {
				assert.False(t, wire.Scan([]byte(data), new(TestList), scanList))
				requireAgreement(t, []byte(data))
			})
		}
	})
	// An answer that is cut off anywhere, or has any byte replaced.
	t.Run("agrees with the reader on damaged answers", func(t *testing.T) {
		t.Parallel()
		whole := []byte(`{"meta":{"status":200},"items":[{"id":"a1","name":"many words é\u0faF\n\ud83d\ude00","creation_time":"2026-01-31T00:00:09.5Z","start_time":"2026-01-31T23:59:59Z","end_time":"2026-01-31T00:00:00Z","duration":-90.5,"x":[true,0]}],"has_more":true}`)
		require.True(t, requireAgreement(t, whole))
		for i := range whole {
			requireAgreement(t, slices.Clip(slices.Clone(whole[:i])))
			for _, b := range []byte("\n\"\\09}\x80") {
				damaged := slices.Clone(whole)
				damaged[i] = b
				requireAgreement(t, damaged)
			}
		}
	})
	// TestTheScannerAgreesOnRandomAnswers writes answers in all kinds of ways and
	// damages some.
	t.Run("agrees with the reader on random answers", func(t *testing.T) {
		t.Parallel()
		taken := 0
		for seed := range uint64(1000) {
			w := answerWriter{random: rand.New(rand.NewPCG(seed, 1))}
			if requireAgreement(t, w.answer()) {
				taken++
			}
		}
		assert.Greater(t, taken, 150, "answers that the scanner can tell")
	})
	t.Run("a refused answer leaves nothing behind", func(t *testing.T) {
		list := TestList{HasMore: true, Items: []Test{{ID: "kept"}}}
		require.False(t, wire.Scan([]byte(`{"items":[{"id":"a"},7],"has_more":false}`), &list, scanList))
		assert.Equal(t, TestList{HasMore: true, Items: []Test{{ID: "kept"}}}, list)
	})
	// The answer's buffer is used again for the next one.
	t.Run("runs keep nothing of the answer", func(t *testing.T) {
		data := []byte(`{"items":[{"id":"a1","owner":"mia","error":"a\nb","details_url":"https://h.example/a1"}]}`)
		var list TestList
		require.True(t, wire.Scan(data, &list, scanList))
		clear(data)
		assert.Equal(t, []Test{{ID: "a1", Owner: "mia", Error: "a\nb", DetailsURL: "https://h.example/a1"}}, list.Items)
	})
	t.Run("an ID is stored with its address", func(t *testing.T) {
		var run Test
		require.True(t, wire.Scan([]byte(`{"id":"a1","details_url":"https://h.example/a1"}`), &run, scanRun))
		assert.Same(t, unsafe.StringData(run.DetailsURL[len(run.DetailsURL)-2:]), unsafe.StringData(run.ID))
	})
}

// answerWriter writes random answers.
type answerWriter struct {
	random *rand.Rand
	buf    []byte
}

func (w *answerWriter) oneOf(choices ...string) string {
	return choices[w.random.IntN(len(choices))]
}

func (w *answerWriter) answer() []byte {
	w.add(w.oneOf(`{"meta":{"status":200},`, "{\n", `{"meta":null,`, `{"extra":[{}],`), `"items":`)
	w.add(w.oneOf(`[`, `[`, `[ `))
	for i := range w.random.IntN(4) {
		if i > 0 {
			w.add(w.oneOf(",", ",", " ,\n"))
		}
		w.run()
	}
	w.add(`]`, w.oneOf(`,"has_more":true}`, `,"has_more":false}`, "}\n", `,"has_more":null}`))
	if w.random.IntN(3) == 0 && len(w.buf) > 0 {
		w.buf[w.random.IntN(len(w.buf))] = w.oneOf(`"`, `,`, `\`, "\xff", "0", "}", " ", "n")[0]
	}
	return w.buf
}

func (w *answerWriter) add(parts ...string) {
	for _, part := range parts {
		w.buf = append(w.buf, part...)
	}
}

func (w *answerWriter) run() {
	w.add("{")
	for i := range w.random.IntN(8) {
		if i > 0 {
			w.add(",")
		}
		w.add(w.oneOf(runFields[w.random.IntN(len(runFields))].name[1:], runFields[w.random.IntN(len(runFields))].name[1:], `"ID":`, `"extra" : `))
		w.value()
	}
	w.add("}")
}

func (w *answerWriter) value() {
	random := time.Unix(w.random.Int64N(4e9), w.random.Int64N(1e9)).UTC()
	w.add(w.oneOf(
		`"a"`, `""`, `"plain text, long enough for a word or two"`, `"é"`, `"a\nb"`, `"\u00e9\u0000"`, `"\ud83d\ude00"`,
		`"`+random.Format(time.RFC3339)+`"`, `"`+random.Format(time.RFC3339Nano)+`"`, `"`+random.Format("2006-01-02T15:04:05.000")+`"`,
		`"`+random.Format("2006-01-02 15:04:05")+`"`, `"2024-02-29T23:59:60Z"`, `"2026-1-02T00:00:00Z"`, `"2026-01-02T00:00:00,5Z"`,
		`null`, ` null `, `0`, `-0`, `25.50`, `1e2`, `12345678901234567890`, `true`, `{"a":[1,"b"]}`, `[]`,
	))
}

func FuzzScan(f *testing.F) {
	paths, err := filepath.Glob("testdata/tests*.json")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	for seed := range uint64(40) {
		w := answerWriter{random: rand.New(rand.NewPCG(seed, 2))}
		f.Add(w.answer())
	}
	f.Fuzz(func(t *testing.T, data []byte) { requireAgreement(t, data) })
}
