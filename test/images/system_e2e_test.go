//go:build e2e

package images

import (
	"path/filepath"
	"testing"
)

func TestSystemFilesAreComplete(t *testing.T) {
	files, err := systemFiles(iptables)
	if err != nil {
		t.Fatalf("%v (hack/packages.sh installs what is missing)", err)
	}
	have := map[string]bool{}
	for path := range files {
		have[filepath.Base(path)] = true
	}
	for path, target := range systemLinks() {
		if _, ok := files[filepath.Join(filepath.Dir(path), target)]; !ok {
			t.Errorf("%s points to %s, which is not there", path, target)
		}
		have[filepath.Base(path)] = true
	}
	for _, name := range []string{"libc.so.6", "libxtables.so.12", "iptables-restore", "ip6tables-save", "sh", "libxt_owner.so"} {
		if !have[name] {
			t.Errorf("no %s among the files", name)
		}
	}
}
