package istiovalidation

import (
	"fmt"
	"strings"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/config/resource"
	"istio.io/istio/pkg/config/schema/collections"
	istioresource "istio.io/istio/pkg/config/schema/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Message is one complaint of an analyzer.
type Message struct {
	// Code as in Istio's reference of messages: "IST0101".
	Code string
	// Object is the one complained about, as "<Kind> <namespace>/<name>", or
	// empty where the complaint is about none.
	Object string
	Text   string
}

// Validate runs Istio's own validation, which its webhook runs too, on an
// object of one of Istio's kinds. Its warnings are among what Analyze finds.
func Validate(o *unstructured.Unstructured) error {
	text, err := yaml.Marshal(o.Object)
	if err != nil {
		return fmt.Errorf("write object: %w", err)
	}
	configs, _, err := crd.ParseInputs(string(text))
	if err != nil {
		return err
	}
	if len(configs) != 1 {
		return fmt.Errorf("%s is none of Istio's kinds", o.GroupVersionKind())
	}
	schema, ok := collections.Pilot.FindByGroupVersionKind(configs[0].GroupVersionKind)
	if !ok {
		return fmt.Errorf("there is no schema for %s", configs[0].GroupVersionKind)
	}
	_, err = schema.ValidateConfig(configs[0])
	return err
}

// Istio says whether an object is of a kind that Istio itself reads.
func Istio(o *unstructured.Unstructured) bool {
	gvk := o.GroupVersionKind()
	_, ok := collections.Pilot.FindByGroupVersionAliasesKind(istioresource.FromKubernetesGVK(&gvk))
	return ok && strings.HasSuffix(gvk.Group, ".istio.io")
}

// Analyze runs every analyzer of istioctl analyze over the whole cluster.
func Analyze(c *Cluster) ([]Message, error) {
	var text strings.Builder
	for _, o := range c.objects {
		document, err := yaml.Marshal(o.Object)
		if err != nil {
			return nil, fmt.Errorf("write %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		text.WriteString("---\n")
		text.Write(document)
	}
	// An empty namespace means all of them.
	analyzer := local.NewSourceAnalyzer(analyzers.AllCombined(), "", resource.Namespace("istio-system"), nil)
	// Of the two sources of readers this one holds Services and Pods as well.
	source := []local.ReaderSource{{Name: "cluster", Reader: strings.NewReader(text.String())}}
	if err := analyzer.AddTestReaderKubeSource(source); err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	if err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	if len(result.SkippedAnalyzers) > 0 {
		return nil, fmt.Errorf("analyze: these analyzers did not run: %q", result.SkippedAnalyzers)
	}
	var messages []Message
	for _, m := range result.Messages {
		message := Message{Code: m.Type.Code(), Text: m.String()}
		if m.Resource != nil {
			message.Object = m.Resource.Origin.FriendlyName()
		}
		messages = append(messages, message)
	}
	return messages, nil
}
