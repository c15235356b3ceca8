package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Requests ask for faults with the query parameters "delay" and "fail" or
// with these headers, which travel down the chain of services. Both hold a
// list of items:
//
//	delay=2s                  this service waits two seconds
//	delay=reviews=2s          the reviews service behind this one does
//	fail=503                  this service answers 503
//	fail=ratings=503@50       ratings fails half of the requests
const (
	delayHeader = "X-Bookinfo-Delay"
	failHeader  = "X-Bookinfo-Fail"
)

// faults is what one request asks of this service and of those behind it.
type faults struct {
	delay  time.Duration
	status int
	// onward holds the items for other services, by header.
	onward map[string][]string
}

// readFaults returns what the request asks for, or an error that says which
// item cannot be read.
func readFaults(r *http.Request, self string) (faults, error) {
	f := faults{onward: map[string][]string{}}
	for header, key := range map[string]string{delayHeader: "delay", failHeader: "fail"} {
		values := append(r.Header.Values(header), r.URL.Query()[key]...)
		for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
			if item = strings.TrimSpace(item); item == "" {
				continue
			}
			if err := f.add(header, item, self); err != nil {
				return faults{}, err
			}
		}
	}
	return f, nil
}

func (f *faults) add(header, item, self string) error {
	name, value, named := strings.Cut(item, "=")
	if !named {
		name, value = self, item
	}
	if !knows(name) {
		return fmt.Errorf("fault %q names no service of Bookinfo", item)
	}
	if name != self {
		f.onward[header] = append(f.onward[header], item)
		return nil
	}
	var err error
	if header == delayHeader {
		f.delay, err = time.ParseDuration(value)
	} else {
		f.status, err = drawFailure(value)
	}
	if err != nil {
		return fmt.Errorf("read fault %q: %w", item, err)
	}
	return nil
}

// drawFailure reads "503" or "503@50" and decides by chance whether this
// request is one of the failing.
func drawFailure(value string) (int, error) {
	code, share, limited := strings.Cut(value, "@")
	status, err := strconv.Atoi(code)
	if err != nil {
		return 0, err
	}
	if status < 400 || status > 599 {
		return 0, fmt.Errorf("status %d is not between 400 and 599", status)
	}
	if !limited {
		return status, nil
	}
	percent, err := strconv.ParseFloat(share, 64)
	if err != nil {
		return 0, err
	}
	if rand.Float64()*100 >= percent {
		return 0, nil
	}
	return status, nil
}

func (f faults) passOn(h http.Header) {
	for name, items := range f.onward {
		h.Set(name, strings.Join(items, ","))
	}
}
