package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster"
	"hedged.dev/hedged/test/cluster/load"
)

// converges bounds how long policies may take to be in force after trouble that
// kept hedged from the API server: it asks again at least every five seconds.
const converges = 12 * time.Second

// TestControlPlane has calls go on while what policies come through fails. The
// client knows the addresses of all pods, and sends a call once more whose
// connection broke: the leader is killed too, with the calls that it has.
func TestControlPlane(t *testing.T) {
	i, revision := shop(t, 3)
	step := 0
	// converge edits the policy, and returns what holds the time until it was in force to its bound.
	converge := func(what string) (judge func()) {
		t.Helper()
		step++
		changed := time.Now()
		text := document("catalog", host, "catalog", deadline+time.Duration(step)*time.Millisecond)
		if err := i.edit("catalog", text); err != nil {
			t.Fatal(err)
		}
		revision, _ = i.inForce(i.pods(), "catalog", revision, time.Minute)
		took := time.Since(changed)
		return func() { within(t, what+": an edit in force in every pod", took, converges) }
	}
	i.controlled("catalog", "API server away", deadline, func(run int) func(load.Result) { return i.withoutAPI(run, converge) })
	i.controlled("catalog", "leader SIGKILLed", deadline, func(int) func(load.Result) { return i.leaderKilled(converge) })
	i.controlled("catalog", "leader deleted by force", deadline, func(int) func(load.Result) { return i.leaderDeleted(converge) })
	i.told(revision)
	i.noDuplicates()
}

// withoutAPI has the API server killed, and then killed and what was watched forgotten.
func (i *installation) withoutAPI(run int, converge func(what string) func()) (judge func(load.Result)) {
	i.t.Helper()
	restart := func(meanwhile func()) {
		i.t.Helper()
		if err := world.cluster.Kill(cluster.APIServer); err != nil {
			i.t.Fatal(err)
		}
		meanwhile()
		if err := world.cluster.Start(cluster.APIServer); err != nil {
			i.t.Fatal(err)
		}
		if err := world.cluster.APIReady(i.t.Context()); err != nil {
			i.t.Fatal(err)
		}
	}
	begin := time.Now()
	calls := load.Start(i.t.Context(), rate, deadline, load.Among("hedged", addresses(i.pods(), 8080), host))
	restart(func() { pass(3 * time.Second) })
	killed := converge("API server killed and restarted")

	// Others write meanwhile, so that what was watched last is forgotten.
	for n := range 5 {
		other := fmt.Sprintf("other-%d-%d", run, n)
		i.create(other, document(other, other+".test", "catalog", deadline))
	}
	restart(func() { compact(i.t) })
	expired := converge("watches expired (etcd compacted)")
	r := calls.StopFair()[0]
	return func(c load.Result) {
		killed()
		expired()
		noneFailed(i.t, "calls while the API server was away", begin, r, c)
	}
}

// leaderKilled has the program of the leader killed, with the calls that it has in hand.
func (i *installation) leaderKilled(converge func(what string) func()) (judge func(load.Result)) {
	i.t.Helper()
	begin := time.Now()
	all := load.To("hedged", i.service(i.namespace, "hedged"), host, false)
	calls := load.Start(i.t.Context(), rate, deadline, load.Among("hedged", addresses(i.pods(), 8080), host), all)
	leader := i.leader("")
	kill(i.t, leader, "hedged")
	took := i.newLeader(leader, true)
	i.rolledOut(i.namespace, "hedged")
	converged := converge("leader SIGKILLed")
	results := calls.StopFair()
	return func(c load.Result) {
		note(i.t, "leader SIGKILLed: Lease held again after", took.Round(100*time.Millisecond).String(), nil)
		converged()
		noneFailed(i.t, "leader SIGKILLed: calls of a client that knows the pods", begin, results[0], c)
		note(i.t, "leader SIGKILLed: calls through the Service, sent once", results[1].String(), results[1])
	}
}

