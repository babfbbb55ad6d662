package inspect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"hedged.dev/hedged/pkg/source"
)

// Unpack takes the policies out of a file of manifests: the file without what is no
// policy in it, and the files of its ConfigMaps. Objects of other kinds are left
// out; what may be meant to be a policy stays, on the lines where it stands. The
// warnings are of ConfigMaps that are left out by mistake, perhaps.
func Unpack(f source.File) (files []source.File, warnings []string) {
	if f.Err != nil {
		return []source.File{f}, nil
	}
	u := &unpacked{}
	own, holds := f, false
	own.Data = nil
	for _, text := range documents(f.Data) {
		var object metav1.TypeMeta
		if err := yaml.Unmarshal(text, &object); err == nil && foreign(object) {
			own.Data = append(own.Data, bytes.Repeat([]byte("\n"), bytes.Count(text, []byte("\n")))...)
			if err := u.object(f, object, text); err != nil {
				f.Data, f.Err = nil, err
				return []source.File{f}, nil
			}
			continue
		}
		own.Data = append(own.Data, text...)
		holds = holds || len(bytes.TrimSpace(text)) > 0
	}
	if holds || len(u.files) == 0 {
		u.files = append([]source.File{own}, u.files...)
	}
	return u.files, u.warnings
}

// unpacked is what was found so far.
type unpacked struct {
	files    []source.File
	warnings []string
}

// documents cuts a file before each marker.
func documents(data []byte) [][]byte {
	var all [][]byte
	begin := 0
	for at := 0; at < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if line := data[at:end]; at > begin && bytes.HasPrefix(line, []byte("---")) && len(bytes.TrimSpace(bytes.TrimLeft(line, "-"))) == 0 {
			all = append(all, data[begin:at])
			begin = at
		}
		at = end
	}
	return append(all, data[begin:])
}

// foreign reports whether an object is surely no policy: neither its kind nor its
// apiVersion is a policy's.
func foreign(t metav1.TypeMeta) bool {
	return t.Kind != "" && t.Kind != "HedgePolicy" && t.APIVersion != "" && !strings.HasPrefix(t.APIVersion, "hedged.dev/")
}

// object takes up an object of a manifest if it is a ConfigMap or a list of some.
func (u *unpacked) object(f source.File, t metav1.TypeMeta, text []byte) error {
	if t.APIVersion != "v1" {
		return nil
	}
	unreadable := func(err error) error { return fmt.Errorf("holds a %s that cannot be read: %w", t.Kind, err) }
	switch t.Kind {
	case "ConfigMap":
		var c corev1.ConfigMap
		if err := yaml.Unmarshal(text, &c); err != nil {
			return unreadable(err)
		}
		c.Namespace = cmp.Or(c.Namespace, f.Namespace)
		u.configMap(f, &c)
	case "List", "ConfigMapList":
		var list struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := yaml.Unmarshal(text, &list); err != nil {
			return unreadable(err)
		}
		for _, item := range list.Items {
			var object metav1.TypeMeta
			if err := json.Unmarshal(item, &object); err != nil {
				return unreadable(err)
			}
			if err := u.object(f, object, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// configMap takes up what the daemon would read of a ConfigMap. One that holds
// policies without the label was probably meant to be read.
func (u *unpacked) configMap(f source.File, c *corev1.ConfigMap) {
	files := source.Files(c)
	if c.Labels[source.PolicyLabel] == "true" {
		u.files = append(u.files, files...)
		return
	}
	for _, file := range files {
		if bytes.Contains(file.Data, []byte("kind: HedgePolicy")) {
			u.warnings = append(u.warnings, fmt.Sprintf("%s: the policies of ConfigMap %s/%s are not checked, and hedged does not read them: it is not labelled %s=true",
				f.Place, c.Namespace, c.Name, source.PolicyLabel))
			return
		}
	}
}
