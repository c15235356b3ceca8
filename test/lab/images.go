package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LoadImages puts image archives on the nodes, but for those that were put
// there last under their name. On a cluster of somebody else's the images have
// to be there already, and nothing is done.
func (l *Lab) LoadImages(ctx context.Context, archives ...string) error {
	if l.Local == nil {
		return nil
	}
	// The notes go with the cluster, beside whose kubeconfig they are.
	path := filepath.Join(filepath.Dir(l.Kubeconfig), "loaded.json")
	l.loading.Lock()
	defer l.loading.Unlock()
	loaded, err := readNotes(path)
	if err != nil {
		return err
	}
	for _, a := range archives {
		content := filepath.Base(a)
		image, _, _ := strings.Cut(content, "@")
		if loaded[image] == content {
			continue
		}
		if err := l.Local.LoadImage(ctx, a); err != nil {
			return err
		}
		loaded[image] = content
		if err := writeNotes(path, loaded); err != nil {
			return err
		}
	}
	return nil
}

func readNotes(path string) (map[string]string, error) {
	notes := map[string]string{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return notes, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which images are loaded: %w", err)
	}
	if err := json.Unmarshal(text, &notes); err != nil {
		return nil, fmt.Errorf("read which images are loaded: %w", err)
	}
	return notes, nil
}

func writeNotes(path string, notes map[string]string) error {
	text, err := json.Marshal(notes)
	if err != nil {
		return fmt.Errorf("note which images are loaded: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("note which images are loaded: %w", err)
	}
	return nil
}
