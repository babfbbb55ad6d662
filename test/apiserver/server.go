package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Server is a running API server with its etcd.
type Server struct {
	// Config is the administrator's.
	Config *rest.Config

	folder     string
	etcd, api  *process
	apiCommand []string
}

// token is the administrator's, on a port of loopback for the length of a test.
const token = "administrator"

// startTimeout bounds how long either program may take to be healthy. A machine
// that builds beside it is slow.
const startTimeout = 2 * time.Minute

// Start runs a server until Stop.
func Start() (_ *Server, err error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if s.folder, err = os.MkdirTemp("", "hedged-apiserver-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	ports, err := free(3)
	if err != nil {
		return nil, err
	}
	if err := writeKeys(s.folder); err != nil {
		return nil, err
	}
	client, peer := "http://"+ports[0], "http://"+ports[1]
	s.etcd, err = launch(filepath.Join(s.folder, "etcd.log"), program, "etcd",
		"--data-dir", filepath.Join(s.folder, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
		"--initial-cluster", "default="+peer)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(ports[2])
	if err != nil {
		return nil, err
	}
	s.apiCommand = []string{
		program, "kube-apiserver", "--etcd-servers", client,
		"--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", port,
		"--cert-dir", s.folder, "--token-auth-file", filepath.Join(s.folder, tokenFile),
		"--endpoint-reconciler-type", "none", "--authorization-mode", "RBAC",
		"--disable-admission-plugins", "ServiceAccount", "--service-cluster-ip-range", "10.96.0.0/16",
		"--service-account-issuer", "https://kubernetes.default.svc",
		"--service-account-key-file", filepath.Join(s.folder, keyFile),
		"--service-account-signing-key-file", filepath.Join(s.folder, keyFile),
	}
	s.Config = &rest.Config{
		Host: "https://" + ports[2], BearerToken: token, QPS: 1000, Burst: 1000,
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(s.folder, "apiserver.crt")},
	}
	if err := s.StartAPI(); err != nil {
		return nil, err
	}
	return s, nil
}

// StartAPI starts the API server anew after KillAPI, on the same port.
func (s *Server) StartAPI() error {
	var err error
	s.api, err = launch(filepath.Join(s.folder, "apiserver.log"), s.apiCommand...)
	if err != nil {
		return err
	}
	return s.ready()
}

// KillAPI kills the API server, and leaves etcd.
func (s *Server) KillAPI() { s.api.kill() }

// Stop ends both and removes what they kept.
func (s *Server) Stop() {
	s.api.kill()
	s.etcd.kill()
	_ = os.RemoveAll(s.folder)
}

// As is the configuration of somebody else, by impersonation: what RBAC gives that
// user and these groups, and no more.
func (s *Server) As(user string, groups ...string) *rest.Config {
	c := rest.CopyConfig(s.Config)
	c.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return c
}

// ready waits for the API server to be ready and to have its default namespace.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var last error
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-tick.C:
			if last = s.check(ctx); last == nil {
				tick.Stop()
				return nil
			}
		case <-s.api.ended:
			tick.Stop()
			return fmt.Errorf("kube-apiserver ended: %s", s.api.tail())
		case <-s.etcd.ended:
			tick.Stop()
			return fmt.Errorf("etcd ended: %s", s.etcd.tail())
		case <-ctx.Done():
			tick.Stop()
			return fmt.Errorf("kube-apiserver is not ready after %v: %w", startTimeout, last)
		}
	}
}

func (s *Server) check(ctx context.Context) error {
	if _, err := os.Stat(s.Config.CAFile); err != nil {
		return errors.New("it has not made its certificate yet")
	}
	client, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	defer closeIdle(client)
	return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}
