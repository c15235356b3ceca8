package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/all"
)

var update = flag.Bool("update", false, "write the golden files anew")

const bookinfo = "../../examples/bookinfo"

// run runs meshctl and returns what it printed and its exit code.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(context.Background(), Config{Providers: all.Providers(), In: strings.NewReader(stdin), Out: &out, Err: &errs}, args)
	return out.String(), errs.String(), code
}

func TestTranslateBookinfo(t *testing.T) {
	args := []string{"translate", "-f", bookinfo, "--mesh", "istio", "--ingress", "istio"}
	first, stderr, code := run(t, "", args...)
	if code != ExitOK {
		t.Fatalf("exit code %d, stderr:\n%s", code, stderr)
	}
	second, _, _ := run(t, "", args...)
	if first != second {
		t.Error("twice gives different bytes")
	}
	golden := filepath.Join("testdata", "bookinfo.out.yaml")
	if *update {
		if err := os.WriteFile(golden, []byte(first), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), first); diff != "" {
		t.Errorf("translation of Bookinfo (-want +got):\n%s", diff)
	}
}

func TestTranslateOutDirIsStable(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if _, stderr, code := run(t, "", "translate", "-f", bookinfo, "--out-dir", dir); code != ExitOK {
			t.Fatalf("exit code %d, stderr:\n%s", code, stderr)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "bookinfo", "virtualservice-*.yaml"))
	if err != nil || len(files) == 0 {
		t.Errorf("no VirtualService below %s/bookinfo (%v)", dir, err)
	}
}

const services = `apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{name: http, port: 80}]}
---
`

func TestExitCodes(t *testing.T) {
	tests := []struct {
		name  string
		stdin string
		args  []string
		code  int
		// stdout and stderr are parts that must occur; stdout "-" means empty.
		stdout, stderr []string
	}{
		{
			name:  "a broken file names file, object and field and prints nothing",
			stdin: services + "apiVersion: meshloom.io/v1alpha1\nkind: TrafficSplit\nmetadata: {name: a, namespace: shop}\nspec: {service: {name: a}, backendRef: []}\n",
			args:  []string{"translate", "-f", "-", "--mesh", "istio"}, code: ExitFailed,
			stdout: []string{"-"}, stderr: []string{"error: <stdin>:6: TrafficSplit/shop/a: spec.backendRef: unknown field"},
		},
		{
			name:  "an unsupported field is named, and the rest is printed",
			stdin: services + policy("rateLimit: {local: {requests: 1, per: Second}}") + "---\n" + split,
			args:  []string{"translate", "-f", "-", "--mesh", "istio"}, code: ExitFound,
			stdout: []string{"kind: VirtualService"}, stderr: []string{"rejected: TrafficPolicy/shop/p spec.rateLimit", "RateLimitLocal is not supported"},
		},
		{
			name:  "a policy that ignores what is unsupported keeps the rest",
			stdin: services + policy("rateLimit: {local: {requests: 1, per: Second}}\n  timeouts: {request: 3s}\n  onUnsupported: Ignore"),
			args:  []string{"translate", "-f", "-", "--mesh", "istio"}, code: ExitOK,
			stdout: []string{"timeout: 3s"}, stderr: []string{"partial: TrafficPolicy/shop/p spec.rateLimit"},
		},
		{
			name: "a namespace is selected by the label that every API server gives it",
			stdin: "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n" + services + split +
				"---\napiVersion: meshloom.io/v1alpha1\nkind: Mesh\nmetadata: {name: m}\nspec: {provider: Istio, mode: Adopted, members: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}}\n",
			args: []string{"translate", "-f", "-"}, code: ExitOK, stdout: []string{"kind: VirtualService"},
		},
		{
			name:  "validate reports in JSON",
			stdin: services + policy("rateLimit: {local: {requests: 1, per: Second}}"),
			args:  []string{"validate", "-f", "-", "--mesh", "istio", "-o", "json"}, code: ExitFound,
			stdout: []string{`"kind": "ValidationReport"`, `"feature": "RateLimitLocal"`},
		},
		{name: "no file", args: []string{"translate"}, code: ExitUsage, stdout: []string{"-"}, stderr: []string{"-f is missing"}},
		{name: "unknown mesh", stdin: services, args: []string{"translate", "-f", "-", "--mesh", "itsio"}, code: ExitUsage, stderr: []string{`--mesh "itsio" is not known; it can be`}},
		{name: "unknown flag", args: []string{"translate", "--fiel"}, code: ExitUsage, stderr: []string{"unknown flag"}},
		{name: "unknown verb", args: []string{"translat"}, code: ExitUsage, stderr: []string{`"translat"`}},
		{name: "unknown format", stdin: services, args: []string{"validate", "-f", "-", "-o", "xml"}, code: ExitUsage, stderr: []string{"table, json or yaml"}},
		{name: "missing path", args: []string{"validate", "-f", "nowhere"}, code: ExitFailed, stderr: []string{"nowhere"}},
		{name: "unknown kind", args: []string{"get", "meshs"}, code: ExitUsage, stderr: []string{"TrafficSplit"}},
		{name: "help", args: nil, code: ExitOK, stdout: []string{"Exit codes"}},
		{name: "version", args: []string{"version", "--client"}, code: ExitOK, stdout: []string{"meshctl "}},
		{name: "completion", args: []string{"completion", "bash"}, code: ExitOK, stdout: []string{"bash completion"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, tt.stdin, tt.args...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d; stderr:\n%s", code, tt.code, stderr)
			}
			contains(t, "stdout", stdout, tt.stdout)
			contains(t, "stderr", stderr, tt.stderr)
		})
	}
}

const split = `apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: a, namespace: shop}
spec:
  service: {name: a}
  backendRefs: [{subset: {labels: {version: v1}}, weight: 1}]
`

func policy(fields string) string {
	return "apiVersion: meshloom.io/v1alpha1\nkind: TrafficPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n  targetRefs: [{kind: Service, name: a}]\n  " + fields + "\n"
}

func contains(t *testing.T, stream, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if part == "-" && text != "" || part != "-" && !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", stream, part, text)
		}
	}
}

func TestDiffAgainstManifests(t *testing.T) {
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before.yaml"), filepath.Join(dir, "after.yaml")
	for path, content := range map[string]string{before: services + split, after: services + strings.Replace(split, "version: v1", "version: v2", 1)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := run(t, "", "diff", "-f", after, "--against", before, "--mesh", "istio")
	if code != ExitFound {
		t.Fatalf("exit code %d, want %d; stderr:\n%s", code, ExitFound, stderr)
	}
	contains(t, "stdout", stdout, []string{"--- a/shop/destinationrule", "-      version: v1", "+      version: v2"})
	if stdout, stderr, code = run(t, "", "diff", "-f", after, "--against", after, "--mesh", "istio"); code != ExitOK || stdout != "" {
		t.Errorf("no difference: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestCapabilitiesAndPairingsAreOneDocument(t *testing.T) {
	for _, args := range [][]string{{"capabilities", "-o", "json"}, {"capabilities", "istio-sidecar", "-o", "json"}, {"capabilities", "--fields", "-o", "json"}, {"pairings", "-o", "json"}} {
		stdout, stderr, code := run(t, "", args...)
		var doc map[string]any
		if err := json.Unmarshal([]byte(stdout), &doc); err != nil || code != ExitOK {
			t.Errorf("%v: exit code %d, %v, stderr %q", args, code, err, stderr)
		}
	}
	if _, _, code := run(t, "", "capabilities", "nothing"); code != ExitUsage {
		t.Errorf("unknown column: exit code %d, want %d", code, ExitUsage)
	}
}
