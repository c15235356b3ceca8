package translatortest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// sharedFolder names the folder of CustomResourceDefinitions that no Go module
// serves and that are no part of the repository.
const sharedFolder = "MESHLOOM_CRDS"

// SharedDefinitions reads the CustomResourceDefinitions in a file of the folder
// that MESHLOOM_CRDS names, by default shared/crds beside the repository. Where
// the file is not there it says so and returns nil: what needs no schema is
// tested all the same, see Suite.Undefined.
func SharedDefinitions(t *testing.T, file string) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	path := filepath.Join(sharedDir(t), file)
	crds, err := readDefinitions(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Logf("NOT RUN: objects are not checked against the real schemas of %s, which are not in %s; set %s", file, filepath.Dir(path), sharedFolder)
		return nil
	case err != nil:
		t.Fatal(err)
	case len(crds) == 0:
		t.Fatalf("%s has no CustomResourceDefinition", path)
	}
	return crds
}

// sharedDir is the folder; tests run in the folder of their package, somewhere
// below that of go.mod.
func sharedDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv(sharedFolder); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared", "crds")
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
