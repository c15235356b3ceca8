package main

import (
	"log/slog"
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
