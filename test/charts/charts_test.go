package charts

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/getter"
	"helm.sh/helm/v4/pkg/repo/v1"

	"github.com/meshloom/meshloom/test/binaries"
)

func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := Write(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRepositoriesHoldBothVersions(t *testing.T) {
	dir := written(t)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	getters := getter.Getters()
	for _, repository := range []string{Good, Broken} {
		for _, name := range []string{"base", "istiod", "gateway"} {
			for _, version := range []string{binaries.PreviousIstioVersion, binaries.IstioVersion} {
				url, err := repo.FindChartInRepoURL(server.URL+"/"+repository, name, getters, repo.WithChartVersion(version))
				if err != nil {
					t.Fatal(err)
				}
				c, err := loader.Load(filepath.Join(dir, strings.TrimPrefix(url, server.URL)))
				if err != nil {
					t.Fatal(err)
				}
				if c.Metadata.Version != version || c.Metadata.AppVersion != version {
					t.Errorf("%s is of version %s, app %s", url, c.Metadata.Version, c.Metadata.AppVersion)
				}
				if name == control && !strings.Contains(fmt.Sprint(c.Values), "tag:"+version) {
					t.Errorf("%s has images of another tag", url)
				}
				broken := slices.ContainsFunc(c.Templates, func(f *common.File) bool { return f.Name == "templates/refused.yaml" })
				if want := repository == Broken && name == control && version == binaries.IstioVersion; broken != want {
					t.Errorf("%s is broken: %t, want %t", url, broken, want)
				}
			}
		}
	}
}

func TestSameChartsGiveSameFiles(t *testing.T) {
	var contents [2]map[string]string
	for i := range contents {
		dir := written(t)
		files, err := Files(dir)
		if err != nil {
			t.Fatal(err)
		}
		contents[i] = map[string]string{}
		for path, source := range files {
			text, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			contents[i][path] = string(text)
		}
	}
	if len(contents[0]) != 14 {
		t.Errorf("%d files, want two repositories of six charts and an index", len(contents[0]))
	}
	if diff := cmp.Diff(contents[0], contents[1]); diff != "" {
		t.Error("two repositories of the same charts differ")
	}
}
