package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// lineLimit is the longest line that is read, in bytes: many times what an
// attempt takes.
const lineLimit = 64 << 10

// Read returns the attempts of JSON lines, one after another, and ends after
// the first error, which names place, line, field and remedy. It is strict: a
// field that an attempt does not have is an error. Blank lines are passed over.
func Read(r io.Reader, place string) iter.Seq2[Attempt, error] {
	return func(yield func(Attempt, error) bool) {
		lines := &lineReader{from: bufio.NewReaderSize(r, lineLimit)}
		for {
			text, err := lines.next()
			if errors.Is(err, io.EOF) {
				return
			}
			var a Attempt
			if err == nil {
				a, err = parse(text)
				if err != nil && !lines.ended {
					err = fmt.Errorf("cut off (%w): a copy of a growing file ends so; remove the line", err)
				}
			}
			if err != nil {
				yield(Attempt{}, fmt.Errorf("%s:%d: %w", place, lines.number, err))
				return
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// ReadAll is as Read, and returns the attempts together. With an error there
// are none.
func ReadAll(r io.Reader, place string) ([]Attempt, error) {
	var all []Attempt
	for a, err := range Read(r, place) {
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// lineReader reads the lines that are not blank.
type lineReader struct {
	from   *bufio.Reader
	number int  // of the line that was read last, from 1
	ended  bool // whether a line feed ended it
}

// next returns the next line, which is valid until the one after it is read.
func (l *lineReader) next() ([]byte, error) {
	for {
		text, err := l.from.ReadSlice('\n')
		l.number++
		l.ended = err == nil
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("longer than %d bytes, which no attempt is", lineLimit)
		case err != nil && err != io.EOF:
			return nil, err
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return text, nil
		}
		if err == io.EOF {
			return nil, io.EOF
		}
	}
}

// parse reads one line.
func parse(text []byte) (Attempt, error) {
	var line struct {
		Attempt
		ElapsedMS *float64 `json:"elapsed_ms"` // 0 is a time, so its absence has to show
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&line); err != nil {
		return Attempt{}, inWords(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Attempt{}, errors.New("something follows the attempt; want one JSON object a line")
	}
	if line.ElapsedMS == nil {
		return Attempt{}, errors.New("elapsed_ms: is missing; want milliseconds")
	}
	line.Attempt.ElapsedMS = *line.ElapsedMS
	return line.Attempt, line.check()
}

// inWords says what encoding/json found in terms of the format.
func inWords(err error) error {
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if kind.Field == "" {
			return fmt.Errorf("is a JSON %s; want an object, as hedged record writes it", kind.Value)
		}
		return fmt.Errorf("%s: is a %s; want %s", kind.Field[strings.LastIndexByte(kind.Field, '.')+1:], kind.Value, wanted(kind))
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("%s: an attempt has no such field; remove it", strings.Trim(field, `"`))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not a whole JSON object")
	}
	return fmt.Errorf("not an attempt: %w; want a JSON object, as hedged record writes it", err)
}

func wanted(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "uint64", "int":
		return "a whole number"
	case "float64":
		return "a number"
	default:
		return "a text"
	}
}
