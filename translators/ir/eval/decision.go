package eval

import (
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

// Decision is what becomes of a request.
type Decision struct {
	// Line is the index of the route that decided, -1 where there was none.
	Line int `json:"line"`
	// Rule is the name of the user's rule; "" for the implicit ones.
	Rule string `json:"rule,omitempty"`
	// Status is the answer to requests that go nowhere: 404 where no route
	// matches, 500 where the route has no backend, the status of a redirect,
	// 200 for a CORS preflight. It is 0 where there are Shares.
	Status int32 `json:"status,omitempty"`
	// Location of a redirect.
	Location string `json:"location,omitempty"`
	// Headers that answer a CORS preflight.
	Headers map[string]string `json:"headers,omitempty"`
	// Shares add up to 1. They are sorted by destination, and no two of them
	// differ in nothing but Part.
	Shares []Share `json:"shares,omitempty"`
	// Copies are sent besides, their answers are ignored.
	Copies []Copy `json:"copies,omitempty"`
	// Timeout limits the whole request, retries included; TryTimeout each try.
	// Nil says nothing, 0 says "none".
	Timeout    *time.Duration `json:"timeout,omitempty"`
	TryTimeout *time.Duration `json:"tryTimeout,omitempty"`
	// Retry, Fault and CORS are those of the route, without their sources.
	Retry  *ir.Retry `json:"retry,omitempty"`
	Fault  *ir.Fault `json:"fault,omitempty"`
	CORS   *ir.CORS  `json:"cors,omitempty"`
	Source ir.Source `json:"source,omitzero"`
}

// Destination is where requests go.
type Destination struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Port      int32  `json:"port"`
	// Subset of the Service's pods; "" is all of them.
	Subset string `json:"subset,omitempty"`
}

// Share is a part of the requests that fares in one way.
type Share struct {
	Part Fraction `json:"part"`
	// Status is 500 for the share of an invalid backend, which goes nowhere.
	Status int32 `json:"status,omitempty"`
	// To is where the request goes; zero where Status is set.
	To Destination `json:"to,omitzero"`
	// Request as the destination sees it.
	Request Request `json:"request,omitzero"`
	// Response are the modifiers of the response, in the order in which they
	// act on it: the backend's first, then the route's.
	Response []*ir.HeaderModifier `json:"response,omitempty"`
}

// Answer returns the response headers that the caller gets when the
// destination answers with the given ones.
func (s *Share) Answer(headers map[string]string) map[string]string {
	return ModifyHeaders(headers, s.Response...)
}

// Copy is a mirrored part of the requests.
type Copy struct {
	Part    Fraction    `json:"part"`
	To      Destination `json:"to"`
	Request Request     `json:"request"`
}

func destination(b *ir.Backend) Destination {
	return Destination{Namespace: b.Service.Namespace, Name: b.Service.Name, Port: b.Service.Port.Number, Subset: b.Subset}
}

// Parts returns how the requests are shared among destinations, whatever else
// differs between them. What is answered 500 has the zero destination.
func (d *Decision) Parts() map[Destination]Fraction {
	parts := map[Destination]Fraction{}
	for _, s := range d.Shares {
		if old, ok := parts[s.To]; ok {
			parts[s.To] = old.Plus(s.Part)
		} else {
			parts[s.To] = s.Part
		}
	}
	return parts
}
