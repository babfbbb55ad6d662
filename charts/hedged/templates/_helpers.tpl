{{/* hedged.name: what app.kubernetes.io/name is. */}}
{{- define "hedged.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/*
hedged.fullname: how the names of the release's objects begin. It leaves room for what
is added to it, since a Service's name has at most 63 characters and no dot.
*/}}
{{- define "hedged.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name }}{{ $name = .Release.Name }}{{ else }}{{ $name = printf "%s-%s" .Release.Name $name }}{{ end -}}
{{- end -}}
{{- $name | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/*
hedged.foreignName: how names begin where releases of other namespaces put theirs too,
in the cluster or in a namespace that is not the release's. Neither part has a dot.
*/}}
{{- define "hedged.foreignName" -}}
{{- printf "%s.%s" (include "hedged.fullname" .) .Release.Namespace -}}
{{- end -}}

{{/* hedged.selector: the labels that hedged's pods are found by. They never change. */}}
{{- define "hedged.selector" -}}
app.kubernetes.io/name: {{ include "hedged.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
hedged.metadata: name, namespace, labels and annotations of an object: {root, name,
component, app (default: hedged.name), namespace (default: the release's),
clusterScoped, labels, annotations}.
*/}}
{{- define "hedged.metadata" -}}
{{- $root := .root -}}
{{- $labels := dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/name" (.app | default (include "hedged.name" $root))
  "app.kubernetes.io/instance" $root.Release.Name
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/component" .component
  "app.kubernetes.io/part-of" "hedged"
  "app.kubernetes.io/managed-by" $root.Release.Service -}}
name: {{ .name }}
{{- if not .clusterScoped }}
namespace: {{ .namespace | default $root.Release.Namespace }}
{{- end }}
labels:
  {{- mustMerge $labels (.labels | default dict) $root.Values.commonLabels | toYaml | nindent 2 }}
{{- with mustMerge (dict) (.annotations | default dict) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* hedged.image: what image, a value like .Values.image, names. */}}
{{- define "hedged.image" -}}
{{- $image := .image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "hedged.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "hedged.fullname" .) -}}
{{- end -}}

{{/* hedged.policyNamespaces: where policies are read, as JSON. */}}
{{- define "hedged.policyNamespaces" -}}
{{- .Values.policies.namespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}

{{/* hedged.upstreamNamespaces: where only Services and their endpoints are read, as JSON. */}}
{{- define "hedged.upstreamNamespaces" -}}
{{- $read := include "hedged.policyNamespaces" . | fromJsonArray -}}
{{- $upstreams := list -}}
{{- range uniq .Values.upstreams.namespaces -}}
{{- if not (has . $read) }}{{ $upstreams = append $upstreams . }}{{ end -}}
{{- end -}}
{{- toJson $upstreams -}}
{{- end -}}

{{/* hedged.policyHome: the namespace of the policies that the chart makes: one that is read. */}}
{{- define "hedged.policyHome" -}}
{{- $namespaces := include "hedged.policyNamespaces" . | fromJsonArray -}}
{{- if has .Release.Namespace $namespaces }}{{ .Release.Namespace }}{{ else }}{{ first $namespaces }}{{ end -}}
{{- end -}}

{{/* hedged.policyData: the data of a ConfigMap of policy documents, each text or a map. */}}
{{- define "hedged.policyData" -}}
data:
{{- range $key, $document := . }}
{{- if kindIs "map" $document }}{{ $document = ternary (toPrettyJson $document) (toYaml $document) (hasSuffix ".json" $key) }}{{ end }}
  {{ $key }}: |
    {{- $document | trim | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "hedged.webhookSecret" -}}
{{- .Values.webhook.certificate.secretName | default (printf "%s-webhook" (include "hedged.fullname" .)) -}}
{{- end -}}

{{/* hedged.shutdownSeconds: what a pod's orderly end takes. The 5 are for what comes after calls: policies, spans. */}}
{{- define "hedged.shutdownSeconds" -}}
{{- with .Values.shutdown }}{{ add .preStopSeconds .lameDuckSeconds .drainSeconds 5 }}{{ end -}}
{{- end -}}

{{/* hedged.goMemLimit: nine tenths of the memory limit in MiB, unless it is given; "" if there is none. */}}
{{- define "hedged.goMemLimit" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources -}}
{{- if .Values.goMemLimit -}}
{{ .Values.goMemLimit }}
{{- else if $limit -}}
{{- $text := ternary $limit (int64 $limit | toString) (kindIs "string" $limit) -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $number := regexFind "^[0-9]+(\\.[0-9]+)?" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- if or (not $number) (not (hasKey $units $unit)) -}}
{{- fail (printf "resources.limits.memory is %q: goMemLimit cannot be worked out of it, so set it (such as 400MiB), or write the limit as 512Mi" $text) -}}
{{- end -}}
{{ divf (mulf $number (get $units $unit) 0.9) 1048576 | floor | int64 }}MiB
{{- end -}}
{{- end -}}
