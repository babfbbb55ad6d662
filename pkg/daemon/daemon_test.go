package daemon_test

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/daemon"
)

const enforce = "  deadline: 2s\n  fanOut: {max: 3, adaptive: false}\n"

func TestPolicyEditsUnderLoad(t *testing.T) {
	urls := replicas(t, 3)
	d := run(t, daemon.Options{}, map[string]string{"shop.yaml": shop(urls, enforce)})
	l := d.load(500, &http.Transport{MaxIdleConnsPerHost: 100}, func(int) string { return "/" })
	d.await("calls", func() bool { return l.count() > 200 })

	before := d.dump().Policies[0]
	begun := time.Now()
	d.write("shop.yaml", shop(urls, strings.Replace(enforce, "max: 3", "max: 2", 1)))
	d.await("the new plan", func() bool { return d.dump().Policies[0].Plan.FanOut == 2 })
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the new plan was in force after %v, want within a second", took)
	}
	edited := d.dump().Policies[0]
	if edited.Revision == before.Revision {
		t.Error("the revision did not change with the content")
	}
	seen := l.count()
	d.await("calls under the new plan", func() bool { return l.count() > seen+200 })

	d.write("shop.yaml", shop(urls, strings.Replace(enforce, "max: 3", "max: 33", 1)))
	d.await("the broken edit to be judged", func() bool { return d.dump().Documents[0].Condition == "Invalid" })
	broken := d.dump()
	if got := broken.Policies[0]; got != edited {
		t.Errorf("a broken edit changed the plan from %+v to %+v", edited, got)
	}
	if faults := strings.Join(broken.Documents[0].Faults, "\n"); !strings.Contains(faults, "shop.yaml:9:") || !strings.Contains(faults, "spec.fanOut.max") {
		t.Errorf("the fault does not name its place: %q", faults)
	}
	if log := d.logs.String(); !strings.Contains(log, "spec.fanOut.max") || !strings.Contains(log, edited.Revision) {
		t.Errorf("the log does not say what is wrong and what serves:\n%s", log)
	}
	seen = l.count()
	d.await("calls after the broken edit", func() bool { return l.count() > seen+200 })
	l.end(t)
	t.Logf("%d calls", l.count())
}

func TestShutdownUnderLoad(t *testing.T) {
	urls := replicas(t, 3)
	d := run(t, daemon.Options{LameDuck: time.Second, DrainTimeout: 5 * time.Second}, map[string]string{"shop.yaml": shop(urls, enforce)})
	path := func(n int) string {
		if n%10 == 0 {
			return "/slow" // still in flight when the lame-duck time is over
		}
		return "/"
	}
	var dials atomic.Int64
	dialer := &http.Transport{MaxIdleConnsPerHost: 100}
	h2 := &http.Transport{Protocols: new(http.Protocols)}
	h2.Protocols.SetUnencryptedHTTP2(true)
	count(h2, &dials)
	one := d.load(200, dialer, path)
	two := d.load(100, h2, path)
	d.await("calls", func() bool { return one.count() > 100 && two.count() > 50 })
	if n := dials.Load(); n != 1 {
		t.Fatalf("%d HTTP/2 connections before the end, want 1", n)
	}

	d.cancel()
	d.await("not ready", func() bool { return d.Ready() != nil })
	if status, body := d.fetch("http://" + d.HealthAddr().String() + "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "shutting down") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	seen1, seen2 := one.count(), two.count()
	d.await("new calls while lame", func() bool { return one.count() > seen1+50 && two.count() > seen2+25 })
	one.end(t) // the last calls begin here and finish in the drain
	two.end(t)
	if one.closes == 0 {
		t.Error("no HTTP/1.1 answer asked to close its connection")
	}
	if dials.Load() < 2 {
		t.Error("HTTP/2 clients were not told to go away")
	}
	if err := d.end(); err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", d.Addr().String(), time.Second); err == nil {
		t.Error("the data port is still open")
	}
	for _, want := range []string{"shutting down", "draining", "stopped"} {
		if !strings.Contains(d.logs.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

func TestDrainTimeoutBreaksOffWhatHangs(t *testing.T) {
	urls := replicas(t, 1)
	d := run(t, daemon.Options{DrainTimeout: 50 * time.Millisecond}, map[string]string{"shop.yaml": shop(urls, enforce)})
	l := d.load(50, &http.Transport{}, func(int) string { return "/slow" })
	d.await("calls in flight", func() bool {
		return strings.Contains(d.admin("/upstreams"), `"inFlight": `) && !strings.Contains(d.admin("/upstreams"), `"inFlight": 0,`)
	})
	close(l.stop)
	if err := d.end(); err == nil || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("error %v, want one that names the drain timeout", err)
	}
	l.wait.Wait()
}

func TestAddressInUse(t *testing.T) {
	d := run(t, daemon.Options{}, nil)
	_, err := daemon.New(t.Context(), daemon.Options{Listen: d.Addr().String(), HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Policies: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "listen for calls") || !strings.Contains(err.Error(), d.Addr().String()) {
		t.Errorf("error %v, want one that names the listener and the address", err)
	}
}

func TestMissingDirectoryEndsTheDaemon(t *testing.T) {
	d, err := daemon.New(t.Context(), daemon.Options{Listen: "127.0.0.1:0", HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Policies: "/does/not/exist", LameDuck: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("error %v, want one that names the directory", err)
	}
}

func TestHealthAndAdminAreApartFromCalls(t *testing.T) {
	d := run(t, daemon.Options{}, map[string]string{"shop.yaml": shop(replicas(t, 2), enforce)})
	data, health, admin := "http://"+d.Addr().String(), "http://"+d.HealthAddr().String(), "http://"+d.AdminAddr().String()
	f := func(url string, want int, holds string) {
		t.Helper()
		if status, body := d.fetch(url); status != want || !strings.Contains(body, holds) {
			t.Errorf("%s: %d %s, want %d with %q", url, status, body, want, holds)
		}
	}
	f(health+"/livez", 200, "ok")
	f(health+"/readyz", 200, "ok")
	f(health+"/metrics", 200, "hedged_plan_fan_out")
	f(health+"/config_dump", 404, "")
	f(admin+"/config_dump", 200, `"policy": "default/shop"`)
	f(admin+"/upstreams", 200, `"breaker"`)
	f(admin+"/stats", 200, `"goroutines"`)
	f(admin+"/debug/pprof/cmdline", 200, "")
	f(data+"/config_dump", 404, "no_policy")
	f(data+"/metrics", 404, "no_policy")
}
