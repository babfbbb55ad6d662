package apiserver_test

import (
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/apiserver"
)

var server *apiserver.Server

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }

// What is written outlives the API server, and RBAC holds for everybody else.
func TestServer(t *testing.T) {
	namespace := server.Namespace(t)
	admin := apiserver.Client(t, server.Config)
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "made"}}
	if _, err := admin.CoreV1().ConfigMaps(namespace).Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	server.KillAPI()
	if err := server.StartAPI(); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.CoreV1().ConfigMaps(namespace).Get(t.Context(), "made", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	nobody := apiserver.Client(t, server.As("nobody"))
	_, err := nobody.CoreV1().ConfigMaps(namespace).Get(t.Context(), "made", metav1.GetOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("nobody may read: %v", err)
	}
}
