package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The components, by the names of their programs.
const (
	etcd        = "etcd"
	APIServer   = "kube-apiserver"
	controllers = "kube-controller-manager"
	scheduler   = "kube-scheduler"
	containerd  = "containerd"
	Kubelet     = "kubelet"
	kubeProxy   = "kube-proxy"
)

// stopLimit is how long a component may take to end when it is asked to.
const stopLimit = 10 * time.Second

// Start starts a component inside the network namespace, unless it runs. It goes
// on after this program has ended.
func (c *Cluster) Start(name string) error {
	if c.running(name) != 0 {
		return nil
	}
	log, err := os.OpenFile(c.log(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := append([]string{c.program(name)}, c.arguments(name)...)
	command := exec.Command("nsenter", c.enter(argv)...) //nolint:noctx // Stop and Down end it
	command.Env = append(os.Environ(), "PATH="+c.Programs+string(filepath.ListSeparator)+os.Getenv("PATH"))
	command.Stdout, command.Stderr = log, log
	// A session of its own: what interrupts a test does not reach it, Down does.
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	go func() { _ = command.Wait() }()
	born, err := birth(command.Process.Pid)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return os.WriteFile(c.pidFile(name), fmt.Appendf(nil, "%d %s\n", command.Process.Pid, born), 0o644)
}

// Kill ends a component at once.
func (c *Cluster) Kill(name string) error { return c.end(name, syscall.SIGKILL) }

// Freeze stops a component in the midst of what it does, until Thaw.
func (c *Cluster) Freeze(name string) error { return c.signal(name, syscall.SIGSTOP) }

// Thaw lets a frozen component go on.
func (c *Cluster) Thaw(name string) error { return c.signal(name, syscall.SIGCONT) }

// stop asks a component to end, and sees to it.
func (c *Cluster) stop(name string) error {
	if c.running(name) == 0 {
		return nil
	}
	_ = c.Thaw(name)
	if err := c.end(name, syscall.SIGTERM); err == nil {
		return nil
	}
	return c.Kill(name)
}

func (c *Cluster) end(name string, with syscall.Signal) error {
	if err := c.signal(name, with); err != nil {
		return err
	}
	err := await(context.Background(), "the end of "+name, stopLimit, func(context.Context) error {
		if pid := c.running(name); pid != 0 {
			return fmt.Errorf("process %d runs", pid)
		}
		return nil
	})
	if err == nil {
		_ = os.Remove(c.pidFile(name))
	}
	return err
}

func (c *Cluster) signal(name string, s syscall.Signal) error {
	pid := c.running(name)
	if pid == 0 {
		return c.ended(name)
	}
	return syscall.Kill(pid, s)
}

// ended says that a component does not run, with the last that it wrote; nil if it
// does.
func (c *Cluster) ended(name string) error {
	if c.running(name) != 0 {
		return nil
	}
	data, _ := os.ReadFile(c.log(name))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return fmt.Errorf("%s does not run: %s", name, strings.Join(lines[max(0, len(lines)-3):], "\n"))
}

func (c *Cluster) log(name string) string { return filepath.Join(c.LogFolder(), name+".log") }

func (c *Cluster) pidFile(name string) string { return c.path("pid", name) }

// running returns the process id of a component, and 0 if it does not run. A
// process that got its id since has another birth.
func (c *Cluster) running(name string) int {
	data, err := os.ReadFile(c.pidFile(name))
	if err != nil {
		return 0
	}
	id, born, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	pid, err := strconv.Atoi(id)
	if err != nil {
		return 0
	}
	if now, err := birth(pid); err != nil || now != born {
		return 0
	}
	return pid
}

// birth is when a process that runs was started, in the kernel's ticks: field 22
// of proc_pid_stat(5).
func birth(pid int) (string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The name, in brackets, may have spaces.
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' {
		return "", errors.New("it has ended")
	}
	return string(fields[19]), nil
}
