package v1alpha1

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Duration is a time.Duration that is written in Go's syntax, such as "300ms"
// or "1m30s".
type Duration struct {
	time.Duration
}

// MarshalJSON writes the duration as a string.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(d.String())
}

// UnmarshalJSON reads a string of Go's duration syntax. A number is refused: it
// has no unit.
func (d *Duration) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return errors.New(`must be a duration with its unit, such as "300ms"`)
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return errors.New(`must be a duration such as "300ms", "1.5s" or "2m"`)
	}
	d.Duration = v
	return nil
}

// Size is a number of bytes, written as a Kubernetes quantity such as "64Ki".
type Size struct {
	resource.Quantity
}

// Quantity's own parser takes an exponent of nine digits and computes with it.
var sizeForm = regexp.MustCompile(`^"?[0-9]{1,18}(\.[0-9]{1,9})?([KMGTPE]i|[kMGTPE]|[eE]\+?[0-9]{1,2})?"?$`)

// UnmarshalJSON reads a quantity that is not negative, as a string or as a
// number of bytes.
func (s *Size) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if !sizeForm.Match(data) || s.Quantity.UnmarshalJSON(data) != nil {
		return errors.New(`must be a size such as "64Ki", "1Mi" or a number of bytes`)
	}
	return nil
}

// Port is a port by name or by number.
type Port string

// MarshalJSON writes a number as a number.
func (p Port) MarshalJSON() ([]byte, error) {
	if n, err := strconv.ParseUint(string(p), 10, 16); err == nil {
		return json.Marshal(n)
	}
	return json.Marshal(string(p))
}

// UnmarshalJSON reads a string or a whole number.
func (p *Port) UnmarshalJSON(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("port: %w", err)
	}
	switch v := v.(type) {
	case nil:
	case string:
		*p = Port(v)
	case float64:
		n := uint16(v)
		if float64(n) != v {
			return errors.New("must be a port by name or a number between 1 and 65535")
		}
		*p = Port(strconv.Itoa(int(n)))
	default:
		return errors.New("must be a port by name or a number between 1 and 65535")
	}
	return nil
}
