{{/*
A Deployment of the one image; the argument is {root, name, serviceAccount, controllers, args, values}. A new pod has to
be ready before an old one goes: it knows the cluster by then, and takes the lead when the old one lets go of it.
*/}}
{{- define "meshloom.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "meshloom.labels" (dict "root" $root "name" .name) | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  template:
    metadata:
      labels:
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- include "meshloom.labels" (dict "root" $root "name" .name) | nindent 8 }}
      annotations:
        kubectl.kubernetes.io/default-container: operator
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .serviceAccount }}
      automountServiceAccountToken: true
      enableServiceLinks: false
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: operator
        {{- include "meshloom.container" . | nindent 8 }}
      {{- with .values.extraVolumes }}
      volumes:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with .values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{/* The container of a Deployment, but for its name; the argument is that of the Deployment. */}}
{{- define "meshloom.container" -}}
{{- $root := .root -}}
image: {{ include "meshloom.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args:
- --controllers={{ .controllers }}
- --metrics-bind-address={{ $root.Values.metrics.enabled | ternary ":8080" "0" }}
- --health-probe-bind-address=:8081
- --verbosity={{ .values.verbosity }}
{{- range concat (default list .args) .values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- $limit := dig "limits" "memory" "" .values.resources }}
{{- if or $limit .values.extraEnv }}
env:
{{- if $limit }}
- name: GOMEMLIMIT
  valueFrom:
    resourceFieldRef: {containerName: operator, resource: limits.memory}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
ports:
{{- if $root.Values.metrics.enabled }}
- {name: metrics, containerPort: 8080}
{{- end }}
- {name: probes, containerPort: 8081}
livenessProbe:
  httpGet: {path: /healthz, port: probes}
  initialDelaySeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: probes}
  periodSeconds: 2
  timeoutSeconds: 2
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.extraVolumeMounts }}
volumeMounts:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* What a Deployment has beside it; the argument is that of the Deployment. */}}
{{- define "meshloom.surroundings" -}}
{{- $root := .root -}}
{{- if gt (int .values.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "meshloom.labels" (dict "root" $root "name" .name) | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
{{- end }}
{{- if $root.Values.metrics.enabled }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}-metrics
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "meshloom.labels" (dict "root" $root "name" .name) | nindent 4 }}
spec:
  selector:
    app.kubernetes.io/name: {{ .name }}
  ports:
  - {name: metrics, port: 8080, targetPort: metrics, appProtocol: http}
{{- if $root.Values.metrics.serviceMonitor.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "meshloom.labels" (dict "root" $root "name" .name) | nindent 4 }}
    {{- with $root.Values.metrics.serviceMonitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
  endpoints:
  - port: metrics
    interval: {{ $root.Values.metrics.serviceMonitor.interval }}
{{- end }}
{{- end }}
{{- if $root.Values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "meshloom.labels" (dict "root" $root "name" .name) | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
  policyTypes: [Ingress]
  {{- if $root.Values.metrics.enabled }}
  ingress:
  - ports:
    - {port: metrics}
    {{- with $root.Values.networkPolicy.metricsFrom }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}
