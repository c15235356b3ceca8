package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

func TestPrevious(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	release := func(revision, version string, updated time.Time, past ...install.PastRevision) install.Release {
		return install.Release{
			Owner: "Mesh/shop", AppVersion: version, Status: install.Deployed, Updated: updated, History: past,
			Labels: map[string]string{v1alpha1.LabelRevision: revision},
		}
	}
	past := func(version string, deployed bool) install.PastRevision {
		return install.PastRevision{AppVersion: version, Deployed: deployed}
	}
	other := release("other", "1.20.0", day(9))
	other.Owner = "Mesh/other"
	for name, tt := range map[string]struct {
		releases []install.Release
		want     string
	}{
		"by another name":    {[]install.Release{release("shop", "edge-2", day(2), past("edge-2", true), past("edge-1", true))}, "1.30.2"},
		"in place":           {[]install.Release{release("shop", "1.31.0", day(2), past("1.31.0", true), past("1.30.2", true), past("1.29.0", true))}, "1.30.2"},
		"what failed is not": {[]install.Release{release("shop", "1.31.0", day(2), past("1.30.9", false), past("1.30.2", true))}, "1.30.2"},
		"the old beside":     {[]install.Release{release("shop-1-31-0", "1.31.0", day(2)), release("shop-1-30-2", "1.30.2", day(1))}, "1.30.2"},
		"nothing before":     {[]install.Release{release("shop", "1.31.0", day(2))}, ""},
		"another's":          {[]install.Release{release("shop", "1.31.0", day(2)), other}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			counted(install.Catalog{Versions: []install.Version{{Version: "1.31.0", App: "edge-2"}, {Version: "1.30.2", App: "edge-1"}}}, tt.releases)
			if got := previous(tt.releases, "Mesh/shop", "1.31.0"); got != tt.want {
				t.Errorf("%q ran before, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatCanBeTakenOver(t *testing.T) {
	catalog := install.Catalog{Versions: []install.Version{{Version: "1.31.0"}, {Version: "1.30.2"}}}
	one := install.Installation{Namespace: "cp", Version: "1.30.2", Releases: []string{"istiod"}, Evidence: "Deployment cp/istiod"}
	byHand, unknown := one, one
	byHand.Releases, unknown.Version = nil, "1.12.0"
	for name, tt := range map[string]struct {
		here []install.Installation
		want string
	}{
		"by helm":         {[]install.Installation{one}, ""},
		"nothing":         {nil, "none runs in namespace cp"},
		"two":             {[]install.Installation{one, byHand}, "end their upgrade first"},
		"not by helm":     {[]install.Installation{byHand}, "leave it Adopted"},
		"unknown version": {[]install.Installation{unknown}, "1.31.0, 1.30.2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := manageable(tt.here, catalog, "cp")
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestChoosePlace(t *testing.T) {
	a, b := install.Installation{Namespace: "a"}, install.Installation{Namespace: "b"}
	for _, tt := range []struct {
		all       []install.Installation
		namespace string
		want      string
	}{
		{nil, "", "meshctl install mesh"},
		{[]install.Installation{a, b}, "", "--control-plane-namespace"},
		{[]install.Installation{a}, "c", "but in a"},
		{[]install.Installation{a, b}, "b", ""},
		{[]install.Installation{a, a}, "", ""},
	} {
		got, err := choosePlace(tt.all, tt.namespace)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v in %q: %+v, %v, want %q", tt.all, tt.namespace, got, err, tt.want)
		}
	}
}

func TestImages(t *testing.T) {
	for image, want := range map[string]map[string]any{
		"registry.test:5000/meshloom:1": {"repository": "registry.test:5000/meshloom", "tag": "1", "digest": ""},
		"meshloom@sha256:00":            {"repository": "meshloom", "tag": "", "digest": "sha256:00"},
		"registry.test:5000/meshloom":   nil,
	} {
		got, err := imageValues(image)
		if (err == nil) != (want != nil) || want != nil && !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", image, got, err, want)
		}
	}
}

func TestReleasedVersions(t *testing.T) {
	for build, want := range map[string]string{"v0.2.0": "0.2.0", "0.2.0-rc.1": "0.2.0-rc.1", "devel": "", "v0.0.0-20260101000000-abcdef123456": ""} {
		if got := released(build); got != want {
			t.Errorf("%s: %q, want %q", build, got, want)
		}
	}
}
