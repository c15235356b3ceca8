package binaries

import (
	"os"
	"path/filepath"
	"testing"
)

// write puts a file into a module that a test made up.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeyFollowsWhatIsBuilt(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module m\n")
	write(t, filepath.Join(module, "cmd", "main.go"), "package main\n")
	original := toolset{name: "set", module: module, programs: []program{{"a", "./cmd"}}, ldflags: "-s"}
	first, err := original.key()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := original.key(); again != first || err != nil {
		t.Errorf("the same set has keys %s and %s, %v", first, again, err)
	}
	for name, change := range map[string]func(*toolset){
		"a flag":       func(s *toolset) { s.stamp("pkg", map[string]string{"version": "v1"}) },
		"a program":    func(s *toolset) { s.programs = append(s.programs, program{"b", "./b"}) },
		"a link":       func(s *toolset) { s.links = []string{"/cache/etcd"} },
		"a file":       func(*toolset) { write(t, filepath.Join(module, "cmd", "main.go"), "package main // changed\n") },
		"a file's end": func(*toolset) { write(t, filepath.Join(module, "cmd", "main.go"), "package main // change\n") },
		"a new file":   func(*toolset) { write(t, filepath.Join(module, "cmd", "more.go"), "package main\n") },
	} {
		changed := original
		change(&changed)
		key, err := changed.key()
		if err != nil {
			t.Fatal(err)
		}
		if key == first {
			t.Errorf("%s changed and the key did not", name)
		}
	}
}

func TestRequirement(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), `module m

require example.com/alone v0.1.0

require (
	example.com/a v1.2.3
	example.com/a/b v1.2.4 // indirect
)

replace example.com/c => example.com/c v1.2.5
`)
	set := toolset{module: module}
	for name, want := range map[string]string{"example.com/a": "v1.2.3", "example.com/alone": "v0.1.0", "example.com/c": ""} {
		got, err := set.requirement(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("requirement of %s: %q, %v: want %q", name, got, err, want)
		}
	}
}

func TestPinnedVersions(t *testing.T) {
	set, err := newToolset("set", "kubernetes", nil)
	if err != nil {
		t.Fatal(err)
	}
	version, err := set.requirement("k8s.io/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	if major, minor, err := majorMinor(version); major != "1" || minor == "" || err != nil {
		t.Errorf("version %s is %q.%q, %v", version, major, minor, err)
	}
	if _, _, err := majorMinor("v1"); err == nil {
		t.Error("v1 is a version")
	}
}

func TestModuleDir(t *testing.T) {
	dir, err := ModuleDir(t.Context(), "", "sigs.k8s.io/gateway-api")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "config", "crd", "standard")); err != nil {
		t.Errorf("the module's CRDs: %v", err)
	}
	if _, err := ModuleDir(t.Context(), "", "example.com/nothing"); err == nil {
		t.Error("a module that is not required has a folder")
	}
}

func TestControlPlaneOfTheUser(t *testing.T) {
	t.Setenv("KUBEBUILDER_ASSETS", "/opt/assets")
	dir, err := ControlPlane(t.Context(), nil)
	if dir != "/opt/assets" || err != nil {
		t.Errorf("folder %q, %v: want the one of KUBEBUILDER_ASSETS", dir, err)
	}
}
