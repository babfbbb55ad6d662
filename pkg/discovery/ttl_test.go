package discovery

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// message is an answer with a record of each TTL, the first of them a CNAME.
func message(tb testing.TB, ttls ...uint32) []byte {
	tb.Helper()
	name := dnsmessage.MustNewName("catalog.example.com.")
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, Response: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		// The least TTL of all is that of the name servers, which does not count.
		Authorities: []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.NSResource{NS: name},
		}},
	}
	for i, ttl := range ttls {
		h := dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: ttl}
		var body dnsmessage.ResourceBody = &dnsmessage.AResource{A: [4]byte{10, 0, 0, byte(i)}}
		if i == 0 {
			body = &dnsmessage.CNAMEResource{CNAME: name}
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: body})
	}
	packed, err := m.Pack()
	if err != nil {
		tb.Fatal(err)
	}
	return packed
}

func TestLeastTTL(t *testing.T) {
	f := func(m []byte, want time.Duration, ok bool) {
		t.Helper()
		if got, is := leastTTL(m); got != want || is != ok {
			t.Errorf("%v %v, want %v %v", got, is, want, ok)
		}
	}
	f(message(t), 0, false)
	f(message(t, 300), 300*time.Second, true)
	f(message(t, 300, 60, 90), time.Minute, true)
	f(message(t, 5, 60), 5*time.Second, true) // a CNAME's
	f(message(t, 60, 0), 0, true)
	f(message(t, 1<<31), 1<<31*time.Second, true)
	f(nil, 0, false)
	f(message(t, 60)[:20], 0, false)
	whole := message(t, 60, 30)
	f(whole[:len(whole)-24], 60*time.Second, true) // as far as it could be read
}

func FuzzLeastTTL(f *testing.F) {
	f.Add(message(f, 300, 60))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, m []byte) {
		if ttl, ok := leastTTL(m); ttl < 0 || ttl > 0 && !ok {
			t.Errorf("%v %v", ttl, ok)
		}
	})
}

// However a stream is cut, every message in it is heard.
func FuzzStream(f *testing.F) {
	f.Add(uint16(300), uint16(60), uint8(1))
	f.Add(uint16(7), uint16(9), uint8(200))
	f.Fuzz(func(t *testing.T, a, b uint16, cut uint8) {
		var sent bytes.Buffer
		for _, ttl := range []uint16{a, b} {
			m := message(t, uint32(ttl))
			_ = binary.Write(&sent, binary.BigEndian, uint16(len(m)))
			sent.Write(m)
		}
		size := sent.Len()
		var e ear
		s := &stream{Conn: reader{Reader: &sent}, ear: &e}
		n := 0
		for buffer := make([]byte, max(1, cut)); ; {
			k, err := s.Read(buffer)
			if n += k; err != nil {
				break
			}
		}
		if ttl, ok := e.ttl(); !ok || ttl != time.Duration(min(a, b))*time.Second || n != size || len(s.unread) != 0 {
			t.Errorf("%v %v after %d of %d bytes, %d left", ttl, ok, n, size, len(s.unread))
		}
	})
}

// reader is a connection of which only Read is used.
type reader struct {
	net.Conn
	io.Reader
}

func (r reader) Read(b []byte) (int, error) { return r.Reader.Read(b) }
