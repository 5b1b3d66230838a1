package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sixthCall = `package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/sauceinsights/insights"
)

func main() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.URL)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, ` + "`" + `{"owners": [{"name": "mia", "count": 7}]}` + "`" + `)
	}))
	defer service.Close()
	client, err := insights.NewClient("", insights.Credentials{Username: "mia", AccessKey: "11111111-2222-3333-4444-555555555555"}, insights.WithBaseURL(service.URL))
	if err != nil {
		panic(err)
	}
	day := insights.OwnersOptions{Period: insights.Last(24 * time.Hour), Status: insights.StatusFailed}
	fmt.Println(client.Owners(context.Background(), day))
	_, err = client.Owners(context.Background(), day, insights.WithQuery("owner", "ben"))
	fmt.Println(insights.Kind(err))
	_, err = client.Owners(context.Background(), insights.OwnersOptions{})
	fmt.Println(insights.Kind(err))
}
`

// The lines that CONTRIBUTING.md adds for another call are all that it takes.
func TestContributingASixthCall(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("programs are built in the whole suite")
	}
	dir, root := t.TempDir(), absolute(t, "..")
	replaced, lines := make(map[string]string), make(map[string]int)
	for _, b := range blocksOf(t, "../CONTRIBUTING.md") {
		if len(b.words) == 2 && b.words[0] == "go" && strings.HasSuffix(b.words[1], ".go") {
			file := b.words[1]
			lines[file] = strings.Count("\n"+b.text, "\n")
			text := string(read(t, filepath.Join("..", file))) + "\n" + b.text
			replaced[filepath.Join(root, file)] = write(t, filepath.Join(dir, file), text)
		}
	}
	assert.Equal(t, map[string]int{"insights.go": 7, "query.go": 17, "types.go": 6}, lines, "three steps, of as many lines as the document says")
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(t, err)

	run := exec.CommandContext(t.Context(), "go", "run", "-overlay", write(t, filepath.Join(dir, "overlay.json"), string(overlay)), write(t, filepath.Join(dir, "main.go"), sixthCall))
	run.Dir = root
	var stderr strings.Builder
	run.Stderr = &stderr
	out, err := run.Output()
	require.NoError(t, err, stderr.String())
	assert.Equal(t, strings.Join([]string{
		"/v1/analytics/trends/owners?status=failed&time_range=1d",
		"&{{0} [{mia 7}]} <nil>",
		"invalid_options",
		"invalid_options",
		"",
	}, "\n"), string(out))
}

func absolute(t *testing.T, path string) string {
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

func write(t *testing.T, file, text string) string {
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
