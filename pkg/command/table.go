package command

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is rows of cells.
type Table [][]string

// Write writes the rows with their columns in line, each after the indent. A
// row's last cell is as long as it is: it widens no column.
func (t Table) Write(w io.Writer, indent string) error {
	var widths []int
	for _, row := range t {
		for i, cell := range row[:len(row)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range t {
		var b strings.Builder
		b.WriteString(indent)
		last := len(row) - 1
		for i, cell := range row[:last] {
			fmt.Fprintf(&b, "%-*s  ", widths[i], cell)
		}
		b.WriteString(row[last])
		if _, err := fmt.Fprintln(w, b.String()); err != nil {
			return err
		}
	}
	return nil
}
