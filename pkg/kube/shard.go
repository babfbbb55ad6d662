package kube

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"hedged.dev/hedged/pkg/policy"
)

// The keys of a shard's ConfigMap.
const (
	policiesKey   = "policies.json.gz"
	generationKey = "generation"
)

const (
	maxShard    = 900 << 10 // bytes of a shard as it is stored; an object may have 1 MiB
	maxInflated = 64 << 20  // bytes of a shard's JSON that are believed
)

// shard is one ConfigMap of last good policies as it is stored.
type shard struct {
	name            string
	uid             types.UID
	resourceVersion string
	owned           types.UID // by what; "" is nothing
	generation      int64     // of two shards the later written has the larger one
	policies        []policy.Kept
	sum             digest // of the policies; zero if the shard is broken
}

// digest tells the contents of shards apart.
type digest [sha256.Size]byte

func newestFirst(a, b shard) int {
	return cmp.Or(-cmp.Compare(a.generation, b.generation), cmp.Compare(a.name, b.name))
}

func byID(a, b policy.Kept) int {
	return cmp.Or(cmp.Compare(a.ID.Namespace, b.ID.Namespace), cmp.Compare(a.ID.Name, b.ID.Name))
}

// document is a Kept as JSON. A text that is no UTF-8 cannot be a string of it.
type document struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Place     string    `json:"place"`
	Line      int       `json:"line"`
	Created   time.Time `json:"created,omitzero"`
	Revision  string    `json:"revision"`
	Text      string    `json:"text,omitempty"`
	Bytes     []byte    `json:"bytes,omitempty"`
}

// encode returns policies as they are stored.
func encode(policies []policy.Kept) []byte {
	documents := make([]document, 0, len(policies))
	for _, p := range policies {
		d := document{
			Namespace: p.ID.Namespace, Name: p.ID.Name, Place: p.Place, Line: p.Before,
			Created: p.Created.UTC(), Revision: p.Revision,
		}
		if utf8.Valid(p.Text) {
			d.Text = string(p.Text)
		} else {
			d.Bytes = p.Text
		}
		documents = append(documents, d)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(w).Encode(documents), w.Close()); err != nil {
		panic(fmt.Sprintf("policies in memory: %v", err)) // strings, numbers and times as the API server gives them
	}
	return out.Bytes()
}

// decode reads a shard. Of one that is broken everything but the policies is told.
func decode(m *corev1.ConfigMap) (shard, error) {
	s := shard{name: m.Name, uid: m.UID, resourceVersion: m.ResourceVersion}
	if len(m.OwnerReferences) > 0 {
		s.owned = m.OwnerReferences[0].UID
	}
	s.generation, _ = strconv.ParseInt(m.Data[generationKey], 10, 64)
	data, found := m.BinaryData[policiesKey]
	if !found {
		return s, fmt.Errorf("it has no binaryData %s", policiesKey)
	}
	policies, err := inflate(data)
	if err != nil {
		return s, fmt.Errorf("binaryData %s: %w", policiesKey, err)
	}
	s.policies, s.sum = policies, sum(policies)
	return s, nil
}

func inflate(data []byte) ([]policy.Kept, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxInflated {
		return nil, errors.New("it is too large to be ours")
	}
	var documents []document
	if err := json.Unmarshal(text, &documents); err != nil {
		return nil, err
	}
	policies := make([]policy.Kept, 0, len(documents))
	for _, d := range documents {
		p := policy.Kept{
			ID: policy.ID{Namespace: d.Namespace, Name: d.Name}, Place: d.Place, Before: d.Line,
			Created: d.Created, Revision: d.Revision, Text: []byte(d.Text),
		}
		if d.Text == "" {
			p.Text = d.Bytes
		}
		policies = append(policies, p)
	}
	return policies, nil
}

func sum(policies []policy.Kept) digest {
	h := sha256.New()
	for _, p := range policies {
		fmt.Fprintf(h, "%q %d %v %d ", []string{p.ID.Namespace, p.ID.Name, p.Place, p.Revision},
			p.Before, p.Created.UnixNano(), len(p.Text))
		h.Write(p.Text)
	}
	return digest(h.Sum(nil))
}
