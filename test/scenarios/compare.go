package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/meshloom/meshloom/test/load"
)

// Points is how far a counted share may be from the expected one, in percent
// of all requests. What is expected of all requests or of none is exact.
const Points = 4

const (
	// fewTimes is enough for what has to be the same every time.
	fewTimes = 40
	// manyTimes makes a deviation of Points by chance rarer than one in
	// thirty thousand: the standard deviation of a share is at most 1.1.
	manyTimes = 2000
)

// Count is how often the check's request is sent to prove an outcome.
func (c *Check) Count(want *Outcome) int {
	if c.Times > 0 {
		return c.Times
	}
	for _, parts := range []map[string]float64{want.Statuses, want.Answerers, want.Errors} {
		if len(parts) > 1 {
			return manyTimes
		}
	}
	return fewTimes
}

// Compare says in what a report differs from the outcome that the check wants,
// with shares that may differ by so many points.
func (c *Check) Compare(want *Outcome, got *load.Report, points float64) []string {
	counts := []counted{{"status", want.Statuses, got.Statuses}, {"error", want.Errors, got.Errors}}
	answerers := got.By[load.AnsweredBy]
	if !c.Alike {
		counts = append(counts, counted{"answered by", want.Answerers, answerers})
	}
	var diffs []string
	for _, count := range counts {
		diffs = append(diffs, count.compare(got.Requests, points)...)
	}
	if c.Alike && len(answerers) != 1 {
		diffs = append(diffs, fmt.Sprintf("answered by %v, want one and the same", answerers))
	}
	if c.Slower > 0 && got.Latency.P50 < c.Slower {
		diffs = append(diffs, fmt.Sprintf("half of the requests took less than %.0f ms, want at least %.0f", got.Latency.P50, c.Slower))
	}
	if got.First == nil {
		return diffs
	}
	for _, name := range slices.Sorted(maps.Keys(want.Header)) {
		if value := got.First.Header.Get(name); value != want.Header[name] {
			diffs = append(diffs, fmt.Sprintf("response header %s is %q, want %q", name, value, want.Header[name]))
		}
	}
	return append(diffs, compareSeen(want.Sees, got.First)...)
}

// CompareBare does the same for bare connections.
func CompareBare(want *Outcome, got *load.RawReport) []string {
	return counted{"end", want.Errors, got.Ends}.compare(got.Connections, 0)
}

// counted is what was expected of one property of requests, as parts of all of
// them, and what was counted.
type counted struct {
	what string
	want map[string]float64
	got  map[string]int
}

// compare compares the shares out of a sum. Names joined by "|" stand for any
// of them.
func (c counted) compare(total int, points float64) []string {
	rest := maps.Clone(c.got)
	var diffs []string
	for _, names := range slices.Sorted(maps.Keys(c.want)) {
		count := 0
		for name := range strings.SplitSeq(names, "|") {
			count += rest[name]
			delete(rest, name)
		}
		asked := 100 * c.want[names]
		share := 100 * float64(count) / float64(max(total, 1))
		exact := asked == 0 || asked == 100
		if exact && share != asked || !exact && (share < asked-points || share > asked+points) {
			diffs = append(diffs, fmt.Sprintf("%s %q: %.1f %%, want %.1f %%", c.what, names, share, asked))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if rest[name] > 0 {
			diffs = append(diffs, fmt.Sprintf("%s %q: %d of %d, want none", c.what, name, rest[name], total))
		}
	}
	return diffs
}

// compareSeen reads what the server says that it received.
func compareSeen(want *Seen, got *load.Response) []string {
	if want == nil || got.Header.Get(load.AnsweredBy) == "" {
		return nil
	}
	var echo load.Echo
	if err := json.Unmarshal([]byte(got.Body), &echo); err != nil {
		return []string{fmt.Sprintf("the answer is no echo: %v", err)}
	}
	var diffs []string
	host := echo.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != want.Host {
		diffs = append(diffs, fmt.Sprintf("the server sees host %q, want %q", host, want.Host))
	}
	if echo.Path != want.Path {
		diffs = append(diffs, fmt.Sprintf("the server sees path %q, want %q", echo.Path, want.Path))
	}
	for _, name := range slices.Sorted(maps.Keys(want.Header)) {
		value := strings.Join(echo.Header[http.CanonicalHeaderKey(name)], ",")
		if value != want.Header[name] {
			diffs = append(diffs, fmt.Sprintf("the server sees header %s %q, want %q", name, value, want.Header[name]))
		}
	}
	return diffs
}

// String is the outcome for the report: "75 % echo-v1, 25 % echo-v2".
func (o *Outcome) String() string {
	parts := map[string]float64{}
	for name, part := range o.Answerers {
		if name != "" {
			parts[name] = part
		}
	}
	for status, part := range o.Statuses {
		if status != strconv.Itoa(http.StatusOK) || len(parts) == 0 {
			parts[status] = part
		}
	}
	maps.Copy(parts, o.Errors)
	var words []string
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		words = append(words, strconv.FormatFloat(math.Round(1000*parts[name])/10, 'f', -1, 64)+" % "+name)
	}
	return strings.Join(words, ", ")
}

// Counted is a report in the words of Outcome.String.
func Counted(r *load.Report) *Outcome {
	part := func(counts map[string]int) map[string]float64 {
		parts := map[string]float64{}
		for name, n := range counts {
			parts[name] = float64(n) / float64(max(r.Requests, 1))
		}
		return parts
	}
	return &Outcome{Statuses: part(r.Statuses), Answerers: part(r.By[load.AnsweredBy]), Errors: part(r.Errors)}
}
