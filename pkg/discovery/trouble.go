package discovery

import "log/slog"

// trouble is what stands in the way of finding out. It is told once for each
// kind, however its words vary: those of a network's errors name ports that
// differ each time.
type trouble struct {
	kind string // "" while there is none
	err  error
}

// set reports whether the kind is another than before. An err of nil is none.
func (t *trouble) set(kind string, err error) (changed bool) {
	if err == nil {
		kind = ""
	}
	if kind == t.kind {
		return false
	}
	*t = trouble{kind: kind, err: err}
	return true
}

// log tells of a change.
func (t trouble) log(log *slog.Logger, what string) {
	if t.err == nil {
		log.Info(what + " can be read again")
		return
	}
	log.Warn(what+" cannot be read: what was found before is kept, and they are asked for again", "problem", t.err.Error())
}
