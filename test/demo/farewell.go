package main

import (
	"fmt"

	"github.com/meshloom/meshloom/test/cluster/local"
)

// farewell says what to try next and how to stop.
func (d *demo) farewell() {
	use, flag := "export KUBECONFIG="+d.Kubeconfig, ""
	if d.Context != "" {
		use += "\nkubectl config use-context " + d.Context
	}
	if d.Local != nil && d.cluster != local.DefaultName {
		flag = " --name " + d.cluster
	}
	fmt.Fprintf(d.out, "The cluster stays up. Try next:\n\n")
	d.block(use + `
bin/meshctl get -A
bin/meshctl describe trafficsplit reviews -n bookinfo
kubectl -n bookinfo edit mlsplit reviews                    # other weights: they act within a second
kubectl -n bookinfo edit virtualservice meshloom-reviews    # a hand edit: it is repaired
bin/meshctl capabilities`)
	if d.Local == nil {
		fmt.Fprintf(d.out, "\nTo stop, delete the namespaces bookinfo, edge and meshloom-system.\n")
		return
	}
	fmt.Fprintf(d.out, "\nStop it, and remove all of it:\n\n%sgo run ./test/cluster%s down\n", indent, flag)
}
