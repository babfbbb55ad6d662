package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// streams are a connection to a pod's port: one stream for the data, and one on
// which the kubelet says why there are none.
type streams struct {
	httpstream.Stream
	connection httpstream.Connection
	complaint  httpstream.Stream
	complained chan struct{} // closed when the complaint has been read
	problem    error         // nil if there is none
	begun      bool          // something was read
}

// openStreams opens the streams that the headers describe.
func openStreams(c httpstream.Connection, header http.Header) (net.Conn, error) {
	header.Set(corev1.StreamType, corev1.StreamTypeError)
	complaint, err := c.CreateStream(header)
	if err != nil {
		return nil, fmt.Errorf("port-forward: %w", err)
	}
	_ = complaint.Close() // only the other side writes to it
	header.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := c.CreateStream(header)
	if err != nil {
		c.RemoveStreams(complaint)
		return nil, fmt.Errorf("port-forward: %w", err)
	}
	s := &streams{Stream: data, connection: c, complaint: complaint, complained: make(chan struct{})}
	go s.listen()
	return s, nil
}

// listen reads the complaint, which ends with the connection.
func (s *streams) listen() {
	defer close(s.complained)
	text, err := io.ReadAll(io.LimitReader(s.complaint, 4096))
	switch message := strings.TrimSpace(string(text)); {
	case strings.Contains(message, "connection refused"):
		s.problem = refusedError(message)
	case message != "":
		s.problem = errors.New("port-forward: " + message)
	case err != nil:
		s.problem = fmt.Errorf("port-forward: %w", err)
	}
}

// refusedError says that nobody listens at the port.
type refusedError string

func (e refusedError) Error() string { return "port-forward: " + string(e) }
func (refusedError) Unwrap() error   { return syscall.ECONNREFUSED }

// Read reads what the pod sends. Where that ends before it has begun, or breaks
// off, the complaint is the reason.
func (s *streams) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	s.begun = s.begun || n > 0
	if err = s.reason(err); errors.Is(err, io.EOF) && !s.begun {
		err = errors.New("port-forward: the connection ended without an answer")
	}
	return n, err
}

// Write sends to the pod.
func (s *streams) Write(p []byte) (int, error) {
	n, err := s.Stream.Write(p)
	return n, s.reason(err)
}

func (s *streams) reason(err error) error {
	if err == nil {
		return nil
	}
	if <-s.complained; s.problem != nil {
		return s.problem
	}
	return err
}

// Close ends both streams.
func (s *streams) Close() error {
	err := s.Stream.Reset()
	_ = s.complaint.Reset()
	s.connection.RemoveStreams(s.Stream, s.complaint)
	return err
}

// LocalAddr is nobody's: a port-forward has no address.
func (s *streams) LocalAddr() net.Addr { return streamAddress{} }

// RemoteAddr is nobody's either.
func (s *streams) RemoteAddr() net.Addr { return streamAddress{} }

// SetDeadline does nothing: an http.Transport closes what takes too long.
func (s *streams) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (s *streams) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (s *streams) SetWriteDeadline(time.Time) error { return nil }

type streamAddress struct{}

func (streamAddress) Network() string { return "port-forward" }
func (streamAddress) String() string  { return "pod" }
