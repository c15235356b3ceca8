package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
)

// wrapped makes a chart of a file of manifests. What the file defines for the
// whole cluster stays when the release goes: whoever uses it is not asked.
func (e *Engine) wrapped(ctx context.Context, c install.Chart, login credentials) (files, error) {
	address, err := url.Parse(c.Source.Location)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" {
		return nil, errors.New("it is no address of manifests: it must begin with https:// or http://")
	}
	data, err := e.get(ctx, address, login)
	if err != nil {
		return nil, err
	}
	kept, err := keeping(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	head, err := yaml.Marshal(map[string]string{"apiVersion": "v2", "name": c.Name, "version": c.Version, "appVersion": c.Version})
	if err != nil {
		return nil, fmt.Errorf("describe chart %s: %w", c.Name, err)
	}
	// The manifests are a file that the template names, because a template's own
	// text would be searched for actions.
	return files{
		{Name: "Chart.yaml", Data: head},
		{Name: "files/manifests.yaml", Data: kept},
		{Name: "templates/manifests.yaml", Data: []byte("{{ .Files.Get \"files/manifests.yaml\" }}\n")},
	}, nil
}

// keeping returns the manifests with the annotation that makes Helm leave them.
func keeping(data []byte) ([]byte, error) {
	var out bytes.Buffer
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for count := 0; ; count++ {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(&obj.Object); errors.Is(err, io.EOF) && count > 0 {
			return out.Bytes(), nil
		} else if errors.Is(err, io.EOF) {
			return nil, errors.New("there are no manifests in it")
		} else if err != nil {
			return nil, fmt.Errorf("decode manifest %d: %w", count+1, err)
		}
		if len(obj.Object) == 0 {
			continue
		}
		if obj.GetKind() == "" || obj.GetName() == "" {
			return nil, fmt.Errorf("manifest %d has no kind or no name", count+1)
		}
		annotations := obj.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[kube.ResourcePolicyAnno] = kube.KeepPolicy
		obj.SetAnnotations(annotations)
		unstructured.RemoveNestedField(obj.Object, "status")
		text, err := yaml.Marshal(obj.Object)
		if err != nil {
			return nil, fmt.Errorf("write manifest %d: %w", count+1, err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
}
