package scenarios

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/test/load"
)

func TestCompare(t *testing.T) {
	split := &Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"a-v1": .75, "a-v2": .25}}
	report := func(v1, v2, failed int) *load.Report {
		return &load.Report{
			Requests: v1 + v2 + failed, Statuses: map[string]int{"200": v1 + v2, "503": failed},
			By: map[string]map[string]int{load.AnsweredBy: {"a-v1": v1, "a-v2": v2, "": failed}},
		}
	}
	for name, c := range map[string]struct {
		got  *load.Report
		want []string
	}{
		"as asked":    {report(1510, 490, 0), nil},
		"too far off": {report(1400, 600, 0), []string{`answered by "a-v1": 70.0 %, want 75.0 %`, `answered by "a-v2": 30.0 %, want 25.0 %`}},
		"one failure": {report(1500, 499, 1), []string{
			`status "200": 100.0 %, want 100.0 %`, `status "503": 1 of 2000, want none`, `answered by "": 1 of 2000, want none`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := new(Check).Compare(split, c.got, Points)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareLooksAtWhatTheServerSaw(t *testing.T) {
	want := &Outcome{
		Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"a-v1": 1},
		Sees:   &Seen{Host: "b.example", Path: "/x", Header: map[string]string{"x-set": "1", "x-gone": ""}},
		Header: map[string]string{"x-from": "gateway"},
	}
	got := &load.Report{
		Requests: 1, Statuses: map[string]int{"200": 1}, By: map[string]map[string]int{load.AnsweredBy: {"a-v1": 1}},
		First: &load.Response{
			Status: 200, Header: http.Header{load.AnsweredBy: {"a-v1"}},
			Body: `{"host":"a.example:8080","path":"/y","header":{"X-Gone":["2"]}}`,
		},
	}
	diffs := []string{
		`response header x-from is "", want "gateway"`, `the server sees host "a.example", want "b.example"`,
		`the server sees path "/y", want "/x"`, `the server sees header x-gone "2", want ""`, `the server sees header x-set "", want "1"`,
	}
	if diff := cmp.Diff(diffs, new(Check).Compare(want, got, Points)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestSharesTakeMoreRequests(t *testing.T) {
	same := &Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"a-v1": 1}}
	split := &Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"a-v1": .5, "a-v2": .5}}
	for _, c := range []struct {
		check *Check
		want  *Outcome
		n     int
	}{{&Check{}, same, fewTimes}, {&Check{}, split, manyTimes}, {&Check{Times: 7}, split, 7}} {
		if got := c.check.Count(c.want); got != c.n {
			t.Errorf("%v: %d requests, want %d", c.want, got, c.n)
		}
	}
}
