package helm

import (
	"bytes"
	"fmt"
	"strings"

	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/postrenderer"
	"sigs.k8s.io/yaml"
)

// keeper marks CRDs among rendered objects as to be kept: a CRD that goes takes
// every object of its kind along, which no removal of a chart may do unasked.
type keeper struct{}

// keepDefinitions returns what is laid over a chart's rendered objects, or nil
// where the chart templates no CRDs, or keeps them itself.
func keepDefinitions(chart *chartv2.Chart) postrenderer.PostRenderer {
	for _, file := range chart.Raw {
		if strings.HasPrefix(file.Name, "crds/") || strings.Contains(file.Name, "/crds/") {
			continue // Helm never removes what is in the folder for CRDs.
		}
		for document := range bytes.SplitSeq(file.Data, []byte("\n---")) {
			if bytes.Contains(document, []byte("kind: "+definitionKind)) && !bytes.Contains(document, []byte(kube.ResourcePolicyAnno)) {
				return keeper{}
			}
		}
	}
	return nil
}

// Run marks the CRDs of a stream of documents, and leaves the rest as it is.
func (keeper) Run(rendered *bytes.Buffer) (*bytes.Buffer, error) {
	const separator = "\n---\n"
	documents := strings.Split(rendered.String(), separator)
	for i, text := range documents {
		if !strings.Contains(text, definitionKind) {
			continue
		}
		marked, err := keep(text)
		if err != nil {
			return nil, err
		}
		documents[i] = marked
	}
	return bytes.NewBufferString(strings.Join(documents, separator)), nil
}

// keep marks one document if it is a CRD.
func keep(text string) (string, error) {
	var object map[string]any
	if err := yaml.Unmarshal([]byte(text), &object); err != nil {
		return "", fmt.Errorf("read rendered object: %w", err)
	}
	metadata, ok := object["metadata"].(map[string]any)
	if object["kind"] != definitionKind || !ok {
		return text, nil
	}
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations[kube.ResourcePolicyAnno] = kube.KeepPolicy
	marked, err := yaml.Marshal(object)
	if err != nil {
		return "", fmt.Errorf("write rendered object: %w", err)
	}
	return strings.TrimRight(string(marked), "\n"), nil
}
