package trust

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/meshloom/meshloom/install"
)

// signer is an authority with its PEM parsed.
type signer struct {
	install.Authority
	cert  *x509.Certificate
	key   crypto.Signer
	chain []*x509.Certificate // begins with cert, without a root unless cert is one
	// root is the one among roots that certifies the chain.
	root  *x509.Certificate
	roots []*x509.Certificate
}

// parseRoot reads a root that is kept, which certifies itself.
func parseRoot(a install.Authority) (*signer, error) {
	a.Chain, a.Roots = a.Certificate, a.Certificate
	return parse(&a)
}

// parse reads an authority; nil is nil.
func parse(a *install.Authority) (*signer, error) {
	if a == nil {
		return nil, nil
	}
	s := &signer{Authority: *a}
	certs, err := decode(a.Certificate)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	if len(certs) == 0 {
		return nil, errors.New("read the certificate: there is none")
	}
	s.cert = certs[0]
	if s.key, err = parseKey(a.Key); err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	if s.chain, err = decode(a.Chain); err != nil {
		return nil, fmt.Errorf("read the chain: %w", err)
	}
	if s.roots, err = decode(a.Roots); err != nil {
		return nil, fmt.Errorf("read the roots: %w", err)
	}
	if len(s.chain) == 0 {
		return nil, errors.New("read the chain: there is none")
	}
	if s.root = certifier(s.chain, s.roots); s.root == nil {
		return nil, fmt.Errorf("no root certifies %q", s.cert.Subject)
	}
	return s, nil
}

// certifier returns the root that the end of a chain was issued by.
func certifier(chain, roots []*x509.Certificate) *x509.Certificate {
	top := chain[len(chain)-1]
	for _, root := range roots {
		if root.Equal(top) || top.CheckSignatureFrom(root) == nil {
			return root
		}
	}
	return nil
}

// hangsOn says that what s issues is trusted by who trusts the root of other.
func (s *signer) hangsOn(other *signer) bool {
	return contains(s.roots, other.root) && certifier(s.chain, []*x509.Certificate{other.root}) != nil
}

// direct says that the authority issues workloads' certificates itself, as it
// may have none below it or the user gave one that is not a root.
func (s *signer) direct() bool {
	return !s.root.Equal(s.cert) || s.cert.MaxPathLen == 0 && s.cert.MaxPathLenZero
}

// fingerprint is that of the root.
func (s *signer) fingerprint() string {
	sum := sha256.Sum256(s.root.Raw)
	return hex.EncodeToString(sum[:])
}

func contains(certs []*x509.Certificate, cert *x509.Certificate) bool {
	return slices.ContainsFunc(certs, cert.Equal)
}

// minus returns the certificates that are not among others.
func minus(certs, others []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(certs), func(c *x509.Certificate) bool { return contains(others, c) })
}

// encode returns certificates as PEM.
func encode(certs []*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})...)
	}
	return out
}

const certificateBlock = "CERTIFICATE"

// decode returns the certificates of a text; text between them is ignored, as
// everywhere.
func decode(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificateBlock {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("parse certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// parseKey reads a private key in any of the usual forms.
func parseKey(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		default:
			continue
		}
		if err != nil {
			return nil, errors.New("it is no private key of a known form")
		}
		if s, ok := key.(crypto.Signer); ok {
			return s, nil
		}
	}
	return nil, errors.New("there is no private key in it")
}
