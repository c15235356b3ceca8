//go:build e2e

package ambient

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/anypb"
	"istio.io/istio/pkg/workloadapi"
	"istio.io/istio/pkg/workloadapi/security"

	"github.com/meshloom/meshloom/test/engines/ads"
)

const (
	addresses      = "type.googleapis.com/istio.workload.Address"
	authorizations = "type.googleapis.com/istio.security.Authorization"
)

// TestZtunnelIsTold reads what istiod tells ztunnel: the policies that are for it
// and no others, which pods they select, and which Services go by the waypoint.
func TestZtunnelIsTold(t *testing.T) {
	w := newWorld(t)
	node := ads.Ztunnel(ads.Workload{Name: "ztunnel", Namespace: "istio-system"})
	eventually(t, func(ctx context.Context) error {
		told, err := ads.Delta(ctx, w.istiod.XDS, node, authorizations)
		if err != nil {
			return err
		}
		return w.policiesAreTold(told)
	})
	eventually(t, func(ctx context.Context) error {
		told, err := ads.Delta(ctx, w.istiod.XDS, node, addresses)
		if err != nil {
			return err
		}
		return w.addressesAreTold(told)
	})
}

func (w *world) policiesAreTold(told map[string]*anypb.Any) error {
	for _, o := range w.of("AuthorizationPolicy") {
		spec, _ := o.Object["spec"].(map[string]any)
		packed, here := told[w.namespace+"/"+o.GetName()]
		if targeted := spec["targetRefs"] != nil; targeted == here {
			return fmt.Errorf("policy %s, which targets what goes by the waypoint: %v, is told to ztunnel: %v", o.GetName(), targeted, here)
		}
		if !here || !strings.Contains(o.GetName(), "by-the-waypoint") {
			continue
		}
		policy := &security.Authorization{}
		if err := packed.UnmarshalTo(policy); err != nil {
			return err
		}
		principal := policy.GetGroups()[0].GetRules()[0].GetMatches()[0].GetPrincipals()[0].GetExact()
		if want := "cluster.local/ns/" + w.namespace + "/sa/meshloom-waypoint"; principal != want || policy.GetAction() != security.Action_ALLOW {
			return fmt.Errorf("policy %s is %v for %s, want ALLOW for %s", o.GetName(), policy.GetAction(), principal, want)
		}
	}
	return nil
}

func (w *world) addressesAreTold(told map[string]*anypb.Any) error {
	bound, governed := map[string]bool{}, 0
	for _, packed := range told {
		address := &workloadapi.Address{}
		if err := packed.UnmarshalTo(address); err != nil {
			return err
		}
		if s := address.GetService(); s.GetNamespace() == w.namespace {
			bound[s.GetName()] = s.GetWaypoint() != nil
		}
		if pod := address.GetWorkload(); pod.GetNamespace() == w.namespace && strings.HasPrefix(pod.GetName(), "reviews-") && len(pod.GetAuthorizationPolicies()) > 0 {
			governed++
		}
	}
	want := map[string]bool{"reviews": true, "everything": true, "meshloom-waypoint": false}
	for _, o := range w.of("Service") {
		want[o.GetName()] = false
	}
	if fmt.Sprint(bound) != fmt.Sprint(want) {
		return fmt.Errorf("Services by waypoint: %v, want %v", bound, want)
	}
	if governed != 2 {
		return fmt.Errorf("policies select %d pods, want 2", governed)
	}
	return nil
}
