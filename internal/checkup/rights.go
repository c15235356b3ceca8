package checkup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const rights category = "rights"

// Right is something that a user must be allowed to do.
type Right struct {
	Verb, Group, Resource, Namespace string
}

// String names the right for people.
func (r Right) String() string {
	text := r.Verb + " " + r.Resource
	if r.Group != "" {
		text += "." + r.Group
	}
	if r.Namespace != "" {
		text += " in " + r.Namespace
	}
	return text
}

// Needed are the rights that installing the objects takes: to write each of
// them, and to keep the record of the release, which is a Secret of its
// namespace. It is pure; resource names of kinds come from the caller.
func Needed(objects []*unstructured.Unstructured, resource func(schema.GroupVersionKind) string, namespace string) []Right {
	var out []Right
	add := func(r Right) {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, obj := range objects {
		gvk := obj.GroupVersionKind()
		for _, verb := range []string{"create", "delete", "get", "patch"} {
			add(Right{verb, gvk.Group, resource(gvk), obj.GetNamespace()})
		}
	}
	for _, verb := range []string{"create", "delete", "get", "list", "update"} {
		add(Right{verb, "", "secrets", namespace})
	}
	slices.SortFunc(out, func(a, b Right) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Verb, b.Verb))
	})
	return out
}

// Granted are the rights that the objects give to service accounts. Nobody may
// give away what he does not have himself, so they are needed, too, unless he
// may escalate.
func Granted(objects []*unstructured.Unstructured) ([]Right, error) {
	var out []Right
	for _, obj := range objects {
		if obj.GroupVersionKind().Group != rbacv1.GroupName || !strings.HasSuffix(obj.GetKind(), "Role") {
			continue
		}
		role := &rbacv1.ClusterRole{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, role); err != nil {
			return nil, fmt.Errorf("read %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						out = append(out, Right{verb, group, resource, obj.GetNamespace()})
					}
				}
			}
		}
	}
	return out, nil
}

// Rights checks that the user may do all that installing the objects takes.
func Rights(ctx context.Context, c client.Client, objects []*unstructured.Unstructured, namespace string) []Check {
	resource := func(gvk schema.GroupVersionKind) string {
		mapping, err := c.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			plural, _ := meta.UnsafeGuessKindToResource(gvk)
			return plural.Resource
		}
		return mapping.Resource.Resource
	}
	needed := Needed(objects, resource, namespace)
	lacking, err := denied(ctx, c, needed)
	if err != nil {
		return []Check{rights.unknown("write what the chart has", err)}
	}
	out := []Check{verdictOf("write what the chart has", lacking, fmt.Sprintf("%d rights", len(needed)))}
	return append(out, grants(ctx, c, objects))
}

// grants checks that the user may give service accounts what the chart gives.
func grants(ctx context.Context, c client.Client, objects []*unstructured.Unstructured) Check {
	const name = "give the service accounts their rights"
	lacking, err := denied(ctx, c, []Right{{"escalate", rbacv1.GroupName, "clusterroles", ""}, {"bind", rbacv1.GroupName, "clusterroles", ""}})
	if err != nil {
		return rights.unknown(name, err)
	}
	if len(lacking) == 0 {
		return rights.ok(name, "may escalate and bind")
	}
	granted, err := Granted(objects)
	if err == nil {
		lacking, err = denied(ctx, c, granted)
	}
	if err != nil {
		return rights.unknown(name, err)
	}
	return verdictOf(name, lacking, fmt.Sprintf("%d rights", len(granted)))
}

// most is how many rights are listed.
const most = 5

func verdictOf(name string, lacking []Right, detail string) Check {
	if len(lacking) == 0 {
		return rights.ok(name, detail)
	}
	var names []string
	for _, r := range lacking {
		names = append(names, r.String())
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(lacking)-most))
	}
	return rights.fail(name, finding{"not allowed: " + strings.Join(names, ", "), "ask an administrator of the cluster for these rights, or to install it"})
}

// denied returns the rights that the user does not have, by asking the API
// server about each.
func denied(ctx context.Context, c client.Client, rights []Right) ([]Right, error) {
	var out []Right
	for _, r := range rights {
		resource, subresource, _ := strings.Cut(r.Resource, "/")
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: r.Verb, Group: r.Group, Resource: resource, Subresource: subresource, Namespace: r.Namespace,
			},
		}}
		if err := c.Create(ctx, review); err != nil {
			return nil, fmt.Errorf("ask whether the user may %s: %w", r, err)
		}
		if !review.Status.Allowed {
			out = append(out, r)
		}
	}
	return out, nil
}
