package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster/load"
)

const front = "catalog-hedged"

// TestInstallation is the first hour of who installs hedged: the chart, a front for
// an application, a policy, an edit, what `helm test` says, an upgrade.
func TestInstallation(t *testing.T) {
	i := prepare(t, 2)
	i.upstream("catalog", 3, map[string]string{"DELAY": "5ms"})
	i.create("catalog", document("catalog", front, "catalog", deadline))
	var address string
	i.controlled("catalog", "installation", deadline, func(run int) func(load.Result) {
		if run > 1 {
			i.helm("uninstall")
		}
		begin := time.Now()
		i.installed("webhook.enabled=true", "policies.starter.create=true", "fronts[0].name="+front, "fronts[1].name="+front, "fronts[1].namespace="+i.policies)
		installed := time.Since(begin)
		address = i.service(i.namespace, front)
		eventually(t, "the first hedged call", 30*time.Second, func(ctx context.Context) error { return ok(ctx, address, front) })
		called := time.Since(begin)
		return func(load.Result) {
			note(t, "helm install --wait", "took "+installed.Round(100*time.Millisecond).String(), nil)
			within(t, "from helm install to the first hedged call", called, time.Minute)
		}
	})
	revision, _ := i.inForce(i.pods(), "catalog", "", 20*time.Second)

	t.Run("front in another namespace", func(t *testing.T) { i.at(t).frontElsewhere() })
	t.Run("kubectl edit", func(t *testing.T) { i.at(t).edited(address, revision) })
	t.Run("helm test", func(t *testing.T) { i.at(t).tested() })
	t.Run("owner", func(t *testing.T) { i.at(t).owned() })
	t.Run("upgrade", func(t *testing.T) { i.at(t).upgraded(address) })
}

// at is the same installation in a part of its test.
func (i *installation) at(t *testing.T) *installation {
	in := *i
	in.t = t
	return &in
}

// ok is an error unless a call succeeds.
func ok(ctx context.Context, address, host string) error {
	status, text, err := call(ctx, address, host)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%d %s", status, text)
	}
	return err
}

// frontElsewhere calls http://catalog-hedged as an application in the namespace of
// the policies does: by the name, which the cluster's DNS knows.
func (i *installation) frontElsewhere() {
	i.t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, world.cluster.NameServer())
	}}
	name := front + "." + i.policies + ".svc.cluster.local."
	var addresses []string
	eventually(i.t, "an address of "+name, 30*time.Second, func(ctx context.Context) (err error) {
		addresses, err = resolver.LookupHost(ctx, name)
		return err
	})
	err := ok(i.t.Context(), net.JoinHostPort(addresses[0], "80"), front)
	hold(i.t, err == nil, "http://"+front+" from another namespace: errors", errorText(err), "none", addresses)
}

// edited changes the plan with kubectl edit.
func (i *installation) edited(address, revision string) {
	i.t.Helper()
	pods := i.pods()
	i.controlled("catalog", "kubectl edit", deadline, func(run int) func(load.Result) {
		if run > 1 { // the plan of before
			if err := i.edit("catalog", document("catalog", front, "catalog", deadline)); err != nil {
				i.t.Fatal(err)
			}
			revision, _ = i.inForce(pods, "catalog", revision, 10*time.Second)
		}
		begin := time.Now()
		calls := load.Start(i.t.Context(), rate, deadline, load.To("hedged", address, front, false))
		pass(time.Second)
		before := i.fanOuts()
		i.kubectlEdit("catalog", i.policies, `s/^\( *\)deadline:.*/&\n\1fanOut: {max: 1}/`)
		var took time.Duration
		revision, took = i.inForce(pods, "catalog", revision, 10*time.Second)
		eventually(i.t, "the plan of fan-out 1 in every pod", 2*time.Second, func(context.Context) error {
			if after := i.fanOuts(); !slices.Equal(after, []string{"1", "1"}) {
				return fmt.Errorf("%w: fan-outs %v", errNotYet, after)
			}
			return nil
		})
		after := i.fanOuts()
		result := calls.StopFair()[0]
		return func(c load.Result) {
			within(i.t, "kubectl edit, in force in every pod", took, 2*time.Second)
			hold(i.t, !slices.Equal(before, after), "fan-out of the plans before and after", fmt.Sprint(before, " ", after), "changed", nil)
			noneFailed(i.t, "calls meanwhile", begin, result, c)
		}
	})
}

