.PHONY: all test race lint demo bench soak fuzz mutate ci help

# How long make soak takes, and each target of make fuzz.
FOR = 2m

all: test lint ## test and lint

test: ## run all tests
	go test ./...

race: ## run all tests with the race detector
	go test -race ./...

lint: ## formatting, vet and staticcheck
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

demo: ## all five calls, against the fake service unless credentials are set
	go run ./examples/quickstart

bench: ## figures beside what a user would pick instead, as a Markdown table; takes minutes
	cd bench && go run .

soak: ## a client under faults, from 200 goroutines, FOR=2m; what it holds must be level
	cd bench && go run ./soak -for $(FOR)

fuzz: ## every fuzz target in turn, FOR=2m each
	for target in $$(go test -list '^Fuzz' . | grep ^Fuzz); do go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FOR) -fuzzminimizetime 200x . || exit 1; done

mutate: ## which changes of the root package the tests do not notice; takes an hour
	go run github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0 unleash --tags quick --timeout-coefficient 15 -E '^(insightstest|report|examples|internal|bench)/' .

ci: ## everything that must hold of a change
	./.ci/run

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10
