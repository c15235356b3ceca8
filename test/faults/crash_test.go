// Package faults breaks what the operator depends on, and looks whether it
// gets to where it would have been anyway.
package faults

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "../../apis/v1alpha1/crds")) }

// story is what the user does in the sweep: new objects, an edit that takes a
// subset away, a policy that comes while one goes, and a removal.
var story = []func(*rig.Rig){
	func(r *rig.Rig) { r.Apply(rig.Shop + "---" + rig.Split + "---" + policy) },
	func(r *rig.Rig) { r.Apply(strings.Replace(rig.Split, "version: v1", "version: v3", 1)) },
	func(r *rig.Rig) {
		r.Apply(access)
		r.Delete(v1alpha1.GroupVersion.WithKind("TrafficPolicy"), "slow")
	},
	func(r *rig.Rig) { r.Delete(v1alpha1.GroupVersion.WithKind("TrafficSplit"), "reviews") },
}

const policy = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: slow, namespace: NS}
spec:
  targetRefs: [{kind: Service, name: reviews}]
  timeouts: {request: 3s}
  outlierDetection: {consecutiveErrors: 5}
`

const access = `
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: readers, namespace: NS}
spec:
  targetRefs: [{kind: Service, name: reviews}]
  action: Allow
  rules: [{from: [{namespace: {name: NS}}]}]
`

// TestCrashAtEveryWrite tells the story once without faults, and then once for
// every write in it: the operator dies at that write, before or after the API
// server heard of it, and another one takes over. After every chapter the
// native objects come to be those of the undisturbed telling, and stay so.
func TestCrashAtEveryWrite(t *testing.T) {
	calm := &crash{}
	var want [][]string
	t.Run("calm", func(t *testing.T) { want = calmly(t, calm) })
	if calm.count < 4*len(story) {
		t.Fatalf("only %d writes in the story: it shows little", calm.count)
	}
	t.Logf("%d writes, each lost once and unanswered once", calm.count)
	for n := 1; n <= calm.count; n++ {
		for _, heard := range []bool{false, true} {
			c := &crash{at: n, heard: heard}
			t.Run(fmt.Sprintf("write-%d-heard-%v", n, heard), func(t *testing.T) { disturbed(t, c, want) })
		}
	}
}

// calmly tells the story and returns the native objects after each chapter.
func calmly(t *testing.T, c *crash) [][]string {
	t.Helper()
	r := rig.New(t)
	r.Namespace = "crash-calm"
	op := r.OperateOver(c.over)
	var state [][]string
	for _, chapter := range story {
		chapter(r)
		r.Quiet(op)
		r.Quiet(op)
		state = append(state, natives(r))
	}
	return state
}

// disturbed tells the story with a crash in it, and compares it with the calm one.
func disturbed(t *testing.T, c *crash, want [][]string) {
	t.Helper()
	r := rig.New(t)
	r.Namespace = fmt.Sprintf("crash-%d-%v", c.at, c.heard)
	op := r.OperateOver(c.over)
	arrive := func(chapter int) {
		r.Eventually(fmt.Sprintf("chapter %d", chapter+1), func() string {
			if c.dead() {
				op.Stop()
				op = r.OperateOver(c.revived)
			}
			return cmp.Diff(want[chapter], natives(r))
		})
	}
	for i, chapter := range story {
		chapter(r)
		arrive(i)
	}
	last := len(story) - 1
	arrive(last)
	r.Quiet(op)
	arrive(last)
}

// natives describes all native objects, without what differs between tellings.
func natives(r *rig.Rig) []string {
	var out []string
	for _, kind := range []schema.GroupVersionKind{
		rig.VirtualServices, rig.DestinationRules, {Group: "security.istio.io", Version: "v1", Kind: "AuthorizationPolicy"},
	} {
		for _, obj := range r.List(kind) {
			text := fmt.Sprintf("%s %s %s %v", kind.Kind, obj.GetName(), obj.GetAnnotations()[engine.AnnotationSources], obj.Object["spec"])
			out = append(out, strings.ReplaceAll(text, r.Namespace, "NS"))
		}
	}
	labels := r.NamespaceObject().GetLabels()
	return append(out, "member: "+labels["istio-injection"])
}

// crash lets an operator die at one write: that one and all later requests fail.
type crash struct {
	// at is the number of the write, counted from one; zero is never. Heard says
	// that the API server gets it, and only the answer is lost.
	at    int
	heard bool

	mu    sync.Mutex
	count int
	died  bool
}

var errCrash = errors.New("the operator has crashed")

func (c *crash) over(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		fails, first := c.fails(req.Method != http.MethodGet)
		if !fails {
			return next.RoundTrip(req)
		}
		if first && c.heard {
			if answer, err := next.RoundTrip(req); err == nil {
				_ = answer.Body.Close()
			}
		}
		return nil, errCrash
	})
}

// fails counts a request and says whether it fails, and whether it is the one
// at which the operator dies.
func (c *crash) fails(write bool) (fails, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.died {
		return true, false
	}
	if write {
		c.count++
	}
	c.died = write && c.count == c.at
	return c.died, c.died
}

func (c *crash) dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.died
}

// revived is the connection of the operator that takes over; nothing happens
// to it.
func (c *crash) revived(next http.RoundTripper) http.RoundTripper {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.died = false
	return next
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
