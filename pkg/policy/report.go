package policy

import (
	"fmt"
	"strings"
	"time"
)

// has reports whether the user wrote the field.
func (d *document) has(path string) bool {
	m, ok := d.marks[path]
	return ok && !m.null
}

// where is the place of the field, or of the nearest one above it that exists.
func (d *document) where(path string) mark {
	for {
		if m, ok := d.marks[path]; ok || path == "" {
			return m
		}
		path = parent(path)
	}
}

// parent is the path of what holds the field; "" is the document.
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// fault reports what is wrong with a field, once: whatever else is then wrong
// with it follows from that. Durations among the arguments are shown in brief.
func (d *document) fault(path, format string, args ...any) {
	if _, known := d.known[path]; known {
		return
	}
	for above := path; above != ""; {
		above = parent(above)
		if d.known[above] {
			return
		}
	}
	d.known[path] = false
	d.report(path, false, format, args...)
}

// invalid reports a value of the right type that is not allowed.
func (d *document) invalid(path string, v any, format string, args ...any) {
	d.fault(path, "Invalid value: %s: "+format, append([]any{show(v)}, args...)...)
}

// lose says that nothing is known about a field and what is below it, so that no
// fault is reported there any more.
func (d *document) lose(path string) { d.known[path] = true }

// warn reports what is legal and probably not meant.
func (d *document) warn(path, format string, args ...any) {
	d.report(path, true, format, args...)
}

func (d *document) report(path string, warning bool, format string, args ...any) {
	for i, arg := range args {
		if v, ok := arg.(time.Duration); ok {
			args[i] = show(v)
		}
	}
	m := d.where(path)
	d.faults = append(d.faults, Fault{
		Place: d.place, Line: m.line, Column: m.column, Path: path,
		Message: fmt.Sprintf(format, args...), Warning: warning,
	})
}

// sound reports whether no fault is known at the paths or below them, so that a
// rule that joins several fields does not repeat what is wrong with one.
func (d *document) sound(paths ...string) bool {
	for known := range d.known {
		for _, path := range paths {
			if rest, ok := strings.CutPrefix(known, path); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				return false
			}
		}
	}
	return true
}

// show is a value as a message quotes it, as a user would write it.
func show(v any) string {
	const most = 64
	switch v := v.(type) {
	case string:
		if len(v) > most {
			return fmt.Sprintf("%q and %d bytes more", v[:most], len(v)-most)
		}
		return fmt.Sprintf("%q", v)
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case time.Duration:
		s := v.String()
		if strings.HasSuffix(s, "m0s") {
			s = strings.TrimSuffix(s, "0s")
		}
		if strings.HasSuffix(s, "h0m") {
			s = strings.TrimSuffix(s, "0m")
		}
		return s
	default:
		return fmt.Sprint(v)
	}
}
