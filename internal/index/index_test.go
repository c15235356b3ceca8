package index

import (
	"slices"
	"testing"
)

func TestIndexOfAnySize(t *testing.T) {
	x := Index[string, int]{}
	const most = 3 * maxFew
	for n := range most {
		x.Add("a", n)
		x.Add("a", n)
		x.Add("b", -n)
		if got := x.Members("a"); len(got) != n+1 {
			t.Fatalf("%d members after %d were added: %v", len(got), n+1, got)
		}
	}
	for n := range most {
		x.Remove("a", n)
		x.Remove("a", n)
		got := x.Members("a")
		if slices.Contains(got, n) || len(got) != most-n-1 {
			t.Fatalf("after the removal of %d: %v", n, got)
		}
	}
	if _, ok := x["a"]; ok || len(x.Members("b")) != most {
		t.Errorf("an empty set stays, or another lost something: %v", x)
	}
	x.Remove("none", 1)
}
