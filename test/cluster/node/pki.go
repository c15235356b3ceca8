package node

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// identity is one key pair of the cluster and what its certificate says.
type identity struct {
	name         string // of the files, NAME.crt and NAME.key
	commonName   string
	organization string
	dnsNames     []string
	ips          []string
}

// identities are all that the cluster's authority signs. Those with names or
// addresses serve, all but the API server's are also clients.
func identities() []identity {
	return []identity{
		{
			name: "apiserver", commonName: "kube-apiserver",
			dnsNames: []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost", Name},
			ips:      []string{"127.0.0.1", apiService, IP},
		},
		{name: "kubelet", commonName: "system:node:" + Name, organization: "system:nodes", dnsNames: []string{Name}, ips: []string{IP}},
		{name: "apiserver-kubelet-client", commonName: "apiserver-kubelet-client", organization: "system:masters"},
		{name: "admin", commonName: "admin", organization: "system:masters"},
		{name: "controller-manager", commonName: "system:kube-controller-manager"},
		{name: "scheduler", commonName: "system:kube-scheduler"},
		{name: "proxy", commonName: "system:kube-proxy"},
		{name: "outside", commonName: OutsideNames[0], dnsNames: OutsideNames, ips: []string{OutsideIP}},
	}
}

// authority signs certificates. A cluster lives for hours, so its certificates
// are simply valid for years.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	dir  string
}

// writePKI makes the authority, everything it signs and the key pair that
// signs ServiceAccount tokens.
func writePKI(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return fmt.Errorf("create certificate authority: %w", err)
	}
	for _, id := range identities() {
		if err := ca.issue(id); err != nil {
			return fmt.Errorf("issue certificate %s: %w", id.name, err)
		}
	}
	if err := writeTokenKey(dir); err != nil {
		return fmt.Errorf("create token key: %w", err)
	}
	return nil
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate(pkix.Name{CommonName: "meshloom-local-cluster"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{key: key, cert: cert, dir: dir}, writePair(dir, "ca", der, key)
}

func (a *authority) issue(id identity) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	subject := pkix.Name{CommonName: id.commonName}
	if id.organization != "" {
		subject.Organization = []string{id.organization}
	}
	template := certificate(subject)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	template.DNSNames = id.dnsNames
	for _, ip := range id.ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	return writePair(a.dir, id.name, der, key)
}

func certificate(subject pkix.Name) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		// Too many to collide, and no two issuers of one name share any.
		SerialNumber: new(big.Int).SetInt64(now.UnixNano()),
		Subject:      subject,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
	}
}

func writePair(dir, name string, der []byte, key crypto.PrivateKey) error {
	if err := writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, name+".key"), key)
}

// writeTokenKey makes sa.key and sa.pub. They are RSA because the key of
// ServiceAccount tokens is read by more than Kubernetes.
func writeTokenKey(dir string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(dir, "sa.pub"), "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, "sa.key"), key)
}

func writeKey(path string, key crypto.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
