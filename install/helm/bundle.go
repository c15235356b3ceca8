package helm

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
)

// indexName is the file of a bundle that lists its charts. It comes first.
const indexName = "index.json"

// bundleEntry is one chart of a bundle.
type bundleEntry struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// File of the packed chart, and its SHA-256.
	File   string `json:"file"`
	Digest string `json:"digest"`
}

// WriteBundle writes an archive of charts, from wherever they come, for a
// machine that reaches none of these places. The same charts make the same
// bytes. A chart that several works need is in it once.
func (e *Engine) WriteBundle(ctx context.Context, w io.Writer, works []Work) error {
	packed := map[string][]byte{}
	var index []bundleEntry
	for _, work := range works {
		entry := bundleEntry{Name: work.Chart.Name, Version: work.Chart.Version}
		entry.File = fmt.Sprintf("charts/%s-%s.tgz", entry.Name, entry.Version)
		if packed[entry.File] != nil {
			continue
		}
		data, err := e.pack(ctx, work)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		entry.Digest = hex.EncodeToString(sum[:])
		packed[entry.File] = data
		index = append(index, entry)
	}
	slices.SortFunc(index, func(a, b bundleEntry) int { return cmp.Compare(a.File, b.File) })
	listed, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	content := files{{Name: indexName, Data: listed}}
	for _, entry := range index {
		content = append(content, &archive.BufferedFile{Name: entry.File, Data: packed[entry.File]})
	}
	if err := writeArchive(w, content); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// pack returns a chart as one packed file, with the version that was asked for.
func (e *Engine) pack(ctx context.Context, w Work) ([]byte, error) {
	chart, err := e.load(ctx, w)
	if err != nil {
		return nil, err
	}
	about, err := yaml.Marshal(chart.Metadata)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", w.what(), err)
	}
	var content files
	for _, f := range chart.Raw {
		file := &archive.BufferedFile{Name: w.Chart.Name + "/" + f.Name, Data: f.Data}
		if f.Name == "Chart.yaml" {
			file.Data = about
		}
		content = append(content, file)
	}
	slices.SortFunc(content, func(a, b *archive.BufferedFile) int { return cmp.Compare(a.Name, b.Name) })
	var packed bytes.Buffer
	if err := writeArchive(&packed, content); err != nil {
		return nil, fmt.Errorf("pack %s: %w", w.what(), err)
	}
	return packed.Bytes(), nil
}

// writeArchive writes files as a compressed tar, in their order and without
// anything that differs from one time to the next.
func writeArchive(w io.Writer, content files) error {
	zipped := gzip.NewWriter(w)
	archived := tar.NewWriter(zipped)
	for _, f := range content {
		header := &tar.Header{Name: f.Name, Mode: 0o644, Size: int64(len(f.Data)), Format: tar.FormatPAX}
		if err := archived.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archived.Write(f.Data); err != nil {
			return err
		}
	}
	if err := archived.Close(); err != nil {
		return err
	}
	return zipped.Close()
}

// fetchOrUnbundle gets a chart of a repository: from the bundle where there is
// one and it has the chart, so that a cluster that reaches no repository needs
// no other Mesh.
func (e *Engine) fetchOrUnbundle(ctx context.Context, c install.Chart) (files, error) {
	if e.options.Bundle == "" {
		return e.fetch(ctx, c)
	}
	packed := c
	packed.Source = install.Source{Kind: install.Bundle}
	found, missing := e.bundled(packed)
	if missing == nil {
		return found, nil
	}
	if !errors.Is(missing, errNotBundled) {
		return nil, missing
	}
	found, err := e.fetch(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%w (nor is it in bundle %s)", err, e.options.Bundle)
	}
	return found, nil
}

// errNotBundled is returned where a bundle has other charts.
var errNotBundled = errors.New("the chart is not in it")

// bundled reads a chart out of a bundle.
func (e *Engine) bundled(c install.Chart) (files, error) {
	path := cmp.Or(c.Source.Location, e.options.Bundle)
	if path == "" {
		return nil, errors.New("no bundle is named: make one with meshctl bundle, and name it in helm.chartSource")
	}
	content, err := readArchive(path)
	if err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	var index []bundleEntry
	if err := json.Unmarshal(content[indexName], &index); err != nil {
		return nil, fmt.Errorf("read bundle: it is none that meshctl bundle made: %w", err)
	}
	var there []string
	for _, entry := range index {
		if entry.Name != c.Name || entry.Version != c.Version {
			there = append(there, entry.Name+" "+entry.Version)
			continue
		}
		if sum := sha256.Sum256(content[entry.File]); hex.EncodeToString(sum[:]) != entry.Digest {
			return nil, fmt.Errorf("read bundle: %s is not what its index says: make the bundle anew", entry.File)
		}
		return unpack(content[entry.File])
	}
	return nil, fmt.Errorf("%w, but %v are: make a bundle with it", errNotBundled, there)
}

// readArchive returns the files of a compressed tar.
func readArchive(path string) (map[string][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	content := map[string][]byte{}
	for archived := tar.NewReader(zipped); ; {
		header, err := archived.Next()
		if errors.Is(err, io.EOF) {
			return content, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.LimitReader(archived, maxDownload))
		if err != nil {
			return nil, err
		}
		content[header.Name] = data
	}
}
