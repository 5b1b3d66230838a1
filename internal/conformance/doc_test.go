// Package conformance holds tests only: the SDK as its users see it, through its
// public surface, against services and networks that misbehave.
package conformance_test
