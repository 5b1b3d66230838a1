package store

// NewDatabase is for tests that need package syncer, which needs this one.
var NewDatabase = newDatabase
