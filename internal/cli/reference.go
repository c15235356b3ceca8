package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Reference returns the page of docs that describes every verb, from the same
// text that --help prints.
func Reference(cfg Config) []byte {
	var buf bytes.Buffer
	root := newRoot(cfg)
	root.InitDefaultCompletionCmd()
	if cache := root.PersistentFlags().Lookup("cache-dir"); cache != nil {
		cache.DefValue = "" // the home folder of whoever runs this
	}
	fmt.Fprintf(&buf, "# meshctl\n\nGenerated from `meshctl --help` by `make generate`.\n\n%s\n", root.Long)
	fmt.Fprintf(&buf, "\n## Flags of every verb\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	sections(&buf, root)
	return buf.Bytes()
}

// sections describes the verbs below a command, each with those below it.
func sections(buf *bytes.Buffer, parent *cobra.Command) {
	for _, verb := range parent.Commands() {
		if verb.IsAvailableCommand() && verb.Name() != "help" {
			section(buf, verb)
			if verb.Name() != "completion" { // its subcommands are shells
				sections(buf, verb)
			}
		}
	}
}

func section(buf *bytes.Buffer, verb *cobra.Command) {
	text := verb.Long
	if text == "" {
		text = verb.Short + "."
	}
	fmt.Fprintf(buf, "\n## %s\n\n%s\n\n```\n%s\n```\n", verb.CommandPath(), text, verb.UseLine())
	if verb.Example != "" {
		fmt.Fprintf(buf, "\nExamples:\n\n```sh\n%s\n```\n", strings.TrimRight(outdent(verb.Example), "\n"))
	}
	if flags := verb.NonInheritedFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(buf, "\n```\n%s```\n", flags)
	}
}

// outdent removes the two spaces before each line of an example.
func outdent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}
