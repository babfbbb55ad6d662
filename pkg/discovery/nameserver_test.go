package discovery

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers questions about one name.
type nameServer struct {
	host string

	mu        sync.Mutex
	addresses []string
	ttl       uint32
	code      dnsmessage.RCode // other than success: the answer to every question
	truncated bool             // whether answers over UDP are
	asked     []time.Time      // when questions for A records of the name came
	streams   int              // questions over TCP
	away      bool             // whether nobody can connect
}

func (s *nameServer) set(f func(*nameServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// count is how often the name was asked for.
func (s *nameServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// answer answers a message.
func (s *nameServer) answer(query []byte, overUDP bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	ours := strings.EqualFold(q.Name.String(), s.host+".")
	m.Response, m.RCode, m.Additionals = true, s.code, nil
	if ours && q.Type == dnsmessage.TypeA {
		s.asked = append(s.asked, time.Now())
	}
	if !overUDP {
		s.streams++
	}
	switch {
	case s.code != dnsmessage.RCodeSuccess:
	case !ours || len(s.addresses) == 0:
		m.RCode = dnsmessage.RCodeNameError
	case s.truncated && overUDP:
		m.Truncated = true
	default:
		for _, a := range s.addresses {
			ip := netip.MustParseAddr(a)
			h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: s.ttl}
			switch {
			case q.Type == dnsmessage.TypeA && ip.Is4():
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: ip.As4()}})
			case q.Type == dnsmessage.TypeAAAA && ip.Is6():
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
			}
		}
	}
	packed, _ := m.Pack()
	return packed
}

// pipe connects to the server without a socket, for synctest bubbles: a stream,
// whatever the network.
func (s *nameServer) pipe(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errors.New("no name server")
	}
	here, there := net.Pipe()
	go s.stream(there)
	return here, nil
}

// stream answers the messages of a connection until its end.
func (s *nameServer) stream(c net.Conn) {
	defer c.Close()
	for {
		var length uint16
		if binary.Read(c, binary.BigEndian, &length) != nil {
			return
		}
		query := make([]byte, length)
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		reply := s.answer(query, false)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// listen serves on loopback, over UDP and TCP, and returns how to connect to it.
func (s *nameServer) listen(t *testing.T) func(ctx context.Context, network, address string) (net.Conn, error) {
	t.Helper()
	var work sync.WaitGroup
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = tcp.Close(), udp.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			work.Go(func() { s.stream(c) })
		}
	})
	work.Go(func() {
		for query := make([]byte, 4096); ; {
			n, from, err := udp.ReadFrom(query)
			if err != nil {
				return
			}
			_, _ = udp.WriteTo(s.answer(query[:n], true), from)
		}
	})
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, tcp.Addr().String())
	}
}
