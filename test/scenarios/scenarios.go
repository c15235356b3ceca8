// Package scenarios says, as data, which requests are sent in which situation
// and what has to come of them. A scenario is a folder of manifests in
// testdata, as a user would write them, with the requests that are counted
// while they are in force.
//
// What has to come of a request is computed by the reference evaluator from
// the same manifests wherever it has an answer; what it leaves open, such as
// how a refused connection looks, is stated. Nothing here needs a cluster.
package scenarios

import (
	"github.com/meshloom/meshloom/test/load"
)

// Scenario is a situation and the requests to count in it.
type Scenario struct {
	// Name is the folder of manifests in testdata. Objects in it replace those
	// of the same name among the base; the rest is added.
	Name string
	// Outside is true where the scenario calls the host outside the cluster,
	// which only clusters of this project's own have.
	Outside bool
	Checks  []Check
}

// Check is one kind of request, sent a number of times.
type Check struct {
	Name string
	From Origin
	// Send is the request. Requests, Concurrency and the address of a gateway
	// are filled in when it is sent.
	Send load.Options
	// Times is how often it is sent; where zero, as often as the expectation
	// needs: more for shares than for what has to be the same every time.
	Times int
	// Bare is the address to which, in place of Send, plaintext goes over bare
	// connections, as of a client that knows of no mesh.
	Bare string
	// Want replaces what the reference evaluator says.
	Want *Outcome
	// Arrivals are counted at a server as well.
	Arrivals *Arrivals
	// Alike says that all requests have to be answered by the same server,
	// whichever it is.
	Alike bool
	// Slower says how long the median request takes at least, in milliseconds.
	Slower float64
	// Warm is how many requests are sent before, and not counted.
	Warm int
}

// Arrivals is how many requests have to arrive at a Service of one pod for
// each one that is sent.
type Arrivals struct {
	// At is the URL of the Service.
	At string
	// PerRequest is exact.
	PerRequest int
}

// Outcome is what comes of a kind of request, as parts of all of them that add
// up to 1 in each map. What is absent must not occur.
type Outcome struct {
	// Statuses by status code.
	Statuses map[string]float64 `json:"statuses,omitempty"`
	// Answerers are the servers that answer, as "echo-v1"; "" stands for
	// proxies. Names joined by "|" share their part in any way.
	Answerers map[string]float64 `json:"answerers,omitempty"`
	// Errors are ends without a response.
	Errors map[string]float64 `json:"errors,omitempty"`
	// Sees is what the server receives; nil where that is not looked at.
	Sees *Seen `json:"sees,omitempty"`
	// Header are response headers, by lower-case name; "" means absent.
	Header map[string]string `json:"header,omitempty"`
}

// Seen is a request as a server receives it.
type Seen struct {
	Host string `json:"host"`
	Path string `json:"path"`
	// Header holds the headers that the sender set and the filters changed, by
	// lower-case name; "" means absent.
	Header map[string]string `json:"header,omitempty"`
}

// All returns every scenario, in the order in which they are run: those that
// change the whole mesh come last.
func All() []Scenario {
	var all []Scenario
	for _, list := range [][]Scenario{splits(), matches(), filters(), policies(), access(), gateways(), meshWide()} {
		all = append(all, list...)
	}
	return all
}
