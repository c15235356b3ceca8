package istio

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestUniqueName(t *testing.T) {
	long := strings.Repeat("very-long-", 40)
	seen := map[string][]string{}
	for _, parts := range [][]string{
		{"public", "web", "*"},
		{"public", "web", "x"},
		{"public-web", "x"},
		{"public", "web-x"},
		{"Public", "web", "x"},
		{"a.b", "c"},
		{"a", "b.c"},
		{long},
		{long, "x"},
		{""},
		{"default deny", "all workloads"},
		{"-", "é"},
	} {
		name := uniqueName(parts...)
		if errs := validation.IsDNS1123Label(name); len(errs) > 0 {
			t.Errorf("uniqueName(%q) = %q: %v", parts, name, errs)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("uniqueName gives %q for %q and for %q", name, parts, other)
		}
		if uniqueName(parts...) != name {
			t.Errorf("uniqueName(%q) changes", parts)
		}
		seen[name] = parts
	}
}

func TestPlainName(t *testing.T) {
	if got := plainName("pay"); got != "meshloom-pay" {
		t.Errorf("plainName(pay) = %q", got)
	}
	long := plainName(strings.Repeat("x", maxName))
	if errs := validation.IsDNS1123Subdomain(long); len(errs) > 0 {
		t.Errorf("plainName of a long name = %q: %v", long, errs)
	}
}
