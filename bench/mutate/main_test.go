package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// module writes a module of one package with one test.
func module(t *testing.T, source, test string) string {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module example.com/small\n\ngo 1.26.0\n",
		"small.go":     source,
		"main_test.go": test,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

const source = `package small

func Larger(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func unreached(a int) int { return a + 1 }

func Join(a, b string) string { return a + b }
`

func TestRun(t *testing.T) {
	dir := module(t, source, `package small

import "testing"

func TestLarger(t *testing.T) {
	if Larger(2, 1) != 2 || Larger(1, 2) != 2 || Join("a", "b") != "ab" {
		t.Fatal()
	}
}
`)
	s := settings{dir: dir, sample: 100, seed: 1, parallel: 2, limit: time.Minute, least: 90, patterns: []string{"."}}
	var out bytes.Buffer
	ok, err := run(t.Context(), s, &out)
	require.NoError(t, err)
	assert.False(t, ok, "half of what could be noticed is not enough")
	assert.Regexp(t, `example.com/small +3 +3 +1 +1 +0 +1 +50.0 %`, out.String())
	assert.Contains(t, out.String(), "lived: example.com/small/small.go:4:7  > -> >=")

	s.least = 50
	ok, err = run(t.Context(), s, &out)
	require.NoError(t, err)
	assert.True(t, ok)
}

func TestRunSaysThatTheTestsFail(t *testing.T) {
	dir := module(t, source, "package small\n\nimport \"testing\"\n\nfunc Test(t *testing.T) { t.Fatal() }\n")
	_, err := run(t.Context(), settings{dir: dir, limit: time.Minute, patterns: []string{"."}}, &bytes.Buffer{})
	require.ErrorContains(t, err, "fail as they are")
}

func TestSampleIsThatOfItsSeed(t *testing.T) {
	chosen := func(seed uint64) []mutant {
		p := &pkg{mutants: make([]mutant, 50)}
		for i := range p.mutants {
			p.mutants[i].at.Line = i
		}
		p.sample(settings{sample: 10, seed: seed})
		return p.mutants
	}
	assert.Len(t, chosen(1), 10)
	assert.Equal(t, chosen(1), chosen(1))
	assert.NotEqual(t, chosen(1), chosen(2))
}
