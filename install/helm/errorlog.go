package helm

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// errorLog is Helm's log. It keeps the last error that was logged, because Helm
// logs some that it does not return.
type errorLog struct {
	slog.Handler
	mu   sync.Mutex
	last error
}

// Enabled lets everything through, errors being logged at any level.
func (l *errorLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps the error and passes the record on.
func (l *errorLog) Handle(ctx context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		switch v := a.Value.Any().(type) {
		case error:
			l.keep(v)
		case []error:
			l.keep(errors.Join(v...))
		}
		return true
	})
	if !l.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

func (l *errorLog) keep(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = err
}

// lastError returns the last error that was logged, or nil.
func (l *errorLog) lastError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
