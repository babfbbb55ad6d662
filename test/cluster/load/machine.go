package load

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// starved is the share of the processors' time that others of the machine's host
// had, from which a late call says nothing of whom it called.
const starved = 0.2

// machine watches what a virtual machine gets of its processors. Elsewhere it sees
// nothing withheld.
type machine struct {
	read  func() (stolen, all float64) // since the machine's start, in ticks
	looks []look
}

// look is what had been withheld by an instant.
type look struct {
	at          time.Time
	stolen, all float64
}

const lookEvery = 100 * time.Millisecond

// watch looks until it is told to end.
func (m *machine) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		m.look(time.Now())
		select {
		case <-ctx.Done():
			m.look(time.Now())
			return
		case <-tick.C:
		}
	}
}

func (m *machine) look(at time.Time) {
	stolen, all := m.read()
	m.looks = append(m.looks, look{at, stolen, all})
}

// withheld returns the share of the processors' time that was withheld between two
// instants, and at the looks around them.
func (m *machine) withheld(from, to time.Time) float64 {
	if len(m.looks) == 0 {
		return 0
	}
	first, last := m.looks[0], m.looks[len(m.looks)-1]
	for _, l := range m.looks {
		if !l.at.After(from) {
			first = l
		}
		if !l.at.Before(to) {
			last = l
			break
		}
	}
	if last.all <= first.all {
		return 0
	}
	return (last.stolen - first.stolen) / (last.all - first.all)
}

// processors reads /proc/stat (proc_stat(5)): of the ticks in user, nice, system,
// idle, iowait, irq, softirq and steal, the last are those that the hypervisor gave
// to others.
func processors() (stolen, all float64) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0
	}
	for _, f := range fields[1:9] {
		ticks, _ := strconv.ParseFloat(f, 64)
		all += ticks
		stolen = ticks
	}
	return stolen, all
}
