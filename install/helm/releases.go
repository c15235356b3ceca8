package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// secretPrefix begins the names of the Secrets that Helm keeps revisions in.
const secretPrefix = "sh.helm.release.v1." //nolint:gosec // It is a name.

// releaseCache keeps what was read of the Secrets of revisions, by the Secret's
// name and resourceVersion: they are large, and seldom change.
type releaseCache struct {
	mu   sync.Mutex
	read map[string]install.Release
}

// revision is one revision as the labels of its Secret tell it.
type revision struct {
	metav1.ObjectMeta
	number int
}

// Releases returns all Helm releases of the cluster, sorted by namespace and
// name, each with its newest revision. Only newest revisions, and older ones of
// ours, are read whole, and only when they changed since the last call.
func (e *Engine) Releases(ctx context.Context) ([]install.Release, error) {
	clients, err := e.cluster()
	if err != nil {
		return nil, fmt.Errorf("list Helm releases: %w", err)
	}
	list, err := clients.metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).
		List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		return nil, fmt.Errorf("list Helm releases: %w", err)
	}
	var (
		releases []install.Release
		read     = map[string]install.Release{}
	)
	for _, revisions := range group(list.Items) {
		rel, err := e.release(revisions, read)
		if errors.Is(err, driver.ErrReleaseNotFound) {
			continue // It went while it was read.
		}
		if err != nil {
			return nil, err
		}
		releases = append(releases, rel)
	}
	e.seen.mu.Lock()
	e.seen.read = read
	e.seen.mu.Unlock()
	slices.SortFunc(releases, func(a, b install.Release) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return releases, nil
}

// group sorts revisions by release, the newest first.
func group(secrets []metav1.PartialObjectMetadata) map[string][]revision {
	releases := map[string][]revision{}
	for _, secret := range secrets {
		number, err := strconv.Atoi(secret.Labels["version"])
		if err != nil || !strings.HasPrefix(secret.Name, secretPrefix) {
			continue
		}
		key := secret.Namespace + "/" + secret.Labels["name"]
		releases[key] = append(releases[key], revision{secret.ObjectMeta, number})
	}
	for _, revisions := range releases {
		slices.SortFunc(revisions, func(a, b revision) int { return cmp.Compare(b.number, a.number) })
	}
	return releases
}

// release returns one release by its revisions, the newest first.
func (e *Engine) release(revisions []revision, read map[string]install.Release) (install.Release, error) {
	rel, err := e.remembered(revisions[0], read)
	if err != nil {
		return install.Release{}, err
	}
	rel.Labels, rel.History = maps.Clone(rel.Labels), nil
	for _, past := range revisions[1:] {
		status := common.Status(past.Labels["status"])
		one := install.PastRevision{
			Revision: past.number,
			Deployed: status == common.StatusDeployed || status == common.StatusSuperseded,
			Digest:   past.Labels[v1alpha1.LabelDigest],
		}
		if one.Digest != "" {
			old, err := e.remembered(past, read)
			if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
				return install.Release{}, err
			}
			one.AppVersion = old.AppVersion
		}
		rel.History = append(rel.History, one)
	}
	return rel, nil
}

// remembered returns a revision, read anew only where it changed.
func (e *Engine) remembered(r revision, read map[string]install.Release) (install.Release, error) {
	key := r.Namespace + "/" + r.Name + "@" + r.ResourceVersion
	e.seen.mu.Lock()
	rel, known := e.seen.read[key]
	e.seen.mu.Unlock()
	if !known {
		var err error
		if rel, err = e.read(r); err != nil {
			return install.Release{}, err
		}
	}
	read[key] = rel
	return rel, nil
}

// read returns a revision as its Secret has it.
func (e *Engine) read(r revision) (install.Release, error) {
	config, _, err := e.helm(r.Namespace)
	if err != nil {
		return install.Release{}, err
	}
	stored, err := config.Releases.Get(r.Labels["name"], r.number)
	if err != nil {
		return install.Release{}, fmt.Errorf("read Helm release %s/%s: %w", r.Namespace, r.Labels["name"], err)
	}
	rel, ok := stored.(*releasev1.Release)
	if !ok {
		return install.Release{}, fmt.Errorf("read Helm release %s/%s: it is of a kind that this version of Helm does not know",
			r.Namespace, r.Labels["name"])
	}
	return seen(r.Namespace, rel), nil
}

// seen returns a revision of Helm's as install knows it.
func seen(namespace string, rel *releasev1.Release) install.Release {
	r := install.Release{
		Namespace: namespace, Name: rel.Name, Revision: rel.Version, Labels: rel.Labels,
		Owner:  install.OwnerOf(rel.Labels[v1alpha1.LabelOwner]),
		Digest: rel.Labels[v1alpha1.LabelDigest],
	}
	if rel.Chart != nil && rel.Chart.Metadata != nil {
		r.Chart, r.ChartVersion, r.AppVersion = rel.Chart.Metadata.Name, rel.Chart.Metadata.Version, rel.Chart.Metadata.AppVersion
	}
	if rel.Info != nil {
		r.Status, r.Description, r.Updated = status(rel.Info.Status), rel.Info.Description, rel.Info.LastDeployed
		if rel.Info.Deleted.After(r.Updated) {
			r.Updated = rel.Info.Deleted
		}
	}
	r.Ours = strings.HasPrefix(r.Description, install.Described) ||
		rel.Labels[v1alpha1.LabelWritten] == strconv.Itoa(rel.Version)
	return r
}

// status returns Helm's word for a newest revision as one of install's.
func status(s common.Status) install.ReleaseStatus {
	switch {
	case s == common.StatusDeployed:
		return install.Deployed
	case s.IsPending():
		return install.Pending
	case s == common.StatusUninstalling, s == common.StatusUninstalled:
		return install.Uninstalling
	}
	return install.Failed
}