// leaderDeleted has the pod of the leader deleted without grace.
func (i *installation) leaderDeleted(converge func(what string) func()) (judge func(load.Result)) {
	i.t.Helper()
	begin := time.Now()
	leader := i.leader("")
	var rest []corev1.Pod
	for _, p := range i.pods() {
		if p.Name != leader.Name {
			rest = append(rest, p)
		}
	}
	calls := load.Start(i.t.Context(), rate, deadline, load.Among("hedged", addresses(append(rest, leader), 8080), host))
	now := int64(0)
	err := world.client.CoreV1().Pods(i.namespace).Delete(i.t.Context(), leader.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
	if err != nil {
		i.t.Fatal(err)
	}
	took := i.newLeader(leader, false)
	r := calls.StopFair()[0]
	i.rolledOut(i.namespace, "hedged")
	converged := converge("leader deleted by force")
	return func(c load.Result) {
		note(i.t, "leader deleted by force: Lease held again after", took.Round(100*time.Millisecond).String(), nil)
		noneFailed(i.t, "leader deleted by force: calls of a client that knows the pods", begin, r, c)
		converged()
	}
}

// leader is the pod that holds the Lease, another than the one named.
func (i *installation) leader(other string) corev1.Pod {
	i.t.Helper()
	var pod corev1.Pod
	eventually(i.t, "a leader", time.Minute, func(ctx context.Context) error {
		lease, err := world.client.CoordinationV1().Leases(i.namespace).Get(ctx, "hedged", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" || *lease.Spec.HolderIdentity == other {
			return errNotYet
		}
		for _, p := range i.pods() {
			// A holder may add to its name what tells it from its predecessor.
			if strings.HasPrefix(*lease.Spec.HolderIdentity, p.Name) {
				pod = p
				return nil
			}
		}
		return fmt.Errorf("%w: %s holds it", errNotYet, *lease.Spec.HolderIdentity)
	})
	return pod
}

// newLeader waits until a leader renews the Lease again after a pod was lost. The
// same pod may, if it is there again.
func (i *installation) newLeader(lost corev1.Pod, same bool) time.Duration {
	i.t.Helper()
	begin := time.Now()
	return eventually(i.t, "a new leader", time.Minute, func(ctx context.Context) error {
		lease, err := world.client.CoordinationV1().Leases(i.namespace).Get(ctx, "hedged", metav1.GetOptions{})
		if err != nil {
			return err
		}
		s := lease.Spec
		switch {
		case s.HolderIdentity == nil || s.RenewTime == nil || *s.HolderIdentity == "":
			return errNotYet
		case strings.HasPrefix(*s.HolderIdentity, lost.Name) && !same:
			return fmt.Errorf("%w: %s holds it", errNotYet, *s.HolderIdentity)
		case !s.RenewTime.After(begin.Add(time.Second)):
			return fmt.Errorf("%w: renewed at %v", errNotYet, s.RenewTime)
		}
		return nil
	})
}

// told waits until the status names a revision, which comes after all Events.
func (i *installation) told(revision string) {
	i.t.Helper()
	took := eventually(i.t, "the status of the last edit", time.Minute, func(ctx context.Context) error {
		m, err := world.client.CoreV1().ConfigMaps(i.policies).Get(ctx, "catalog", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if status := m.Annotations["hedged.dev/status"]; !strings.Contains(status, revision) {
			return fmt.Errorf("%w: the status is %s", errNotYet, status)
		}
		return nil
	})
	within(i.t, "status of the last edit", took, 30*time.Second)
}

// noDuplicates holds the Events to being told once: no two of one object with the
// same reason and note.
func (i *installation) noDuplicates() {
	i.t.Helper()
	list, err := world.client.EventsV1().Events(i.policies).List(i.t.Context(), metav1.ListOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	seen := map[string]int{}
	total, twice := 0, 0
	for _, e := range list.Items {
		if !strings.HasPrefix(e.Reason, "Policy") && e.Reason != "UpstreamNotFound" {
			continue
		}
		total++
		key := e.Regarding.Name + " " + e.Reason + " " + e.Note
		if seen[key]++; seen[key] > 1 {
			twice++
		}
	}
	if twice > 0 {
		i.t.Log("\n" + kubectl(i.t, "", "get", "events.events.k8s.io", "-n", i.policies, "--sort-by=.metadata.creationTimestamp",
			"-o=custom-columns=AT:.eventTime,BY:.reportingInstance,REASON:.reason,OF:.regarding.name,NOTE:.note"))
		i.t.Log("\n" + kubectl(i.t, "", "get", "configmaps", "-n", i.policies, "-l", "hedged.dev/policy=true", "-o=yaml"))
	}
	hold(i.t, total > 0 && twice == 0, "Events on ConfigMaps", fmt.Sprintf("%d, of which %d twice", total, twice), "some, and none twice", seen)
}
