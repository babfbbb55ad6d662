package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

func TestNothingSent(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c := carry(t, upstream.Key{Address: l.Addr().String(), Protocol: upstream.HTTP1}, transport.Options{})
	_, err = get(t, c, "shop")
	if !transport.NothingSent(err) || !errors.Is(err, transport.ErrConnect) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}

	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	c = carry(t, plain(s, upstream.HTTP1), transport.Options{})
	if _, err = get(t, c, "shop"); err == nil || transport.NothingSent(err) {
		t.Errorf("closed: %v", err)
	}
	// The answer is no TLS: the request has not been sent.
	for _, p := range []upstream.Protocol{upstream.HTTPS, upstream.H2} {
		c = carry(t, plain(s, p), transport.Options{})
		if _, err = get(t, c, "shop"); !transport.NothingSent(err) {
			t.Errorf("no TLS: %v", err)
		}
	}
}

// TestOwnAddressIsNoUpstream: it is the address that counts, also where a name led
// to it.
func TestOwnAddressIsNoUpstream(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	o := transport.Options{Own: func(to netip.AddrPort) bool { return to == at }}
	for _, address := range []string{at.String(), fmt.Sprintf("localhost:%d", at.Port()), fmt.Sprintf("[::ffff:127.0.0.1]:%d", at.Port())} {
		c := carry(t, upstream.Key{Address: address, Protocol: upstream.HTTP1}, o)
		if _, err := get(t, c, "shop"); !errors.Is(err, transport.ErrOwn) || !transport.NothingSent(err) {
			t.Errorf("%s: %v", address, err)
		}
	}
	other := serve(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := get(t, carry(t, plain(other, upstream.HTTP1), o), "shop"); err != nil {
		t.Errorf("another address: %v", err)
	}
}

func TestConnectTimeout(t *testing.T) {
	address := full(t)
	c := carry(t, upstream.Key{Address: address, Protocol: upstream.HTTP1}, transport.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	begun := time.Now()
	answer, err := c.RoundTrip(request(&transport.Context{Context: ctx, ConnectTimeout: 50 * time.Millisecond}, t, c, "shop"))
	if err == nil {
		_ = answer.Body.Close()
	}
	var timeout net.Error
	if !errors.Is(err, transport.ErrConnect) || !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(begun) > patience/2 {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

// full is an address whose backlog is full: to connect takes for ever.
func full(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	bound, _ := name.(*syscall.SockaddrInet4)
	address := (&net.TCPAddr{IP: bound.Addr[:], Port: bound.Port}).String()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		cancel()
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}
