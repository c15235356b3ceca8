package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

var epoch = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	lifetime    = 24 * time.Hour
	propagation = 2 * time.Minute
)

// world is one mesh with its Secrets, as the installer keeps them.
type world struct {
	t      *testing.T
	place  Place
	stored Stored
	req    Request
	// writes are the authorities that the control plane was given.
	writes []install.Authority
	stages []v1alpha1.TrustStage
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{
		t: t,
		place: Place{Mesh: "shop", Namespace: "mesh-system", Trust: install.Trust{
			Secret:  "authority",
			Entries: install.TrustEntries{Certificate: "c", Key: "k", Chain: "ch", Roots: "r"},
		}},
		req: Request{
			Wanted:   install.Wanted{Name: "shop", Namespace: "mesh-system", Annotations: map[string]string{}},
			Lifetime: lifetime, Propagation: propagation, Now: epoch,
			Rand: rand.NewChaCha8([32]byte{1}),
		},
	}
}

// decide asks for the next step.
func (w *world) decide() Decision {
	w.t.Helper()
	w.req.Seen = w.place.Decode(w.stored, w.req.Now)
	d, err := Next(w.req)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// settle does what is due now.
func (w *world) settle() install.Step {
	w.t.Helper()
	for range 8 {
		d := w.decide()
		w.req.State = d.State
		if d.State != nil && (len(w.stages) == 0 || w.stages[len(w.stages)-1] != d.State.Stage) {
			w.stages = append(w.stages, d.State.Stage)
		}
		switch d.Step.Kind {
		case install.StepKeepTrust:
			w.stored.Kept = w.store(d.Step)
		case install.StepWriteTrust:
			w.stored.Issued = w.store(d.Step)
			w.writes = append(w.writes, *d.Step.Authority)
		default:
			w.req.Running = true
			return d.Step
		}
	}
	w.t.Fatal("there is no end of steps")
	return install.Step{}
}

// store writes and reads as an API server does.
func (w *world) store(step install.Step) *corev1.Secret {
	w.t.Helper()
	text, err := yaml.Marshal(w.place.Encode(step))
	if err != nil {
		w.t.Fatal(err)
	}
	var out corev1.Secret
	if err := yaml.UnmarshalStrict(text, &out); err != nil {
		w.t.Fatal(err)
	}
	return &out
}

// pass lets time go by.
func (w *world) pass(d time.Duration) { w.req.Now = w.req.Now.Add(d) }

// rotate asks for another root and goes on until the rotation has ended.
func (w *world) rotate() {
	w.t.Helper()
	w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = w.req.Now.String()
	for i := range 100 {
		w.settle()
		if i > 0 && w.req.State.Stage == v1alpha1.TrustSteady {
			return
		}
		w.pass(time.Hour)
	}
	w.t.Fatal("the rotation has no end")
}

// workload is one peer: what it presents and what it trusts, of the time when
// its certificate was issued.
type workload struct {
	authority install.Authority
	renew     time.Time
}

// handshake is a real one, with mutual TLS.
func handshake(t *testing.T, server, client install.Authority, now time.Time) error {
	t.Helper()
	there, here := net.Pipe()
	result := make(chan error, 1)
	go func() {
		s := tls.Server(there, config(t, server, now))
		err := s.Handshake()
		if err == nil {
			_, err = s.Write([]byte{1})
		}
		result <- errors.Join(err, there.Close())
	}()
	c := tls.Client(here, config(t, client, now))
	err := c.Handshake()
	if err == nil {
		// A server's refusal of the client's certificate comes after the
		// handshake, as TLS 1.3 has it.
		_, err = c.Read(make([]byte, 1))
	}
	return errors.Join(err, here.Close(), <-result)
}

// config presents what the authority issues, and trusts its roots.
func config(t *testing.T, a install.Authority, now time.Time) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(a.Roots) {
		t.Fatalf("no roots in %q", a.Roots)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{leaf(t, a, now)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: roots,
		RootCAs: roots, ServerName: "workload",
		Time: func() time.Time { return now },
	}
}

// leaf is a workload's certificate, with the chain up to the root.
func leaf(t *testing.T, a install.Authority, now time.Time) tls.Certificate {
	t.Helper()
	by, err := parse(&a)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "workload"}, DNSNames: []string{"workload"},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(lifetime),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := sign(template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	for block, rest := pem.Decode(a.Chain); block != nil; block, rest = pem.Decode(rest) {
		cert.Certificate = append(cert.Certificate, block.Bytes)
	}
	return cert
}

func same(a, b install.Authority) bool {
	return bytes.Equal(a.Certificate, b.Certificate) && bytes.Equal(a.Roots, b.Roots)
}
