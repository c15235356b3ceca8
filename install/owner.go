package install

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const maxLabel = 63

// OwnerLabel returns an owner, as "Mesh/shop", as the value of a label.
func OwnerLabel(owner string) string {
	label := strings.ReplaceAll(owner, "/", ".")
	if len(label) <= maxLabel {
		return label
	}
	sum := sha256.Sum256([]byte(label))
	return label[:maxLabel-17] + "-" + hex.EncodeToString(sum[:8])
}

// OwnerOf returns the owner that a label speaks of, as SameOwner compares it.
func OwnerOf(label string) string { return strings.Replace(label, ".", "/", 1) }

// SameOwner reports whether two owners are one, in whichever of the forms that
// OwnerOf and callers write.
func SameOwner(a, b string) bool { return a != "" && OwnerLabel(a) == OwnerLabel(b) }
