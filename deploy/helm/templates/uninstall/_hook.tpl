{{/* The annotations of objects that exist only while `helm uninstall` runs. The argument is their place in the order. */}}
{{- define "stasis.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
# After a failure too: otherwise a following `helm uninstall --no-hooks` would leave the object behind.
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end -}}
