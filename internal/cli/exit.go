package cli

import "errors"

// Exit codes of every verb.
const (
	// ExitOK: done, and nothing to report.
	ExitOK = 0
	// ExitFound: done, and something was found: a difference, a rejection.
	ExitFound = 1
	// ExitFailed: it could not be done.
	ExitFailed = 2
	// ExitUsage: the command line is wrong.
	ExitUsage = 64
)

// errFound ends a verb with ExitFound; what was found is printed already.
var errFound = errors.New("found something")

// usageError is a wrong command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func exitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errFound):
		return ExitFound
	case errors.As(err, &usageError{}):
		return ExitUsage
	default:
		return ExitFailed
	}
}
