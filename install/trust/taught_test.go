package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// TestNextRootWaitsForTheUntaught shows that a root which is only learnt by a
// restart does not sign while somebody was not restarted, however long that
// takes, and that the rest goes on with time.
func TestNextRootWaitsForTheUntaught(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "now"
	w.settle()
	w.req.Untaught = "pod web-0"
	for range 10 {
		w.pass(lifetime)
		w.settle()
	}
	if stage := w.req.State.Stage; stage != v1alpha1.TrustIntroducing || len(w.writes) != 2 {
		t.Fatalf("stage %s with %d writes, while somebody does not know the next root", stage, len(w.writes))
	}
	w.req.Untaught = ""
	w.settle()
	if stage := w.req.State.Stage; stage != v1alpha1.TrustSigning {
		t.Fatalf("stage %s, when everybody knows the next root", stage)
	}
	// Who trusts both roots too long harms nobody.
	w.req.Untaught = "pod web-0"
	w.pass(2 * lifetime)
	w.settle()
	if stage := w.req.State.Stage; stage != v1alpha1.TrustRetiring {
		t.Errorf("stage %s, when all certificates are of the next root", stage)
	}
}

// TestRenewalWaitsForNobody shows that an authority below the same root is
// renewed in time.
func TestRenewalWaitsForNobody(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.req.Untaught = "pod web-0"
	w.pass(authorityLifetime * 3 / 4)
	w.settle()
	if len(w.writes) != 2 {
		t.Errorf("%d writes, want the first and a renewal", len(w.writes))
	}
}

// TestEntriesAreShared reads back a Secret in the words of kubernetes.io/tls,
// where the certificate and its chain are one entry.
func TestEntriesAreShared(t *testing.T) {
	w := newWorld(t)
	w.place.Trust.Entries = install.TrustEntries{Certificate: "tls.crt", Key: "tls.key", Chain: "tls.crt", Roots: "ca.crt"}
	w.place.Trust.Noted = func(roots []byte) string { return string(bytes.ToUpper(roots)) }
	root := issue(t, nil, p256(t), nil)
	middle := issue(t, root, p256(t), nil)
	issuer := issue(t, middle, p256(t), nil)
	w.req.Wanted.Spec.Trust = &v1alpha1.MeshTrust{RootSecretRef: &v1alpha1.LocalObjectReference{Name: "mine"}}
	w.stored.Given = &corev1.Secret{Data: map[string][]byte{"tls.crt": certs(issuer, middle), "tls.key": keyPEM(t, issuer.key), "ca.crt": certs(root)}}
	w.settle()
	if diff := len(w.stored.Issued.Data); diff != 3 {
		t.Errorf("%d entries, want 3", diff)
	}
	if got := w.stored.Issued.Data["tls.crt"]; !bytes.Equal(got, certs(issuer, middle)) {
		t.Errorf("tls.crt is not the chain:\n%s", got)
	}
	seen := w.place.Decode(w.stored, w.req.Now)
	if want := strings.ToUpper(string(certs(root))); seen.Noted != want {
		t.Errorf("pods note %q, want %q", seen.Noted, want)
	}
	if step := w.settle(); step.Kind != install.StepDone || len(w.writes) != 1 {
		t.Errorf("what was written is written again: %+v", step)
	}
}

// TestOnlyP256 refuses keys that the proxies of some meshes do not take.
func TestOnlyP256(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), nil)
	if err != nil {
		t.Fatal(err)
	}
	good := issue(t, nil, p256(t), nil)
	large := issue(t, nil, p384, nil)
	below := issue(t, large, p256(t), nil)
	for name, c := range map[string]struct {
		data map[string][]byte
		ok   bool
	}{
		"P-256":           {map[string][]byte{"tls.crt": certs(good), "tls.key": keyPEM(t, good.key)}, true},
		"P-384":           {map[string][]byte{"tls.crt": certs(large), "tls.key": keyPEM(t, large.key)}, false},
		"a root on P-384": {map[string][]byte{"tls.crt": certs(below), "tls.key": keyPEM(t, below.key), "ca.crt": certs(large)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.place.Trust.OnlyP256 = true
			seen := w.place.Decode(Stored{Given: &corev1.Secret{Data: c.data}}, epoch)
			if (seen.GivenError == "") != c.ok || !c.ok && !strings.Contains(seen.GivenError, "use ECDSA on P-256") {
				t.Errorf("it is taken: %t; %s", seen.GivenError == "", seen.GivenError)
			}
		})
	}
}
