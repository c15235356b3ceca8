package linkerd

import "testing"

func TestReleaseOf(t *testing.T) {
	for tag, want := range map[string]string{
		"edge-25.4.4": "2.18.0", "edge-25.10.7": "2.19.0", "edge-26.6.3": "2.20.0",
		// Others belong to the release before them.
		"edge-25.4.5": "2.18.0", "edge-25.10.6": "2.18.0", "edge-26.6.2": "2.19.0", "edge-26.8.3": "2.20.0",
		"edge-25.4.3": "", "edge-24.11.8": "",
		"stable-2.14.10": "2.14.10", "enterprise-2.18.1": "2.18.1", "enterprise-2.18.1-fips": "2.18.1",
		"": "", "latest": "", "2.19.0": "", "v2.4.1": "", "edge-25.4": "", "edge-a.b.c": "", "stable-2": "", "git-00ff": "",
	} {
		if got := releaseOf(tag); got != want {
			t.Errorf("tag %q is of %q, want %q", tag, got, want)
		}
	}
	for image, want := range map[string]string{
		"cr.l5d.io/linkerd/proxy:edge-25.4.4": "edge-25.4.4", "host:5000/proxy": "", "host:5000/proxy@sha256:00": "", "host:5000/proxy:a@sha256:00": "a",
	} {
		if got := tagOf(image); got != want {
			t.Errorf("tag of %s is %q, want %q", image, got, want)
		}
	}
}
