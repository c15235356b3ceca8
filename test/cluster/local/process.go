package local

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// process names a process for good: its id may be given to another one later,
// its id and the time of its start are not.
type process struct {
	Pid   int    `json:"pid"`
	Start string `json:"start"` // clock ticks since the machine started
}

// running returns the process of an id, which must be there.
func running(pid int) (process, error) {
	start, _, err := stat(pid)
	return process{Pid: pid, Start: start}, err
}

// alive says whether the process still runs. One that has ended and that
// nobody has collected does not.
func (p process) alive() bool {
	start, state, err := stat(p.Pid)
	return err == nil && start == p.Start && state != "Z" && state != "X"
}

// kill ends the process at once and waits until it is gone, which a process
// that is pid 1 of a namespace is after all others of that namespace.
func (p process) kill(timeout time.Duration) error {
	if !p.alive() {
		return nil
	}
	if err := syscall.Kill(p.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.Pid, err)
	}
	for end := time.Now().Add(timeout); p.alive(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("kill process %d: still there after %s", p.Pid, timeout)
		}
	}
	return nil
}

// stat reads when a process started and its state.
func stat(pid int) (start, state string, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", "", fmt.Errorf("read state of process %d: %w", pid, err)
	}
	// The name, in parentheses, may hold anything; fields are counted after it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return "", "", fmt.Errorf("read state of process %d: %d fields", pid, len(fields))
	}
	return fields[19], fields[0], nil
}
