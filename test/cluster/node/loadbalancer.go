package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// LoadBalancer Services get addresses from firstLB to lastLB. Writing one into
// a Service's status is all there is to it: kube-proxy makes it work.
var (
	firstLB = netip.MustParseAddr("10.200.0.100")
	lastLB  = netip.MustParseAddr("10.200.0.199")
)

// loadBalancers gives addresses to Services and relays to their ports.
type loadBalancers struct {
	client client.WithWatch
	board  *board
	relays []*relay
}

// run serves until the context ends. A failure is tried again: the API server
// may be starting anew.
func (l *loadBalancers) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.follow(ctx); err != nil {
			fmt.Println("node: load balancers:", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// follow settles all Services, and again whenever one of them changes. The
// watch begins before the first look so that no change falls between.
func (l *loadBalancers) follow(ctx context.Context) error {
	watcher, err := l.client.Watch(ctx, &corev1.ServiceList{})
	if err != nil {
		return fmt.Errorf("watch services: %w", err)
	}
	defer watcher.Stop()
	for {
		if err := l.settle(ctx); err != nil {
			return err
		}
		if _, open := <-watcher.ResultChan(); !open {
			return nil
		}
	}
}

func (l *loadBalancers) settle(ctx context.Context) error {
	var services corev1.ServiceList
	if err := l.client.List(ctx, &services); err != nil {
		return fmt.Errorf("list services: %w", err)
	}
	addresses := assign(services.Items)
	for i := range services.Items {
		service := &services.Items[i]
		ip, served := addresses[client.ObjectKeyFromObject(service)]
		if !served || address(service) == ip {
			continue
		}
		patch := client.MergeFrom(service.DeepCopy())
		service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: ip.String()}}
		if err := l.client.Status().Patch(ctx, service, patch); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("write address of service %s/%s: %w", service.Namespace, service.Name, err)
		}
	}
	l.relay(services.Items, addresses)
	return nil
}

// assign decides the address of every LoadBalancer Service. One that a Service
// has is kept; the others go by namespace and name to the first that are free.
// Services with a class of their own belong to another controller.
func assign(services []corev1.Service) map[client.ObjectKey]netip.Addr {
	addresses := make(map[client.ObjectKey]netip.Addr)
	taken := make(map[netip.Addr]bool)
	var waiting []client.ObjectKey
	for i := range services {
		service := &services[i]
		if service.Spec.Type != corev1.ServiceTypeLoadBalancer || service.Spec.LoadBalancerClass != nil {
			continue
		}
		key, ip := client.ObjectKeyFromObject(service), address(service)
		if ip.IsValid() && !taken[ip] && ip.Compare(firstLB) >= 0 && ip.Compare(lastLB) <= 0 {
			addresses[key], taken[ip] = ip, true
			continue
		}
		waiting = append(waiting, key)
	}
	slices.SortFunc(waiting, func(a, b client.ObjectKey) int { return strings.Compare(a.String(), b.String()) })
	next := firstLB
	for _, key := range waiting {
		for taken[next] {
			next = next.Next()
		}
		if next.Compare(lastLB) > 0 {
			break
		}
		addresses[key], taken[next] = next, true
	}
	return addresses
}

// address returns the address in a Service's status, which is not valid where
// there is none.
func address(service *corev1.Service) netip.Addr {
	ingress := service.Status.LoadBalancer.Ingress
	if len(ingress) == 0 {
		return netip.Addr{}
	}
	ip, err := netip.ParseAddr(ingress[0].IP)
	if err != nil {
		return netip.Addr{}
	}
	return ip
}

// relay leads one loopback port of the host to each TCP port of the Services.
// A relay keeps its target as long as that exists, so that a URL someone has
// written down stays true.
func (l *loadBalancers) relay(services []corev1.Service, addresses map[client.ObjectKey]netip.Addr) {
	wanted := endpoints(services, addresses)
	var free []*relay
	byTarget := make(map[string]*relay)
	for _, r := range l.relays {
		target := r.current()
		if !slices.ContainsFunc(wanted, func(lb LoadBalancer) bool { return lb.Address == target }) {
			r.lead("")
			free = append(free, r)
			continue
		}
		byTarget[target] = r
	}
	for i := range wanted {
		lb := &wanted[i]
		r := byTarget[lb.Address]
		if r == nil && len(free) > 0 {
			r, free = free[0], free[1:]
			r.lead(lb.Address)
		}
		if r != nil {
			lb.Relay = r.address()
		}
	}
	l.board.update(func(s *Status) { s.LoadBalancers = wanted })
}

// endpoints lists the TCP ports of the Services that have an address, sorted.
func endpoints(services []corev1.Service, addresses map[client.ObjectKey]netip.Addr) []LoadBalancer {
	found := []LoadBalancer{}
	for i := range services {
		key := client.ObjectKeyFromObject(&services[i])
		ip, served := addresses[key]
		if !served {
			continue
		}
		for _, port := range services[i].Spec.Ports {
			if port.Protocol == corev1.ProtocolTCP {
				found = append(found, LoadBalancer{Service: key.String(), Address: net.JoinHostPort(ip.String(), strconv.Itoa(int(port.Port)))})
			}
		}
	}
	slices.SortFunc(found, func(a, b LoadBalancer) int {
		return strings.Compare(a.Service+" "+a.Address, b.Service+" "+b.Address)
	})
	return found
}
