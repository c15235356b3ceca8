package install_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/install"
)

func TestObstacles(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*install.MemberWorkload)
		want []string
	}{
		"surge, readiness and drain":            {func(*install.MemberWorkload) {}, nil},
		"one replica with surge":                {func(w *install.MemberWorkload) { w.Replicas = 1 }, nil},
		"two replicas without surge":            {func(w *install.MemberWorkload) { w.Surge, w.Unavailable = 0, 1 }, nil},
		"scaled to zero":                        {func(w *install.MemberWorkload) { *w = install.MemberWorkload{Kind: "Deployment", Restartable: true} }, nil},
		"one replica without surge":             {func(w *install.MemberWorkload) { w.Replicas, w.Surge, w.Unavailable = 1, 0, 1 }, []string{"its one replica is removed before a new one is made (set its maxSurge to 1, or its replicas to 2)"}},
		"a StatefulSet of one":                  {func(w *install.MemberWorkload) { w.Kind, w.Replicas, w.Surge, w.Unavailable = "StatefulSet", 1, 0, 1 }, []string{"its one replica is removed before a new one is made (give it two replicas)"}},
		"all may go at once":                    {func(w *install.MemberWorkload) { w.Unavailable = 2 }, []string{"its rolling update may remove all pods at once (set its maxUnavailable to 0)"}},
		"all may go at once, and none is added": {func(w *install.MemberWorkload) { w.Surge, w.Unavailable = 0, 2 }, []string{"its rolling update may remove all pods at once (set its maxUnavailable to 1)"}},
		"Recreate":                              {func(w *install.MemberWorkload) { w.Recreate = true }, []string{"its strategy Recreate removes all pods before it makes new ones (set its strategy to RollingUpdate)"}},
		"no readiness, no drain": {func(w *install.MemberWorkload) { w.Readiness, w.Drain = false, 0 }, []string{
			"it gets requests before it can answer, as it has no readiness probe (give each container that serves a readinessProbe)",
			"its pods end within 0s, before all who call them know (give each container that serves a preStop hook that sleeps 5s or more)",
		}},
		"a budget that never lets go":    {func(w *install.MemberWorkload) { w.Locked = true }, []string{"a PodDisruptionBudget of it never lets a pod go (let its budget spare one pod)"}},
		"a budget that lets none go now": {func(w *install.MemberWorkload) { w.Disruptions = 0 }, nil},
		"a budget that lets fewer go than the update takes": {func(w *install.MemberWorkload) { w.Replicas, w.Unavailable, w.Disruptions = 9, 3, 1 }, []string{
			"its rolling update takes 3 pods away at once and its PodDisruptionBudgets let 1 go (set its maxUnavailable to 1)",
		}},
		"a bare pod": {func(w *install.MemberWorkload) { w.Kind, w.Restartable = "Pod", false }, []string{"nothing makes a bare pod anew (make it a Deployment, or delete and create it yourself)"}},
		"a Job":      {func(w *install.MemberWorkload) { w.Kind, w.Restartable = "Job", false }, []string{"a Job does not roll out (wait until it ends, or replace its pods yourself)"}},
		"paused":     {func(w *install.MemberWorkload) { w.Restartable = false }, []string{"its roll-out is paused, partitioned or left to deletion (OnDelete) (let it roll out, or delete its pods yourself)"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := deployment("web", c.edit)
			var got []string
			for _, o := range install.Obstacles(&w) {
				got = append(got, o.Reason+" ("+o.Remedy+")")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("obstacles (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImmovableIsBounded(t *testing.T) {
	var many []install.MemberWorkload
	for range 40 {
		many = append(many, deployment(strings.Repeat("x", 600), undrained))
	}
	_, state := install.Next(fake(), wanted("1.30"), empty(namespace("shop", many...)))
	if len(state.Immovable) != 32 {
		t.Errorf("the status lists %d workloads and not 32", len(state.Immovable))
	}
	for _, entry := range state.Immovable {
		if len(entry) > 512 {
			t.Errorf("an entry has %d characters, more than 512", len(entry))
		}
	}
}
