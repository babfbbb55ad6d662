package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load sends requests over keep-alive connections, each as soon as the last
// was answered. It is a closed loop: good for CPU per request, not for latency.
func load(ctx context.Context, address string, o options) error {
	var (
		left  atomic.Int64
		wait  sync.WaitGroup
		mu    sync.Mutex
		fails []error
	)
	left.Store(int64(o.requests))
	for range o.connections {
		wait.Go(func() {
			if err := drive(ctx, address, &left); err != nil {
				mu.Lock()
				fails = append(fails, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(fails) > 0 {
		return fails[0]
	}
	return nil
}

// drive is one connection. It writes requests by hand and reads answers with
// little work, so that the load leaves the cores to the proxies.
func drive(ctx context.Context, address string, left *atomic.Int64) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	request := []byte("GET /v1/items?page=1 HTTP/1.1\r\nHost: cost\r\nUser-Agent: cost\r\nAccept: */*\r\n\r\n")
	for left.Add(-1) >= 0 {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := c.Write(request); err != nil {
			return err
		}
		if err := readAnswer(r); err != nil {
			return err
		}
	}
	return nil
}

func readAnswer(r *bufio.Reader) error {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(status) < 12 || string(status[9:12]) != strconv.Itoa(http.StatusOK) {
		return fmt.Errorf("answer %q", status)
	}
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if len(line) > 16 && strings.EqualFold(string(line[:15]), "content-length:") {
			length, err = strconv.Atoi(strings.TrimSpace(string(line[15:])))
			if err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("no Content-Length")
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return err
}

// cpu is the time that a process has run for, in user and system mode.
func cpu(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in brackets may hold spaces: count from behind it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}
