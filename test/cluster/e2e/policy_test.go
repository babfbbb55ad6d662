package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// document is a policy: calls to HOST go to a Service in the policy's namespace.
func document(name, host, service string, deadline time.Duration) string {
	return fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata:
  name: %s
spec:
  match:
    - hosts: [%s]
  upstream:
    service: {name: %s, port: http}
  deadline: %v
`, name, host, service, deadline)
}

// configMap is a ConfigMap of policies, by key.
func (i *installation) configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: i.policies, Name: name, Labels: map[string]string{"hedged.dev/policy": "true"}},
		Data:       data,
	}
}

// create makes a ConfigMap with one policy document.
func (i *installation) create(name, text string) {
	i.t.Helper()
	if err := i.createAll(name, map[string]string{name + ".yaml": text}); err != nil {
		i.t.Fatal(err)
	}
}

// createAll makes a ConfigMap of policies, by key.
func (i *installation) createAll(name string, data map[string]string) error {
	_, err := world.client.CoreV1().ConfigMaps(i.policies).Create(i.t.Context(), i.configMap(name, data), metav1.CreateOptions{})
	return err
}

// edit puts a text in the place of a ConfigMap's document.
func (i *installation) edit(name, text string) error {
	_, err := world.client.CoreV1().ConfigMaps(i.policies).Patch(i.t.Context(), name,
		types.MergePatchType, patchOf(name, text), metav1.PatchOptions{})
	return err
}

func patchOf(name, text string) []byte {
	patch, err := json.Marshal(map[string]any{"data": map[string]string{name + ".yaml": text}})
	if err != nil {
		panic(err) // strings can be written
	}
	return patch
}

// revision is what a daemon says that it serves of a policy; "" is nothing.
func (i *installation) revision(ctx context.Context, pod corev1.Pod, policy string) (string, error) {
	text, err := get(ctx, pod.Status.PodIP+":8081", "/metrics")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "hedged_policy_revision{") && strings.Contains(line, `hedged_policy="`+i.policies+"/"+policy+`"`) {
			if m := revisionLabel.FindStringSubmatch(line); m != nil {
				return m[1], nil
			}
		}
	}
	return "", nil
}

var revisionLabel = regexp.MustCompile(`hedged_policy_revision="([^"]+)"`)

// inForce waits until every one of the pods serves one and the same revision of a
// policy, another than before, and returns it.
func (i *installation) inForce(pods []corev1.Pod, policy, before string, limit time.Duration) (string, time.Duration) {
	i.t.Helper()
	var now string
	took := eventually(i.t, "policy "+policy+" in force in every pod", limit, func(ctx context.Context) error {
		now = ""
		for _, p := range pods {
			r, err := i.revision(ctx, p, policy)
			switch {
			case err != nil:
				return err
			case r == "" || r == before || (now != "" && r != now):
				return fmt.Errorf("%w: pod %s serves revision %q, before it was %q", errNotYet, p.Name, r, before)
			}
			now = r
		}
		return nil
	})
	return now, took
}

// client keeps connections, so that asking often costs little.
var client = &http.Client{Timeout: 5 * time.Second}

func get(ctx context.Context, address, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s%s: %s: %s", address, path, response.Status, body)
	}
	return string(body), err
}

// call sends one call on a connection of its own.
func call(ctx context.Context, address, host string) (status int, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", http.NoBody)
	if err != nil {
		return 0, "", err
	}
	request.Host, request.Close = host, true
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(body)), err
}

// manifest is a ConfigMap as a file that kubectl takes.
func manifest(m *corev1.ConfigMap) string {
	m.APIVersion, m.Kind = "v1", "ConfigMap"
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings can be written
	}
	return string(data)
}
