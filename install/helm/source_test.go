package helm_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	helmregistry "helm.sh/helm/v4/pkg/registry"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// packed returns the chart plane of a version as one file.
func packed(t *testing.T, version string) []byte {
	t.Helper()
	chart, err := loader.LoadDir("testdata/charts/plane")
	if err != nil {
		t.Fatal(err)
	}
	chart.Metadata.Version, chart.Metadata.AppVersion = version, version
	file, err := chartutil.Save(chart, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// guarded lets in only who gives these credentials, if there are any.
func guarded(handler http.Handler, username, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); username != "" && (u != username || p != password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="charts"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// repository is an HTTP repository that has plane 1.30.0 and 1.31.0. Its answers
// are counted.
func repository(t *testing.T, username, password string) (address string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	mux := http.NewServeMux()
	index := "apiVersion: v1\nentries:\n  plane:\n"
	for _, version := range []string{"1.31.0", "1.30.0"} {
		data := packed(t, version)
		sum := sha256.Sum256(data)
		index += fmt.Sprintf("  - {name: plane, version: %s, apiVersion: v2, digest: %s, urls: [charts/plane-%s.tgz], unknown: field}\n",
			version, hex.EncodeToString(sum[:]), version)
		mux.HandleFunc("/some/where/charts/plane-"+version+".tgz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	}
	index += fmt.Sprintf("  - {name: plane, version: 1.29.0, apiVersion: v2, digest: %064d, urls: [charts/plane-1.30.0.tgz]}\n", 0)
	index += "  - {name: plane, version: 1.28.0, apiVersion: v2, urls: [charts/gone.tgz]}\n"
	mux.HandleFunc("/some/where/index.yaml", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, index) })
	counting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		mux.ServeHTTP(w, r)
	})
	server := httptest.NewServer(guarded(counting, username, password))
	t.Cleanup(server.Close)
	return server.URL + "/some/where", calls
}

// ociRegistry is a registry that has plane 1.31.0+build.
func ociRegistry(t *testing.T, username, password string) string {
	t.Helper()
	server := httptest.NewServer(guarded(registry.New(registry.Logger(log.New(io.Discard, "", 0))), username, password))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	client, err := helmregistry.NewClient(helmregistry.ClientOptPlainHTTP(), helmregistry.ClientOptBasicAuth(username, password))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Push(packed(t, "1.31.0+build"), host+"/some/where/plane:1.31.0+build"); err != nil {
		t.Fatal(err)
	}
	return "oci://" + host + "/some/where"
}

// from is the work with the chart of another source.
func from(kind install.SourceKind, location, version string) helm.Work {
	work := plane("somewhere", nil)
	work.Chart.Source, work.Chart.Path, work.Chart.Version = install.Source{Kind: kind, Location: location}, "", version
	return work
}

func render(t *testing.T, engine *helm.Engine, work helm.Work) (string, error) {
	t.Helper()
	return engine.Render(t.Context(), helm.Rendering{Work: work})
}

func TestSources(t *testing.T) {
	engine := helm.New(helm.Options{})
	http, calls := repository(t, "", "")
	oci := ociRegistry(t, "", "")
	file := filepath.Join(t.TempDir(), "plane.tgz")
	if err := os.WriteFile(file, packed(t, "1.31.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, work := range map[string]helm.Work{
		"embedded":        plane("somewhere", nil),
		"HTTP repository": from(install.Repository, http, "1.31.0"),
		"its older chart": from(install.Repository, http+"/", "1.30.0"),
		"OCI registry":    from(install.Repository, oci, "1.31.0+build"),
		"folder":          from(install.Path, "testdata/charts/plane", "1.0.0"),
		"packed chart":    from(install.Path, file, "1.31.0"),
	} {
		t.Run(name, func(t *testing.T) {
			text, err := render(t, engine, work)
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("version: %q", work.Chart.Version); !strings.Contains(text, want) {
				t.Errorf("%s is not in what was rendered:\n%s", want, text)
			}
		})
	}
	before := calls.Load()
	if _, err := render(t, engine, from(install.Repository, http, "1.31.0")); err != nil || calls.Load() != before {
		t.Errorf("a chart that was fetched is fetched again: %d calls, %v", calls.Load()-before, err)
	}
}

func TestSourcesThatFail(t *testing.T) {
	http, _ := repository(t, "", "")
	closed, _ := repository(t, "somebody", "secret")
	oci := ociRegistry(t, "", "")
	closedOCI := ociRegistry(t, "somebody", "secret")
	embedded := plane("somewhere", nil)
	embedded.Chart.Path = "none"
	gone := httptest.NewServer(nil)
	gone.Close()
	named := func(work helm.Work, secret string) helm.Work {
		work.Chart.Source.SecretRef = secret
		return work
	}
	for name, c := range map[string]struct {
		work helm.Work
		want []string
	}{
		"no such version":       {from(install.Repository, http, "1.32.0"), []string{"chart plane 1.32.0 from " + http, "1.31.0, 1.30.0", "mirror"}},
		"no such chart":         {renamed(from(install.Repository, http, "1.31.0"), "plan"), []string{"has no chart plan", "helm.chartSource"}},
		"broken chart":          {from(install.Repository, http, "1.29.0"), []string{"its digest differs"}},
		"lost chart":            {from(install.Repository, http, "1.28.0"), []string{"charts/gone.tgz: 404"}},
		"no credentials":        {from(install.Repository, closed, "1.31.0"), []string{"401", "Secret with username and password"}},
		"no cluster for them":   {named(from(install.Repository, closed, "1.31.0"), "login"), []string{"Secret login", "no cluster"}},
		"nobody there":          {from(install.Repository, gone.URL, "1.31.0"), []string{gone.URL, "refused"}},
		"no repository":         {from(install.Repository, "charts.example", "1.31.0"), []string{"must begin with https://"}},
		"no such tag":           {from(install.Repository, oci, "1.32.0"), []string{"chart plane 1.32.0 from " + oci, "not found", "mirror"}},
		"no credentials, OCI":   {from(install.Repository, closedOCI, "1.31.0+build"), []string{closedOCI, "Secret"}},
		"no such path":          {from(install.Path, "testdata/none", "1.31.0"), []string{"testdata/none", "no such path"}},
		"another version there": {from(install.Path, "testdata/charts/plane", "1.31.0"), []string{"holds version 1.0.0"}},
		"not embedded":          {embedded, []string{"this binary", "none"}},
		"no bundle":             {from(install.Bundle, "", "1.31.0"), []string{"meshctl bundle"}},
		"unknown kind":          {from("Floppy", "a:", "1.31.0"), []string{"Floppy"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := render(t, helm.New(helm.Options{}), c.work)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func renamed(work helm.Work, name string) helm.Work {
	work.Chart.Name = name
	return work
}

func TestCredentials(t *testing.T) {
	r := newRig(t)
	http, _ := repository(t, "somebody", "secret")
	oci := ociRegistry(t, "somebody", "secret")
	for name, data := range map[string]map[string][]byte{
		"right": {"username": []byte("somebody"), "password": []byte("secret")},
		"wrong": {"username": []byte("somebody"), "password": []byte("else")},
		"half":  {"username": []byte("somebody")},
	} {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
		_, err := r.client.CoreV1().Secrets(r.namespace).Create(t.Context(), secret, metav1.CreateOptions{})
		r.must(err)
	}
	for _, work := range []helm.Work{from(install.Repository, http, "1.31.0"), from(install.Repository, oci, "1.31.0+build")} {
		for secret, want := range map[string]string{"right": "", "wrong": "401", "half": "lacks username or password", "none": "no Secret " + r.namespace + "/none"} {
			work.Chart.Source.SecretRef = secret
			_, err := render(t, r.engine, work)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s with Secret %s: %v, want %q", work.Chart.Source.Location, secret, err, want)
			}
			if err != nil && strings.Contains(err.Error(), "else") {
				t.Errorf("the error tells the password: %v", err)
			}
		}
	}
}

// TestCredentialsAreForTheRepositoryAlone has an index that sends its readers to
// another host.
func TestCredentialsAreForTheRepositoryAlone(t *testing.T) {
	r := newRig(t)
	told := make(chan string, 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		told <- req.Header.Get("Authorization")
		_, _ = w.Write(packed(t, "1.31.0"))
	}))
	t.Cleanup(elsewhere.Close)
	index := "apiVersion: v1\nentries: {plane: [{name: plane, version: 1.31.0, urls: [\"" + elsewhere.URL + "/plane.tgz\"]}]}"
	server := httptest.NewServer(guarded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, index) }), "somebody", "secret"))
	t.Cleanup(server.Close)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "login"}, Data: map[string][]byte{"username": []byte("somebody"), "password": []byte("secret")}}
	_, err := r.client.CoreV1().Secrets(r.namespace).Create(t.Context(), secret, metav1.CreateOptions{})
	r.must(err)
	work := from(install.Repository, server.URL, "1.31.0")
	work.Chart.Source.SecretRef = "login"
	if _, err := render(t, r.engine, work); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != "" {
		t.Errorf("another host was told %q", got)
	}
}

