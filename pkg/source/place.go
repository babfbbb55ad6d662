package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// SplitPlace takes the place of a ConfigMap's file apart. A path of a directory
// that happens to have three parts looks the same; ConfigMaps.Object then knows no
// such object.
func SplitPlace(place string) (namespace, configMap, key string, ok bool) {
	parts := strings.Split(place, "/")
	if len(parts) != 3 || slices.Contains(parts, "") {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}

// errBinary is of a key that is not text.
var errBinary = errors.New("is in binaryData, so it is not text: save it as UTF-8 and create the ConfigMap again")

// Files are the files of a ConfigMap, by key. Keys that do not look like a policy
// file's, such as the _example that some tools put there, are none.
func Files(c *corev1.ConfigMap) []File {
	var files []File
	add := func(key string, data []byte, err error) {
		if !hasPolicySuffix(key) {
			return
		}
		files = append(files, File{
			Place:     c.Namespace + "/" + c.Name + "/" + key,
			Namespace: c.Namespace,
			Created:   c.CreationTimestamp.Time,
			Data:      data,
			Err:       err,
		})
	}
	for key, text := range c.Data {
		add(key, []byte(text), nil)
	}
	for key := range c.BinaryData {
		add(key, nil, errBinary)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Place, b.Place) })
	return files
}

// Hash is of all that a person can edit in the files.
func Hash(files []File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n%s", f.Place, len(f.Data), f.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}
