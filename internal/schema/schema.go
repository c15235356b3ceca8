// Package schema checks objects against CustomResourceDefinitions without an
// API server, as an API server would: unknown fields, defaults, OpenAPI
// validation, list types and CEL rules.
package schema

import (
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Kind is the compiled schema of one version of one kind. It is safe for
// concurrent use.
type Kind struct {
	namespaced bool
	structural *structural.Structural
	openAPI    validation.SchemaValidator
	rules      *rules
}

// New returns the schema of a version that the definition serves.
func New(crd *apiextensionsv1.CustomResourceDefinition, version string) (*Kind, error) {
	for _, v := range crd.Spec.Versions {
		if v.Name != version || !v.Served || v.Schema == nil {
			continue
		}
		kind, err := compile(v.Schema)
		if err != nil {
			return nil, fmt.Errorf("compile schema of %s %s: %w", crd.Spec.Names.Kind, version, err)
		}
		kind.namespaced = crd.Spec.Scope == apiextensionsv1.NamespaceScoped
		return kind, nil
	}
	return nil, fmt.Errorf("compile schema of %s %s: the definition serves no such version", crd.Spec.Names.Kind, version)
}

func compile(schema *apiextensionsv1.CustomResourceValidation) (*Kind, error) {
	internal := &apiextensions.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(schema, internal, nil); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	structure, err := structural.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("read structure: %w", err)
	}
	openAPI, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("read validation: %w", err)
	}
	rules, err := newRules(structure, true)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return &Kind{structural: structure, openAPI: openAPI, rules: rules}, nil
}

// Namespaced says whether objects of the kind live in a namespace.
func (k *Kind) Namespaced() bool { return k.namespaced }

// Default fills the defaults of the schema in, in place.
func (k *Kind) Default(obj *unstructured.Unstructured) {
	defaulting.Default(obj.Object, k.structural)
}

// Unknown returns the paths of fields that the schema does not have.
func (k *Kind) Unknown(obj *unstructured.Unstructured) []string {
	return pruning.PruneWithOptions(obj.DeepCopy().Object, k.structural, true,
		structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
}

// Validate returns everything that an API server would refuse in a new object,
// unknown fields left out.
func (k *Kind) Validate(obj *unstructured.Unstructured) field.ErrorList {
	errs := validation.ValidateCustomResource(nil, obj.Object, k.openAPI)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, k.structural, obj.Object)...)
	if len(errs) > 0 {
		return errs
	}
	j := judgement{budget: celconfig.RuntimeCELCostBudget}
	j.validate(k.rules, nil, obj.Object)
	return j.errs
}
