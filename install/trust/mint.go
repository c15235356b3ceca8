package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/meshloom/meshloom/install"
)

const (
	// rootLifetime is how long a generated root lives.
	rootLifetime = 10 * 365 * 24 * time.Hour
	// authorityLifetime is how long what a control plane issues by lives; it
	// is renewed with a third left, so months before anything hangs on it.
	authorityLifetime = 365 * 24 * time.Hour
	// skew is how far clocks of nodes may be behind.
	skew = 10 * time.Minute
)

// NewRoot makes a root for a mesh: ECDSA on P-256, as every proxy and every
// control plane takes it (one of them takes nothing else) and as it signs some
// thirty times as fast as RSA of the same strength, which counts when all
// workloads of a cluster start at once.
func NewRoot(rand io.Reader, mesh string, now time.Time) (install.Authority, error) {
	m, err := mint(rand)
	if err != nil {
		return install.Authority{}, fmt.Errorf("make a root for mesh %q: %w", mesh, err)
	}
	template := m.template(mesh, "root", now, now.Add(rootLifetime))
	template.MaxPathLen = 1
	cert, err := sign(template, template, m.key.Public(), m.key)
	if err != nil {
		return install.Authority{}, fmt.Errorf("make a root for mesh %q: %w", mesh, err)
	}
	return m.authority(cert)
}

// issue returns the authority that a control plane shall have below s: one of
// its own, so that the root's key stays where it is kept, or s itself where it
// may have none below it. Roots and Since are the caller's.
func (s *signer) issue(r Request) (install.Authority, error) {
	if s.direct() {
		return install.Authority{Certificate: encode(s.chain[:1]), Key: s.Key, Chain: encode(s.chain)}, nil
	}
	m, err := mint(r.Rand)
	if err != nil {
		return install.Authority{}, fmt.Errorf("make an authority for mesh %q: %w", r.Wanted.Name, err)
	}
	template := m.template(r.Wanted.Name, "authority", r.Now, earlier(r.Now.Add(authorityLifetime), s.cert.NotAfter))
	template.MaxPathLenZero = true
	cert, err := sign(template, s.cert, m.key.Public(), s.key)
	if err != nil {
		return install.Authority{}, fmt.Errorf("make an authority for mesh %q: %w", r.Wanted.Name, err)
	}
	a, err := m.authority(cert)
	a.Chain = a.Certificate
	return a, err
}

// material is what a certificate is made with.
type material struct {
	key    *ecdsa.PrivateKey
	serial []byte
}

// mint takes a key and a serial number from rand: the same bytes give the same
// ones, which the generators of crypto/ecdsa do not promise. The key is chosen
// as in FIPS 186-5, A.2.1, with 64 bits more than it has.
func mint(rand io.Reader) (material, error) {
	bits := make([]byte, 40)
	m := material{serial: make([]byte, 16)}
	for _, into := range [][]byte{bits, m.serial} {
		if _, err := io.ReadFull(rand, into); err != nil {
			return material{}, fmt.Errorf("read random bytes: %w", err)
		}
	}
	m.serial[0] &= 0x7f
	one := big.NewInt(1)
	order := new(big.Int).Sub(elliptic.P256().Params().N, one)
	scalar := new(big.Int).SetBytes(bits)
	scalar.Mod(scalar, order).Add(scalar, one)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar.FillBytes(make([]byte, 32)))
	if err != nil {
		return material{}, fmt.Errorf("make a key: %w", err)
	}
	m.key = key
	return m, nil
}

// template is a certificate of an authority. Its name is its own: verifiers
// look issuers up by name, and two roots of one mesh are trusted at once.
func (m material) template(mesh, what string, now, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(m.serial),
		Subject:               pkix.Name{Organization: []string{mesh[:min(len(mesh), 64)]}, CommonName: what + " " + hex.EncodeToString(m.serial[:6])},
		NotBefore:             now.Add(-skew).UTC(),
		NotAfter:              until.UTC(),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

// authority returns the PEM of a certificate and the key it is for.
func (m material) authority(cert []byte) (install.Authority, error) {
	key, err := x509.MarshalECPrivateKey(m.key)
	if err != nil {
		return install.Authority{}, fmt.Errorf("encode a key: %w", err)
	}
	return install.Authority{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: cert}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}),
	}, nil
}

// sign needs no randomness: without it ECDSA signs by RFC 6979, and a
// signature tells no more of the key than with it.
func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) ([]byte, error) {
	cert, err := x509.CreateCertificate(nil, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return cert, nil
}
