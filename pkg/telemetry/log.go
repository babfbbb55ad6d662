package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/trace"
)

// newLogHandler makes the handler that writes lines to the options' writer.
func newLogHandler(o Options) (slog.Handler, error) {
	w := io.Writer(os.Stderr)
	if o.LogWriter != nil {
		w = o.LogWriter
	}
	options := &slog.HandlerOptions{Level: o.LogLevel}
	switch o.LogFormat {
	case "", "json":
		return traced{root: slog.NewJSONHandler(w, options)}.with(nil), nil
	case "text":
		return traced{root: slog.NewTextHandler(w, options)}.with(nil), nil
	}
	return nil, fmt.Errorf("log format %q: it is json or text", o.LogFormat)
}

// traced adds trace_id and span_id to each line whose context has a trace. They
// stand at the top of the line, also when the logger is within a group.
type traced struct {
	slog.Handler              // root with the scopes applied
	root         slog.Handler // as it was before any scope
	scopes       []func(slog.Handler) slog.Handler
	grouped      bool // one of the scopes is a group
}

// with returns t with one more scope, or none, applied.
func (t traced) with(scope func(slog.Handler) slog.Handler) traced {
	if scope != nil {
		t.scopes = append(t.scopes[:len(t.scopes):len(t.scopes)], scope)
	}
	t.Handler = t.apply(t.root)
	return t
}

func (t traced) apply(h slog.Handler) slog.Handler {
	for _, scope := range t.scopes {
		h = scope(h)
	}
	return h
}

// WithAttrs returns a handler whose lines have the attributes.
func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	return t.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup returns a handler whose lines have what follows within a group.
func (t traced) WithGroup(name string) slog.Handler {
	t.grouped = t.grouped || name != ""
	return t.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

// Handle writes a line.
func (t traced) Handle(ctx context.Context, r slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return t.Handler.Handle(ctx, r)
	}
	ids := []slog.Attr{slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String())}
	if t.grouped {
		// Attributes of the record itself would land in the group.
		return t.apply(t.root.WithAttrs(ids)).Handle(ctx, r)
	}
	r = r.Clone()
	r.AddAttrs(ids...)
	return t.Handler.Handle(ctx, r)
}

// leveled holds back what is below a level from a handler that takes all.
type leveled struct {
	slog.Handler
	level slog.Level
}

// Enabled reports whether lines of a level are handled.
func (l leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= l.level && l.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the level on the handler with attributes.
func (l leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{l.Handler.WithAttrs(attrs), l.level}
}

// WithGroup keeps the level on the handler with a group.
func (l leveled) WithGroup(name string) slog.Handler {
	return leveled{l.Handler.WithGroup(name), l.level}
}
