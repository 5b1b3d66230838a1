package main

import (
	"context"
	"debug/buildinfo"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sauceinsights/insights/insightstest"
)

// programs make the same call, one with the SDK and one without.
//
//go:embed programs
var programs embed.FS

// measureImport builds the two programs, each as a module of its own, and
// compares what they consist of and how fast they start.
func measureImport(ctx context.Context, e *effort) ([]row, error) {
	dir, err := os.MkdirTemp("", "insights-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sdk, err := build(ctx, dir, "sdk")
	if err != nil {
		return nil, err
	}
	standard, err := build(ctx, dir, "standard")
	if err != nil {
		return nil, err
	}
	const beside = "with net/http and encoding/json"
	rows := []row{
		{what: "program of one call: modules linked, in the graph", ours: sdk.modules(), beside: beside, theirs: standard.modules()},
		{what: "program of one call: binary, stripped", ours: megabytes(sdk.bytes), beside: beside, theirs: megabytes(standard.bytes), ratio: "+" + megabytes(sdk.bytes-standard.bytes)},
	}
	start, err := compareStarts(ctx, e, sdk, standard)
	return append(rows, start), err
}

// program is one that was built.
type program struct {
	path          string
	bytes         int64
	linked, graph int // modules besides its own
}

func (p *program) modules() string {
	return fmt.Sprintf("%d, %d", p.linked, p.graph)
}

func build(ctx context.Context, dir, name string) (*program, error) {
	module := filepath.Join(dir, name)
	if err := writeModule(ctx, module, name); err != nil {
		return nil, err
	}
	p := &program{path: filepath.Join(module, "program")}
	if _, err := goCommand(ctx, module, "build", "-trimpath", "-ldflags=-s -w", "-o", p.path); err != nil {
		return nil, err
	}
	return p, p.inspect(ctx, module)
}

// writeModule writes the program as a user would have it: a module that needs
// the SDK, or nothing.
func writeModule(ctx context.Context, module, name string) error {
	source, err := programs.ReadFile("programs/" + name + "/main.go")
	if err != nil {
		return err
	}
	root, err := goCommand(ctx, ".", "list", "-m", "-f", "{{.Dir}}", "github.com/sauceinsights/insights")
	if err != nil {
		return err
	}
	if err := os.Mkdir(module, 0o700); err != nil {
		return err
	}
	mod := "module program\n\ngo 1.26.0\n\nreplace github.com/sauceinsights/insights => " + root + "\n"
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte(mod), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(module, "main.go"), source, 0o600); err != nil {
		return err
	}
	_, err = goCommand(ctx, module, "mod", "tidy")
	return err
}

func (p *program) inspect(ctx context.Context, module string) error {
	file, err := os.Stat(p.path)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(p.path)
	if err != nil {
		return err
	}
	graph, err := goCommand(ctx, module, "list", "-m", "all")
	p.bytes, p.linked, p.graph = file.Size(), len(info.Deps), strings.Count(graph, "\n")
	return err
}

// goCommand runs the go command and returns what it printed.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}

// compareStarts starts the programs in turn: each reads a page of 10 runs and
// ends.
func compareStarts(ctx context.Context, e *effort, sdk, standard *program) (row, error) {
	url, stop, err := startServer(ctx, serverConfig{runs: e.few})
	if err != nil {
		return row{}, err
	}
	defer stop()
	c := &comparison{what: "program of one call", sides: []side{
		{"from its start to its end", func() error { return sdk.run(ctx, url) }},
		{"with net/http and encoding/json", func() error { return standard.run(ctx, url) }},
	}}
	c.samples, err = schedule{rounds: e.starts, warmup: 1}.measure(c.sides...)
	if err != nil {
		return row{}, err
	}
	r := c.against(0, 1)
	r.allocs = ""
	return r, nil
}

func (p *program) run(ctx context.Context, url string) error {
	out, err := exec.CommandContext(ctx, p.path, url, insightstest.Username, insightstest.AccessKey).Output()
	if err == nil && string(out) != "10\n" {
		err = fmt.Errorf("it printed %q", out)
	}
	return err
}
