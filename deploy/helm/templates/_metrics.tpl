{{/* Arguments that both components have: (dict "root" $ "component" COMPONENT). The user's own come last, and so win. */}}
{{- define "stasis.sharedArgs" -}}
- --log-level={{ .root.Values.log.level }}
- --log-format={{ .root.Values.log.format }}
{{- if .root.Values.metrics.secure.enabled }}
- --metrics-port={{ .root.Values.metrics.secure.port }}
- --metrics-tls=/etc/stasis/metrics-tls
{{- end }}
{{- with (get .root.Values (include "stasis.key" .)).extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "stasis.securePort" -}}
{{- if .Values.metrics.secure.enabled -}}
- { name: metrics, containerPort: {{ .Values.metrics.secure.port }}, protocol: TCP }
{{- end -}}
{{- end -}}

{{- define "stasis.metricsMount" -}}
{{- if .Values.metrics.secure.enabled -}}
- name: metrics-tls
  mountPath: /etc/stasis/metrics-tls
  readOnly: true
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- define "stasis.metricsVolume" -}}
{{- if .Values.metrics.secure.enabled -}}
- name: metrics-tls
  secret:
    secretName: {{ include "stasis.metricsSecret" . | quote }}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- define "stasis.metricsSecret" -}}
{{- default (printf "%s-metrics-tls" (include "stasis.fullname" .)) .Values.metrics.secure.secretName -}}
{{- end -}}

{{- define "stasis.metricsServerName" -}}
{{- default (printf "%s-metrics.%s.svc" (include "stasis.fullname" .) (include "stasis.namespace" .)) .Values.metrics.secure.serverName -}}
{{- end -}}

{{/* The namespaces in which monitors are made, which need a token and a certificate there. At most one. */}}
{{- define "stasis.monitorNamespace" -}}
{{- $own := include "stasis.namespace" . -}}
{{- range list .Values.metrics.serviceMonitor .Values.metrics.podMonitor -}}
{{- if .enabled }}{{ default $own .namespace }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* How a monitor scrapes: (dict "root" $ "monitor" VALUES). */}}
{{- define "stasis.endpoint" -}}
{{- $secure := .root.Values.metrics.secure -}}
port: metrics
path: /metrics
scheme: {{ ternary "https" "http" $secure.enabled }}
interval: {{ .monitor.interval }}
{{- with .monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if $secure.enabled }}
authorization:
  type: Bearer
  credentials:
    name: {{ default (printf "%s-metrics-reader" (include "stasis.fullname" .root)) $secure.token.secretName | quote }}
    key: {{ $secure.token.key | quote }}
tlsConfig:
  {{- if $secure.tlsConfig }}
  {{- toYaml $secure.tlsConfig | nindent 2 }}
  {{- else }}
  serverName: {{ include "stasis.metricsServerName" .root | quote }}
  ca:
    {{- if $secure.secretName }}
    secret: { name: {{ $secure.secretName | quote }}, key: ca.crt }
    {{- else }}
    configMap: { name: {{ printf "%s-metrics-ca" (include "stasis.fullname" .root) | quote }}, key: ca.crt }
    {{- end }}
  {{- end }}
{{- end }}
relabelings:
  - { sourceLabels: [__meta_kubernetes_pod_node_name], targetLabel: node }
  {{- with .monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
metrics.pauseBudgetSeconds as a duration. At most the greatest bound of the histogram of pauses: no quantile exceeds that. In microseconds, because a number as Helm prints it may have an exponent.
*/}}
{{- define "stasis.pauseBudget" -}}
{{- $microseconds := int64 (round (mulf (float64 .Values.metrics.pauseBudgetSeconds) 1000000) 0) -}}
{{- if or (lt $microseconds 1) (gt $microseconds 5000000) -}}
{{- fail (printf "metrics.pauseBudgetSeconds: %v is not between 0.000001 and 5" .Values.metrics.pauseBudgetSeconds) -}}
{{- end -}}
{{- printf "%dus" $microseconds -}}
{{- end -}}
