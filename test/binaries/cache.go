package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// entry is one folder of the cache.
type entry struct {
	name string
	// lock names what must not be done twice at the same time. Entries that
	// share it are made one after another, across processes.
	lock string
	fill func(ctx context.Context, dir string, progress io.Writer) error
}

// get returns the entry's folder. It is filled under another name first and
// renamed when complete, so a folder that is there is whole.
func (e entry) get(ctx context.Context, progress io.Writer) (string, error) {
	if progress == nil {
		progress = io.Discard
	}
	root, err := cacheRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, e.name)
	if there, err := exists(dir); there || err != nil {
		return dir, err
	}
	unlock, err := lock(ctx, filepath.Join(root, e.lock+".lock"), progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	if there, err := exists(dir); there || err != nil {
		return dir, err
	}
	// The lock is ours, so what is left of its kind belongs to a process that died.
	partial := filepath.Join(root, e.lock+".partial")
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("clear cache: %w", err)
	}
	defer os.RemoveAll(partial) // The next process clears what stays.
	if err := os.Mkdir(partial, 0o755); err != nil {
		return "", fmt.Errorf("create cache folder: %w", err)
	}
	if err := e.fill(ctx, partial, progress); err != nil {
		return "", err
	}
	if err := os.Rename(partial, dir); err != nil {
		return "", fmt.Errorf("store in cache: %w", err)
	}
	return dir, nil
}

func cacheRoot() (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache folder: %w", err)
	}
	root := filepath.Join(user, "meshloom", "binaries")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("create cache folder: %w", err)
	}
	return root, nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// lock waits until this process alone holds the file's lock. The kernel gives
// it up when the process ends, however it ends.
func lock(ctx context.Context, path string, progress io.Writer) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for told := false; ; told = true {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		if !told {
			fmt.Fprintf(progress, "wait for another process that holds %s\n", path)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for %s: %w", path, ctx.Err()), file.Close())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
