package trace

import (
	"fmt"
	"strings"
)

// String tells a trace in a few lines, for messages: each span with its children
// beneath it, in milliseconds from the first.
func (t *Trace) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "trace %s\n", t.ID)
	known := map[string]bool{}
	for _, s := range t.Spans {
		known[s.ID] = true
	}
	told := map[*Span]bool{} // spans may be written that are beneath each other
	for i := range t.Spans {
		if s := &t.Spans[i]; !known[s.Parent] {
			t.tell(&b, s, told, 1)
		}
	}
	return b.String()
}

func (t *Trace) tell(b *strings.Builder, s *Span, told map[*Span]bool, depth int) {
	if told[s] {
		return
	}
	told[s] = true
	from, to := s.Start.Sub(t.Spans[0].Start).Seconds()*1e3, s.End.Sub(t.Spans[0].Start).Seconds()*1e3
	fmt.Fprintf(b, "%s%s %s %s %.2f–%.2f ms", strings.Repeat("  ", depth), s.Service, s.Kind, s.Name, from, to)
	if s.Error {
		b.WriteString(" Error")
	}
	for _, key := range []string{
		"http.response.status_code", "error.type", "hedged.attempts", "hedged.winner", "hedged.attempt.number",
		"hedged.attempt.trigger", "hedged.attempt.outcome", "upstream.fate",
	} {
		if v, ok := s.Attributes[key]; ok {
			fmt.Fprintf(b, " %s=%v", key, v)
		}
	}
	b.WriteByte('\n')
	for _, child := range t.children(s.ID) {
		t.tell(b, child, told, depth+1)
	}
}
