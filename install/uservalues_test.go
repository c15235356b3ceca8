package install_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestUserValues(t *testing.T) {
	helm := func(text string) *v1alpha1.Helm {
		return &v1alpha1.Helm{Values: &runtime.RawExtension{Raw: []byte(text)}}
	}
	said := []install.Said{
		{Path: "global.name", Value: "plane", Remedy: "leave it"},
		{Path: "global.key", Remedy: "name a Secret"},
		{Path: "replicas.of.nothing", Value: "1", Remedy: "leave it"},
		{Path: "revision", Blank: true, Remedy: "leave it", By: "IngressGateway"},
	}
	for text, want := range map[string]string{
		`{}`: "", `{"global":{"name":"plane"}}`: "", `{"replicas":2}`: "",
		`{"global":{"name":"other"}}`:   "global.name says something else than the Mesh, where plane is needed: remove it and leave it",
		`{"global":{"key":"hidden"}}`:   "global.key says something else than the Mesh, where it is Meshloom's to set: remove it and name a Secret",
		`{"global":{"key":""}}`:         "global.key says something else than the Mesh",
		`{"revision":""}`:               "",
		`{"revision":"hidden"}`:         "revision says something else than the IngressGateway, where it is Meshloom's to set: remove it and leave it",
		`[1]`:                           "the values are no object",
		`{"replicas":{"of":"nothing"}}`: "",
	} {
		values, issues := install.UserValues(ir.Source{}, helm(text), "ML0")
		issues = append(issues, install.Contradictions(ir.Source{}, values, said, "ML0")...)
		got := ""
		for _, issue := range issues {
			got += issue.Message
		}
		if (got == "") != (want == "") || !strings.Contains(got, want) || strings.Contains(got, "hidden") {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
