package trust

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// The marks of a Secret that is ours.
const (
	managedByLabel  = "app.kubernetes.io/managed-by"
	managedBy       = "meshloom"
	sinceAnnotation = v1alpha1.GroupName + "/since"
	nextCertificate = "next.crt"
	nextKey         = "next.key"
)

// Place is where the trust of one mesh is stored.
type Place struct {
	// Mesh is the name of the Mesh, and Namespace that of its control plane.
	Mesh, Namespace string
	// Trust is the provider's.
	Trust install.Trust
}

// KeptName is the name of the Secret with the roots that Meshloom keeps. The
// other one is Trust.Secret.
func (p Place) KeptName() string { return "meshloom-root-" + p.Mesh }

// Stored are the Secrets of a mesh's trust as they were read; nil where there
// is none. Given is the one that the user names.
type Stored struct{ Kept, Issued, Given *corev1.Secret }

// Decode returns what the Secrets say.
func (p Place) Decode(stored Stored, now time.Time) install.TrustSeen {
	var seen install.TrustSeen
	if stored.Given != nil {
		given, err := Given(stored.Given.Data, now)
		if err == nil && p.Trust.OnlyP256 {
			err = onlyP256(given)
		}
		if seen.Given = given; err != nil {
			seen.GivenError = err.Error()
		}
	}
	switch {
	case stored.Kept == nil:
	case !p.owns(stored.Kept):
		seen.Foreign = append(seen.Foreign, foreign(stored.Kept))
	default:
		seen.Kept = decodeKept(stored.Kept)
	}
	switch {
	case stored.Issued == nil:
	case !p.owns(stored.Issued):
		seen.Foreign = append(seen.Foreign, foreign(stored.Issued))
	default:
		issued := p.decodeIssued(stored.Issued)
		seen.Issued = &issued
		if p.Trust.Noted != nil {
			seen.Noted = p.Trust.Noted(issued.Roots)
		}
	}
	return seen
}

// Encode returns the Secret that a StepKeepTrust or StepWriteTrust stores.
func (p Place) Encode(step install.Step) *corev1.Secret {
	secret := &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Trust.Secret,
			Labels:      map[string]string{managedByLabel: managedBy, v1alpha1.LabelOwner: install.OwnerLabel(p.owner())},
			Annotations: map[string]string{},
		},
		Type: corev1.SecretTypeOpaque,
	}
	if step.Keep != nil {
		secret.Name = p.KeptName()
		secret.Data = map[string][]byte{certificateEntry: step.Keep.Root.Certificate, keyEntry: step.Keep.Root.Key}
		if next := step.Keep.Next; next != nil {
			secret.Data[nextCertificate], secret.Data[nextKey] = next.Certificate, next.Key
		}
		if step.Keep.Asked != "" {
			secret.Annotations[v1alpha1.AnnotationRotateRoot] = step.Keep.Asked
		}
		return secret
	}
	a, names := step.Authority, p.Trust.Entries
	secret.Data = map[string][]byte{names.Certificate: a.Certificate, names.Key: a.Key, names.Roots: a.Roots}
	secret.Data[names.Chain] = a.Chain // begins with the certificate, whose entry it may share
	secret.Annotations[sinceAnnotation] = a.Since.UTC().Format(time.RFC3339)
	return secret
}

func decodeKept(secret *corev1.Secret) *install.KeptTrust {
	kept := &install.KeptTrust{
		Root:  install.Authority{Certificate: secret.Data[certificateEntry], Key: secret.Data[keyEntry]},
		Asked: secret.Annotations[v1alpha1.AnnotationRotateRoot],
	}
	if len(secret.Data[nextCertificate]) > 0 {
		kept.Next = &install.Authority{Certificate: secret.Data[nextCertificate], Key: secret.Data[nextKey]}
	}
	return kept
}

// decodeIssued leaves Since open where it cannot be read.
func (p Place) decodeIssued(secret *corev1.Secret) install.Authority {
	names := p.Trust.Entries
	since, err := time.Parse(time.RFC3339, secret.Annotations[sinceAnnotation])
	if err != nil {
		since = time.Time{}
	}
	return install.Authority{
		Certificate: secret.Data[names.Certificate], Key: secret.Data[names.Key],
		Chain: secret.Data[names.Chain], Roots: secret.Data[names.Roots],
		Since: since,
	}
}

// owns says that Meshloom made the Secret for this mesh.
func (p Place) owns(secret *corev1.Secret) bool {
	return secret.Labels[managedByLabel] == managedBy && secret.Labels[v1alpha1.LabelOwner] == install.OwnerLabel(p.owner())
}

func (p Place) owner() string { return "Mesh/" + p.Mesh }

func foreign(secret *corev1.Secret) string {
	return fmt.Sprintf("Secret %s/%s is not Meshloom's, and is not overwritten: rename it, and name it by spec.trust.rootSecretRef to go on with its root, or remove it", secret.Namespace, secret.Name)
}
