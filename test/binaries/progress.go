package binaries

import (
	"fmt"
	"io"
	"time"
)

// step runs one long action and says on progress that it began, that it still
// goes on every half minute, and how many seconds it took.
func step(progress io.Writer, name string, action func() error) error {
	begin := time.Now()
	fmt.Fprintf(progress, "%s ...\n", name)
	done := make(chan error, 1)
	go func() { done <- action() }()
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err == nil {
				fmt.Fprintf(progress, "%s: %.0f s\n", name, time.Since(begin).Seconds())
			}
			return err
		case <-tick.C:
			fmt.Fprintf(progress, "%s ... %.0f s\n", name, time.Since(begin).Seconds())
		}
	}
}
