{{/* The beginning of every name. Short enough that with the longest suffix it still fits into a label's 63 characters. */}}
{{- define "stasis.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.Release.Name | trunc 33 | trimSuffix "-") .Chart.Name -}}
{{- end -}}
{{- end -}}

{{/* The labels of every object. With a component: (dict "root" $ "component" "controller"). */}}
{{- define "stasis.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "stasis.selectorLabels" . }}
{{- end -}}

{{/* By the label app.kubernetes.io/name the controller recognises Stasis's own pods, which it refuses to capture. */}}
{{- define "stasis.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "stasis.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The user name of a service account of the release: (dict "root" $ "component" "controller"). */}}
{{- define "stasis.username" -}}
system:serviceaccount:{{ .root.Release.Namespace }}:{{ include "stasis.fullname" .root }}-{{ .component }}
{{- end -}}

{{/* The metadata of a pod template. The chart's own labels take precedence over podLabels. */}}
{{- define "stasis.podMetadata" -}}
labels:
  {{- $labels := merge (fromYaml (include "stasis.labels" .)) .root.Values.podLabels }}
  {{- toYaml (unset $labels "helm.sh/chart") | nindent 2 }}
{{- with .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "stasis.nodeSelector" -}}
{{- toYaml (merge (dict "kubernetes.io/os" "linux") .) -}}
{{- end -}}

{{/* For pods without privilege: the requirements of Pod Security level `restricted`, and a read-only root. */}}
{{- define "stasis.restrictedPod" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "stasis.restrictedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
