package images

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const root = "../.."

// built is what is in an image and how it runs.
type built struct {
	Files      []string
	User       string
	Entrypoint []string
	Labels     map[string]string
}

// TestTheOperatorIsWhatTheDockerfileMakes compares the image that tests run
// with the one that is released.
func TestTheOperatorIsWhatTheDockerfileMakes(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "operator")
	if err := os.WriteFile(binary, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	archive, err := Operator(binary, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got := built{files(t, img), config.Config.User, config.Config.Entrypoint, config.Config.Labels}
	if diff := cmp.Diff(released(t), got); diff != "" {
		t.Errorf("Dockerfile and test/images differ:\n%s", diff)
	}
}

// files are the paths of all files of an image.
func files(t *testing.T, img v1.Image) []string {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for reader := tar.NewReader(content); ; {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if header.Typeflag == tar.TypeReg {
				out = append(out, path.Join("/", header.Name))
			}
		}
	}
	slices.Sort(out)
	return out
}

// released is what the last stage of the Dockerfile says.
func released(t *testing.T) built {
	t.Helper()
	out := built{Labels: map[string]string{}}
	arguments := map[string]string{}
	for _, line := range lastStage(t) {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "FROM":
			if rest != "scratch" {
				t.Errorf("FROM %s: it brings files that test/images does not", rest)
			}
		case "ARG":
			name, value, _ := strings.Cut(rest, "=")
			arguments[name] = value
		case "LABEL":
			for _, pair := range strings.Fields(rest) {
				key, value, _ := strings.Cut(pair, "=")
				out.Labels[key] = os.Expand(strings.Trim(value, `"`), func(name string) string { return arguments[name] })
			}
		case "COPY":
			fields := strings.Fields(rest)
			out.Files = append(out.Files, fields[len(fields)-1])
		case "USER":
			out.User = rest
		case "ENTRYPOINT":
			if err := json.Unmarshal([]byte(rest), &out.Entrypoint); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: this test does not know what it does to an image", line)
		}
	}
	slices.Sort(out.Files)
	return out
}

// lastStage are the instructions of the Dockerfile from its last FROM on.
func lastStage(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\\\n", ""), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "FROM ") {
			out = nil
		}
		out = append(out, line)
	}
	return out
}

// TestTheBuildGetsAllThatItNeeds holds .dockerignore to what the operator is
// built from.
func TestTheBuildGetsAllThatItNeeds(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	const format = `{{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$.Dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$.Dir}}/{{.}}
{{end}}{{end}}{{end}}`
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, "./cmd/operator")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	for file := range strings.FieldsSeq(string(out)) {
		relative, err := filepath.Rel(absolute, file)
		if err != nil {
			t.Fatal(err)
		}
		if ignored(string(text), relative) {
			t.Errorf("%s is kept from the build", relative)
		}
		folders[strings.Split(relative, "/")[0]] = true
	}
	if !folders["cmd"] || !folders["translators"] {
		t.Errorf("the operator is built from %q: is that all?", slices.Sorted(maps.Keys(folders)))
	}
	for _, unwanted := range []string{".git/config", "bin/meshctl", "test/rig/rig.go", "install/testdata/a", "cmd/operator/a_test.go"} {
		if !ignored(string(text), unwanted) {
			t.Errorf("%s is sent to the build", unwanted)
		}
	}
}

// ignored says whether .dockerignore keeps a file out: the last pattern decides
// that matches it or a folder above it.
func ignored(patterns, file string) bool {
	out := false
	for pattern := range strings.SplitSeq(patterns, "\n") {
		if pattern == "" || strings.HasPrefix(pattern, "#") {
			continue
		}
		pattern, wanted := strings.CutPrefix(pattern, "!")
		for p := file; p != "."; p = path.Dir(p) {
			against, name := pattern, p
			if anywhere, ok := strings.CutPrefix(pattern, "**/"); ok {
				against, name = anywhere, path.Base(p)
			}
			if ok, err := path.Match(against, name); err == nil && ok {
				out = !wanted
			}
		}
	}
	return out
}
