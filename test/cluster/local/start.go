package local

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"github.com/meshloom/meshloom/test/cluster/node"
)

// namespaces are all that the node has for itself. The kernel makes the user
// namespace first, so it owns the others and root is needed for none.
const namespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
	syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS | syscall.CLONE_NEWCGROUP

// start starts the node's pid 1 and leaves it to itself.
func start(name string, layout node.Layout) (*Cluster, error) {
	ids, err := idsFor(name)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{layout.Dir, layout.Logs()} {
		if err := os.Chown(dir, ids.user.first, ids.group.first); err != nil {
			return nil, err
		}
	}
	files, err := sockets(layout)
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(layout.Log("node"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(layout.Program(), layout.Args("init")...) //nolint:noctx // The node outlives every context of this process.
	cmd.Dir, cmd.Env = "/", environment()
	cmd.Stdout, cmd.Stderr = log, log
	if err := ids.start(cmd, namespaces, files); err != nil {
		return nil, fmt.Errorf("%w%s", err, kernelHint(err))
	}
	c := &Cluster{name: name, layout: layout, reaped: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // It is killed; how it ended says nothing.
		close(c.reaped)
	}()
	if c.init, err = running(cmd.Process.Pid); err == nil {
		err = writeRecord(c)
	}
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill())
	}
	return c, nil
}

// environment is what the node's processes see. The host's variables are none
// of their business; kubectl and others want a HOME that they may read.
func environment() []string {
	return []string{"PATH=" + searchPath, "HOME=/tmp", "LANG=C.UTF-8"}
}

// sockets makes the listening sockets through which the node is reached from
// outside, in the order in which package node expects them. They stay in the
// network namespace of this process, whoever accepts from them.
func sockets(layout node.Layout) ([]*os.File, error) {
	var files []*os.File
	control, err := net.ListenUnix("unix", &net.UnixAddr{Name: layout.Control(), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make control socket: %w", err)
	}
	control.SetUnlinkOnClose(false)
	file, err := control.File()
	if err := errors.Join(err, control.Close(), os.Chmod(layout.Control(), 0o600)); err != nil {
		return nil, fmt.Errorf("make control socket: %w", err)
	}
	files = append(files, file)
	for range 1 + node.Relays {
		relay, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return files, fmt.Errorf("make relay: %w", err)
		}
		file, err := relay.File()
		if err := errors.Join(err, relay.Close()); err != nil {
			return files, fmt.Errorf("make relay: %w", err)
		}
		files = append(files, file)
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, file := range files {
		_ = file.Close()
	}
}
