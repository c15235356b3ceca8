package installer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
)

// replicaSets are only looked at for what they belong to, services for being
// there, and secrets for being changed.
var (
	replicaSets = appsv1.SchemeGroupVersion.WithKind("ReplicaSet")
	services    = corev1.SchemeGroupVersion.WithKind("Service")
	secrets     = corev1.SchemeGroupVersion.WithKind("Secret")
)

// observer sees clusters. It decides nothing.
type observer struct {
	providers []translators.Provider
	limits    install.Limits
	// cache has what informers know.
	cache client.Reader
	// live reads from the API server; nil where Secrets are not to be read.
	live client.Reader
	// version returns that of the API server, and releases those of Helm.
	version  func(context.Context) (string, error)
	releases func(context.Context) ([]install.Release, error)
	// info says what an API server serves; nil where nobody asks who else is in a
	// namespace.
	info discovery.DiscoveryInterface
}

// provider returns the provider of a name; nil where there is none.
func (o *observer) provider(name string) *translators.Provider {
	for i := range o.providers {
		if o.providers[i].Name == name {
			return &o.providers[i]
		}
	}
	return nil
}

// known returns a function that tells the resource version that watches know of
// an object; empty where they know none.
func (o *observer) known(scheme *runtime.Scheme) func(context.Context, schema.GroupVersionKind, client.ObjectKey) string {
	return func(ctx context.Context, kind schema.GroupVersionKind, key client.ObjectKey) string {
		made, err := scheme.New(kind)
		if err != nil {
			return ""
		}
		object, ok := made.(client.Object)
		if !ok || o.cache.Get(ctx, key, object) != nil {
			return ""
		}
		return object.GetResourceVersion()
	}
}

