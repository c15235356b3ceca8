package helm

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// credentials are those of a repository.
type credentials struct{ username, password string }

// credentials reads the Secret that a source names; "" has none.
func (e *Engine) credentials(ctx context.Context, secret string) (credentials, error) {
	if secret == "" {
		return credentials{}, nil
	}
	clients, err := e.cluster()
	if errors.Is(err, errOffline) {
		return credentials{}, fmt.Errorf("its credentials are in Secret %s of a cluster: %w", secret, err)
	}
	if err != nil {
		return credentials{}, err
	}
	found, err := clients.typed.CoreV1().Secrets(e.options.Namespace).Get(ctx, secret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return credentials{}, fmt.Errorf("there is no Secret %s/%s: create it with the entries username and password", e.options.Namespace, secret)
	}
	if err != nil {
		return credentials{}, fmt.Errorf("read Secret %s/%s: %w", e.options.Namespace, secret, err)
	}
	c := credentials{string(found.Data["username"]), string(found.Data["password"])}
	if c.username == "" || c.password == "" {
		return credentials{}, fmt.Errorf("read Secret %s/%s: it lacks username or password", e.options.Namespace, secret)
	}
	return c, nil
}
