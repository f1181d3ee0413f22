{{- /* What a WasmPlugin has at the top, and a TrafficExtension below `wasm`. */ -}}
{{- define "mooring.module" -}}
url: {{ .Values.image.url | quote }}
{{- with .Values.image.sha256 }}
sha256: {{ . | quote }}
{{- end }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.image.pullSecret }}
imagePullSecret: {{ . | quote }}
{{- end }}
failStrategy: {{ .Values.failStrategy }}
vmConfig:
  env:
    - {name: MOORING_ON_BAD_CONFIG, value: {{ .Values.onBadConfig }}}
    {{- range .Values.hostEnvironment }}
    - {name: {{ . }}, valueFrom: HOST}
    {{- end }}
{{- /* The root context's id. */}}
pluginName: mooring
pluginConfig:
  {{- toYaml .Values.pluginConfig | nindent 2 }}
{{- end }}
