{{- define "rsttrace.selector" -}}
app.kubernetes.io/name: rsttrace
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "rsttrace.labels" -}}
{{ include "rsttrace.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{- define "rsttrace.capabilities" -}}
{{- concat (list "BPF" "PERFMON" "SYS_PTRACE" "SYSLOG") .Values.extraCapabilities | uniq | toJson -}}
{{- end }}
