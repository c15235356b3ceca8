//go:build e2e

package consul

import (
	"fmt"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
)

// TestChange goes from one way of dividing requests to another while requests
// are sent, of which none may be lost.
func TestChange(t *testing.T) {
	t.Cleanup(func() { set.put(t, nil) })
	begun := time.Now()
	set.program(t, (&scenario{name: "split"}).text(t))
	first := with(from(web, "/", "reviews-v2"), "end-user", "jason")
	set.count(t, &first)

	c := shares("/", nil)
	c.Send.Pause = 5 * time.Millisecond
	sent := make(chan *load.Report, 1)
	failed := make(chan error, 1)
	go func() {
		got, err := set.send(t.Context(), &c, 4000)
		sent <- got
		failed <- err
	}()
	changes := []string{"matches", "itself", "split", "services", "prefixes", "split"}
	for _, name := range changes {
		set.program(t, (&scenario{name: name}).text(t))
		select {
		case <-t.Context().Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
	got := <-sent
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	lost := got.Requests - got.Answered(200)
	results.Add(report.Row{
		Scenario: t.Name(), Check: fmt.Sprintf("%d changes", len(changes)), From: web.String(), Sent: got.Requests, Failed: lost,
		Expected: "none lost", Counted: scenarios.Counted(got).String(), Passed: lost == 0, Seconds: time.Since(begun).Seconds(),
	})
	if lost > 0 {
		t.Errorf("%d of %d requests were lost: %v %v", lost, got.Requests, got.Statuses, got.Errors)
	}
}
