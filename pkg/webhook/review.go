package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// review judges what a request would store.
func (h handler) review(ctx context.Context, r *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	allowed := &admissionv1.AdmissionResponse{Allowed: true}
	if !concerns(r) {
		return allowed, nil
	}
	after, err := configMap(r.Object.Raw, "object")
	if err != nil {
		return nil, err
	}
	if !labelled(after) {
		return allowed, nil
	}
	if r.Operation == admissionv1.Update {
		before, err := configMap(r.OldObject.Raw, "oldObject")
		if err != nil {
			return nil, err
		}
		if labelled(before) && sameData(before, after) {
			return allowed, nil
		}
	}
	after.Namespace = r.Namespace
	if after.Name == "" { // the API server will add to what it begins with
		after.Name = after.GenerateName
	}
	findings := h.options.Judge(source.Files(after))
	verdict := respond(after.Name, findings)
	if !verdict.Allowed {
		h.options.Log.LogAttrs(ctx, slog.LevelInfo, "policies refused at admission",
			slog.String("configmap", r.Namespace+"/"+after.Name), slog.String("user", r.UserInfo.Username),
			slog.Bool("dry_run", r.DryRun != nil && *r.DryRun), slog.Int("faults", len(findings.Errors())))
	}
	return verdict, nil
}

// concerns reports whether a request stores a ConfigMap.
func concerns(r *admissionv1.AdmissionRequest) bool {
	return r.Kind == metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"} && r.SubResource == "" &&
		(r.Operation == admissionv1.Create || r.Operation == admissionv1.Update)
}

func configMap(raw []byte, field string) (*corev1.ConfigMap, error) {
	var c corev1.ConfigMap
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("its %s: %w", field, err)
	}
	return &c, nil
}

func labelled(c *corev1.ConfigMap) bool { return c.Labels[source.PolicyLabel] == "true" }

// sameData reports whether an update leaves the policies as they are. It passes
// then, whatever they are: a label or a status annotation on a ConfigMap that was
// bad before is nobody's mistake.
func sameData(before, after *corev1.ConfigMap) bool {
	return maps.Equal(before.Data, after.Data) && maps.EqualFunc(before.BinaryData, after.BinaryData, bytes.Equal)
}

// mostTold is how many faults, and how many warnings, are told one by one.
const mostTold = 100

// respond makes the verdict of what was found. The message has a line for each
// fault. kubectl shows the causes in its place, each as field, colon and message:
// the same lines.
func respond(name string, findings policy.Faults) *admissionv1.AdmissionResponse {
	response := &admissionv1.AdmissionResponse{Allowed: true}
	warnings := findings.Warnings()
	for _, w := range warnings[:min(len(warnings), mostTold)] {
		response.Warnings = append(response.Warnings, w.Error())
	}
	faults := findings.Errors()
	if len(faults) == 0 {
		return response
	}
	details := &metav1.StatusDetails{Name: name, Kind: "ConfigMap"}
	var lines []string
	for _, f := range faults[:min(len(faults), mostTold)] {
		line := f.Error()
		lines = append(lines, line)
		field, message, _ := strings.Cut(line, ": ")
		details.Causes = append(details.Causes, metav1.StatusCause{Type: metav1.CauseTypeFieldValueInvalid, Field: field, Message: message})
	}
	if more := len(faults) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more: hedged validate tells them all", more))
	}
	response.Allowed = false
	response.Result = &metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid,
		Message: strings.Join(lines, "\n"), Details: details,
	}
	return response
}
