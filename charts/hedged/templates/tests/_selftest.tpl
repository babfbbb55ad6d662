{{/* What the tests share. Their pods carry a name of their own, so that no Service of hedged's selects them. */}}
{{- define "hedged.selftestName" -}}
{{- printf "%s-selftest" (include "hedged.fullname" .) -}}
{{- end -}}

{{- define "hedged.selftestSelector" -}}
app.kubernetes.io/name: {{ include "hedged.name" . }}-selftest
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
hedged.selftestMetadata: of a test (a Pod: it is kept when it fails, for its log) or of
what tests need, which goes with them: {root, name, namespace, weight, labels}.
*/}}
{{- define "hedged.selftestMetadata" -}}
{{- $hook := dict
  "helm.sh/hook" "test"
  "helm.sh/hook-weight" (toString .weight)
  "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
{{- $app := printf "%s-selftest" (include "hedged.name" .root) -}}
{{- include "hedged.metadata" (mustMerge (dict "app" $app "component" "selftest" "annotations" $hook) .) -}}
{{- end -}}

{{/* hedged.selftestPod: the spec of a pod that runs hedged selftest: {root, args, account, port}. */}}
{{- define "hedged.selftestPod" -}}
{{- $values := .root.Values -}}
{{- $own := $values.tests.image -}}
{{- $image := merge (deepCopy $own) (ternary (omit $values.image "digest") $values.image (hasKey $own "tag")) -}}
{{- if .account -}}
serviceAccountName: {{ .account }}
{{ end -}}
automountServiceAccountToken: {{ not (not .account) }}
enableServiceLinks: false
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: selftest
    image: {{ include "hedged.image" (dict "root" .root "image" $image) }}
    imagePullPolicy: {{ $image.pullPolicy }}
    args: {{ prepend .args "selftest" | toJson }}
    {{- if .port }}
    ports: [{name: http, containerPort: {{ .port }}}]
    readinessProbe:
      httpGet: {path: /readyz, port: http}
      periodSeconds: 1
    {{- end }}
    resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 128Mi}}
    {{- with $values.securityContext }}
    securityContext:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end -}}
