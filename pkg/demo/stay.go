package demo

import (
	"context"
	"fmt"
)

// stay says what there is to try and waits until ctx is done. What troubles the
// replicas comes and goes meanwhile.
func (s *stage) stay(ctx context.Context) error {
	s.begin(0)
	favourite := s.strategies[len(s.strategies)-1] // the one that the demo is about
	admin, health := s.front.daemon.AdminAddr(), s.front.daemon.HealthAddr()
	_, err := fmt.Fprintf(s.Err, `
Everything is still running, and its troubles begin anew. To try:

  curl -i -H 'Host: %[1]s' %[2]s
  curl -i -H 'Host: none.demo' %[2]s          # one attempt, whatever comes of it
  for i in $(seq 200); do curl -so /dev/null -w '%%{http_code} %%{time_total}\n' -H 'Host: %[1]s' %[2]s; done | sort | uniq -c | sort -rn | head

  curl -s http://%[3]s/upstreams               # endpoints: breaker, in flight, what is learned
  curl -s http://%[3]s/config_dump             # policies and the plan in force
  curl -s http://%[4]s/metrics | grep ^hedged_

The policies are in %[5]s: edit %[1]s's with
  ${EDITOR:-vi} %[6]s
and look at /config_dump: it is in force within a second, or says what is wrong with it.

Ctrl-C ends it.
`, favourite.host(), s.front.url(), admin, health, s.front.folder, s.front.place(favourite))
	if err != nil {
		return fmt.Errorf("say what to try: %w", err)
	}
	<-ctx.Done()
	return nil
}
