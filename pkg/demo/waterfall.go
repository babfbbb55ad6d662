package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"hedged.dev/hedged/pkg/plot"
	"hedged.dev/hedged/pkg/telemetry"
)

// barWidth is how many columns the waterfall gives to the call's time.
const barWidth = 44

// writeWaterfall draws the attempts of one call from its spans. The names of
// endpoints are looked up by address; an unknown one is shown as it is.
func writeWaterfall(w io.Writer, t *trail, names map[string]string) error {
	begin, end := t.call.StartTime(), t.call.EndTime()
	for _, a := range t.attempts {
		if a.EndTime().After(end) {
			end = a.EndTime() // a lost attempt may end after the answer
		}
	}
	span := max(end.Sub(begin), time.Microsecond)
	column := func(at time.Time) int {
		return int(int64(barWidth) * int64(at.Sub(begin)) / int64(span))
	}

	var b strings.Builder
	fmt.Fprintf(&b, "One call of %s, drawn from its spans: %s after %s\ntrace %s\n\n",
		attributeOf(t.call, telemetry.PolicyKey).AsString(), answerOf(t.call), milliseconds(t.call.EndTime().Sub(begin)),
		t.call.SpanContext().TraceID())
	fmt.Fprintf(&b, "  %-8s%-9s%-11s%s\n", "attempt", "trigger", "endpoint", ruler(inMilliseconds(span), "ms", barWidth))
	for _, a := range t.attempts {
		from := min(column(a.StartTime()), barWidth-1)
		width := min(max(column(a.EndTime())-from, 1), barWidth-from)
		outcome := attributeOf(a, telemetry.AttemptOutcomeKey).AsString()
		bar := strings.Repeat(" ", from) + strings.Repeat(barOf(outcome), width) + strings.Repeat(" ", barWidth-from-width)
		fmt.Fprintf(&b, "  %-8d%-9s%-11s%s  %s\n",
			attributeOf(a, telemetry.AttemptNumberKey).AsInt64(), attributeOf(a, telemetry.AttemptTriggerKey).AsString(), endpointOf(a, names), bar, resultOf(a, outcome))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ruler is the scale above or below what is drawn over time: marks at round
// instants up to most, over so many columns.
func ruler(most float64, unit string, width int) string {
	line := []byte(strings.Repeat(" ", width+2))
	free := 0
	for _, tick := range plot.RoundSteps(most, 5) {
		label := fmt.Sprintf("%g", tick)
		if tick == 0 {
			label = "0 " + unit
		}
		at := int(float64(width) * tick / most)
		if at >= free && at+len(label) <= len(line) {
			copy(line[at:], label)
			free = at + len(label) + 1
		}
	}
	return strings.TrimRight(string(line), " ")
}

// barOf is the block that an attempt's bar is made of.
func barOf(outcome string) string {
	switch outcome {
	case "won":
		return "█"
	case "lost":
		return "░"
	}
	return "▒"
}

// endpointOf names the endpoint that the attempt went to.
func endpointOf(a sdktrace.ReadOnlySpan, names map[string]string) string {
	address := attributeOf(a, peerKey).AsString()
	if port := attributeOf(a, portKey).AsInt64(); port != 0 {
		address = fmt.Sprintf("%s:%d", address, port)
	}
	if name, ok := names[address]; ok {
		return name
	}
	return address
}

// resultOf says how the attempt ended, and with what.
func resultOf(a sdktrace.ReadOnlySpan, outcome string) string {
	if status := attributeOf(a, statusKey).AsInt64(); status != 0 {
		return fmt.Sprintf("%s, %d", outcome, status)
	}
	if cause := attributeOf(a, errorKey).AsString(); cause != "" && outcome != "lost" {
		return fmt.Sprintf("%s, %s", outcome, cause)
	}
	return outcome
}

// answerOf says what the client got.
func answerOf(call sdktrace.ReadOnlySpan) string {
	if status := attributeOf(call, statusKey).AsInt64(); status != 0 {
		return fmt.Sprint(status)
	}
	return "no answer"
}

// milliseconds writes a time as the demo's tables do.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", inMilliseconds(d))
}

// inMilliseconds is a time as the demo's JSON and plots have it.
func inMilliseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Millisecond)
}
