package consumer

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

func TestClient(t *testing.T) {
	srv := insightstest.NewServer()
	defer srv.Close()
	now := time.Now()
	srv.Add(
		insights.Test{Name: "Log in", Build: "web-7", Status: insights.StatusPassed, CreationTime: now.Add(-2 * time.Minute)},
		insights.Test{Name: "Check out", Build: "web-7", Status: insights.StatusFailed, CreationTime: now.Add(-time.Minute)},
	)
	names, err := Failures(t.Context(), srv.Client())
	if err != nil || !slices.Equal(names, []string{"Check out"}) {
		t.Errorf("Failures: %q, %v", names, err)
	}
	passed, decided, err := Passed(t.Context(), srv.Client(), "web-7")
	if err != nil || passed != 1 || decided != 2 {
		t.Errorf("Passed: %d of %d, %v", passed, decided, err)
	}
}

// What a program gets with the SDK is a list under review: another package or
// module in it is a change for every user. (go.mod and go.sum say the versions,
// and .ci/tidy that they are complete.)
func TestDependencies(t *testing.T) {
	listed, err := os.ReadFile("dependencies.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(listed))
	for _, path := range []string{"github.com/sauceinsights/insights", "github.com/sauceinsights/insights/insightstest", "github.com/sauceinsights/insights/report"} {
		for _, dependency := range dependencies(t, path) {
			if !slices.Contains(want, dependency) {
				t.Errorf("%s brings %s, which is not in dependencies.txt", path, dependency)
			}
		}
	}
	all := dependencies(t, "./...")
	for _, dependency := range want {
		if !slices.Contains(all, dependency) {
			t.Errorf("nothing brings %s, which is in dependencies.txt", dependency)
		}
	}
}

// dependencies lists the packages outside the standard library and the SDK that
// are compiled for a package.
func dependencies(t *testing.T, path string) []string {
	list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", path)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(path string) bool {
		return strings.HasPrefix(path, "github.com/sauceinsights/insights") || strings.HasPrefix(path, "example.com/consumer")
	})
}
