package node

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"golang.org/x/sys/unix"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Command is the hidden first argument of a program that is to call Main.
const Command = "node"

// Main runs the stage that the arguments after Command name and returns the
// exit code: init is pid 1, supervise its child, and remove empties a state
// folder that an ordinary user cannot empty, because the files of pods belong
// to ids that only a user namespace gives access to.
func Main(args []string) int {
	log.SetLogger(logr.Discard()) // The libraries have nothing to say that an error does not.
	if err := run(args); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		return 1
	}
	return 0
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want STAGE DIR CNIDIR, have %q", args)
	}
	layout := Layout{Dir: args[1], CNI: args[2]}
	if stage, waits := strings.CutPrefix(args[0], waiting); waits {
		return waitForMap(layout, stage)
	}
	switch args[0] {
	case "init":
		return Init(layout)
	case "supervise":
		return supervise(layout)
	case "remove":
		return os.RemoveAll(layout.Dir)
	}
	return fmt.Errorf("no stage %q", args[0])
}

// waiting is what the name of a stage begins with that waits for the id map.
const waiting = "wait-"

// Args returns the arguments that make the program the given stage, which
// begins when the file that the program inherits as the third is at its end.
func (l Layout) Args(stage string) []string { return l.args(waiting + stage) }

func (l Layout) args(stage string) []string { return []string{Command, stage, l.Dir, l.CNI} }

// waitForMap blocks until the user namespace has its id map and executes the
// program once more: only an exec by the id that is now root regains the
// capabilities that the exec before the map lost.
func waitForMap(layout Layout, stage string) error {
	file := os.NewFile(fdGo, "go")
	if _, err := io.ReadAll(file); err != nil {
		return fmt.Errorf("wait for the id map: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("wait for the id map: %w", err)
	}
	args := append([]string{layout.Program()}, layout.args(stage)...)
	if err := syscall.Exec(layout.Program(), args, os.Environ()); err != nil {
		return fmt.Errorf("execute stage %s: %w", stage, err)
	}
	return nil
}

// Init is pid 1. It starts the supervisor and reaps everything that ends,
// until the supervisor itself does.
func Init(layout Layout) error {
	if err := insideOwnNamespaces(); err != nil {
		return err
	}
	files := []uintptr{0, 1, 2, fdGo: ^uintptr(0)} // fdGo is closed: a file's number here is its number there.
	for fd := fdControl; fd < fdRelay+Relays; fd++ {
		files = append(files, uintptr(fd))
	}
	args := append([]string{layout.Program()}, layout.args("supervise")...)
	child, err := syscall.ForkExec(layout.Program(), args, &syscall.ProcAttr{Env: os.Environ(), Files: files})
	if err != nil {
		return fmt.Errorf("start supervisor: %w", err)
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("wait for children: %w", err)
		}
		if pid == child {
			return fmt.Errorf("supervisor ended: exit code %d, signal %v", status.ExitStatus(), status.Signal())
		}
	}
}

// insideOwnNamespaces refuses to go on where the node would mount over the
// machine's own folders.
func insideOwnNamespaces() error {
	if os.Getpid() != 1 {
		return errors.New("refuse to run: not pid 1 of a namespace")
	}
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return fmt.Errorf("read id map: %w", err)
	}
	if fields := strings.Fields(string(ids)); len(fields) >= 3 && fields[0] == "0" && fields[1] == "0" {
		return errors.New("refuse to run: in the user namespace of the machine")
	}
	return nil
}

// inherited returns a listening socket that was opened outside the namespaces.
// A socket stays in the network namespace that it was made in.
func inherited(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
