package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/images"
	"github.com/meshloom/meshloom/test/istio"
)

// ImageCache is the folder that archives of images are kept in, outside of the
// repository.
func ImageCache() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache folder: %w", err)
	}
	return filepath.Join(cache, "meshloom", "images"), nil
}

// InstallIstio puts Istio on the cluster, with the images of Istio, Bookinfo
// and the load client, and the gateways. Installing over it changes nothing.
func (l *Lab) InstallIstio(ctx context.Context, gateways ...istio.Gateway) (*istio.Installer, error) {
	if err := l.loadAll(ctx); err != nil {
		return nil, err
	}
	installer, err := istio.New(ctx, istio.Cluster{Kubeconfig: l.Kubeconfig, Context: l.Context}, l.progress)
	if err != nil {
		return nil, err
	}
	if err := installer.Install(ctx, nil); err != nil {
		return nil, err
	}
	for _, g := range gateways {
		if err := installer.InstallGateway(ctx, g); err != nil {
			return nil, err
		}
	}
	return installer, nil
}

// loadAll makes the images and loads them. A cluster of somebody else's has
// them already.
func (l *Lab) loadAll(ctx context.Context) error {
	if l.Local == nil {
		return nil
	}
	dir, err := ImageCache()
	if err != nil {
		return err
	}
	archives, err := images.Istio(ctx, binaries.IstioVersion, dir, l.progress)
	if err != nil {
		return err
	}
	for _, build := range []func(context.Context, string) (string, error){images.Bookinfo, images.Load} {
		archive, err := build(ctx, dir)
		if err != nil {
			return err
		}
		archives = append(archives, archive)
	}
	return l.LoadImages(ctx, archives...)
}
