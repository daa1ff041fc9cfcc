{{/* Annotations of what lives only while `helm uninstall` runs; the argument is its place in the order. */}}
{{- define "stasis.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
# Also on failure: `helm uninstall --no-hooks`, which then follows, would leave it behind.
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end -}}
