package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const groups = "/sys/fs/cgroup"

// hierarchies are the folders in which control groups are made: one of version 2,
// or one for each controller of version 1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(groups, "cgroup.controllers")); err == nil {
		return []string{groups}, nil
	}
	found, err := filepath.Glob(filepath.Join(groups, "*", "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	for i, file := range found {
		found[i] = filepath.Dir(file)
	}
	return found, nil
}

// makeGroups makes the control group that all pods are below.
func makeGroups() error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New(groups + " has no control groups: they are not mounted")
	}
	for _, hierarchy := range all {
		group := filepath.Join(hierarchy, Name)
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := enable(hierarchy, group); err != nil {
			return err
		}
	}
	return nil
}

// enable lets a new group be used: version 2 hands controllers down by name, and
// cpuset of version 1 begins with no processor at all.
func enable(hierarchy, group string) error {
	if names, err := os.ReadFile(filepath.Join(hierarchy, "cgroup.controllers")); err == nil {
		for name := range strings.FieldsSeq(string(names)) {
			// One that cannot be had here is kubelet's to complain of, if it needs it.
			_ = os.WriteFile(filepath.Join(hierarchy, "cgroup.subtree_control"), []byte("+"+name), 0o644)
		}
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(hierarchy, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(group, name), value, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// killGroups kills what still runs in the pods.
func killGroups() {
	eachGroup(func(group string) {
		data, _ := os.ReadFile(filepath.Join(group, "cgroup.procs"))
		for id := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(id); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
}

// removeGroups removes the control groups, from the leaves up.
func removeGroups() error {
	var failed error
	eachGroup(func(group string) {
		if err := os.Remove(group); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
	})
	return failed
}

// eachGroup visits the cluster's control groups, what is in one before itself.
func eachGroup(visit func(folder string)) {
	all, _ := hierarchies()
	for _, hierarchy := range all {
		var found []string
		_ = filepath.WalkDir(filepath.Join(hierarchy, Name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				found = append(found, path)
			}
			return nil
		})
		for i := len(found) - 1; i >= 0; i-- {
			visit(found[i])
		}
	}
}
