package node

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
)

func TestPKI(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	if err := writePKI(dir); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	for _, id := range identities() {
		t.Run(id.name, func(t *testing.T) {
			pair, err := tls.LoadX509KeyPair(filepath.Join(dir, id.name+".crt"), filepath.Join(dir, id.name+".key"))
			if err != nil {
				t.Fatal(err)
			}
			names := append([]string{""}, id.dnsNames...)
			for _, name := range append(names, id.ips...) {
				options := x509.VerifyOptions{Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
				if _, err := pair.Leaf.Verify(options); err != nil {
					t.Errorf("verify for %q: %v", name, err)
				}
			}
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "elsewhere.example"}); err == nil {
				t.Error("valid for a name that is not its own")
			}
		})
	}
}

func TestKeysAreClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	if err := writePKI(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s: want it closed to others", file.Name(), info.Mode())
		}
	}
}
