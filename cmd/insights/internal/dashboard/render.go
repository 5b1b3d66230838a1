package dashboard

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"
)

//go:embed templates/style.css
var style string

//go:embed templates/pages.html
var pages string

var templates = template.Must(template.New("").Funcs(functions).Parse(pages))

// Style is the style sheet of all pages.
func Style() string { return style }

// Periods are those that a page may be asked for.
var Periods = []string{"1d", "7d", "14d", "30d"}

// page is what the templates are given.
type page struct {
	Title   string
	Policy  string       // of a file; empty: it is in a header
	Style   template.CSS // of a file; empty: it is a file of its own
	Refresh int          // seconds; 0: it stays as it is
	IsFile  bool         // there is nobody to ask for another page

	Board                  *Board
	Detail                 *Detail
	Warning                string
	Periods                []string
	Period                 string
	OSes, Browsers, Owners []string
	StripLength            int
	Text                   string
	Back                   bool
}

// named is a test with what a link to it needs.
type named struct {
	Board  *Board
	Name   string
	IsFile bool
}

// Of names a test.
func (p page) Of(name string) named { return named{p.Board, name, p.IsFile} }

// Choices are what a filter may choose among: those of all runs, also of a page that
// shows some only.
type Choices struct{ OSes, Browsers, Owners []string }

// ChoicesOf are those of a board without a filter.
func ChoicesOf(b *Board) Choices {
	return Choices{groupNames(b.Now.OSes), groupNames(b.Now.Browsers), groupNames(b.Now.Owners)}
}

func (p *page) choose(c Choices, b *Board) {
	with := func(names []string, chosen string) []string {
		if chosen == "" || slices.Contains(names, chosen) {
			return names
		}
		return append(slices.Clone(names), chosen)
	}
	p.OSes, p.Browsers, p.Owners = with(c.OSes, b.Filter.OS), with(c.Browsers, b.Filter.Browser), with(c.Owners, b.Filter.Owner)
}

// WriteBoard writes the first page. A warning says what is wrong with it as a whole;
// empty: nothing.
func WriteBoard(w io.Writer, b *Board, choices Choices, warning string) error {
	p := page{Title: "Test runs", Board: b, Warning: warning, Periods: Periods, Period: PeriodName(b.To.Sub(b.From)), StripLength: stripLength}
	p.choose(choices, b)
	return templates.ExecuteTemplate(w, "board", p)
}

// WriteDetail writes the page of a test, a build or an error.
func WriteDetail(w io.Writer, d *Detail) error {
	return templates.ExecuteTemplate(w, "detail", page{Title: cut(80, d.Name), Board: d.Board, Detail: d})
}

// WriteFile writes the first page with its style in it, for a reader without a server.
func WriteFile(w io.Writer, b *Board) error {
	sum := sha256.Sum256([]byte(style))
	p := page{
		Title: "Test runs", Board: b, IsFile: true, StripLength: stripLength, Period: PeriodName(b.To.Sub(b.From)),
		Style:  template.CSS(style), //nolint:gosec // our own
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
	return templates.ExecuteTemplate(w, "board", p)
}

// WriteLoading writes a page that asks for itself again.
func WriteLoading(w io.Writer, said string) error {
	return templates.ExecuteTemplate(w, "message", page{Title: "Loading", Text: said, Refresh: 1})
}

// WriteMessage writes a page that says one thing.
func WriteMessage(w io.Writer, title, said string) error {
	return templates.ExecuteTemplate(w, "message", page{Title: title, Text: said, Back: true})
}
