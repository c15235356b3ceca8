package images

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// sample is an image with one of each kind of file.
func sample(t *testing.T, content string) Image {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return Image{
		Name: "docker.io/local/sample:1", User: nobody, Entrypoint: []string{"/bin/program"}, Cmd: []string{"serve"},
		Files: []File{
			{Path: "/bin/program", From: program},
			{Path: "/bin/other", Link: "program"},
			{Path: "/etc/deep/note", Content: []byte("hello"), Mode: 0o644},
			temporary,
		},
	}
}

func archive(t *testing.T, i Image, dir string) string {
	t.Helper()
	path, err := i.Archive(dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// entries lists a layer's files as "mode name -> link or content".
func entries(t *testing.T, image v1.Image) []string {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var got []string
	for in := tar.NewReader(content); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name+" "+h.Linkname+string(text))
	}
}

func TestArchiveHoldsWhatTheImageSays(t *testing.T) {
	path := archive(t, sample(t, "binary"), t.TempDir())
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"drwxr-xr-x bin/ ", "-rwxr-xr-x bin/program binary", "Lrwxrwxrwx bin/other program",
		"drwxr-xr-x etc/ ", "drwxr-xr-x etc/deep/ ", "-rw-r--r-- etc/deep/note hello", "dtrwxrwxrwx tmp/ ",
	}
	if diff := cmp.Diff(want, entries(t, image)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got := []any{config.OS, config.Config.User, config.Config.Entrypoint, config.Config.Cmd}
	if diff := cmp.Diff([]any{"linux", nobody, []string{"/bin/program"}, []string{"serve"}}, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
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

func TestArchiveNeedsItsFiles(t *testing.T) {
	i := Image{Name: "docker.io/local/sample:1", Files: []File{{Path: "/x", From: "/no/such/file"}}}
	if _, err := i.Archive(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of a missing file", err)
	}
	dir := t.TempDir()
	i = Image{Name: "docker.io/local/sample:1", Files: []File{{Path: "x", Content: []byte("x")}}}
	if _, err := i.Archive(dir); err == nil {
		t.Error("a path that is not absolute was taken")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("a failed archive leaves %v (%v)", left, err)
	}
}

func TestSystemFilesAreComplete(t *testing.T) {
	files, err := systemFiles(iptables)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("NOT RUN: %v (hack/packages.sh installs what is missing)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, f := range files {
		have[filepath.Base(f.Path)] = true
	}
	for _, name := range []string{"libc.so.6", "libxtables.so.12", "iptables-restore", "ip6tables-save", "sh", "libxt_owner.so"} {
		if !have[name] {
			t.Errorf("no %s among the files", name)
		}
	}
}

func TestOurImages(t *testing.T) {
	dir := t.TempDir()
	for _, build := range []func() (string, error){
		func() (string, error) { return Bookinfo(t.Context(), dir) },
		func() (string, error) { return Load(t.Context(), dir) },
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
