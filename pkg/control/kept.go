package control

import (
	"fmt"
	"log/slog"
	"maps"

	"hedged.dev/hedged/pkg/policy"
)

// restore begins with the last good revisions of an earlier run, as if they had
// served until now.
func (s *state) restore(kept []policy.Kept) {
	held := policy.NewClaims(len(kept))
	s.kept = make(map[policy.ID]*policy.Policy, len(kept))
	for _, k := range kept {
		p, err := k.Read(s.options.ClusterDomain)
		if err == nil {
			// They may be of different ages: a run can end while it keeps them.
			if c, found := held.Conflict(p); found {
				err = fmt.Errorf("%s is held by policy %s", c.Key, c.Holder.ID)
			}
		}
		if err != nil {
			s.options.Log.Error("kept policy dropped", slog.String("policy", name(k.ID)),
				slog.String("place", k.Place), slog.String("revision", k.Revision), slog.Any("error", err))
			continue
		}
		held.Take(p)
		s.kept[k.ID] = p
	}
	s.serving = maps.Clone(s.kept)
}

// markKept tells which documents an earlier run's revision serves for.
func (s *state) markKept() {
	maps.DeleteFunc(s.kept, func(id policy.ID, p *policy.Policy) bool { return s.serving[id] != p })
	for i := range s.status.Documents {
		d := &s.status.Documents[i]
		d.Kept = s.kept[d.ID] != nil
	}
}
