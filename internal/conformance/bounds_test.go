//go:build !race

package conformance_test

import (
	"bytes"
	"compress/flate"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sauceinsights/insights"
)

// mebibyteOfZeros is one block of a gzip stream.
var mebibyteOfZeros = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression)
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.Flush()
	return packed.Bytes()
})

var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// gzipBomb is ten gigabytes, once unpacked.
func gzipBomb(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	_, err := w.Write(gzipHeader)
	for i := 0; i < 10<<10 && err == nil; i++ {
		_, err = w.Write(mebibyteOfZeros())
	}
}

// spaces are JSON without an end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	return copy(p, "                                                                "), nil
}

// bound returns the default one, or one that takes less time to reach.
func bound() int64 {
	if isAbridged() {
		return 2 << 20
	}
	return 16 << 20
}

func TestWithMaxResponseBytesMemory(t *testing.T) {
	// What a hostile body costs in all, the part of the server included.
	t.Run("hostile bodies cost the bound and 32 MiB at most", func(t *testing.T) {
		mebibyteOfZeros()
		elements := []byte(`{"items":[` + strings.Repeat(`{},`, int(bound()-20)/3) + `{}]}`)
		for name, test := range map[string]struct {
			serve func(http.ResponseWriter)
			kind  error
		}{
			"a gzip bomb":       {func(w http.ResponseWriter) { gzipBomb(w, http.StatusOK) }, insights.ErrResponseTooLarge},
			"a refusal as bomb": {func(w http.ResponseWriter) { gzipBomb(w, http.StatusForbidden) }, insights.ErrForbidden},
			"an endless body":   {func(w http.ResponseWriter) { _, _ = io.Copy(w, spaces{}) }, insights.ErrResponseTooLarge},
			"16 MiB of {},":     {func(w http.ResponseWriter) { _, _ = w.Write(elements) }, insights.ErrResponseTooLarge},
		} {
			t.Run(name, func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					test.serve(w)
				}))
				defer server.Close()
				c := clientOf(t, server.Client().Transport, server.URL, setting{attempts: 3}, insights.WithMaxResponseBytes(bound()))
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				_, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek})
				runtime.ReadMemStats(&after)
				assert.ErrorIs(t, err, test.kind)
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(bound()+32<<20))
			})
		}
	})
}
