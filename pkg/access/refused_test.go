package access_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"hedged.dev/hedged/pkg/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forbidden is an error as an API server words it (apiserver/pkg/endpoints).
func forbidden(group, resource, message string) error {
	return apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: resource}, "", errors.New(message))
}

func TestRefusedNamesVerbResourceNamespaceAndRemedy(t *testing.T) {
	f := func(err error, verb, resource, namespace, want string) {
		t.Helper()
		got := access.Refused(err, verb, resource, namespace)
		if got.Error() != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if !errors.Is(got, err) {
			t.Errorf("%v is not the error that it was made of", got)
		}
	}
	f(forbidden("", "configmaps", `User "system:serviceaccount:shop:hedged" cannot list resource "configmaps" in API group "" in the namespace "shop"`),
		"list", "configmaps", "shop",
		`ServiceAccount shop/hedged may not list configmaps in namespace shop: `+
			`allow it in a Role of namespace shop with apiGroups [""], resources ["configmaps"], verbs ["list"]`)
	// A clusterwide watch, by a person.
	f(forbidden("discovery.k8s.io", "endpointslices", `User "jane" cannot watch resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope`),
		"watch", "endpointslices.discovery.k8s.io", "",
		`user "jane" may not watch endpointslices.discovery.k8s.io in the cluster: `+
			`allow it in a ClusterRole with apiGroups ["discovery.k8s.io"], resources ["endpointslices"], verbs ["watch"]`)
	// What the server says is more exact, and a webhook may say more than that.
	f(forbidden("coordination.k8s.io", "leases", `User "jane" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "b": no such role`),
		"patch", "leases", "a",
		`user "jane" may not create leases.coordination.k8s.io in namespace b: `+
			`allow it in a Role of namespace b with apiGroups ["coordination.k8s.io"], resources ["leases"], verbs ["create"]`)
	// Other authorizers word it in their own way.
	f(forbidden("", "configmaps", `jane cannot do this`), "get", "configmaps", "shop",
		`this user may not get configmaps in namespace shop: `+
			`allow it in a Role of namespace shop with apiGroups [""], resources ["configmaps"], verbs ["get"]`)
	// No Role helps here.
	f(forbidden("", "configmaps", `unable to create new content in namespace shop because it is being terminated`), "create", "configmaps", "shop",
		`create configmaps in namespace shop: configmaps is forbidden: unable to create new content in namespace shop because it is being terminated`)
	f(apierrors.NewUnauthorized("Unauthorized"), "list", "configmaps", "shop",
		`may not list configmaps in namespace shop: the API server does not accept the credentials: `+
			`log in again, or give the kubeconfig or the pod's ServiceAccount a valid token`)
	f(context.DeadlineExceeded, "list", "configmaps", "shop", `list configmaps in namespace shop: context deadline exceeded`)
	f(context.DeadlineExceeded, "list", "configmaps", "", `list configmaps in the cluster: context deadline exceeded`)
}

func TestNothingIsNotRefused(t *testing.T) {
	if err := access.Refused(nil, "list", "configmaps", "shop"); err != nil {
		t.Error(err)
	}
}

func TestChecksSeeThroughRefused(t *testing.T) {
	err := access.Refused(forbidden("", "configmaps", `User "jane" cannot list resource "configmaps" in API group "" in the namespace "shop"`), "list", "configmaps", "shop")
	if !apierrors.IsForbidden(fmt.Errorf("further up: %w", err)) {
		t.Errorf("%v is not forbidden any more", err)
	}
}

func ExampleRefused() {
	answer := apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "",
		errors.New(`User "system:serviceaccount:shop:hedged" cannot watch resource "services" in API group "" in the namespace "shop"`))
	fmt.Println(access.Refused(answer, "watch", "services", "shop"))
	// Output:
	// ServiceAccount shop/hedged may not watch services in namespace shop: allow it in a Role of namespace shop with apiGroups [""], resources ["services"], verbs ["watch"]
}
