package chart_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/translators/all"
)

// recipe is how the Makefile makes plain manifests.
var recipe = regexp.MustCompile(`(?m)^\tgo run .*\./cmd/meshctl (.*) > bin/meshloom\.yaml$`)

// meshctl runs a verb without a cluster.
func meshctl(t *testing.T, args ...string) string {
	t.Helper()
	var out, complaint bytes.Buffer
	if code := cli.Main(t.Context(), cli.Config{Providers: all.Providers(), Out: &out, Err: &complaint}, args); code != 0 {
		t.Fatalf("meshctl %q: code %d: %s", args, code, complaint.String())
	}
	return out.String()
}

// TestThreeWaysInstallTheSame compares, object by object, what helm renders of
// the folder of the chart, the plain manifests, and what meshctl would install.
func TestThreeWaysInstallTheSame(t *testing.T) {
	folder, err := loader.LoadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	text, err := template(t, folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	byHelm := objects(t, text)
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	made := recipe.FindSubmatch(makefile)
	if made == nil {
		t.Fatal("the Makefile makes no manifests")
	}
	for way, text := range map[string]string{
		"make manifests":  meshctl(t, strings.Fields(string(made[1]))...),
		"meshctl install": meshctl(t, "install", "--dry-run", "-o", "yaml"),
	} {
		got := objects(t, text)
		if got["Namespace meshloom-system"] == nil {
			t.Errorf("%s makes no namespace", way)
		}
		// Helm makes the namespace of a release by itself.
		delete(got, "Namespace meshloom-system")
		if len(got) < 20 {
			t.Errorf("%s: only %d objects", way, len(got))
		}
		for name := range got {
			if byHelm[name] == nil {
				t.Errorf("%s: helm does not render %s", way, name)
			}
		}
		for name, want := range byHelm {
			if diff := cmp.Diff(want, got[name]); diff != "" {
				t.Errorf("%s: %s differs from what helm renders:\n%.2000s", way, name, diff)
			}
		}
	}
}

// TestTheChartOfTheFolderIsTheEmbeddedOne: what helm packages has no file more
// or less than what comes with meshctl.
func TestTheChartOfTheFolderIsTheEmbeddedOne(t *testing.T) {
	folder, err := loader.LoadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	onDisk, embedded := map[string]bool{}, map[string]bool{}
	for _, file := range folder.Raw {
		onDisk[file.Name] = true
	}
	for _, file := range load(t).Raw {
		embedded[file.Name] = true
	}
	if diff := cmp.Diff(embedded, onDisk); diff != "" {
		t.Error(diff)
	}
}
