package command

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is a flag that takes one of a few words.
type Choice struct {
	value   *string
	allowed []string
}

// NewChoice makes the flag; the first word is its default.
func NewChoice(value *string, allowed ...string) Choice {
	*value = allowed[0]
	return Choice{value, allowed}
}

func (c Choice) String() string { return *c.value }

// Type is the flag's placeholder in the help.
func (c Choice) Type() string { return strings.Join(c.allowed, "|") }

// Set takes the word.
func (c Choice) Set(word string) error {
	if !slices.Contains(c.allowed, word) {
		return fmt.Errorf("must be %s", strings.Join(c.allowed, " or "))
	}
	*c.value = word
	return nil
}
