package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/meshloom/meshloom/test/cluster/node"
)

// lock waits until this process alone changes this user's state folders.
func lock(ctx context.Context) (unlock func(), err error) {
	root, err := stateRoot()
	if err != nil {
		return nil, err
	}
	folder, err := os.Open(root)
	if err != nil {
		return nil, fmt.Errorf("open state folder: %w", err)
	}
	for {
		err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = folder.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock state folder: %w", err), folder.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for the lock of %s: %w", root, ctx.Err()), folder.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ownedByUs refuses a folder in a place that all may write to when somebody
// else has made it.
func ownedByUs(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(owner.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a folder of this user", path)
	}
	return nil
}

// remove deletes a state folder. No cluster may be up in it: the node mounts
// parts of it, and what is mounted would be deleted.
func remove(layout node.Layout) error {
	err := os.RemoveAll(layout.Dir)
	if errors.Is(err, fs.ErrPermission) && os.Getuid() != 0 {
		// Files of pods belong to ids that only a user namespace gives access to.
		err = errors.Join(removeMapped(layout), os.RemoveAll(layout.Dir))
	}
	if err != nil {
		return fmt.Errorf("remove state folder: %w", err)
	}
	return nil
}

// linkOrCopy gives a program a second name that everybody may execute. A link
// costs nothing; it is not possible across file systems.
func linkOrCopy(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return copyProgram(from, to)
	}
	return os.Chmod(to, 0o755)
}

func copyProgram(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// lastLines returns the end of a log, and where it is, for an error message.
func lastLines(path string) string {
	const lines = 10
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	end := strings.Join(all[max(0, len(all)-lines):], "\n")
	return strings.TrimPrefix(end+"; ", "; ") + "logs are in " + filepath.Dir(path)
}
