//go:build e2e

package lifecycle

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/istio"
	"github.com/meshloom/meshloom/test/stage"
)

// foreign installs Istio as somebody else would. A Managed Mesh for it is
// refused with the way out; the way out changes nothing of what is there.
func foreign(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	installer, err := istio.New(ctx, istio.Cluster{Kubeconfig: life.Kubeconfig}, os.Stdout)
	must(t, err)
	must(t, installer.Install(ctx, nil))
	audit, err := life.Audit()
	must(t, err)
	m := shop(t)
	happening(t, "a Managed Mesh where a foreign Istio runs", "refused, naming meshctl adopt", func() (string, error) {
		if err := life.API.Create(ctx, m); err != nil {
			return "", err
		}
		message := ""
		err := await(ctx, "the refusal", func(m *v1alpha1.Mesh) bool {
			c := stalled(m)
			if c != nil {
				message = c.Message
			}
			return c != nil
		})
		if !strings.Contains(message, "meshctl adopt") {
			return message, err
		}
		return "refused, naming meshctl adopt", err
	})
	must(t, life.API.Delete(ctx, m))
	must(t, gone(ctx, m))
	happening(t, "meshctl adopt", "ready", func() (string, error) {
		_, err := life.MustMeshctl(ctx, "adopt", "mesh", meshKey.Name, "--provider=istio", "-y")
		return "ready", err
	})
	happening(t, "writes to what is not Meshloom's", "0", func() (string, error) {
		stage.Settle(ctx, 10*time.Second)
		writes, err := audit.Writes(toForeign)
		if len(writes) > 0 {
			return fmt.Sprint(writes), err
		}
		return "0", err
	})
	must(t, life.API.Delete(ctx, m))
	must(t, gone(ctx, m))
	must(t, installer.Uninstall(ctx))
	must(t, forgetIstio(t, installer))
}

// toForeign are writes by Meshloom's accounts, or by meshctl, to what is not of
// the unified API and not in Meshloom's namespace.
func toForeign(w stage.Write) bool {
	ours := strings.HasPrefix(w.User, "system:serviceaccount:"+stage.Operator.Namespace+":") || byMeshctl(w)
	resource, name, _ := strings.Cut(w.Object, " ")
	return ours && !strings.HasSuffix(resource, "."+v1alpha1.GroupName) && !strings.HasPrefix(name, stage.Operator.Namespace+"/")
}

// forgetIstio removes what an Istio leaves behind that is uninstalled by Helm.
func forgetIstio(t *testing.T, installer *istio.Installer) error {
	t.Helper()
	text, err := os.ReadFile(installer.CRDs())
	if err != nil {
		return err
	}
	objects, err := stage.Read(text)
	if err != nil {
		return err
	}
	if err := life.Remove(t.Context(), objects...); err != nil {
		return err
	}
	if err := removeNamespaces(t, control); err != nil {
		return err
	}
	// Helm knows nothing of what istiod put into every namespace.
	var left corev1.ConfigMapList
	if err := life.API.List(t.Context(), &left, client.MatchingLabels{"istio.io/config": "true"}); err != nil {
		return err
	}
	for i := range left.Items {
		if err := life.API.Delete(t.Context(), &left.Items[i]); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}
