package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meshloom/meshloom/install"
)

// The entries of a Secret that keeps a certificate with its key, in the words
// of Kubernetes.
const (
	certificateEntry = "tls.crt"
	keyEntry         = "tls.key"
	rootsEntry       = "ca.crt"
)

// Given reads the root that a user gives: tls.crt and tls.key, and ca.crt
// where tls.crt was issued by another authority. An error names the entry and
// the remedy.
func Given(data map[string][]byte, now time.Time) (*install.Authority, error) {
	certs, err := entry(data, certificateEntry)
	if err != nil {
		return nil, err
	}
	roots, err := decode(data[rootsEntry])
	if err != nil {
		return nil, fmt.Errorf("%s: %w: put certificates as PEM there", rootsEntry, err)
	}
	chain := certs
	if last := certs[len(certs)-1]; len(certs) > 1 && last.CheckSignatureFrom(last) == nil {
		chain, roots = certs[:len(certs)-1], append(roots, minus(certs[len(certs)-1:], roots)...)
	}
	if len(roots) == 0 && certs[0].CheckSignatureFrom(certs[0]) == nil {
		roots = certs[:1]
	}
	key, err := parseKey(data[keyEntry])
	if err != nil {
		return nil, fmt.Errorf("%s: %w: put the key of %s there, as PEM", keyEntry, err, certificateEntry)
	}
	if public, ok := key.Public().(interface{ Equal(x crypto.PublicKey) bool }); !ok || !public.Equal(certs[0].PublicKey) {
		return nil, fmt.Errorf("%s: it does not belong to %s: put the key of that certificate there", keyEntry, certificateEntry)
	}
	if err := chained(chain, roots); err != nil {
		return nil, err
	}
	if err := usable(certs[0], append(chain[:len(chain):len(chain)], certifier(chain, roots)), now); err != nil {
		return nil, err
	}
	return &install.Authority{Certificate: encode(certs[:1]), Key: data[keyEntry], Chain: encode(chain), Roots: encode(roots)}, nil
}

func entry(data map[string][]byte, name string) ([]*x509.Certificate, error) {
	if len(data[name]) == 0 {
		return nil, fmt.Errorf("%s: it is missing: put the root's certificate there, as PEM", name)
	}
	certs, err := decode(data[name])
	if err == nil && len(certs) == 0 {
		err = errors.New("there is no certificate in it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: put the root's certificate there, as PEM", name, err)
	}
	return certs, nil
}

// chained says whether every certificate was issued by the next one, and the
// last one by a root.
func chained(chain, roots []*x509.Certificate) error {
	for i := 1; i < len(chain); i++ {
		if chain[i-1].CheckSignatureFrom(chain[i]) != nil {
			return fmt.Errorf("%s: certificate %d was not issued by certificate %d: put them in order, the issuing one first", certificateEntry, i, i+1)
		}
	}
	if certifier(chain, roots) == nil {
		return fmt.Errorf("%s: it has no root that issued %q: put the certificate of %q there", rootsEntry, chain[len(chain)-1].Subject, chain[len(chain)-1].Issuer)
	}
	return nil
}

// onlyP256 says whether every key of an authority is one of ECDSA on P-256.
func onlyP256(a *install.Authority) error {
	certs, err := decode(slices.Concat(a.Chain, a.Roots))
	if err != nil {
		return err
	}
	for _, c := range certs {
		if key, ok := c.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
			return fmt.Errorf("%s: proxies of this mesh do not take the kind of key of %q: use ECDSA on P-256", certificateEntry, c.Subject)
		}
	}
	return nil
}

// usable says whether workloads can hang on the chain now.
func usable(cert *x509.Certificate, chain []*x509.Certificate, now time.Time) error {
	for _, c := range chain {
		switch {
		case !c.IsCA || !c.BasicConstraintsValid || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
			return fmt.Errorf("%s: %q is no certificate authority: put one there that may issue certificates (CA:TRUE, keyCertSign)", certificateEntry, c.Subject)
		case now.After(c.NotAfter):
			return fmt.Errorf("%s: %q ran out on %s: put one there that is valid", certificateEntry, c.Subject, c.NotAfter.UTC().Format(time.DateOnly))
		case now.Before(c.NotBefore):
			return fmt.Errorf("%s: %q is not valid before %s: put one there that is valid", certificateEntry, c.Subject, c.NotBefore.UTC().Format(time.RFC3339))
		}
	}
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() {
			return nil
		}
	case *rsa.PublicKey:
		if key.N.BitLen() >= 2048 {
			return nil
		}
	}
	return fmt.Errorf("%s: proxies do not take its kind of key: use ECDSA on P-256 or P-384, or RSA of 2048 bits or more", certificateEntry)
}
