package main

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshloom/meshloom/test/load"
)

// TestOptionsSurviveTheWayIntoAPod sets every option that has an argument.
func TestOptionsSurviveTheWayIntoAPod(t *testing.T) {
	o := load.Options{
		URL: "http://reviews:9080/reviews/0?x=-y", Method: "POST", Host: "shop.example", Body: "-a body",
		Header:   http.Header{"End-User": {"jason", "=x"}, "X-B": {"c: d"}},
		Requests: 20, Concurrency: 4, Pause: time.Millisecond, Timeout: 3 * time.Second, By: []string{"X-A", "X-B"},
		Client: load.ClientOptions{Address: "127.0.0.1:80", NewConnections: true, HTTP2: true, ServerName: "s", Insecure: true},
	}
	got, err := readOptions(flagSet(), o.Args()[1:])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o, got, cmpopts.IgnoreFields(load.ClientOptions{}, "Dial", "RootCAs")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"http://a", "http://b"}, {"-H", "no colon", "http://a"}, {"-ca", "/no/such/file", "http://a"}} {
		if _, err := readOptions(flagSet(), args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}

func flagSet() *flag.FlagSet { return flag.NewFlagSet("run", flag.ContinueOnError) }
