// Package store keeps all runs of an account in a database: SQLite, which is one
// file, or PostgreSQL, where one machine is outgrown.
//
// The views are the promise to those who read it with SQL: docs/store.md says what
// their columns mean. The tables are not, and may change.
//
// A run is told by its ID and its creation time. What many runs share, such as the
// names of tests and builds, is kept once.
package store
