package helm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"helm.sh/helm/v4/pkg/repo/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
)

// maxDownload is the most that is read of one answer of a repository.
const maxDownload = 64 << 20

// fetch downloads a chart from an OCI registry or an HTTP repository, or the
// manifests that one is made of.
func (e *Engine) fetch(ctx context.Context, c install.Chart) (files, error) {
	login, err := e.credentials(ctx, c.Source.SecretRef)
	if err != nil {
		return nil, err
	}
	if c.Source.Kind == install.Manifests {
		return e.wrapped(ctx, c, login)
	}
	var packed []byte
	if strings.HasPrefix(c.Source.Location, "oci://") {
		packed, err = e.pull(ctx, c, login)
	} else {
		packed, err = e.download(ctx, c, login)
	}
	if err != nil {
		return nil, err
	}
	return unpack(packed)
}

// download gets a packed chart from an HTTP repository by its index.
func (e *Engine) download(ctx context.Context, c install.Chart, login credentials) ([]byte, error) {
	base, err := url.Parse(strings.TrimSuffix(c.Source.Location, "/") + "/")
	if err != nil || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("it is no repository: its location must begin with https://, http:// or oci://")
	}
	data, err := e.get(ctx, base.JoinPath("index.yaml"), login)
	if err != nil {
		return nil, fmt.Errorf("read the repository's index: %w", err)
	}
	var index repo.IndexFile
	if err := yaml.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("read the repository's index: %w", err)
	}
	entry, err := find(&index, c)
	if err != nil {
		return nil, err
	}
	address, err := base.Parse(entry.URLs[0])
	if err != nil {
		return nil, fmt.Errorf("read the repository's index: chart address %q: %w", entry.URLs[0], err)
	}
	if address.Host != base.Host {
		login = credentials{} // They were given to the repository alone.
	}
	packed, err := e.get(ctx, address, login)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(packed); entry.Digest != "" && hex.EncodeToString(sum[:]) != strings.TrimPrefix(entry.Digest, "sha256:") {
		return nil, fmt.Errorf("%s is not what the index says: its digest differs; ask whoever runs the repository", address)
	}
	return packed, nil
}

// find returns the entry of exactly one version of a chart.
func find(index *repo.IndexFile, c install.Chart) (*repo.ChartVersion, error) {
	index.SortEntries()
	var there []string
	for _, v := range index.Entries[c.Name] {
		if v.Version == c.Version && len(v.URLs) > 0 {
			return v, nil
		}
		there = append(there, v.Version)
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("the repository has no chart %s: check helm.chartSource", c.Name)
	}
	const few = 5
	list := strings.Join(there[:min(len(there), few)], ", ")
	return nil, fmt.Errorf("the repository does not have that version of it, but %s: mirror the chart, or ask for another version", list)
}

// get returns what is at an address.
func (e *Engine) get(ctx context.Context, address *url.URL, login credentials) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	if login.username != "" {
		request.SetBasicAuth(login.username, login.password)
	}
	response, err := e.options.HTTP.Do(request)
	if err != nil {
		return nil, err // It names the address.
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("get %s: %s: name a Secret with username and password in helm.chartSource", address, response.Status)
	default:
		return nil, fmt.Errorf("get %s: %s", address, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxDownload+1))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	if len(data) > maxDownload {
		return nil, fmt.Errorf("get %s: it is larger than %d MiB", address, maxDownload>>20)
	}
	return data, nil
}
