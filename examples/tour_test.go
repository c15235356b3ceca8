// Package examples_test translates the example of every task for every mesh.
package examples_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/translators/all"
)

var update = flag.Bool("update", false, "write the golden files anew")

// own are the tasks that say something of the Mesh itself.
var own = map[string]bool{"zero-trust": true, "egress": true}

// TestTour holds what meshctl translate prints of each task on each mesh to a
// golden file: the exit code, what it says on stderr, and the native objects.
func TestTour(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	meshes, tasks := meshes(), 0
	for _, entry := range entries {
		task := entry.Name()
		if !entry.IsDir() || task == "bookinfo" || task == "testdata" {
			continue
		}
		tasks++
		for _, mesh := range meshes {
			t.Run(task+"/"+mesh, func(t *testing.T) {
				compare(t, filepath.Join("testdata", task+"."+mesh+".yaml"), translate(t, task, mesh))
			})
		}
	}
	if tasks < 6 || len(meshes) < 4 {
		t.Errorf("%d tasks on %d meshes are fewer than there should be", tasks, len(meshes))
	}
}

func meshes() []string {
	var names []string
	for _, p := range all.Providers() {
		for _, v := range p.Variants {
			if v.Mesh {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

func translate(t *testing.T, task, mesh string) string {
	t.Helper()
	args := []string{"translate", "-f", "bookinfo/app.yaml", "-f", task, "--mesh", mesh}
	if !own[task] {
		args = append(args, "-f", "bookinfo/mesh.yaml")
	}
	var stdout, stderr bytes.Buffer
	cfg := cli.Config{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Providers: all.Providers()}
	code := cli.Main(t.Context(), cfg, args)
	if code != cli.ExitOK && code != cli.ExitFound {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	said := ""
	for line := range strings.Lines(stderr.String()) {
		said += "# " + line
	}
	return fmt.Sprintf("# exit code %d\n%s%s", code, said, stdout.String())
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it, and read it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
