package apiserver

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

const (
	tokenFile = "tokens.csv"
	keyFile   = "serviceaccount.pem"
)

// find returns the path of the program, which is built to bin/cluster of the
// module that a test belongs to.
func find() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "Makefile")); err == nil {
			break
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("no Makefile above this folder: tests run in a checkout of hedged")
		}
		folder = parent
	}
	program := filepath.Join(folder, "bin", "cluster", "kube")
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("%s: the API server is not built: run make kube", program)
	}
	return program, nil
}

// free returns addresses on loopback that nobody listens at.
func free(n int) ([]string, error) {
	listeners := make([]net.Listener, 0, n) // closed at the end, so that no two are the same
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// writeKeys writes the administrator's token and the key of service accounts.
func writeKeys(folder string) error {
	line := strings.Join([]string{token, "administrator", "1", "system:masters"}, ",")
	if err := os.WriteFile(filepath.Join(folder, tokenFile), []byte(line+"\n"), 0o600); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(filepath.Join(folder, keyFile), pem.EncodeToMemory(block), 0o600)
}
