package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/admin"
	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/record"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// Options are what a daemon is started with. Sizes are bytes. A zero limit is
// the default of net/http, or none; a zero LameDuck or DrainTimeout is no time.
type Options struct {
	Listen       string // address of the data port
	HealthListen string // address of /livez, /readyz, /metrics
	AdminListen  string // address of /config_dump, /upstreams, /attempts, /stats, pprof

	Policies      string // directory of policies; "" is none
	Namespace     string // of the directory's policies; "" is default
	ClusterDomain string // such as cluster.local

	LameDuck     time.Duration // how long new calls are served after the end was asked for
	DrainTimeout time.Duration // how long calls in flight may then take

	DeadlineHeader    string // one more header that callers may send their deadline in
	MaxHeaderBytes    int
	MaxBodyBytes      int64
	ReadHeaderTimeout time.Duration
	IdleTimeout       time.Duration

	Cluster *Cluster // nil: none
	Webhook *Webhook // nil: none

	AttemptLog string // file that every attempt is appended to; "" is none
	Telemetry  telemetry.Options
}

// Daemon is one running hedged. Make it with New.
type Daemon struct {
	options   Options
	telemetry *telemetry.Telemetry
	handler   *proxy.Handler
	loop      *control.Loop
	attempts  record.Log
	file      *attemptLog // nil: none
	ending    atomic.Bool
	cluster   *cluster // nil: none
	names     *discovery.Names

	data, health, admin *server
	webhook             *server // nil: none
}

