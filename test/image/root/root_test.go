package root

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCertificates(t *testing.T) {
	text, err := certificates()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if !c.IsCA {
			t.Errorf("%s is no authority", c.Subject)
		}
		names[c.Subject.CommonName] = true
	}
	for _, want := range []string{"ISRG Root X1", "Amazon Root CA 1", "GTS Root R1"} {
		if !names[want] {
			t.Errorf("%s is not trusted", want)
		}
	}
	if len(names) < 100 {
		t.Errorf("%d authorities: too few", len(names))
	}
}

// TestWrite writes the files and reads them back.
func TestWrite(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "new")
	for range 2 { // also over what is there
		if err := Write(folder); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		mode := int64(info.Mode().Perm())
		if info.Mode()&fs.ModeSticky != 0 {
			mode |= 0o1000
		}
		if info.IsDir() != f.Folder() || mode != f.Mode {
			t.Errorf("%s: %s", f.Name, info.Mode())
		}
		if f.Folder() {
			continue
		}
		names = append(names, f.Name)
		if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, f.Data) {
			t.Errorf("%s: other bytes, %v", f.Name, err)
		}
	}
	if err := fstest.TestFS(os.DirFS(folder), names...); err != nil {
		t.Error(err)
	}
}

// TestUser: who the programs run as has a name.
func TestUser(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == "etc/passwd" && strings.Contains(string(f.Data), ":x:"+User+":") {
			return
		}
	}
	t.Errorf("/etc/passwd does not name %s", User)
}
