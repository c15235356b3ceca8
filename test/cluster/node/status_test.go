package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBoard(t *testing.T) {
	var b board
	b.waitingFor("CoreDNS")
	b.component("kubelet", func(c *Component) { c.Running = true })
	b.component("etcd", func(c *Component) { c.Running = true })
	before := b.snapshot()
	b.component("kubelet", func(c *Component) { c.Running = false; c.Restarts++ })

	want := Status{Waiting: "CoreDNS", Components: []Component{{Name: "etcd", Running: true}, {Name: "kubelet", Running: true}}}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Errorf("status before the change (-want +got):\n%s", diff)
	}
	want.Components[1] = Component{Name: "kubelet", Restarts: 1}
	if diff := cmp.Diff(want, b.snapshot()); diff != "" {
		t.Errorf("status after the change (-want +got):\n%s", diff)
	}
}
