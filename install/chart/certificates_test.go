package chart_test

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/rig"
)

// secure is a gateway with a certificate of its own namespace.
const secure = `
apiVersion: meshloom.io/v1alpha1
kind: IngressGateway
metadata: {name: public, namespace: NS}
spec:
  controllerRef: {name: NS}
  meshRef: {name: NS}
  listeners: [{name: web, port: 443, protocol: HTTPS, hostname: shop.example, tls: {certificateRefs: [{name: shop-tls}]}}]
`

const certificate = `
apiVersion: v1
kind: Secret
metadata: {name: shop-tls, namespace: NS}
type: kubernetes.io/tls
data: {tls.crt: "", tls.key: ""}
`

// TestCertificatesNeedNoSecretsOfTheCluster runs the operator with the roles
// of a chart that lets it read Secrets of one namespace, and of none.
func TestCertificatesNeedNoSecretsOfTheCluster(t *testing.T) {
	for _, c := range []struct {
		name       string
		namespaces []string
		// missing is what a gateway says whose Secret is not there.
		missing string
	}{
		{"Namespaces", []string{"NS"}, "ResolvedRefs=False/InvalidCertificateRef"},
		{"None", []string{}, "ResolvedRefs=True/ResolvedRefs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rig.New(t)
			r.Namespace = "certificates-" + strings.ToLower(c.name)
			r.CertificateNamespaces = []string{}
			for range c.namespaces {
				r.CertificateNamespaces = append(r.CertificateNamespaces, r.Namespace)
			}
			r.Apply(rig.Shop)
			r.ControlPlane()
			allow(t, r, map[string]any{"from": c.name, "namespaces": anys(r.CertificateNamespaces)})
			r.Apply(everything)
			r.Apply(secure)

			seen := &recorder{account: translator}
			op := r.OperateOver(seen.over)
			r.Condition("IngressGateway", "public", c.missing)
			r.Apply(certificate)
			r.Condition("IngressGateway", "public", "Ready=True/Ready")
			r.Quiet(op)
			for _, refusal := range seen.refusals() {
				t.Errorf("refused: %s", refusal)
			}
			if used := seen.used[use{"", "secrets", "watch"}]; used != (len(c.namespaces) > 0) {
				t.Errorf("Secrets were watched: %t", used)
			}
		})
	}
}

func anys(of []string) []any {
	out := []any{}
	for _, one := range of {
		out = append(out, one)
	}
	return out
}

// allow applies the chart's roles with other values for Secrets.
func allow(t *testing.T, r *rig.Rig, secrets map[string]any) {
	t.Helper()
	for _, obj := range render(t, values(secrets, "operator", "secrets")) {
		leading := strings.HasSuffix(obj.GetName(), "-leader-election")
		if obj.GroupVersionKind().Group != rbacv1.GroupName || leading {
			continue
		}
		if err := r.Client.Patch(t.Context(), obj, client.Apply, client.FieldOwner("helm"), client.ForceOwnership); err != nil { //nolint:staticcheck // The typed form takes no unstructured objects.
			t.Fatal(err)
		}
	}
}
