package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/meshloom/meshloom/test/cluster/image"
)

// spec is an image of a program, a text behind a symbolic link, and a link.
func spec(t *testing.T) image.Spec {
	t.Helper()
	dir := t.TempDir()
	program, text, link := filepath.Join(dir, "program"), filepath.Join(dir, "text"), filepath.Join(dir, "link")
	if err := os.WriteFile(program, []byte("run"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte("read"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(text, link); err != nil {
		t.Fatal(err)
	}
	return image.Spec{
		Name:       "docker.io/local/thing:1",
		Files:      map[string]string{"/usr/bin/program": program, "/etc/text": link},
		Links:      map[string]string{"/bin/sh": "/usr/bin/program"},
		Entrypoint: []string{"/usr/bin/program"},
		Env:        []string{"A=b"},
		User:       "65532",
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "thing.tar")
	if err := image.Write(path, spec(t)); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("docker.io/local/thing:1")
	if err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(path, &tag)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got := []string{file.OS, file.Config.User, file.Config.Entrypoint[0], file.Config.Env[0]}
	if diff := cmp.Diff([]string{"linux", "65532", "/usr/bin/program", "A=b"}, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	want := map[string]string{
		"usr/bin/program": "-rwxr-xr-x run",
		"etc/text":        "-rw-r--r-- read",
		"bin/sh":          "Lrwxrwxrwx /usr/bin/program",
	}
	if diff := cmp.Diff(want, contents(t, mutate.Extract(img))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func contents(t *testing.T, layers io.Reader) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for archive := tar.NewReader(layers); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = header.FileInfo().Mode().String() + " " + string(text) + header.Linkname
	}
}

func TestWriteIsDeterministic(t *testing.T) {
	var archives [2][]byte
	s := spec(t)
	for i := range archives {
		path := filepath.Join(t.TempDir(), "thing.tar")
		if err := image.Write(path, s); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		archives[i] = text
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same files gave different archives")
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, change := range map[string]func(*image.Spec){
		"a short name":        func(s *image.Spec) { s.Name = "thing" },
		"a name without tag":  func(s *image.Spec) { s.Name = "docker.io/local/thing" },
		"a file that is gone": func(s *image.Spec) { s.Files["/etc/more"] = "/no/such/file" },
	} {
		t.Run(name, func(t *testing.T) {
			s := spec(t)
			change(&s)
			if err := image.Write(filepath.Join(t.TempDir(), "thing.tar"), s); err == nil {
				t.Error("was written")
			}
		})
	}
}
