// Command plot draws the chart of the root's README, docs/speed.svg, from the
// last figures of bench/README.md. Run it in bench: go run ./plot
package main

import (
	"fmt"
	"os"
)

const (
	figures = "README.md"
	chart   = "../docs/speed.svg"
	plotted = "call for 100 runs: `Client.Tests`"
)

func main() {
	if err := draw(figures, chart); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func draw(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	sides, err := sidesOf(rowsOf(string(text)), plotted)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	svg, err := svgOf(sides)
	if err != nil {
		return err
	}
	return os.WriteFile(to, svg, 0o644)
}
