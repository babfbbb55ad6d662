{{/*
hedged.selfSigned: the webhook's certificate as JSON: ca.crt, tls.crt, tls.key and when
it ends. The one that the cluster has is kept until its last 30 days. When it is
renewed, the old authority stays in ca.crt beside the new one, since pods see the new
Secret up to two minutes later than the API server sees the new authority. The
authority's key is kept nowhere.
*/}}
{{- define "hedged.selfSigned" -}}
{{- $service := printf "%s-webhook.%s.svc" (include "hedged.fullname" .) .Release.Namespace -}}
{{- $days := int (.Values.webhook.certificate.days | default 3650) -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (include "hedged.webhookSecret" .) | default dict -}}
{{- $data := dict -}}
{{- range $key, $value := $found.data }}{{ $_ := set $data $key (b64dec $value) }}{{ end -}}
{{- $ends := dig "metadata" "annotations" "hedged.dev/certificate-ends" "" $found -}}
{{- $format := "2006-01-02T15:04:05Z07:00" -}}
{{- $kept := and (index $data "ca.crt") (index $data "tls.crt") (index $data "tls.key") $ends -}}
{{- if $kept -}}
{{- $kept = gt (mustToDate $format $ends).Unix (now | dateModify "720h").Unix -}}
{{- end -}}
{{- if $kept -}}
{{- mustMerge (dict "ends" $ends) $data | toJson -}}
{{- else -}}
{{- $authority := genCAWithKey (printf "%s authority" $service) $days (genPrivateKey "ecdsa") -}}
{{- $certificate := genSignedCertWithKey $service nil (list $service) $days $authority (genPrivateKey "ecdsa") -}}
{{- $old := regexFind "-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?" (index $data "ca.crt" | default "") -}}
{{- dict
  "ca.crt" (print $authority.Cert $old)
  "tls.crt" $certificate.Cert
  "tls.key" $certificate.Key
  "ends" (dateInZone $format (now | dateModify (printf "%dh" (mul $days 24))) "UTC") | toJson -}}
{{- end -}}
{{- end -}}
