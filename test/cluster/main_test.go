package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/test/cluster/node"
)

func TestExitCodes(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"help":                      {nil, 0},
		"no such command":           {[]string{"upp"}, 64},
		"no such flag":              {[]string{"up", "--fast"}, 64},
		"an argument too many":      {[]string{"up", "one"}, 64},
		"an argument too few":       {[]string{"load-image"}, 64},
		"a name that is no name":    {[]string{"status", "--name", "../etc"}, 2},
		"status of no cluster":      {[]string{"status", "--name", "no-such-cluster"}, 1},
		"kubeconfig of no cluster":  {[]string{"kubeconfig", "--name", "no-such-cluster"}, 1},
		"command in no cluster":     {[]string{"exec", "--name", "no-such-cluster", "--", "true"}, 1},
		"down where nothing is up":  {[]string{"down", "--name", "no-such-cluster"}, 0},
		"list whatever is up":       {[]string{"list"}, 0},
		"an unknown kind of output": {[]string{"status", "--name", "no-such-cluster", "-o", "xml"}, 64},
	} {
		t.Run(name, func(t *testing.T) {
			root := newCommand()
			root.SetArgs(test.args)
			root.SetOut(new(bytes.Buffer))
			root.SetErr(new(bytes.Buffer))
			if got := run(t.Context(), root); got != test.want {
				t.Errorf("exit code %d: want %d", got, test.want)
			}
		})
	}
}

func TestStatusTable(t *testing.T) {
	var out bytes.Buffer
	err := printTables(&out, node.Status{
		Components:    []node.Component{{Name: "etcd", Running: true}, {Name: "kubelet", Restarts: 2}},
		LoadBalancers: []node.LoadBalancer{{Service: "shop/web", Address: "10.200.0.100:80", Relay: "127.0.0.1:4711"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
COMPONENT  RUNNING  RESTARTS
etcd       true     0
kubelet    false    2

LOADBALANCER  ADDRESS          FROM OUTSIDE
shop/web      10.200.0.100:80  127.0.0.1:4711
`, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}
