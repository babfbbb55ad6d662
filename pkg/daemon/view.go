package daemon

import (
	"errors"
	"runtime"
	"time"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/telemetry"
)

// configView is what /config_dump shows.
type configView struct {
	// Policies are in force, with the plan that calls get now.
	Policies []proxy.PolicyView `json:"policies"`
	// Documents are what the sources hold, good or bad.
	Documents  []documentView `json:"documents"`
	LastReload time.Time      `json:"lastReload,omitzero"`
	ReloadOK   bool           `json:"reloadOK"`
}

// documentView is one policy document.
type documentView struct {
	Policy    string            `json:"policy,omitempty"`
	Place     string            `json:"place"`
	Line      int               `json:"line"`
	Condition control.Condition `json:"condition"`
	Serving   string            `json:"servingRevision,omitempty"`
	Observed  string            `json:"observedRevision,omitempty"`
	Since     time.Time         `json:"since"`
	Message   string            `json:"message"`
	Faults    []string          `json:"faults,omitempty"`
	Warnings  []string          `json:"warnings,omitempty"`
}

func (d *Daemon) config() any {
	status := d.loop.Status()
	view := configView{
		Policies: d.handler.Policies(), Documents: []documentView{}, LastReload: status.LastReload, ReloadOK: status.ReloadOK,
	}
	for _, s := range status.Documents {
		v := documentView{
			Place: s.Place, Line: s.Line, Condition: s.Condition,
			Serving: s.Serving, Observed: s.Observed, Since: s.Since, Message: s.Serves(),
		}
		if s.ID.Name != "" {
			v.Policy = s.ID.String()
		}
		for _, f := range s.Faults {
			v.Faults = append(v.Faults, f.Error())
		}
		for _, f := range s.Warnings {
			v.Warnings = append(v.Warnings, f.Error())
		}
		view.Documents = append(view.Documents, v)
	}
	return view
}

func (d *Daemon) upstreams() any { return d.handler.Upstreams() }

// statsView is what /stats shows.
type statsView struct {
	Policies      int `json:"policies"`
	Reloads       int `json:"reloads"`
	FailedReloads int `json:"failedReloads"`
	Invalid       int `json:"invalidDocuments"`
	Conflicted    int `json:"conflictedDocuments"`
	// LogDropped are attempts that a file or a stream went without.
	LogDropped uint64 `json:"attemptLogDropped"`
	Goroutines int    `json:"goroutines"`
	HeapBytes  uint64 `json:"heapBytes"`
}

func (d *Daemon) stats() any {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status := d.loop.Status()
	return statsView{
		Policies: len(d.handler.Policies()), Reloads: status.Reloads, FailedReloads: status.FailedReloads,
		Invalid: status.Count(control.Invalid), Conflicted: status.Count(control.Conflicted),
		LogDropped: d.logDropped(), Goroutines: runtime.NumGoroutine(), HeapBytes: m.HeapAlloc,
	}
}

func (d *Daemon) logDropped() uint64 {
	dropped := d.attempts.Dropped()
	if d.file != nil {
		dropped += d.file.lost.Load()
	}
	return dropped
}

// observe registers what is told of reloads when metrics are collected.
func (d *Daemon) observe() error {
	return errors.Join(
		d.telemetry.Observe("hedged.reload.ok", "", "1 if every policy document was accepted at the last reload.", func(emit telemetry.Emit) {
			if d.loop.Status().ReloadOK {
				emit(1)
			} else {
				emit(0)
			}
		}),
		d.telemetry.Observe("hedged.reload.time", "s", "When the policies last changed, in seconds since 1970.", func(emit telemetry.Emit) {
			if t := d.loop.Status().LastReload; !t.IsZero() {
				emit(float64(t.UnixMilli()) / 1000)
			}
		}),
		d.telemetry.Observe("hedged.leader", "", "1 if this daemon writes what became of policies to their ConfigMaps.", func(emit telemetry.Emit) {
			switch {
			case !d.fromConfigMaps():
			case d.cluster.leads.Load():
				emit(1)
			default:
				emit(0)
			}
		}),
		d.telemetry.ObserveTotal("hedged.attempt_log.dropped", "{attempt}", "Attempts that the attempt log's file or a stream of it went without.",
			func(emit telemetry.Emit) { emit(float64(d.logDropped())) }),
	)
}
