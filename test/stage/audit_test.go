package stage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAuditTellsWhoWroteWhat(t *testing.T) {
	before := `{"verb":"create","user":{"username":"early"},"objectRef":{"resource":"pods"},"responseStatus":{"code":201}}` + "\n"
	after := `{"verb":"patch","userAgent":"meshctl/v1","user":{"username":"admin"},"objectRef":{"resource":"meshes","apiGroup":"meshloom.io","name":"shop"},"responseStatus":{"code":200}}
{"verb":"get","user":{"username":"admin"},"objectRef":{"resource":"pods","name":"a"},"responseStatus":{"code":200}}
{"verb":"create","user":{"username":"admin"},"objectRef":{"resource":"selfsubjectaccessreviews","apiGroup":"authorization.k8s.io"},"responseStatus":{"code":201}}
{"verb":"delete","user":{"username":"admin"},"objectRef":{"resource":"pods","namespace":"a","name":"b"},"responseStatus":{"code":404}}
{"verb":"update","user":{"username":"other"},"objectRef":{"resource":"pods","subresource":"status","namespace":"a","name":"b"},"responseStatus":{"code":200}}
`
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(before+after), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &Audit{path: path, from: int64(len(before))}
	got, err := a.Writes(func(Write) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	want := []Write{
		{User: "admin", Agent: "meshctl/v1", Verb: "patch", Object: "meshes.meshloom.io shop"},
		{User: "other", Verb: "update", Object: "pods/status a/b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}
