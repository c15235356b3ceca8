// Package checkup looks at a cluster and says what is wrong with it, before
// Meshloom is installed and after. Nothing here writes to a cluster.
package checkup

import "fmt"

// Result is how a check ended.
type Result string

// The results.
const (
	// OK: nothing to do.
	OK Result = "ok"
	// Warning: it works, and somebody should know.
	Warning Result = "warning"
	// Error: something does not work, or will not.
	Error Result = "error"
)

// Check is one thing that was looked at.
type Check struct {
	Category string `json:"category"`
	Name     string `json:"name"`
	Result   Result `json:"result"`
	// Message says what was found; empty where all is well.
	Message string `json:"message,omitempty"`
	// Hint says what to do.
	Hint string `json:"hint,omitempty"`
}

// Found reports whether any check found something at least as bad as the result.
func Found(checks []Check, least Result) bool {
	for _, c := range checks {
		if c.Result == Error || c.Result == least {
			return true
		}
	}
	return false
}

// category makes the checks of one category.
type category string

func (c category) ok(name string, details ...string) Check {
	check := Check{Category: string(c), Name: name, Result: OK}
	if len(details) > 0 {
		check.Message = details[0]
	}
	return check
}

// finding is what was found, and what to do about it.
type finding struct{ message, hint string }

func (c category) warn(name string, f finding) Check {
	return Check{Category: string(c), Name: name, Result: Warning, Message: f.message, Hint: f.hint}
}

func (c category) fail(name string, f finding) Check {
	return Check{Category: string(c), Name: name, Result: Error, Message: f.message, Hint: f.hint}
}

// unknown is the check of something that could not be read.
func (c category) unknown(name string, err error) Check {
	return c.fail(name, finding{fmt.Sprintf("cannot be checked: %v", err), "mend the access to the cluster, or run with more rights"})
}
