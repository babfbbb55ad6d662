package telemetry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"syscall"

	"hedged.dev/hedged/pkg/hedge"
)

// errorType returns an attempt's error.type: a status code, a short word, or
// "" when its end is no error. Whether it is one follows our classification
// and not the status code: a 404 that won is none.
func (e *AttemptEnd) errorType() string {
	switch e.End {
	case hedge.Lost, hedge.ClientGone:
		return ""
	case hedge.TimedOut:
		return ErrorTimeout
	case hedge.Failed:
		if e.Err == nil && e.Status > 0 {
			return strconv.Itoa(e.Status)
		}
		return ErrorType(e.Err)
	}
	// It won, or it was given up before anything was sent: an error only if
	// there is one, such as a body that broke off after the answer had won.
	if e.Err == nil || errors.Is(e.Err, context.Canceled) {
		return ""
	}
	return ErrorType(e.Err)
}

// ErrorType returns a short word for why an attempt got no answer, from a set
// that is small enough for a metric's label. An error that names itself, by a
// method ErrorType() string, is believed.
func ErrorType(err error) string {
	var named interface{ ErrorType() string }
	if errors.As(err, &named) {
		return named.ErrorType()
	}
	for _, t := range errorTypeTable {
		if err != nil && t.is(err) {
			return t.word
		}
	}
	return otherError
}

// otherError is the conventions' word for an error that has none.
const otherError = "_OTHER"

// errorTypeTable is in order of precedence: a handshake that timed out is a
// timeout.
var errorTypeTable = []struct {
	word string
	is   func(error) bool
}{
	{ErrorTimeout, isTimeout},
	{"canceled", func(err error) bool { return errors.Is(err, context.Canceled) }},
	{"connection_refused", func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
	{"connection_reset", func(err error) bool {
		return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	}},
	{"unreachable", func(err error) bool {
		return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
	}},
	{"dns", as[*net.DNSError]},
	{"tls", isTLS},
	{"connection_closed", func(err error) bool {
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
	}},
	{"protocol", isProtocol},
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

func isTLS(err error) bool {
	return as[*tls.CertificateVerificationError](err) || as[tls.RecordHeaderError](err) || as[tls.AlertError](err) ||
		as[x509.UnknownAuthorityError](err) || as[x509.HostnameError](err) || as[x509.CertificateInvalidError](err) ||
		strings.Contains(err.Error(), "remote error: tls:") // crypto/tls keeps the type of a peer's alert to itself
}

// isProtocol reports whether the peer spoke something other than HTTP. Most of
// net/http's errors of that kind have no type of their own, hence the words.
func isProtocol(err error) bool {
	if as[textproto.ProtocolError](err) {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "malformed") || strings.Contains(text, "http2:") || strings.Contains(text, "stream error:")
}
