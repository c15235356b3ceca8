// Package schema checks objects against CustomResourceDefinitions without an
// API server, as an API server would: unknown fields, defaults, OpenAPI
// validation, list types and CEL rules.
package schema

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Set holds the schemas of many kinds. Each is compiled when it is first
// asked for. A Set is safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	kinds map[schema.GroupVersionKind]*entry
}

type entry struct {
	version  apiextensionsv1.CustomResourceDefinitionVersion
	scope    apiextensionsv1.ResourceScope
	compiled *Kind
	err      error
}

// NewSet returns the schemas of all served versions of the definitions.
func NewSet(crds ...*apiextensionsv1.CustomResourceDefinition) *Set {
	s := &Set{kinds: map[schema.GroupVersionKind]*entry{}}
	for _, crd := range crds {
		for _, v := range crd.Spec.Versions {
			if !v.Served || v.Schema == nil {
				continue
			}
			gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind}
			s.kinds[gvk] = &entry{version: v, scope: crd.Spec.Scope}
		}
	}
	return s
}

// Has says whether the set has a schema for the kind.
func (s *Set) Has(gvk schema.GroupVersionKind) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.kinds[gvk]
	return ok
}

// Kind returns the compiled schema of a kind, or an error where the set has
// none or it cannot be compiled.
func (s *Set) Kind(gvk schema.GroupVersionKind) (*Kind, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.kinds[gvk]
	if !ok {
		return nil, fmt.Errorf("find schema of %s: none is known", gvk)
	}
	if e.compiled == nil && e.err == nil {
		e.compiled, e.err = compile(e)
	}
	if e.err != nil {
		return nil, fmt.Errorf("compile schema of %s: %w", gvk, e.err)
	}
	return e.compiled, nil
}

// Kind is the compiled schema of one version of one kind.
type Kind struct {
	namespaced bool
	structural *structural.Structural
	openAPI    validation.SchemaValidator
	rules      *cel.Validator
}

func compile(e *entry) (*Kind, error) {
	internal := &apiextensions.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(e.version.Schema, internal, nil); err != nil {
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
	return &Kind{
		namespaced: e.scope == apiextensionsv1.NamespaceScoped,
		structural: structure,
		openAPI:    openAPI,
		rules:      cel.NewValidator(structure, true, celconfig.PerCallLimit),
	}, nil
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
	if len(errs) > 0 || k.rules == nil {
		return errs
	}
	ruleErrs, _ := k.rules.Validate(context.Background(), nil, k.structural, obj.Object, nil, celconfig.RuntimeCELCostBudget)
	return ruleErrs
}
