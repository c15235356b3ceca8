package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// searchPath is where the node finds the programs of the distribution. An
// ordinary user's own PATH often leaves the sbin folders out.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// cniFolders are the places where distributions put the CNI plugins.
var cniFolders = []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"}

// need is a program and the Debian package that has it.
type need struct{ program, pkg string }

func needs() []need {
	all := []need{
		{"containerd", "containerd"},
		{"ctr", "containerd"},
		{"runc", "runc"},
		{"iptables", "iptables"},
		{"ip", "iproute2"},
		{"nsenter", "util-linux"},
	}
	if os.Getuid() != 0 {
		all = append(all, need{"newuidmap", "uidmap"})
	}
	return all
}

// requirements makes sure that what the node needs of the machine is there and
// returns the folder of the CNI plugins. As root on Debian it installs what is
// missing, else the error says what to do.
func requirements(ctx context.Context, progress io.Writer) (cni string, err error) {
	if packages := missing(); len(packages) > 0 {
		if err := install(ctx, packages, progress); err != nil {
			return "", err
		}
		if packages := missing(); len(packages) > 0 {
			return "", fmt.Errorf("find programs of packages %v: not there although they are installed", packages)
		}
	}
	return cniFolder(), userNamespaces()
}

// missing lists the packages that have a program which is not there.
func missing() []string {
	var packages []string
	for _, n := range needs() {
		if !onSearchPath(n.program) {
			packages = append(packages, n.pkg)
		}
	}
	if cniFolder() == "" {
		packages = append(packages, "containernetworking-plugins")
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

func onSearchPath(program string) bool {
	return slices.ContainsFunc(filepath.SplitList(searchPath), func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, program))
		return err == nil
	})
}

func cniFolder() string {
	for _, dir := range cniFolders {
		if _, err := os.Stat(filepath.Join(dir, "bridge")); err == nil {
			return dir
		}
	}
	return ""
}

func install(ctx context.Context, packages []string, progress io.Writer) error {
	_, err := exec.LookPath("apt-get")
	if os.Getuid() != 0 || err != nil {
		return fmt.Errorf("a cluster needs packages %[1]v: on Debian or Ubuntu, sudo apt-get install --no-install-recommends %[1]s", strings.Join(packages, " "))
	}
	fmt.Fprintf(progress, "install packages %s ...\n", strings.Join(packages, " "))
	for _, args := range [][]string{
		{"update", "-qq"},
		append([]string{"install", "-qq", "-y", "--no-install-recommends"}, packages...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("install packages: apt-get %s: %w: %s", args[0], err, out)
		}
	}
	return nil
}

// userNamespaces says why there can be none, where the kernel's settings tell.
func userNamespaces() error {
	if setting("user/max_user_namespaces") == "0" {
		return errors.New("a cluster needs user namespaces: as root, sysctl user.max_user_namespaces=15000")
	}
	if os.Getuid() != 0 && setting("kernel/unprivileged_userns_clone") == "0" {
		return errors.New("a cluster needs user namespaces: as root, sysctl kernel.unprivileged_userns_clone=1")
	}
	if os.Getuid() != 0 && setting("kernel/apparmor_restrict_unprivileged_userns") == "1" {
		return errors.New("a cluster needs user namespaces: as root, sysctl kernel.apparmor_restrict_unprivileged_userns=0, or bring it up as root")
	}
	return nil
}

// setting returns the value of a sysctl, or nothing where the kernel has none.
func setting(key string) string {
	text, err := os.ReadFile("/proc/sys/" + key)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// kernelHint explains the errors that a kernel answers the making of
// namespaces with.
func kernelHint(err error) string {
	switch {
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS):
		return " (the kernel lacks a kind of namespace: it needs CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_IPC_NS, CONFIG_UTS_NS and CONFIG_CGROUPS)"
	case errors.Is(err, syscall.EPERM):
		return " (user namespaces are forbidden here: a container needs more privileges, a machine may restrict them by sysctl)"
	case errors.Is(err, syscall.ENOSPC):
		return " (too many namespaces: as root, raise the sysctls in /proc/sys/user)"
	}
	return ""
}
