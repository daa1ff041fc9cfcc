{{/*
Who starts the uninstall: helm, argocd or now; nothing where nobody does, so that nothing of it is rendered. A release keeps the
hooks that were rendered when it was installed, so rendering cannot tell an uninstall from an installation.
*/}}
{{- define "stasis.uninstaller" -}}
{{- if include "stasis.byHelm" . -}}
{{- if .Values.uninstall.now -}}
{{- fail "uninstall.now is for `helm template` alone: use `helm uninstall`" -}}
{{- end -}}
{{- if .Values.uninstall.hook }}helm{{ end -}}
{{- else if .Values.uninstall.now }}now
{{- else if .Values.uninstall.argoCD }}argocd
{{- end -}}
{{- end -}}

{{/* The annotations of objects that exist only during an uninstall: (dict "by" UNINSTALLER "weight" N), their place in the order. */}}
{{- define "stasis.uninstallHook" -}}
{{- if eq .by "helm" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ .weight | quote }}
# After a failure too: otherwise a following `helm uninstall --no-hooks` would leave the object behind.
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- else if eq .by "argocd" -}}
argocd.argoproj.io/hook: PreDelete
argocd.argoproj.io/sync-wave: {{ .weight | quote }}
argocd.argoproj.io/hook-delete-policy: BeforeHookCreation,HookSucceeded
{{- end -}}
{{- end -}}

{{/*
The annotation that the installer puts on everything it installs. The Job does nothing where the controller's Deployment lacks it.
*/}}
{{- define "stasis.installedBy" -}}
{{- $marks := dict "helm" (printf "meta.helm.sh/release-name=%s" .root.Release.Name) "argocd" "argocd.argoproj.io/tracking-id" -}}
{{- get $marks .by -}}
{{- end -}}
