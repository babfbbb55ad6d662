// Package plot draws charts as SVG documents: a canvas with lines, areas, marks
// and texts, scales that map values to places, and what every chart has of axes
// and legends. The same drawing always gives the same bytes.
//
// It does not know what is drawn: which series there are, how they are called
// and where they stand on the canvas is its users' business.
package plot
