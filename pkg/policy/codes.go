package policy

import (
	"errors"
	"strconv"
	"strings"
)

const leastCode, mostCode = 100, 599

// codes is a set of HTTP status codes from 100 to 599.
type codes [(mostCode - leastCode + 64) / 64]uint64

func (c *codes) add(from, to int) {
	for code := from; code <= to; code++ {
		c[(code-leastCode)/64] |= 1 << ((code - leastCode) % 64)
	}
}

func (c *codes) has(code int) bool {
	return code >= leastCode && code <= mostCode &&
		c[(code-leastCode)/64]>>((code-leastCode)%64)&1 != 0
}

// parseCodes reads "404" or "200-299".
func parseCodes(s string) (from, to int, err error) {
	low, high, isRange := strings.Cut(s, "-")
	if !isRange {
		high = low
	}
	from, to = parseCode(low), parseCode(high)
	switch {
	case from == 0 || to == 0:
		return 0, 0, errors.New(`must be a status code such as "404" or a range such as "200-299", between 100 and 599`)
	case from > to:
		return 0, 0, errors.New("must begin with its lower end: write \"" + high + "-" + low + "\"")
	}
	return from, to, nil
}

// parseCode reads one status code; 0 is none.
func parseCode(s string) int {
	code, err := strconv.Atoi(s)
	if err != nil || len(s) != 3 || code < leastCode || code > mostCode {
		return 0
	}
	return code
}
