package chart_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/test/rig"
)

// lavish turns on everything that the chart can do.
const lavish = `
image:
  digest: sha256:0123456789012345678901234567890123456789012345678901234567890123
  pullPolicy: Always
  pullSecrets: [{name: registry}]
crds: {install: false}
operator: &all
  replicas: 2
  verbosity: 1
  extraArgs: [--workers=16]
  extraEnv: [{name: HTTPS_PROXY, value: "http://proxy.test"}]
  extraVolumes: [{name: charts, emptyDir: {}}]
  extraVolumeMounts: [{name: charts, mountPath: /charts}]
  resources: {requests: {cpu: 1}, limits: {memory: 2Gi}}
  priorityClassName: system-cluster-critical
  nodeSelector: {kubernetes.io/os: linux}
  tolerations: [{operator: Exists}]
  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}]
  podAnnotations: {a: b}
  podLabels: {c: d}
  serviceAccount: {annotations: {e: f}}
installer: *all
metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}
networkPolicy: {enabled: true, metricsFrom: [{namespaceSelector: {}}]}
`

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryOptionMakesValidObjects has a real API server look at all that the
// chart can render, strictly: a field that is not known is an error there.
func TestEveryOptionMakesValidObjects(t *testing.T) {
	r := rig.New(t)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: chart.Namespace}}
	if err := r.Client.Create(t.Context(), ns); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	all := render(t, decode(t, lavish))
	for _, text := range []string{"{crds: {install: false}}", "{crds: {install: false}, metrics: {enabled: false}, operator: {resources: {}}, networkPolicy: {enabled: true}}"} {
		for name, obj := range render(t, decode(t, text)) {
			all[name+" of "+text] = obj
		}
	}
	kinds := map[string]bool{}
	for name, obj := range all {
		kinds[obj.GetKind()] = true
		if obj.GetKind() == "ServiceMonitor" {
			continue // Its CRD is not ours.
		}
		err := r.Client.Create(t.Context(), obj, client.DryRunAll, client.FieldValidation("Strict"))
		if client.IgnoreAlreadyExists(err) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, kind := range []string{"PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "Service"} {
		if !kinds[kind] {
			t.Errorf("no %s among %q", kind, slices.Sorted(maps.Keys(kinds)))
		}
	}
}

func TestOptionsReachThePod(t *testing.T) {
	text, err := helm(t, decode(t, lavish))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"meshloom-operator@sha256:0123", "- --verbosity=1", `- "--workers=16"`, "name: HTTPS_PROXY", "mountPath: /charts", "name: GOMEMLIMIT",
		"priorityClassName: system-cluster-critical", "release: prometheus",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not rendered", want)
		}
	}
	for name := range render(t, nil) {
		if kind, _, _ := strings.Cut(name, " "); slices.Contains([]string{"PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "Namespace"}, kind) {
			t.Errorf("%s is rendered though nobody asked for it", name)
		}
	}
}

// TestNoRoleIsBroaderThanSaid looks for what would make the translator more
// than its role says.
func TestNoRoleIsBroaderThanSaid(t *testing.T) {
	forbidden := []string{"*", "escalate", "bind", "impersonate"}
	for _, name := range []string{
		"ClusterRole meshloom-translator", "ClusterRole meshloom-view", "ClusterRole meshloom-edit",
		"Role meshloom-translator-leader-election", "Role meshloom-installer-leader-election",
	} {
		for _, rule := range rules(t, name) {
			for _, word := range slices.Concat(rule.Verbs, rule.Resources, rule.APIGroups) {
				if slices.Contains(forbidden, word) || word == "secrets" && slices.Contains(rule.Verbs, "get") {
					t.Errorf("%s: %+v", name, rule)
				}
			}
		}
	}
}
