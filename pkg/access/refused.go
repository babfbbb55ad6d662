package access

import (
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Refused tells what became of a request to the API server. One that was refused
// becomes a line that names verb, resource, namespace, who asked and the remedy;
// any other error is wrapped in "verb resource in namespace: ". Of nil it makes nil.
//
// The resource is written with its API group where it has one, such as
// endpointslices.discovery.k8s.io. An empty namespace is the whole cluster. The
// server's own words win over the arguments: a Lease that is to be updated may be
// refused because it has to be created first.
//
// errors.Is, errors.As and the checks of apimachinery see through it.
func Refused(err error, verb, resource, namespace string) error {
	r := request{verb: verb, resource: resource, namespace: namespace}
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		// A namespace that is being deleted, a quota, a policy: nothing that a Role gives.
		if !strings.Contains(err.Error(), " cannot ") {
			return fmt.Errorf("%s: %w", r, err)
		}
		who := r.correct(err.Error())
		return &refusal{err: err, text: fmt.Sprintf("%s may not %s: allow it in a %s", who, r, r.rule())}
	case apierrors.IsUnauthorized(err):
		return &refusal{err: err, text: fmt.Sprintf("may not %s: the API server does not accept the credentials: "+
			"log in again, or give the kubeconfig or the pod's ServiceAccount a valid token", r)}
	}
	return fmt.Errorf("%s: %w", r, err)
}

// refusal reads as one line, and is the server's error to those who branch on it.
type refusal struct {
	err  error
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.err }

// request is what was asked of the API server.
type request struct{ verb, resource, namespace string }

func (r request) String() string {
	if r.namespace == "" {
		return r.verb + " " + r.resource + " in the cluster"
	}
	return r.verb + " " + r.resource + " in namespace " + r.namespace
}

// rule is what a Role must say to allow the request.
func (r request) rule() string {
	kind := "Role of namespace " + r.namespace
	if r.namespace == "" {
		kind = "ClusterRole"
	}
	resource, group, _ := strings.Cut(r.resource, ".")
	return fmt.Sprintf("%s with apiGroups [%q], resources [%q], verbs [%q]", kind, group, resource, r.verb)
}

// said is how API servers word a refusal, whoever authorizes. [1] is the user,
// [2] the verb, [3] the resource, [4] the group, [5] the namespace if there is one.
var said = regexp.MustCompile(`User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?`)

// correct takes over what the server says was asked, and returns by whom.
func (r *request) correct(message string) (who string) {
	m := said.FindStringSubmatch(message)
	if m == nil {
		return "this user"
	}
	r.verb, r.resource, r.namespace = m[2], m[3], m[5]
	if m[4] != "" {
		r.resource += "." + m[4]
	}
	if account, ok := strings.CutPrefix(m[1], "system:serviceaccount:"); ok {
		return "ServiceAccount " + strings.Replace(account, ":", "/", 1)
	}
	return fmt.Sprintf("user %q", m[1])
}