func TestBundle(t *testing.T) {
	engine := helm.New(helm.Options{})
	http, _ := repository(t, "", "")
	works := []helm.Work{plane("a", nil), from(install.Repository, http, "1.30.0"), plane("b", nil)}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := engine.WriteBundle(t.Context(), w, works); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same charts make two different bundles")
	}
	path := filepath.Join(t.TempDir(), "charts.tar.gz")
	if err := os.WriteFile(path, first.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := render(t, engine, plane("somewhere", nil))
	if err != nil {
		t.Fatal(err)
	}
	offline := helm.New(helm.Options{Bundle: path})
	if got, err := render(t, offline, from(install.Bundle, "", "1.31.0")); err != nil || got != want {
		t.Errorf("out of a bundle it is another chart: %v\n%s", err, got)
	}
	if got, err := render(t, engine, from(install.Bundle, path, "1.30.0")); err != nil || !strings.Contains(got, `version: "1.30.0"`) {
		t.Errorf("the other chart: %v\n%s", err, got)
	}
	if _, err := render(t, offline, from(install.Bundle, "", "1.32.0")); err == nil || !strings.Contains(err.Error(), "[plane 1.30.0 plane 1.31.0]") {
		t.Errorf("a chart that is not in it: %v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if got, err := render(t, offline, from(install.Repository, gone.URL, "1.31.0")); err != nil || got != want {
		t.Errorf("a repository's chart, which the bundle has: %v\n%s", err, got)
	}
	if _, err := render(t, offline, from(install.Repository, gone.URL, "1.32.0")); err == nil || !strings.Contains(err.Error(), "nor is it in bundle "+path) {
		t.Errorf("a repository's chart, which the bundle has not: %v", err)
	}
	if _, err := render(t, offline, from(install.Repository, http, "1.31.0")); err != nil {
		t.Errorf("a repository's chart beside a bundle: %v", err)
	}
	if err := os.WriteFile(path, packed(t, "1.31.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := render(t, offline, from(install.Bundle, "", "1.31.0")); err == nil || !strings.Contains(err.Error(), "meshctl bundle") {
		t.Errorf("an archive that is no bundle: %v", err)
	}
}
