package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"hedged.dev/hedged/test/cluster"
	"hedged.dev/hedged/test/cluster/build"
)

// world is what all tests share.
var world struct {
	cluster *cluster.Cluster
	chart   string // the folder of hedged's
	config  *rest.Config
	client  kubernetes.Interface
	report  report
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	builder, err := build.Find(os.Stderr)
	if err == nil {
		err = enter(builder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	code := m.Run()
	if err := world.report.write(filepath.Join(builder.Checkout, "out", "e2e")); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return code
}

func enter(b *build.Builder) error {
	world.cluster = cluster.New(b.Folder(), os.Stderr)
	world.chart = filepath.Join(b.Checkout, "charts", "hedged")
	if !world.cluster.Exists() || !inside() {
		return fmt.Errorf("these tests run inside a cluster: make e2e")
	}
	var err error
	if world.config, err = clientcmd.BuildConfigFromFlags("", world.cluster.Kubeconfig()); err != nil {
		return err
	}
	world.config.QPS, world.config.Burst = 1000, 1000
	world.client, err = kubernetes.NewForConfig(world.config)
	return err
}

// inside says whether this is the cluster's network namespace.
func inside() bool {
	_, err := net.InterfaceByName("node0")
	return err == nil
}
