// Command node is what runs on every node of a Kubernetes cluster, in one static
// program: kubelet or kube-proxy, as its first argument says, or the name that it
// is called by.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics of the clients
	_ "k8s.io/component-base/metrics/prometheus/version"  // kubernetes_build_info
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	called := filepath.Base(os.Args[0])
	if called == "node" && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		called = os.Args[0]
	}
	switch called {
	case "kubelet":
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
	case "kube-proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	default:
		fmt.Fprintln(os.Stderr, "usage: node kubelet|kube-proxy ARGUMENTS")
		os.Exit(2)
	}
}
