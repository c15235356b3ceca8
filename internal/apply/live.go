package apply

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// FieldManager is our name in the managed fields of everything we write but
// status.
const FieldManager = "meshloom"

// Live is what is kept of a native object of the cluster. It takes the place
// of the object in an informer's store, so it is small: of a foreign object
// only the name and what it is a rival for.
type Live struct {
	// ObjectMeta has the name, namespace, UID and resource version only.
	metav1.ObjectMeta
	Ref translators.ObjectRef
	// Ours says that the object carries our marks and that our field manager
	// owns them.
	Ours bool
	// Unit is the hash of the unit that made it and Key its key, as marked;
	// Key is zero where the mark cannot be read.
	Unit string
	Key  ir.Key
	// Sources are the objects of the unified API that it was made from.
	Sources []ir.Source
	// Deleting says that the API server waits for finalizers of others.
	Deleting bool
	// Rivals are the index keys of what a foreign object speaks for.
	Rivals []string
	// raw is the object without its status, as JSON, of objects that are ours.
	raw []byte
	// opinions are what meshes and ingresses made of it, of objects that are ours.
	opinions []opinion
	// altered is the digest of what we wrote, where the API server answered
	// with something else.
	altered string
}

// NewLive returns what is to be kept of an object. The catalog reads what a
// foreign object speaks for, and what has become of one of ours.
func NewLive(obj *unstructured.Unstructured, catalog Catalog) (*Live, error) {
	annotations, labels := obj.GetAnnotations(), obj.GetLabels()
	live := &Live{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: obj.GetNamespace(), Name: obj.GetName(), UID: obj.GetUID(), ResourceVersion: obj.GetResourceVersion(),
		},
		Ref: translators.ObjectRef{
			GroupVersionKind: obj.GroupVersionKind(), Namespace: obj.GetNamespace(), Name: obj.GetName(),
		},
		Deleting: obj.GetDeletionTimestamp() != nil,
	}
	owned, err := owners(obj.GetManagedFields())
	if err != nil {
		return nil, fmt.Errorf("read managed fields of %s %s/%s: %w", obj.GetKind(), obj.GetNamespace(), obj.GetName(), err)
	}
	live.Ours = labels[engine.LabelManagedBy] == engine.ManagedBy && owned.marks()
	if !live.Ours {
		live.Rivals = catalog.rivals(obj)
		return live, nil
	}
	live.opinions = catalog.opinions(obj)
	live.Unit = labels[engine.LabelUnit]
	live.Key, _ = ir.ParseKey(annotations[engine.AnnotationUnit])
	live.Sources = engine.ParseSources(annotations[engine.AnnotationSources])
	if live.raw, err = json.Marshal(lasting(obj)); err != nil {
		return nil, fmt.Errorf("encode %s %s/%s: %w", obj.GetKind(), obj.GetNamespace(), obj.GetName(), err)
	}
	return live, nil
}

// lasting is an object without what changes with its status.
func lasting(obj *unstructured.Unstructured) map[string]any {
	metadata, _ := nested(obj.Object, "metadata")
	metadata = lacking(metadata, []string{"resourceVersion"})
	if entries, ok := metadata["managedFields"].([]any); ok {
		kept := make([]any, 0, len(entries))
		for _, entry := range entries {
			if fields, ok := entry.(map[string]any); !ok || fields["subresource"] != "status" {
				kept = append(kept, entry)
			}
		}
		metadata["managedFields"] = kept
	}
	out := lacking(obj.Object, []string{"status"})
	out["metadata"] = metadata
	return out
}

// sameAs says whether nobody has to hear that one form of an object followed the
// other: nothing differs but the status, and what it says of us is the same.
func (l *Live) sameAs(old *Live) bool {
	if old == nil || l.UID != old.UID || standingOf(l) != standingOf(old) {
		return false
	}
	return bytes.Equal(l.raw, old.raw) && slices.Equal(l.opinions, old.opinions) && slices.Equal(l.Rivals, old.Rivals)
}

// Verdict returns what the mesh or ingress of a provider made of the object. Where
// none is named, any that refuses it speaks for all.
func (l *Live) Verdict(provider string) translators.Verdict {
	var found translators.Verdict
	for _, o := range l.opinions {
		if (provider == "" || o.provider == provider) && found.State != translators.VerdictRefused {
			found = o.verdict
		}
	}
	return found
}

// content returns the object and who owns its fields.
func (l *Live) content() (map[string]any, ownership, error) {
	content, err := decode(l.raw)
	if err != nil {
		return nil, ownership{}, fmt.Errorf("decode %s: %w", refString(l.Ref), err)
	}
	owned, err := owners((&unstructured.Unstructured{Object: content}).GetManagedFields())
	return content, owned, err
}

// Served returns the generations of the sources that the object was made from.
func (l *Live) Served(ref ir.Ref) (int64, bool) {
	for _, source := range l.Sources {
		if source.Ref == ref {
			return source.Generation, true
		}
	}
	return 0, false
}

// digest identifies what we say about an object.
func digest(content map[string]any) string {
	raw, err := json.Marshal(content)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return string(sum[:])
}

// decode reads JSON with whole numbers as int64, as the API machinery does.
func decode(raw []byte) (map[string]any, error) {
	var content map[string]any
	err := utiljson.Unmarshal(raw, &content)
	return content, err
}

// refString names a native object for people: "Service shop/reviews".
func refString(ref translators.ObjectRef) string {
	if ref.Namespace == "" {
		return ref.Kind + " " + ref.Name
	}
	return ref.Kind + " " + ref.Namespace + "/" + ref.Name
}
