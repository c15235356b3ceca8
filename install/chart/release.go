package chart

import (
	"fmt"
	"io/fs"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
)

// Wanted says how the chart is to be installed.
type Wanted struct {
	// Namespace of the release; Namespace where empty.
	Namespace string
	// Version of the chart, which is the tag of the image where values name
	// none; that of the chart's own file where empty.
	Version string
	Values  map[string]any
}

// Of returns the chart as one release, with the gates that hold once it serves.
// Its files are in FS.
func Of(w Wanted) (install.Chart, error) {
	out := install.Chart{
		Release: Release, Namespace: w.Namespace, Name: Name, Version: w.Version, Path: ".",
		Source: install.Source{Kind: install.Embedded}, Values: w.Values,
	}
	if out.Namespace == "" {
		out.Namespace = Namespace
	}
	if out.Version == "" {
		var err error
		if out.Version, err = version(); err != nil {
			return install.Chart{}, err
		}
	}
	definitions, err := definitions()
	if err != nil {
		return install.Chart{}, err
	}
	for _, name := range definitions {
		out.Gates = append(out.Gates, install.Gate{Kind: install.DefinitionServed, Resource: "CustomResourceDefinition", Name: name})
	}
	deployments := []string{Operator}
	if wantsInstaller(w.Values) {
		deployments = append(deployments, Installer)
	}
	for _, name := range deployments {
		out.Gates = append(out.Gates, install.Gate{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: out.Namespace, Name: name})
	}
	return out, nil
}

func wantsInstaller(values map[string]any) bool {
	installer, ok := values["installer"].(map[string]any)
	if !ok {
		return true
	}
	enabled, ok := installer["enabled"].(bool)
	return enabled || !ok
}

// Image returns the name of the image that the chart of a version runs, and that
// version: that of the chart's own file where it is empty.
func Image(tag string) (name, of string, err error) {
	if tag == "" {
		if tag, err = version(); err != nil {
			return "", "", err
		}
	}
	var values struct {
		Image struct {
			Repository string `json:"repository"`
		} `json:"image"`
	}
	if err := decode("values.yaml", &values); err != nil {
		return "", "", err
	}
	return values.Image.Repository + ":" + tag, tag, nil
}

func version() (string, error) {
	var metadata struct {
		Version string `json:"version"`
	}
	if err := decode("Chart.yaml", &metadata); err != nil {
		return "", err
	}
	return metadata.Version, nil
}

// definitions are the names of the CRDs of the unified API.
func definitions() ([]string, error) {
	files, err := fs.Glob(FS, "files/crds/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list definitions of chart %s: %w", Name, err)
	}
	var names []string
	for _, file := range files {
		var crd struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := decode(file, &crd); err != nil {
			return nil, err
		}
		names = append(names, crd.Metadata.Name)
	}
	return names, nil
}

// decode reads one file of the chart.
func decode(name string, into any) error {
	text, err := FS.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read %s of chart %s: %w", name, Name, err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode %s of chart %s: %w", name, Name, err)
	}
	return nil
}
