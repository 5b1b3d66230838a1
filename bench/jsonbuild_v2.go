//go:build goexperiment.jsonv2

package main

// jsonBuild names the encoding/json that is measured: figures of one say
// nothing of the other.
const jsonBuild = "encoding/json on top of json/v2"
