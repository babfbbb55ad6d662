package control

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// state is the state of the loop, owned by the goroutine of Run.
type state struct {
	options   Options
	files     map[string]file                // parsed, by place
	serving   map[policy.ID]*policy.Policy   // the last good revision of each policy
	kept      map[policy.ID]*policy.Policy   // those of them that an earlier run has kept
	published map[policy.ID]string           // the revisions in the last table; nil before the first
	told      map[documentKey]DocumentStatus // what was last reported
	status    Status
}

func newState(o Options) *state { return &state{options: o} }

// reload judges everything that the sources have, publishes what has changed,
// and tells about it.
func (s *state) reload(ctx context.Context, snapshots []source.Snapshot) *view {
	files := s.parse(snapshots)
	d := decide(s.serving, files)
	s.serving = d.serving
	s.status.LastReload = time.Now()
	s.status.Reloads++
	serving := sorted(s.serving)
	s.publish(serving)

	s.status.Documents = d.report(files)
	s.markKept()
	s.tell(ctx)
	s.status.ReloadOK = s.status.Count(Accepted) == len(s.status.Documents)
	if !s.status.ReloadOK {
		s.status.FailedReloads++
	}
	v := &view{status: s.status, serving: serving}
	if len(s.serving) == 0 && len(s.status.Documents) > 0 {
		v.notReady = fmt.Errorf("policies: none of %d documents is usable, the first: %s",
			len(s.status.Documents), s.status.Documents[0].Message())
	}
	return v
}

// publish hands out a table of what serves, unless the last one is the same. An
// edit that leaves the revision alone, such as a comment, changes no table.
func (s *state) publish(serving []*policy.Policy) {
	revisions := make(map[policy.ID]string, len(serving))
	for _, p := range serving {
		revisions[p.ID] = p.Revision
	}
	if s.published != nil && maps.Equal(revisions, s.published) {
		return
	}
	s.published = revisions
	table, _ := policy.NewTable(serving) // decide left no conflicts
	s.options.Publish(table)
	s.status.Publishes++
}

// parse reads the files of all snapshots in the order of precedence. A file
// that is as it was is not parsed again.
func (s *state) parse(snapshots []source.Snapshot) []file {
	var files []file
	for _, snapshot := range snapshots {
		for _, raw := range snapshot.Files {
			f, known := s.files[raw.Place]
			if !known || !f.raw.Equal(raw) {
				f = parse(raw, s.options.ClusterDomain)
			}
			f.raw = raw
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, file.compare)
	s.files = make(map[string]file, len(files))
	for _, f := range files {
		s.files[f.raw.Place] = f
	}
	return files
}
