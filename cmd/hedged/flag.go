package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hedged.dev/hedged/pkg/command"
)

// named is a choice of more words than the help's flag list has room for.
type named struct{ command.Choice }

// Type is the flag's placeholder in the help.
func (named) Type() string { return "NAME" }

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

// percent is a flag that takes a number of percent, or stays nil.
type percent struct{ value **float64 }

// mostPercent is what the largest fan-out could make use of, as for a policy's
// budget.
const mostPercent = 700

func (p percent) String() string { return share(p).String() }

// Type is the flag's placeholder in the help.
func (p percent) Type() string { return "PERCENT" }

// Set takes the number.
func (p percent) Set(text string) error {
	number, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(number >= 0 && number <= mostPercent) {
		return fmt.Errorf("must be a number from 0 to %d", mostPercent)
	}
	*p.value = &number
	return nil
}

// seeds is a flag that takes whole numbers with commas between them.
type seeds struct{ value *[]uint64 }

// newSeeds makes the flag with its default.
func newSeeds(value *[]uint64, usual uint64) seeds {
	*value = []uint64{usual}
	return seeds{value}
}

func (s seeds) String() string {
	if s.value == nil {
		return ""
	}
	var texts []string
	for _, number := range *s.value {
		texts = append(texts, strconv.FormatUint(number, 10))
	}
	return strings.Join(texts, ",")
}

// Type is the flag's placeholder in the help.
func (s seeds) Type() string { return "NUMBER" }

// Set takes the numbers.
func (s seeds) Set(text string) error {
	var all []uint64
	for part := range strings.SplitSeq(text, ",") {
		number, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return errors.New("must be a whole number, or several with commas between them")
		}
		all = append(all, number)
	}
	*s.value = all
	return nil
}
