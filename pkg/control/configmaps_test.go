package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/test/apiserver"
)

// TestDirectoryAndConfigMapsTogether: one loop reads both, on a real API server.
func TestDirectoryAndConfigMapsTogether(t *testing.T) {
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	configMaps := client.CoreV1().ConfigMaps(namespace)
	write := func(host, deadline string) {
		t.Helper()
		patch, err := json.Marshal(corev1.ConfigMap{Data: map[string]string{"a.yaml": doc("a", host, deadline)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := configMaps.Patch(t.Context(), "policies", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := configMaps.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "policies", Labels: map[string]string{source.PolicyLabel: "true"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write("x.example", "300ms")
	file := filepath.Join(t.TempDir(), "b.yaml")
	if err := os.WriteFile(file, []byte(doc("b", "b.example", "300ms")), 0o600); err != nil {
		t.Fatal(err)
	}

	log := slog.New(slog.DiscardHandler)
	maps := source.NewConfigMaps(source.ConfigMapOptions{Client: client, Namespaces: []string{namespace}, Log: log})
	loop := New(Options{
		Sources: []Source{source.NewDirectory(filepath.Dir(file), "default", log), maps},
		Publish: func(*policy.Table) {},
		Problem: maps.Problem,
		Log:     log,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	serves := func(want string) {
		t.Helper()
		eventually(t, want, func() bool {
			var got []string
			for _, k := range loop.Serving() {
				p, err := k.Read("cluster.local")
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, p.ID.Name+"="+p.Deadline.String())
			}
			return strings.Join(got, " ") == want
		})
	}
	serves("b=300ms a=300ms")

	// Each is told where the other one is.
	message := func(place string) string {
		for _, d := range loop.Status().Documents {
			if d.Place == place && d.Condition == Conflicted {
				return d.Message()
			}
		}
		return ""
	}
	edit := func(host string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(doc("b", host, "200ms")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	place := namespace + "/policies/a.yaml"
	edit("x.example")
	eventually(t, "the file's conflict", func() bool {
		m := message(file)
		return strings.HasPrefix(m, file+":1:") && strings.Contains(m, namespace+"/a in "+place+":1")
	})
	serves("b=300ms a=300ms")
	edit("y.example")
	serves("b=200ms a=300ms")
	write("y.example", "400ms")
	eventually(t, "the ConfigMap's conflict", func() bool {
		m := message(place)
		return strings.HasPrefix(m, place+":1:") && strings.Contains(m, "default/b in "+file+":1")
	})
	write("x.example", "400ms")
	serves("b=200ms a=400ms")

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
