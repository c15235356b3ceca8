package traffic

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// maxWords bounds what is repeated of the words of a mesh.
const maxWords = 256

// refusals are what a mesh or an ingress has against objects that were written:
// an object of the unified API is not programmed before it has none. It is asked
// for what is known by now, and its next word makes the unit due.
func (c *Controller) refusals(key ir.Key, provider string, objects []translators.Object) []ir.Issue {
	live := c.Cache.Of(key, objects)
	var issues []ir.Issue
	for _, obj := range objects {
		ref := engine.RefOf(obj)
		one := live[ref]
		if one == nil || !one.Ours {
			continue
		}
		verdict := one.Verdict(provider)
		if verdict.State != translators.VerdictRefused {
			continue
		}
		for _, source := range obj.Sources {
			issues = append(issues, ir.Issue{
				Effect: ir.EffectWithheld, Source: ir.Source{Ref: source.Ref, Generation: source.Generation},
				Reason: string(v1alpha1.ReasonRefused), Code: apply.CodeNotTaken,
				Message: fmt.Sprintf("%s refuses %s %s: %s", nameOf(provider), ref.Kind, strings.TrimPrefix(ref.Namespace+"/"+ref.Name, "/"), words(verdict)),
			})
		}
	}
	return issues
}

func nameOf(provider string) string {
	if provider == "" {
		return "the mesh"
	}
	return provider
}

// words are the reason and the message of a refusal, on one line.
func words(v translators.Verdict) string {
	text := strings.Join(strings.Fields(strings.Join([]string{v.Reason, v.Message}, ": ")), " ")
	text = strings.Trim(text, ": ")
	if text == "" {
		return "it does not say why"
	}
	if len(text) <= maxWords {
		return text
	}
	cut := maxWords
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
