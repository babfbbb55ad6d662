package selftest_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/selftest"
)

// both are the two tests that call, at an address.
func both(address, host string) map[string]selftest.Test {
	return map[string]selftest.Test{"http": selftest.HTTP("http://"+address+"/", host), "grpc": selftest.GRPC(address, host)}
}

func TestHedgedCallPasses(t *testing.T) {
	t.Parallel()
	address, _ := hedged(t, policies([]string{serve(t, "one"), serve(t, "two")}, charts))
	for name, test := range both(address, "test") {
		var out buffer
		if f := test.Run(t.Context(), &out, patience); !f.Passed {
			t.Errorf("%s: %s", name, out.String())
		}
		want := `passed after \d+\.\ds: attempt 2 answered \((200|OK) by (one|two) after \d+ms\) while the first was unanswered\n$`
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%s: it says\n%swant %s", name, out.String(), want)
		}
	}
}

// look makes both tests look once, and checks what they saw and what they advise.
func look(t *testing.T, address, host string, saw map[string]string, remedy string) {
	t.Helper()
	for name, test := range both(address, host) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		f := test.Look(ctx)
		cancel()
		if f.Passed || !strings.Contains(f.Saw, saw[name]) || !strings.Contains(f.Remedy, remedy) {
			t.Errorf("%s: %+v\nwant %q and %q", name, f, saw[name], remedy)
		}
	}
}

func TestWhatIsSeenOfAFailure(t *testing.T) {
	t.Parallel()
	up := serve(t, "one")

	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		look(t, l.Addr().String(), "test", map[string]string{"http": "connection refused", "grpc": "connection refused"}, "the name and the port of its Service")
	})
	t.Run("no policy", func(t *testing.T) {
		t.Parallel()
		address, _ := hedged(t, policies([]string{up}, charts))
		look(t, address, "another", map[string]string{"http": `404: no policy matches host "another"`, "grpc": `Unimplemented: No policy matches this request: no policy matches host "another"`},
			"is the ConfigMap of the policy for host another labelled")
	})
	t.Run("no hedge", func(t *testing.T) {
		t.Parallel()
		once := "  deadline: 300ms\n  fanOut: {max: 1, adaptive: false}\n  stagger: {mode: Fixed, fixed: 50ms}\n"
		address, _ := hedged(t, policies([]string{up}, once))
		saw := "no acceptable answer in 300ms, with 1 attempt sent"
		look(t, address, "test", map[string]string{"http": "504: " + saw, "grpc": "DeadlineExceeded: No answer within the deadline: " + saw}, "fanOut.max 2 or more")
	})
	t.Run("a suppressed hedge", func(t *testing.T) {
		t.Parallel()
		poor := policies([]string{up}, strings.Replace(charts, "5s", "300ms", 1))
		address, _ := hedged(t, strings.ReplaceAll(poor, "protocol: ", "distinct: Require, protocol: "))
		look(t, address, "test", map[string]string{"http": "with 1 attempt sent (suppressed: 2: no_endpoint)", "grpc": "with 1 attempt sent"}, "fanOut.max 2 or more")
	})
	t.Run("no endpoint", func(t *testing.T) {
		t.Parallel()
		unknown := strings.ReplaceAll(policies([]string{up}, charts), `endpoints: ["http://`+up+`"]`, "dns: {name: nobody.invalid, port: 80}")
		address, _ := hedged(t, unknown)
		look(t, address, "test", map[string]string{"http": "503: ", "grpc": "Unavailable: The upstream has no endpoints: "}, "are the pods of the policy's upstream ready")
	})
	t.Run("nobody at the endpoint", func(t *testing.T) {
		t.Parallel()
		address, _ := hedged(t, policies([]string{"127.0.0.1:1"}, charts))
		look(t, address, "test", map[string]string{"http": "502: ", "grpc": "Unavailable: Every attempt failed: "}, "listen at the port of the policy's upstream")
	})
	t.Run("a plain proxy", func(t *testing.T) {
		t.Parallel()
		address, _ := hedged(t, policies([]string{up}, charts+"  mode: Disabled\n"))
		look(t, address, "test", map[string]string{"http": "200 by one, as attempt 0: the policy did not hedge", "grpc": "OK by one, as attempt 0: the policy did not hedge"}, "of mode Enforce")
	})
	t.Run("not through hedged", func(t *testing.T) {
		t.Parallel()
		look(t, up, "test", map[string]string{"http": "200 by one, as attempt 0", "grpc": "OK by one, as attempt 0"}, "is the call sent to hedged and not to the upstream")
	})
	t.Run("another server", func(t *testing.T) {
		t.Parallel()
		f := func(handler http.HandlerFunc, saw map[string]string, remedy string) {
			t.Helper()
			s := httptest.NewUnstartedServer(handler)
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetHTTP1(true)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Start()
			defer s.Close()
			look(t, s.Listener.Addr().String(), "test", saw, remedy)
		}
		f(func(w http.ResponseWriter, r *http.Request) {}, map[string]string{"http": "200, and not from the upstream of this test"}, "does the address lead to hedged")
		f(http.NotFound, map[string]string{"http": "404: not found", "grpc": "Unimplemented"}, "no answer of hedged's own")
	})
}

// TestPolicyThatComesLater: a test waits for what was made just before it.
func TestPolicyThatComesLater(t *testing.T) {
	t.Parallel()
	up := serve(t, "one")
	plain, enforced := policies([]string{up}, charts+"  mode: Disabled\n"), policies([]string{up}, charts)
	for _, name := range []string{"http", "grpc"} {
		address, write := hedged(t, plain)
		test := both(address, "test")[name]
		look := test.Look
		test.Look = func(ctx context.Context) selftest.Finding {
			defer write(enforced)
			return look(ctx)
		}
		var out buffer
		if f := test.Run(t.Context(), &out, patience); !f.Passed || !strings.Contains(out.String(), "by one, as attempt 0") {
			t.Errorf("%s: it says\n%s", name, out.String())
		}
	}
}
