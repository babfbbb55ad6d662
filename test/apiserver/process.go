package apiserver

import (
	"os"
	"os/exec"
	"strings"
)

// process is a program that runs.
type process struct {
	command *exec.Cmd
	log     string // the file of what it writes
	ended   chan struct{}
}

func launch(log string, command ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{command: exec.Command(command[0], command[1:]...), log: log, ended: make(chan struct{})} //nolint:noctx // ends by kill
	p.command.Stdout, p.command.Stderr = out, out
	p.command.SysProcAttr = withParent()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait()
	}()
	return p, nil
}

// kill ends the process, whether it was started or not, and waits for its end.
func (p *process) kill() {
	if p == nil {
		return
	}
	_ = p.command.Process.Kill()
	<-p.ended
}

// tail is the last lines that it wrote.
func (p *process) tail() string {
	data, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
