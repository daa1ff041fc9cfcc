{{/* The beginning of every name. Short enough that with the longest suffix it still fits into a label's 63 characters. */}}
{{- define "stasis.fullname" -}}
{{- $name := default "stasis" .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.Release.Name | trunc (int (sub 39 (len $name))) | trimSuffix "-") $name -}}
{{- end -}}
{{- end -}}

{{- define "stasis.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* The labels of every object. With a component: (dict "root" $ "component" "controller"). The chart's own come first. */}}
{{- define "stasis.labels" -}}
{{- $labels := fromYaml (include "stasis.selectorLabels" .) -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $_ := set $labels "app.kubernetes.io/version" (toString .root.Chart.AppVersion) -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- toYaml (merge $labels (default dict .root.Values.commonLabels)) -}}
{{- end -}}

{{/*
By the label app.kubernetes.io/name the controller recognises Stasis's own pods, which it refuses to capture. So it is the
same whatever the chart is called where it is a dependency.
*/}}
{{- define "stasis.selectorLabels" -}}
app.kubernetes.io/name: stasis
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* The same as the text of a label selector. */}}
{{- define "stasis.selector" -}}
{{- $pairs := list -}}
{{- range $key, $value := fromYaml (include "stasis.selectorLabels" .) -}}
{{- $pairs = append $pairs (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end -}}

{{/* The metadata of an object: (dict "root" $ "component" COMPONENT "name" NAME "values" VALUES). The last three are optional. */}}
{{- define "stasis.metadata" -}}
{{- $values := default dict .values -}}
name: {{ default (printf "%s-%s" (include "stasis.fullname" .root) .component) .name | quote }}
{{- if not .clusterWide }}
namespace: {{ default (include "stasis.namespace" .root) .namespace | quote }}
{{- end }}
labels:
  {{- toYaml (merge (fromYaml (include "stasis.labels" .)) (default dict $values.labels)) | nindent 2 }}
{{- with merge (dict) (default dict .annotations) (default dict $values.annotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "stasis.image" -}}
{{- $image := .Values.image -}}
{{- $repository := $image.repository -}}
{{- with (default dict .Values.global).imageRegistry -}}
{{- $parts := splitList "/" $repository -}}
{{- $first := first $parts -}}
{{- if and (rest $parts) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) -}}
{{- $repository = join "/" (rest $parts) -}}
{{- end -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "stasis.pullSecrets" -}}
{{- $secrets := list -}}
{{- range concat (default list (default dict .Values.global).imagePullSecrets) (default list .Values.imagePullSecrets) -}}
{{- $secrets = append $secrets (ternary (dict "name" .) . (kindIs "string" .)) -}}
{{- end -}}
{{- with uniq $secrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The values of a component: (dict "root" $ "component" "node-agent"). */}}
{{- define "stasis.key" -}}
{{- ternary "nodeAgent" .component (eq .component "node-agent") -}}
{{- end -}}

{{/* The service account of a component: (dict "root" $ "component" "controller"). */}}
{{- define "stasis.serviceAccount" -}}
{{- $account := (get .root.Values (include "stasis.key" .)).serviceAccount -}}
{{- if and (not $account.create) (not $account.name) -}}
{{- fail (printf "%s.serviceAccount.create is false, so %s.serviceAccount.name must say which account is used: the policies know it by its name" (include "stasis.key" .) (include "stasis.key" .)) -}}
{{- end -}}
{{- default (printf "%s-%s" (include "stasis.fullname" .root) .component) $account.name -}}
{{- end -}}

{{/* Fails when two components share an account: the policies could not tell them apart. */}}
{{- define "stasis.distinctAccounts" -}}
{{- $seen := dict -}}
{{- range list "controller" "node-agent" "uninstall" -}}
{{- $name := include "stasis.serviceAccount" (dict "root" $ "component" .) -}}
{{- if hasKey $seen $name -}}
{{- fail (printf "%s and %s share the service account %s: the policies could not tell them apart" (get $seen $name) . $name) -}}
{{- end -}}
{{- $_ := set $seen $name . -}}
{{- end -}}
{{- end -}}

{{/* The user name of a service account: (dict "root" $ "component" "controller"). */}}
{{- define "stasis.username" -}}
system:serviceaccount:{{ include "stasis.namespace" .root }}:{{ include "stasis.serviceAccount" . }}
{{- end -}}

{{/* A service account, unless it exists already: (dict "root" $ "component" "controller" "annotations" HOOK). */}}
{{- define "stasis.serviceAccountObject" -}}
{{- $account := (get .root.Values (include "stasis.key" .)).serviceAccount -}}
{{- if $account.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- $values := dict "annotations" $account.annotations }}
  {{- include "stasis.metadata" (merge (dict "name" (include "stasis.serviceAccount" .) "values" $values) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}
{{- end -}}

{{/* Binds a role to a component's account: merge (dict "kind" "ClusterRole" "role" NAME) of a dict for stasis.metadata. */}}
{{- define "stasis.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ ternary "ClusterRoleBinding" "RoleBinding" (default false .clusterWide) }}
metadata:
  {{- include "stasis.metadata" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .role | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ include "stasis.serviceAccount" . | quote }}
    namespace: {{ include "stasis.namespace" .root | quote }}
{{- end -}}

{{/* The metadata of a pod template. The chart's own labels take precedence over all others. */}}
{{- define "stasis.podMetadata" -}}
{{- $values := get .root.Values (include "stasis.key" .) -}}
labels:
  {{- $labels := merge (fromYaml (include "stasis.labels" .)) (default dict $values.podLabels) (default dict .root.Values.podLabels) }}
  {{- toYaml (unset $labels "helm.sh/chart") | nindent 2 }}
{{- with merge (dict) (default dict $values.podAnnotations) (default dict .root.Values.podAnnotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "stasis.nodeSelector" -}}
{{- toYaml (merge (dict "kubernetes.io/os" "linux") (default dict .)) -}}
{{- end -}}

{{/* What a pod's spec has of the component's values: (dict "root" $ "component" "controller"). */}}
{{- define "stasis.podFields" -}}
{{- $values := get .root.Values (include "stasis.key" .) -}}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with $values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with $values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The controller's securityContext, for pods without privilege. OpenShift chooses the user itself. */}}
{{- define "stasis.restrictedPod" -}}
{{- $context := .Values.controller.podSecurityContext -}}
{{- if .Values.openshift.enabled -}}
{{- $context = omit $context "runAsUser" "runAsGroup" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{/* A probe of the plain port: (dict "root" $ "path" "/healthz" "times" VALUES). */}}
{{- define "stasis.probe" -}}
httpGet: { path: {{ .path }}, port: {{ include "stasis.probePort" .root }} }
{{- with .times }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A whole number as decimal digits; nothing for null. A template would print 31536000 as 3.1536e+07. */}}
{{- define "stasis.number" -}}
{{- if not (kindIs "invalid" .) }}{{ int64 . }}{{ end -}}
{{- end -}}

{{/* The name of the plain port. `metrics` is always the name of the port of the metrics. */}}
{{- define "stasis.probePort" -}}
{{- ternary "http" "metrics" .Values.metrics.secure.enabled -}}
{{- end -}}

{{/*
nodeAgent.artifacts.limit, such as 1Gi, as a number of bytes, within the agent's bounds. Compared as a floating-point number, because an
integer overflows and may then be within the bounds.
*/}}
{{- define "stasis.artifactsLimit" -}}
{{- $powers := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $limit := .Values.nodeAgent.artifacts.limit -}}
{{- $unit := regexFind "[A-Za-z]*$" $limit -}}
{{- $bytes := mulf (float64 (trimSuffix $unit $limit)) (float64 (get $powers $unit)) -}}
{{- if or (lt $bytes 16777216.0) (gt $bytes 1099511627776.0) -}}
{{- fail (printf "nodeAgent.artifacts.limit: %s is not between 16Mi and 1Ti" $limit) -}}
{{- end -}}
{{- int64 $bytes -}}
{{- end -}}

{{/*
"true" when Helm itself installs. `helm template`, and with it kustomize and Argo CD, reaches no cluster, and finds nothing:
what is rendered so is applied by a tool that runs hooks at once, as ordinary objects, or never.
*/}}
{{- define "stasis.byHelm" -}}
{{- if lookup "v1" "Namespace" "" "kube-system" }}true{{ end -}}
{{- end -}}
