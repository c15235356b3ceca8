package scenarios

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"text/template"

	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/manifest"
)

// manifests holds base and one folder for each scenario.
//
//go:embed all:testdata
var manifests embed.FS

// workload is a Deployment of one pod of the echo server and load client. Its
// ServiceAccount is called as the app. A Service is called as the app, and
// another one as the Deployment.
type workload struct {
	Namespace, App, Version string
	// Fail is the status that every request is answered with.
	Fail string
}

// namespace of workloads; those that are no members get no proxies.
type namespace struct {
	Name   string
	Member bool
}

// ServerName is what the gateway's certificate is for.
const ServerName = "secure.shop.example"

// Base are the manifests that all scenarios have in common.
type Base struct {
	// Apps are namespaces, workloads and Services. The gateway's certificate
	// is among them.
	Apps []byte
	// Mesh is what a user writes to adopt the mesh and its gateway.
	Mesh []byte
	// Authority signed the gateway's certificate, as PEM.
	Authority []byte
	// Namespaces hold the applications.
	Namespaces []string
	objects    map[string]bool
}

// Has says whether the Mesh manifests hold an object of this kind and name.
func (b *Base) Has(o client.Object) bool { return b.objects[id(o)] }

func id(o client.Object) string {
	return o.GetObjectKind().GroupVersionKind().Kind + "/" + o.GetNamespace() + "/" + o.GetName()
}

// NewBase makes the base, with a new certificate.
func NewBase() (*Base, error) {
	certificate, key, err := cert.GenerateSelfSignedCertKey(ServerName, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	b := &Base{Authority: certificate, objects: map[string]bool{}}
	if b.Apps, err = applications(certificate, key); err != nil {
		return nil, err
	}
	if b.Mesh, err = manifests.ReadFile("testdata/base/mesh.yaml"); err != nil {
		return nil, fmt.Errorf("read base: %w", err)
	}
	set, err := read(b.Mesh)
	if err != nil {
		return nil, fmt.Errorf("read base: %w", err)
	}
	for _, o := range set.Objects {
		b.objects[id(o.Object)] = true
	}
	for _, w := range workloads() {
		if !slices.Contains(b.Namespaces, w.Namespace) {
			b.Namespaces = append(b.Namespaces, w.Namespace)
		}
	}
	return b, nil
}

// applications fills in the template.
func applications(certificate, key []byte) ([]byte, error) {
	apps, err := template.ParseFS(manifests, "testdata/base/apps.yaml.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read applications: %w", err)
	}
	var text bytes.Buffer
	if err := apps.Execute(&text, map[string]any{
		"Namespaces": []namespace{{"routing", true}, {"access", true}, {"neighbours", true}, {"outsiders", false}, {"edge", false}},
		"Workloads":  workloads(),
		"Gateway":    Gateway,
		"Container":  Container,
		"Cert":       base64.StdEncoding.EncodeToString(certificate),
		"Key":        base64.StdEncoding.EncodeToString(key),
	}); err != nil {
		return nil, fmt.Errorf("make applications: %w", err)
	}
	return text.Bytes(), nil
}

func workloads() []workload {
	return []workload{
		{Namespace: "routing", App: "client", Version: "v1"},
		{Namespace: "routing", App: "echo", Version: "v1"},
		{Namespace: "routing", App: "echo", Version: "v2"},
		{Namespace: "routing", App: "echo", Version: "v3"},
		{Namespace: "routing", App: "shadow", Version: "v1"},
		{Namespace: "routing", App: "flaky", Version: "v1"},
		{Namespace: "routing", App: "flaky", Version: "v2", Fail: "503"},
		{Namespace: "access", App: "vault", Version: "v1"},
		{Namespace: "access", App: "alice", Version: "v1"},
		{Namespace: "access", App: "bob", Version: "v1"},
		{Namespace: "neighbours", App: "carol", Version: "v1"},
		{Namespace: "outsiders", App: "mallory", Version: "v1"},
	}
}

// Manifests returns the scenario's own manifests as one stream of YAML; it is
// empty where the scenario has none.
func (s Scenario) Manifests() ([]byte, error) {
	dir := path.Join("testdata", s.Name)
	files, err := fs.Glob(manifests, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", s.Name, err)
	}
	var all bytes.Buffer
	for _, file := range files {
		text, err := manifests.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read scenario %s: %w", s.Name, err)
		}
		fmt.Fprintf(&all, "---\n%s\n", text)
	}
	return all.Bytes(), nil
}

// read decodes manifests strictly.
func read(text []byte) (*manifest.Set, error) {
	return manifest.Reader{Stdin: bytes.NewReader(text)}.Read(manifest.Stdin)
}
