package node

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// service is a LoadBalancer Service with an address, if it is not empty.
func service(name, ip string, ports ...int32) corev1.Service {
	s := corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	s.Spec.Type = corev1.ServiceTypeLoadBalancer
	for _, port := range ports {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Port: port, Protocol: corev1.ProtocolTCP})
	}
	if ip != "" {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: ip}}
	}
	return s
}

func TestAssign(t *testing.T) {
	class := "somebody.example/else"
	foreign := service("foreign", "")
	foreign.Spec.LoadBalancerClass = &class
	internal := service("internal", "")
	internal.Spec.Type = corev1.ServiceTypeClusterIP

	for name, test := range map[string]struct {
		services []corev1.Service
		want     map[string]string
	}{
		"none": {nil, map[string]string{}},
		"new ones by name": {
			[]corev1.Service{service("b", ""), service("a", "")},
			map[string]string{"shop/a": "10.200.0.100", "shop/b": "10.200.0.101"},
		},
		"an address is kept": {
			[]corev1.Service{service("a", ""), service("b", "10.200.0.100")},
			map[string]string{"shop/a": "10.200.0.101", "shop/b": "10.200.0.100"},
		},
		"the first of two with one address keeps it": {
			[]corev1.Service{service("a", "10.200.0.150"), service("b", "10.200.0.150")},
			map[string]string{"shop/a": "10.200.0.150", "shop/b": "10.200.0.100"},
		},
		"an address of somewhere else is replaced": {
			[]corev1.Service{service("a", "192.0.2.1"), service("b", "10.200.0.200"), service("c", "no address")},
			map[string]string{"shop/a": "10.200.0.100", "shop/b": "10.200.0.101", "shop/c": "10.200.0.102"},
		},
		"others' Services are left alone": {
			[]corev1.Service{foreign, internal},
			map[string]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(map[string]string)
			for key, ip := range assign(test.services) {
				got[key.String()] = ip.String()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssignEndsWithThePool(t *testing.T) {
	var services []corev1.Service
	for i := range 101 {
		services = append(services, service("web-"+string(rune('a'+i/26))+string(rune('a'+i%26)), ""))
	}
	got := assign(services)
	if len(got) != 100 {
		t.Errorf("%d addresses: want the 100 that there are", len(got))
	}
	for key, ip := range got {
		if ip.Compare(firstLB) < 0 || ip.Compare(lastLB) > 0 {
			t.Errorf("%s got %s, which is not of the pool", key, ip)
		}
	}
}

func TestRelaysKeepTheirTargets(t *testing.T) {
	l := loadBalancers{board: &board{}, relays: []*relay{testRelay(t), testRelay(t)}}
	settle := func(services ...corev1.Service) map[string]string {
		l.relay(services, assign(services))
		led := make(map[string]string)
		for _, lb := range l.board.snapshot().LoadBalancers {
			led[lb.Service+" "+lb.Address] = lb.Relay
		}
		return led
	}
	first, second := l.relays[0].address(), l.relays[1].address()

	steps := []struct {
		name     string
		services []corev1.Service
		want     map[string]string
	}{
		{
			"one Service",
			[]corev1.Service{service("b", "10.200.0.101", 80)},
			map[string]string{"shop/b 10.200.0.101:80": first},
		},
		{
			"another before it",
			[]corev1.Service{service("a", "10.200.0.100", 80), service("b", "10.200.0.101", 80)},
			map[string]string{"shop/a 10.200.0.100:80": second, "shop/b 10.200.0.101:80": first},
		},
		{
			"more than there are relays",
			[]corev1.Service{service("a", "10.200.0.100", 80, 443), service("b", "10.200.0.101", 80)},
			map[string]string{"shop/a 10.200.0.100:80": second, "shop/a 10.200.0.100:443": "", "shop/b 10.200.0.101:80": first},
		},
		{
			"a relay becomes free",
			[]corev1.Service{service("a", "10.200.0.100", 80, 443)},
			map[string]string{"shop/a 10.200.0.100:80": second, "shop/a 10.200.0.100:443": first},
		},
		{"nothing", nil, map[string]string{}},
	}
	for _, step := range steps {
		if diff := cmp.Diff(step.want, settle(step.services...)); diff != "" {
			t.Errorf("%s: relays (-want +got):\n%s", step.name, diff)
		}
	}
	if l.relays[0].current() != "" || l.relays[1].current() != "" {
		t.Error("a relay leads to a Service that is gone")
	}
}

func testRelay(t *testing.T) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return &relay{listener: listener}
}