// wanted is what the user asks of the mesh.
func (o *observer) wanted(ctx context.Context, t target) (install.Wanted, error) {
	w := install.Wanted{
		Name: t.mesh.Name, Generation: t.mesh.Generation, Spec: t.mesh.Spec, Annotations: t.mesh.Annotations,
		Namespace: t.namespace, Deleting: t.mesh.DeletionTimestamp != nil, Limits: o.limits,
	}
	var all v1alpha1.MeshList
	if err := o.cache.List(ctx, &all); err != nil {
		return w, fmt.Errorf("list Meshes: %w", err)
	}
	same := slices.DeleteFunc(slices.Clone(all.Items), func(m v1alpha1.Mesh) bool { return m.Spec.Provider != t.mesh.Spec.Provider })
	slices.SortFunc(same, func(a, b v1alpha1.Mesh) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for i := range same {
		if same[i].Name == t.mesh.Name {
			continue
		}
		w.Neighbours = append(w.Neighbours, install.Neighbour{
			Name: same[i].Name, Namespace: namespaceOf(&same[i], t.provider), Adopted: same[i].Spec.Mode == v1alpha1.ModeAdopted,
			// The oldest speaks for what names no revision.
			Default: i == 0,
		})
	}
	return w, nil
}

// see returns what is there of a mesh.
func (o *observer) see(ctx context.Context, t target, w install.Wanted) (install.Seen, error) {
	seen := install.Seen{Now: time.Now()}
	if t.mesh.Status.Install != nil {
		seen.State = *t.mesh.Status.Install.DeepCopy()
	}
	var err error
	if seen.Cluster, err = o.cluster(ctx); err != nil {
		return seen, err
	}
	if seen.Home, err = o.home(ctx, t.namespace); err != nil {
		return seen, err
	}
	if err = o.proxies(ctx, t, &seen); err != nil {
		return seen, err
	}
	if w.Deleting {
		if seen.Held, err = o.held(ctx, t.provider.Charts); err != nil {
			return seen, err
		}
		if seen.Leftovers, err = o.leftovers(ctx, t, seen.Cluster.Releases); err != nil {
			return seen, err
		}
	}
	if w.Deleting && seen.Home.Ours {
		if seen.Home.Others, err = o.others(ctx, t, seen.Cluster.Releases); err != nil {
			return seen, err
		}
	}
	return seen, o.trusted(ctx, t, w, &seen)
}

func (o *observer) home(ctx context.Context, name string) (install.NamespaceSeen, error) {
	var ns corev1.Namespace
	err := o.cache.Get(ctx, client.ObjectKey{Name: name}, &ns)
	if apierrors.IsNotFound(err) {
		return install.NamespaceSeen{}, nil
	}
	if err != nil {
		return install.NamespaceSeen{}, fmt.Errorf("get namespace %s: %w", name, err)
	}
	return install.NamespaceSeen{
		Exists: true, Terminating: ns.DeletionTimestamp != nil, Mesh: ns.Labels[v1alpha1.LabelMesh],
		Ours: ns.Labels[engine.LabelManagedBy] == engine.ManagedBy,
	}, nil
}

// proxies sees members, gateways, and whoever else has a proxy.
func (o *observer) proxies(ctx context.Context, t target, seen *install.Seen) error {
	gateways, err := o.gateways(ctx, t)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, g := range gateways {
		seen.Gateways = append(seen.Gateways, g)
		known[g.Namespace+"/"+g.Name] = true
	}
	var members corev1.NamespaceList
	if err := o.cache.List(ctx, &members, client.MatchingLabels{v1alpha1.LabelMesh: t.mesh.Name}); err != nil {
		return fmt.Errorf("list members: %w", err)
	}
	slices.SortFunc(members.Items, func(a, b corev1.Namespace) int { return cmp.Compare(a.Name, b.Name) })
	inside := map[string]bool{}
	for i := range members.Items {
		ns := &members.Items[i]
		if ns.DeletionTimestamp != nil {
			continue
		}
		inside[ns.Name] = true
		contents, err := o.namespace(ctx, t.provider.Name, ns.Name)
		if err != nil {
			return err
		}
		member := install.Member{Name: ns.Name, Revision: ns.Annotations[v1alpha1.AnnotationRevision]}
		member.Marked = marked(t.provider, ns, cmp.Or(member.Revision, seen.State.Revision))
		workloads, strays := contents.workloads()
		member.Workloads = slices.DeleteFunc(workloads, func(w install.MemberWorkload) bool { return known[w.Namespace+"/"+w.Name] })
		seen.Members, seen.Strays = append(seen.Members, member), append(seen.Strays, strays...)
	}
	return o.strays(ctx, t, seen, inside)
}

// strays adds the pods with a proxy that are neither a member's nor a
// gateway's.
func (o *observer) strays(ctx context.Context, t target, seen *install.Seen, members map[string]bool) error {
	var pods corev1.PodList
	if err := o.cache.List(ctx, &pods, client.MatchingFields{indexProxied: t.provider.Name}); err != nil {
		return fmt.Errorf("list pods with a proxy: %w", err)
	}
	known := map[string]bool{}
	for _, g := range seen.Gateways {
		for _, p := range g.Pods {
			known[g.Namespace+"/"+p.Name] = true
		}
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if !members[pod.Namespace] && !known[key(pod)] && !finished(pod) {
			seen.Strays = append(seen.Strays, podSeen(pod, t.provider.Name))
		}
	}
	slices.SortFunc(seen.Strays, func(a, b install.PodSeen) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// gateways sees the workloads of the IngressGateways that are paired with the
// mesh and that Meshloom runs, sorted by namespace and name.
func (o *observer) gateways(ctx context.Context, t target) ([]install.GatewaySeen, error) {
	var all v1alpha1.IngressGatewayList
	if err := o.cache.List(ctx, &all); err != nil {
		return nil, fmt.Errorf("list IngressGateways: %w", err)
	}
	var out []install.GatewaySeen
	for i := range all.Items {
		g := &all.Items[i]
		if g.Spec.MeshRef == nil || string(g.Spec.MeshRef.Name) != t.mesh.Name || g.Status.Install == nil {
			continue
		}
		contents, err := o.namespace(ctx, t.provider.Name, g.Namespace)
		if err != nil {
			return nil, err
		}
		seen := install.GatewaySeen{Namespace: g.Namespace, Name: g.Name}
		workloads, _ := contents.workloads()
		for _, w := range workloads {
			if w.Name == g.Name {
				seen.RolledOut, seen.Pods = w.RolledOut, w.Pods
			}
		}
		out = append(out, seen)
	}
	slices.SortFunc(out, func(a, b install.GatewaySeen) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// marked says whether a namespace has the marks by which its new pods get a
// proxy of the revision.
func marked(p *translators.Provider, ns *corev1.Namespace, revision string) bool {
	if p.MemberMarks == nil {
		return true
	}
	for _, mark := range p.MemberMarks(translators.Env{Facts: map[string]string{translators.FactRevision: revision}}) {
		if mark.Place != translators.OnNamespace {
			continue
		}
		on := ns.Labels
		if mark.Annotation {
			on = ns.Annotations
		}
		if on[mark.Key] != mark.Value {
			return false
		}
	}
	return true
}

// partial returns an object of which only the metadata is of interest.
func partial(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(kind)
	return o
}

func partialList(kind schema.GroupVersionKind) *metav1.PartialObjectMetadataList {
	l := &metav1.PartialObjectMetadataList{}
	kind.Kind += "List"
	l.SetGroupVersionKind(kind)
	return l
}
