// Package export writes all test runs of a period to a file: NDJSON or CSV,
// gzipped or not, by the file's ending.
//
// What it has goes to FILE.part and is renamed to FILE when it is all: where
// FILE is, it is complete. After an interrupt, an outage, a full disk or a
// kill, the same command goes on where it stopped, with the same period: "7d"
// are those before its first start. What it takes to go on is in FILE.state,
// saved whenever as many runs have come as are asked for at a time. FILE.lock
// keeps a second process away.
//
// A run that the service lists only after the export has passed its creation
// time is not in the file.
//
// At the end it reads the file again and compares it, hour by hour, with the
// runs that the service counts (day by day if the period is longer than a month).
// Where there is no such count, as for the runs of one build, it says that it
// could not tell.
package export
