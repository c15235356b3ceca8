package translators_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
)

func TestParseGatewayAPI(t *testing.T) {
	tests := []struct {
		text, version, channel string
		// tls and tcp are the versions of TLSRoute and TCPRoute that are served.
		tls, tcp []string
	}{
		{text: "1.2.1", version: "1.2.1", channel: "standard"},
		{text: "v1.2.1/experimental", version: "1.2.1", channel: "experimental", tls: []string{"v1alpha2"}, tcp: []string{"v1alpha2"}},
		{text: "1.4.1", version: "1.4.1", channel: "standard"},
		{text: "1.4/experimental", version: "1.4", channel: "experimental", tls: []string{"v1alpha2", "v1alpha3"}, tcp: []string{"v1alpha2"}},
		{text: "1.5.1/standard", version: "1.5.1", channel: "standard", tls: []string{"v1"}},
		{text: "1.5.1/experimental", version: "1.5.1", channel: "experimental", tls: []string{"v1", "v1alpha2", "v1alpha3"}, tcp: []string{"v1alpha2"}},
		{text: "1.6.1", version: "1.6.1", channel: "standard", tls: []string{"v1"}, tcp: []string{"v1"}},
		{text: "1.6.1/experimental", version: "1.6.1", channel: "experimental", tls: []string{"v1", "v1alpha2", "v1alpha3"}, tcp: []string{"v1", "v1alpha2"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := translators.ParseGatewayAPI(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got.Version != tt.version || got.Channel != tt.channel {
				t.Errorf("got %s of %s, want %s of %s", got.Channel, got.Version, tt.channel, tt.version)
			}
			if !slices.IsSorted(got.Served) || !slices.Contains(got.Served, "HTTPRoute/v1") {
				t.Errorf("served is not sorted, or lacks HTTPRoute: %v", got.Served)
			}
			for kind, want := range map[string][]string{"TLSRoute": tt.tls, "TCPRoute": tt.tcp} {
				if diff := cmp.Diff(want, versionsOf(got, kind)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", kind, diff)
				}
			}
		})
	}
}

func versionsOf(api translators.GatewayAPI, kind string) []string {
	var versions []string
	for _, served := range api.Served {
		if version, ok := strings.CutPrefix(served, kind+"/"); ok {
			versions = append(versions, version)
		}
	}
	return versions
}

func TestParseGatewayAPIRefuses(t *testing.T) {
	for text, remedy := range map[string]string{
		"":                "from 1.2 to 1.6",
		"1":               "from 1.2 to 1.6",
		"1.1.0":           "from 1.2 to 1.6",
		"1.7.0":           "from 1.2 to 1.6",
		"2.5":             "from 1.2 to 1.6",
		"1.5.x":           "like 1.5 or 1.5.1",
		"1.5.1.1":         "like 1.5 or 1.5.1",
		"1.+5":            "like 1.5 or 1.5.1",
		"experimental":    "like 1.5 or 1.5.1",
		"1.5.1/":          "standard or experimental",
		"1.5.1/exp":       "standard or experimental",
		"1.5.1/standard/": "standard or experimental",
	} {
		if got, err := translators.ParseGatewayAPI(text); err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("%q gives %v and %v, want an error that says %q", text, got, err, remedy)
		}
	}
}
