package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meshloom/meshloom/test/cluster/node"
)

// Down ends the cluster and removes everything of it.
func (c *Cluster) Down(ctx context.Context) error {
	unlock, err := lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.end(); err != nil {
		return fmt.Errorf("bring down cluster %s: %w", c.name, err)
	}
	return remove(c.layout)
}

// Down ends the cluster of a name, and removes what is left of one that did
// not come up or was killed. Where there is nothing it does nothing.
func Down(ctx context.Context, name string) error {
	c, err := Open(name)
	if err == nil {
		return c.Down(ctx)
	}
	if !errors.Is(err, ErrDown) {
		return err
	}
	dir, err := stateDir(name)
	if err != nil {
		return err
	}
	unlock, err := lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return remove(node.Layout{Dir: dir})
}

// end kills pid 1. The kernel kills the rest of its pid namespace with it; the
// mounts, the network and its rules go with the last process.
func (c *Cluster) end() error {
	if err := c.init.kill(time.Minute); err != nil {
		return err
	}
	if c.reaped != nil {
		<-c.reaped
	}
	return nil
}
