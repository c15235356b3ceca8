package node

import (
	"slices"
	"strings"
	"sync"
)

// Status is what the node says of itself.
type Status struct {
	// Ready is true from the moment on that pods run and names resolve.
	Ready bool `json:"ready"`
	// Waiting says what the node waits for until it is ready.
	Waiting       string         `json:"waiting,omitempty"`
	Components    []Component    `json:"components"`
	LoadBalancers []LoadBalancer `json:"loadBalancers"`
}

// Component is the state of one program that the node keeps running.
type Component struct {
	Name    string `json:"name"`
	Running bool   `json:"running"`
	// Pid is its process inside the namespaces, 0 while it does not run.
	Pid      int `json:"pid,omitempty"`
	Restarts int `json:"restarts"`
}

// LoadBalancer is one TCP port of a Service that has an address.
type LoadBalancer struct {
	// Service is its namespace and name.
	Service string `json:"service"`
	// Address is where the Service answers inside the namespaces.
	Address string `json:"address"`
	// Relay is a loopback address of the host that leads there. It is empty
	// when all relays are taken.
	Relay string `json:"relay,omitempty"`
}

// board collects the status. Everything that runs in the node writes to it.
type board struct {
	mu     sync.Mutex
	status Status
}

func (b *board) update(change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.status)
}

// snapshot returns a copy that no later update changes.
func (b *board) snapshot() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	status := b.status
	status.Components = slices.Clone(status.Components)
	status.LoadBalancers = slices.Clone(status.LoadBalancers)
	return status
}

func (b *board) waitingFor(what string) {
	b.update(func(s *Status) { s.Waiting = what })
}

// component changes the entry of one component, which appears with its first
// change.
func (b *board) component(name string, change func(*Component)) {
	b.update(func(s *Status) {
		at, found := slices.BinarySearchFunc(s.Components, name, func(c Component, name string) int {
			return strings.Compare(c.Name, name)
		})
		if !found {
			s.Components = slices.Insert(s.Components, at, Component{Name: name})
		}
		change(&s.Components[at])
	})
}
