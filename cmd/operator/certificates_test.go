package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCertificateNamespaces(t *testing.T) {
	for arg, want := range map[string][]string{"": {}, "*": nil, "edge": {"edge"}, "edge,shop": {"edge", "shop"}, "edge,*": nil} {
		f, err := parse([]string{"--certificate-namespaces=" + arg})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, f.certificateNamespaces()); diff != "" {
			t.Errorf("%q:\n%s", arg, diff)
		}
	}
	f, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.certificateNamespaces(); got != nil {
		t.Errorf("by default %q, want all", got)
	}
}
