package cli

import (
	"fmt"
	"io"
	"time"
)

// progress shows how far a change has come: on a terminal one line that
// changes, elsewhere a line with the time for each change and nothing between.
type progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time
	last     string
}

// width is what fits a terminal of the usual size: a longer line could not be
// written over.
const width = 78

func (a *app) progress() *progress {
	return &progress{out: a.Err, terminal: a.Terminal, now: a.now}
}

// say shows a state; one that is shown already is not shown again.
func (p *progress) say(text string) {
	if text == p.last {
		return
	}
	p.last = text
	if !p.terminal {
		_, _ = fmt.Fprintf(p.out, "%s %s\n", p.now().UTC().Format(time.TimeOnly), text)
		return
	}
	_, _ = fmt.Fprintf(p.out, "\r\x1b[2K%s", cut(text))
}

// end leaves the last state standing whole.
func (p *progress) end() {
	if p.terminal && p.last != "" {
		_, _ = fmt.Fprintf(p.out, "\r\x1b[2K%s\n", p.last)
	}
	p.last = ""
}

func cut(text string) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
