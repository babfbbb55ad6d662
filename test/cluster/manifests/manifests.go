package manifests

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"
)

//go:embed *.yaml
var files embed.FS

// Upstream is what upstream.yaml is filled in with.
type Upstream struct {
	Namespace, Name string
	Replicas        int
	Env             map[string]string // of cmd/upstream
}

// Render fills in the template of that name: the documents, to be applied.
func Render(name string, with any) (string, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(files, name)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, with); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return out.String(), nil
}
