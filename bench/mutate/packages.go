package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// pkg is a package that has tests, and what became of the changes of it.
type pkg struct {
	ImportPath, Dir           string
	GoFiles                   []string
	TestGoFiles, XTestGoFiles []string

	all     int // changes of which mutants is a sample
	mutants []mutant
	took    time.Duration // the package's own tests, built
}

func load(ctx context.Context, dir string, patterns []string) (packages []*pkg, err error) {
	list := exec.CommandContext(ctx, "go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles"}, patterns...)...)
	list.Dir, list.Stderr = dir, os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, err
	}
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		p := new(pkg)
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		if len(p.GoFiles) > 0 && len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			packages = append(packages, p)
		}
	}
}

// measure runs the tests as they are, and lists the changes in code that they
// reach.
func (p *pkg) measure(ctx context.Context, dir, scratch string) error {
	profile := filepath.Join(scratch, "cover")
	for _, args := range [][]string{{"-coverprofile", profile}, nil} { // the second run is the one to measure: all is built
		begin := time.Now()
		test := p.test(ctx, dir, args...)
		if out, err := test.CombinedOutput(); err != nil {
			return fmt.Errorf("the tests of %s fail as they are: %w\n%s", p.ImportPath, err, out)
		}
		p.took = time.Since(begin)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		return err
	}
	return p.find(reachedBy(string(text)))
}

func (p *pkg) find(reached reached) error {
	fset := token.NewFileSet()
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, m := range mutantsOf(fset, path, file) {
			if reached.has(p.ImportPath+"/"+name, m.at) {
				p.mutants = append(p.mutants, m)
			}
		}
	}
	return nil
}

func (p *pkg) test(ctx context.Context, dir string, args ...string) *exec.Cmd {
	test := exec.CommandContext(ctx, "go", append(append([]string{"test", "-short", "-count=1", "-failfast", "-vet=off"}, args...), p.ImportPath)...)
	test.Dir = dir
	test.WaitDelay = time.Second
	return test
}

// outcome is what the tests said to a change.
type outcome string

const (
	notTried outcome = ""
	noticed  outcome = "noticed"
	lived    outcome = "lived"
	endless  outcome = "ran out of time"
	broken   outcome = "does not compile"
)

// try runs the package's tests on a change, which reaches the compiler as an
// overlay: no file of the module is touched.
func (p *pkg) try(ctx context.Context, dir, scratch string, m mutant) outcome {
	overlay, err := m.overlay(scratch)
	if err != nil {
		return notTried
	}
	limit := 5*p.took + 10*time.Second
	out, err := p.test(ctx, dir, "-overlay", overlay, "-timeout", limit.String()).CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return notTried
	case err == nil:
		return lived
	case strings.Contains(string(out), "[build failed]"):
		return broken
	case strings.Contains(string(out), "panic: test timed out"):
		return endless
	}
	return noticed
}

// overlay writes the changed file, and the one that puts it in the place of the
// file as it is.
func (m mutant) overlay(scratch string) (string, error) {
	folder, err := os.MkdirTemp(scratch, "")
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(folder, "changed.go")
	if err := os.WriteFile(changed, m.in(source), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {m.file: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}
