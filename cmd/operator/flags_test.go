package main

import (
	"log/slog"
	"slices"
	"testing"
)

func TestFlags(t *testing.T) {
	cases := map[string]struct {
		args []string
		ok   bool
	}{
		"defaults":         {nil, true},
		"no workers":       {[]string{"--workers=0"}, false},
		"negative settle":  {[]string{"--settle=-1s"}, false},
		"unknown flag":     {[]string{"--no-such-flag"}, false},
		"unknown argument": {[]string{"start"}, false},
		"one role":         {[]string{"--controllers=install"}, true},
		"unknown role":     {[]string{"--controllers=traffic,console"}, false},
		"no role":          {[]string{"--controllers="}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(c.args); (err == nil) != c.ok {
				t.Errorf("parse %q: %v", c.args, err)
			}
		})
	}
}

func TestVerbosityLowersTheLevel(t *testing.T) {
	f, err := parse([]string{"-v", "1"})
	if err != nil {
		t.Fatal(err)
	}
	if f.level() != slog.LevelInfo-1 {
		t.Errorf("level %s", f.level())
	}
}

func TestRolesRunOnce(t *testing.T) {
	for text, want := range map[string][]role{
		"traffic": {traffic}, "install": {installing}, "install,traffic,install": {traffic, installing},
	} {
		f, err := parse([]string{"--controllers=" + text})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.roles(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	f, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.roles(); len(got) != 2 {
		t.Errorf("by default %v run", got)
	}
	if leases[traffic] == leases[installing] {
		t.Error("two roles contend for one lease")
	}
}
