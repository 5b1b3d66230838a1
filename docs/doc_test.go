// Package docs_test holds the documentation to the code: what the files of
// this folder and the README show is compiled, run and compared.
package docs_test

import "flag"

var update = flag.Bool("update", false, "write what is taken from the code: the texts of troubleshooting.md, the lists in api")
