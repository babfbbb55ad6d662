// Command strict decodes manifests of the Prometheus operator's and of
// cert-manager's kinds with their own Go types: an unknown field is an error, as it
// is not for an API server that has no schema of them. It reads a stream of YAML
// documents, passes over other kinds, and prints what it has decoded, one
// "Kind/name" a line.
//
// It does not know what the values of fields mean: that is for their controllers.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// kindTable is what is decoded, and into what.
var kindTable = map[schema.GroupVersionKind]func() metav1.Object{
	monitoring.SchemeGroupVersion.WithKind("ServiceMonitor"): func() metav1.Object { return &monitoring.ServiceMonitor{} },
	monitoring.SchemeGroupVersion.WithKind("PodMonitor"):     func() metav1.Object { return &monitoring.PodMonitor{} },
	monitoring.SchemeGroupVersion.WithKind("PrometheusRule"): func() metav1.Object { return &monitoring.PrometheusRule{} },
	certmanager.SchemeGroupVersion.WithKind("Certificate"):   func() metav1.Object { return &certmanager.Certificate{} },
	certmanager.SchemeGroupVersion.WithKind("Issuer"):        func() metav1.Object { return &certmanager.Issuer{} },
	certmanager.SchemeGroupVersion.WithKind("ClusterIssuer"): func() metav1.Object { return &certmanager.ClusterIssuer{} },
}

func main() {
	if err := decode(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// decode reads every document, and returns the faults of all.
func decode(in io.Reader, out io.Writer) error {
	var faults []error
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(in)); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return errors.Join(faults...)
		}
		if err != nil {
			return errors.Join(append(faults, err)...)
		}
		name, err := one(document)
		if err != nil {
			faults = append(faults, err)
		} else if name != "" {
			fmt.Fprintln(out, name)
		}
	}
}

// one decodes a document, and returns "" for one of another kind.
func one(document []byte) (string, error) {
	var kind metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return "", err
	}
	empty, ok := kindTable[kind.GroupVersionKind()]
	if !ok {
		return "", nil
	}
	name := kind.Kind + "/" + kind.Name
	if err := yaml.UnmarshalStrict(document, empty(), yaml.DisallowUnknownFields); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return name, nil
}
