{{/* Enforces a policy: (dict "root" $ "name" NAME). */}}
{{- define "stasis.policyBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "stasis.metadata" (dict "root" .root "name" .name "clusterWide" true) | nindent 2 }}
spec:
  policyName: {{ .name | quote }}
  validationActions: [Deny]
{{- end -}}
