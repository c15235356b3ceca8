//go:build e2e

package local_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/cluster/image"
	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/cluster/node"
)

const (
	echoImage = "docker.io/local/echo:1"
	echoLB    = "10.200.0.100:80"
	patience  = 2 * time.Minute
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// TestTwoClustersSideBySide brings two clusters up at the same time, sends
// traffic through both, and demands that nothing is left of them afterwards.
func TestTwoClustersSideBySide(t *testing.T) {
	if _, err := binaries.Kubernetes(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	archive := echoArchive(t)
	before := machine(t)
	names := []string{"test-one", "test-two"}
	clusters := make([]*local.Cluster, len(names))
	group, ctx := errgroup.WithContext(t.Context())
	begin := time.Now()
	for i, name := range names {
		t.Cleanup(func() {
			if err := local.Down(context.Background(), name); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() (err error) {
			clusters[i], err = local.Up(ctx, local.Options{Name: name, Progress: os.Stderr})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	t.Logf("both clusters are ready after %.1f s", took.Seconds())
	if took > time.Minute {
		t.Errorf("both clusters are ready after %s: want less than a minute", took)
	}
	for _, c := range clusters {
		t.Run(c.Name(), func(t *testing.T) { serves(t, c, archive) })
	}
	pids := []int{clusters[0].Pid(), clusters[1].Pid()}
	for _, c := range clusters {
		begin := time.Now()
		if err := c.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("cluster %s is down after %.1f s", c.Name(), time.Since(begin).Seconds())
	}
	for _, pid := range pids {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
	if diff := cmp.Diff(before, machine(t)); diff != "" {
		t.Errorf("the machine is not as it was (-before +after):\n%s", diff)
	}
}

// serves runs a Deployment of two replicas from an image made here and reaches
// it in every way that the cluster offers.
func serves(t *testing.T, c *local.Cluster, archive string) {
	t.Helper()
	if err := c.LoadImage(t.Context(), archive); err != nil {
		t.Fatal(err)
	}
	api := apiOf(t, c)
	for _, object := range []client.Object{echoDeployment(), echoService()} {
		if err := api.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "two replicas are ready", func() error {
		var d appsv1.Deployment
		if err := api.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "echo"}, &d); err != nil {
			return err
		}
		if d.Status.ReadyReplicas != 2 {
			return fmt.Errorf("%d replicas are ready", d.Status.ReadyReplicas)
		}
		return nil
	})

	inside := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return c.Dial(ctx, echoLB) },
	}}
	t.Run("both replicas answer at the LoadBalancer address", func(t *testing.T) {
		answers := make(map[string]int)
		eventually(t, "both replicas have answered", func() error {
			name, err := get(inside, "http://echo/")
			answers[name]++
			if len(answers) != 2 || err != nil {
				return fmt.Errorf("answers %v: %w", answers, err)
			}
			return nil
		})
	})
	t.Run("the relay leads there", func(t *testing.T) {
		status, err := c.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(status.LoadBalancers) != 1 || status.LoadBalancers[0].Address != echoLB {
			t.Fatalf("load balancers %+v: want one at %s", status.LoadBalancers, echoLB)
		}
		if _, err := get(http.DefaultClient, "http://"+status.LoadBalancers[0].Relay); err != nil {
			t.Error(err)
		}
	})
	for what, target := range map[string]string{
		"a ClusterIP by name":         "http://echo.default.svc.cluster.local/",
		"a ClusterIP by a short name": "http://echo/",
		"the outside host":            "http://" + node.OutsideNames[0] + "/",
		"the outside host by TLS":     "https://" + node.OutsideNames[1] + "/",
	} {
		t.Run("a pod reaches "+what, func(t *testing.T) {
			eventually(t, target+" answers", func() error {
				_, err := get(inside, "http://echo/fetch?url="+url.QueryEscape(target))
				return err
			})
		})
	}
	t.Run("a command runs on the node", func(t *testing.T) {
		out, err := c.Exec(t.Context(), "hostname")
		if err != nil || strings.TrimSpace(string(out)) != node.Name {
			t.Errorf("hostname: %q, %v: want %s", out, err, node.Name)
		}
		if _, err := c.Exec(t.Context(), "false"); err == nil {
			t.Error("a command that fails has no error")
		}
	})
	t.Run("components come back", func(t *testing.T) { survives(t, c, inside) })
}

// survives kills what pods depend on, and what keeps their objects, and demands
// that all of it is started again and that the pods do not notice.
func survives(t *testing.T, c *local.Cluster, inside *http.Client) {
	t.Helper()
	victims := []string{"containerd", "kubelet", "etcd", "kube-apiserver"}
	for _, name := range victims {
		if err := c.Kill(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Kill(t.Context(), "nothing"); err == nil {
		t.Error("a component that there is not was killed")
	}
	eventually(t, "all run again", func() error {
		status, err := c.Status(t.Context())
		if err != nil {
			return err
		}
		for _, component := range status.Components {
			if killed := slices.Contains(victims, component.Name); !component.Running || killed && component.Restarts == 0 {
				return fmt.Errorf("component %+v", component)
			}
		}
		return nil
	})
	if _, err := get(inside, "http://echo/"); err != nil {
		t.Errorf("pods after the restart: %v", err)
	}
	api := apiOf(t, c)
	eventually(t, "the objects are there", func() error {
		return api.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "echo"}, new(appsv1.Deployment))
	})
}

func echoArchive(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "echo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/echo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build echo: %v: %s", err, out)
	}
	archive := filepath.Join(dir, "echo.tar")
	spec := image.Spec{Name: echoImage, Files: map[string]string{"/echo": program}, Entrypoint: []string{"/echo"}, User: "65532"}
	if err := image.Write(archive, spec); err != nil {
		t.Fatal(err)
	}
	return archive
}

