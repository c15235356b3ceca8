package installer_test

import (
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/installer"
)

// foreign is a control plane that somebody else made.
const foreign = `
apiVersion: v1
kind: Namespace
metadata: {name: NS-theirs}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: control, namespace: NS-theirs}
spec:
  selector: {matchLabels: {app: control, rev: theirs}}
  template:
    metadata: {labels: {app: control, rev: theirs}}
    spec: {containers: [{name: control, image: "registry.test/control:1.0.0"}]}
`

func TestForeignInstallationIsRefused(t *testing.T) {
	s := newScene(t)
	s.Apply(foreign + "---" + shop)
	op := s.Install(mesh(), calm)
	m := s.says("Stalled=True/AdoptionRequired")
	if text := m.Status.Install.Conditions[0].Message; !strings.Contains(text, "meshctl adopt") {
		t.Errorf("the message shows no way out: %s", text)
	}
	s.Quiet(op)
	if controllerutil.ContainsFinalizer(m, installer.Finalizer) || len(s.releases()) > 0 {
		t.Errorf("finalizers %v, releases %q", m.Finalizers, s.releases())
	}
	for _, write := range op.Writes.To("") {
		if !strings.HasSuffix(write, "/status") && !strings.Contains(write, "/events") {
			t.Errorf("wrote %s", write)
		}
	}
}

// adopted is a mesh of somebody else.
const adopted = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS}
spec: {provider: Consul, mode: Adopted, controlPlaneNamespace: NS-theirs}
`

func TestAdoptedMeshGetsNoWrite(t *testing.T) {
	s := newScene(t)
	s.Apply(foreign + "---" + adopted + "---" + member)
	op := s.Install(mesh(), calm)
	s.Quiet(op)
	s.edit(`{"metadata":{"annotations":{"meshloom.io/retry":"1"}}}`)
	s.restart("web")
	time.Sleep(time.Second)
	s.Quiet(op)
	if writes := op.Writes.To(""); len(writes) > 0 {
		t.Errorf("wrote %q", writes)
	}
}

func TestAdoptedMeshIsHandedBack(t *testing.T) {
	s := newScene(t)
	s.Apply(shop)
	s.Install(mesh(), calm)
	s.done("1.0.0")
	before := s.releases()
	s.edit(`{"spec":{"mode":"Adopted","version":null,"upgrade":null}}`)
	s.Eventually("nothing of the installer is on the Mesh", func() string {
		if m := s.mesh(); m.Status.Install != nil || controllerutil.ContainsFinalizer(m, installer.Finalizer) {
			return "not yet"
		}
		return ""
	})
	if after := s.releases(); len(after) != len(before) {
		t.Errorf("releases %q, before %q", after, before)
	}
}

func TestProviderThatCannotBeInstalled(t *testing.T) {
	s := newScene(t)
	s.Apply(strings.Replace(shop, "Consul", "Linkerd", 1))
	s.Install(mesh(), calm)
	s.says("Stalled=True/" + string(v1alpha1.ReasonUnsupported))
}
