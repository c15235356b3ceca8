package images

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/cluster/image"
)

func sample(t *testing.T, content string) image.Spec {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return image.Spec{Name: "docker.io/local/sample:1", User: nobody, Files: map[string]string{"/program": program}}
}

func archive(t *testing.T, spec image.Spec, dir string) string {
	t.Helper()
	path, err := Archive(dir, spec)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArchiveIsNamedByContent(t *testing.T) {
	dir := t.TempDir()
	first := archive(t, sample(t, "binary"), dir)
	written, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	// The same content from another place is the same image, not written again.
	if again := archive(t, sample(t, "binary"), dir); again != first {
		t.Errorf("same content at %s and %s", first, again)
	}
	if now, err := os.Stat(first); err != nil || !now.ModTime().Equal(written.ModTime()) {
		t.Errorf("the archive was written twice (%v)", err)
	}
	other := sample(t, "binary")
	other.User = "0:0"
	paths := []string{first, archive(t, sample(t, "changed"), dir), archive(t, other, dir)}
	if slices.Sort(paths); len(slices.Compact(paths)) != 3 {
		t.Errorf("different content under one name: %v", paths)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 3 {
		t.Errorf("folder holds %v (%v), want three archives", left, err)
	}
}

func TestArchiveForgetsOldContent(t *testing.T) {
	dir := t.TempDir()
	old, recent := archive(t, sample(t, "old"), dir), archive(t, sample(t, "recent"), dir)
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	archive(t, sample(t, "new"), dir)
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old archive is still there (%v)", err)
	}
	if _, err := os.Stat(recent); err != nil {
		t.Errorf("the recent archive is gone: %v", err)
	}
}

func TestArchiveNeedsItsFiles(t *testing.T) {
	dir := t.TempDir()
	spec := image.Spec{Name: "docker.io/local/sample:1", Files: map[string]string{"/x": "/no/such/file"}}
	if _, err := Archive(dir, spec); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of a missing file", err)
	}
	if _, err := Archive(dir, image.Spec{Name: "no name"}); err == nil {
		t.Error("a bad name was taken")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("a failed archive leaves %v (%v)", left, err)
	}
}

func TestOurImages(t *testing.T) {
	dir := t.TempDir()
	for _, build := range []func() (string, error){
		func() (string, error) { return Bookinfo(t.Context(), dir) },
		func() (string, error) { return Load(t.Context(), dir) },
		func() (string, error) { return Charts(t.Context(), dir) },
	} {
		path, err := build()
		if err != nil {
			t.Fatal(err)
		}
		again, err := build()
		if err != nil || again != path {
			t.Errorf("built twice: %s and %s (%v)", path, again, err)
		}
	}
}
