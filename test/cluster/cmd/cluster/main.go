// Command cluster makes a real Kubernetes with one node on this machine, to test
// hedged in.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"hedged.dev/hedged/test/cluster"
	"hedged.dev/hedged/test/cluster/build"
)

const usage = `usage: cluster COMMAND

  check          say what this machine lacks; installs missing Debian packages
  build [kube]   build Kubernetes and the images into bin/cluster, or only the
                 control plane, which needs neither Linux nor root
  up             start the cluster
  run CMD...     run a command inside the cluster's network, as its administrator;
                 a cluster that is not there is started for it and taken down after
  images         build the images again and give them to the cluster that runs
  down           stop the cluster and remove all that it left
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	err := do(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func do(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	builder, err := build.Find(os.Stderr)
	if err != nil {
		return err
	}
	c := cluster.New(builder.Folder(), os.Stderr)
	switch name, rest := arguments[0], arguments[1:]; {
	case name == "check" && len(rest) == 0:
		return cluster.Check(ctx)
	case name == "build" && len(rest) == 0:
		return builder.All(ctx)
	case name == "build" && len(rest) == 1 && rest[0] == "kube":
		return builder.Kube(ctx)
	case name == "up" && len(rest) == 0:
		return c.Up(ctx)
	case name == "down" && len(rest) == 0:
		return c.Down()
	case name == "images" && len(rest) == 0:
		for _, step := range []func(context.Context) error{builder.System, builder.Hedged, c.Import} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	case name == "run" && len(rest) > 0:
		return within(ctx, c, filepath.Join(builder.Checkout, "out", "e2e"), rest)
	}
	fmt.Fprint(os.Stderr, usage)
	os.Exit(2)
	return nil
}

// within runs a command in the cluster. If it fails, the logs of a cluster that
// was started for it are kept in a folder.
func within(ctx context.Context, c *cluster.Cluster, keep string, argv []string) (err error) {
	if !c.Exists() {
		if err := c.Up(ctx); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, c.KeepLogs(filepath.Join(keep, "log")))
			}
			err = errors.Join(err, c.Down())
		}()
	}
	command := c.Command(ctx, argv...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	// What interrupts this program lets the command end in order.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", argv[0], err)
	}
	return nil
}
