package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
)

// Every link to a file of this repository leads to one, and to a heading that
// it has.
func TestLinks(t *testing.T) {
	for _, file := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(read(t, file)), ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			path := filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			if target == "" {
				path = file
			}
			if _, err := os.Stat(path); !assert.NoError(t, err, "%s links to %s", file, found[1]) || anchor == "" {
				continue
			}
			assert.Contains(t, anchors(t, path), anchor, "%s links to %s", file, found[1])
		}
	}
}

// anchors are the names that headings are linked to by, as hosting services
// make them.
func anchors(t *testing.T, file string) (all []string) {
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, found := range heading.FindAllStringSubmatch(string(read(t, file)), -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-"))
	}
	return all
}

// Every make target that a document names is there.
func TestMakeTargets(t *testing.T) {
	makefile := string(read(t, "../Makefile"))
	named := regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)")
	for _, file := range documents(t) {
		for _, found := range named.FindAllStringSubmatch(string(read(t, file)), -1) {
			assert.True(t, strings.Contains(makefile, "\n"+found[1]+":"), "%s says make %s", file, found[1])
		}
	}
}