func echoDeployment() *appsv1.Deployment {
	replicas, nonRoot := int32(2), true
	labels := map[string]string{"app": "echo"}
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(8080)}}, PeriodSeconds: 1}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "echo"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &nonRoot},
					Containers:      []corev1.Container{{Name: "echo", Image: echoImage, ImagePullPolicy: corev1.PullNever, ReadinessProbe: probe}},
				},
			},
		},
	}
}

func echoService() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "echo"},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeLoadBalancer,
			Selector: map[string]string{"app": "echo"},
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}
}

func apiOf(t *testing.T, c *local.Cluster) client.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	api, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// get returns the body of an answer, which must be 200.
func get(c *http.Client, target string) (string, error) {
	response, err := c.Get(target)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("get %s: %s: %s", target, response.Status, body)
	}
	return strings.TrimSpace(string(body)), nil
}

func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s: %v", patience, what, err)
		}
	}
}

// machine is what clusters could leave behind on the machine.
func machine(t *testing.T) map[string]string {
	t.Helper()
	state := make(map[string]string)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	state["mounts"] = string(mounts)
	for name, pattern := range map[string]string{
		"network namespaces": "/run/netns/*",
		"state folders":      fmt.Sprintf("/var/tmp/meshloom-%d/test-*", os.Getuid()),
		"CNI state":          "/var/lib/cni/*",
		"kubelet state":      "/var/lib/kubelet/*",
		"pod logs":           "/var/log/pods/*",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		state[name] = strings.Join(found, "\n")
	}
	for name, command := range map[string][]string{
		"interfaces":    {"ip", "-oneline", "-brief", "link"},
		"routes":        {"ip", "route"},
		"packet filter": {"iptables-save", "-t", "nat"},
	} {
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		state[name] = fmt.Sprintf("%s %v", withoutComments(string(out)), err)
	}
	state["processes"] = strings.Join(processesOf(t, "test-one", "test-two"), "\n")
	return state
}

// withoutComments drops the lines in which iptables-save says when it ran.
func withoutComments(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// processesOf lists processes whose command line names a cluster's state folder.
func processesOf(t *testing.T, names ...string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // It has ended.
		}
		for _, name := range names {
			if strings.Contains(string(line), fmt.Sprintf("/var/tmp/meshloom-%d/%s/", os.Getuid(), name)) {
				found = append(found, file)
			}
		}
	}
	return found
}
