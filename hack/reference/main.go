// Command reference writes the pages of docs/reference that are made from
// code: the capability matrix, the pairings, the codes of issues and the verbs
// of meshctl. The API reference has a generator of its own.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/internal/matrix"
	"github.com/meshloom/meshloom/translators/all"
)

//go:generate go run .

// root of the repository, seen from this folder: go generate runs here.
const root = "../.."

func main() {
	codes, err := codesPage()
	if err != nil {
		log.Fatal(err)
	}
	for name, page := range map[string][]byte{
		"capabilities.md": capabilitiesPage(), "codes.md": codes,
		"meshctl.md": cli.Reference(cli.Config{Providers: all.Providers()}),
	} {
		path := filepath.Join(root, "docs", "reference", name)
		if err := os.WriteFile(path, page, 0o644); err != nil {
			log.Fatalf("write %s: %v", path, err)
		}
	}
}

const capabilitiesHead = `# Capabilities

Generated from the providers by ` + "`make generate`" + `; ` + "`meshctl capabilities`" + ` and ` + "`meshctl pairings`" + ` print the same.

*Native*: the mesh or ingress has it. *Emulated*: it has the meaning of the API but for what is said. *Unsupported*: an
object that asks for it is rejected, and its status says so. A dash: it cannot occur there. How each cell is proved is in
[testing](../testing.md).

`

func capabilitiesPage() []byte {
	var buf bytes.Buffer
	buf.WriteString(capabilitiesHead)
	buf.Write(matrix.Of(all.Providers()).Markdown())
	buf.WriteString("\n## Pairings\n\nHow requests from an ingress meet a mesh's rules. *Thin*: the mesh applies them. *Inlined*: the route carries them.\n*Mixed*: both have a part.\n\n| Ingress | Mesh | Mode | Way | mTLS | Notes |\n|---|---|---|---|---|---|\n")
	for _, p := range matrix.Pairs(all.Providers()) {
		fmt.Fprintf(&buf, "| %s | %s | %s | %s | %t | %s |\n", p.Ingress, p.Mesh, p.Pairing.Mode, p.Pairing.Way, p.Pairing.MTLS, p.Remarks())
	}
	return buf.Bytes()
}
