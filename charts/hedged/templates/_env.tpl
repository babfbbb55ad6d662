{{/*
hedged.env: the container's variables. One of extraEnv takes the place of the chart's of
the same name: the API server refuses a list that has both.
*/}}
{{- define "hedged.env" -}}
{{- $given := list -}}
{{- range .Values.extraEnv }}{{ $given = append $given .name }}{{ end -}}
{{- $env := list -}}
{{- range include "hedged.chartEnv" . | fromYamlArray -}}
{{- if not (has .name $given) }}{{ $env = append $env . }}{{ end -}}
{{- end -}}
{{- concat $env .Values.extraEnv | toYaml -}}
{{- end -}}

{{- define "hedged.chartEnv" -}}
- {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
{{- /* Kubernetes gives a pod the labels of its node's topology; where it does not, this is empty. */}}
- {name: HEDGED_ZONE, valueFrom: {fieldRef: {fieldPath: "metadata.labels['topology.kubernetes.io/zone']"}}}
{{- with include "hedged.goMemLimit" . }}
- {name: GOMEMLIMIT, value: {{ . | quote }}}
{{- end }}
{{- with .Values.telemetry }}
{{- with .otlp.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
- {name: OTEL_EXPORTER_OTLP_PROTOCOL, value: {{ $.Values.telemetry.otlp.protocol | quote }}}
{{- with $.Values.telemetry.otlp.headersSecret }}
- {name: OTEL_EXPORTER_OTLP_HEADERS, valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}}
{{- end }}
- {name: OTEL_TRACES_EXPORTER, value: otlp}
- {name: OTEL_METRICS_EXPORTER, value: {{ ternary "otlp" "none" $.Values.telemetry.metrics.otlp }}}
- {name: OTEL_LOGS_EXPORTER, value: {{ ternary "otlp" "none" $.Values.telemetry.logs.otlp }}}
{{- end }}
- {name: OTEL_TRACES_SAMPLER, value: {{ .traces.sampler | quote }}}
{{- with .traces.samplerArg }}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ . | quote }}}
{{- end }}
{{- end }}
- {name: OTEL_RESOURCE_ATTRIBUTES, value: {{ include "hedged.resourceAttributes" . | quote }}}
{{- end -}}

{{/*
hedged.resourceAttributes: what OpenTelemetry's conventions call the pod, and what the
user adds, which wins. Values are percent-encoded, as the variable wants them; the
kubelet puts in the names of pod and node.
*/}}
{{- define "hedged.resourceAttributes" -}}
{{- $attributes := dict
  "service.namespace" .Release.Namespace
  "service.instance.id" (printf "%s.$(POD_NAME).hedged" .Release.Namespace)
  "k8s.namespace.name" .Release.Namespace
  "k8s.deployment.name" (include "hedged.fullname" .)
  "k8s.pod.name" "$(POD_NAME)"
  "k8s.container.name" "hedged"
  "k8s.node.name" "$(NODE_NAME)" -}}
{{- range $name, $value := .Values.telemetry.resourceAttributes -}}
{{- $_ := set $attributes $name (urlquery (toString $value) | replace "+" "%20") -}}
{{- end -}}
{{- $pairs := list -}}
{{- range $name, $value := $attributes }}{{ $pairs = append $pairs (printf "%s=%s" $name $value) }}{{ end -}}
{{- join "," $pairs -}}
{{- end -}}