// New binds the listeners and sets everything up, but serves nothing yet. What
// it has opened when it fails, it closes.
func New(ctx context.Context, o Options) (_ *Daemon, err error) {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	d := &Daemon{options: o}
	var undo []func()
	defer func() {
		if err != nil {
			for _, f := range undo {
				f()
			}
		}
	}()

	d.telemetry, err = telemetry.Setup(ctx, o.Telemetry)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	undo = append(undo, func() { _ = d.telemetry.Shutdown(ctx) })
	if o.Cluster != nil {
		if d.cluster, err = newCluster(*o.Cluster, d.telemetry.Log); err != nil {
			return nil, err
		}
	}
	d.names = discovery.NewNames(discovery.NamesOptions{Log: d.telemetry.Log})
	d.handler, err = proxy.New(proxy.Options{
		Registry:       upstream.NewRegistry(transport.Opener(transport.Options{Own: d.own})),
		Telemetry:      d.telemetry,
		Resolver:       d.resolver(),
		DeadlineHeader: o.DeadlineHeader,
		MaxBodyBytes:   o.MaxBodyBytes,
		Attempts:       &d.attempts,
	})
	if err != nil {
		return nil, err
	}
	if o.AttemptLog != "" {
		if d.file, err = openAttemptLog(o.AttemptLog, &d.attempts, d.telemetry.Log); err != nil {
			return nil, err
		}
		undo = append(undo, d.file.abandon)
	}
	d.loop = control.New(d.policies())
	if d.fromConfigMaps() {
		d.cluster.report(d.loop, d.handler)
	}
	if err := d.observe(); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	for _, s := range []struct {
		to      **server
		name    string
		address string
		handler http.Handler
	}{
		{&d.data, "calls", o.Listen, d.handler},
		{&d.health, "health", o.HealthListen, admin.Health(admin.HealthOptions{Ready: d.Ready, Metrics: d.telemetry.MetricsHandler()})},
		{&d.admin, "admin", o.AdminListen, admin.Debug(admin.DebugOptions{Config: d.config, Upstreams: d.upstreams, Stats: d.stats, Attempts: &d.attempts})},
	} {
		*s.to, err = listen(ctx, s.name, s.address, s.handler, d.telemetry.Log)
		if err != nil {
			return nil, err
		}
		undo = append(undo, (*s.to).abandon)
	}
	d.data.limit(o)
	if o.Webhook != nil {
		if d.webhook, err = o.Webhook.listen(ctx, o.ClusterDomain, d.telemetry.Log); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// own reports whether an address is that of the debug port. Who writes policies must
// not publish it by naming it as an upstream: it is on the loopback to be nobody else's.
func (d *Daemon) own(to netip.AddrPort) bool {
	debug := d.admin.listener.Addr().(*net.TCPAddr).AddrPort() //nolint:forcetypeassert // it listens by TCP
	return to.Port() == debug.Port() && (to.Addr().IsLoopback() || to.Addr().IsUnspecified() || to.Addr() == debug.Addr().Unmap())
}

// resolver finds the endpoints of upstreams that do not write them down.
func (d *Daemon) resolver() discovery.Resolver {
	r := discovery.Resolvers{Names: d.names}
	if d.cluster != nil {
		r.Services = d.cluster.services
	}
	return r
}

// fromConfigMaps reports whether ConfigMaps are policies.
func (d *Daemon) fromConfigMaps() bool { return d.cluster != nil && d.cluster.policies != nil }

// policies are the policy loop's options.
func (d *Daemon) policies() control.Options {
	o := control.Options{ClusterDomain: d.options.ClusterDomain, Publish: d.handler.Publish, Log: d.telemetry.Log}
	if d.options.Policies != "" {
		o.Sources = append(o.Sources, source.NewDirectory(d.options.Policies, d.options.Namespace, d.telemetry.Log))
	}
	if d.fromConfigMaps() {
		o.Sources = append(o.Sources, d.cluster.policies)
		o.Problem = d.cluster.policies.Problem
		o.LastGood = d.cluster.lastGood
	}
	return o
}

// Addr is the address of the data port.
func (d *Daemon) Addr() net.Addr { return d.data.listener.Addr() }

// HealthAddr is the address of /livez, /readyz and /metrics.
func (d *Daemon) HealthAddr() net.Addr { return d.health.listener.Addr() }

// AdminAddr is the address of /config_dump, /upstreams, /attempts, /stats and pprof.
func (d *Daemon) AdminAddr() net.Addr { return d.admin.listener.Addr() }

// servers are the ones that run.
func (d *Daemon) servers() []*server {
	all := []*server{d.data, d.health, d.admin}
	if d.webhook != nil {
		all = append(all, d.webhook)
	}
	return all
}

// serves is what the log says of a daemon that begins to serve.
func (d *Daemon) serves() []any {
	out := []any{"calls", d.Addr().String(), "health", d.HealthAddr().String(), "admin", d.AdminAddr().String()}
	if d.options.Policies != "" {
		out = append(out, "policies", d.options.Policies)
	}
	if d.fromConfigMaps() {
		out = append(out, "configMaps", d.options.Cluster.ConfigMaps)
	}
	if d.webhook != nil {
		out = append(out, "webhook", d.webhook.listener.Addr().String())
	}
	return out
}

// Ready says why the daemon should get no new calls; nil is ready.
func (d *Daemon) Ready() error {
	if d.ending.Load() {
		return errors.New("shutting down")
	}
	if err := d.loop.Ready(); err != nil {
		return err
	}
	return d.handler.Ready()
}

// Run serves until ctx is done, then shuts down in order: not ready, a
// lame-duck time in which new calls still succeed, a drain of what is in
// flight, the attempt log, the policy loop, telemetry, admin last. It may run once.
func (d *Daemon) Run(ctx context.Context) error {
	failed := make(chan error, 6)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	for _, s := range d.servers() {
		go func() {
			if s == d.data {
				d.hold(background)
			}
			s.serve(failed)
		}()
	}
	loop := start(func() {
		if err := d.loop.Run(background); err != nil {
			failed <- fmt.Errorf("policies: %w", err)
		}
	})
	finding := start(func() { _ = d.names.Run(background) })
	reading := start(func() {
		if d.cluster != nil {
			d.cluster.run(background, d.know, d.loop.Changed(), d.handler.UpstreamsChanged())
		}
	})
	ticking := start(func() { d.tick(background) })
	writing := start(func() {
		if d.file != nil {
			d.file.run()
		}
	})
	d.telemetry.Log.Info("serving", d.serves()...)

	var err error
	lameDuck := d.options.LameDuck
	select {
	case <-ctx.Done():
	case err = <-failed:
		lameDuck = 0 // what has broken serves nobody
	}
	return errors.Join(err, d.shutdown(lameDuck, stop, loop, finding, reading, ticking, writing))
}

const (
	// holdTimeout bounds how long calls are held at the start.
	holdTimeout = 10 * time.Second
	// lookTimeout bounds how long endpoints are waited for once there are policies:
	// one name that DNS does not answer for must not hold up the others.
	lookTimeout = 2 * time.Second
)

// hold returns when there is something to serve calls by. A container that was
// started again is sent calls at once; until then they wait, unanswered, where the
// listener keeps them.
func (d *Daemon) hold(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, holdTimeout)
	defer cancel()
	d.know(ctx)
}

// know returns when the policies were read and the endpoints of their upstreams
// looked for.
func (d *Daemon) know(ctx context.Context) {
	until(ctx, func() bool { return d.loop.Status().Reloads > 0 })
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	until(ctx, func() bool { return d.handler.Ready() == nil })
}

// until returns when f is true or ctx is done.
func until(ctx context.Context, f func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// shutdown is the order of the end.
func (d *Daemon) shutdown(lameDuck time.Duration, stop func(), background ...<-chan struct{}) error {
	d.ending.Store(true)
	d.handler.Drain()
	d.telemetry.Log.Info("shutting down: not ready, new calls are still served", "lameDuck", lameDuck.String())
	time.Sleep(lameDuck)

	d.telemetry.Log.Info("draining the calls in flight", "timeout", d.options.DrainTimeout.String())
	errs := []error{d.data.drain(d.options.DrainTimeout)}

	d.attempts.Close()
	stop()
	for _, done := range background {
		<-done
	}
	d.handler.Close()
	flush, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	d.telemetry.Log.Info("stopped")
	if err := d.telemetry.Shutdown(flush); err != nil {
		errs = append(errs, fmt.Errorf("telemetry: %w", err))
	}
	if d.webhook != nil {
		d.webhook.abandon()
	}
	if d.cluster != nil {
		d.cluster.client.Close()
	}
	d.health.abandon()
	_ = d.admin.drain(adminTimeout) // what is broken off is nobody's call
	d.admin.abandon()
	return errors.Join(errs...)
}

const (
	// flushTimeout bounds how long the last spans and metrics may take to leave.
	flushTimeout = 5 * time.Second
	// adminTimeout bounds how long a stream of attempts may take to end.
	adminTimeout = time.Second
)

// tick makes plans, and keeps the garbage collector in step, until ctx is done.
func (d *Daemon) tick(ctx context.Context) {
	gc := newCollector()
	defer gc.restore()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		if n%10 == 0 {
			gc.adjust()
		}
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			d.handler.Tick(now)
		}
	}
}

// start runs f and returns what is closed when it has returned.
func start(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return done
}
