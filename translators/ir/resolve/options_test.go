package resolve

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnnotationsAreCopiedByKeyAndByPrefix(t *testing.T) {
	all := map[string]string{
		"mesh.example/port": "80", "mesh.example/ports": "81", "mesh.example/meta-version": "v1", "mesh.example/meta": "no",
		"other.example/secret": "no",
	}
	options := Options{Annotations: []string{"mesh.example/port", "mesh.example/meta-*"}}
	want := map[string]string{"mesh.example/port": "80", "mesh.example/meta-version": "v1"}
	if diff := cmp.Diff(want, options.Picked(all)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := options.Picked(map[string]string{"x": "y"}); got != nil {
		t.Errorf("got %v of none that is named", got)
	}
}
