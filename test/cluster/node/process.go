package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// restartDelay keeps a component that cannot start from filling its log.
const restartDelay = time.Second

// keep runs a component and starts it again whenever it ends. It returns the
// error of the first start, which is the only one that no restart can heal.
func (n *node) keep(ctx context.Context, c component) error {
	log, err := os.OpenFile(n.layout.Log(c.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open log of %s: %w", c.name, err)
	}
	cmd, err := start(ctx, c, log)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	n.board.component(c.name, func(s *Component) { s.Running, s.Pid = true, cmd.Process.Pid })
	go func() {
		defer log.Close()
		for ctx.Err() == nil {
			if cmd != nil {
				ended := cmd.Wait()
				fmt.Fprintf(log, "node: %s ended: %v\n", c.name, ended)
			}
			n.board.component(c.name, func(s *Component) { s.Running, s.Pid = false, 0; s.Restarts++ })
			time.Sleep(restartDelay)
			if cmd, err = start(ctx, c, log); err != nil {
				fmt.Fprintf(log, "node: start %s: %v\n", c.name, err)
				continue
			}
			n.board.component(c.name, func(s *Component) { s.Running, s.Pid = true, cmd.Process.Pid })
		}
	}()
	return nil
}

func start(ctx context.Context, c component, log *os.File) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd, nil
}
