package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// server is one listener with what it serves.
type server struct {
	name     string
	listener net.Listener
	http     *http.Server
}

// listen binds an address.
func listen(ctx context.Context, name, address string, h http.Handler, log *slog.Logger) (*server, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", name, err)
	}
	return &server{name: name, listener: l, http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}, nil
}

// limit makes it the data port: HTTP/1.1 and h2c, within the options' bounds.
// A body has no time limit of its own: the deadline bounds it up to the
// commit, the stream's idle timeout afterwards.
func (s *server) limit(o Options) {
	s.http.Protocols = new(http.Protocols)
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	s.http.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1000}
	s.http.MaxHeaderBytes = o.MaxHeaderBytes
	if o.ReadHeaderTimeout > 0 {
		s.http.ReadHeaderTimeout = o.ReadHeaderTimeout
	}
	if o.IdleTimeout > 0 {
		s.http.IdleTimeout = o.IdleTimeout
	}
}

func (s *server) serve(failed chan<- error) {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		failed <- fmt.Errorf("%s: %w", s.name, err)
	}
}

// drain takes no new connection and waits for the calls in flight; after the
// timeout it breaks them off.
func (s *server) drain(timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
		return fmt.Errorf("calls were still in flight after the drain timeout of %s and were broken off", timeout)
	}
	return nil
}

// abandon closes it at once.
func (s *server) abandon() {
	_ = s.http.Close()
	_ = s.listener.Close()
}
