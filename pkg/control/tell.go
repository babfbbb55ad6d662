package control

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"

	"hedged.dev/hedged/pkg/policy"
)

// documentKey finds a document again in the next snapshot.
type documentKey struct {
	place string
	id    policy.ID
	nth   int // of those with the same place and identity
}

// tell dates the statuses and logs one line for each that has changed. What was
// told is not told again.
func (s *state) tell(ctx context.Context) {
	told := make(map[documentKey]DocumentStatus, len(s.status.Documents))
	further := make(map[documentKey]int) // documents of a place and identity, beside the first
	places := make(map[string]bool)
	for i := range s.status.Documents {
		now := &s.status.Documents[i]
		key := documentKey{place: now.Place, id: now.ID}
		if _, taken := told[key]; taken {
			further[key]++
			key.nth = further[key]
		}
		before, known := s.told[key]
		now.Since = s.status.LastReload
		if known && before.Condition == now.Condition && before.Observed == now.Observed {
			now.Since = before.Since
		}
		if !known || !same(before, *now) {
			s.logChange(ctx, *now)
		}
		told[key] = *now
		places[now.Place] = true
	}
	removed := make(map[policy.ID]bool)
	for _, before := range s.vanished(told) {
		if (before.ID == policy.ID{}) && places[before.Place] {
			continue // mended, not removed
		}
		s.logRemoval(ctx, before, before.Serving != "" && s.serving[before.ID] == nil && !removed[before.ID])
		removed[before.ID] = true
	}
	s.told = told
}

// vanished returns what was told of documents that are gone, by place and line.
func (s *state) vanished(told map[documentKey]DocumentStatus) []DocumentStatus {
	var gone []DocumentStatus
	for key, before := range s.told {
		if _, still := told[key]; !still {
			gone = append(gone, before)
		}
	}
	slices.SortFunc(gone, func(a, b DocumentStatus) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Line, b.Line), cmp.Compare(a.ID.Name, b.ID.Name))
	})
	return gone
}

// same reports whether two statuses of a document say the same.
func same(a, b DocumentStatus) bool {
	return a.Condition == b.Condition && a.Serving == b.Serving && a.Observed == b.Observed &&
		slices.Equal(a.Faults, b.Faults)
}

func (s *state) logChange(ctx context.Context, d DocumentStatus) {
	attributes := []slog.Attr{
		slog.String("policy", name(d.ID)),
		slog.String("place", d.Place+":"+strconv.Itoa(d.Line)),
	}
	level, message := slog.LevelError, "policy refused"
	switch d.Condition {
	case Accepted:
		level, message = slog.LevelInfo, "policy accepted"
		attributes = append(attributes, slog.String("revision", d.Serving))
		if len(d.Warnings) > 0 {
			level = slog.LevelWarn
			attributes = append(attributes, slog.Any("warnings", texts(d.Warnings)))
		}
	case Invalid, Conflicted:
		attributes = append(attributes,
			slog.String("condition", string(d.Condition)),
			slog.Any("faults", texts(d.Faults)),
			slog.String("serves", d.Serves()))
	}
	s.options.Log.LogAttrs(ctx, level, message, attributes...)
}

// logRemoval tells that a document is gone, and whether its policy went with it.
func (s *state) logRemoval(ctx context.Context, d DocumentStatus, withPolicy bool) {
	attributes := []slog.Attr{
		slog.String("policy", name(d.ID)),
		slog.String("place", d.Place+":"+strconv.Itoa(d.Line)),
	}
	message := "policy document removed"
	if withPolicy {
		message = "policy removed"
		attributes = append(attributes, slog.String("revision", d.Serving))
	}
	s.options.Log.LogAttrs(ctx, slog.LevelInfo, message, attributes...)
}

// name is how an identity is told.
func name(id policy.ID) string {
	if (id == policy.ID{}) {
		return "unknown"
	}
	return id.String()
}
