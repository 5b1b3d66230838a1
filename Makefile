.PHONY: all loops test short race lint format tidy cover api demo bench soak fuzz mutate realtime ci help

# How long make soak takes, and each target of make fuzz.
FOR = 2m
# What make fuzz looks into.
PKG = ./...

all: test lint ## test and lint

test: ## run all tests
	go test ./...

short: ## run an abridged form of the tests
	go test -short ./...

race: ## run all tests with the race detector
	go test -race ./...

realtime: ## the slow tests of promises about time, on real clocks and sockets
	for module in . limiters/file limiters/redis examples/fleet; do (cd $$module && go test -count=1 -tags realtime -run Realtime ./...) || exit 1; done

loops: ## 20,000 loops over random lists of services with random habits and vices, against the truth
	go test -count=1 -run 'TestLoop$$' ./internal/paging -cases 20000

lint: ## linters and format of every module
	.ci/lint

format: ## format every module, and mend what linters can mend
	.ci/lint -fix

tidy: ## make go.mod of every module tidy
	.ci/tidy -fix

cover: ## how much of each package the tests run: at least 95 %
	.ci/cover

api: ## write what the packages export to docs/api, for review
	go test -count=1 ./docs -run TestExportedAPI -update

demo: ## all five calls, against the fake service unless credentials are set
	go run ./examples/quickstart

bench: ## figures beside what a user would pick instead, as a Markdown table; takes minutes
	cd bench && go run .

soak: ## a client under faults, from 200 goroutines, FOR=2m; what it holds must be level
	cd bench && go run ./soak -for $(FOR)

fuzz: ## every fuzz target of PKG=./... in turn, FOR=2m each
	for pkg in $$(go list $(PKG)); do for target in $$(go test -list '^Fuzz' $$pkg | grep ^Fuzz); do go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FOR) -fuzzminimizetime 200x $$pkg || exit 1; done; done

mutate: ## which changes of the library its tests do not notice: 100 of each package; half an hour at most
	cd bench && go run ./mutate

ci: ## everything that must hold of a change
	.ci/run

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10
