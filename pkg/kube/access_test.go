package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

// needs are the least rights: of Feedback in each namespace with policies, of Lead
// and of Keeper in the release's.
func needs() map[string][]rbacv1.PolicyRule {
	return map[string][]rbacv1.PolicyRule{
		"feedback": {rule("", "configmaps", "patch"), rule("events.k8s.io", "events", "create")},
		"lead":     {rule("coordination.k8s.io", "leases", "get", "create", "update")},
		"keeper":   {rule("", "configmaps", "list", "create", "update", "delete")},
	}
}

// without are the same rules less one verb on one resource.
func without(rules []rbacv1.PolicyRule, resource, verb string) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for _, r := range rules {
		if r.Resources[0] == resource {
			r.Verbs = slices.DeleteFunc(slices.Clone(r.Verbs), func(v string) bool { return v == verb })
		}
		if len(r.Verbs) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// refusal is the line that names what is missing.
func refusal(p *place, user, resource, verb string) string {
	name, group, _ := strings.Cut(resource, ".")
	return fmt.Sprintf("ServiceAccount %[1]s/%[2]s may not %[3]s %[4]s in namespace %[1]s: allow it in a Role of namespace %[1]s with apiGroups [%[5]q], resources [%[6]q], verbs [%[3]q]",
		p.namespace, user, verb, resource, group, name)
}

func (p *place) says(what string, lines ...string) {
	p.t.Helper()
	got := strings.ReplaceAll(p.log.String(), `\"`, `"`)
	for _, line := range lines {
		if n := strings.Count(got, line); n != 1 {
			p.t.Errorf("%s: said %d times: %s\n%s", what, n, line, got)
		}
	}
	if len(lines) == 0 && strings.Contains(got, "level=WARN") {
		p.t.Errorf("%s: %s", what, got)
	}
}

func TestFeedbackWithTheLeastRole(t *testing.T) {
	t.Parallel()
	admin := newPlace(t)
	all := needs()["feedback"]
	f := func(user string, rules []rbacv1.PolicyRule, status int, events int, lines ...string) {
		t.Helper()
		name := "policies-" + user
		m := admin.create(name, nil)
		j := newJudgement(admin.as(user, rules...))
		j.objects = admin.objects
		j.documents = []Document{j.accepted(name, "catalog", "a1")}
		for range 3 {
			j.write()
			clear(j.ledger.pauses)
		}
		if got := len(admin.status(name).Documents); got != status {
			t.Errorf("%s: %d documents in the status", user, got)
		}
		if got := admin.events(m); len(got) != events {
			t.Errorf("%s: Events %q", user, got)
		}
		j.says(user, lines...)
		// The next test's documents are its own.
		must(t, admin.client.CoreV1().ConfigMaps(admin.namespace).Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	f("least", all, 1, 1)
	f("no-patch", without(all, "configmaps", "patch"), 0, 1, refusal(admin, "no-patch", "configmaps", "patch"))
	f("no-event", without(all, "events", "create"), 1, 0, refusal(admin, "no-event", "events.events.k8s.io", "create"))
}

func TestRefusedWriteWaits(t *testing.T) {
	t.Parallel()
	admin := newPlace(t)
	admin.create("policies-1", nil)
	admin.create("policies-2", nil)
	j := newJudgement(admin.as("nobody"))
	j.objects = admin.objects
	j.documents = []Document{j.invalid("policies-1", "catalog", ""), j.invalid("policies-2", "catalog", "")}
	j.write()
	before := j.writes.Load()
	if before > 2 { // an Event and a status of the first; the second waits with it
		t.Errorf("%d requests that are refused", before)
	}
	j.quiet("a pause")
	if until := j.ledger.pauses.until(j.namespace); time.Until(until) <= 0 {
		t.Error("there is no pause")
	}
}

func TestKeeperWithTheLeastRole(t *testing.T) {
	t.Parallel()
	all := needs()["keeper"]
	f := func(user string, rules []rbacv1.PolicyRule, verb string) {
		t.Helper()
		admin := newPlace(t)
		// There is something to read, to overwrite and to remove.
		before := newStore(admin)
		before.policies = many(2000)
		before.flush()
		s := newStore(admin.as(user, rules...))
		s.policies = many(20)
		_, err := s.keeper.Load(t.Context())
		if err == nil {
			err = s.writer.flush(t.Context())
		}
		if err == nil {
			s.policies = many(2000)
			err = s.writer.flush(t.Context())
		}
		switch {
		case verb == "" && err != nil:
			t.Errorf("%s: %v", user, err)
		case verb != "" && (err == nil || !strings.Contains(err.Error(), refusal(admin, user, "configmaps", verb))):
			t.Errorf("%s: error %v", user, err)
		}
	}
	f("least", all, "")
	for _, verb := range all[0].Verbs {
		f("no-"+verb, without(all, "configmaps", verb), verb)
	}
}

func TestLeadWithTheLeastRole(t *testing.T) {
	t.Parallel()
	all := needs()["lead"]
	f := func(user string, rules []rbacv1.PolicyRule, verb string) {
		t.Helper()
		p := newPlace(t).as(user, rules...)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		leads := make(chan struct{}, 100)
		group.Go(func() {
			err := Lead(ctx, (&candidate{place: p}).options(user), func(ctx context.Context) {
				leads <- struct{}{}
				<-ctx.Done()
			})
			if err != nil {
				t.Error(err)
			}
		})
		eventually(t, func() error {
			if verb == "" && len(leads) == 0 || verb != "" && p.log.count("level=WARN") == 0 {
				return errors.New(user + " neither leads nor complains")
			}
			return nil
		})
		cancel()
		group.Wait()
		if verb == "" {
			p.says(user)
			return
		}
		p.says(user, refusal(p, user, "leases.coordination.k8s.io", verb))
	}
	f("least", all, "")
	for _, verb := range all[0].Verbs {
		f("no-"+verb, without(all, "leases", verb), verb)
	}
}

func TestRefusedLeaseIsNotAskedForAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t).as("reader", without(needs()["lead"], "leases", "create")...)
	l := newLeases((&candidate{place: p}).options("reader"))
	for range 3 {
		if _, err := l.Create(t.Context(), &coordinationv1.Lease{}, metav1.CreateOptions{}); err == nil {
			t.Error("no error")
		}
	}
	if n := p.writes.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestLoadWithoutPermissionGivesUpAtOnce(t *testing.T) {
	t.Parallel()
	s := newStore(newPlace(t).as("nobody"))
	_, err := s.keeper.Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), refusal(s.place, "nobody", "configmaps", "list")) {
		t.Errorf("error %v", err)
	}
}
