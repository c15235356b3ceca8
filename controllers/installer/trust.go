package installer

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/trust"
)

// place is where the trust of a mesh is stored.
func (t target) place() trust.Place {
	return trust.Place{Mesh: t.mesh.Name, Namespace: t.namespace, Trust: *t.provider.Charts.Trust}
}

// trusted sees what is there of a mesh's root of trust, and what is next for it.
// Secrets are read from the API server: keys never stay in memory.
func (o *observer) trusted(ctx context.Context, t target, w install.Wanted, seen *install.Seen) error {
	planner := t.provider.Charts
	if planner.Trust == nil || o.live == nil {
		return nil
	}
	stored, err := o.stored(ctx, t)
	if err != nil {
		return err
	}
	seen.Trust = t.place().Decode(stored, seen.Now)
	request := trust.Request{
		Wanted: w, Seen: seen.Trust, State: seen.State.Trust, Running: runs(planner, seen.Cluster, t.namespace),
		Untaught: install.Untaught(planner, w, *seen),
		Lifetime: lifetime(planner, w), Propagation: planner.Trust.Propagation, Now: seen.Now, Rand: rand.Reader,
	}
	decision, err := trust.Next(request)
	if err != nil {
		return fmt.Errorf("decide on the root of trust: %w", err)
	}
	seen.Trust.Due, seen.Trust.Stage = decision.Step, decision.State
	return nil
}

func lifetime(p *install.Planner, w install.Wanted) time.Duration {
	if p.Trust.Lifetime == nil {
		return 0
	}
	return p.Trust.Lifetime(install.MeshRequest{Mesh: w.Name, Spec: w.Spec, Namespace: w.Namespace})
}

// runs says whether a control plane runs in the namespace, whoever made it.
func runs(p *install.Planner, c install.Cluster, namespace string) bool {
	return p.Found != nil && slices.ContainsFunc(p.Found(c), func(i install.Installation) bool { return i.Namespace == namespace })
}

func (o *observer) stored(ctx context.Context, t target) (trust.Stored, error) {
	place, names := t.place(), trust.Stored{}
	read := map[string]**corev1.Secret{place.KeptName(): &names.Kept, place.Trust.Secret: &names.Issued}
	if given := t.mesh.Spec.Trust; given != nil && given.RootSecretRef != nil && string(given.RootSecretRef.Name) != place.Trust.Secret {
		read[string(given.RootSecretRef.Name)] = &names.Given
	}
	for name, into := range read {
		secret := &corev1.Secret{}
		err := o.live.Get(ctx, client.ObjectKey{Namespace: t.namespace, Name: name}, secret)
		switch {
		case err == nil:
			*into = secret
		case !apierrors.IsNotFound(err):
			return names, fmt.Errorf("get Secret %s/%s: %w", t.namespace, name, err)
		}
	}
	return names, nil
}

// distrust removes the Secrets of a root of trust that are ours.
func (a *actor) distrust(ctx context.Context, t turn) error {
	if t.place.Trust.Secret == "" {
		return nil
	}
	for _, name := range []string{t.place.Trust.Secret, t.place.KeptName()} {
		secret := &corev1.Secret{}
		err := a.live.Get(ctx, client.ObjectKey{Namespace: t.place.Namespace, Name: name}, secret)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		if len(t.place.Decode(trust.Stored{Kept: secret}, time.Now()).Foreign) > 0 {
			continue
		}
		if err := a.client.Delete(ctx, secret, exactly(secret)); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// entrust stores what a step says of the root of trust. A Secret of somebody
// else is left alone, also one that came a moment ago.
func (a *actor) entrust(ctx context.Context, t turn) error {
	secret, there := t.place.Encode(t.step), &corev1.Secret{}
	err := a.live.Get(ctx, client.ObjectKeyFromObject(secret), there)
	if apierrors.IsNotFound(err) {
		return a.client.Create(ctx, secret, client.FieldOwner(Manager))
	}
	if err != nil {
		return err
	}
	stored := trust.Stored{Issued: there}
	if t.step.Keep != nil {
		stored = trust.Stored{Kept: there}
	}
	if foreign := t.place.Decode(stored, time.Now()).Foreign; len(foreign) > 0 {
		return fmt.Errorf("write Secret %s: %s", key(secret), foreign[0])
	}
	there.Data, there.Labels, there.Annotations = secret.Data, secret.Labels, secret.Annotations
	return a.client.Update(ctx, there, client.FieldOwner(Manager))
}
