package consul

import (
	"testing"

	"github.com/meshloom/meshloom/translators/ir/eval"
)

var (
	webAllowed     = intentionSource{Name: "web", Action: actionAllow}
	everyoneDenied = intentionSource{Name: everyService, Action: actionDeny}
)

func entryFor(destination string, sources ...intentionSource) serviceIntentions {
	return serviceIntentions{Destination: intentionDestination{destination}, Sources: sources}
}

// TestIntentionsAreReadAsConsulDoes holds the evaluator to what was seen of
// Consul: the most precise intention decides, and what no permission matches is
// left to the default of the whole.
func TestIntentionsAreReadAsConsulDoes(t *testing.T) {
	get := intentionSource{Name: "web", Permissions: []intentionPermission{{Action: actionAllow, HTTP: httpPermission{PathPrefix: "/api", Methods: []string{"GET"}}}}}
	closed := get
	closed.Permissions = append(closed.Permissions[:1:1], intentionPermission{Action: actionDeny, HTTP: httpPermission{PathPrefix: "/"}})
	api, other := eval.Request{Method: "GET", Path: "/api/x"}, eval.Request{Method: "POST", Path: "/api/x"}
	tests := []struct {
		name       string
		intentions []serviceIntentions
		source     string
		request    eval.Request
		// open and shut are the answers where the default is to allow, and to deny.
		open, shut bool
	}{
		{"nothing is said", nil, "web", api, true, false},
		{"both exact", []serviceIntentions{entryFor("api", webAllowed, everyoneDenied)}, "web", api, true, true},
		{"any source", []serviceIntentions{entryFor("api", webAllowed, everyoneDenied)}, "cron", api, false, false},
		{"exact beats the intention for all", []serviceIntentions{entryFor("api", webAllowed), entryFor(everyService, everyoneDenied)}, "web", api, true, true},
		{"others are left to the intention for all", []serviceIntentions{entryFor("api", webAllowed), entryFor(everyService, everyoneDenied)}, "cron", api, false, false},
		{"exact source beats any source for all", []serviceIntentions{entryFor(everyService, webAllowed, everyoneDenied)}, "web", api, true, true},
		// Seen in Consul's source: its list of allowed callers does not take an
		// exact source for all destinations from what any source of one is denied.
		{"exact source for all leaks beside any source", []serviceIntentions{entryFor("api", everyoneDenied), entryFor(everyService, webAllowed)}, "web", api, false, true},
		{"a permission matches", []serviceIntentions{entryFor("api", get)}, "web", api, true, true},
		{"no permission matches", []serviceIntentions{entryFor("api", get), entryFor(everyService, everyoneDenied)}, "web", other, true, false},
		{"the last permission denies the rest", []serviceIntentions{entryFor("api", closed)}, "web", other, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := admission{intentions: tt.intentions, protocols: map[string]string{"api": "http"}}
			r := arrival{Request: tt.request, source: tt.source, service: "api"}
			if open, shut := a.admits(r, true), a.admits(r, false); open != tt.open || shut != tt.shut {
				t.Errorf("admitted %v where the default allows and %v where it denies, want %v and %v", open, shut, tt.open, tt.shut)
			}
		})
	}
	if a := (admission{protocols: map[string]string{}}); a.problem(&serviceIntentions{Destination: intentionDestination{"api"}, Sources: []intentionSource{get}}) == "" {
		t.Error("permissions are taken for a service that speaks TCP")
	}
}
