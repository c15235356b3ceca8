package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// printer writes what people read.
type printer struct{ out io.Writer }

const indent = "      "

// step announces a step, runs it, and says how long it took.
func (p *printer) step(ctx context.Context, position string, s step) error {
	fmt.Fprintf(p.out, "\n%s  %s\n", position, s.title)
	p.say("%s", s.why)
	begun := time.Now()
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("%s: %w", strings.ToLower(s.title[:1])+s.title[1:], err)
	}
	p.say("done in %.1f s", time.Since(begun).Seconds())
	return nil
}

// say prints a paragraph under the step's title.
func (p *printer) say(format string, args ...any) {
	p.block(fmt.Sprintf(format, args...))
}

func (p *printer) block(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintln(p.out, strings.TrimRight(indent+line, " "))
	}
}

// Write prints the progress of long work, line by line.
func (p *printer) Write(text []byte) (int, error) {
	p.block("· " + string(text))
	return len(text), nil
}

// beside prints two texts next to each other, under headings.
func (p *printer) beside(left, right [2]string) {
	lefts := append([]string{left[0], strings.Repeat("─", utf8.RuneCountInString(left[0]))}, lines(left[1])...)
	rights := append([]string{right[0], strings.Repeat("─", utf8.RuneCountInString(right[0]))}, lines(right[1])...)
	width := 0
	for _, line := range lefts {
		width = max(width, utf8.RuneCountInString(line))
	}
	for i := range max(len(lefts), len(rights)) {
		var l, r string
		if i < len(lefts) {
			l = lefts[i]
		}
		if i < len(rights) {
			r = rights[i]
		}
		p.say("%s%s │ %s", l, strings.Repeat(" ", width-utf8.RuneCountInString(l)), r)
	}
}

func lines(text string) []string {
	return strings.Split(strings.TrimRight(text, "\n"), "\n")
}
