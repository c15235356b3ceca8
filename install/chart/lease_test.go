package chart_test

import (
	"context"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/test/rig"
)

// TestTheLeaderNeedsItsRole leads, renews and lets go as each of the chart's
// service accounts, with nothing but its role in its own namespace.
func TestTheLeaderNeedsItsRole(t *testing.T) {
	r := rig.New(t)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: chart.Namespace}}
	if err := r.Client.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	for account, lease := range map[string]string{"meshloom-translator": "operator.meshloom.io", "meshloom-installer": "installer.meshloom.io"} {
		role := account + "-leader-election"
		for _, name := range []string{"Role " + role, "RoleBinding " + role} {
			create(t, r, name)
		}
		seen := &recorder{account: "system:serviceaccount:" + chart.Namespace + ":" + account}
		await(t, r, seen.account, lease)
		cfg := rest.CopyConfig(r.Config)
		cfg.Wrap(seen.over)
		lead(t, cfg, lease)
		for _, refusal := range seen.refusals() {
			t.Errorf("%s: refused: %s", account, refusal)
		}
		for _, unused := range seen.unused(rules(t, "Role "+role)) {
			t.Errorf("%s: allowed and never needed: %s", account, unused)
		}
	}
}

// create makes one object of the chart.
func create(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	if err := r.Client.Create(t.Context(), render(t, nil)[name]); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
}

// await returns once the API server's authorizer has heard of the role: it
// watches roles and bindings, so it may be a moment behind.
func await(t *testing.T, r *rig.Rig, account, lease string) {
	t.Helper()
	asked := authorizationv1.ResourceAttributes{
		Namespace: chart.Namespace, Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Name: lease,
	}
	allowed := func(ctx context.Context) (bool, error) {
		review := &authorizationv1.SubjectAccessReview{}
		review.Spec = authorizationv1.SubjectAccessReviewSpec{User: account, ResourceAttributes: &asked}
		err := r.Client.Create(ctx, review)
		return review.Status.Allowed, err
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 30*time.Second, true, allowed); err != nil {
		t.Fatalf("%s is not allowed to get its lease: %v", account, err)
	}
}

// lead takes the lease, keeps it for a renewal and releases it.
func lead(t *testing.T, cfg *rest.Config, lease string) {
	t.Helper()
	leaseFor, renewIn, retryIn := 3*time.Second, 2*time.Second, 100*time.Millisecond
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		LeaderElection: true, LeaderElectionID: lease, LeaderElectionNamespace: chart.Namespace,
		LeaseDuration: &leaseFor, RenewDeadline: &renewIn, RetryPeriod: &retryIn, LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	select {
	case <-mgr.Elected():
	case <-ctx.Done():
		t.Error("never became the leader")
	}
	time.Sleep(3 * retryIn)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
