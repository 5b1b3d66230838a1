package main

import (
	"bytes"
	_ "embed"
	"text/template"
)

// The places of the chart, in pixels.
const (
	barsLeft  = 250
	barsTop   = 44
	barHeight = 20
	rowHeight = 30
	longest   = 360
)

type bar struct {
	side
	Y, TextY, Width, EndX int
}

//go:embed chart.svg
var chartText string

var chartTemplate = template.Must(template.New("chart").Parse(chartText))

// svgOf draws one bar for each side, the longest for the slowest.
func svgOf(sides []side) ([]byte, error) {
	slowest := sides[len(sides)-1].took
	bars := make([]bar, len(sides))
	for i, s := range sides {
		width := int(longest * s.took / slowest)
		y := barsTop + i*rowHeight
		bars[i] = bar{side: s, Y: y, TextY: y + 15, Width: width, EndX: barsLeft + width + 8}
	}
	var out bytes.Buffer
	err := chartTemplate.Execute(&out, map[string]any{
		"Bars": bars, "Left": barsLeft, "Names": barsLeft - 10, "BarHeight": barHeight,
		"Height": barsTop + len(bars)*rowHeight,
	})
	return out.Bytes(), err
}