// kubectlEdit is kubectl edit with sed for an editor.
func (i *installation) kubectlEdit(configMap, namespace, script string) {
	i.t.Helper()
	editor := filepath.Join(i.t.TempDir(), "editor")
	executable(i.t, editor, fmt.Sprintf("#!/bin/sh\nexec sed -i '%s' \"$1\"\n", script))
	out, err := execute(i.t.Context(), "", "env", "KUBE_EDITOR="+editor, program("kubectl"), "edit", "configmap", configMap, "-n", namespace)
	if err != nil || !strings.Contains(out, "edited") {
		i.t.Fatalf("kubectl edit: %v\n%s", err, out)
	}
}

// fanOuts are those of the plans in force, one a pod.
func (i *installation) fanOuts() []string {
	i.t.Helper()
	var all []string
	for _, p := range i.pods() {
		text, err := get(i.t.Context(), p.Status.PodIP+":8081", "/metrics")
		if err != nil {
			i.t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "hedged_plan_fan_out{") && strings.Contains(line, i.policies+"/catalog") {
				all = append(all, strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]))
			}
		}
	}
	return all
}

// tested runs what the chart brings to test itself with.
func (i *installation) tested() {
	i.t.Helper()
	begin := time.Now()
	out, err := i.tryHelm("test", "--logs", "--timeout=120s")
	passed := strings.Count(out, "passed after ")
	hold(i.t, err == nil && passed == 3, "helm test", fmt.Sprintf("%d passed in %v", passed, time.Since(begin).Round(100*time.Millisecond)), "3 pass", out)
	if i.t.Failed() {
		i.t.Log(out)
	}
}

// owned looks whether what hedged makes for itself goes with it.
func (i *installation) owned() {
	i.t.Helper()
	eventually(i.t, "the owner of Lease and last good revisions", 30*time.Second, func(context.Context) error {
		out := kubectl(i.t, "", "get", "lease,configmap", "-n", i.namespace, "-l", "!app.kubernetes.io/name",
			"-o=jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.ownerReferences[*].kind}{\"\\n\"}{end}")
		for _, want := range []string{"Lease/hedged=Deployment", "ConfigMap/hedged-last-good-0=Deployment"} {
			if !strings.Contains(out, want) {
				return fmt.Errorf("%w: %s in %q", errNotYet, want, out)
			}
		}
		return nil
	})
}

// upgraded has the chart upgraded, and the pods restarted, under load: over
// connections that clients keep, and over new ones.
func (i *installation) upgraded(address string) {
	i.t.Helper()
	for _, step := range []struct {
		what string
		do   func(run int)
	}{
		{"helm upgrade", func(run int) { // each run to other settings: equal ones restart no pod
			i.helm("upgrade", "--reuse-values", "--set=config.logLevel="+[...]string{"warn", "debug"}[run%2])
		}},
		{"rollout restart", func(int) {
			kubectl(i.t, "", "rollout", "restart", "-n", i.namespace, "deployment/"+release)
			i.rolledOut(i.namespace, release)
		}},
		{"helm rollback", func(int) { i.helm("rollback") }},
	} {
		what := step.what + " under load"
		i.controlled("catalog", what, deadline, func(run int) func(load.Result) {
			before := i.pods()
			begin := time.Now()
			calls := load.Start(i.t.Context(), rate, deadline,
				load.To("connections kept", address, front, false), load.To("new connections", address, front, true))
			pass(time.Second)
			step.do(run)
			i.gone(before)
			pass(time.Second)
			results := calls.StopFair()
			return func(c load.Result) {
				for _, r := range results {
					noneFailed(i.t, what, begin, r, c)
				}
			}
		})
	}
}

// gone waits until none of these pods is there any more.
func (i *installation) gone(pods []corev1.Pod) {
	i.t.Helper()
	eventually(i.t, "the old pods to be gone", time.Minute, func(ctx context.Context) error {
		for _, p := range pods {
			if _, err := world.client.CoreV1().Pods(i.namespace).Get(ctx, p.Name, metav1.GetOptions{}); err == nil {
				return fmt.Errorf("%w: %s is there", errNotYet, p.Name)
			}
		}
		return nil
	})
}
