package trace

import "regexp"

// attributes holds a call's spans to what they tell.
func (c *checker) attributes(call *Call) {
	s := call.Span
	c.present(s, "http.request.method", "url.scheme", "url.path", "network.protocol.version", "server.address",
		"client.address", "hedged.policy", "hedged.policy.revision", "hedged.attempts", "hedged.plan.fan_out")
	if s.Attributes.Has("hedged.plan.state") { // the plan is adaptive
		c.present(s, "hedged.plan.rule", "hedged.plan.reason")
	}
	name := s.Attributes.Text("http.request.method")
	if route := s.Attributes.Text("http.route"); route != "" {
		name += " " + route
	}
	if s.Name != name {
		c.add(Attribute, s.ID, "the call's span is called %q and not %q", s.Name, name)
	}
	for _, text := range s.Attributes.Texts("hedged.suppressed") {
		if !suppression.MatchString(text) {
			c.add(Attribute, s.ID, "hedged.suppressed has %q, which is not number:trigger:reason", text)
		}
	}
	for i := range call.Attempts {
		c.attempt(call, &call.Attempts[i])
	}
}

var suppression = regexp.MustCompile(`^[2-8]:(stagger|failure):[a-z_]+$`)

func (c *checker) attempt(call *Call, a *Attempt) {
	s, n := a.Span, a.Number()
	c.present(s, "http.request.method", "url.full", "server.address", "network.peer.address", "network.peer.port",
		"hedged.attempt.number", "hedged.attempt.trigger", "hedged.attempt.outcome", "hedged.policy", "hedged.policy.revision")
	for _, key := range []string{"hedged.policy", "hedged.policy.revision"} {
		if theirs, ours := call.Span.Attributes.Text(key), s.Attributes.Text(key); theirs != ours {
			c.add(Attribute, s.ID, "%s is %q on the call and %q on attempt %d", key, theirs, ours, n)
		}
	}
	if told := s.Attributes.Int("http.request.resend_count"); told != n-1 || s.Attributes.Has("http.request.resend_count") != (n > 1) {
		c.add(Attribute, s.ID, "http.request.resend_count of attempt %d is %v", n, s.Attributes["http.request.resend_count"])
	}
	want := s.Attributes.Text("http.request.method")
	if method := s.Attributes.Text("rpc.method"); method != "" && method != "_OTHER" {
		want = method // package.Service/Method
	}
	if s.Name != want {
		c.add(Attribute, s.ID, "attempt %d is called %q and not %q", n, s.Name, want)
	}
}

func (c *checker) present(s *Span, keys ...string) {
	for _, key := range keys {
		if !s.Attributes.Has(key) {
			c.add(Attribute, s.ID, "the %s span %q has no %s", s.Kind, s.Name, key)
		}
	}
}
