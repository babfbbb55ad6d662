package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Down stops what Up started and puts the machine back. It does as much as it can,
// however far Up came and whatever ended since.
func (c *Cluster) Down() error {
	begin := time.Now()
	var failed []error
	for _, step := range []func() error{
		func() error { return c.stop(Kubelet) },
		func() error { return c.stop(kubeProxy) },
		c.removePods,
		func() error { return c.stop(containerd) },
		c.killRest,
		func() error { return c.stop(scheduler) },
		func() error { return c.stop(controllers) },
		func() error { return c.stop(APIServer) },
		func() error { return c.stop(etcd) },
		c.unmount,
		disconnect,
		removeGroups,
		c.restoreParameters,
		c.removeLinks,
		func() error { return os.RemoveAll(c.State) },
	} {
		failed = append(failed, step())
	}
	c.tell(begin, "the cluster is down")
	return errors.Join(failed...)
}

// removePods has containerd remove all containers, which ends their shims.
func (c *Cluster) removePods() error {
	if c.running(containerd) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, kind := range []string{"tasks", "containers"} {
		names, err := c.ctr(ctx, kind, "list", "--quiet")
		if err != nil {
			return err
		}
		if all := strings.Fields(names); len(all) > 0 {
			remove := map[string][]string{"tasks": {"tasks", "remove", "--force"}, "containers": {"containers", "remove"}}[kind]
			// One that ended by itself is an error, and none to speak of: killRest sees
			// to what is left.
			_, _ = c.ctr(ctx, append(remove, all...)...)
		}
	}
	return nil
}

// killRest ends what containerd left, as when it was killed itself: processes in
// the pods' control groups, and shims that were started with the cluster's socket.
func (c *Cluster) killRest() error {
	killGroups()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	for _, file := range lines {
		line, _ := os.ReadFile(file)
		arguments := strings.Split(string(line), "\x00")
		if filepath.Base(arguments[0]) != "containerd-shim-runc-v2" || !slices.Contains(arguments, c.socket()) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	return nil
}

// unmount takes away the file systems of containers and volumes, the latest first.
func (c *Cluster) unmount() error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	var failed []error
	lines := strings.Split(string(mounts), "\n")
	for _, line := range slices.Backward(lines) {
		fields := strings.Fields(line)
		if len(fields) > 1 && strings.HasPrefix(fields[1], c.State+"/") {
			failed = append(failed, run(context.Background(), "umount", "--lazy", fields[1]))
		}
	}
	return errors.Join(failed...)
}

func disconnect() error {
	if _, err := os.Stat("/run/netns/" + Name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return run(context.Background(), "ip", "netns", "delete", Name)
}

func (c *Cluster) restoreParameters() error {
	saved := c.path("parameters")
	return filepath.WalkDir(saved, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || (err == nil && d.IsDir()) {
			return nil
		}
		if err != nil {
			return err
		}
		value, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(saved, path)
		if err != nil {
			return err
		}
		if err := os.WriteFile("/proc/sys/"+name, value, 0o644); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		return nil
	})
}

// removeLinks removes what is kept at fixed paths: kubelet's links to the pods'
// logs, and the network plugins' notes of the pods' addresses.
func (c *Cluster) removeLinks() error {
	links, err := filepath.Glob("/var/log/containers/*.log")
	if err != nil {
		return err
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, c.State+"/") {
			if err := os.Remove(link); err != nil {
				return err
			}
		}
	}
	notes, err := filepath.Glob("/var/lib/cni/results/*")
	if err != nil {
		return err
	}
	for _, note := range notes {
		// A note tells the pod's network namespace, which is mounted below run.
		if data, err := os.ReadFile(note); err == nil && strings.Contains(string(data), c.path("run")+"/") {
			if err := os.Remove(note); err != nil {
				return err
			}
		}
	}
	return nil
}

// KeepLogs copies the logs of components and pods to a folder, in the place of
// what was there.
func (c *Cluster) KeepLogs(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, "the logs are in", folder)
	return os.CopyFS(folder, os.DirFS(c.LogFolder()))
}
