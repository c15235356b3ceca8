package linkerd

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Codes of issues that this package raises, documented in
// docs/reference/codes.md. Those of routes are below ML2220.
const (
	// codeInexpressible: a value of a supported field that Linkerd cannot say.
	codeInexpressible = "ML2201"
	// codeUnreadable: a value that Linkerd could not read, and would drop the whole
	// route for.
	codeUnreadable = "ML2202"
	// codeHeadless: a Service without an address of its own, for which Linkerd
	// knows no routes.
	codeHeadless = "ML2203"
	// codeInherited: an annotation that somebody else wrote to the Service, and that
	// takes effect where the route says nothing. Remove it from the Service.
	codeInherited = "ML2204"
	// codeDefaultCodes: a retry that names no statuses.
	codeDefaultCodes = "ML2205"
)

// finding is an issue in the making: all that differs between them.
type finding struct {
	source  ir.Source
	feature ir.Feature
	code    string
}

// reject says that Linkerd cannot express what the source asks for; the engine
// leaves the object, or the field, out.
func (f finding) reject(format string, args ...any) ir.Issue {
	return f.issue(ir.EffectRejected, v1alpha1.ReasonUnsupported, format, args...)
}

// note says something worth knowing about what is in force.
func (f finding) note(format string, args ...any) ir.Issue {
	return f.issue(ir.EffectNote, v1alpha1.ReasonEmulated, format, args...)
}

func (f finding) issue(effect ir.Effect, reason v1alpha1.ConditionReason, format string, args ...any) ir.Issue {
	return ir.Issue{
		Effect: effect, Source: f.source, Feature: f.feature, Reason: string(reason), Code: f.code,
		Message: fmt.Sprintf(format, args...),
	}
}
