package waterfall

import (
	"net"
	"strconv"
	"strings"

	"hedged.dev/hedged/test/cluster/trace"
)

// row is one span as the picture has it.
type row struct {
	span    *trace.Span
	attempt *trace.Attempt // nil: it is none of hedged's
	depth   int            // beneath how many others it is

	label, note string // who it is
	result      string // what became of it
}

// cut reports whether the span ended since nobody waited for it any more.
func (r *row) cut() bool {
	if r.attempt != nil {
		o := r.attempt.Outcome()
		return o == "lost" || o == "client_gone"
	}
	gone, _ := r.span.Attributes["upstream.gone"].(bool)
	return gone
}

// rowsOf returns a trace's spans in order: each beneath its parent, attempts by
// their number.
func rowsOf(t *trace.Trace) []row {
	attempts := map[string]*trace.Attempt{}
	for _, c := range t.Calls() {
		for i := range c.Attempts {
			attempts[c.Attempts[i].Span.ID] = &c.Attempts[i]
		}
	}
	beneath, known := map[string][]*trace.Span{}, map[string]bool{}
	for i := range t.Spans {
		known[t.Spans[i].ID] = true
	}
	for i := range t.Spans { // in order of their start, as attempts are launched
		s := &t.Spans[i]
		parent := s.Parent
		if !known[parent] || parent == s.ID {
			parent = ""
		}
		beneath[parent] = append(beneath[parent], s)
	}
	var rows []row
	var walk func(parent string, depth int)
	walk = func(parent string, depth int) {
		for _, s := range beneath[parent] {
			rows = append(rows, newRow(s, attempts[s.ID], depth))
			if s.ID != "" {
				walk(s.ID, depth+1)
			}
		}
	}
	walk("", 0)
	return rows
}

func newRow(s *trace.Span, a *trace.Attempt, depth int) row {
	r := row{span: s, attempt: a, depth: depth, label: s.Service + " · " + s.Name, note: s.Instance}
	status := ""
	if n := s.Attributes.Int("http.response.status_code"); n != 0 {
		status = strconv.Itoa(n)
	}
	switch {
	case a != nil:
		r.label = "attempt " + strconv.Itoa(a.Number()) + " · " + a.Trigger()
		r.note = "to " + net.JoinHostPort(s.Attributes.Text("network.peer.address"), strconv.Itoa(s.Attributes.Int("network.peer.port")))
		r.result = strings.ReplaceAll(a.Outcome(), "_", " ")
		why := status
		if s.Error && why == "" {
			why = s.Attributes.Text("error.type")
		}
		if why != "" && why != "timeout" {
			r.result += ", " + strings.ReplaceAll(why, "_", " ")
		}
	case s.Service == trace.Service && s.Kind == trace.Server:
		r.note = s.Attributes.Text("url.path")
		r.result = "answered " + status
		if s.Attributes.Text("error.type") == "timeout" {
			r.result = "deadline, " + status
		}
	default:
		r.result = s.Attributes.Text("upstream.fate")
		if status != "" {
			r.result = "answered " + status
		}
		if r.cut() {
			r.result = "given up"
		}
	}
	return r
}
