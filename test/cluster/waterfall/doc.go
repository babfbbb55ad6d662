// Package waterfall draws a trace as an SVG picture: a row for each span beneath
// the one that it belongs to, with its bar on a common axis of time. Attempts of
// hedged say why they were launched, where they went and how they ended, and those
// that lost are cut off where they were cancelled. The same trace always gives the
// same bytes, which can be read on light and on dark pages.
//
// It does not know whether a trace is right: package trace does.
package waterfall
