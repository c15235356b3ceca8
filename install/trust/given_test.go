package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/install"
)

// made is a certificate with its key, as a user makes them.
type made struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// issue makes a certificate by another one, or by itself where by is nil.
func issue(t *testing.T, by *made, key crypto.Signer, edit func(*x509.Certificate)) *made {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "by hand"},
		NotBefore: epoch.Add(-time.Hour), NotAfter: epoch.Add(365 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if edit != nil {
		edit(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
		template.Subject.CommonName += " of " + parent.Subject.CommonName
	}
	der, err := sign(template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &made{cert, key}
}

func p256(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(nil, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyPEM(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func certs(m ...*made) []byte {
	var all []*x509.Certificate
	for _, one := range m {
		all = append(all, one.cert)
	}
	return encode(all)
}

// TestGiven reads every usual form of a user's root, gives the control plane
// an authority by it, and has workloads shake hands under it.
func TestGiven(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, old, large := issue(t, nil, p256(t), nil), issue(t, nil, rsaKey(t, 2048), nil), issue(t, nil, p384, nil)
	last := issue(t, nil, p256(t), func(c *x509.Certificate) { c.MaxPathLenZero = true })
	middle := issue(t, plain, p256(t), nil)
	below := issue(t, middle, p256(t), nil)
	cases := map[string]struct {
		data   map[string][]byte
		direct bool // the control plane issues by the user's certificate itself
	}{
		"a root":                           {data: map[string][]byte{"tls.crt": certs(plain), "tls.key": keyPEM(t, plain.key)}},
		"a root, named twice":              {data: map[string][]byte{"tls.crt": certs(plain), "tls.key": keyPEM(t, plain.key), "ca.crt": certs(plain)}},
		"a root of RSA":                    {data: map[string][]byte{"tls.crt": certs(old), "tls.key": keyPEM(t, old.key)}},
		"a root of RSA in its own form":    {data: map[string][]byte{"tls.crt": certs(old), "tls.key": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(old.key.(*rsa.PrivateKey))})}},
		"a root on P-384":                  {data: map[string][]byte{"tls.crt": certs(large), "tls.key": keyPEM(t, large.key)}},
		"a root with none below":           {data: map[string][]byte{"tls.crt": certs(last), "tls.key": keyPEM(t, last.key)}, direct: true},
		"an intermediate":                  {data: map[string][]byte{"tls.crt": certs(middle), "tls.key": keyPEM(t, middle.key), "ca.crt": certs(plain)}, direct: true},
		"an intermediate and its root":     {data: map[string][]byte{"tls.crt": certs(middle, plain), "tls.key": keyPEM(t, middle.key)}, direct: true},
		"a chain":                          {data: map[string][]byte{"tls.crt": certs(below, middle), "tls.key": keyPEM(t, below.key), "ca.crt": certs(plain)}, direct: true},
		"a chain and somebody else's root": {data: map[string][]byte{"tls.crt": certs(below, middle), "tls.key": keyPEM(t, below.key), "ca.crt": certs(old, plain)}, direct: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.give(c.data)
			if step := w.settle(); step.Kind != install.StepDone {
				t.Fatalf("%s: %s", step.Kind, step.Message)
			}
			if err := handshake(t, w.writes[0], w.writes[0], w.req.Now); err != nil {
				t.Error(err)
			}
			given := strings.Contains(string(c.data["tls.crt"]), string(w.writes[0].Certificate))
			if given != c.direct {
				t.Errorf("the control plane issues by the user's certificate: %t, want %t", given, c.direct)
			}
			if w.pass(40 * day); w.settle().Kind != install.StepDone || len(w.writes) != 1 {
				t.Errorf("%d writes of what did not change", len(w.writes))
			}
		})
	}
}

// TestGivenRenewed shows that an intermediate that the user renews is taken at
// once, as workloads trust its root already.
func TestGivenRenewed(t *testing.T) {
	w := newWorld(t)
	root := issue(t, nil, p256(t), nil)
	for range 2 {
		middle := issue(t, root, p256(t), nil)
		w.give(map[string][]byte{"tls.crt": certs(middle), "tls.key": keyPEM(t, middle.key), "ca.crt": certs(root)})
		w.settle()
	}
	if len(w.writes) != 2 || !w.writes[0].Since.Equal(w.writes[1].Since) || w.req.State.Stage != "Steady" {
		t.Errorf("%d writes, stage %s: want the renewed one, and no rotation", len(w.writes), w.req.State.Stage)
	}
	if refused := neighbours(t, w.req.Now, w.writes); refused != nil {
		t.Errorf("handshakes refused: %v", refused)
	}
}

// TestGivenBroken shows that every broken Secret is refused by the name of the
// entry, with the remedy.
func TestGivenBroken(t *testing.T) {
	root, other := issue(t, nil, p256(t), nil), issue(t, nil, p256(t), func(c *x509.Certificate) { c.Subject.CommonName = "other" })
	middle := issue(t, root, p256(t), nil)
	small := issue(t, nil, rsaKey(t, 1024), nil)
	_, edwards, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	strange := issue(t, nil, edwards, nil)
	workload := issue(t, nil, p256(t), func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	over := issue(t, nil, p256(t), func(c *x509.Certificate) { c.NotAfter = epoch.Add(-time.Minute) })
	early := issue(t, nil, p256(t), func(c *x509.Certificate) { c.NotBefore = epoch.Add(time.Minute) })
	cases := map[string]struct {
		data map[string][]byte
		want string
	}{
		"nothing":              {nil, "tls.crt: it is missing: put the root's certificate there"},
		"no PEM":               {map[string][]byte{"tls.crt": []byte("x")}, "tls.crt: there is no certificate in it"},
		"no DER":               {map[string][]byte{"tls.crt": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, "tls.crt: parse certificate 1"},
		"no key":               {map[string][]byte{"tls.crt": certs(root)}, "tls.key: there is no private key in it: put the key of tls.crt there"},
		"no key's form":        {map[string][]byte{"tls.crt": certs(root), "tls.key": []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, "tls.key: it is no private key of a known form"},
		"somebody else's key":  {map[string][]byte{"tls.crt": certs(root), "tls.key": keyPEM(t, other.key)}, "tls.key: it does not belong to tls.crt"},
		"no root":              {map[string][]byte{"tls.crt": certs(middle), "tls.key": keyPEM(t, middle.key)}, `ca.crt: it has no root that issued "CN=by hand of by hand": put the certificate of "CN=by hand" there`},
		"another root":         {map[string][]byte{"tls.crt": certs(middle), "tls.key": keyPEM(t, middle.key), "ca.crt": certs(other)}, "ca.crt: it has no root that issued"},
		"a broken root":        {map[string][]byte{"tls.crt": certs(root), "tls.key": keyPEM(t, root.key), "ca.crt": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, "ca.crt: parse certificate 1"},
		"a chain of strangers": {map[string][]byte{"tls.crt": certs(middle, other, root), "tls.key": keyPEM(t, middle.key)}, "tls.crt: certificate 1 was not issued by certificate 2"},
		"a workload's":         {map[string][]byte{"tls.crt": certs(workload), "tls.key": keyPEM(t, workload.key), "ca.crt": certs(workload)}, "is no certificate authority"},
		"ran out":              {map[string][]byte{"tls.crt": certs(over), "tls.key": keyPEM(t, over.key)}, "ran out on 2027-01-02"},
		"too early":            {map[string][]byte{"tls.crt": certs(early), "tls.key": keyPEM(t, early.key)}, "is not valid before 2027-01-02T03:05:05Z"},
		"a small key":          {map[string][]byte{"tls.crt": certs(small), "tls.key": keyPEM(t, small.key)}, "tls.crt: proxies do not take its kind of key: use ECDSA"},
		"a strange key":        {map[string][]byte{"tls.crt": certs(strange), "tls.key": keyPEM(t, strange.key)}, "tls.crt: proxies do not take its kind of key: use ECDSA"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Given(c.data, epoch); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
