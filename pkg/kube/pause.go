package kube

import "time"

// The times between tries of what goes wrong.
const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// pauses are the back-offs of what went wrong, by name.
type pauses map[string]pause

type pause struct {
	length time.Duration
	until  time.Time
}

// failed makes the next try wait, twice as long as the last one did.
func (p pauses) failed(name string, now time.Time) {
	length := min(max(2*p[name].length, firstPause), maxPause)
	p[name] = pause{length: length, until: now.Add(length)}
}

// until is when all of these may be tried again; in the past if they may now.
func (p pauses) until(names ...string) time.Time {
	var latest time.Time
	for _, name := range names {
		if until := p[name].until; until.After(latest) {
			latest = until
		}
	}
	return latest
}

// worked ends the back-off of these.
func (p pauses) worked(names ...string) {
	for _, name := range names {
		delete(p, name)
	}
}
