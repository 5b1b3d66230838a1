//go:build !unix

package main

// limitFiles does nothing where no test asks for it.
func limitFiles() {}
