package kube

import (
	"context"
	"log/slog"
)

// trouble tells what keeps going wrong: once for each cause, and when it is over.
type trouble struct {
	log  *slog.Logger
	what string            // what cannot be done, and what happens instead
	told map[string]string // the last cause, by what it is about
}

func newTrouble(log *slog.Logger, what string) *trouble {
	return &trouble{log: log, what: what, told: make(map[string]string)}
}

// tell logs err unless it is what was told of this name last. No error says that
// it is over.
func (t *trouble) tell(ctx context.Context, name string, err error) {
	before, known := t.told[name]
	switch {
	case err == nil && known:
		delete(t.told, name)
		t.log.InfoContext(ctx, "over: "+t.what, "was", before)
	case err != nil && before != err.Error():
		t.told[name] = err.Error()
		t.log.WarnContext(ctx, t.what, "error", err)
	}
}
