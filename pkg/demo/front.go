package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/telemetry"
)

// front is the daemon in front of the replicas, with the folder that its
// policies are in.
type front struct {
	daemon *daemon.Daemon
	folder string
	cancel context.CancelFunc
	ended  chan error // takes what Run returned
}

// newFront starts a daemon on ports of its own with an empty folder. It ends
// with close, not with ctx: calls in flight are seen to first.
func newFront(ctx context.Context, log io.Writer, processors ...sdktrace.SpanProcessor) (*front, error) {
	folder, err := os.MkdirTemp("", "hedged-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the policies: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d, err := daemon.New(ctx, daemon.Options{
		Listen:       "127.0.0.1:0",
		HealthListen: "127.0.0.1:0",
		AdminListen:  "127.0.0.1:0",
		Policies:     folder,
		DrainTimeout: time.Second,
		Telemetry: telemetry.Options{
			Service:    "hedged-demo",
			LogWriter:  log,
			LogLevel:   slog.LevelError,
			LogFormat:  "text",
			Processors: processors,
		},
	})
	if err != nil {
		cancel()
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	f := &front{daemon: d, folder: folder, cancel: cancel, ended: make(chan error, 1)}
	go func() { f.ended <- d.Run(ctx) }()
	return f, nil
}

// url is where the daemon takes calls.
func (f *front) url() string { return "http://" + f.daemon.Addr().String() + "/" }

// place is the file of a strategy's policy.
func (f *front) place(s strategy) string { return filepath.Join(f.folder, s.policy()+".yaml") }

// serve gives the daemon a policy and returns when it is in force.
func (f *front) serve(ctx context.Context, s strategy, document []byte) error {
	// Written beside and renamed, so that the daemon never reads half a file.
	part := filepath.Join(f.folder, "."+s.policy())
	if err := os.WriteFile(part, document, 0o600); err != nil {
		return fmt.Errorf("write the policy of %s: %w", s.title(), err)
	}
	if err := os.Rename(part, f.place(s)); err != nil {
		return fmt.Errorf("write the policy of %s: %w", s.title(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, reloadBound)
	defer cancel()
	return await(ctx, f.url(), s.host())
}

// close stops the daemon and removes the folder.
func (f *front) close() error {
	f.cancel()
	return errors.Join(<-f.ended, os.RemoveAll(f.folder))
}
