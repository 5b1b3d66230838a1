// Package generated is a client of the five calls as oapi-codegen makes it of
// ../openapi.yaml: what a user would have instead of the SDK. The benchmarks
// compare the two.
package generated

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config config.yaml ../openapi.yaml
