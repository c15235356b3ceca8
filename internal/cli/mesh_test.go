package cli

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/rig"
)

// say writes into the status of a Mesh what its installer and its operator
// would.
func say(t *testing.T, r *rig.Rig, name, status string) {
	t.Helper()
	mesh := r.Cluster("Mesh", name)
	if err := r.Client.Status().Patch(t.Context(), mesh, client.RawPatch(types.MergePatchType, []byte(`{"status":`+status+`}`))); err != nil {
		t.Fatal(err)
	}
}

// dropMesh removes the test's Mesh when it ends: one that asks for nothing takes
// the namespaces of other tests for its own.
func dropMesh(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	t.Cleanup(func() {
		mesh := &v1alpha1.Mesh{}
		mesh.Name = name
		c, err := client.New(r.Config, client.Options{Scheme: scheme()})
		if err == nil {
			err = c.Delete(context.Background(), mesh)
		}
		if client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
}

const (
	wasUpgraded = `{"version":"1.31.0","install":{"observedGeneration":GEN,"version":"1.31.0","conditions":[
		{"type":"Installed","status":"True","reason":"Installed","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]},
		"conditions":[{"type":"Ready","status":"True","reason":"Ready","message":"","observedGeneration":GEN,"lastTransitionTime":"2026-01-01T00:00:00Z"}]}`
	wasRolledBack = `{"install":{"observedGeneration":GEN,"conditions":[
		{"type":"Stalled","status":"True","reason":"RolledBack","message":"Deployment istiod never started","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`
)

func TestLifeOfAMesh(t *testing.T) {
	r := rig.New(t)
	d := newDoor(t, r.Config)
	name := r.Namespace
	place := []string{"--provider", "istio", "--control-plane-namespace", name + "-system"}
	with := func(args ...string) []string { return append(args, place...) }

	stdout, stderr := d.dry(ExitOK, with("install", "mesh", name, "--dry-run=server", "--member-selector", "mesh=x", "--version", "1.31")...)
	contains(t, "manifest", stdout, []string{"kind: Mesh", "mode: Managed", "mesh: x"})
	contains(t, "plan", stderr, []string{"What will be done:", "installing chart istiod 1.31.", "global:"})
	_, stderr = d.dry(ExitFailed, with("install", "mesh", name, "--version", "1.9")...)
	contains(t, "unknown version", stderr, []string{"1.9 cannot be installed"})
	_, stderr = d.dry(ExitFailed, with("install", "mesh", name)...)
	contains(t, "without a terminal", stderr, []string{"-y"})

	_, stderr = d.run(ExitFailed, with("install", "mesh", name, "-y", "--timeout", "1s")...)
	contains(t, "too late", stderr, []string{"mesh " + name + " is not ready after 1s", "waiting for the installer"})
	_, stderr = d.dry(ExitOK, with("install", "mesh", name, "-y")...)
	contains(t, "again", stderr, []string{"installed already"})
	_, stderr = d.dry(ExitFailed, with("install", "mesh", name, "-y", "--version", "1.30")...)
	contains(t, "again, and different", stderr, []string{"meshctl upgrade mesh " + name})

	stdout, _ = d.dry(ExitOK, "upgrade", "mesh", name, "--version", "1.31", "--restarts", "automatic", "--dry-run")
	contains(t, "what it would be", stdout, []string{`version: "1.31"`, "restarts: Automatic"})
	d.dry(ExitFailed, "upgrade", "mesh", name, "--version", "1.31")
	d.run(ExitOK, "upgrade", "mesh", name, "--version", "1.31", "-y", "--wait=false")
	say(t, r, name, strings.ReplaceAll(wasUpgraded, "GEN", "2"))
	_, stderr = d.run(ExitOK, "upgrade", "mesh", name, "--version", "1.31", "-y")
	contains(t, "upgrade to the same", stderr, []string{"asked to be so already", "ready"})

	_, stderr = d.dry(ExitFailed, "upgrade", "mesh", name, "--version", "1.30", "-y")
	contains(t, "downgrade", stderr, []string{"--confirm " + name})
	_, stderr = d.dry(ExitFailed, "rollback", "mesh", name, "-y")
	contains(t, "rollback without a history", stderr, []string{"say --version"})
	d.run(ExitOK, "rollback", "mesh", name, "--version", "1.30", "--confirm", name, "--wait=false")
	say(t, r, name, strings.ReplaceAll(wasRolledBack, "GEN", "3"))
	_, stderr = d.run(ExitFailed, "rollback", "mesh", name, "--version", "1.30", "--confirm", name)
	contains(t, "what failed", stderr, []string{"RolledBack: Deployment istiod never started"})

	r.Apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-member, labels: {meshloom.io/mesh: NS}}")
	_, stderr = d.dry(ExitFailed, "uninstall", "mesh", name, "-y")
	contains(t, "uninstall under members", stderr, []string{name + "-member", "--with-members"})
	d.dry(ExitOK, "uninstall", "mesh", name, "--with-members", "--dry-run")
	_, stderr = d.dry(ExitFailed, "uninstall", "mesh", name, "--with-members", "--crds", "-y")
	contains(t, "uninstall of CRDs", stderr, []string{"--confirm " + name})
	d.run(ExitOK, "uninstall", "mesh", name, "--with-members", "-y")
	_, stderr = d.dry(ExitOK, "uninstall", "mesh", name, "-y")
	contains(t, "uninstall of nothing", stderr, []string{"is not there"})
}

func TestAdoption(t *testing.T) {
	r := rig.New(t)
	d := newDoor(t, r.Config)
	r.ControlPlane()
	name, place := r.Namespace, r.Namespace+"-system"
	dropMesh(t, r, name)

	_, stderr := d.dry(ExitFailed, "install", "mesh", name, "--provider", "istio", "--control-plane-namespace", place, "-y")
	contains(t, "install beside a foreign mesh", stderr, []string{"meshctl adopt", "nothing was changed"})
	stdout, stderr := d.dry(ExitOK, "adopt", "mesh", name, "--provider", "istio", "--control-plane-namespace", place, "--dry-run")
	contains(t, "adopt", stdout, []string{"mode: Adopted", "controlPlaneNamespace: " + place})
	contains(t, "what was found", stderr, []string{"Found Istio 1.31.0 in namespace " + place})
	d.dry(ExitFailed, "adopt", "mesh", name, "--provider", "istio", "--control-plane-namespace", place)
	d.run(ExitOK, "adopt", "mesh", name, "--provider", "istio", "--control-plane-namespace", place, "-y", "--wait=false")
	d.mu.Lock()
	for _, write := range d.writes {
		if !strings.Contains(write, "/apis/meshloom.io/") {
			t.Errorf("adopting writes to something foreign: %s", write)
		}
	}
	d.mu.Unlock()
	_, stderr = d.dry(ExitFailed, "adopt", "mesh", "other", "--provider", "istio", "--control-plane-namespace", place, "-y")
	contains(t, "a second Mesh for it", stderr, []string{"mesh " + name + " is that of namespace"})
	_, stderr = d.dry(ExitFailed, "adopt", "mesh", name, "--managed", "-y")
	contains(t, "what was not installed by Helm", stderr, []string{"not installed by Helm", "leave it Adopted"})
	_, stderr = d.dry(ExitFailed, "upgrade", "mesh", name, "--version", "1.31", "-y")
	contains(t, "upgrade of what is Adopted", stderr, []string{"meshctl adopt mesh " + name + " --managed"})
	mesh := r.Cluster("Mesh", name)
	if mode, _, _ := unstructured.NestedString(mesh.Object, "spec", "mode"); mode != string(v1alpha1.ModeAdopted) {
		t.Errorf("mode %s", mode)
	}
}
