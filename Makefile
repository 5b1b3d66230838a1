.PHONY: all test race lint demo bench ci help

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

ci: ## everything that must hold of a change
	./.ci/run

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10
