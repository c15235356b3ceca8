package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestAgreement(t *testing.T) {
	for name, tt := range map[string]struct {
		agreement agreement
		terminal  bool
		typed     bool
		answer    string
		code      int
	}{
		"yes":                      {agreement: agreement{yes: true}, code: ExitOK},
		"nobody to ask":            {answer: "y\n", code: ExitFailed},
		"a person says yes":        {terminal: true, answer: "Yes\n", code: ExitOK},
		"a person says nothing":    {terminal: true, answer: "\n", code: ExitFailed},
		"a person leaves":          {terminal: true, code: ExitFailed},
		"-y is not a name":         {agreement: agreement{yes: true}, typed: true, code: ExitFailed},
		"the name":                 {agreement: agreement{confirm: "shop"}, typed: true, code: ExitOK},
		"another name":             {agreement: agreement{confirm: "shed"}, typed: true, code: ExitUsage},
		"a person types the name":  {terminal: true, typed: true, answer: "shop\n", code: ExitOK},
		"a person types something": {terminal: true, typed: true, answer: "y\n", code: ExitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			a := &app{Config: Config{In: strings.NewReader(tt.answer), Err: io.Discard, Terminal: tt.terminal}}
			var err error
			if tt.typed {
				err = a.agreeTyped(t.Context(), &tt.agreement, "Sure?", "shop")
			} else {
				err = a.agree(t.Context(), &tt.agreement, "Sure?")
			}
			if code := exitCode(err); code != tt.code {
				t.Errorf("exit code %d (%v), want %d", code, err, tt.code)
			}
		})
	}
}

// TestAnInterruptEndsAQuestion asks somebody who never answers.
func TestAnInterruptEndsAQuestion(t *testing.T) {
	silent, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &app{Config: Config{In: silent, Err: io.Discard, Terminal: true}}
	if err := a.agree(ctx, &agreement{}, "Sure?"); !errors.Is(err, errDeclined) {
		t.Errorf("asked and interrupted: %v", err)
	}
}

func TestProgress(t *testing.T) {
	states := []string{"one", "one", strings.Repeat("x", 100), "three"}
	for terminal, want := range map[bool]string{
		false: "12:00:00 one\n12:00:00 " + strings.Repeat("x", 100) + "\n12:00:00 three\n",
		true:  "\r\x1b[2Kone\r\x1b[2K" + strings.Repeat("x", 77) + "…\r\x1b[2Kthree\r\x1b[2Kthree\n",
	} {
		var out bytes.Buffer
		p := &progress{out: &out, terminal: terminal, now: func() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }}
		for _, state := range states {
			p.say(state)
		}
		p.end()
		if out.String() != want {
			t.Errorf("terminal %v: %q, want %q", terminal, out.String(), want)
		}
	}
}
