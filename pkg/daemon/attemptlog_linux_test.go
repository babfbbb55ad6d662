package daemon_test

import (
	"net/http"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/daemon"
)

// TestAttemptLogOnAFullDisk: calls go on, the log says it once, a metric counts.
func TestAttemptLogOnAFullDisk(t *testing.T) {
	d := run(t, daemon.Options{AttemptLog: "/dev/full"}, map[string]string{"shop.yaml": shop(replicas(t, 3), enforce)})
	l := d.load(200, &http.Transport{MaxIdleConnsPerHost: 100}, func(int) string { return "/" })
	lost := func() string {
		_, body := d.fetch("http://" + d.HealthAddr().String() + "/metrics")
		for line := range strings.Lines(body) {
			if value, ok := strings.CutPrefix(line, "hedged_attempt_log_dropped"); ok {
				return value
			}
		}
		return ""
	}
	d.await("the metric", func() bool { return lost() != "" && !strings.HasSuffix(lost(), " 0\n") })
	first := lost()
	d.await("the metric to grow with the next write", func() bool { return lost() != first })
	l.end(t)
	if n := strings.Count(d.logs.String(), "the attempt log cannot be written"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
}
