package record

import (
	"encoding/json"
	"fmt"
	"io"
)

// Encoder writes attempts as JSON lines.
type Encoder struct{ json *json.Encoder }

// NewEncoder returns an encoder that writes to w, each attempt with one Write.
func NewEncoder(w io.Writer) *Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &Encoder{e}
}

// Encode writes one attempt and the end of its line. What Read would refuse is
// an error, and nothing is written then.
func (e *Encoder) Encode(a Attempt) error {
	if err := a.check(); err != nil {
		return fmt.Errorf("attempt %d of call %d: %w", a.Attempt, a.Call, err)
	}
	return e.json.Encode(a)
}
