package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/sauceinsights/insights"
)

// longestLine bounds the JSON of a run.
const longestLine = 16 << 20

// readRuns reads a file with one run as JSON per line. Empty lines are skipped.
func readRuns(name string) ([]insights.Test, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("-data: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var runs []insights.Test
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var t insights.Test
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, fmt.Errorf("-data: %s:%d: %w", name, number, err)
		}
		runs = append(runs, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("-data: %s: %w", name, err)
	}
	return runs, nil
}
