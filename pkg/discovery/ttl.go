package discovery

import (
	"encoding/binary"
	"net"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ear hears the answers of name servers to one look-up, and remembers how long
// the shortest-lived record may be believed. Go's resolver does not tell.
type ear struct {
	mu    sync.Mutex // two questions are asked at once
	heard bool
	least time.Duration
}

// listen returns a connection of which every answer is heard.
func (e *ear) listen(c net.Conn) net.Conn {
	if udp, ok := c.(*net.UDPConn); ok {
		return &packets{UDPConn: udp, ear: e} // the resolver tells datagrams from a stream by its type
	}
	return &stream{Conn: c, ear: e}
}

// hear takes in a message.
func (e *ear) hear(message []byte) {
	ttl, ok := leastTTL(message)
	if !ok {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.heard || ttl < e.least {
		e.heard, e.least = true, ttl
	}
}

// ttl is the least that was heard, if there was any.
func (e *ear) ttl() (least time.Duration, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.least, e.heard
}

// leastTTL is the least time to live among the answers in a message (RFC 1035,
// section 4.1.3), CNAMEs included; ok only if there is one.
func leastTTL(message []byte) (least time.Duration, ok bool) {
	var p dnsmessage.Parser
	if _, err := p.Start(message); err != nil || p.SkipAllQuestions() != nil {
		return 0, false
	}
	for {
		h, err := p.AnswerHeader()
		if err != nil || p.SkipAnswer() != nil {
			return least, ok
		}
		if ttl := time.Duration(h.TTL) * time.Second; !ok || ttl < least {
			least, ok = ttl, true
		}
	}
}

// packets are messages over UDP.
type packets struct {
	*net.UDPConn
	ear *ear
}

func (p *packets) Read(b []byte) (int, error) {
	n, err := p.UDPConn.Read(b)
	p.ear.hear(b[:max(n, 0)])
	return n, err
}

// stream is messages over TCP, each after its length (RFC 1035, section 4.2.2).
type stream struct {
	net.Conn
	ear    *ear
	unread []byte
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.unread = append(s.unread, b[:max(n, 0)]...)
	for len(s.unread) >= 2 {
		end := 2 + int(binary.BigEndian.Uint16(s.unread))
		if len(s.unread) < end {
			break
		}
		s.ear.hear(s.unread[2:end])
		s.unread = s.unread[end:]
	}
	return n, err
}
