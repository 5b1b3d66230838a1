// Package dashboard makes pages of runs: HTML with inline SVG that needs no script
// and no other file than its style sheet.
//
// A [Board] is what a page is made of, computed by package report, and a template
// shows it. Nothing that came from the service is markup: html/template escapes it.
package dashboard
