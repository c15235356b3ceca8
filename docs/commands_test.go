package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/internal/cli"
)

// offline are the verbs of meshctl that need no cluster.
var offline = []string{"translate", "validate", "capabilities", "pairings", "completion", "version"}

var exits = regexp.MustCompile(`#.*\bexits (\d+)`)

// shell runs the commands of one page. Its working directory is the test's.
type shell struct {
	root string
	// generated pages show commands whose files are made up.
	generated bool
}

// script checks every line of a block and returns how many commands ran.
func (s shell) script(t *testing.T, b block) int {
	t.Helper()
	ran := 0
	for i, line := range strings.Split(strings.ReplaceAll(b.text, "\\\n", " "), "\n") {
		want := cli.ExitOK
		if m := exits.FindStringSubmatch(line); m != nil {
			want, _ = strconv.Atoi(m[1])
		}
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, " |")
		line, _, _ = strings.Cut(line, " >")
		words := strings.Fields(strings.Replace(line, "go run ./cmd/meshctl", "meshctl", 1))
		if len(words) < 2 {
			continue
		}
		if problem := s.command(t, words, want, &ran); problem != "" {
			t.Errorf("block of line %d, line %d: %s: %s", b.line, i+1, line, problem)
		}
	}
	return ran
}

// command runs or checks one command and says what is wrong, or "".
func (s shell) command(t *testing.T, words []string, want int, ran *int) string {
	t.Helper()
	switch words[0] {
	case "meshctl":
		args := words[1:]
		if s.generated || !isOffline(args) {
			// Flags are read before help is printed: unknown ones are found.
			args, want = append(slices.Clone(args), "--help"), cli.ExitOK
		} else {
			*ran++
		}
		if code, output := meshctl(t, "", args...); code != want {
			return "exit code " + strconv.Itoa(code) + ", want " + strconv.Itoa(want) + "\n" + output
		}
	case "make":
		return s.target(words[1])
	case "go":
		if words[1] == "run" && strings.HasPrefix(words[2], "./") {
			return s.program(words[2])
		}
	}
	return ""
}

// isOffline says whether the verb works on files alone.
func isOffline(args []string) bool {
	switch args[0] {
	case "diff":
		return slices.Contains(args, "--against")
	case "version":
		return slices.Contains(args, "--client")
	case "install":
		return slices.Contains(args, "--dry-run")
	case "bundle":
		return !slices.Contains(args, "--chart-repository")
	}
	return slices.Contains(offline, args[0])
}

// target says what is wrong with a target of make, or "".
func (s shell) target(name string) string {
	data, err := os.ReadFile(filepath.Join(s.root, "Makefile"))
	if err != nil {
		return err.Error()
	}
	if !strings.Contains(string(data), "\n"+name+":") {
		return "the Makefile has no such target"
	}
	return ""
}

// program says what is wrong with the folder of a program, or "".
func (s shell) program(dir string) string {
	if _, err := os.Stat(filepath.Join(s.root, dir, "main.go")); err != nil {
		return "no program is there"
	}
	return ""
}
