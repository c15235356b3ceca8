package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// index lists the files that an earlier Dir wrote, so that the next one knows
// what it may remove.
const index = ".meshloom-rendered"

// Dir writes one file per document below dir, as
// <namespace or _cluster>/<kind>-<name>.yaml, and removes the files that an
// earlier run wrote and this one does not. Files of others are left alone: one
// in the way is an error, and then nothing has been written.
func Dir(dir string, docs []Doc) error {
	old, err := readIndex(dir)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	var names []string
	for _, doc := range docs {
		name := fileName(doc)
		if files[name], err = document(doc); err != nil {
			return err
		}
		names = append(names, name)
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil && !old[name] {
			return fmt.Errorf("write %s: it exists and was not written by meshctl; move it away or choose another --out-dir", filepath.Join(dir, name))
		}
	}
	for _, name := range names {
		if err := writeFile(filepath.Join(dir, name), files[name]); err != nil {
			return err
		}
	}
	for name := range old {
		if _, kept := files[name]; kept {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what is no longer rendered: %w", err)
		}
	}
	return writeFile(filepath.Join(dir, index), []byte(strings.Join(names, "\n")+"\n"))
}

func fileName(doc Doc) string {
	folder := doc.Object.GetNamespace()
	if folder == "" {
		folder = "_cluster"
	}
	return filepath.Join(folder, strings.ToLower(doc.Object.GetKind())+"-"+doc.Object.GetName()+".yaml")
}

// readIndex returns the files that an earlier run wrote. Entries that lead out
// of the folder are ignored: the index can be edited by anyone.
func readIndex(dir string) (map[string]bool, error) {
	data, err := os.ReadFile(filepath.Join(dir, index))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the list of rendered files: %w", err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if name := strings.TrimSpace(line); filepath.IsLocal(name) {
			names[name] = true
		}
	}
	return names, nil
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // manifests are for others to read
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // manifests are for others to read
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}
