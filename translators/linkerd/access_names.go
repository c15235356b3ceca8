package linkerd

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// accessName names an object of access after what it is for and, by a hash, by
// its content: another content is another object, so that on the way from one to
// the other nobody is admitted whom neither admits.
func accessName(readable string, content ...string) string {
	const prefix, longest, hashBytes = "meshloom-", 63, 4
	sum := sha256.Sum256([]byte(strings.Join(append([]string{readable}, content...), "\x00")))
	hash := hex.EncodeToString(sum[:hashBytes])
	name := prefix + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(readable))
	if limit := longest - len(hash) - 1; len(name) > limit {
		name = name[:limit]
	}
	return strings.TrimRight(name, "-") + "-" + hash
}

func metaOf(kind schema.GroupVersionKind, namespace, name string) (metav1.TypeMeta, metav1.ObjectMeta) {
	apiVersion, k := kind.ToAPIVersionAndKind()
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: k}, metav1.ObjectMeta{Namespace: namespace, Name: name}
}
