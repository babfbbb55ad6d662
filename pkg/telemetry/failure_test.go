package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"syscall"
	"testing"

	"hedged.dev/hedged/pkg/telemetry"
)

type namedError struct{ error }

func (namedError) ErrorType() string { return "body_too_large" }

func TestErrorType(t *testing.T) {
	f := func(err error, want string) {
		t.Helper()
		if got := telemetry.ErrorType(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	op := func(err error) error {
		return &url.Error{Op: "Get", URL: "/", Err: &net.OpError{Op: "read", Err: os.NewSyscallError("read", err)}}
	}
	f(nil, "_OTHER")
	f(errors.New("strange"), "_OTHER")
	f(fmt.Errorf("call: %w", namedError{io.EOF}), "body_too_large")
	f(context.DeadlineExceeded, "timeout")
	f(os.ErrDeadlineExceeded, "timeout")
	f(op(syscall.ETIMEDOUT), "timeout")
	f(context.Canceled, "canceled")
	f(op(syscall.ECONNREFUSED), "connection_refused")
	f(op(syscall.ECONNRESET), "connection_reset")
	f(op(syscall.EPIPE), "connection_reset")
	f(op(syscall.EHOSTUNREACH), "unreachable")
	f(op(syscall.ENETUNREACH), "unreachable")
	f(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}, "dns")
	f(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}, "timeout")
	f(io.EOF, "connection_closed")
	f(fmt.Errorf("body: %w", io.ErrUnexpectedEOF), "connection_closed")
	f(net.ErrClosed, "connection_closed")
	f(textproto.ProtocolError("bad"), "protocol")
	f(errors.New("stream error: stream ID 1; PROTOCOL_ERROR"), "protocol")
}

// What net/http makes of real failures.
func TestErrorTypeOfRealFailures(t *testing.T) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	f := func(address, want string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := transport.RoundTrip(req)
		if err == nil {
			res.Body.Close()
			t.Fatalf("%s: no error", address)
		}
		if got := telemetry.ErrorType(err); got != want {
			t.Errorf("%s: %v: %q, want %q", address, err, got, want)
		}
	}
	plain, secure := httptest.NewServer(http.NotFoundHandler()), httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	defer plain.Close()
	defer secure.Close()

	f("https"+plain.URL[len("http"):], "tls") // plain HTTP where a handshake is due
	f(secure.URL, "tls")                      // a certificate that nobody vouches for
	f(answering(t, "SMTP\r\n\r\n"), "protocol")
	f(answering(t, ""), "connection_closed")

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	f(gone.URL, "connection_refused")
}

// answering serves one connection that gets the bytes for an answer.
func answering(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, answer)
	}()
	t.Cleanup(func() { listener.Close(); <-served })
	return "http://" + listener.Addr().String()
}
