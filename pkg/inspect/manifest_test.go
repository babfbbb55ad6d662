package inspect

import (
	"bytes"
	"testing"

	"hedged.dev/hedged/pkg/source"
)

// What is taken out of manifests is held by the golden files of cmd/kubectl-hedged.

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {hedged.dev/policy: \"true\"}}\ndata: {a.yaml: x}\n---\nkind: HedgePolicy\n"))
	f.Add([]byte(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","data":[]}]}`))
	f.Add([]byte("kind: [\n---\napiVersion: v1\nkind: Service\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, _ := Unpack(source.File{Place: "f.yaml", Namespace: "shop", Data: data})
		if len(files) == 0 {
			t.Error("nothing is left of the file")
		}
		for _, found := range files {
			if found.Place == "f.yaml" && found.Err == nil && bytes.Count(found.Data, []byte("\n")) != bytes.Count(data, []byte("\n")) {
				t.Errorf("the lines of %q are not those of %q", found.Data, data)
			}
		}
	})
}
