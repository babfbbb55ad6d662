package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// choice is a flag that takes one of a few words.
type choice struct {
	value   *string
	allowed []string
}

// newChoice makes the flag; the first word is its default.
func newChoice(value *string, allowed ...string) choice {
	*value = allowed[0]
	return choice{value, allowed}
}

func (c choice) String() string { return *c.value }

// Type is the flag's placeholder in the help.
func (c choice) Type() string { return strings.Join(c.allowed, "|") }

// Set takes the word.
func (c choice) Set(word string) error {
	if !slices.Contains(c.allowed, word) {
		return fmt.Errorf("must be %s", strings.Join(c.allowed, " or "))
	}
	*c.value = word
	return nil
}

// share is a flag that takes a number from 0 to 1, or stays nil.
type share struct{ value **float64 }

func (s share) String() string {
	if *s.value == nil {
		return ""
	}
	return strconv.FormatFloat(**s.value, 'g', -1, 64)
}

// Type is the flag's placeholder in the help.
func (s share) Type() string { return "0..1" }

// Set takes the number.
func (s share) Set(text string) error {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !(number >= 0 && number <= 1) { // so written, it refuses NaN
		return errors.New("must be a number from 0 to 1")
	}
	*s.value = &number
	return nil
}
