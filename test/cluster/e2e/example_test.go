package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/build"
)

// TestExamples applies the examples as people do, and wants every one accepted.
func TestExamples(t *testing.T) {
	i := install(t, 1)
	checkout, err := build.Find(os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	applied := kubectl(t, "", "apply", "-n", i.policies, "-k", filepath.Join(checkout.Checkout, "policies"), "-o", "name")
	names := strings.Fields(applied)
	hold(t, len(names) >= 4, "kubectl apply -k policies", oneLine(applied), "four ConfigMaps", nil)
	for _, name := range names {
		name = strings.TrimPrefix(name, "configmap/")
		i.written(name)
		// There are no such Services, and no name server that knows the third party.
		for _, reason := range []string{"PolicyAccepted", "UpstreamNotFound"} {
			eventually(t, reason+" of "+name, time.Minute, func(context.Context) error {
				if out := kubectl(t, "", "describe", "configmap", "-n", i.policies, name); !strings.Contains(out, reason) {
					return errNotYet
				}
				return nil
			})
		}
		note(t, name, "described with PolicyAccepted and UpstreamNotFound", nil)
	}
}
