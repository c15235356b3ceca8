package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBesideKeepsTheColumnsApart(t *testing.T) {
	var out bytes.Buffer
	p := &printer{out: &out}
	p.beside([2]string{"left", "a: ü\nlonger: 1\n"}, [2]string{"right", "x\ny\nz\n"})
	want := `      left      │ right
      ────      │ ─────
      a: ü      │ x
      longer: 1 │ y
                │ z
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

func TestDemoContextIsCheckedFirst(t *testing.T) {
	t.Setenv("KUBECONFIG", "testdata/kubeconfig.yaml")
	for name, known := range map[string]bool{"": true, "mine": true, "other": false} {
		t.Setenv("DEMO_CONTEXT", name)
		if err := checkContext(); (err == nil) != known {
			t.Errorf("DEMO_CONTEXT=%q: %v", name, err)
		}
	}
	t.Setenv("KUBECONFIG", "testdata/none.yaml")
	t.Setenv("DEMO_CONTEXT", "mine")
	if err := checkContext(); err == nil {
		t.Error("a kubeconfig that is not there was taken")
	}
}
